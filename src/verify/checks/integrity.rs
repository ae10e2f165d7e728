//! Integrity: the envelope parses, its signature and its own rules hold. Never weakened.

use super::{Candidate, CheckFailure};
use crate::envelope::{Format, Intact, Parsed};

/// The media type beside it says how to read the envelope; bytes are never sniffed.
pub(in crate::verify) fn check(candidate: Candidate<'_>) -> Result<Intact, CheckFailure> {
    let format = Format::from_media_type(candidate.media_type)
        .ok_or_else(|| CheckFailure::media_type(candidate.media_type))?;
    Ok(Parsed::read(format, candidate.envelope)?.check_integrity()?)
}
