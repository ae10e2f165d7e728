//! Azure against the lab: every kind of key and chain, requests counted, refusals, faults, rotation.

#[path = "azure/artifact_signing.rs"]
mod artifact_signing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sealwright::azure::{
    AcrCredentials, ChainSource, Cloud, CredentialType, ExtraHosts, Identity, IdentityOptions,
    KeyId, KeyVaultOptions, KeyVaultSigner, NamedIdentity, TokenSource, Wanted,
};
use sealwright::clock::{Clock, ManualClock, SystemClock};
use sealwright::credentials::CredentialSource as _;
use sealwright::crypto::Digest;
use sealwright::env::Env;
use sealwright::envelope::{
    FORMATS, Format, Payload, SealError, SealRequest, Signer as _, TargetArtifact, seal,
};
use sealwright::fault::Fault as _;
use sealwright::http::{Deadline, Http, HttpOptions};
use sealwright::lab::{
    Auth, Chain, ChainInVault, ChainOrder, Export, Fault, IssueRequest, Issued, KeySpec, Lab,
    LabOptions, Permission, Role, Route, Validity, Wording,
};

struct World {
    lab: Lab,
    clock: Arc<ManualClock>,
    http: Http,
    extra: ExtraHosts,
    tokens: Arc<Identity>,
}

impl World {
    async fn start() -> Self {
        Self::of(|lab| {
            application(lab).with("AZURE_CLIENT_SECRET", lab.identity().client_secret.expose())
        })
        .await
    }

    async fn of(env: impl FnOnce(&Lab) -> Env) -> Self {
        let options = LabOptions { auth: Auth::Acr, ..LabOptions::default() };
        let lab = Lab::start(options).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let http = Http::new(HttpOptions {
            clock: clock.clone(),
            deadline: Deadline(Duration::from_secs(600)),
            user_agent: "test".into(),
            extra_roots: vec![lab.ca_pem().as_bytes().to_vec()],
        })
        .unwrap();
        let extra = ExtraHosts::parse(&lab.extra_hosts()).unwrap();
        let tokens = Arc::new(Identity::new(IdentityOptions {
            http: http.clone(),
            env: env(&lab),
            credential_type: None,
            named: NamedIdentity::default(),
            extra_hosts: extra.clone(),
        }));
        Self { lab, clock, http, extra, tokens }
    }

    fn id(&self, text: &str) -> KeyId {
        KeyId::parse(text, &self.extra).unwrap()
    }

    fn latest(&self, name: &str) -> KeyId {
        KeyId::latest(self.lab.vault_host(), name, Cloud::Public, &self.extra).unwrap()
    }

    async fn open(
        &self,
        key: KeyId,
        chain: ChainSource,
    ) -> Result<KeyVaultSigner, sealwright::azure::AzureError> {
        let (http, tokens) = (self.http.clone(), self.tokens.clone());
        KeyVaultSigner::open(KeyVaultOptions { http, tokens, key, chain }).await
    }

    async fn seal(&self, signer: &KeyVaultSigner, format: Format) -> Result<(), SealError> {
        let target = TargetArtifact {
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            digest: Digest::sha256(b"image"),
            size: 5,
            annotations: BTreeMap::new(),
        };
        let now = self.clock.now();
        let request = SealRequest { format, payload: Payload { target }, now, expiry: None };
        let sealed = seal(&request, signer).await?;
        assert!(sealed.intact.signing_agent().unwrap().contains("azure-kv"));
        Ok(())
    }

    fn registry(&self) -> AcrCredentials {
        let extra = self.extra.clone();
        AcrCredentials::new(self.http.clone(), self.tokens.clone(), extra, Wanted::Push)
    }

    fn count(&self, role: Role) -> usize {
        self.lab.control().counts().get(&role).copied().unwrap_or_default()
    }
}

fn application(lab: &Lab) -> Env {
    Env::default()
        .with("AZURE_AUTHORITY_HOST", &format!("https://{}", lab.authority_host()))
        .with("AZURE_TENANT_ID", &lab.identity().tenant_id)
        .with("AZURE_CLIENT_ID", &lab.identity().client_id)
}

fn ca_certs(issued: &Issued) -> ChainSource {
    ChainSource::CaCerts(issued.ca_bundle_pem.clone().into_bytes())
}

#[tokio::test]
async fn every_suite_signs_in_both_formats() {
    let world = World::start().await;
    for spec in KeySpec::ALL {
        let issued = world.lab.issue(&IssueRequest::named(spec.name()).key(spec)).unwrap();
        let signer = world.open(world.id(&issued.key_id), ChainSource::Secret).await.unwrap();
        for format in FORMATS {
            world.seal(&signer, format).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_way_to_hold_a_chain_signs() {
    let world = World::start().await;
    for (i, (chain, chain_in_vault, chain_order, export)) in [
        (Chain::Two, ChainInVault::Pem, ChainOrder::LeafFirst, Export::No),
        (Chain::Three, ChainInVault::Pem, ChainOrder::Shuffled, Export::Yes),
        (Chain::Three, ChainInVault::Pfx, ChainOrder::Shuffled, Export::No),
        (Chain::Three, ChainInVault::Pfx, ChainOrder::LeafFirst, Export::Yes),
        (Chain::SelfSigned, ChainInVault::Pem, ChainOrder::LeafFirst, Export::No),
        (Chain::SelfSigned, ChainInVault::Pfx, ChainOrder::LeafFirst, Export::Yes),
        (Chain::Three, ChainInVault::LeafOnly, ChainOrder::LeafFirst, Export::Yes),
        (Chain::SelfSigned, ChainInVault::LeafOnly, ChainOrder::LeafFirst, Export::No),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("chain{i}");
        let request = IssueRequest { chain_order, export, ..IssueRequest::named(&name) };
        let request = request.chain(chain).chain_in_vault(chain_in_vault);
        let issued = world.lab.issue(&request).unwrap();
        let mut sources = Vec::new();
        if chain_in_vault != ChainInVault::LeafOnly || chain == Chain::SelfSigned {
            sources.push(ChainSource::Secret);
        }
        sources.push(match chain {
            Chain::SelfSigned => ChainSource::SelfSigned,
            Chain::Two | Chain::Three => ca_certs(&issued),
        });
        for source in sources {
            for key in [world.id(&issued.certificate_id), world.latest(&name)] {
                let signer = world.open(key, source.clone()).await.unwrap();
                let found: Vec<&[u8]> =
                    signer.chain().certificates().iter().map(|c| c.der()).collect();
                assert_eq!(found, issued.chain);
                assert_eq!(signer.key_id().version(), Some(&issued.version[..]));
                world.seal(&signer, Format::Cose).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn cold_requests_keep_their_budget() {
    for (pinned, given, vault) in
        [(false, false, 3), (true, false, 2), (false, true, 2), (true, true, 2)]
    {
        let world = World::start().await;
        let issued = world.lab.issue(&IssueRequest::named("c")).unwrap();
        let key = if pinned { world.id(&issued.key_id) } else { world.latest("c") };
        let source = if given { ca_certs(&issued) } else { ChainSource::Secret };
        let registry = world.registry();
        let signing = async {
            let signer = world.open(key, source).await.unwrap();
            world.seal(&signer, Format::Cose).await.unwrap();
        };
        let (found, ()) = tokio::join!(registry.find(world.lab.registry_https_host()), signing);
        let found = found.unwrap().unwrap();
        assert_eq!(found.source, "Entra exchange, environment (client secret)");
        assert_eq!(world.count(Role::Vault), vault, "pinned {pinned}, given {given}");
        assert_eq!(world.count(Role::Entra), 2, "one for each audience");
        assert_eq!(world.count(Role::Registry), 1);
        let requests = world.lab.control().requests();
        assert!(requests.iter().all(|r| r.status == Some(200)), "no 401 probing: {requests:?}");
    }
}

#[tokio::test]
async fn the_latest_version_is_used_and_an_older_one_on_request() {
    let world = World::start().await;
    let first = world.lab.issue(&IssueRequest::named("c")).unwrap();
    let second = world.lab.issue(&IssueRequest::named("c")).unwrap();
    let old = world.open(world.id(&first.key_id), ChainSource::Secret).await.unwrap();
    let new = world.open(world.latest("c"), ChainSource::Secret).await.unwrap();
    assert_eq!(old.key_id().to_string(), first.key_id);
    assert_eq!(new.key_id().to_string(), second.key_id);
    world.lab.issue(&IssueRequest::named("c")).unwrap();
    for signer in [old, new] {
        world.seal(&signer, Format::Jws).await.unwrap();
    }
}

#[tokio::test]
async fn refusals_become_the_commands_that_grant() {
    let world = World::start().await;
    let issued = world.lab.issue(&IssueRequest::named("c")).unwrap();
    for (permission, role, policy) in [
        (Permission::CertificateGet, "Key Vault Certificate User", "--certificate-permissions get"),
        (Permission::SecretGet, "Key Vault Secrets User", "--secret-permissions get"),
        (Permission::KeySign, "Key Vault Crypto User", "--key-permissions sign"),
    ] {
        for (wording, expected) in [(Wording::Rbac, role), (Wording::AccessPolicy, policy)] {
            world.lab.deny(permission, wording);
            let (code, hint) = match world.open(world.latest("c"), ChainSource::Secret).await {
                Ok(signer) => {
                    let error = signer.sign(b"m").await.unwrap_err();
                    (error.code(), error.hint())
                }
                Err(error) => (error.code(), error.hint()),
            };
            assert_eq!(code, "azure-vault-forbidden");
            let hint = hint.unwrap();
            assert!(hint.lines().nth(1).unwrap().contains(expected), "{hint}");
            assert_eq!(hint.contains("az role assignment"), wording == Wording::Rbac, "{hint}");
            world.lab.allow(permission);
        }
    }
    world.lab.deny(Permission::SecretGet, Wording::Rbac);
    let signer = world.open(world.latest("c"), ca_certs(&issued)).await.unwrap();
    world.seal(&signer, Format::Cose).await.unwrap();
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_found_before_the_vault_signs() {
    let world = World::start().await;
    for validity in [Validity::expired(), Validity::future()] {
        let issued = world.lab.issue(&IssueRequest { validity, ..IssueRequest::named("c") });
        let signer = world.open(world.id(&issued.unwrap().key_id), ChainSource::Secret).await;
        let error = world.seal(&signer.unwrap(), Format::Cose).await.unwrap_err();
        assert!(matches!(error, SealError::Validity(_)), "{error}");
    }
    let requests = world.lab.control().requests();
    assert!(requests.iter().all(|r| !r.path.ends_with("/sign")), "{requests:?}");
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let world = World::start().await;
    let error = world.open(world.latest("absent"), ChainSource::Secret).await.unwrap_err();
    assert_eq!(error.code(), "azure-vault-not-found");
    assert_eq!(error.service_code(), "CertificateNotFound");
}

#[tokio::test]
async fn each_request_survives_a_passing_fault() {
    for skip in 0..6 {
        for fault in [Fault::throttled(1), Fault::unavailable(), Fault::Reset, Fault::LostAnswer] {
            let world = World::start().await;
            world.lab.issue(&IssueRequest::named("c")).unwrap();
            world.lab.control().fault_after(skip, Route::any(), fault, 1);
            let signer = world.open(world.latest("c"), ChainSource::Secret).await.unwrap();
            world.seal(&signer, Format::Cose).await.unwrap();
            let registry = world.lab.registry_https_host();
            assert!(world.registry().find(registry).await.unwrap().is_some());
            assert_eq!(world.lab.control().faults_left(), 0, "request {skip}");
        }
    }
}

#[tokio::test]
async fn app_service_and_a_federated_token_sign_in() {
    let world = World::of(|lab| {
        Env::default()
            .with("IDENTITY_ENDPOINT", &lab.identity_endpoint())
            .with("IDENTITY_HEADER", lab.identity().identity_header.expose())
    })
    .await;
    assert!(world.registry().find(world.lab.registry_https_host()).await.unwrap().is_some());
    assert_eq!(world.tokens.describe(), "managedid (App Service)");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "e30.e30.federated").unwrap();
    let world = World::of(|lab| {
        application(lab).with("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap())
    })
    .await;
    assert!(world.registry().find(world.lab.registry_https_host()).await.unwrap().is_some());
    assert_eq!(world.tokens.describe(), "workloadid (federated token)");
}

#[tokio::test]
async fn a_wrong_client_secret_is_entras_refusal() {
    let world = World::of(|lab| application(lab).with("AZURE_CLIENT_SECRET", "wrong")).await;
    let error = world.registry().find(world.lab.registry_https_host()).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert!(error.to_string().contains("AADSTS7000215"), "{error}");
    assert!(error.to_string().contains(CredentialType::Environment.name()));
    assert_eq!(world.count(Role::Registry), 0);
}
