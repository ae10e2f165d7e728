//! Certificates of a vault: created, merged, imported and looked at
//! (Azure Key Vault REST API reference, "Certificates").

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{Call, Vault, object, parse};
use super::state::{BundleDraft, PageDraft, PendingDraft, PolicyDraft, PolicyState, Status};
use super::{CertificatePolicy, CertificateState, KeyId, PendingRequest, VersionState};
use super::{chain, policy};
use crate::azure::{AzureError, ChainMode, Permission, TokenSource};
use crate::crypto::Suite;
use crate::http::Http;
use crate::secret::Secret;
use crate::x509::Certificate;

/// One certificate of a vault, by its name.
pub struct Certificates {
    vault: Vault,
    name: KeyId,
}

/// most pages of a version list that are read; one holds 25 versions
const PAGE_LIMIT: usize = 40;

/// waits between looks at a certificate that the vault itself makes, which takes it some seconds
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What a request that is not there, or whose certificate is not, is answered.
const NOT_THERE: [&str; 2] = ["CertificateNotFound", "PendingCertificateNotFound"];

impl Certificates {
    /// `mode` says which roles a refusal names.
    pub fn new(http: Http, tokens: Arc<dyn TokenSource>, id: &KeyId, mode: ChainMode) -> Self {
        Self { vault: Vault { http, tokens, mode }, name: id.clone() }
    }

    /// The version named, or the latest.
    pub fn id(&self) -> &KeyId {
        &self.name
    }

    /// The certificate at this version, or the latest.
    pub async fn state(&self) -> Result<CertificateState, AzureError> {
        let call = Call::get(object(&self.name, "certificates", ""));
        let answer = self.vault.ask(&self.name, Permission::CertificateGet, &call).await?;
        let draft: BundleDraft = parse(Permission::CertificateGet, &answer.body)?;
        draft.validate(&self.name)
    }

    /// The same; none where the vault has no such name.
    pub async fn find(&self) -> Result<Option<CertificateState>, AzureError> {
        there(self.state().await)
    }

    /// The request that makes the next version; none where nothing was asked for.
    pub async fn pending(&self) -> Result<Option<PendingRequest>, AzureError> {
        let call = Call::get(self.address("/pending"));
        let answer = self.vault.ask(&self.name, Permission::CertificateGet, &call).await;
        there(answer)?.map(|answer| request(Permission::CertificateGet, &answer.body)).transpose()
    }

    /// The policy that the next version is made with; so is one that waits.
    pub async fn policy(&self) -> Result<PolicyState, AzureError> {
        let call = Call::get(self.address("/policy"));
        let answer = self.vault.ask(&self.name, Permission::CertificateGet, &call).await?;
        let draft: PolicyDraft = parse(Permission::CertificateGet, &answer.body)?;
        Ok(draft.validate())
    }

    /// Begins a new version, with a new key.
    pub async fn create(&self, policy: &CertificatePolicy) -> Result<PendingRequest, AzureError> {
        let permission = Permission::CertificateCreate;
        let body = json!({ "policy": policy.to_json(), "attributes": { "enabled": true } });
        let call = Call::post(self.address("/create"), body.to_string());
        let answer = self.vault.ask(&self.name, permission, &call).await?;
        request(permission, &answer.body)
    }

    /// Waits until the vault has made what it signs itself.
    pub async fn made(&self) -> Result<CertificateState, AzureError> {
        let mut waits = WAITS.into_iter();
        let last = WAITS[WAITS.len() - 1];
        loop {
            self.vault.http.clock().sleep(waits.next().unwrap_or(last)).await;
            match self.pending().await?.map(|pending| pending.status) {
                Some(Status::InProgress) => {}
                Some(Status::Failed { code, message }) => {
                    return Err(AzureError::NotMade { code, message });
                }
                Some(Status::Completed) | None => return self.state().await,
            }
        }
    }

    /// Throws the pending request away, with its key.
    pub async fn delete_pending(&self) -> Result<(), AzureError> {
        let call = Call::delete(self.address("/pending"));
        let answer = self.vault.ask(&self.name, Permission::CertificateUpdate, &call).await;
        // a retry may find it gone
        there(answer).map(drop)
    }

    /// Puts the CA's answer, leaf first, to the key of the pending request.
    pub async fn merge(&self, chain: &[Certificate]) -> Result<CertificateState, AzureError> {
        let permission = Permission::CertificateCreate;
        let x5c: Vec<Value> = chain.iter().map(|c| STANDARD.encode(c.der()).into()).collect();
        let body = json!({ "x5c": x5c, "attributes": { "enabled": true } });
        let call = Call::post(self.address("/pending/merge"), body.to_string());
        match self.vault.ask(&self.name, permission, &call).await {
            Ok(answer) => {
                let draft: BundleDraft = parse(permission, &answer.body)?;
                draft.validate(&self.name)
            }
            // the answer to a first attempt may have been lost
            Err(refused @ (AzureError::NotFound { .. } | AzureError::Vault { .. })) => {
                match self.find().await {
                    Ok(Some(state)) if state.leaf.as_ref() == chain.first() => Ok(state),
                    _ => Err(refused),
                }
            }
            Err(other) => Err(other),
        }
    }

    /// Imports a private key (PKCS#8) and its chain, leaf first, as one PEM text. The key cannot be
    /// exported afterwards.
    pub async fn import(&self, pem: &Secret, suite: Suite) -> Result<CertificateState, AzureError> {
        let permission = Permission::CertificateImport;
        let draft = ImportDraft { value: pem.expose(), policy: policy::imported(suite) };
        let body = serde_json::to_vec(&draft).expect("it has text keys and is written to memory");
        let call = Call::post(self.address("/import"), body);
        let answer = self.vault.ask(&self.name, permission, &call).await;
        call.wipe();
        let draft: BundleDraft = parse(permission, &answer?.body)?;
        draft.validate(&self.name)
    }

    /// Every version, the newest first.
    pub async fn versions(&self) -> Result<Vec<VersionState>, AzureError> {
        let name = self.name.unpinned();
        let permission = Permission::CertificateList;
        let mut next = Some(object(&name, "certificates", "/versions"));
        let mut versions = Vec::new();
        for _ in 0..PAGE_LIMIT {
            let Some(url) = next.take() else { break };
            let answer = self.vault.ask(&name, permission, &Call::get(url)).await?;
            let page: PageDraft = parse(permission, &answer.body)?;
            let (found, following) = page.validate(&name)?;
            versions.extend(found);
            next = following;
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.created));
        Ok(versions)
    }

    /// The chain of this state's leaf, root last, from the secret of the same version
    /// (`secrets/get`): [`AzureError::ChainMissing`] where the leaf alone is there.
    pub async fn chain(&self, state: &CertificateState) -> Result<Vec<Certificate>, AzureError> {
        let secret = self.vault.secret(&state.id).await?;
        let bag = chain::certificates(&state.id, &secret)?;
        let leaf = match &state.leaf {
            Some(leaf) if bag.contains(leaf) => leaf,
            _ => return Err(AzureError::LeafNotInSecret { key: state.id.to_string() }),
        };
        chain::complete(leaf, &bag)
    }

    fn address(&self, action: &str) -> url::Url {
        object(&self.name.unpinned(), "certificates", action)
    }
}

#[derive(serde::Serialize)]
struct ImportDraft<'a> {
    value: &'a str,
    policy: Value,
}

fn request(permission: Permission, body: &[u8]) -> Result<PendingRequest, AzureError> {
    let draft: PendingDraft = parse(permission, body)?;
    draft.validate()
}

/// What is not there is none; a version that is not there is an error.
fn there<T>(answer: Result<T, AzureError>) -> Result<Option<T>, AzureError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(AzureError::NotFound { code, .. }) if NOT_THERE.contains(&code.as_str()) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
#[path = "certificates_tests.rs"]
mod tests;
