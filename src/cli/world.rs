//! The only wiring of concrete clients.

mod examine;
mod look;
mod plugins;
mod revocation;
mod tasks;
mod vault;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use look::Layouts;
pub use vault::NamedCertificate;

use super::ca_file;
use super::entra;
use super::error::CliError;
use super::http_client::http_client;
use super::local_key::{local_signer, read};
use super::remembered::Remembered;
use super::role_hints::RoleHints;
use super::signing_key::SigningKey;
use super::timestamping;
use crate::azure::{
    AcrCredentials, ArtifactSigner, AzureError, CertificateProfile, ChainSource, ConnectionName,
    CredentialType, ExtraHosts, Identity, KeyId, KeyVaultOptions, KeyVaultSigner, NamedIdentity,
    PublicCertificate, RegistryConnection, RegistryHost, TokenSource, Wanted, public_certificate,
};
use crate::ci::{CredentialsReport, Provenance};
use crate::clock::Clock;
use crate::config::{Dirs, NotationConfig};
use crate::credentials::{
    Chain, Credential, CredentialSource, Found, Given, ProcessHelper, Stores,
};
use crate::crypto::seed_random;
use crate::env::Env;
use crate::envelope::{Signer, TargetArtifact};
use crate::fault::BoxFault;
use crate::http::{Deadline, Http};
use crate::plugin::{PluginDir, ProcessGroup};
use crate::registry::{
    Access, Connection, ConnectionOptions, Kind, Layout, Listing, Reference, Registry,
    RegistryClient, Scheme, scheme_for,
};
use crate::revocation::RevocationCheck;
use crate::sign::OpenSigner;
use crate::timestamp::Stamper;

/// What a command gives to its clients.
pub struct WorldOptions {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub deadline: Deadline,
    /// For the registry the command names; with where it was given.
    pub given: Option<Found>,
    /// The one host `given` is for; without it, every registry the command names.
    pub given_host: Option<String>,
    /// PEM of certificates that may vouch for registries, beside the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Instead of what the host and config.json call for.
    pub scheme: Option<Scheme>,
    pub extra_hosts: ExtraHosts,
    /// Token servers of other hosts that may have credentials.
    pub auth_realms: Vec<String>,
    /// The Entra credential for registries and vaults; the default order otherwise.
    pub credential_type: Option<CredentialType>,
    /// What goes before the environment's own identity.
    pub named: NamedIdentity,
    /// A Docker registry service connection, for its own registry.
    pub registry_connection: Option<ConnectionName>,
}

/// One command's clients: one HTTP client, one token source per Entra credential, one connection
/// per registry.
pub struct World {
    options: WorldOptions,
    http: Http,
    /// The same client, which trusts the registries' own roots too.
    registry_http: Http,
    dirs: Dirs,
    config: NotationConfig,
    identities: Mutex<Vec<(Option<CredentialType>, Arc<Identity>)>>,
    connections: Mutex<HashMap<String, Arc<Connection>>>,
    key_used: Arc<Mutex<Option<KeyUsed>>>,
    remembered: Arc<Remembered>,
    registry_connection: Option<RegistryConnection>,
    plugins: Arc<PluginDir>,
    /// Where references lead, when not to registries.
    layouts: Option<Layouts>,
}

/// A key in Azure or behind a plugin that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsed {
    /// The vault's key with its version, the certificate profile, or the plugin's key.
    pub id: String,
    /// `environment (client secret)`, `plugin <name>`
    pub credential: String,
}

/// An artifact and its signatures.
pub struct Listed {
    pub target: TargetArtifact,
    pub listing: Listing,
}

impl World {
    pub fn new(options: WorldOptions) -> Result<Self, BoxFault> {
        let dirs = Dirs::from_env(&options.env)?;
        let config = NotationConfig::load(&dirs)?;
        let http = http_client(&options.env, options.clock.clone(), options.deadline)?;
        let registry_http = ca_file::registry_client(&http, options.ca_file.as_deref())?;
        let read = |name| RegistryConnection::read(name, &entra::options(&options, &http, None));
        let registry_connection = options.registry_connection.as_ref().map(read).transpose()?;
        let own = ProcessGroup::Own;
        let plugins = PluginDir::new(dirs.libexec(), &options.env, options.clock.clone(), own);
        Ok(Self {
            plugins: Arc::new(plugins),
            options,
            http,
            registry_http,
            dirs,
            config,
            identities: Mutex::default(),
            connections: Mutex::default(),
            key_used: Arc::default(),
            remembered: Arc::default(),
            registry_connection,
            layouts: None,
        })
    }

    /// `signatureFormat` of config.json, as written there.
    pub fn default_format(&self) -> Option<&str> {
        self.config.signature_format()
    }

    /// How many requests were answered 429 so far.
    pub fn throttled(&self) -> u64 {
        self.http.throttled()
    }

    /// The key in Azure or behind a plugin that signs; none for a local key, or before it was opened.
    pub fn key_used(&self) -> Option<KeyUsed> {
        self.key_used.lock().expect("no panic holds this lock").clone()
    }

    /// The repository or the layout a reference names.
    pub fn registry(
        &self,
        reference: &Reference,
        access: Access,
    ) -> Result<Arc<dyn Registry>, BoxFault> {
        if let Some(path) = reference.layout() {
            return Ok(Arc::new(Layout::open(path, self.options.clock.clone())?));
        }
        let connection = self.connection(reference.registry(), access)?;
        let client = RegistryClient::new(connection.clone(), reference.repository(), access)?;
        Ok(Arc::new(RoleHints {
            registry: client,
            connection,
            identity: self.identity(self.options.credential_type),
            extra_hosts: self.options.extra_hosts.clone(),
            remembered: self.remembered.clone(),
        }))
    }

    /// The connection to a registry, shared by its repositories; what it is first wanted for
    /// decides which roles a refused exchange names.
    pub fn connection(&self, host: &str, access: Access) -> Result<Arc<Connection>, BoxFault> {
        let mut connections = self.connections.lock().expect("no panic holds this lock");
        if let Some(connection) = connections.get(host) {
            return Ok(connection.clone());
        }
        let connection = Arc::new(self.connect(host, self.credentials(host, access)?)?);
        connections.insert(host.to_owned(), connection.clone());
        Ok(connection)
    }

    /// Which vault key and which credentials served this reference so far.
    pub fn provenance(&self, reference: &Reference) -> Provenance {
        let (key, vault) = self.key_used().map(|used| (used.id, used.credential)).unzip();
        let registry = self.credential_source(reference.registry());
        let registry = registry.unwrap_or_else(|| match reference.layout() {
            Some(_) => "none: an OCI image layout".to_owned(),
            None => "anonymous".to_owned(),
        });
        Provenance { key, credentials: CredentialsReport { registry, vault } }
    }

    /// Where the credential for a registry came from; none until one was needed, or where nobody
    /// had one.
    pub fn credential_source(&self, host: &str) -> Option<String> {
        let connections = self.connections.lock().expect("no panic holds this lock");
        connections.get(host)?.credential_source().map(str::to_owned)
    }

    /// A connection with these credentials and no others, for `login`.
    pub fn connect(
        &self,
        host: &str,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Connection, BoxFault> {
        let (kind, scheme) = match self.azure_registry(host) {
            // an Azure token never crosses plain http, whatever is asked for
            Some(_) => (Kind::Azure, Scheme::Https),
            None => {
                let insecure = self.config.insecure_registries();
                let scheme = self.options.scheme.unwrap_or_else(|| scheme_for(host, insecure));
                (Kind::Other, scheme)
            }
        };
        Ok(Connection::new(ConnectionOptions {
            http: self.registry_http.clone(),
            host: host.to_owned(),
            scheme,
            kind,
            credentials,
            auth_realms: self.options.auth_realms.clone(),
        })?)
    }

    /// The host as an Azure registry, when it is one.
    pub fn azure_registry(&self, host: &str) -> Option<RegistryHost> {
        RegistryHost::parse(host, &self.options.extra_hosts).ok()
    }

    /// An Azure registry's refresh token for the Entra credential.
    pub async fn azure_refresh_token(
        &self,
        registry: &RegistryHost,
    ) -> Result<Credential, AzureError> {
        let token = self.azure_credentials(Wanted::Pull).refresh_token(registry).await?;
        Ok(Credential::RefreshToken(token))
    }

    /// The credential stores of this machine.
    pub fn stores(&self) -> Stores {
        stores(self.dirs.clone(), &self.options.env, self.options.clock.clone())
    }

    /// Timestamps from these authorities under this root, whose chains are asked about.
    pub fn stamper(
        &self,
        urls: &[String],
        root: &Path,
        revocation: Arc<dyn RevocationCheck>,
    ) -> Result<Stamper, BoxFault> {
        timestamping::stamper(&self.http, self.options.clock.clone(), urls, root, revocation)
    }

    /// A signer to be opened. What the key's settings get wrong is said at once.
    pub fn signer(&self, key: &SigningKey) -> Result<OpenSigner<'_>, BoxFault> {
        match key {
            SigningKey::ArtifactSigning { endpoint, account, profile } => {
                let extra = &self.options.extra_hosts;
                let profile = CertificateProfile::parse(endpoint, account, profile, extra)?;
                let identity = self.identity(self.options.credential_type);
                let (http, used) = (self.http.clone(), self.key_used.clone());
                Ok(Box::pin(async move {
                    let signer = ArtifactSigner::open(http, identity.clone(), profile).await?;
                    let id = signer.profile().to_string();
                    note(&used, id, identity.describe());
                    Ok(Arc::new(signer) as Arc<dyn Signer>)
                }))
            }
            SigningKey::Local { key_path, certificate_path } => {
                let (key_path, certificate_path) = (key_path.clone(), certificate_path.clone());
                Ok(Box::pin(async move {
                    // beside the requests: the seed takes as long as one of them
                    let opening = tokio::task::spawn_blocking(move || {
                        seed_random();
                        local_signer(&key_path, &certificate_path)
                    });
                    opening.await.unwrap_or_else(|end| std::panic::resume_unwind(end.into_panic()))
                }))
            }
            SigningKey::Plugin { plugin, id, config } => self.plugin_signer(plugin, id, config),
            SigningKey::AzureKv { id, config } => {
                let (options, identity) = self.key_vault(id, config)?;
                let used = self.key_used.clone();
                Ok(Box::pin(async move {
                    let signer = KeyVaultSigner::open(options).await?;
                    note(&used, signer.key_id().to_string(), identity.describe());
                    Ok(Arc::new(signer) as Arc<dyn Signer>)
                }))
            }
        }
    }

    /// What a vault's key is opened with, and the identity that asks.
    fn key_vault(
        &self,
        id: &str,
        config: &BTreeMap<String, String>,
    ) -> Result<(KeyVaultOptions, Arc<Identity>), BoxFault> {
        let setting = |name| config.get(name).map(String::as_str);
        let key = KeyId::parse(id, &self.options.extra_hosts)?;
        let credential_type = setting("credential_type").map(CredentialType::parse).transpose()?;
        let self_signed = setting("self_signed").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let ca_certs = match setting("ca_certs").filter(|path| !path.is_empty()) {
            Some(path) => Some(read(Path::new(path))?),
            None => None,
        };
        let identity = self.identity(credential_type.or(self.options.credential_type));
        let options = KeyVaultOptions {
            http: self.http.clone(),
            tokens: identity.clone(),
            key,
            chain: ChainSource::from_config(self_signed, ca_certs)?,
        };
        Ok((options, identity))
    }

    /// Given, the registry connection, then the stores, then the Entra exchange.
    fn credentials(
        &self,
        host: &str,
        access: Access,
    ) -> Result<Arc<dyn CredentialSource>, BoxFault> {
        let wanted = match access {
            Access::Pull => Wanted::Pull,
            Access::PullPush => Wanted::Push,
        };
        let mut sources: Vec<Arc<dyn CredentialSource>> = Vec::new();
        if let Some(found) = self.given_for(host) {
            sources.push(Arc::new(Given::new(host, found.credential, found.source)?));
        }
        sources.extend(self.registry_connection.iter().map(|given| given.credentials(wanted)));
        sources.push(Arc::new(self.stores()));
        sources.push(Arc::new(self.azure_credentials(wanted)));
        Ok(Arc::new(Chain::new(sources)))
    }

    fn given_for(&self, host: &str) -> Option<Found> {
        let meant = self.options.given_host.as_deref().is_none_or(|only| only == host);
        self.options.given.clone().filter(|_| meant)
    }

    /// The credential that `login` proves and stores: given, else an Azure registry's refresh token.
    pub async fn credential_to_store(&self, host: &str) -> Result<Found, BoxFault> {
        if let Some(found) = self.given_for(host) {
            return Ok(found);
        }
        if let Some(given) = &self.registry_connection
            && let Some(found) = given.credentials(Wanted::Push).find(host).await?
        {
            return Ok(found);
        }
        let Some(registry) = self.azure_registry(host) else {
            return Err(CliError::NothingToLogInWith { host: host.to_owned() }.into());
        };
        let credential = self.azure_refresh_token(&registry).await?;
        let identity = self.identity(self.options.credential_type).describe();
        Ok(Found { credential, source: format!("Entra exchange, {identity}") })
    }

    /// A connection with this credential and no other.
    pub fn connect_with(&self, host: &str, found: Found) -> Result<Connection, BoxFault> {
        self.connect(host, Arc::new(Given::new(host, found.credential, found.source)?))
    }

    /// The one client of this command.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// A vault certificate's public part, read with this command's identity.
    pub async fn public_certificate(&self, id: &str) -> Result<PublicCertificate, AzureError> {
        let id = KeyId::parse(id, &self.options.extra_hosts)?;
        let identity = self.identity(self.options.credential_type);
        public_certificate(self.http.clone(), identity, &id).await
    }

    fn azure_credentials(&self, wanted: Wanted) -> AcrCredentials {
        let tokens: Arc<dyn TokenSource> = self.identity(self.options.credential_type);
        AcrCredentials::new(
            self.registry_http.clone(),
            tokens,
            self.options.extra_hosts.clone(),
            wanted,
        )
    }

    fn identity(&self, credential_type: Option<CredentialType>) -> Arc<Identity> {
        let mut identities = self.identities.lock().expect("no panic holds this lock");
        if let Some((_, known)) = identities.iter().find(|(kind, _)| *kind == credential_type) {
            return known.clone();
        }
        let made = entra::identity(&self.options, &self.http, credential_type);
        identities.push((credential_type, made.clone()));
        made
    }
}

/// Remembers what signs.
fn note(used: &Mutex<Option<KeyUsed>>, id: String, credential: String) {
    tracing::info!(target: "sealwright", "signing with {id}");
    *used.lock().expect("no panic holds this lock") = Some(KeyUsed { id, credential });
}

/// The credential stores of this machine, for a command that asks no registry.
pub fn stores(dirs: Dirs, env: &Env, clock: Arc<dyn Clock>) -> Stores {
    Stores::new(dirs, env.clone(), Arc::new(ProcessHelper::new(env, clock)))
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
