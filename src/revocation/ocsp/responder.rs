//! Who may answer for an issuer (RFC 6960, 4.2.2.2).

use time::OffsetDateTime;

use super::single::ResponderId;
use crate::revocation::RevocationError;
use crate::revocation::fields::name_of;
use crate::x509::Certificate;

/// The certificate whose key must have signed the answer: the issuer's own, or one of `embedded` that
/// the issuer itself signed for this purpose, valid at `now`. The responder id says which it is.
///
/// A delegate is not asked for its own revocation: an authority that wants that gives it a short
/// life (RFC 6960, 4.2.2.2.1).
pub(super) fn authorised<'a>(
    id: &ResponderId,
    issuer: &'a Certificate,
    embedded: &'a [Certificate],
    now: OffsetDateTime,
) -> Result<&'a Certificate, RevocationError> {
    if id.is(issuer) {
        return Ok(issuer);
    }
    let mut problem = "the certificate that its responder id names is not in it".to_owned();
    for candidate in embedded.iter().filter(|candidate| id.is(candidate)) {
        match check_delegate(candidate, issuer, now) {
            Ok(()) => return Ok(candidate),
            Err(reason) => problem = format!("{:?} {reason}", name_of(candidate)),
        }
    }
    Err(RevocationError::Responder(problem))
}

fn check_delegate(
    delegate: &Certificate,
    issuer: &Certificate,
    now: OffsetDateTime,
) -> Result<(), String> {
    if delegate.raw_issuer() != issuer.raw_subject() || delegate.verify_signed_by(issuer).is_err() {
        return Err(format!("is not issued by {:?}", name_of(issuer)));
    }
    let usages = delegate.extended_key_usage();
    if !usages.is_some_and(|usages| usages.names().iter().any(|name| name == "OCSPSigning")) {
        return Err("lacks the extended key usage OCSPSigning".to_owned());
    }
    if delegate.key_usage().is_some_and(|usage| !usage.digital_signature()) {
        return Err("lacks the key usage digitalSignature".to_owned());
    }
    if now < delegate.not_before() || now > delegate.not_after() {
        return Err(format!("is valid from {} to {}", delegate.not_before(), delegate.not_after()));
    }
    Ok(())
}
