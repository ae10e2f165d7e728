//! Which server said what of which certificate, as a part of the report.

use schemars::JsonSchema;
use serde::Serialize;

use super::from::rfc3339;
use crate::fault::{LINE_LIMIT, excerpt};
use crate::revocation::{CertificateStatus, ServerAnswer, Status};

/// The status of one certificate of the signing chain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RevocationReport {
    pub subject: String,
    /// `good`, `non-revokable`, `revoked` or `unknown`.
    pub status: &'static str,
    /// When it was revoked (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// `keyCompromise`; absent when none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why the status is unknown where no server was to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// In the order they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerReport>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ServerReport {
    /// `OCSP`, `CRL` or `cached CRL`.
    pub method: &'static str,
    pub url: String,
    /// What it said of the certificate; `unknown` when its answer was none.
    pub status: &'static str,
    /// Until when a CRL is good (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    /// Why its answer was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl From<&CertificateStatus> for RevocationReport {
    fn from(certificate: &CertificateStatus) -> Self {
        let revoked = match &certificate.status {
            Status::Revoked(revoked) => Some(revoked),
            _ => None,
        };
        Self {
            subject: certificate.subject.clone(),
            status: certificate.status.name(),
            revoked_at: revoked.map(|revoked| rfc3339(revoked.at)),
            reason: revoked.and_then(|revoked| revoked.reason).map(|reason| reason.name()),
            problem: certificate.problem.as_ref().map(ToString::to_string),
            servers: certificate.servers.iter().map(ServerReport::from).collect(),
        }
    }
}

impl From<&ServerAnswer> for ServerReport {
    fn from(answer: &ServerAnswer) -> Self {
        let problem = answer.result.as_ref().err().map(ToString::to_string);
        Self {
            method: answer.method.name(),
            url: excerpt(&answer.url, LINE_LIMIT),
            status: answer.result.as_ref().unwrap_or(&Status::Unknown).name(),
            next_update: answer.next_update.map(rfc3339),
            problem: problem.map(|text| excerpt(&text, LINE_LIMIT)),
        }
    }
}
