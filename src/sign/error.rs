//! Why an artifact is not signed.

use super::{MetadataError, OwnRevocationError};
use crate::envelope::SealError;
use crate::fault::{BoxFault, Fault};
use crate::revocation::Answers;
use crate::x509::ValidityError;

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("error adding user metadata: {0}")]
    Metadata(#[from] MetadataError),
    #[error("failed to get manifest descriptor: {0}")]
    Resolve(BoxFault),
    #[error("{0}")]
    Signer(BoxFault),
    /// The registry cannot be asked at all.
    #[error("{0}")]
    Registry(BoxFault),
    #[error("{0}")]
    OwnRevocation(#[from] Box<OwnRevocationError>),
    #[error("{0}")]
    Seal(#[from] SealError),
    #[error("{0}")]
    Validity(#[from] ValidityError),
    /// The signatures that are there already could not be listed.
    #[error("failed to list signatures: {0}")]
    List(BoxFault),
    #[error("failed to push signature to registry with error: {0}")]
    Push(BoxFault),
}

impl SignError {
    /// What was told of the signing chain's revocation, where that is why nothing was signed.
    pub fn revocation(&self) -> Option<&Answers> {
        match self {
            SignError::OwnRevocation(error) => Some(error.answers()),
            _ => None,
        }
    }
}

impl Fault for SignError {
    fn code(&self) -> &'static str {
        match self {
            SignError::Metadata(_) => "sign-metadata",
            SignError::Validity(_) => "sign-certificate-validity",
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::Registry(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.code(),
            SignError::Seal(error) => error.code(),
            SignError::OwnRevocation(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::Registry(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.because(),
            SignError::Seal(error) => error.because(),
            SignError::OwnRevocation(error) => error.because(),
            SignError::Metadata(_) | SignError::Validity(_) => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::Registry(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.hint(),
            SignError::Seal(error) => error.hint(),
            SignError::OwnRevocation(error) => error.hint(),
            SignError::Metadata(_) => None,
            SignError::Validity(error) => error.hint(),
        }
    }
}
