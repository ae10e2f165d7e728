//! `--ca-file`: the CA of registries with a PKI of their own.

use std::path::Path;

use super::local_key::read;
use crate::fault::{BoxFault, Fault, shell_word};
use crate::http::Http;
use crate::x509::certificates_from_pem_or_der;

#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// In the words of the system: `open ca.pem: no such file or directory`.
    #[error("ca-file: {0}")]
    Unreadable(String),
    #[error("ca-file {path}: {reason}")]
    Malformed { path: String, reason: String },
    #[error("ca-file {path} holds no certificate; expected PEM")]
    Empty { path: String },
}

impl Fault for CaFileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "cli-ca-file-unreadable",
            Self::Malformed { .. } => "cli-ca-file-malformed",
            Self::Empty { .. } => "cli-ca-file-empty",
        }
    }

    fn hint(&self) -> Option<String> {
        let (Self::Malformed { path, .. } | Self::Empty { path }) = self else {
            return Some(
                "name a PEM file with the CA of the registry: --ca-file <path>".to_owned(),
            );
        };
        Some(format!("see what is in it: openssl x509 -noout -subject -in {}", shell_word(path)))
    }
}

/// The client for registries: the command's own, or one that trusts the certificates of the file too.
pub fn registry_client(http: &Http, ca_file: Option<&Path>) -> Result<Http, BoxFault> {
    let Some(path) = ca_file else { return Ok(http.clone()) };
    let shown = || path.display().to_string();
    let content = read(path).map_err(|error| CaFileError::Unreadable(error.to_string()))?;
    let found = certificates_from_pem_or_der(&content)
        .map_err(|error| CaFileError::Malformed { path: shown(), reason: error.to_string() })?;
    if found.is_empty() {
        return Err(CaFileError::Empty { path: shown() }.into());
    }
    let roots: Vec<Vec<u8>> = found.iter().map(|certificate| certificate.der().to_vec()).collect();
    Ok(http.trusting(&roots)?)
}
