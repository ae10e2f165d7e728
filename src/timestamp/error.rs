//! Why a timestamp token is not believed.

use time::OffsetDateTime;

use crate::clock::rfc3339;
use crate::fault::Fault;
use crate::x509::{CertificateError, ChainError, ValidityError};

/// The token's own part that an error names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPart {
    ContentInfo,
    SignedData,
    SignerInfo,
    TstInfo,
    Attribute(&'static str),
}

impl std::fmt::Display for TokenPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ContentInfo => "content info",
            Self::SignedData => "signed data",
            Self::SignerInfo => "signer info",
            Self::TstInfo => "TSTInfo",
            Self::Attribute(name) => return write!(f, "signed attribute {name}"),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the timestamp token has {found} bytes; at most {limit} are accepted")]
    TooLarge { found: usize, limit: usize },
    #[error("the timestamp token has {found} {what}; at most {limit} are accepted")]
    TooMany { what: &'static str, found: usize, limit: usize },
    #[error("malformed {part}: {reason}")]
    Unparsable { part: TokenPart, reason: String },
    #[error("content type is not signed-data but {found}")]
    NotSignedData { found: String },
    #[error(
        "unexpected content type: {found}. Expected to be id-ct-TSTInfo (1.2.840.113549.1.9.16.1.4)"
    )]
    ContentType { found: String },
    #[error("unsupported {part} version: got {found}, want {expected}")]
    Version { part: TokenPart, found: String, expected: u8 },
    #[error("malformed certificate in the timestamp token")]
    Certificate(#[source] CertificateError),
    #[error("signerInfo not found")]
    SignerMissing,
    #[error("missing signed attribute {name}")]
    AttributeMissing { name: &'static str },
    #[error("signed attribute {name} must be there once, with one value")]
    AttributeRepeated { name: String },
    #[error("{what} {found} is not supported")]
    Algorithm { what: &'static str, found: String },
    #[error("signing certificate not found in the timestamp token")]
    SignerCertificateMissing,
    #[error("signing certificate hash does not match CertHash in signed attribute")]
    CertificateHash,
    #[error("mismatch message digest")]
    MessageDigest,
    #[error("the signature of the timestamp token is invalid")]
    SignatureInvalid,
    #[error(
        "no chain leads from the timestamping certificate with subject {subject:?} to a trusted root"
    )]
    NotTrusted { subject: String, issuer: String },
    #[error("invalid timestamping certificate chain: {0}")]
    Chain(ChainError),
    #[error("timestamping {0}")]
    Validity(ValidityError),
    #[error(
        "signing time, {}, is outside the validity period of certificate with subject {subject:?}",
        rfc3339(at)
    )]
    SigningTime { subject: String, at: OffsetDateTime },
    #[error("invalid TSTInfo: mismatched message")]
    Imprint,
}

impl Fault for TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "timestamp-too-large",
            Self::TooMany { .. } => "timestamp-too-many",
            Self::Unparsable { .. } => "timestamp-unparsable",
            Self::NotSignedData { .. } => "timestamp-not-signed-data",
            Self::ContentType { .. } => "timestamp-content-type",
            Self::Version { .. } => "timestamp-version",
            Self::Certificate(_) => "timestamp-certificate-malformed",
            Self::SignerMissing => "timestamp-signer-missing",
            Self::AttributeMissing { .. } => "timestamp-attribute-missing",
            Self::AttributeRepeated { .. } => "timestamp-attribute-repeated",
            Self::Algorithm { .. } => "timestamp-algorithm-unsupported",
            Self::SignerCertificateMissing => "timestamp-signer-certificate-missing",
            Self::CertificateHash => "timestamp-certificate-hash",
            Self::MessageDigest => "timestamp-message-digest",
            Self::SignatureInvalid => "timestamp-signature-invalid",
            Self::NotTrusted { .. } => "timestamp-not-trusted",
            Self::Chain(_) => "timestamp-chain-invalid",
            Self::Validity(_) => "timestamp-certificate-validity",
            Self::SigningTime { .. } => "timestamp-signing-time",
            Self::Imprint => "timestamp-imprint",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Certificate(error) => {
                std::iter::once(error.to_string()).chain(error.because()).collect()
            }
            Self::NotTrusted { issuer, .. } => vec![format!("its issuer is {issuer:?}")],
            _ => Vec::new(),
        }
    }
}

/// longest piece of the token quoted
const EXCERPT_LIMIT: usize = 80;

impl TokenError {
    pub(super) fn unparsable(part: TokenPart, reason: impl ToString) -> Self {
        Self::Unparsable { part, reason: crate::fault::excerpt(&reason.to_string(), EXCERPT_LIMIT) }
    }
}
