//! What a test puts straight into the registry, and what it finds there.

use super::{Lab, LabError, registry};

impl Lab {
    /// Puts a small image straight into the registry and returns its digest. The same name and tag
    /// make the same image.
    pub fn push_image(&self, repository: &str, tag: &str) -> Result<String, LabError> {
        self.registry.push_image(repository, tag)
    }

    /// Puts an index and an image for each platform (`linux/arm64/v8`) straight into the registry;
    /// returns the digest of the index and those of the images.
    pub fn push_index(
        &self,
        repository: &str,
        tag: &str,
        platforms: &[&str],
    ) -> Result<(String, Vec<String>), LabError> {
        self.registry.push_index(repository, tag, platforms)
    }

    /// Puts a manifest straight into the registry, under a tag or its digest.
    pub fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), LabError> {
        match self.registry.put_manifest(repository, reference, media_type, bytes) {
            Ok(_) => Ok(()),
            Err(answer) => Err(LabError::Refused {
                path: format!("{repository}/manifests/{reference}"),
                status: answer.status.as_u16(),
            }),
        }
    }

    /// Puts a blob straight into the registry and returns its digest.
    pub fn put_blob(&self, repository: &str, bytes: &[u8]) -> Result<String, LabError> {
        let digest = registry::Digest::of(bytes);
        match self.registry.keep_blob(repository, digest.as_str(), bytes.to_vec().into()) {
            Ok(_) => Ok(digest.as_str().to_owned()),
            Err(answer) => Err(LabError::Refused {
                path: format!("{repository}/blobs"),
                status: answer.status.as_u16(),
            }),
        }
    }

    /// A manifest's media type and bytes.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, bytes::Bytes)> {
        self.registry.store.manifest(repository, reference)
    }

    /// Digests of the manifests that name this subject, whatever the referrers mode.
    pub fn referrers(&self, repository: &str, subject: &str) -> Vec<String> {
        self.registry.store.referrers(repository, subject)
    }

    pub fn tags(&self, repository: &str) -> Vec<String> {
        self.registry.store.tags(repository)
    }

    /// Makes the registry lose a blob; false when it had none.
    pub fn lose_blob(&self, repository: &str, digest: &str) -> bool {
        self.registry.store.lose_blob(repository, digest)
    }
}
