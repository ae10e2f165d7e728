//! The work of a CI step, done with the clients of `world`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use futures_util::future::FutureExt as _;
use tokio::sync::OnceCell;

use super::cancelled::cancelled;
use super::error::CliError;
use super::examination::Examination;
use super::native_plugin::AZURE_KV;
use super::session::Session;
use super::signing_key::SigningKey;
use super::step_plugin::install_absent;
use super::world::{World, stores};
use crate::azure::{CertificateProfile, ExtraHosts, KeyId, full_registry_name};
use crate::batch::{Member, Once, sign_once};
use crate::ci::{
    Cancelled, ChainSource, Command, KeyChoice, LogOut, LoggedIn, Login, Presence, Provenance,
    Services, Step, Written,
};
use crate::clock::Clock;
use crate::config::{Dirs, docker_config};
use crate::credentials::{Credential, CredentialSource, Found};
use crate::crypto::Digest;
use crate::doctor::Finding;
use crate::env::{Env, name};
use crate::envelope::{Countersigner, Signer};
use crate::fault::{BoxFault, Fault};
use crate::registry::{Access, Reference, Registry};
use crate::revocation::RevocationCheck;
use crate::sign::{OpenSigner, OwnRevocation, Rehearsal, SignError, SignRequest, rehearse};
use crate::timestamp::Stamper;
use crate::trust::{Policy, TrustStoreDir};
use crate::verify::{Outcome, VerificationPlugins, VerifyError, VerifyRequest, verify};

/// Failures that only say that nobody gave a credential.
const NO_CREDENTIAL: [&str; 7] = [
    "azure-no-credential",
    "azure-credential-not-configured",
    "azure-oidc-permission",
    "azure-oidc-act",
    "azure-connection-not-given",
    "azure-connection-oidc",
    "cli-nothing-to-log-in-with",
];
/// The same, where nobody brought a credential.
const DENIED: &str = "registry-denied";
/// Failures that, under act, only say that the world outside is not there.
const NO_WORLD: [&str; 4] =
    ["http-transport", "http-deadline", "azure-credential-failed", "registry-token"];

/// most signatures tried for one image, as notation's default
const MAX_SIGNATURES: usize = 100;

/// Where `trust-policy` and `trust-store` were installed, or notation's own directories.
pub struct TrustDirs {
    pub policy: Dirs,
    pub store: Dirs,
}

/// A step's clients, opened once for all its images.
pub struct StepServices {
    world: World,
    step: Step,
    trust: TrustDirs,
    clock: Arc<dyn Clock>,
    env: Env,
    policy: OnceCell<Policy>,
    revocation: Arc<dyn RevocationCheck>,
    plugins: VerificationPlugins,
    own_revocation: Option<OwnRevocation>,
    signer: OnceCell<Arc<dyn Signer>>,
    stamper: OnceCell<Stamper>,
    cancelled: Cancelled,
}

/// The stores that the end of the job takes entries out of.
pub struct LoginStores {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
}

impl StepServices {
    pub fn new(step: &Step, world: World, trust: TrustDirs, session: &Session) -> Self {
        let revocation: Arc<dyn RevocationCheck> = Arc::new(world.revocation(step.revocation));
        let own = step.own_revocation.map(|rule| OwnRevocation::new(rule, revocation.clone()));
        Self {
            revocation,
            plugins: world.verification_plugins(step.plugin.config.clone()),
            own_revocation: own,
            world,
            step: step.clone(),
            trust,
            clock: session.clock.clone(),
            env: session.env.clone(),
            policy: OnceCell::new(),
            signer: OnceCell::new(),
            stamper: OnceCell::new(),
            cancelled: cancelled(),
        }
    }

    /// The key the inputs name, else the default of signingkeys.json; shapes that only Azure can judge are judged here.
    fn key(&self) -> Result<SigningKey, BoxFault> {
        let extra = ExtraHosts::parse(self.step.azure_extra_hosts.as_deref().unwrap_or_default())?;
        let Some(choice) = &self.step.key else {
            let dirs = Dirs::from_env(&self.env)?;
            return SigningKey::default_in_list(self.plugin_config(), &dirs);
        };
        let id = match choice {
            KeyChoice::Named(name) => {
                let dirs = Dirs::from_env(&self.env)?;
                return SigningKey::in_list(name, self.plugin_config(), &dirs);
            }
            KeyChoice::ArtifactSigning { endpoint, account, profile } => {
                let (endpoint, account, profile) =
                    (endpoint.clone(), account.clone(), profile.clone());
                CertificateProfile::parse(&endpoint, &account, &profile, &extra)?;
                return Ok(SigningKey::ArtifactSigning { endpoint, account, profile });
            }
            KeyChoice::Plugin { id } => {
                let plugin = self.step.plugin.name.as_str();
                let key = SigningKey::of_plugin(plugin, id, self.step.plugin.config.clone())?;
                return match key {
                    SigningKey::ArtifactSigning { .. } if self.step.timestamps.is_none() => {
                        Err(CliError::ShortLivedWithoutTimestamp.into())
                    }
                    key => Ok(key),
                };
            }
            KeyChoice::Id(id) => KeyId::parse(id, &extra)?.to_string(),
            KeyChoice::Certificate { vault, certificate } => {
                KeyId::latest(vault, certificate, self.step.cloud(), &extra)?.to_string()
            }
        };
        SigningKey::of_plugin(AZURE_KV.name, &id, self.plugin_config())
    }

    /// The inputs as the settings of notation's azure-kv plugin, with those given as such.
    fn plugin_config(&self) -> BTreeMap<String, String> {
        let mut config = self.step.plugin.config.clone();
        match &self.step.chain {
            ChainSource::Vault => {}
            ChainSource::SelfSigned => {
                config.insert("self_signed".to_owned(), "true".to_owned());
            }
            ChainSource::CaCerts(path) => {
                config.insert("ca_certs".to_owned(), path.display().to_string());
            }
        }
        if let Some(kind) = &self.step.credential_type {
            config.insert("credential_type".to_owned(), kind.clone());
        }
        config
    }

    /// The signer, opened by the first image and shared by the others.
    fn signer(&self) -> OpenSigner<'_> {
        let open = || async { self.world.signer(&self.key()?)?.await };
        async move { self.signer.get_or_try_init(open).await.cloned() }.boxed()
    }

    fn request<'a>(&'a self, image: &'a Reference) -> SignRequest<'a> {
        SignRequest {
            reference: image,
            format: self.step.format,
            expiry: self.step.expiry,
            user_metadata: self.step.user_metadata.clone(),
            mode: self.step.mode,
            countersigner: self.stamper.get().map(|stamper| stamper as &dyn Countersigner),
            own_revocation: self.own_revocation.as_ref(),
        }
    }

    fn access(&self) -> Access {
        match self.step.command {
            Command::Verify => Access::Pull,
            _ => Access::PullPush,
        }
    }

    fn repository(&self, image: &Reference) -> Result<Arc<dyn Registry>, SignError> {
        self.world.registry(image, Access::PullPush).map_err(SignError::Registry)
    }
}

#[async_trait::async_trait]
impl Services for StepServices {
    async fn prepare(&self) -> Result<(), BoxFault> {
        install_absent(&self.step.plugin, &self.world).await?;
        if self.step.command == Command::Verify {
            let policy = crate::config::trust_policy::load(&self.trust.policy)?;
            // the cell is empty: a step prepares once
            let _ = self.policy.set(policy);
        } else {
            self.world.find_plugin(&self.key()?)?;
            if let Some(timestamps) = &self.step.timestamps {
                let stamper = self.world.stamper(
                    &timestamps.urls,
                    &timestamps.root,
                    self.revocation.clone(),
                )?;
                let _ = self.stamper.set(stamper);
            }
        }
        Ok(())
    }

    async fn resolve(&self, image: &Reference) -> Result<Reference, BoxFault> {
        self.world.by_digest(image, self.access(), self.step.reach).await
    }

    async fn expand(&self, image: &Reference) -> Result<Vec<Member>, BoxFault> {
        self.world.expand(image, self.access()).await
    }

    async fn sign(&self, image: &Reference) -> Result<Once, SignError> {
        let registry = self.repository(image)?;
        let (request, renewal) = (self.request(image), self.step.renewal);
        sign_once(&*registry, self.signer(), &*self.clock, &request, renewal).await
    }

    async fn rehearse(&self, image: &Reference) -> Result<Rehearsal, SignError> {
        let registry = self.repository(image)?;
        rehearse(&*registry, self.signer(), &*self.clock, &self.request(image)).await
    }

    async fn verify(&self, image: &Reference) -> Result<Outcome, VerifyError> {
        let policy = self.policy.get().expect("prepared before the first image");
        let registry = self.world.registry(image, Access::Pull).map_err(VerifyError::Resolve)?;
        let store = TrustStoreDir::new(self.trust.store.trust_store());
        let request = VerifyRequest {
            reference: image,
            max_signatures: MAX_SIGNATURES,
            user_metadata: self.step.user_metadata.clone(),
        };
        let (revocation, plugins) = (&*self.revocation, &self.plugins);
        verify(&*registry, policy, &store, revocation, plugins, &*self.clock, &request).await
    }

    async fn examine(&self, image: Option<&Reference>) -> Result<Vec<Finding>, BoxFault> {
        let timestamps = self.step.timestamps.as_ref();
        let examination = Examination {
            world: &self.world,
            key: self.key(),
            reference: image,
            timestamps: timestamps.map(|given| (given.urls.clone(), given.root.clone())),
            format: self.step.format,
            policy: self.trust.policy.clone(),
            store: self.trust.store.clone(),
            clock: self.clock.clone(),
        };
        Ok(examination.run().await)
    }

    fn provenance(&self, image: &Reference) -> Provenance {
        let mut provenance = self.world.provenance(image);
        if let (Command::Sign, Some(KeyChoice::Named(name))) = (self.step.command, &self.step.key) {
            provenance.key.get_or_insert_with(|| name.clone());
        }
        provenance
    }

    fn throttled(&self) -> u64 {
        self.world.throttled()
    }

    fn cancelled(&self) -> Cancelled {
        self.cancelled.clone()
    }

    async fn log_in(&self, registry: &str) -> Result<LoggedIn, BoxFault> {
        let host = full_registry_name(registry, self.step.cloud());
        let access = match self.step.command {
            Command::Verify => Access::Pull,
            _ => Access::PullPush,
        };
        let connection = self.world.connection(&host, access)?;
        connection.check_login().await?;
        let source = connection.credential_source().unwrap_or("anonymous").to_owned();
        Ok(LoggedIn { registry: host, source })
    }

    async fn prove_login(&self, registry: &str) -> Result<Login, BoxFault> {
        let host = full_registry_name(registry, self.step.cloud());
        let Found { credential, source } = self.world.credential_to_store(&host).await?;
        let found = Found { credential: credential.clone(), source: source.clone() };
        self.world.connect_with(&host, found)?.check_login().await?;
        let stored = self.world.stores().find(&host).await?;
        let presence = match stored {
            Some(stored) if stored.credential == credential => Presence::Present,
            _ => Presence::Absent,
        };
        let docker = docker_config(&self.env)?;
        let entry = Written {
            registry: host,
            fingerprint: fingerprint(&credential),
            notation_config: Dirs::from_env(&self.env)?.config().to_owned(),
            docker_config: docker.parent().unwrap_or(&docker).to_owned(),
        };
        Ok(Login { entry, source, credential, presence })
    }

    async fn store_login(&self, login: &Login) -> Result<String, BoxFault> {
        let place = self.world.stores().store(&login.entry.registry, &login.credential).await?;
        Ok(place.to_string())
    }

    fn lacks_credentials(&self, registry: &str, fault: &dyn Fault) -> bool {
        let code = fault.code();
        let host = full_registry_name(registry, self.step.cloud());
        // whoever came with a credential and was refused has one
        let anonymous = code == DENIED && self.world.credential_source(&host).is_none();
        let under_act = self.env.value(name::ACT).is_some();
        anonymous || NO_CREDENTIAL.contains(&code) || (under_act && NO_WORLD.contains(&code))
    }
}

#[async_trait::async_trait]
impl LogOut for LoginStores {
    async fn log_out(&self, written: &Written) -> Result<String, BoxFault> {
        let env = self.env.clone();
        let env = env.with(name::NOTATION_CONFIG, &written.notation_config.to_string_lossy());
        let env = env.with(name::DOCKER_CONFIG, &written.docker_config.to_string_lossy());
        let stores = stores(Dirs::from_env(&env)?, &env, self.clock.clone());
        let host = &written.registry;
        let current = stores.find(host).await?;
        if current.is_none_or(|found| fingerprint(&found.credential) != written.fingerprint) {
            return Ok(format!("left {host} alone: its entry is not the one this step wrote"));
        }
        Ok(match stores.erase(host).await? {
            Some(place) => format!("removed {host} from {place}"),
            None => format!("{host} was removed already"),
        })
    }
}

/// SHA-256 over what a store keeps of a credential.
fn fingerprint(credential: &Credential) -> String {
    let text = match credential {
        Credential::Anonymous => String::new(),
        Credential::Basic { username, password } => format!("{username}\n{}", password.expose()),
        Credential::RefreshToken(token) | Credential::AccessToken(token) => {
            format!("<token>\n{}", token.expose())
        }
    };
    Digest::sha256(text.as_bytes()).hex().to_owned()
}

/// Twelve random bytes in base64, for delimiters and file names.
pub fn nonce() -> String {
    let mut bytes = [0; 12];
    // a failing generator leaves zeros: the delimiter is then refused inside values, not guessed at
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
