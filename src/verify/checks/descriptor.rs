//! The signed descriptor is the resolved artifact's: media type, digest and size. Never weakened.

use super::{CheckFailure, Context};
use crate::envelope::{Intact, TargetArtifact};

pub(super) fn check(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    let (signed, found) = (&intact.payload().target, context.target);
    let same = signed.media_type == found.media_type
        && signed.digest == found.digest
        && signed.size == found.size;
    if same {
        return Ok(());
    }
    Err(CheckFailure::Descriptor { signed: words(signed), resolved: words(found) })
}

fn words(target: &TargetArtifact) -> String {
    format!("{} {} {} bytes", target.media_type, target.digest, target.size)
}
