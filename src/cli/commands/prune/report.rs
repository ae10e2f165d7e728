//! What `prune` shows: a table for each artifact, or one JSON document.

use serde::Serialize;

use super::work::Image;
use crate::batch::{Judged, Plan, Verdict};
use crate::ci::{ErrorReport, SignerReport};
use crate::cli::render::table::table;
use crate::cli::render::text::rfc3339;
use crate::fault::{Fault, excerpt, printable};

/// Raised when a field changes its meaning or goes away.
const VERSION: u32 = 1;
/// most characters of a verdict in the table
const VERDICT_LENGTH: usize = 200;

/// The signatures of one artifact and what would become of each.
pub fn overview(plan: &Plan) -> String {
    let name = printable(&plan.reference.to_string());
    if plan.judged.is_empty() {
        return format!("{name} has no associated signature\n\n");
    }
    let rows: Vec<[String; 5]> = plan.judged.iter().map(row).collect();
    let rows = table(["SIGNATURE", "SIGNER", "SIGNED", "EXPIRES", "VERDICT"], &rows);
    format!("{name}\n{rows}\n")
}

fn row(judged: &Judged) -> [String; 5] {
    let verdict = match &judged.verdict {
        Verdict::Remove(_, reason) => format!("remove: {reason}"),
        Verdict::Keep(kept) => format!("keep: {kept}"),
    };
    let (signer, expiry) = match &judged.signer {
        Some(signer) => (signer.subject.clone(), judged.expiry.map_or("never".to_owned(), rfc3339)),
        None => Default::default(),
    };
    let signed = judged.signed.map(rfc3339).unwrap_or_default();
    [judged.digest.clone(), signer, signed, expiry, excerpt(&verdict, VERDICT_LENGTH)]
}

/// The document of `--output json`.
#[derive(Serialize)]
pub struct PruneReport {
    version: u32,
    command: &'static str,
    /// `pruned`, `dry-run` (something would go), `kept` (nothing would) or `failed`.
    outcome: &'static str,
    images: Vec<ImageReport>,
}

#[derive(Serialize)]
struct ImageReport {
    image: String,
    outcome: &'static str,
    signatures: Vec<SignatureReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

#[derive(Serialize)]
struct SignatureReport {
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<SignerReport>,
    /// RFC 3339, the signer's claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    /// `removed`, `dry-run`, `kept` or `failed`.
    outcome: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

impl PruneReport {
    pub fn of(images: &[Image]) -> Self {
        let images: Vec<ImageReport> = images.iter().map(ImageReport::of).collect();
        let outcomes = ["failed", "pruned", "dry-run"];
        let found = outcomes.into_iter().find(|word| images.iter().any(|i| i.outcome == *word));
        Self { version: VERSION, command: "prune", outcome: found.unwrap_or("kept"), images }
    }
}

impl ImageReport {
    fn of(image: &Image) -> Self {
        let outcome = match &image.removal {
            _ if image.has_failed() => "failed",
            Some(_) => "pruned",
            None if image.removable().is_empty() => "kept",
            None => "dry-run",
        };
        let plan = image.plan.as_ref();
        let of_index = image.removal.as_ref().and_then(|removal| removal.index.as_ref());
        let error = plan.err().or(of_index).map(|fault| ErrorReport::from(&**fault));
        let judged = plan.map(|plan| plan.judged.as_slice()).unwrap_or_default();
        let of_removal = image.removal.iter().flat_map(|removal| removal.warnings.iter());
        Self {
            image: image.name.clone(),
            outcome,
            signatures: judged.iter().map(|judged| SignatureReport::of(judged, image)).collect(),
            warnings: image.warnings.iter().chain(of_removal).cloned().collect(),
            error,
        }
    }
}

impl SignatureReport {
    fn of(judged: &Judged, image: &Image) -> Self {
        let (outcome, reason, error) = match &judged.verdict {
            Verdict::Keep(kept) => ("kept", kept.to_string(), None),
            Verdict::Remove(digest, reason) => {
                let done = image.removal.as_ref().map(|removal| {
                    removal.signatures.iter().find(|(removed, _)| removed == digest)
                });
                let (word, error) = match done {
                    None => ("dry-run", None),
                    Some(Some((_, None))) => ("removed", None),
                    Some(Some((_, Some(fault)))) => {
                        ("failed", Some(ErrorReport::from(&**fault as &dyn Fault)))
                    }
                    Some(None) => ("failed", None),
                };
                (word, reason.to_string(), error)
            }
        };
        Self {
            digest: judged.digest.clone(),
            signer: judged.signer.as_ref().map(SignerReport::from),
            signed: judged.signed.map(rfc3339),
            expiry: judged.expiry.map(rfc3339),
            outcome,
            reason: excerpt(&reason, crate::fault::LINE_LIMIT),
            error,
        }
    }
}
