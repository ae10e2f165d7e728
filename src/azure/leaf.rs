//! Which certificate of a bag signs.

use crate::x509::Certificate;

/// The signing certificate among `certificates`: the one that issued none of the others; where that is
/// not one alone, the one of these that is no CA. Otherwise how many it could be.
pub(super) fn leaf(certificates: &[Certificate]) -> Result<&Certificate, usize> {
    let issued_any = |issuer: &Certificate| {
        certificates.iter().any(|other| {
            other != issuer
                && other.raw_issuer() == issuer.raw_subject()
                && other.verify_signed_by(issuer).is_ok()
        })
    };
    let ends: Vec<&Certificate> = certificates.iter().filter(|c| !issued_any(c)).collect();
    if let [leaf] = ends[..] {
        return Ok(leaf);
    }
    let leaves: Vec<&Certificate> = ends.into_iter().filter(|c| !c.is_ca()).collect();
    match leaves[..] {
        [leaf] => Ok(leaf),
        _ => Err(leaves.len()),
    }
}
