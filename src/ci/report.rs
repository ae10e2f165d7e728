//! The JSON report: every image, whatever became of it.

mod blob;
mod ending;
mod examination;
mod from;
mod plugin;
mod revocation;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;
use super::services::Provenance;
use crate::batch::{Distinct, Member};
use crate::fault::{Fault, LINE_LIMIT, excerpt};
use crate::registry::Reference;
use crate::sign::SignError;
use crate::verify::VerifyError;
pub use blob::BlobReport;
pub use ending::{Announced, EndingReport, announced};
pub use examination::{ExaminationReport, FindingReport};
pub use plugin::PluginReport;
pub use revocation::RevocationReport;

/// Raised when a field changes its meaning or goes away.
pub const REPORT_VERSION: u32 = 1;

/// What became of an image, or of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Signed,
    Verified,
    /// The trust policy says not to verify; or the image is signed already; or nothing was left to do.
    Skipped,
    DryRun,
    /// Every check of `doctor` did.
    Passed,
    Failed,
}

impl Outcome {
    /// The word in outputs and reports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Signed => "signed",
            Outcome::Verified => "verified",
            Outcome::Skipped => "skipped",
            Outcome::DryRun => "dry-run",
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Report {
    #[schemars(extend("const" = REPORT_VERSION))]
    pub version: u32,
    /// `run` where the input `command` names none.
    #[schemars(schema_with = "schema::commands")]
    pub command: &'static str,
    pub outcome: Outcome,
    pub images: Vec<ImageReport>,
    /// What `doctor` found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<FindingReport>,
    /// Checks of a dry run that could not be made here, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What failed before any image was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// What became of one image: an entry of a step's report, and what `--output json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ImageReport {
    /// By digest where it is known, else as given.
    pub image: String,
    /// The tags it was asked for by; each was resolved once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Digest of the index that lists it, where it was found below one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// What that index says it runs on: `linux/arm64/v8`, or `unknown/unknown` for an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    pub outcome: Outcome,
    /// Digest of the signature manifest that was pushed, or of the good one found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    /// The vault key with the version that signed, or the name in signingkeys.json.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsReport>,
    /// When the signature expires (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// Why it was signed although a signature by the same certificate was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_again: Option<String>,
    /// Each certificate of the signing chain, leaf first, when `sign` asked about its revocation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<RevocationReport>,
    /// When the signature was timestamped (RFC 3339), by a timestamp that was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The trust policy statement that applied, and its level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    /// Every signature tried when verifying.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignatureReport>,
    /// What the pushed signature, or the good one found, says besides the image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub user_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the signature rests on and ends soon, as `warn-before` says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<EndingReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// The credentials that won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CredentialsReport {
    /// `inputs`, `docker config.json`, `Entra exchange, environment (client secret)`, `anonymous`.
    pub registry: String,
    /// `environment (client secret)`; absent when no vault was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PolicyReport {
    pub name: String,
    pub level: &'static str,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SignerReport {
    pub subject: String,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub thumbprint: String,
    /// End of the certificate's validity (RFC 3339).
    pub not_after: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SignatureReport {
    pub digest: String,
    /// `verified` or `failed`.
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    pub checks: Vec<CheckReport>,
    /// Each certificate of the chain, leaf first, when revocation was asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<RevocationReport>,
    /// The verification plugin that the signature names, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct CheckReport {
    #[schemars(schema_with = "schema::checks")]
    pub check: &'static str,
    /// `enforce`, `log` or `skip`.
    #[schemars(schema_with = "schema::actions")]
    pub action: &'static str,
    /// `passed`, `failed` or `skipped`.
    #[schemars(schema_with = "schema::check_outcomes")]
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErrorReport {
    pub code: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ImageReport {
    /// An image that failed.
    pub fn failed(image: &Reference, fault: &dyn Fault) -> Self {
        Self { error: Some(fault.into()), ..Self::empty(image, Outcome::Failed) }
    }

    /// Adds which key and credentials were used.
    pub fn used(&mut self, provenance: Provenance) {
        self.key = provenance.key;
        self.credentials = Some(provenance.credentials);
    }

    /// Adds the tags it was asked for by, and what is said of them.
    pub fn named(&mut self, names: &Distinct) {
        self.tags = names.tags.iter().map(ToString::to_string).collect();
        self.warnings.splice(0..0, names.warnings());
    }

    /// Adds where it was found, and what is not covered there.
    pub fn found(&mut self, member: &Member) {
        self.index = member.index.as_ref().map(ToString::to_string);
        self.platform = member.platform.clone();
        self.warnings.splice(0..0, member.warnings.iter().cloned());
    }

    /// An image that was not signed, with what was told of the signing chain.
    pub fn not_signed(image: &Reference, error: &SignError) -> Self {
        let mut report = Self::failed(image, error);
        report.told_of_revocation(error.revocation());
        report
    }

    /// An image that was not verified, with every signature tried.
    pub fn not_verified(image: &Reference, error: &VerifyError) -> Self {
        let signatures = error.tried().iter().map(SignatureReport::from).collect();
        let by_digest = match error {
            VerifyError::NoStatement { reference }
            | VerifyError::NoSignature { reference }
            | VerifyError::NoneGood { reference, .. } => reference,
            VerifyError::Resolve(_) | VerifyError::OtherDigest { .. } | VerifyError::List(_) => {
                image
            }
        };
        Self { signatures, ..Self::failed(by_digest, error) }
    }

    /// An image a dry run looked at; what it learned is filled in by the caller.
    pub(super) fn rehearsed(image: &Reference) -> Self {
        Self::empty(image, Outcome::DryRun)
    }

    /// Text that is no reference.
    pub fn unreadable(text: &str, fault: &dyn Fault) -> Self {
        let image = excerpt(text, LINE_LIMIT);
        Self { error: Some(fault.into()), ..Self::unfilled(image, None, Outcome::Failed) }
    }

    fn empty(image: &Reference, outcome: Outcome) -> Self {
        let digest = match image.version() {
            crate::registry::Version::Digest(digest) => Some(digest.to_string()),
            crate::registry::Version::Tag(_) => None,
        };
        Self::unfilled(image.to_string(), digest, outcome)
    }

    fn unfilled(image: String, digest: Option<String>, outcome: Outcome) -> Self {
        Self {
            image,
            tags: Vec::new(),
            digest,
            index: None,
            platform: None,
            outcome,
            signature: None,
            signer: None,
            key: None,
            credentials: None,
            expiry: None,
            signed_again: None,
            revocation: Vec::new(),
            timestamp: None,
            policy: None,
            signatures: Vec::new(),
            user_metadata: BTreeMap::new(),
            warnings: Vec::new(),
            endings: Vec::new(),
            error: None,
        }
    }
}

impl Report {
    /// The report of finished images: one failure makes the whole a failure, and stays one failure.
    pub fn of(command: &'static str, images: Vec<ImageReport>, when_empty: Outcome) -> Self {
        let failed = images.iter().any(|i| i.outcome == Outcome::Failed);
        let outcome = match images.first() {
            _ if failed => Outcome::Failed,
            // skipped only when nothing else was done
            Some(first) => images
                .iter()
                .map(|i| i.outcome)
                .find(|o| *o != Outcome::Skipped)
                .unwrap_or(first.outcome),
            None => when_empty,
        };
        Self {
            version: REPORT_VERSION,
            command,
            outcome,
            images,
            checks: Vec::new(),
            not_checked: Vec::new(),
            warnings: Vec::new(),
            error: None,
        }
    }
}
