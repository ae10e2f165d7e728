//! Why an envelope is refused: one variant per rule, holding the values that disagreed.

use time::OffsetDateTime;

use super::AttributeKey;
use crate::clock::rfc3339;
use crate::crypto::DigestError;
use crate::fault::{self, Fault};
use crate::x509::{CertificateError, ChainError};

/// The pieces of an envelope, for naming where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Envelope,
    ProtectedHeader,
    UnprotectedHeader,
    Payload,
    Signature,
    Certificate,
    Timestamp,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Part::Envelope => "envelope",
            Part::ProtectedHeader => "protected header",
            Part::UnprotectedHeader => "unprotected header",
            Part::Payload => "payload",
            Part::Signature => "signature",
            Part::Certificate => "certificate chain",
            Part::Timestamp => "timestamp signature",
        })
    }
}

/// An envelope that does not hold. The wording is notation's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the signature envelope has {found} bytes; at most {limit} are accepted")]
    TooLarge { found: u64, limit: u64 },
    /// Not well-formed, or looser than the strict form: not UTF-8, indefinite lengths, a tag where
    /// none may be, trailing bytes.
    #[error("unable to parse the digital signature: {part}: {reason}")]
    Unparsable { part: Part, reason: String },
    #[error("unable to parse the digital signature: {part} is nested deeper than {limit} levels")]
    TooDeep { part: Part, limit: usize },
    #[error("unable to parse the digital signature: {part} holds more than {limit} values")]
    TooMany { part: Part, limit: usize },
    #[error("unable to parse the digital signature: {part}: member {name:?} appears twice")]
    Duplicate { part: Part, name: String },
    #[error("unable to parse the digital signature: invalid COSE_Sign1_Tagged object")]
    Untagged,
    #[error("unable to parse the digital signature: the payload is detached")]
    Detached,
    #[error("{part}: member {name:?} is missing")]
    Missing { part: Part, name: String },
    #[error("{part}: member {name:?} must be {expected}")]
    Type { part: Part, name: String, expected: &'static str },
    #[error("{part} is not strict base64")]
    Base64 { part: Part },
    #[error("certificate chain is not present")]
    ChainMissing,
    #[error("the certificate chain has {found} certificates; at most {limit} are accepted")]
    ChainTooLong { found: usize, limit: usize },
    #[error("malformed leaf certificate")]
    LeafMalformed(#[source] CertificateError),
    #[error("malformed certificate at position {index} of the chain")]
    CertificateMalformed { index: usize, source: CertificateError },
    #[error("{0}")]
    Key(String),
    #[error("signature algorithm not supported: {found}")]
    Algorithm { found: String },
    #[error(
        "mismatch between signature algorithm derived from signing certificate ({certificate}) and signing algorithm specified ({header})"
    )]
    AlgorithmMismatch { header: &'static str, certificate: &'static str },
    #[error("signature not present or is empty")]
    SignatureMissing,
    #[error("signature is invalid")]
    SignatureInvalid,
    #[error("unsupported signing scheme {found:?}")]
    Scheme { found: String },
    #[error("{header:?} header must not be present for {scheme} signing scheme")]
    TimeForbidden { header: &'static str, scheme: &'static str },
    #[error("{header:?} header must be present for {scheme} signing scheme")]
    TimeMissing { header: &'static str, scheme: &'static str },
    #[error("invalid time in header {header:?}: {reason}")]
    Time { header: &'static str, reason: String },
    #[error("missing \"crit\" header")]
    CriticalMissing,
    #[error("\"crit\" header lists something other than a {expected}")]
    CriticalType { expected: &'static str },
    #[error("{name:?} header is marked critical but not present")]
    CriticalUnknown { name: String },
    #[error("these required headers are not marked as critical: [{}]", .names.join(" "))]
    CriticalUnlisted { names: Vec<&'static str> },
    #[error(
        "expiry cannot be equal or before the signing time: expiry {}, signing time {}",
        rfc3339(expiry),
        rfc3339(signing_time)
    )]
    Expiry { expiry: OffsetDateTime, signing_time: OffsetDateTime },
    #[error("certificate-chain is invalid, {0}")]
    Chain(ChainError),
    #[error("payload content type {found:?} not supported")]
    PayloadType { found: String },
    #[error("payload is not present")]
    PayloadMissing,
    #[error("payload: digest of targetArtifact: {0}")]
    PayloadDigest(DigestError),
}

impl Fault for EnvelopeError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "envelope-too-large",
            Self::Unparsable { .. } => "envelope-unparsable",
            Self::TooDeep { .. } => "envelope-too-deep",
            Self::TooMany { .. } => "envelope-too-many-values",
            Self::Duplicate { .. } => "envelope-duplicate-member",
            Self::Untagged => "envelope-untagged",
            Self::Detached => "envelope-payload-detached",
            Self::Missing { .. } => "envelope-member-missing",
            Self::Type { .. } => "envelope-member-type",
            Self::Base64 { .. } => "envelope-base64",
            Self::ChainMissing => "envelope-chain-missing",
            Self::ChainTooLong { .. } => "envelope-chain-too-long",
            Self::LeafMalformed(_) => "envelope-leaf-malformed",
            Self::CertificateMalformed { .. } => "envelope-certificate-malformed",
            Self::Key(_) => "envelope-key-unsupported",
            Self::Algorithm { .. } => "envelope-algorithm-unsupported",
            Self::AlgorithmMismatch { .. } => "envelope-algorithm-mismatch",
            Self::SignatureMissing => "envelope-signature-missing",
            Self::SignatureInvalid => "envelope-signature-invalid",
            Self::Scheme { .. } => "envelope-scheme-unsupported",
            Self::TimeForbidden { .. } => "envelope-time-forbidden",
            Self::TimeMissing { .. } => "envelope-time-missing",
            Self::Time { .. } => "envelope-time-invalid",
            Self::CriticalMissing => "envelope-crit-missing",
            Self::CriticalType { .. } => "envelope-crit-type",
            Self::CriticalUnknown { .. } => "envelope-crit-unknown",
            Self::CriticalUnlisted { .. } => "envelope-crit-unlisted",
            Self::Expiry { .. } => "envelope-expiry-order",
            Self::Chain(_) => "envelope-chain-invalid",
            Self::PayloadType { .. } => "envelope-payload-type",
            Self::PayloadMissing => "envelope-payload-missing",
            Self::PayloadDigest(_) => "envelope-payload-digest",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Chain(error) => error.hint(),
            _ => None,
        }
    }
}

/// longest piece of outside text quoted in an error
const EXCERPT_LIMIT: usize = 80;

/// The beginning of a text from an envelope, for quoting.
pub(super) fn excerpt(text: &str) -> String {
    fault::excerpt(text, EXCERPT_LIMIT)
}

impl EnvelopeError {
    pub(super) fn unparsable(part: Part, reason: impl Into<String>) -> Self {
        Self::Unparsable { part, reason: excerpt(&reason.into()) }
    }

    pub(super) fn missing(part: Part, name: &str) -> Self {
        Self::Missing { part, name: name.into() }
    }

    pub(super) fn of_type(part: Part, name: &str, expected: &'static str) -> Self {
        Self::Type { part, name: name.into(), expected }
    }

    pub(super) fn critical_unknown(key: &AttributeKey) -> Self {
        Self::CriticalUnknown { name: excerpt(&key.to_string()) }
    }
}
