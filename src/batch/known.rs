//! A repository that remembers the manifests it was told of: each is fetched once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::crypto::Digest;
use crate::envelope::TargetArtifact;
use crate::fault::BoxFault;
use crate::registry::{
    Child, FetchedSignature, Listing, PushPermission, Pushed, Reference, Registry, Resolved,
    SignatureDescriptor, SignaturePush, Version,
};

/// One repository, in which [`super::expand`] looked around. References by digest to what it found
/// there resolve without a request; everything else goes to the registry.
pub struct Known {
    registry: Arc<dyn Registry>,
    targets: Mutex<HashMap<Digest, TargetArtifact>>,
}

impl Known {
    pub fn new(registry: Arc<dyn Registry>) -> Self {
        Self { registry, targets: Mutex::default() }
    }

    /// A manifest whose bytes were compared with its digest.
    pub(super) fn learn(&self, target: &TargetArtifact) {
        let mut targets = self.targets.lock().expect("no panic holds this lock");
        targets.insert(target.digest.clone(), target.clone());
    }

    fn target(&self, reference: &Reference) -> Option<TargetArtifact> {
        let Version::Digest(digest) = reference.version() else { return None };
        self.targets.lock().expect("no panic holds this lock").get(digest).cloned()
    }
}

#[async_trait::async_trait]
impl Registry for Known {
    async fn resolve(&self, reference: &Reference) -> Result<TargetArtifact, BoxFault> {
        match self.target(reference) {
            Some(target) => Ok(target),
            None => self.registry.resolve(reference).await,
        }
    }

    async fn resolve_with_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        self.registry.resolve_with_children(reference, stated).await
    }

    async fn signatures(&self, subject: &Digest, limit: usize) -> Result<Listing, BoxFault> {
        self.registry.signatures(subject, limit).await
    }

    async fn fetch_signature(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        self.registry.fetch_signature(subject, signature).await
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        self.registry.prepare_push().await
    }

    async fn push_signature(&self, push: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        self.registry.push_signature(push).await
    }

    async fn delete_signature(&self, signature: &Digest) -> Result<(), BoxFault> {
        self.registry.delete_signature(signature).await
    }

    async fn unlist_signatures(
        &self,
        subject: &Digest,
        signatures: &[Digest],
    ) -> Result<Vec<String>, BoxFault> {
        self.registry.unlist_signatures(subject, signatures).await
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        self.registry.check_push().await
    }
}
