//! Authentic timestamp: the chain was valid when the signature was made, as far as that is proven
//! (trust-store-trust-policy.md, "Signature Verification Details", authentic timestamp).

use super::{CheckFailure, Context};
use crate::envelope::{Intact, Scheme};
use crate::trust::{StoreType, TimestampRule};
use crate::x509::Certificate;

/// Without a timestamp the only proven time is now; the signer's signing time is a claim and is
/// never used.
pub(super) fn check(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    let certificates = intact.chain().certificates();
    if let Scheme::SigningAuthority { authentic_signing_time: signed } = intact.scheme() {
        return match certificates.iter().find(|c| signed < c.not_before() || signed > c.not_after())
        {
            Some(c) => {
                Err(CheckFailure::AuthenticTime { subject: c.subject().to_string(), signed })
            }
            None => Ok(()),
        };
    }
    let expired = certificates.iter().any(|c| c.not_after() < context.now);
    let asked = !context.statement.stores(StoreType::Tsa).is_empty();
    match context.statement.timestamp_rule() {
        TimestampRule::Always if asked => Err(CheckFailure::TimestampUnsupported),
        TimestampRule::AfterCertExpiry if asked && expired => {
            Err(CheckFailure::TimestampUnsupported)
        }
        _ => certificates.iter().try_for_each(|c| valid_now(c, context)),
    }
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
