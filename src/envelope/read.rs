//! Reading: bytes → `Parsed` → `Intact`.

use time::OffsetDateTime;

use super::attributes::SignedAttributes;
use super::error::excerpt;
use super::{
    Attribute, ENVELOPE_LIMIT, EnvelopeError, Format, PAYLOAD_TYPE, Payload, Scheme, cose, jws,
};
use crate::crypto::Suite;
use crate::x509::{CHAIN_LIMIT, Certificate, Chain};

/// An envelope taken apart; nothing in it is believed yet.
pub struct Parsed {
    pieces: Pieces,
    header: Header,
}

/// What an envelope says, well-formed and rule-abiding, but with its signature unchecked: for
/// looking at, never for trust.
#[derive(Debug, Clone)]
pub struct Claims {
    format: Format,
    chain: Chain,
    payload: Payload,
    signed: SignedAttributes,
    signing_agent: Option<String>,
    timestamp_token: Option<Vec<u8>>,
    signature: Vec<u8>,
}

/// An envelope whose signature, attributes, certificate rules and payload type hold. Whether its
/// signer is trusted is another question.
#[derive(Debug, Clone)]
pub struct Intact {
    claims: Claims,
}

impl Parsed {
    /// Takes an envelope apart, strictly: size, syntax, the members and their types
    /// (signature-envelope-jws.md, signature-envelope-cose.md).
    pub fn read(format: Format, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let found = bytes.len() as u64;
        if found > ENVELOPE_LIMIT {
            return Err(EnvelopeError::TooLarge { found, limit: ENVELOPE_LIMIT });
        }
        let (pieces, header) = match format {
            Format::Jws => jws::read(bytes).map(|(p, h)| (p, Header::Jws(h))),
            Format::Cose => cose::read(bytes).map(|(p, h)| (p, Header::Cose(h))),
        }?;
        if pieces.signature.is_empty() {
            return Err(EnvelopeError::SignatureMissing);
        }
        if pieces.payload.is_empty() {
            return Err(EnvelopeError::PayloadMissing);
        }
        Ok(Self { pieces, header })
    }

    /// Verifies the signature with the leaf's key, then every attribute and certificate rule
    /// (trust-store-trust-policy.md, "Steps": integrity).
    pub fn check_integrity(self) -> Result<Intact, EnvelopeError> {
        let leaf = self.leaf()?;
        self.check_suite(&leaf)?
            .verify(leaf.public_key(), &self.pieces.message, &self.pieces.signature)
            .map_err(|_| EnvelopeError::SignatureInvalid)?;
        Ok(Intact { claims: self.into_claims(leaf)? })
    }

    /// Every rule but the signature itself: for `inspect`.
    pub fn claims(self) -> Result<Claims, EnvelopeError> {
        let leaf = self.leaf()?;
        self.check_suite(&leaf)?;
        self.into_claims(leaf)
    }

    /// The signed bytes.
    pub(super) fn payload(&self) -> &[u8] {
        &self.pieces.payload
    }

    fn leaf(&self) -> Result<Certificate, EnvelopeError> {
        let der = self.pieces.certificates.first().ok_or(EnvelopeError::ChainMissing)?;
        Certificate::from_der(der).map_err(EnvelopeError::LeafMalformed)
    }

    // signature-specification.md, "Algorithm Selection": the key decides, the header must agree.
    fn check_suite(&self, leaf: &Certificate) -> Result<Suite, EnvelopeError> {
        let suite = leaf.suite().map_err(EnvelopeError::Key)?;
        let named = match &self.header {
            Header::Jws(header) => header.suite()?,
            Header::Cose(header) => header.suite()?,
        };
        if named == suite {
            Ok(suite)
        } else {
            Err(EnvelopeError::AlgorithmMismatch {
                header: named.plugin_name(),
                certificate: suite.plugin_name(),
            })
        }
    }

    fn into_claims(self, leaf: Certificate) -> Result<Claims, EnvelopeError> {
        let (format, draft) = match &self.header {
            Header::Jws(header) => (Format::Jws, header.draft()?),
            Header::Cose(header) => (Format::Cose, header.draft()?),
        };
        let signed = draft.validate(format)?;
        let mut certificates = vec![leaf];
        for (index, der) in self.pieces.certificates.iter().enumerate().skip(1) {
            let certificate = Certificate::from_der(der)
                .map_err(|source| EnvelopeError::CertificateMalformed { index, source })?;
            certificates.push(certificate);
        }
        let chain = Chain::check(certificates).map_err(EnvelopeError::Chain)?;
        if signed.content_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType { found: excerpt(&signed.content_type) });
        }
        Ok(Claims {
            format,
            chain,
            payload: Payload::read(&self.pieces.payload)?,
            signed,
            signing_agent: self.pieces.signing_agent,
            timestamp_token: self.pieces.timestamp_token,
            signature: self.pieces.signature,
        })
    }
}

impl Intact {
    /// What the envelope says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// Everything an intact envelope says can be asked of it.
impl std::ops::Deref for Intact {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

impl Claims {
    pub fn format(&self) -> Format {
        self.format
    }

    pub fn suite(&self) -> Suite {
        self.chain.suite()
    }

    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    pub fn scheme(&self) -> Scheme {
        self.signed.scheme
    }

    pub fn expiry(&self) -> Option<OffsetDateTime> {
        self.signed.expiry
    }

    /// Extended attributes in envelope order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.signed.extended
    }

    /// Unsigned, informational.
    pub fn signing_agent(&self) -> Option<&str> {
        self.signing_agent.as_deref()
    }

    /// The RFC 3161 token's DER, unverified.
    pub fn timestamp_token(&self) -> Option<&[u8]> {
        self.timestamp_token.as_deref()
    }

    /// The raw signature bytes (what a timestamp covers).
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// What both formats hold outside the protected header.
pub(super) struct Pieces {
    /// The bytes that were signed.
    pub message: Vec<u8>,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
    /// DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
    pub signing_agent: Option<String>,
    pub timestamp_token: Option<Vec<u8>>,
}

enum Header {
    Jws(jws::Header),
    Cose(cose::Header),
}

/// Bounds the number of certificates before any is parsed.
pub(super) fn check_count(found: usize) -> Result<(), EnvelopeError> {
    match found {
        0 => Err(EnvelopeError::ChainMissing),
        1..=CHAIN_LIMIT => Ok(()),
        _ => Err(EnvelopeError::ChainTooLong { found, limit: CHAIN_LIMIT }),
    }
}
