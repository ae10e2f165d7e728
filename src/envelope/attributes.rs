//! Signed attributes: scheme, times, extended attributes, and the rules that bind them.

use time::{OffsetDateTime, UtcOffset};

use super::error::excerpt;
use super::{EnvelopeError, Format};

pub(super) const SIGNING_SCHEME: &str = "io.cncf.notary.signingScheme";
pub(super) const SIGNING_TIME: &str = "io.cncf.notary.signingTime";
pub(super) const AUTHENTIC_SIGNING_TIME: &str = "io.cncf.notary.authenticSigningTime";
pub(super) const EXPIRY: &str = "io.cncf.notary.expiry";
pub(super) const SIGNING_AGENT: &str = "io.cncf.notary.signingAgent";
pub(super) const TIMESTAMP_SIGNATURE: &str = "io.cncf.notary.timestampSignature";

/// Names the plugin that takes part in verifying (plugin-extensibility.md).
pub const VERIFICATION_PLUGIN: &str = "io.cncf.notary.verificationPlugin";
pub const VERIFICATION_PLUGIN_MIN_VERSION: &str = "io.cncf.notary.verificationPluginMinVersion";

const X509: &str = "notary.x509";
const SIGNING_AUTHORITY: &str = "notary.x509.signingAuthority";

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
            Scheme::X509 { .. } => X509,
            Scheme::SigningAuthority { .. } => SIGNING_AUTHORITY,
        }
    }

    /// The time it carries, whichever it is, with the offset the signer wrote.
    pub fn time(&self) -> OffsetDateTime {
        match *self {
            Scheme::X509 { signing_time } => signing_time,
            Scheme::SigningAuthority { authentic_signing_time } => authentic_signing_time,
        }
    }
}

/// COSE allows integer labels; JWS has texts only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeKey {
    Text(String),
    Integer(i64),
}

impl AttributeKey {
    fn is(&self, name: &str) -> bool {
        matches!(self, AttributeKey::Text(text) if text == name)
    }
}

impl std::fmt::Display for AttributeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AttributeKey::Text(text) => f.write_str(text),
            AttributeKey::Integer(label) => write!(f, "{label}"),
        }
    }
}

/// An extended signed attribute: anything beyond the specification's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub key: AttributeKey,
    /// The value as JSON (CBOR values are converted; byte strings become base64 text).
    pub value: serde_json::Value,
    pub critical: bool,
}

/// The protected header as either format gives it, before any rule.
#[derive(Debug)]
pub(super) struct Draft {
    pub content_type: String,
    pub scheme: String,
    pub signing_time: Option<OffsetDateTime>,
    pub authentic_signing_time: Option<OffsetDateTime>,
    pub expiry: Option<OffsetDateTime>,
    pub critical: Vec<AttributeKey>,
    /// Everything that is not one of the specification's own labels, in order.
    pub extended: Vec<(AttributeKey, serde_json::Value)>,
    /// The specification's own labels that are present, which COSE lets a signer list as critical.
    pub own: Vec<AttributeKey>,
}

/// Signed attributes that satisfy the rules.
#[derive(Debug, Clone)]
pub(super) struct SignedAttributes {
    pub scheme: Scheme,
    pub expiry: Option<OffsetDateTime>,
    pub extended: Vec<Attribute>,
    pub content_type: String,
}

impl Draft {
    pub fn validate(self, format: Format) -> Result<SignedAttributes, EnvelopeError> {
        let scheme = self.scheme()?;
        self.check_critical(format, &scheme)?;
        check_time_order(scheme.time(), self.expiry)?;
        let extended = self
            .extended
            .into_iter()
            .map(|(key, value)| Attribute { critical: self.critical.contains(&key), key, value })
            .collect();
        Ok(SignedAttributes {
            scheme,
            expiry: self.expiry,
            extended,
            content_type: self.content_type,
        })
    }

    // signing-scheme.md: each scheme carries its own time and not the other's.
    fn scheme(&self) -> Result<Scheme, EnvelopeError> {
        let forbid = |time: Option<OffsetDateTime>, header, scheme| match time {
            Some(_) => Err(EnvelopeError::TimeForbidden { header, scheme }),
            None => Ok(()),
        };
        match self.scheme.as_str() {
            X509 => {
                forbid(self.authentic_signing_time, AUTHENTIC_SIGNING_TIME, X509)?;
                let signing_time = present(self.signing_time, SIGNING_TIME, X509)?;
                Ok(Scheme::X509 { signing_time })
            }
            SIGNING_AUTHORITY => {
                forbid(self.signing_time, SIGNING_TIME, SIGNING_AUTHORITY)?;
                let authentic_signing_time = present(
                    self.authentic_signing_time,
                    AUTHENTIC_SIGNING_TIME,
                    SIGNING_AUTHORITY,
                )?;
                Ok(Scheme::SigningAuthority { authentic_signing_time })
            }
            other => Err(EnvelopeError::Scheme { found: excerpt(other) }),
        }
    }

    // signature-specification.md, "Signed Attributes"; signature-envelope-{jws,cose}.md, "crit".
    fn check_critical(&self, format: Format, scheme: &Scheme) -> Result<(), EnvelopeError> {
        if self.critical.is_empty() {
            return Err(EnvelopeError::CriticalMissing);
        }
        let mut required = vec![SIGNING_SCHEME];
        if matches!(scheme, Scheme::SigningAuthority { .. }) {
            required.push(AUTHENTIC_SIGNING_TIME);
        }
        if self.expiry.is_some() {
            required.push(EXPIRY);
        }
        for key in &self.critical {
            if let Some(at) = required.iter().position(|name| key.is(name)) {
                required.remove(at);
                continue;
            }
            let extended = self.extended.iter().any(|(present, _)| present == key);
            // JWS: a standard header or a repeated name may not be listed (RFC 7515 section 4.1.11).
            let own = match format {
                Format::Jws => false,
                Format::Cose => self.own.contains(key),
            };
            if !extended && !own {
                return Err(EnvelopeError::critical_unknown(key));
            }
        }
        if required.is_empty() {
            Ok(())
        } else {
            Err(EnvelopeError::CriticalUnlisted { names: required })
        }
    }
}

// signature-specification.md, "Expiry": after the signing time.
pub(super) fn check_time_order(
    signing_time: OffsetDateTime,
    expiry: Option<OffsetDateTime>,
) -> Result<(), EnvelopeError> {
    match expiry {
        Some(expiry) if expiry <= signing_time => {
            Err(EnvelopeError::Expiry { expiry, signing_time })
        }
        _ => Ok(()),
    }
}

/// Times between the years 1 and 9999 in UTC: those that every offset and notation can hold. The
/// first second of year 1 means "no time" to notation.
pub(super) fn in_range(time: OffsetDateTime) -> Option<OffsetDateTime> {
    const YEAR_ONE: OffsetDateTime = time::macros::datetime!(0001-01-01 0:00 UTC);
    let utc = time.checked_to_offset(UtcOffset::UTC)?;
    (YEAR_ONE < utc && utc.year() <= 9999).then_some(time)
}

fn present(
    time: Option<OffsetDateTime>,
    header: &'static str,
    scheme: &'static str,
) -> Result<OffsetDateTime, EnvelopeError> {
    time.ok_or(EnvelopeError::TimeMissing { header, scheme })
}
