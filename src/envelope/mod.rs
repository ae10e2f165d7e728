//! Notary Project signature envelopes: read (`Parsed` → `Intact`) and written (`seal`), COSE and JWS.

mod attributes;
mod blob;
mod cbor;
mod cose;
mod error;
mod json;
mod jws;
mod made;
mod payload;
mod read;
mod signer;
mod write;

pub use attributes::{
    Attribute, AttributeKey, Scheme, VERIFICATION_PLUGIN, VERIFICATION_PLUGIN_MIN_VERSION,
};
pub use blob::{Blob, MANIFEST_MEDIA_TYPES, Measured, is_manifest_type};
pub use error::{EnvelopeError, Part};
pub use made::MadeError;
pub use payload::{PAYLOAD_TYPE, Payload, TargetArtifact};
pub use read::{Claims, Intact, Parsed};
pub use signer::{
    ChainedSignature, Countersigner, EnvelopeMaker, EnvelopeOrder, LocalSigner, MadeEnvelope,
    Signer, SignerError,
};
pub use write::{SealError, SealRequest, Sealed, seal, seal_with};

/// The two envelope formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Jws,
    Cose,
}

pub const FORMATS: [Format; 2] = [Format::Jws, Format::Cose];

/// largest signature envelope accepted: 32 MiB, as notation
pub const ENVELOPE_LIMIT: u64 = 32 * 1024 * 1024;

impl Format {
    /// `application/jose+json` or `application/cose`.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jws => "application/jose+json",
            Format::Cose => "application/cose",
        }
    }

    pub fn from_media_type(media_type: &str) -> Option<Self> {
        FORMATS.into_iter().find(|f| f.media_type() == media_type)
    }

    /// `jws` or `cose`, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jws => "jws",
            Format::Cose => "cose",
        }
    }
}
