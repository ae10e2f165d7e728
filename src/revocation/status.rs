//! What was found out about each certificate, and from whom.

use std::fmt;

use time::{OffsetDateTime, UtcOffset};

use super::{RevocationError, advice};
use crate::clock::rfc3339;

/// One certificate's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Good,
    /// A root, or a certificate that names no server.
    NonRevokable,
    Revoked(Revoked),
    /// No server told.
    Unknown,
}

impl Status {
    /// `good`, `non-revokable`, `revoked`, `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NonRevokable => "non-revokable",
            Self::Revoked(_) => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    pub at: OffsetDateTime,
    pub reason: Option<RevocationReason>,
}

impl fmt::Display for Revoked {
    /// `revoked on 2026-06-01T12:00:00Z, reason: keyCompromise`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revoked on {}", rfc3339(&self.at.to_offset(UtcOffset::UTC)))?;
        self.reason.map_or(Ok(()), |reason| write!(f, ", reason: {}", reason.name()))
    }
}

/// RFC 5280, 5.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    RemoveFromCrl,
    PrivilegeWithdrawn,
    AaCompromise,
}

const REASONS: [(u8, RevocationReason, &str); 10] = [
    (0, RevocationReason::Unspecified, "unspecified"),
    (1, RevocationReason::KeyCompromise, "keyCompromise"),
    (2, RevocationReason::CaCompromise, "cACompromise"),
    (3, RevocationReason::AffiliationChanged, "affiliationChanged"),
    (4, RevocationReason::Superseded, "superseded"),
    (5, RevocationReason::CessationOfOperation, "cessationOfOperation"),
    (6, RevocationReason::CertificateHold, "certificateHold"),
    (8, RevocationReason::RemoveFromCrl, "removeFromCRL"),
    (9, RevocationReason::PrivilegeWithdrawn, "privilegeWithdrawn"),
    (10, RevocationReason::AaCompromise, "aACompromise"),
];

impl RevocationReason {
    /// The reason of this number; none for numbers without one.
    pub fn from_number(number: u8) -> Option<Self> {
        REASONS.iter().find(|row| row.0 == number).map(|row| row.1)
    }

    /// `keyCompromise`
    pub fn name(self) -> &'static str {
        REASONS.iter().find(|row| row.1 == self).map_or("unspecified", |row| row.2)
    }
}

/// How a server was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Ocsp,
    Crl,
    /// A CRL that was kept from an earlier time.
    CachedCrl,
}

impl Method {
    /// `OCSP`, `CRL`, `cached CRL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ocsp => "OCSP",
            Self::Crl => "CRL",
            Self::CachedCrl => "cached CRL",
        }
    }
}

/// Which server answered what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    pub method: Method,
    /// As the certificate names it.
    pub url: String,
    /// Since when the answer is good; none for OCSP and failed answers.
    pub this_update: Option<OffsetDateTime>,
    /// Until when the answer is good; none for OCSP and failed answers.
    pub next_update: Option<OffsetDateTime>,
    pub result: Result<Status, RevocationError>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    pub subject: String,
    pub status: Status,
    /// In the order they were asked.
    pub servers: Vec<ServerAnswer>,
    /// Why the status is unknown where no server was to blame.
    pub problem: Option<RevocationError>,
}

impl CertificateStatus {
    /// Why the status is not known: one sentence per server.
    pub fn problems(&self) -> Vec<String> {
        let of_servers = self.servers.iter().filter_map(|answer| {
            let problem = answer.result.as_ref().err()?;
            Some(format!("{} {}: {problem}", answer.method.name(), answer.url))
        });
        self.problem.iter().map(ToString::to_string).chain(of_servers).collect()
    }

    /// What to do when the status is not known: the next command to type.
    pub fn advice(&self) -> &'static str {
        let of_servers = self.servers.iter().filter_map(|answer| answer.result.as_ref().err());
        advice::on(self.problem.iter().chain(of_servers))
    }
}

/// The answers for one chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// One per certificate, leaf first.
    pub certificates: Vec<CertificateStatus>,
    /// What went wrong without harm, fit to be printed after `Warning: `.
    pub warnings: Vec<String>,
}

/// What all of a chain's certificates come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    Good,
    Revoked(&'a CertificateStatus, &'a Revoked),
    Unknown(&'a CertificateStatus),
}

impl Answers {
    /// A revoked certificate outweighs unknown ones, those outweigh good ones.
    pub fn standing(&self) -> Standing<'_> {
        let revoked = self.certificates.iter().find_map(|c| match &c.status {
            Status::Revoked(revoked) => Some(Standing::Revoked(c, revoked)),
            _ => None,
        });
        let unknown = || {
            let unknown = self.certificates.iter().find(|c| c.status == Status::Unknown);
            unknown.map(Standing::Unknown)
        };
        revoked.or_else(unknown).unwrap_or(Standing::Good)
    }
}
