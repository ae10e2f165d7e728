//! Reading: bytes → `Parsed` → `Intact`.

use time::OffsetDateTime;

use super::{Attribute, Format, Payload, Scheme};
use crate::crypto::Suite;
use crate::x509::Chain;

/// An envelope taken apart; nothing in it is believed yet.
pub struct Parsed {
    _private: (),
}

/// An envelope whose signature, attributes, certificate rules and payload type hold. Whether its
/// signer is trusted is another question.
#[derive(Debug, Clone)]
pub struct Intact {
    _private: (),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("unable to parse the digital signature: {0}")]
    Unparsable(String),
    // the owner of this room adds a variant per refusal
}

impl Parsed {
    /// Takes an envelope apart, strictly (reference 1.3, 1.4 and [harden]).
    pub fn read(_format: Format, _bytes: &[u8]) -> Result<Self, EnvelopeError> {
        todo!()
    }

    /// Verifies the signature with the leaf's key, then every attribute and certificate rule.
    pub fn check_integrity(self) -> Result<Intact, EnvelopeError> {
        todo!()
    }
}

impl Intact {
    pub fn format(&self) -> Format {
        todo!()
    }
    pub fn suite(&self) -> Suite {
        todo!()
    }
    pub fn chain(&self) -> &Chain {
        todo!()
    }
    pub fn payload(&self) -> &Payload {
        todo!()
    }
    pub fn scheme(&self) -> Scheme {
        todo!()
    }
    pub fn expiry(&self) -> Option<OffsetDateTime> {
        todo!()
    }
    /// Extended attributes in envelope order.
    pub fn attributes(&self) -> &[Attribute] {
        todo!()
    }
    /// Unsigned, informational.
    pub fn signing_agent(&self) -> Option<&str> {
        todo!()
    }
    /// The RFC 3161 token's DER, unverified.
    pub fn timestamp_token(&self) -> Option<&[u8]> {
        todo!()
    }
    /// The raw signature bytes (what a timestamp covers).
    pub fn signature(&self) -> &[u8] {
        todo!()
    }
}
