//! Files that are signed, and files with signatures beside them.

use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::error::CliError;
use crate::crypto::{Hash, Hasher};
use crate::envelope::{Blob, ENVELOPE_LIMIT, FORMATS, Format, Measured};
use crate::fault::{BoxFault, Fault, os_reason, printable, shell_word};

/// A regular file, held open: whatever becomes of its name meanwhile, this one is meant.
pub struct BlobFile {
    path: String,
    file: Arc<File>,
}

#[derive(Debug, thiserror::Error)]
pub enum BlobFileError {
    /// `open /a/b: no such file or directory`
    #[error("{operation} {path}: {reason}")]
    File { operation: &'static str, path: String, reason: String },
    #[error("{path} is not a regular file but {kind}")]
    Kind { path: String, kind: &'static str },
    #[error("{path} changed while it was read")]
    Changed { path: String },
    #[error("{path} has more than {limit} bytes, which no signature has")]
    TooLarge { path: String, limit: u64 },
    #[error("invalid signature filename {name}. The file extension must be .sig")]
    Extension { name: String },
    #[error(
        "invalid signature filename {name}. A valid signature file name must contain signature format and .sig file extension"
    )]
    FormatMissing { name: String },
}

/// bytes read at once
const PIECE: usize = 256 * 1024;

impl BlobFile {
    /// Opens a regular file, also through a link.
    pub fn open(path: &str) -> Result<Self, BlobFileError> {
        let file = |error| file_error("open", path, &error);
        // before it is opened: opening a pipe waits for somebody who writes into it
        check_regular(path, &std::fs::metadata(path).map_err(file)?)?;
        let opened = File::open(path).map_err(file)?;
        check_regular(path, &opened.metadata().map_err(file)?)?;
        Ok(Self { path: path.to_owned(), file: Arc::new(opened) })
    }
}

#[async_trait::async_trait]
impl Blob for BlobFile {
    async fn measure(&self, hash: Hash) -> Result<Measured, BoxFault> {
        let (file, path) = (self.file.clone(), self.path.clone());
        let reading = tokio::task::spawn_blocking(move || measure(&file, &path, hash));
        let measured = reading.await;
        Ok(measured.unwrap_or_else(|end| std::panic::resume_unwind(end.into_panic()))?)
    }
}

/// The bytes of a signature file, of at most [`ENVELOPE_LIMIT`].
pub fn read_signature(path: &str) -> Result<Vec<u8>, BlobFileError> {
    let signature = BlobFile::open(path)?;
    let mut bytes = Vec::new();
    let mut file = signature.file.as_ref().take(ENVELOPE_LIMIT + 1);
    file.read_to_end(&mut bytes).map_err(|error| file_error("read", path, &error))?;
    match bytes.len() as u64 > ENVELOPE_LIMIT {
        true => Err(BlobFileError::TooLarge { path: path.to_owned(), limit: ENVELOPE_LIMIT }),
        false => Ok(bytes),
    }
}

/// `<name>.<jws|cose>.sig`: bytes are never sniffed.
pub fn signature_format(path: &str) -> Result<Format, BoxFault> {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = printable(&name.unwrap_or_default());
    let parts: Vec<String> = name.split('.').map(str::to_lowercase).collect();
    match parts.as_slice() {
        [.., _, format, end] if end == "sig" => {
            let known = FORMATS.into_iter().find(|known| known.name() == format);
            Ok(known.ok_or_else(|| CliError::SignatureFormat(format.clone()))?)
        }
        [.., end] if end == "sig" && parts.len() > 1 => {
            Err(BlobFileError::FormatMissing { name }.into())
        }
        _ => Err(BlobFileError::Extension { name }.into()),
    }
}

fn measure(mut file: &File, path: &str, hash: Hash) -> Result<Measured, BlobFileError> {
    file.rewind().map_err(|error| file_error("read", path, &error))?;
    let mut reader = file;
    measure_by(&mut reader, file, path, hash)
}

/// The reader is the file's, at its beginning.
fn measure_by(
    reader: &mut dyn Read,
    file: &File,
    path: &str,
    hash: Hash,
) -> Result<Measured, BlobFileError> {
    let failed = |error| file_error("read", path, &error);
    let before = state(file).map_err(failed)?;
    let mut hasher = Hasher::new(hash);
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => hasher.update(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let (digest, size) = hasher.finish();
    let after = state(file).map_err(failed)?;
    // half of what it was and half of what it is would be signed
    if before != after || size != after.0 {
        return Err(BlobFileError::Changed { path: path.to_owned() });
    }
    Ok(Measured { digest, size })
}

/// Its size and when it was written last, where the system tells.
fn state(file: &File) -> std::io::Result<(u64, Option<SystemTime>)> {
    let found = file.metadata()?;
    Ok((found.len(), found.modified().ok()))
}

fn check_regular(path: &str, found: &std::fs::Metadata) -> Result<(), BlobFileError> {
    if found.is_file() {
        return Ok(());
    }
    let kind = match found.is_dir() {
        true => "a directory",
        false => "a pipe, a device or a socket",
    };
    Err(BlobFileError::Kind { path: path.to_owned(), kind })
}

fn file_error(operation: &'static str, path: &str, error: &std::io::Error) -> BlobFileError {
    BlobFileError::File { operation, path: path.to_owned(), reason: os_reason(error) }
}

impl Fault for BlobFileError {
    fn code(&self) -> &'static str {
        match self {
            BlobFileError::File { .. } => "cli-blob-file",
            BlobFileError::Kind { .. } => "cli-blob-kind",
            BlobFileError::Changed { .. } => "cli-blob-changed",
            BlobFileError::TooLarge { .. } => "cli-blob-signature-too-large",
            BlobFileError::Extension { .. } | BlobFileError::FormatMissing { .. } => {
                "cli-blob-signature-name"
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            BlobFileError::Kind { kind: "a directory", path } => {
                let (archive, folder) = (shell_word(&format!("{path}.tar")), shell_word(path));
                Some(format!("name one file, such as an archive of it: tar -cf {archive} {folder}"))
            }
            BlobFileError::Kind { .. } => Some("write it to a file first".to_owned()),
            BlobFileError::Changed { .. } => {
                Some("try again when nothing writes to it any more".to_owned())
            }
            BlobFileError::Extension { .. } | BlobFileError::FormatMissing { .. } => {
                Some("a signature's name is <blob name>.<jws|cose>.sig".to_owned())
            }
            BlobFileError::File { .. } | BlobFileError::TooLarge { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::crypto::Digest;

    #[tokio::test]
    async fn a_file_is_measured_from_its_beginning_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f").display().to_string();
        let content = vec![7; 3 * PIECE + 1];
        std::fs::write(&path, &content).expect("written");
        let blob = BlobFile::open(&path).expect("there");
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512, Hash::Sha256] {
            let measured = blob.measure(hash).await.expect("readable");
            let digest = Digest::of(hash, &content);
            assert_eq!(measured, Measured { digest, size: content.len() as u64 });
        }
    }

    /// Writes to the file before each read of it.
    struct Disturbed<'a>(&'a File, File);

    impl Read for Disturbed<'_> {
        fn read(&mut self, piece: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.read(piece)?;
            self.1.write_all(b"more")?;
            Ok(count.min(1))
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_no_file_to_sign() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        std::fs::write(&path, "").expect("written");
        let writer = File::options().append(true).open(&path).expect("there");
        let file = File::open(&path).expect("there");
        let mut reader = Disturbed(&file, writer);
        let error = measure_by(&mut reader, &file, "f", Hash::Sha256).expect_err("changed");
        assert_eq!(error.to_string(), "f changed while it was read");
        assert_eq!(error.code(), "cli-blob-changed");
        assert!(error.hint().is_some());
    }

    #[test]
    fn what_is_no_regular_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let error = BlobFile::open(&path).err().expect("a directory");
        assert_eq!(error.to_string(), format!("{path} is not a regular file but a directory"));
        assert_eq!(error.code(), "cli-blob-kind");
        assert!(error.hint().is_some_and(|hint| hint.contains("tar -cf")));
        let missing = format!("{path}/missing");
        let error = BlobFile::open(&missing).err().expect("missing");
        assert_eq!(error.to_string(), format!("open {missing}: no such file or directory"));
        assert_eq!(error.code(), "cli-blob-file");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_waited_for() {
        let error = BlobFile::open("/dev/zero").err().expect("a device");
        assert_eq!(error.code(), "cli-blob-kind");
    }

    #[test]
    fn no_signature_is_larger_than_an_envelope() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.jws.sig");
        File::create(&path).and_then(|file| file.set_len(ENVELOPE_LIMIT + 1)).expect("made");
        let error = read_signature(&path.display().to_string()).expect_err("too large");
        assert_eq!(error.code(), "cli-blob-signature-too-large");
    }

    #[test]
    fn a_signatures_name_says_its_format() {
        for (path, format) in [
            ("a.jws.sig", Format::Jws),
            ("/b/a.tar.gz.cose.sig", Format::Cose),
            ("A.JWS.SIG", Format::Jws),
            (".cose.sig", Format::Cose),
        ] {
            assert_eq!(signature_format(path).ok(), Some(format), "{path}");
        }
        for (path, code) in [
            ("", "cli-blob-signature-name"),
            ("a", "cli-blob-signature-name"),
            ("sig", "cli-blob-signature-name"),
            ("a.sig", "cli-blob-signature-name"),
            ("a.jws", "cli-blob-signature-name"),
            ("a.jws.sig/b", "cli-blob-signature-name"),
            ("a.pem.sig", "cli-signature-format"),
        ] {
            assert_eq!(signature_format(path).expect_err(path).code(), code, "{path}");
        }
    }
}
