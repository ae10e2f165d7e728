//! Why a signature fails a check; the wording is what notation's users search for.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::PluginFailure;
use crate::envelope::{AttributeKey, EnvelopeError};
use crate::fault::{BoxFault, Fault, excerpt};
use crate::timestamp::TokenError;
use crate::trust::{Check, IdentityError, StoreError};
use crate::x509::remedy;

/// Go's RFC1123Z, in UTC.
const RFC1123Z: &[BorrowedFormatItem<'static>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] +0000"
);

#[derive(Debug, thiserror::Error)]
pub enum CheckFailure {
    #[error("unable to fetch the signature: {0}")]
    Fetch(BoxFault),
    #[error(
        "unable to parse the digital signature, error : signature envelope format with media type \"{0}\" is not supported"
    )]
    MediaType(String),
    #[error("{0}")]
    Integrity(#[from] EnvelopeError),
    #[error("{0}")]
    Plugin(#[from] PluginFailure),
    #[error("the signature's critical attribute {0:?} is not understood")]
    CriticalAttribute(String),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("no trusted certificates are found to verify authenticity")]
    NoTrustedCertificates,
    #[error("the signature's certificate chain does not contain any trusted certificate")]
    NotTrusted { leaf: String },
    #[error("{error}")]
    Identity { error: IdentityError, leaf: String },
    #[error("digital signature has expired on \"{}\"", moment(*.0))]
    Expired(OffsetDateTime),
    #[error("no timestamp countersignature was found in the signature envelope")]
    TimestampMissing {
        /// A certificate of the chain that is no longer valid, and since when.
        ended: Option<(String, OffsetDateTime)>,
    },
    #[error("failed to parse timestamp countersignature with error: {0}")]
    TimestampUnreadable(TokenError),
    #[error("failed to load tsa trust store with error: {0}")]
    TimestampStore(StoreError),
    #[error("no trusted TSA certificate found in trust store")]
    TimestampNoRoots,
    #[error("failed to verify the timestamp countersignature with error: {0}")]
    TimestampUntrusted(TokenError),
    #[error(
        "timestamp can be before certificate {subject:?} validity period, it will be valid from \"{}\"",
        moment(*.from)
    )]
    TimestampBefore { subject: String, from: OffsetDateTime },
    #[error(
        "timestamp can be after certificate {subject:?} validity period, it was expired at \"{}\"",
        moment(*.end)
    )]
    TimestampAfter { subject: String, end: OffsetDateTime },
    #[error("timestamping certificate with subject {subject:?} is revoked")]
    TimestampRevoked { subject: String, at: OffsetDateTime, reason: Option<&'static str> },
    #[error("timestamping certificate with subject {subject:?} revocation status is unknown")]
    TimestampRevocationUnknown { subject: String, problems: Vec<String>, advice: &'static str },
    #[error(
        "verification time is before certificate \"{subject}\" validity period, it will be valid from \"{}\"",
        moment(*.from)
    )]
    NotYetValid { subject: String, from: OffsetDateTime },
    #[error(
        "verification time is after certificate \"{subject}\" validity period, it was expired at \"{}\"",
        moment(*.end)
    )]
    NoLongerValid { subject: String, end: OffsetDateTime },
    #[error(
        "certificate \"{subject}\" was not valid at the authentic signing time \"{}\"",
        moment(*.signed)
    )]
    AuthenticTime { subject: String, signed: OffsetDateTime },
    #[error("signing certificate with subject {subject:?} is revoked")]
    Revoked { subject: String, at: OffsetDateTime, reason: Option<&'static str> },
    #[error("signing certificate with subject {subject:?} revocation status is unknown")]
    RevocationUnknown { subject: String, problems: Vec<String>, advice: &'static str },
    #[error("content descriptor mismatch")]
    Descriptor { signed: String, resolved: String },
    #[error("unable to find specified metadata in the signature")]
    Metadata { missing: Vec<String> },
}

/// longest name from an envelope or its manifest that a failure quotes; real ones are under 80
pub(super) const NAME_LIMIT: usize = 200;

impl CheckFailure {
    pub(super) fn media_type(found: &str) -> Self {
        Self::MediaType(excerpt(found, NAME_LIMIT))
    }

    pub(super) fn critical_attribute(key: &AttributeKey) -> Self {
        Self::CriticalAttribute(excerpt(&key.to_string(), NAME_LIMIT))
    }

    /// The check that failed; none for what no check of the policy stands for.
    pub fn check(&self) -> Option<Check> {
        match self {
            CheckFailure::MediaType(_) | CheckFailure::Integrity(_) => Some(Check::Integrity),
            CheckFailure::Store(_)
            | CheckFailure::NoTrustedCertificates
            | CheckFailure::NotTrusted { .. }
            | CheckFailure::Identity { .. } => Some(Check::Authenticity),
            CheckFailure::Expired(_) => Some(Check::Expiry),
            CheckFailure::TimestampMissing { .. }
            | CheckFailure::TimestampUnreadable(_)
            | CheckFailure::TimestampStore(_)
            | CheckFailure::TimestampNoRoots
            | CheckFailure::TimestampUntrusted(_)
            | CheckFailure::TimestampBefore { .. }
            | CheckFailure::TimestampAfter { .. }
            | CheckFailure::TimestampRevoked { .. }
            | CheckFailure::TimestampRevocationUnknown { .. }
            | CheckFailure::NotYetValid { .. }
            | CheckFailure::NoLongerValid { .. }
            | CheckFailure::AuthenticTime { .. } => Some(Check::AuthenticTimestamp),
            CheckFailure::Revoked { .. } | CheckFailure::RevocationUnknown { .. } => {
                Some(Check::Revocation)
            }
            CheckFailure::Plugin(failure) => failure.check(),
            CheckFailure::Fetch(_)
            | CheckFailure::CriticalAttribute(_)
            | CheckFailure::Descriptor { .. }
            | CheckFailure::Metadata { .. } => None,
        }
    }
}

impl Fault for CheckFailure {
    fn code(&self) -> &'static str {
        match self {
            CheckFailure::Fetch(_) => "verify-fetch",
            CheckFailure::MediaType(_) => "verify-media-type",
            CheckFailure::Integrity(error) => error.code(),
            CheckFailure::Plugin(failure) => failure.code(),
            CheckFailure::CriticalAttribute(_) => "verify-critical-attribute",
            CheckFailure::Store(error) | CheckFailure::TimestampStore(error) => error.code(),
            CheckFailure::NoTrustedCertificates => "verify-no-trusted-certificates",
            CheckFailure::NotTrusted { .. } => "verify-not-trusted",
            CheckFailure::Identity { error, .. } => error.code(),
            CheckFailure::Expired(_) => "verify-expired",
            CheckFailure::TimestampMissing { .. } => "verify-timestamp-missing",
            CheckFailure::TimestampNoRoots => "verify-timestamp-no-roots",
            CheckFailure::TimestampBefore { .. } => "verify-timestamp-before-validity",
            CheckFailure::TimestampAfter { .. } => "verify-timestamp-after-validity",
            CheckFailure::TimestampRevoked { .. } => "verify-timestamp-revoked",
            CheckFailure::TimestampRevocationUnknown { .. } => {
                "verify-timestamp-revocation-unknown"
            }
            CheckFailure::TimestampUnreadable(error) | CheckFailure::TimestampUntrusted(error) => {
                error.code()
            }
            CheckFailure::NotYetValid { .. } => "verify-not-yet-valid",
            CheckFailure::NoLongerValid { .. } => "verify-certificate-expired",
            CheckFailure::AuthenticTime { .. } => "verify-authentic-time",
            CheckFailure::Revoked { .. } => "verify-revoked",
            CheckFailure::RevocationUnknown { .. } => "verify-revocation-unknown",
            CheckFailure::Descriptor { .. } => "verify-descriptor",
            CheckFailure::Metadata { .. } => "verify-metadata",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            CheckFailure::Fetch(fault) => fault.because(),
            CheckFailure::NotTrusted { leaf } | CheckFailure::Identity { leaf, .. } => {
                vec![format!("the signing certificate's subject is {leaf:?}")]
            }
            CheckFailure::Revoked { at, reason, .. }
            | CheckFailure::TimestampRevoked { at, reason, .. } => {
                let reason = reason.map(|reason| format!(", reason: {reason}"));
                vec![format!("revoked on \"{}\"{}", moment(*at), reason.unwrap_or_default())]
            }
            CheckFailure::TimestampMissing { ended: Some((subject, end)) } => {
                vec![format!("certificate {subject:?} expired at \"{}\"", moment(*end))]
            }
            CheckFailure::RevocationUnknown { problems, .. }
            | CheckFailure::TimestampRevocationUnknown { problems, .. } => problems.clone(),
            CheckFailure::Descriptor { signed, resolved } => {
                vec![format!("signed: {signed}"), format!("found in the registry: {resolved}")]
            }
            CheckFailure::Metadata { missing } => {
                missing.iter().map(|pair| format!("missing: {pair}")).collect()
            }
            CheckFailure::Integrity(error) => error.because(),
            CheckFailure::Plugin(failure) => failure.because(),
            CheckFailure::Store(error) | CheckFailure::TimestampStore(error) => error.because(),
            CheckFailure::TimestampUnreadable(error) | CheckFailure::TimestampUntrusted(error) => {
                error.because()
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            CheckFailure::Fetch(fault) => fault.hint(),
            CheckFailure::Integrity(error) => error.hint(),
            CheckFailure::Plugin(failure) => failure.hint(),
            CheckFailure::Store(error) | CheckFailure::TimestampStore(error) => error.hint(),
            CheckFailure::TimestampUntrusted(TokenError::NotTrusted { .. })
            | CheckFailure::TimestampNoRoots => Some(
                "if you trust the timestamping authority, add its root to the store the policy names: \
                 sealwright cert add --type tsa --store <store> <root.crt>"
                    .to_owned(),
            ),
            CheckFailure::TimestampMissing { ended: None } => Some(
                "sign the artifact again with a timestamp: \
                 sealwright sign --timestamp-url <url> --timestamp-root-cert <root.crt> <reference>"
                    .to_owned(),
            ),
            CheckFailure::Identity { error, .. } => error.hint().or_else(|| {
                Some(
                    "if this signer is whom you trust, name its subject in the statement's trustedIdentities: \
                     sealwright policy import <trustpolicy.json>"
                        .to_owned(),
                )
            }),
            CheckFailure::NotTrusted { .. } | CheckFailure::NoTrustedCertificates => Some(
                "if you trust the CA that issued it, add its root to the store the policy names: \
                 sealwright cert add --type ca --store <store> <root.crt>"
                    .to_owned(),
            ),
            CheckFailure::Revoked { .. } => Some(remedy::REVOKED.to_owned()),
            CheckFailure::TimestampRevoked { .. } => Some(
                "sign the image again, with a timestamp of another authority: \
                 sealwright sign --timestamp-url <url> --timestamp-root-cert <root.crt> <reference>"
                    .to_owned(),
            ),
            CheckFailure::RevocationUnknown { advice, .. }
            | CheckFailure::TimestampRevocationUnknown { advice, .. } => Some((*advice).to_owned()),
            CheckFailure::Expired(_) => Some(
                "sign the image again: sealwright sign --expiry <duration> <reference>".to_owned(),
            ),
            CheckFailure::NoLongerValid { .. }
            | CheckFailure::TimestampAfter { .. }
            | CheckFailure::TimestampMissing { ended: Some(_) } => {
                Some(remedy::SIGNED_BY_EXPIRED.to_owned())
            }
            _ => None,
        }
    }
}

fn moment(time: OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC)
        .format(RFC1123Z)
        .expect("the format names only parts every date has")
}
