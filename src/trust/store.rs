//! The trust store: `x509/<type>/<name>/<files>` (trust-store-trust-policy.md, "Trust store").

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::fault::os_reason;
use crate::x509::{Certificate, certificates_from_pem_or_der};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreType {
    Ca,
    SigningAuthority,
    Tsa,
}

pub const STORE_TYPES: [StoreType; 3] =
    [StoreType::Ca, StoreType::SigningAuthority, StoreType::Tsa];

impl StoreType {
    /// `ca`, `signingAuthority`, `tsa`.
    pub fn name(self) -> &'static str {
        match self {
            StoreType::Ca => "ca",
            StoreType::SigningAuthority => "signingAuthority",
            StoreType::Tsa => "tsa",
        }
    }
    /// The type of this name; case counts.
    pub fn from_name(name: &str) -> Option<Self> {
        STORE_TYPES.into_iter().find(|kind| kind.name() == name)
    }
    /// As [`StoreType::from_name`], with notation's words for any other name.
    pub fn parse(name: &str) -> Result<Self, StoreError> {
        Self::from_name(name).ok_or_else(|| StoreError::Type(name.to_owned()))
    }
}

/// Where trusted certificates come from.
pub trait TrustStore: Send + Sync {
    /// Every certificate of one named store. Each is a CA certificate or verifies under its own
    /// key; those of type `tsa` are self-signed root CAs. Expiry is not looked at.
    fn certificates(&self, kind: StoreType, name: &str) -> Result<Vec<Certificate>, StoreError>;
}

/// The trust store below a folder that holds `x509/`.
#[derive(Debug, Clone)]
pub struct TrustStoreDir {
    root: PathBuf,
}

/// largest certificate file read: 1 MiB; public root bundles are under 300 KiB.
pub const FILE_LIMIT: usize = 1024 * 1024;

/// most files read in one store: 1,000.
pub const FILES_LIMIT: usize = 1000;

impl TrustStoreDir {
    /// `root` is the folder that contains `x509/` (notation: `<config>/truststore`).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of one type.
    pub(super) fn type_folder(&self, kind: StoreType) -> PathBuf {
        self.root.join("x509").join(kind.name())
    }

    /// The folder of one named store; the name is checked.
    pub fn store_folder(&self, kind: StoreType, name: &str) -> Result<PathBuf, StoreError> {
        match is_name(name) {
            true => Ok(self.type_folder(kind).join(name)),
            false => Err(StoreError::Name(name.to_owned())),
        }
    }
}

impl TrustStore for TrustStoreDir {
    fn certificates(&self, kind: StoreType, name: &str) -> Result<Vec<Certificate>, StoreError> {
        let store = Store { kind, name, folder: self.store_folder(kind, name)? };
        let mut certificates = Vec::new();
        for file in store.files()? {
            certificates.extend(store.load(&file)?);
        }
        match certificates.is_empty() {
            true => Err(StoreError::Empty { kind: kind.name().to_owned(), name: name.to_owned() }),
            false => Ok(certificates),
        }
    }
}

/// Whether a store may have this name: `[a-zA-Z0-9_.-]+`, and not the two that mean a folder itself.
pub fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    !matches!(name, "" | "." | "..") && name.bytes().all(allowed)
}

/// Reads a regular file of at most [`FILE_LIMIT`] bytes; errors are worded `open <path>: …`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let failed = |operation, reason| {
        Err(StoreError::File { operation, path: path.display().to_string(), reason })
    };
    // looked at before opening: opening a pipe would wait for its other end
    match fs::metadata(path) {
        Err(error) => return failed("open", os_reason(&error)),
        Ok(found) if found.is_dir() => return failed("read", "is a directory".to_owned()),
        Ok(found) if !found.is_file() => return failed("read", "not a regular file".to_owned()),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => failed("open", os_reason(&error)),
        Ok(_) if bytes.len() > FILE_LIMIT => {
            failed("read", format!("the file has more than {FILE_LIMIT} bytes"))
        }
        Ok(_) => Ok(bytes),
    }
}

/// One named store while it is read.
struct Store<'a> {
    kind: StoreType,
    name: &'a str,
    folder: PathBuf,
}

impl Store<'_> {
    /// The names of its files in order; anything that is not a regular file is refused.
    fn files(&self) -> Result<Vec<String>, StoreError> {
        let (kind, name) = (self.kind.name().to_owned(), self.name.to_owned());
        let found = match fs::symlink_metadata(&self.folder) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let reason = format!("lstat {}: {}", self.folder.display(), os_reason(&error));
                return Err(StoreError::Missing { kind, name, reason });
            }
            Err(error) => return Err(self.inaccessible("lstat", &error)),
        };
        if !found.is_dir() {
            let path = self.folder.display().to_string();
            return Err(StoreError::NotDirectory { kind, name, path });
        }
        let entries = fs::read_dir(&self.folder).map_err(|e| self.inaccessible("open", &e))?;
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.inaccessible("read", &error))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let regular = entry.file_type().map_err(|error| self.inaccessible("lstat", &error))?;
            if files.len() == FILES_LIMIT {
                return Err(StoreError::TooManyFiles { kind, name, limit: FILES_LIMIT });
            }
            files.push((file, regular.is_file()));
        }
        files.sort();
        let irregular = files.iter().find(|(_, regular)| !regular);
        if let Some((file, _)) = irregular {
            return Err(StoreError::NotRegular { kind, name, file: file.clone() });
        }
        Ok(files.into_iter().map(|(file, _)| file).collect())
    }

    /// One file's certificates, each fit to be trusted.
    fn load(&self, file: &str) -> Result<Vec<Certificate>, StoreError> {
        let (kind, name) = (self.kind.name(), self.name);
        let (kind, name, file) = (kind.to_owned(), name.to_owned(), file.to_owned());
        let parsed =
            read(&self.folder.join(&file)).map_err(|error| error.to_string()).and_then(|bytes| {
                certificates_from_pem_or_der(&bytes).map_err(|error| error.to_string())
            });
        let certificates = match parsed {
            Ok(certificates) => certificates,
            Err(reason) => return Err(StoreError::Unreadable { kind, name, file, reason }),
        };
        if let Err(reason) = check_authorities(&certificates) {
            return Err(StoreError::Untrustworthy { kind, name, file, reason });
        }
        if self.kind == StoreType::Tsa
            && let Err(reason) = certificates.iter().try_for_each(check_root)
        {
            return Err(StoreError::NotRoot { kind, name, file, reason });
        }
        Ok(certificates)
    }

    fn inaccessible(&self, operation: &str, error: &std::io::Error) -> StoreError {
        let reason = format!("{operation} {}: {}", self.folder.display(), os_reason(error));
        let (kind, name) = (self.kind.name().to_owned(), self.name.to_owned());
        StoreError::Inaccessible { kind, name, reason }
    }
}

/// Whether these certificates may stand in a store of this type, as [`TrustStore::certificates`]
/// demands it; the error tells of the first that may not, or that there is none.
pub fn check_trusted(kind: StoreType, certificates: &[Certificate]) -> Result<(), String> {
    check_authorities(certificates)?;
    match kind {
        StoreType::Tsa => certificates.iter().try_for_each(check_root),
        StoreType::Ca | StoreType::SigningAuthority => Ok(()),
    }
}

/// Every certificate is a CA or verifies under its own key.
fn check_authorities(certificates: &[Certificate]) -> Result<(), String> {
    if certificates.is_empty() {
        return Err("input certs cannot be empty".to_owned());
    }
    let fit = |certificate: &Certificate| {
        certificate.is_ca() || certificate.verify_signed_by(certificate).is_ok()
    };
    match certificates.iter().find(|certificate| !fit(certificate)) {
        None => Ok(()),
        Some(other) => Err(format!(
            "certificate with subject {:?} is not a CA certificate or self-signed signing certificate",
            other.subject().to_string()
        )),
    }
}

/// Timestamping certificates are trusted only from a self-signed root CA.
fn check_root(certificate: &Certificate) -> Result<(), String> {
    let subject = certificate.subject().to_string();
    let fact = format!("certificate with subject {subject:?} is not a root CA certificate");
    let may_sign = certificate.key_usage().is_none_or(|usage| usage.cert_sign());
    if !certificate.is_ca() || !may_sign {
        return Err(format!("{fact}: it cannot sign certificates"));
    }
    if let Err(error) = certificate.verify_signed_by(certificate) {
        return Err(format!("{fact}: {error}"));
    }
    match certificate.raw_subject() == certificate.raw_issuer() {
        true => Ok(()),
        false => {
            let issuer = certificate.issuer();
            Err(format!("{fact}: issuer ({issuer}) and subject ({subject}) are not the same"))
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(crate) mod tests;
