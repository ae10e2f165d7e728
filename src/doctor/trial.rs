//! A signature for trying: over random bytes, marked as such, and kept nowhere.

use crate::crypto::{Digest, random_bytes};
use crate::envelope::{Payload, SealRequest, Sealed, TargetArtifact};
use crate::registry::FetchedSignature;
use time::OffsetDateTime;

/// Of the trial's artifact; nothing in a registry has it.
const MEDIA_TYPE: &str = "application/vnd.sealwright.trial";
/// How the bytes begin that are signed to try the key.
const MARK: &[u8] =
    b"sealwright doctor: a trial of the key over random bytes, a signature of nothing\n";

/// Marked random bytes; none where the system has no randomness.
pub(super) fn message() -> Option<Vec<u8>> {
    Some([MARK, &random_bytes::<32>()?].concat())
}

/// What to seal: an artifact whose digest is of marked random bytes, as no artifact has it.
pub(super) fn request(
    bytes: &[u8],
    now: OffsetDateTime,
    format: crate::envelope::Format,
) -> SealRequest {
    let target = TargetArtifact {
        media_type: MEDIA_TYPE.to_owned(),
        digest: Digest::sha256(bytes),
        size: bytes.len() as u64,
        annotations: Default::default(),
    };
    SealRequest { format, payload: Payload { target }, now, expiry: None }
}

/// The sealed trial as verifying would find it.
pub(super) fn fetched(sealed: &Sealed, format: crate::envelope::Format) -> FetchedSignature {
    FetchedSignature {
        manifest_media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        manifest_digest: Digest::sha256(&sealed.bytes),
        envelope_media_type: format.media_type().to_owned(),
        envelope: sealed.bytes.clone(),
    }
}
