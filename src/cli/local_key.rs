//! Signing keys and certificates in files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::error::CliError;
use crate::crypto::PrivateKey;
use crate::envelope::{LocalSigner, Signer};
use crate::fault::{BoxFault, os_reason};
use crate::secret::Secret;
use crate::x509::certificates_from_pem_or_der;

/// largest key or certificate file read: 1 MiB; real ones are a few KiB.
const FILE_LIMIT: u64 = 1024 * 1024;

/// A private key and its chain, both PEM files.
pub fn local_signer(key_path: &Path, certificate_path: &Path) -> Result<Arc<dyn Signer>, BoxFault> {
    let certificates = certificates_from_pem_or_der(&read(certificate_path)?).map_err(|error| {
        CliError::File { what: certificate_path.display().to_string(), reason: error.to_string() }
    })?;
    let pem = String::from_utf8(read(key_path)?).map_err(|_| CliError::File {
        what: key_path.display().to_string(),
        reason: "the private key is no PEM text".to_owned(),
    })?;
    let key = PrivateKey::from_pem(&Secret::new(pem))?;
    Ok(Arc::new(LocalSigner::new(key, certificates)?))
}

/// A file, bounded.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let what = format!("open {}", path.display());
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| CliError::File { what: what.clone(), reason: os_reason(&error) })?;
    if bytes.len() as u64 > FILE_LIMIT {
        let reason = format!("more than {FILE_LIMIT} bytes");
        return Err(CliError::File { what, reason });
    }
    Ok(bytes)
}

/// Writes a file that must not exist yet, with its folder private.
pub fn write_new(what: &str, path: &Path, bytes: &[u8], mode: u32) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::File {
        what: what.to_owned(),
        reason: format!("open {}: {}", path.display(), os_reason(&error)),
    };
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(failed)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).and_then(|mut file| file.write_all(bytes)).map_err(failed)
}
