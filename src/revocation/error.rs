//! Why a server's answer says nothing about a certificate.

use time::{OffsetDateTime, UtcOffset};

use super::advice;
use crate::clock::rfc3339;
use crate::fault::{Fault, excerpt};

/// Each is one server's; the certificate's status stays unknown unless another server tells it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    #[error("malformed {what}: {reason}")]
    Malformed { what: &'static str, reason: String },
    #[error("the {what} has {found} bytes; at most {limit} are accepted")]
    TooLarge { what: &'static str, found: usize, limit: usize },
    #[error("the signature of the {what} does not verify: {reason}")]
    Signature { what: &'static str, reason: String },
    #[error("the OCSP answer is signed by none who may answer for the issuer: {0}")]
    Responder(String),
    #[error("the OCSP server answered {0}")]
    OcspStatus(String),
    #[error("the OCSP server does not know the certificate")]
    NotKnown,
    #[error("the {what} {}", stale(*.next_update))]
    Stale { what: &'static str, next_update: Option<OffsetDateTime> },
    #[error("the {what} is from {}, which is still to come", utc(*.from))]
    Future { what: &'static str, from: OffsetDateTime },
    #[error("the {what} has the critical extension {oid}, which is not understood")]
    CriticalExtension { what: &'static str, oid: String },
    #[error("the {what} is not for this certificate: {reason}")]
    Scope { what: &'static str, reason: String },
    #[error("the delta CRL does not continue its base: {0}")]
    Delta(String),
    #[error("{url} is not asked: {reason}")]
    Address { url: String, reason: String },
    #[error("{0}")]
    Fetch(String),
    #[error("no valid CRL of {url} is in the cache, and no server is asked")]
    NotCached { url: String },
    #[error("the certificate names no OCSP or CRL server")]
    NoSource,
    #[error("the certificate names OCSP servers only, and no server is asked")]
    OnlyOcsp,
}

/// longest text from a certificate or an answer that an error quotes
const TEXT_LIMIT: usize = 300;

impl RevocationError {
    pub(super) fn malformed(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Malformed { what, reason: excerpt(&reason.to_string(), TEXT_LIMIT) }
    }

    pub(super) fn address(url: &str, reason: impl std::fmt::Display) -> Self {
        Self::Address { url: excerpt(url, TEXT_LIMIT), reason: reason.to_string() }
    }
}

impl Fault for RevocationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "revocation-malformed",
            Self::TooLarge { .. } => "revocation-too-large",
            Self::Signature { .. } => "revocation-signature",
            Self::Responder(_) => "revocation-responder",
            Self::OcspStatus(_) => "revocation-ocsp-status",
            Self::NotKnown => "revocation-not-known",
            Self::Stale { .. } => "revocation-stale",
            Self::Future { .. } => "revocation-future",
            Self::CriticalExtension { .. } => "revocation-critical-extension",
            Self::Scope { .. } => "revocation-scope",
            Self::Delta(_) => "revocation-delta",
            Self::Address { .. } => "revocation-address",
            Self::Fetch(_) => "revocation-fetch",
            Self::NotCached { .. } => "revocation-not-cached",
            Self::NoSource => "revocation-no-source",
            Self::OnlyOcsp => "revocation-only-ocsp",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotCached { .. } => Some(advice::FILL_CACHE.to_owned()),
            Self::Future { .. } => Some(advice::CLOCK.to_owned()),
            _ => None,
        }
    }
}

fn stale(next_update: Option<OffsetDateTime>) -> String {
    match next_update {
        Some(end) => format!("was good until {}", utc(end)),
        None => "does not say until when it is good".to_owned(),
    }
}

fn utc(time: OffsetDateTime) -> String {
    rfc3339(&time.to_offset(UtcOffset::UTC))
}
