//! Integrity: the envelope parses, its signature and its own rules hold. Never weakened.

use super::CheckFailure;
use crate::envelope::{Format, Intact, Parsed};
use crate::registry::FetchedSignature;

/// The layer's media type says how to read the envelope; bytes are never sniffed.
pub(super) fn check(fetched: &FetchedSignature) -> Result<Intact, CheckFailure> {
    let format = Format::from_media_type(&fetched.envelope_media_type)
        .ok_or_else(|| CheckFailure::media_type(&fetched.envelope_media_type))?;
    Ok(Parsed::read(format, &fetched.envelope)?.check_integrity()?)
}
