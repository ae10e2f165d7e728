//! What the work answers, as parts of the report.

use time::OffsetDateTime;

use super::{
    CheckReport, ErrorReport, ImageReport, Outcome, PluginReport, PolicyReport, RevocationReport,
    SignatureReport, SignerReport,
};
use crate::batch::{AlreadySigned, Once};
use crate::clock;
use crate::fault::{Fault, LINE_LIMIT, excerpt};
use crate::revocation::Answers;
use crate::sign::{Signed, SignerSummary};
use crate::trust::Action;
use crate::verify::{self, CheckFailure, Tried};
use crate::x509::Certificate;

impl From<&dyn Fault> for ErrorReport {
    fn from(fault: &dyn Fault) -> Self {
        let cut = |text: String| excerpt(&text, LINE_LIMIT);
        Self {
            code: fault.code(),
            message: cut(fault.to_string()),
            because: fault.because().into_iter().map(cut).collect(),
            hint: fault.hint(),
        }
    }
}

impl From<&SignerSummary> for SignerReport {
    fn from(signer: &SignerSummary) -> Self {
        Self {
            subject: signer.subject.clone(),
            thumbprint: signer.thumbprint.clone(),
            not_after: rfc3339(signer.not_after),
        }
    }
}

impl From<&Certificate> for SignerReport {
    fn from(leaf: &Certificate) -> Self {
        Self {
            subject: leaf.subject().to_string(),
            thumbprint: leaf.thumbprint(),
            not_after: rfc3339(leaf.not_after()),
        }
    }
}

impl ImageReport {
    /// Adds what was told of the signing chain.
    pub(in crate::ci) fn told_of_revocation(&mut self, answers: Option<&Answers>) {
        let certificates = answers.iter().flat_map(|answers| &answers.certificates);
        self.revocation = certificates.map(RevocationReport::from).collect();
    }
}

impl From<&Signed> for ImageReport {
    fn from(signed: &Signed) -> Self {
        let mut report = Self {
            digest: Some(signed.target.digest.to_string()),
            signature: Some(signed.signature.to_string()),
            signer: Some((&signed.signer).into()),
            expiry: signed.expiry.map(rfc3339),
            timestamp: signed.timestamp.map(rfc3339),
            user_metadata: signed.user_metadata.clone(),
            warnings: signed.warnings.clone(),
            ..Self::empty(&signed.reference, Outcome::Signed)
        };
        report.told_of_revocation(signed.revocation.as_ref());
        report
    }
}

impl From<&AlreadySigned> for ImageReport {
    fn from(already: &AlreadySigned) -> Self {
        let mut report = Self {
            digest: Some(already.target.digest.to_string()),
            signature: Some(already.signature.to_string()),
            signer: Some((&already.signer).into()),
            expiry: already.expiry.map(rfc3339),
            timestamp: already.timestamp.map(rfc3339),
            warnings: already.warnings.clone(),
            ..Self::empty(&already.reference, Outcome::Skipped)
        };
        report.told_of_revocation(already.revocation.as_ref());
        report
    }
}

impl From<&Once> for ImageReport {
    fn from(once: &Once) -> Self {
        match once {
            Once::Signed(signed) => signed.into(),
            Once::Again(signed, insufficient) => {
                let signed_again = Some(insufficient.to_string());
                Self { signed_again, ..signed.into() }
            }
            Once::Already(already) => already.into(),
        }
    }
}

impl From<&verify::Outcome> for ImageReport {
    fn from(outcome: &verify::Outcome) -> Self {
        let good = outcome.good();
        let word = if good.is_some() { Outcome::Verified } else { Outcome::Skipped };
        let intact = good.and_then(|g| g.intact.as_ref());
        Self {
            digest: Some(outcome.target.digest.to_string()),
            signature: good.map(|g| g.digest.clone()),
            signer: good.and_then(|g| g.signer.as_ref()).map(SignerReport::from),
            expiry: intact.and_then(|i| i.expiry()).map(rfc3339),
            timestamp: good.and_then(|g| g.timestamp).map(rfc3339),
            policy: Some(PolicyReport { name: outcome.policy.clone(), level: outcome.level }),
            signatures: outcome.tried.iter().map(SignatureReport::from).collect(),
            user_metadata: intact
                .map(|intact| intact.payload().target.annotations.clone())
                .unwrap_or_default(),
            warnings: outcome.warnings(),
            ..Self::empty(&outcome.reference, word)
        }
    }
}

impl From<&Tried> for SignatureReport {
    fn from(tried: &Tried) -> Self {
        let mut checks: Vec<CheckReport> = tried.results.iter().map(CheckReport::from).collect();
        checks.extend(tried.failure.as_ref().and_then(CheckReport::enforced));
        Self {
            digest: tried.digest.clone(),
            outcome: match tried.failure {
                None => Outcome::Verified,
                Some(_) => Outcome::Failed,
            },
            signer: tried.signer.as_ref().map(SignerReport::from),
            checks,
            revocation: tried
                .revocation
                .iter()
                .flat_map(|answers| answers.certificates.iter().map(RevocationReport::from))
                .collect(),
            plugin: tried.plugin.as_ref().map(PluginReport::from),
            error: tried.failure.as_ref().map(|f| ErrorReport::from(f as &dyn Fault)),
        }
    }
}

impl From<&verify::CheckResult> for CheckReport {
    fn from(result: &verify::CheckResult) -> Self {
        Self {
            check: result.check.name(),
            action: match result.action {
                Action::Enforce => "enforce",
                Action::Log => "log",
                Action::Skip => "skip",
            },
            outcome: match (&result.failure, result.action) {
                (Some(_), _) => "failed",
                (None, Action::Skip) => "skipped",
                (None, _) => "passed",
            },
            reason: result.failure.as_ref().map(ToString::to_string),
        }
    }
}

impl CheckReport {
    /// The check whose failure made a signature worthless.
    fn enforced(failure: &CheckFailure) -> Option<Self> {
        Some(Self {
            check: failure.check()?.name(),
            action: "enforce",
            outcome: "failed",
            reason: Some(failure.to_string()),
        })
    }
}

pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    clock::rfc3339(&time.to_offset(time::UtcOffset::UTC))
}
