//! Revocation: nothing is taken for good that was not asked.

use super::{CheckFailure, Context};
use crate::envelope::Intact;

/// A certificate below the root that names an OCSP or CRL server has an unknown status; one that
/// names none cannot be revoked (trust-store-trust-policy.md, "Certificate Revocation Evaluation").
pub(super) fn check(intact: &Intact, _context: &Context<'_>) -> Result<(), CheckFailure> {
    let certificates = intact.chain().certificates();
    let below_root = &certificates[..certificates.len().saturating_sub(1)];
    match below_root.iter().find(|c| c.names_revocation_source()) {
        Some(c) => Err(CheckFailure::RevocationUnknown(c.subject().to_string())),
        None => Ok(()),
    }
}
