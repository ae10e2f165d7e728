//! A registry whose refusals name the roles that are missing.

use std::sync::Arc;

use super::remembered::Remembered;
use crate::azure::{
    Audience, ExtraHosts, Identity, RegistryHost, TokenSource, Wanted, registry_hint,
};
use crate::crypto::Digest;
use crate::envelope::TargetArtifact;
use crate::fault::{BoxFault, Fault};
use crate::registry::{
    Child, Connection, FetchedSignature, Listing, PushPermission, Pushed, Reference, Registry,
    RegistryClient, Resolved, SignatureDescriptor, SignaturePush,
};

/// One repository; on Azure a refused request names the commands that grant what is missing.
pub struct RoleHints {
    pub registry: RegistryClient,
    pub connection: Arc<Connection>,
    pub identity: Arc<Identity>,
    pub extra_hosts: ExtraHosts,
    pub remembered: Arc<Remembered>,
}

/// The code of a request that the registry refused.
const DENIED: &str = "registry-denied";

impl RoleHints {
    /// The answer; a refusal names the commands that grant what is wanted.
    pub async fn hinted<T>(
        &self,
        answer: Result<T, BoxFault>,
        wanted: Wanted,
    ) -> Result<T, BoxFault> {
        match answer {
            Err(fault) if fault.code() == DENIED => Err(self.explain(fault, wanted).await),
            other => other,
        }
    }

    async fn explain(&self, fault: BoxFault, wanted: Wanted) -> BoxFault {
        let host = self.connection.host();
        let Ok(azure) = RegistryHost::parse(host, &self.extra_hosts) else { return fault };
        if self.connection.credential_source().is_none() {
            let hint = format!(
                "log in with an identity of yours: az login\n\
                 in GitHub, give the step azure-client-id and azure-tenant-id; in Azure Pipelines, the task azureSubscription\n\
                 with a user name and a password: sealwright login -u <user> --password-stdin {host}"
            );
            return Box::new(Hinted { fault, hint });
        }
        // Whoever came with a stored credential is not known here.
        let by_entra =
            self.connection.credential_source().is_some_and(|source| source.starts_with("Entra"));
        let principal = match by_entra {
            true => {
                let token = self.identity.token(Audience::registry(azure.cloud())).await;
                token.ok().and_then(|token| token.principal())
            }
            false => None,
        };
        let Some(roles) = registry_hint(host, &self.extra_hosts, wanted, principal.as_ref()) else {
            return fault;
        };
        let hint = match self.connection.credential_source() {
            Some(source) if !by_entra => format!(
                "the registry's credential came from {source}; if it is wrong or has expired:\n\
                 sealwright login {host}\n\
                 if it is right, {roles}"
            ),
            _ => roles,
        };
        Box::new(Hinted { fault, hint })
    }
}

#[async_trait::async_trait]
impl Registry for RoleHints {
    async fn resolve(&self, reference: &Reference) -> Result<TargetArtifact, BoxFault> {
        if let Some(target) = self.remembered.target(reference) {
            return Ok(target);
        }
        let answer = self.registry.resolve(reference).await;
        let target = self.hinted(answer, Wanted::Pull).await?;
        self.remembered.keep(reference, &target);
        Ok(target)
    }

    async fn resolve_with_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        // what another index states is compared with the bytes anew
        if stated.is_none()
            && let Some(resolved) = self.remembered.with_children(reference)
        {
            return Ok(resolved);
        }
        let answer = self.registry.resolve_with_children(reference, stated).await;
        let resolved = self.hinted(answer, Wanted::Pull).await?;
        self.remembered.keep_with_children(reference, &resolved);
        Ok(resolved)
    }

    async fn signatures(&self, subject: &Digest, limit: usize) -> Result<Listing, BoxFault> {
        self.hinted(self.registry.signatures(subject, limit).await, Wanted::Pull).await
    }

    async fn fetch_signature(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        self.hinted(self.registry.fetch_signature(subject, signature).await, Wanted::Pull).await
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        self.hinted(self.registry.prepare_push().await, Wanted::Push).await
    }

    async fn push_signature(&self, push: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        self.hinted(self.registry.push_signature(push).await, Wanted::Push).await
    }

    async fn delete_signature(&self, signature: &Digest) -> Result<(), BoxFault> {
        self.hinted(self.registry.delete_signature(signature).await, Wanted::Delete).await
    }

    async fn unlist_signatures(
        &self,
        subject: &Digest,
        signatures: &[Digest],
    ) -> Result<Vec<String>, BoxFault> {
        let answer = self.registry.unlist_signatures(subject, signatures).await;
        self.hinted(answer, Wanted::Delete).await
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        self.hinted(self.registry.check_push().await, Wanted::Push).await
    }
}

/// A fault with a better next step.
#[derive(Debug)]
struct Hinted {
    fault: BoxFault,
    hint: String,
}

impl std::fmt::Display for Hinted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for Hinted {}

impl Fault for Hinted {
    fn code(&self) -> &'static str {
        self.fault.code()
    }
    fn because(&self) -> Vec<String> {
        self.fault.because()
    }
    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
    fn exit(&self) -> u8 {
        self.fault.exit()
    }
}
