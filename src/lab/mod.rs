//! A whole world on loopback: registry, key vault, Entra, Azure Resource Manager, GitHub's API, a
//! time-stamping authority and a small PKI.
//!
//! It proves that the program agrees with itself; that it agrees with others is proven elsewhere.
//! Of this crate it uses `clock` and `secret` alone, so that one mistake cannot cancel another.
//! Everything secret in it is public and thrown away: the keys under `keys/` are test keys that
//! anyone can read, there because making an RSA key takes long without optimization.
//!
//! The registry answers at `http://localhost:PORT` and `https://127.0.0.1:PORT`, the vault,
//! Artifact Signing, Entra, Azure Resource Manager and GitHub's API at `https://localhost:PORT`, the control and the
//! time-stamping authority at `http://127.0.0.1:PORT`.

mod arm;
mod artifact_signing;
mod content;
mod control;
mod entra;
mod error;
mod github;
mod identity;
mod message;
mod options;
mod pki;
mod registry;
mod serve;
mod server;
mod status;
#[cfg(test)]
mod tests;
mod tls;
mod tsa;
mod vault;
mod vault_state;

pub use arm::{
    Builds, Ending, MANAGED_REGISTRY, Queueing, RESOURCE_GROUP, RunPlan, STORAGE_SIGNATURE,
    SUBSCRIPTION,
};
pub use artifact_signing::SigningProfile;
pub use control::{Control, Exchange, Fault, HOLD, Role, Route};
pub use error::LabError;
pub use github::{Comment, GITHUB_REPOSITORY, GitHubPermission};
pub use identity::Identity;
pub use options::{Anonymous, Auth, Blobs, Deletes, Filters, LabOptions, Pushes, Referrers};
pub use pki::{Chain, Flaw, IssueRequest, KeySpec, LabKey, Revocation, Validity};
pub use serve::{ServeOptions, serve};
pub use status::Telling;
pub use tsa::{Stamp, Tsa};
pub use vault::{ChainInVault, ChainOrder, Export, Permission, Wording};

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::secret::Secret;
use arm::{Arm, Storage};
use artifact_signing::ArtifactSigning;
use control::Remote;
use entra::{ClientKeys, DevOps, Entra, Issued as IssuedTokens, Oidc};
use github::GitHub;
use pki::{Pki, pem};
use registry::{Door, Registry, Rules, Store};
use server::{Port, Service, Site};
use status::StatusServer;
use tls::Tls;
use vault::{Access, Certificates, Pending, Vault, Version};

/// A running lab; it ends when dropped.
pub struct Lab {
    control: Control,
    control_host: String,
    identity: Identity,
    auth: Auth,
    ca_pem: String,
    clock: Arc<dyn Clock>,
    pki: Arc<Pki>,
    status: Arc<StatusServer>,
    status_host: String,
    registry: Arc<Registry>,
    registry_http: String,
    registry_https: String,
    vault: Arc<Vault>,
    entra: Arc<Entra>,
    authority_host: String,
    github: Arc<GitHub>,
    github_host: String,
    arm: Arc<Arm>,
    management_host: String,
    tsa: Arc<Tsa>,
    tsa_host: String,
    artifact_signing: Arc<ArtifactSigning>,
    tasks: Vec<JoinHandle<()>>,
    apart: Option<Runtime>,
}

/// A certificate issued into the vault.
#[derive(Clone)]
pub struct Issued {
    pub name: String,
    /// 32 hexadecimal digits.
    pub version: String,
    /// `https://HOST:PORT/keys/NAME/VERSION`
    pub key_id: String,
    /// `https://HOST:PORT/certificates/NAME/VERSION`
    pub certificate_id: String,
    /// DER, leaf first, root last.
    pub chain: Vec<Vec<u8>>,
    pub leaf_pem: String,
    /// The last of the chain; the leaf itself when it is self-signed.
    pub root_pem: String,
    /// Everything above the leaf; empty when it is self-signed.
    pub ca_bundle_pem: String,
    pub key: Arc<LabKey>,
}

impl Lab {
    /// Binds free ports of 127.0.0.1 and serves until stopped or dropped.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        let tls = Tls::new()?;
        let [http, https] = [Port::bind().await?, Port::bind().await?];
        let [vault_port, entra_port] = [Port::bind().await?, Port::bind().await?];
        let [github_port, control_port] = [Port::bind().await?, Port::bind().await?];
        let tsa_port = Port::bind().await?;
        let [status_port, signing_port] = [Port::bind().await?, Port::bind().await?];
        let [arm_port, storage_port] = [Port::bind().await?, Port::bind().await?];
        let vault_host = format!("localhost:{}", vault_port.number());
        let authority_host = format!("localhost:{}", entra_port.number());
        let github_host = format!("localhost:{}", github_port.number());

        let control = Control::new();
        let identity = Identity::lab();
        let issued = Arc::new(IssuedTokens::new(options.clock.clone()));
        let pki = Arc::new(Pki::default());
        let registry = Arc::new(Registry {
            store: Store::default(),
            door: Door::new(&options, identity.clone(), issued.clone()),
            rules: Rules::from(&options),
        });
        let vault = Arc::new(Vault {
            host: vault_host,
            authority: authority_host.clone(),
            identity: identity.clone(),
            issued: issued.clone(),
            access: Access::default(),
            certificates: Certificates::default(),
            pending: Pending::default(),
            pki: pki.clone(),
            clock: options.clock.clone(),
        });
        let entra = Arc::new(Entra {
            identity: identity.clone(),
            issued: issued.clone(),
            keys: ClientKeys::default(),
            oidc: Oidc::new(options.clock.clone()),
            devops: DevOps::new(options.clock.clone()),
        });

        let status = Arc::new(StatusServer::new(pki.clone(), options.clock.clone()));
        let status_host = format!("127.0.0.1:{}", status_port.number());

        let host = format!("localhost:{}", signing_port.number());
        let artifact_signing = Arc::new(ArtifactSigning::new(
            host,
            issued.clone(),
            pki.clone(),
            options.clock.clone(),
        ));

        let github = GitHub::new(identity.clone());
        let tsa = Arc::new(Tsa::valid_for(options.timestamp_validity, options.clock.clone())?);
        let tsa_host = format!("127.0.0.1:{}", tsa_port.number());

        let registry_http = format!("localhost:{}", http.number());
        let registry_https = format!("127.0.0.1:{}", https.number());
        let storage_host = format!("localhost:{}", storage_port.number());
        let storage = Storage::new(storage_host, options.clock.clone());
        let management_host = format!("localhost:{}", arm_port.number());
        let arm = Arm::new(
            identity.clone(),
            issued,
            options.clock.clone(),
            registry.clone(),
            registry_https.clone(),
            storage.clone(),
        );
        let control_host = format!("127.0.0.1:{}", control_port.number());
        let site =
            |role, service: Arc<dyn Service>| Arc::new(Site::Role(role, service, control.clone()));
        let acceptor = || Some(tls.acceptor.clone());
        let remote = Arc::new(Site::Remote(Remote { control: control.clone() }));
        let tasks = vec![
            http.serve(None, site(Role::Registry, registry.clone())),
            https.serve(acceptor(), site(Role::Registry, registry.clone())),
            vault_port.serve(acceptor(), site(Role::Vault, vault.clone())),
            entra_port.serve(acceptor(), site(Role::Entra, entra.clone())),
            status_port.serve(None, site(Role::Status, status.clone())),
            github_port.serve(acceptor(), site(Role::GitHub, github.clone())),
            arm_port.serve(acceptor(), site(Role::Management, arm.clone())),
            storage_port.serve(acceptor(), site(Role::Storage, storage)),
            tsa_port.serve(None, site(Role::Tsa, tsa.clone())),
            signing_port.serve(acceptor(), site(Role::ArtifactSigning, artifact_signing.clone())),
            control_port.serve(None, remote),
        ];
        Ok(Self {
            control,
            control_host,
            identity,
            auth: options.auth,
            ca_pem: tls.ca_pem,
            clock: options.clock,
            pki,
            status,
            status_host,
            registry,
            registry_http,
            registry_https,
            vault,
            entra,
            authority_host,
            github,
            github_host,
            arm,
            management_host,
            tsa,
            tsa_host,
            artifact_signing,
            tasks,
            apart: None,
        })
    }

    /// The same on threads of its own, so that the caller may block, as on a child process.
    pub fn start_apart(options: LabOptions) -> Result<Self, LabError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(LabError::Threads)?;
        // A thread, because the caller may itself be in a runtime.
        let started = std::thread::scope(|scope| {
            scope.spawn(|| runtime.block_on(Self::start(options))).join()
        });
        let mut lab = started.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        lab.apart = Some(runtime);
        Ok(lab)
    }

    /// Stops serving; connections are cut.
    pub async fn stop(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // The only outcome is that it was aborted.
            let _ = task.await;
        }
    }

    /// The registry as references name it: `localhost:PORT` over plain http, or, with [`Auth::Acr`],
    /// `127.0.0.1:PORT` over https.
    pub fn registry_host(&self) -> &str {
        match self.auth {
            Auth::Acr => &self.registry_https,
            _ => &self.registry_http,
        }
    }

    /// `127.0.0.1:PORT`, the same registry over https.
    pub fn registry_https_host(&self) -> &str {
        &self.registry_https
    }

    /// `localhost:PORT`, https.
    pub fn vault_host(&self) -> &str {
        &self.vault.host
    }

    /// `localhost:PORT`, https.
    pub fn authority_host(&self) -> &str {
        &self.authority_host
    }

    /// `127.0.0.1:PORT`, plain http.
    pub fn control_host(&self) -> &str {
        &self.control_host
    }

    /// `https://localhost:PORT/msi/token`, for `IDENTITY_ENDPOINT`.
    pub fn identity_endpoint(&self) -> String {
        format!("https://{}/msi/token", self.authority_host)
    }

    /// For `ACTIONS_ID_TOKEN_REQUEST_URL`; it has a query, as GitHub's has.
    pub fn oidc_url(&self) -> String {
        format!("https://{}/oidc/token?api-version=2.0", self.authority_host)
    }

    /// For `SYSTEM_OIDCREQUESTURI`; a job of Azure Pipelines POSTs to it.
    pub fn devops_oidc_url(&self) -> String {
        format!("https://{}/devops/lab/oidctoken", self.authority_host)
    }

    /// What AzureCLI@2 hands on as `idToken`: a token of the service connection, made now.
    pub fn devops_id_token(&self) -> Secret {
        Secret::new(self.entra.devops.token())
    }

    /// The value of `azure-extra-hosts` that admits this lab.
    pub fn extra_hosts(&self) -> String {
        format!(
            "vault={},registry={},authority={},artifact-signing={},management={},storage={}",
            self.vault.host,
            self.registry_https,
            self.authority_host,
            self.artifact_signing.host,
            self.management_host,
            self.arm.storage.host
        )
    }

    /// The certificate to trust for the lab's https.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The registry's user.
    pub fn username(&self) -> &str {
        &self.identity.username
    }

    pub fn password(&self) -> &Secret {
        &self.identity.password
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Issues a certificate into the vault; a name that is there already gets a new version.
    pub fn issue(&self, request: &IssueRequest) -> Result<Issued, LabError> {
        let name = &request.name;
        if !is_vault_name(name) {
            return Err(LabError::Name(name.chars().take(200).collect()));
        }
        let request = &status::at_host(request, &self.status_host);
        let issued = self.pki.issue(request, self.clock.now())?;
        let version = Version::new(request, &issued)?;
        let id = version.id.clone();
        self.vault.certificates.add(name, version);
        let pems: Vec<String> = issued.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
        Ok(Issued {
            key_id: format!("https://{}/keys/{name}/{id}", self.vault.host),
            certificate_id: format!("https://{}/certificates/{name}/{id}", self.vault.host),
            name: name.clone(),
            version: id,
            leaf_pem: pems.first().cloned().unwrap_or_default(),
            root_pem: pems.last().cloned().unwrap_or_default(),
            ca_bundle_pem: pems.get(1..).unwrap_or_default().concat(),
            chain: issued.chain,
            key: issued.key,
        })
    }

    /// From now on client assertions are checked against the keys registered here
    /// (SubjectPublicKeyInfo DER).
    pub fn register_client_key(&self, spki: &[u8]) {
        self.entra.keys.register(spki);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Some(runtime) = self.apart.take() {
            runtime.shutdown_background();
        }
    }
}

/// Key Vault names: 1 to 127 letters, digits and dashes.
fn is_vault_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
