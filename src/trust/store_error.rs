//! What is wrong with a trust store, in notation's words.

use crate::fault::{Fault, shell_word};

/// The text is notation's message; [`StoreError::inner`] is the error below it, which `verify`
/// prints after a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the trust store {name:?} of type {kind:?} does not exist")]
    Missing { kind: String, name: String, reason: String },
    #[error("failed to access the trust store {name:?} of type {kind:?}")]
    Inaccessible { kind: String, name: String, reason: String },
    #[error(
        "the trust store {name} of type {kind} with path {path} is not a regular directory (symlinks are not supported)"
    )]
    NotDirectory { kind: String, name: String, path: String },
    #[error("trust store {name:?} of type {kind:?} holds more than {limit} files")]
    TooManyFiles { kind: String, name: String, limit: usize },
    #[error(
        "trusted certificate {file} in trust store {name} of type {kind} is not a regular file (directories or symlinks are not supported)"
    )]
    NotRegular { kind: String, name: String, file: String },
    #[error("failed to read the trusted certificate {file} in trust store {name} of type {kind}")]
    Unreadable { kind: String, name: String, file: String, reason: String },
    #[error(
        "failed to validate the trusted certificate {file} in trust store {name} of type {kind}"
    )]
    Untrustworthy { kind: String, name: String, file: String, reason: String },
    #[error("trusted certificate {file} in trust store {name} of type {kind} is invalid: {reason}")]
    NotRoot { kind: String, name: String, file: String, reason: String },
    #[error("no x509 certificates were found in trust store {name:?} of type {kind:?}")]
    Empty { kind: String, name: String },

    #[error("unsupported store type: {0}")]
    Type(String),
    #[error("named store name needs to follow [a-zA-Z0-9_.-]+ format")]
    Name(String),
    #[error("{0:?} is not the name of a file in a trust store")]
    FileName(String),
    #[error("certificate already exists in the Trust Store")]
    Exists,
    #[error("no certificate was found in {0}")]
    NoCertificate(String),
    #[error("{0}")]
    Malformed(String),
    /// `open /a/b: no such file or directory`.
    #[error("{operation} {path}: {reason}")]
    File { operation: &'static str, path: String, reason: String },
}

impl StoreError {
    /// Nothing is there: adding a certificate is the way on (`verify` says so).
    pub fn is_missing(&self) -> bool {
        matches!(self, StoreError::Missing { .. } | StoreError::Empty { .. })
    }

    /// The error below the message, when there is one that the message does not repeat.
    pub fn inner(&self) -> Option<&str> {
        match self {
            StoreError::Missing { reason, .. }
            | StoreError::Inaccessible { reason, .. }
            | StoreError::Unreadable { reason, .. }
            | StoreError::Untrustworthy { reason, .. } => Some(reason),
            StoreError::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl Fault for StoreError {
    fn code(&self) -> &'static str {
        match self {
            StoreError::Missing { .. } => "trust-store-missing",
            StoreError::Inaccessible { .. } => "trust-store-inaccessible",
            StoreError::NotDirectory { .. } => "trust-store-not-a-directory",
            StoreError::TooManyFiles { .. } => "trust-store-too-many-files",
            StoreError::NotRegular { .. } => "trust-store-not-a-regular-file",
            StoreError::Unreadable { .. } => "trust-store-unreadable",
            StoreError::Untrustworthy { .. } => "trust-store-not-a-ca",
            StoreError::NotRoot { .. } => "trust-store-not-a-root",
            StoreError::Empty { .. } => "trust-store-empty",
            StoreError::Type(_) => "trust-store-type",
            StoreError::Name(_) | StoreError::FileName(_) => "trust-store-name",
            StoreError::Exists => "trust-store-exists",
            StoreError::NoCertificate(_) | StoreError::Malformed(_) => "trust-store-malformed",
            StoreError::File { .. } => "trust-store-file",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            StoreError::Name(name) => vec![format!("{name:?} does not")],
            _ => self.inner().map(str::to_owned).into_iter().collect(),
        }
    }

    fn hint(&self) -> Option<String> {
        let delete = |kind: &str, name: &str, file: &str| {
            let file = shell_word(file);
            Some(format!("sealwright cert delete --type {kind} --store {name} {file}"))
        };
        match self {
            StoreError::Missing { kind, name, .. } | StoreError::Empty { kind, name } => {
                Some(format!("sealwright cert add --type {kind} --store {name} <root.crt>"))
            }
            StoreError::Unreadable { kind, name, file, .. }
            | StoreError::Untrustworthy { kind, name, file, .. }
            | StoreError::NotRoot { kind, name, file, .. } => delete(kind, name, file),
            StoreError::Type(_) => Some("types are ca, signingAuthority and tsa".to_owned()),
            _ => None,
        }
    }
}
