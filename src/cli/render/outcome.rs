//! What `sign`, `verify` and `list` report as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::rfc3339;
use crate::fault::Fault;
use crate::sign::Signed;
use crate::trust::Action;
use crate::verify::{CheckResult, Outcome, Tried, Verdict, VerifyError};

/// A pushed signature.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedReport {
    reference: String,
    digest: String,
    signature: String,
    signer: SignerReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignerReport {
    subject: String,
    #[serde(rename = "SHA256Fingerprint")]
    fingerprint: String,
    not_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

impl SignedReport {
    /// `key_id` is the vault key that signed, with its version.
    pub fn new(signed: &Signed, key_id: Option<String>) -> Self {
        Self {
            reference: signed.reference.to_string(),
            digest: signed.target.digest.to_string(),
            signature: signed.signature.to_string(),
            signer: SignerReport {
                subject: signed.signer.subject.clone(),
                fingerprint: signed.signer.thumbprint.clone(),
                not_after: rfc3339(signed.signer.not_after),
                key_id,
            },
            expiry: signed.expiry.map(rfc3339),
            warnings: signed.warnings.clone(),
        }
    }
}

/// The signatures of an artifact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListReport {
    pub reference: String,
    pub signatures: Vec<String>,
    /// False when more exist than were asked for.
    pub complete: bool,
}

/// A verified, skipped or failed artifact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    reference: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// The failure's code, as the documentation lists them.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    signatures: Vec<TriedReport>,
    user_metadata: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TriedReport {
    digest: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    checks: Vec<CheckReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckReport {
    check: &'static str,
    action: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl VerifyReport {
    pub fn of_outcome(outcome: &Outcome) -> Self {
        Self {
            reference: outcome.reference.to_string(),
            outcome: match outcome.verdict {
                Verdict::Verified(_) => "verified",
                Verdict::Skipped => "skipped",
            },
            policy: Some(outcome.policy.clone()),
            level: Some(outcome.level),
            code: None,
            reason: None,
            signatures: outcome.tried.iter().map(TriedReport::new).collect(),
            user_metadata: user_metadata(outcome),
        }
    }

    /// `reference` is what was asked for; the digest where it is known.
    pub fn of_error(reference: &str, error: &VerifyError) -> Self {
        let reference = match error {
            VerifyError::NoStatement { reference }
            | VerifyError::NoSignature { reference }
            | VerifyError::NoneGood { reference, .. } => reference.to_string(),
            _ => reference.to_owned(),
        };
        Self {
            reference,
            outcome: "failed",
            policy: None,
            level: None,
            code: Some(error.code()),
            reason: Some(error.to_string()),
            signatures: error.tried().iter().map(TriedReport::new).collect(),
            user_metadata: BTreeMap::new(),
        }
    }
}

/// The good signature's user metadata.
pub fn user_metadata(outcome: &Outcome) -> BTreeMap<String, String> {
    outcome
        .good()
        .and_then(|good| good.intact.as_ref())
        .map(|intact| intact.payload().target.annotations.clone())
        .unwrap_or_default()
}

impl TriedReport {
    fn new(tried: &Tried) -> Self {
        Self {
            digest: tried.digest.clone(),
            outcome: if tried.failure.is_none() { "verified" } else { "failed" },
            reason: tried.failure.as_ref().map(ToString::to_string),
            checks: tried.results.iter().map(CheckReport::new).collect(),
        }
    }
}

impl CheckReport {
    fn new(result: &CheckResult) -> Self {
        Self {
            check: result.check.name(),
            action: match result.action {
                Action::Enforce => "enforce",
                Action::Log => "log",
                Action::Skip => "skip",
            },
            outcome: match (&result.failure, result.action) {
                (_, Action::Skip) => "skipped",
                (Some(_), _) => "failed",
                (None, _) => "passed",
            },
            reason: result.failure.as_ref().map(ToString::to_string),
        }
    }
}
