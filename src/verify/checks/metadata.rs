//! User metadata the verifier requires is in the signed payload. Never weakened.

use super::{CheckFailure, Context};
use crate::envelope::Intact;

pub(super) fn check(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    let annotations = &intact.payload().target.annotations;
    let missing: Vec<String> = context
        .user_metadata
        .iter()
        .filter(|(key, value)| annotations.get(*key) != Some(value))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(CheckFailure::Metadata { missing }) }
}
