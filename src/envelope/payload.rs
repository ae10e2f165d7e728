//! The signed payload: `{"targetArtifact": {mediaType, digest, size, annotations}}`.

use std::collections::BTreeMap;

use crate::crypto::Digest;

/// `application/vnd.cncf.notary.payload.v1+json`
pub const PAYLOAD_TYPE: &str = "application/vnd.cncf.notary.payload.v1+json";

/// The artifact a signature is about; `annotations` hold user metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetArtifact {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub target: TargetArtifact,
}
