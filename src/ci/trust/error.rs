//! Why trust cannot be installed: which input, where, what was found and what was expected.

use crate::crypto::Digest;
use crate::fault::{BoxFault, Fault, shell_word};
use crate::trust::PolicyError;

#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("input `{input}`: cannot read {place}: {problem}")]
    Unreadable { input: &'static str, place: String, problem: String },
    #[error("input `{input}`: {place} has more than {limit} bytes")]
    TooLarge { input: &'static str, place: String, limit: u64 },
    #[error("input `{input}`: more than {limit} {what}, at {place}")]
    TooMany { input: &'static str, place: String, what: &'static str, limit: usize },
    /// Nothing came; the fault below knows why.
    #[error("input `{input}`: {place}: {fault}")]
    Fetch { input: &'static str, place: String, fault: BoxFault },
    #[error("input `{input}`: {place} answered {status}; expected 200")]
    Status { input: &'static str, place: String, status: u16 },
    #[error("input `{input}`: {place} has the checksum {found}; expected {expected}")]
    Checksum { input: &'static str, place: String, found: Digest, expected: Digest },
    #[error("input `trust-policy`: {place}: {error}")]
    Policy { place: String, error: PolicyError },
    #[error(
        "{folder} holds several policies and none is named trustpolicy.json: {}",
        files.join(", ")
    )]
    Ambiguous { folder: String, files: Vec<String> },
    #[error(
        "input `trust-store`: {path} holds no folder `x509`; expected x509/<type>/<store>/<certificate files> below it"
    )]
    NoX509 { path: String },
    #[error("{path} is a symbolic link or something else that is neither file nor folder")]
    NotAFile { path: String },
    #[error("input `trust-store`: {path} does not belong there: {expected}")]
    Misplaced { path: String, expected: &'static str },
    #[error("input `{input}`: {place} holds a private key; expected certificates alone")]
    PrivateKey { input: &'static str, place: String },
    #[error("input `{input}`: {place}: {problem}; expected certificates in PEM or DER")]
    Malformed { input: &'static str, place: String, problem: String },
    #[error("input `trusted-certificates`: {place} cannot be trusted as {store}: {problem}")]
    Unfit { place: String, store: String, problem: String, vault: Option<String> },
    #[error("cannot write {path}: {problem}")]
    Unwritable { path: String, problem: String },
}

impl Fault for TrustError {
    fn code(&self) -> &'static str {
        match self {
            TrustError::Unreadable { .. } => "ci-trust-unreadable",
            TrustError::TooLarge { .. } => "ci-trust-too-large",
            TrustError::TooMany { .. } => "ci-trust-too-many",
            TrustError::Fetch { fault, .. } => fault.code(),
            TrustError::Status { .. } => "ci-trust-status",
            TrustError::Checksum { .. } => "ci-trust-checksum",
            TrustError::Policy { .. } => "ci-trust-policy",
            TrustError::Ambiguous { .. } => "ci-trust-ambiguous",
            TrustError::NoX509 { .. } => "ci-trust-no-x509",
            TrustError::NotAFile { .. } => "ci-trust-not-a-file",
            TrustError::Misplaced { .. } => "ci-trust-misplaced",
            TrustError::PrivateKey { .. } => "ci-trust-private-key",
            TrustError::Malformed { .. } => "ci-trust-malformed",
            TrustError::Unfit { .. } => "ci-trust-unfit",
            TrustError::Unwritable { .. } => "ci-trust-unwritable",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            TrustError::Fetch { fault, .. } => fault.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            TrustError::Fetch { fault, .. } => fault.hint(),
            TrustError::Ambiguous { folder, files } => {
                let file = files.first().map_or("", String::as_str);
                Some(format!("name the one that counts: trust-policy: {folder}/{file}"))
            }
            TrustError::Checksum { place, .. } => Some(format!(
                "look at what the server has now, and give its checksum if it is what you trust: curl -sSfL {} | sha256sum",
                shell_word(place)
            )),
            TrustError::PrivateKey { .. } => Some(
                "keep the certificate alone: openssl x509 -in <file> -out certificate.pem"
                    .to_owned(),
            ),
            TrustError::Unfit { vault: Some(store), .. } => Some(format!(
                "the vault shows this certificate alone, and its secret is never read for trust; give the root certificate of its CA: trusted-certificates: {store}=<path or https address with #sha256=>"
            )),
            _ => None,
        }
    }
}
