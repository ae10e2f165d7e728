//! What became of a file: what `blob sign` and `blob verify` print with `--output json`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::from::rfc3339;
use super::{
    CheckReport, EndingReport, ErrorReport, Outcome, PolicyReport, RevocationReport,
    SignatureReport, SignerReport,
};
use crate::fault::Fault;
use crate::lifetime::Ending;
use crate::revocation::Answers;
use crate::sign::{BlobSignError, SignedBlob};
use crate::verify::{BlobOutcome, BlobVerifyError, Tried};

/// One file. Its members mean what they mean of an image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobReport {
    /// The file, as given.
    pub blob: String,
    /// As the signature says, under its key's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    pub outcome: Outcome,
    /// The signature's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    /// The vault key with the version that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<RevocationReport>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub user_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<EndingReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

impl BlobReport {
    pub fn signed(blob: &str, signature: &str, signed: &SignedBlob) -> Self {
        Self {
            digest: Some(signed.target.digest.to_string()),
            size: Some(signed.target.size),
            media_type: Some(signed.target.media_type.clone()),
            signature: Some(signature.to_owned()),
            signer: Some((&signed.signer).into()),
            expiry: signed.expiry.map(rfc3339),
            timestamp: signed.timestamp.map(rfc3339),
            revocation: told(signed.revocation.as_ref()),
            user_metadata: signed.target.annotations.clone(),
            warnings: signed.warnings.clone(),
            ..Self::empty(blob, Outcome::Signed)
        }
    }

    pub fn not_signed(blob: &str, error: &BlobSignError) -> Self {
        Self { revocation: told(error.revocation()), ..Self::failed(blob, error) }
    }

    pub fn verified(blob: &str, outcome: &BlobOutcome) -> Self {
        let policy = PolicyReport { name: outcome.policy.clone(), level: outcome.level };
        let mut report = match &outcome.good {
            Some(good) => Self::of(blob, Outcome::Verified, good),
            None => Self::empty(blob, Outcome::Skipped),
        };
        report.policy = Some(policy);
        report.warnings = outcome.warnings();
        report
    }

    pub fn not_verified(blob: &str, error: &BlobVerifyError) -> Self {
        match error.tried() {
            Some(tried) => Self {
                error: Some((error as &dyn Fault).into()),
                ..Self::of(blob, Outcome::Failed, tried)
            },
            None => Self::failed(blob, error),
        }
    }

    /// A file that failed.
    pub fn failed(blob: &str, fault: &dyn Fault) -> Self {
        Self { error: Some(fault.into()), ..Self::empty(blob, Outcome::Failed) }
    }

    /// Adds what ends soon.
    pub fn ending(&mut self, endings: &[Ending]) {
        self.endings = endings.iter().map(EndingReport::from).collect();
    }

    fn of(blob: &str, outcome: Outcome, tried: &Tried) -> Self {
        let SignatureReport { signer, checks, revocation, .. } = tried.into();
        let intact = tried.intact.as_ref();
        let target = intact.map(|intact| &intact.payload().target);
        Self {
            digest: target.map(|target| target.digest.to_string()),
            size: target.map(|target| target.size),
            media_type: target.map(|target| target.media_type.clone()),
            signature: Some(tried.digest.clone()),
            signer,
            expiry: intact.and_then(|intact| intact.expiry()).map(rfc3339),
            timestamp: tried.timestamp.map(rfc3339),
            checks,
            revocation,
            user_metadata: target.map(|target| target.annotations.clone()).unwrap_or_default(),
            ..Self::empty(blob, outcome)
        }
    }

    fn empty(blob: &str, outcome: Outcome) -> Self {
        Self {
            blob: blob.to_owned(),
            digest: None,
            size: None,
            media_type: None,
            outcome,
            signature: None,
            signer: None,
            key: None,
            expiry: None,
            timestamp: None,
            policy: None,
            checks: Vec::new(),
            revocation: Vec::new(),
            user_metadata: BTreeMap::new(),
            warnings: Vec::new(),
            endings: Vec::new(),
            error: None,
        }
    }
}

fn told(answers: Option<&Answers>) -> Vec<RevocationReport> {
    let certificates = answers.iter().flat_map(|answers| &answers.certificates);
    certificates.map(RevocationReport::from).collect()
}
