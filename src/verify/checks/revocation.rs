//! Revocation: nothing is taken for good that was not asked.

use futures_util::FutureExt as _;

use super::{Asking, CheckFailure, Context, Learnt};
use crate::envelope::{Intact, Scheme};
use crate::revocation::{Answers, Asked, ChainTrust, Standing};
use crate::trust::Check;
use crate::verify::CheckResult;

/// Every certificate below the root is good or names no server (trust-store-trust-policy.md,
/// "Certificate Revocation Evaluation"). The answers are kept for the report.
pub(super) fn check<'a>(
    intact: &'a Intact,
    context: &'a Context<'a>,
    before: &'a [CheckResult],
) -> Asking<'a> {
    async move {
        let authentic_signing_time = match intact.scheme() {
            Scheme::SigningAuthority { authentic_signing_time } => Some(authentic_signing_time),
            _ => None,
        };
        let asked = Asked {
            certificates: intact.chain().certificates(),
            now: context.now,
            authentic_signing_time,
            trust: trust(before),
        };
        let answers = context.revocation.check(&asked).await;
        (judge(&answers), Learnt { revocation: Some(answers), ..Learnt::default() })
    }
    .boxed()
}

/// A chain whose authenticity failed is asked about where that is only logged, but may not name
/// private servers.
fn trust(before: &[CheckResult]) -> ChainTrust {
    match before.iter().find(|result| result.check == Check::Authenticity) {
        Some(authentic) if authentic.failure.is_none() => ChainTrust::Trusted,
        _ => ChainTrust::Untrusted,
    }
}

fn judge(answers: &Answers) -> Result<(), CheckFailure> {
    match answers.standing() {
        Standing::Good => Ok(()),
        Standing::Revoked(certificate, revoked) => Err(CheckFailure::Revoked {
            subject: certificate.subject.clone(),
            at: revoked.at,
            reason: revoked.reason.map(|reason| reason.name()),
        }),
        Standing::Unknown(certificate) => Err(CheckFailure::RevocationUnknown {
            subject: certificate.subject.clone(),
            problems: certificate.problems(),
            advice: certificate.advice(),
        }),
    }
}
