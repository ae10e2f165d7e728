//! Authentic timestamp: the chain was valid when the signature was made, as far as that is proven
//! (trust-store-trust-policy.md, "Signature Verification Details", authentic timestamp).

use super::{Asking, CheckFailure, Context, Learnt};
use crate::envelope::{Intact, Scheme};
use crate::revocation::{Answers, Asked, ChainTrust, Standing};
use crate::timestamp::{Parsed, Verified};
use crate::trust::{StoreType, TimestampRule};
use crate::verify::CheckResult;
use crate::x509::{Certificate, TimestampingChain};
use futures_util::FutureExt as _;

/// Where the policy asks for no timestamp, the only proven time is now; the signer's signing time is
/// a claim and is never used.
pub(super) fn check<'a>(
    intact: &'a Intact,
    context: &'a Context<'a>,
    _: &'a [CheckResult],
) -> Asking<'a> {
    // bad answers about the authority are in the failure, those about the signer in the report
    let judged = async move {
        match judge(intact, context).await {
            Ok(None) => (Ok(()), Learnt::default()),
            Ok(Some((verified, answers))) => {
                let timestamp = Some(verified.interval().gen_time());
                let authority = Some((verified.chain().clone(), answers));
                (Ok(()), Learnt { timestamp, authority, ..Learnt::default() })
            }
            Err(failure) => (Err(failure), Learnt::default()),
        }
    };
    judged.boxed()
}

/// The timestamp, where one was wanted, and the answers about its authority.
async fn judge(
    intact: &Intact,
    context: &Context<'_>,
) -> Result<Option<(Verified, Answers)>, CheckFailure> {
    let certificates = intact.chain().certificates();
    if let Scheme::SigningAuthority { authentic_signing_time: signed } = intact.scheme() {
        return match certificates.iter().find(|c| signed < c.not_before() || signed > c.not_after())
        {
            Some(c) => {
                Err(CheckFailure::AuthenticTime { subject: c.subject().to_string(), signed })
            }
            None => Ok(None),
        };
    }
    let asked = !context.statement.stores(StoreType::Tsa).is_empty();
    let expired = certificates.iter().any(|c| c.not_after() < context.now);
    let needed = match context.statement.timestamp_rule() {
        TimestampRule::Always => asked,
        TimestampRule::AfterCertExpiry => asked && expired,
    };
    if needed {
        let verified = countersignature(intact, context)?;
        let answers = not_revoked(verified.chain(), context).await?;
        Ok(Some((verified, answers)))
    } else {
        certificates.iter().try_for_each(|c| valid_now(c, context))?;
        Ok(None)
    }
}

/// trust-store-trust-policy.md, "Steps": the token, then every certificate over the whole interval, then
/// the revocation of the authority's chain, whatever the policy says of the signing chain's.
fn countersignature(intact: &Intact, context: &Context<'_>) -> Result<Verified, CheckFailure> {
    let token = intact.timestamp_token().ok_or_else(|| missing(intact, context))?;
    let token = Parsed::read(token).map_err(CheckFailure::TimestampUnreadable)?;
    let roots =
        context.stores.certificates(StoreType::Tsa).map_err(CheckFailure::TimestampStore)?;
    if roots.is_empty() {
        return Err(CheckFailure::TimestampNoRoots);
    }
    let verified =
        token.verify(intact.signature(), roots).map_err(CheckFailure::TimestampUntrusted)?;
    let interval = verified.interval();
    for certificate in intact.chain().certificates() {
        let subject = || certificate.subject().to_string();
        if interval.from() < certificate.not_before() {
            let from = certificate.not_before();
            return Err(CheckFailure::TimestampBefore { subject: subject(), from });
        }
        if interval.to() > certificate.not_after() {
            let end = certificate.not_after();
            return Err(CheckFailure::TimestampAfter { subject: subject(), end });
        }
    }
    Ok(verified)
}

async fn not_revoked(
    authority: &TimestampingChain,
    context: &Context<'_>,
) -> Result<Answers, CheckFailure> {
    let asked = Asked {
        certificates: authority.certificates(),
        now: context.now,
        authentic_signing_time: None,
        trust: ChainTrust::Trusted,
    };
    let answers = context.revocation.check(&asked).await;
    match answers.standing() {
        Standing::Good => Ok(answers),
        Standing::Revoked(certificate, revoked) => Err(CheckFailure::TimestampRevoked {
            subject: certificate.subject.clone(),
            at: revoked.at,
            reason: revoked.reason.map(|reason| reason.name()),
        }),
        Standing::Unknown(certificate) => Err(CheckFailure::TimestampRevocationUnknown {
            subject: certificate.subject.clone(),
            problems: certificate.problems(),
            advice: certificate.advice(),
        }),
    }
}

fn missing(intact: &Intact, context: &Context<'_>) -> CheckFailure {
    let ended = intact.chain().certificates().iter().find(|c| c.not_after() < context.now);
    let ended = ended.map(|c| (c.subject().to_string(), c.not_after()));
    CheckFailure::TimestampMissing { ended }
}

fn valid_now(certificate: &Certificate, context: &Context<'_>) -> Result<(), CheckFailure> {
    let subject = || certificate.subject().to_string();
    if context.now < certificate.not_before() {
        let from = certificate.not_before();
        return Err(CheckFailure::NotYetValid { subject: subject(), from });
    }
    if context.now > certificate.not_after() {
        let end = certificate.not_after();
        return Err(CheckFailure::NoLongerValid { subject: subject(), end });
    }
    Ok(())
}
