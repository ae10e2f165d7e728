//! Signed attributes: scheme, times, extended attributes.

use time::OffsetDateTime;

/// The signing scheme with the time it carries (signing-scheme.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `notary.x509`; the signing time is the signer's claim and never used for trust.
    X509 { signing_time: OffsetDateTime },
    /// `notary.x509.signingAuthority`.
    SigningAuthority { authentic_signing_time: OffsetDateTime },
}

impl Scheme {
    /// `notary.x509` or `notary.x509.signingAuthority`.
    pub fn name(&self) -> &'static str {
        match self {
            Scheme::X509 { .. } => "notary.x509",
            Scheme::SigningAuthority { .. } => "notary.x509.signingAuthority",
        }
    }
}

/// COSE allows integer labels; JWS has texts only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeKey {
    Text(String),
    Integer(i64),
}

/// An extended signed attribute: anything beyond the specification's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub key: AttributeKey,
    /// The value as JSON (CBOR values are converted; byte strings become base64 text).
    pub value: serde_json::Value,
    pub critical: bool,
}
