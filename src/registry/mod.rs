//! Registries: references, manifests, the client, referrers and the tag index; image layouts; the `Registry`
//! trait.
//!
//! Without conditional writes (registries have none) the tag index's update is bounded as follows:
//! see `tag_index`.

mod auth;
mod children;
mod client;
mod connection;
mod endpoint;
mod error;
mod examine;
mod index;
mod layout;
mod layout_path;
mod manifest;
mod push;
mod reference;
mod referrers;
mod remove;
mod tag_index;
mod upload;

pub use client::{Access, RegistryClient};
pub use connection::{Connection, ConnectionOptions};
pub use endpoint::{Kind, Scheme, scheme_for};
pub use error::{Action, RegistryError};
pub use layout::{Layout, LayoutError};
pub use reference::{Reference, ReferenceError, Version};

use oci_client::manifest::OciDescriptor;

use crate::crypto::Digest;
use crate::envelope::{Format, TargetArtifact};
use crate::fault::BoxFault;

/// `application/vnd.cncf.notary.signature`
pub const SIGNATURE_ARTIFACT_TYPE: &str = "application/vnd.cncf.notary.signature";

/// Where signatures are stored for other tools to find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferrersMode {
    /// notation 1.3.2's default: the tag index is kept even when the registry has the API.
    ForceTag,
    /// The tag index only when the manifest PUT answered without `OCI-Subject`.
    Auto,
}

/// An artifact and, where it is an image index or a docker manifest list, what it lists.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub target: TargetArtifact,
    pub children: Vec<Child>,
    /// Media types of entries that are no manifests.
    pub left_out: Vec<String>,
}

/// A manifest below an index, as its descriptor states it; not yet fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub media_type: String,
    pub digest: Digest,
    /// In bytes; at most the 4 MiB of a manifest.
    pub size: u64,
    /// `linux/arm64/v8`
    pub platform: Option<String>,
}

/// A signature found in a registry: the manifest's descriptor, not yet fetched.
pub type SignatureDescriptor = OciDescriptor;

/// The signatures listed for a subject.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub signatures: Vec<SignatureDescriptor>,
    /// More than the limit asked for exist.
    pub exceeded: bool,
}

/// A fetched signature: bytes hashed and compared, manifest checked against subject and type.
#[derive(Debug, Clone)]
pub struct FetchedSignature {
    pub manifest_media_type: String,
    pub manifest_digest: Digest,
    /// The layer's media type, as it stands in the manifest.
    pub envelope_media_type: String,
    pub envelope: Vec<u8>,
}

/// What was pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub manifest_digest: Digest,
    /// Sentences for `Warning: …` on stderr (a refused delete of the outdated index).
    pub warnings: Vec<String>,
}

pub struct SignaturePush<'a> {
    /// mediaType, digest and size of the signed manifest.
    pub subject: &'a TargetArtifact,
    pub format: Format,
    pub envelope: &'a [u8],
    /// Thumbprints of the chain, lower-case hex, and `org.opencontainers.image.created`.
    pub annotations: std::collections::BTreeMap<String, String>,
    pub mode: ReferrersMode,
}

/// How a dry run learnt that pushing would work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushPermission {
    /// The token server granted `push` for this repository.
    Granted,
    /// An upload session was opened and cancelled.
    Tried,
}

/// One repository, as `sign` and `verify` see it.
#[async_trait::async_trait]
pub trait Registry: Send + Sync {
    /// GET of the manifest (at most 4 MiB); the digest asked for, the digest answered and the hash of
    /// the bytes are equal or it is an error. Annotations of the result are empty.
    async fn resolve(&self, reference: &Reference) -> Result<TargetArtifact, BoxFault>;

    /// As `resolve`, and what the artifact lists below it. `stated` is the entry of the index that
    /// named it: its media type and size must be those of the manifest as well.
    async fn resolve_with_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault>;

    /// Lists signatures, Referrers API first, tag schema where the API is absent; at most `limit`.
    ///
    /// A digest is enough, so that a reference by digest is listed beside its resolving.
    async fn signatures(&self, subject: &Digest, limit: usize) -> Result<Listing, BoxFault>;

    /// Fetches manifest and envelope of one listed signature: two requests, one after the other.
    async fn fetch_signature(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault>;

    /// Optional: opens what signing will need while the manifest is resolved and the signature is
    /// being made (the blob upload session, the check for the config blob), so that the round trips
    /// run side by side. Each call serves one `push_signature`.
    async fn prepare_push(&self) -> Result<(), BoxFault>;

    async fn push_signature(&self, push: SignaturePush<'_>) -> Result<Pushed, BoxFault>;

    /// Deletes a signature's manifest by its digest; one that is gone already is no failure. The tag
    /// index is left to `unlist_signatures`.
    async fn delete_signature(&self, signature: &Digest) -> Result<(), BoxFault>;

    /// Takes deleted signatures out of the subject's tag index, beside concurrent signers, where
    /// there is such an index. Answers sentences for `Warning: …`.
    async fn unlist_signatures(
        &self,
        subject: &Digest,
        signatures: &[Digest],
    ) -> Result<Vec<String>, BoxFault>;

    /// For dry runs: whether a push would be let in, by the granted scope or by an upload session
    /// opened and cancelled. Nothing is stored.
    async fn check_push(&self) -> Result<PushPermission, BoxFault>;
}

#[cfg(test)]
mod tests;
