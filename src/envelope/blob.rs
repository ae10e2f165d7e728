//! Signatures about files: what is measured of a file, and which media types are not a file's.
//!
//! A payload is a media type, a digest, a size and user metadata, whatever it is about: nothing else in an
//! envelope says "file" or "image". So a file is signed and verified with a manifest's media type only where
//! that is asked for by name, and an image is verified by a payload with its own manifest's media type
//! alone. What the form does not tell beyond that: a file's name; two files of the same bytes and media type;
//! and a manifest that a registry serves under a media type that is in no list.

use std::collections::BTreeMap;

use super::TargetArtifact;
use crate::crypto::{Digest, Hash};
use crate::fault::BoxFault;

/// A file of any size.
#[async_trait::async_trait]
pub trait Blob: Send + Sync {
    /// Reads it to its end under this hash: the one of the key that signs it.
    async fn measure(&self, hash: Hash) -> Result<Measured, BoxFault>;
}

/// What a signature says of a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

impl Measured {
    pub fn target(
        self,
        media_type: impl Into<String>,
        annotations: BTreeMap<String, String>,
    ) -> TargetArtifact {
        let Measured { digest, size } = self;
        TargetArtifact { media_type: media_type.into(), digest, size, annotations }
    }
}

/// Payloads about files and about images have one form (signature-specification.md, "Payload"): only
/// the media type tells them apart. These are of images (OCI image-spec 1.1, "Media Types"; docker's
/// "Image Manifest Version 2, Schema 2"; OCI image-spec 1.1.0-rc2, "Artifact Manifest").
pub const MANIFEST_MEDIA_TYPES: [&str; 5] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.artifact.manifest.v1+json",
];

/// Whether a signature with this media type may pass for one of an image; in any case and with any
/// parameters, as some readers compare.
pub fn is_manifest_type(media_type: &str) -> bool {
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    MANIFEST_MEDIA_TYPES.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_known_in_any_case_and_with_parameters() {
        for known in MANIFEST_MEDIA_TYPES {
            assert!(is_manifest_type(known));
            assert!(is_manifest_type(&known.to_uppercase()));
            assert!(is_manifest_type(&format!(" {known} ; charset=utf-8")));
        }
        for other in ["", "application/octet-stream", "application/vnd.oci.image.config.v1+json"] {
            assert!(!is_manifest_type(other), "{other}");
        }
    }
}
