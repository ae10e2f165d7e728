//! What `doctor` found: the checks of a report, and what its `--output json` prints.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, REPORT_VERSION, schema};
use crate::doctor::{Finding, is_well};

/// What `doctor --output json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ExaminationReport {
    #[schemars(extend("const" = REPORT_VERSION))]
    pub version: u32,
    /// `passed` or `failed`.
    pub outcome: Outcome,
    /// As it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    pub checks: Vec<FindingReport>,
}

/// One check of a prerequisite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FindingReport {
    /// `vault-key-sign`
    pub check: &'static str,
    /// `identity`, `vault`, `certificate`, `registry`, `timestamp`, `clock` or `trust`.
    #[schemars(schema_with = "schema::finding_groups")]
    pub group: &'static str,
    /// `passed`, `failed`, `noted` (nothing fails for it) or `not-asked`.
    #[schemars(schema_with = "schema::finding_marks")]
    pub outcome: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The fault's that signing or verifying would meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

impl ExaminationReport {
    pub fn new(image: Option<String>, findings: &[Finding]) -> Self {
        let outcome = if is_well(findings) { Outcome::Passed } else { Outcome::Failed };
        let checks = findings.iter().map(FindingReport::from).collect();
        Self { version: REPORT_VERSION, outcome, image, checks }
    }
}

impl From<&Finding> for FindingReport {
    fn from(finding: &Finding) -> Self {
        Self {
            check: finding.check,
            group: finding.group.name(),
            outcome: finding.mark.name(),
            message: finding.text.clone(),
            because: finding.because.clone(),
            hint: finding.hint.clone(),
            code: finding.code,
        }
    }
}
