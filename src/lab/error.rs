//! Why a lab could not start or issue something.

use std::path::PathBuf;

/// The lab is an edge of its own: the caller words these for the user.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
    #[error("cannot start the lab's threads: {0}")]
    Threads(std::io::Error),
    #[error("cannot set up the lab's TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("cannot issue a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot use a key: {0}")]
    Key(String),
    #[error("cannot write the vault's PKCS#12 file: {0}")]
    Pfx(String),
    #[error("`{0}` is not a name of one to 127 letters, digits and dashes")]
    Name(String),
    #[error("`{subject}` is not a list of C=, ST=, L=, O=, OU=, CN= parts")]
    Subject { subject: String },
    #[error("the vault waits with no such certificate request")]
    Request,
    #[error("the registry refused {path} with status {status}")]
    Refused { path: String, status: u16 },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot print: {0}")]
    Print(std::io::Error),
}
