//! OCI image layouts: a folder with `index.json` and blobs as a registry of one repository (OCI
//! image-spec, "Image Layout").
//!
//! The folder the user names may be a link; nothing inside may be one. What a layout says of itself is
//! believed as little as what a registry says: sizes are bounded before anything is read, bytes are
//! compared with digest and size, and a path is made of nothing but a checked digest. A signature is
//! found where notation's library finds it: among all manifests that `index.json` leads to, by its
//! subject.

mod error;
mod folder;
mod push;
mod splice;
mod store;
mod walk;

pub use error::LayoutError;

use std::sync::Arc;

use super::children::{self, Listed};
use super::manifest::{self, MANIFEST_LIMIT, SIGNATURE_MANIFESTS};
use super::{
    Child, FetchedSignature, Listing, PushPermission, Pushed, Reference, Registry, Resolved,
    SIGNATURE_ARTIFACT_TYPE, SignatureDescriptor, SignaturePush, Version,
};
use crate::clock::Clock;
use crate::crypto::Digest;
use crate::envelope::TargetArtifact;
use crate::fault::BoxFault;
use store::{Store, manifest_of};
use walk::Walk;

/// One layout.
pub struct Layout {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Layout {
    /// Opens a layout that is there; nothing is made of a folder that is none.
    pub fn open(path: &str, clock: Arc<dyn Clock>) -> Result<Self, LayoutError> {
        let store = Store::open(path).map_err(|error| LayoutError::Store(Box::new(error)))?;
        Ok(Self { store, clock })
    }

    /// The manifest that a reference names, as the layout states it; not read yet.
    async fn find(&self, reference: &Reference) -> Result<Child, LayoutError> {
        let index = self.store.index()?;
        let not_found = |tags| LayoutError::NotFound { reference: reference.to_string(), tags };
        if reference.layout() != Some(&self.store.path) {
            return Err(not_found(Vec::new()));
        }
        match reference.version() {
            Version::Digest(digest) => {
                let mut walk = Walk::new(&self.store, &index)?;
                while let Some(child) = walk.next().await? {
                    if child.digest == *digest {
                        return Ok(child);
                    }
                }
                Err(not_found(Vec::new()))
            }
            Version::Tag(tag) => match index.tagged(tag).as_slice() {
                [] => Err(not_found(index.tags())),
                [entry] => {
                    let found = manifest_of(entry).and_then(|found| {
                        found.ok_or_else(|| format!("{tag:?} is {:?}", entry.media_type))
                    });
                    let what = self.store.inside(store::INDEX);
                    found.map_err(|problem| LayoutError::Content { what, problem })
                }
                several => Err(LayoutError::Ambiguous {
                    path: self.store.path.clone(),
                    reference: reference.to_string(),
                    digests: several.iter().map(|entry| entry.digest.clone()).collect(),
                }),
            },
        }
    }

    async fn manifest(
        &self,
        reference: &Reference,
    ) -> Result<(TargetArtifact, Vec<u8>), LayoutError> {
        let Child { media_type, digest, size, .. } = self.find(reference).await?;
        let bytes = self.store.blob(&digest, size)?;
        manifest::check(&bytes, &media_type)
            .map_err(|problem| LayoutError::Content { what: reference.to_string(), problem })?;
        let target = TargetArtifact { media_type, digest, size, annotations: Default::default() };
        Ok((target, bytes))
    }

    async fn index_and_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, LayoutError> {
        let (target, bytes) = self.manifest(reference).await?;
        let content = |problem| LayoutError::Content { what: reference.to_string(), problem };
        if let Some(stated) = stated
            && (&stated.media_type, stated.size) != (&target.media_type, target.size)
        {
            let [listed, found] =
                [(stated.size, &stated.media_type), (target.size, &target.media_type)]
                    .map(|(size, media_type)| format!("{size} bytes of {media_type:?}"));
            return Err(content(format!("is listed as {listed}, but is {found}")));
        }
        let Listed { children, left_out } =
            children::read(&bytes, &target.media_type).map_err(content)?;
        Ok(Resolved { target, children, left_out })
    }

    async fn referrers(&self, subject: &Digest, limit: usize) -> Result<Listing, LayoutError> {
        let index = self.store.index()?;
        let mut walk = Walk::new(&self.store, &index)?;
        let mut listing = Listing::default();
        while let Some(child) = walk.next().await? {
            if !SIGNATURE_MANIFESTS.contains(&child.media_type.as_str()) {
                continue;
            }
            let Some(bytes) = walk.read(&child).await? else { continue };
            let found = manifest::signature_of(&bytes, &child.media_type, subject);
            let content = |problem| LayoutError::Content {
                what: self.store.blob_path(&child.digest),
                problem,
            };
            let Some(annotations) = found.map_err(content)? else { continue };
            if listing.signatures.len() == limit {
                listing.exceeded = true;
                break;
            }
            let size = i64::try_from(child.size).expect("at most the size of a manifest");
            listing.signatures.push(SignatureDescriptor {
                annotations,
                artifact_type: Some(SIGNATURE_ARTIFACT_TYPE.to_owned()),
                ..manifest::descriptor(&child.media_type, &child.digest, size)
            });
        }
        Ok(listing)
    }

    fn fetch(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, LayoutError> {
        let what = format!("{}@{}", self.store.path, signature.digest);
        let content = |problem| LayoutError::Content { what: what.clone(), problem };
        let (digest, size) =
            manifest::within(signature, MANIFEST_LIMIT, "the manifest").map_err(content)?;
        let bytes = self.store.blob(&digest, size)?;
        let layer = manifest::read(&bytes, &signature.media_type, subject).map_err(content)?;
        Ok(FetchedSignature {
            manifest_media_type: signature.media_type.clone(),
            manifest_digest: digest,
            envelope: self.store.blob(&layer.digest, layer.size)?,
            envelope_media_type: layer.media_type,
        })
    }
}

#[async_trait::async_trait]
impl Registry for Layout {
    async fn resolve(&self, reference: &Reference) -> Result<TargetArtifact, BoxFault> {
        Ok(self.manifest(reference).await?.0)
    }

    async fn resolve_with_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        Ok(self.index_and_children(reference, stated).await?)
    }

    async fn signatures(&self, subject: &Digest, limit: usize) -> Result<Listing, BoxFault> {
        Ok(self.referrers(subject, limit).await?)
    }

    async fn fetch_signature(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        Ok(self.fetch(subject, signature)?)
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        Ok(())
    }

    async fn push_signature(&self, push: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        Ok(self.push(push).await?)
    }

    async fn delete_signature(&self, _signature: &Digest) -> Result<(), BoxFault> {
        Err(LayoutError::Undeletable { path: self.store.path.clone() }.into())
    }

    async fn unlist_signatures(
        &self,
        _subject: &Digest,
        _signatures: &[Digest],
    ) -> Result<Vec<String>, BoxFault> {
        Err(LayoutError::Undeletable { path: self.store.path.clone() }.into())
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        Ok(self.try_push()?)
    }
}

#[cfg(test)]
mod tests;
