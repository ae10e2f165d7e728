//! Writing: payload and attributes → signed envelope, verified again before it leaves.

use std::time::Duration;

use time::OffsetDateTime;

use super::{EnvelopeError, Format, Intact, Payload, Signer};
use crate::fault::BoxFault;
use crate::x509::ValidityError;

pub struct SealRequest {
    pub format: Format,
    pub payload: Payload,
    /// Truncated to whole seconds when written.
    pub now: OffsetDateTime,
    pub expiry: Option<Duration>,
}

/// A finished envelope and its reading.
pub struct Sealed {
    pub bytes: Vec<u8>,
    pub intact: Intact,
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("generated signature failed verification: {0}")]
    SelfVerification(#[from] EnvelopeError),
    #[error(transparent)]
    Validity(#[from] ValidityError),
    #[error("the signing key refused: {0}")]
    Signer(BoxFault),
}

/// Signs (scheme `notary.x509`), then reads the envelope back with every check of the verifier.
pub async fn seal(_request: &SealRequest, _signer: &dyn Signer) -> Result<Sealed, SealError> {
    todo!()
}
