//! What goes wrong with Artifact Signing; once an operation has begun, its id is told.

use std::time::Duration;

use crate::azure::AzureError;
use crate::fault::Fault;
use crate::http::HttpError;
use crate::x509::{CertificateError, ChainError};

#[derive(Debug, thiserror::Error)]
pub enum ArtifactSigningError {
    #[error(
        "{name:?} is no {what} of Artifact Signing; its name has {least} to {most} letters, digits and hyphens"
    )]
    Name { what: &'static str, name: String, least: usize, most: usize },
    /// The endpoint, or a token for it.
    #[error(transparent)]
    Azure(#[from] AzureError),
    #[error("Artifact Signing, {request}: {source}")]
    Http { request: &'static str, source: HttpError },
    #[error("Artifact Signing refuses {request} with {profile}: {code}: {message}")]
    Forbidden {
        request: &'static str,
        profile: String,
        code: String,
        message: String,
        hint: String,
    },
    #[error("Artifact Signing does not accept the token: {code}: {message}")]
    Unauthorized { code: String, message: String },
    #[error("Artifact Signing does not know {profile}: {code}: {message}")]
    NotFound { profile: String, code: String, message: String, hint: String },
    #[error("Artifact Signing answers {status} to {request}: {code}: {message}")]
    Refused { request: &'static str, status: u16, code: String, message: String },
    #[error("Artifact Signing's answer to {request} is not usable: {problem}")]
    Answer { request: &'static str, problem: String },
    #[error("the signing operation {operation} ended as {status}: {code}: {message}")]
    Failed { operation: String, status: String, code: String, message: String },
    #[error("the signing operation {operation} is still {status} after {} seconds", .waited.as_secs())]
    Unfinished { operation: String, status: String, waited: Duration },
    /// It may have ended since; its signature is of no use to anybody.
    #[error("the signing operation {operation} was not followed to its end: {source}")]
    Lost { operation: String, source: Box<ArtifactSigningError> },
    #[error(
        "the signing operation {operation} gave a signature that the key of the certificate {subject:?} did not make"
    )]
    Signature { operation: String, subject: String },
    #[error(
        "the certificate {subject:?} has the key {found}; Artifact Signing's is RSA of 3072 bits"
    )]
    Key { subject: String, found: &'static str },
    #[error("{found} certificates of {profile} could be the signing certificate; one is needed")]
    Leaf { profile: String, found: usize },
    #[error("the certificates of {profile}: {source}")]
    Certificate { profile: String, source: CertificateError },
    #[error("the certificate chain of {profile}: {source}")]
    Chain { profile: String, source: ChainError },
}

impl Fault for ArtifactSigningError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "azure-artifact-signing-name",
            Self::Azure(error) => error.code(),
            Self::Http { source, .. } => source.code(),
            Self::Forbidden { .. } => "azure-artifact-signing-forbidden",
            Self::Unauthorized { .. } => "azure-artifact-signing-unauthorized",
            Self::NotFound { .. } => "azure-artifact-signing-not-found",
            Self::Refused { .. } => "azure-artifact-signing-request",
            Self::Answer { .. } => "azure-artifact-signing-answer",
            Self::Failed { .. } => "azure-artifact-signing-failed",
            Self::Unfinished { .. } => "azure-artifact-signing-unfinished",
            Self::Lost { .. } => "azure-artifact-signing-lost",
            Self::Signature { .. } => "azure-artifact-signing-signature",
            Self::Key { .. } => "azure-artifact-signing-key",
            Self::Leaf { .. } => "azure-artifact-signing-leaf",
            Self::Certificate { source, .. } => source.code(),
            Self::Chain { source, .. } => source.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Azure(error) => error.because(),
            Self::Lost { source, .. } => source.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Name { .. } => {
                "az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts -o table"
            }
            Self::Azure(error) => return error.hint(),
            Self::Http { source, .. } => return source.hint(),
            Self::Forbidden { hint, .. } | Self::NotFound { hint, .. } => {
                return Some(hint.clone());
            }
            Self::Unfinished { .. } => {
                "sign again; where the service stays slow, give the command more time with timeout"
            }
            Self::Lost { source, .. } => return source.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }
}
