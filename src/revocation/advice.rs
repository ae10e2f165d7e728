//! What to do next, in one wording for those who sign and those who verify.

use super::RevocationError;

/// No server told.
const UNREACHABLE: &str = "is the server reachable from here? Ask it: curl -sSI <url>; for verifiers without a network \
                           carry over the CRL cache and add --revocation offline";

/// No server may be asked, and no kept CRL told.
pub(super) const FILL_CACHE: &str = "fill the CRL cache where the servers can be reached: verify there without --revocation offline, \
                                     and carry its folder crl over";

const ONLY_OCSP: &str = "OCSP answers are not kept: have the CA name a CRL server in the certificate, or verify where \
                         the OCSP server can be reached";

const NO_SOURCE: &str = "use a certificate whose CA names an OCSP or CRL server; what one names: \
                         openssl x509 -in <certificate.crt> -noout -ext authorityInfoAccess,crlDistributionPoints";

/// What to do about a certificate of unknown status.
pub(super) fn on<'a>(mut problems: impl Iterator<Item = &'a RevocationError>) -> &'static str {
    let special = problems.find_map(|problem| match problem {
        RevocationError::NoSource => Some(NO_SOURCE),
        RevocationError::OnlyOcsp => Some(ONLY_OCSP),
        RevocationError::NotCached { .. } => Some(FILL_CACHE),
        RevocationError::Future { .. } => Some(CLOCK),
        _ => None,
    });
    special.unwrap_or(UNREACHABLE)
}

pub(super) const CLOCK: &str = "is this machine's clock right? date -u";
