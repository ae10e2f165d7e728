//! Expiry: the signer's own limit on the signature.

use super::{CheckFailure, Context};
use crate::envelope::Intact;

/// Fails from the second of the expiry on.
pub(super) fn check(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    match intact.expiry() {
        Some(expiry) if context.now >= expiry => Err(CheckFailure::Expired(expiry)),
        _ => Ok(()),
    }
}
