//! The only wiring of concrete clients.

mod revocation;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::join;
pub use revocation::RevocationSettings;

use super::error::CliError;
use super::local_key::{local_signer, read};
use super::resolved::Resolved;
use super::role_hints::RoleHints;
use super::signing_key::SigningKey;
use crate::azure::{
    AcrCredentials, AzureError, ChainSource, CredentialType, ExtraHosts, Identity, IdentityOptions,
    KeyId, KeyVaultOptions, KeyVaultSigner, NamedIdentity, PublicCertificate, RegistryHost,
    TokenSource, Wanted, public_certificate,
};
use crate::ci::{CredentialsReport, Provenance};
use crate::clock::Clock;
use crate::config::{Dirs, NotationConfig};
use crate::credentials::{
    Chain, Credential, CredentialSource, Found, Given, ProcessHelper, Stores,
};
use crate::crypto::seed_random;
use crate::env::{Env, name};
use crate::envelope::{Signer, TargetArtifact};
use crate::fault::BoxFault;
use crate::http::{Deadline, Http, HttpOptions};
use crate::registry::{
    Access, Connection, ConnectionOptions, Kind, Listing, Reference, Registry, RegistryClient,
    Scheme, Version, scheme_for,
};
use crate::sign::OpenSigner;

/// The name the program gives in every request.
const USER_AGENT: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"));

/// What a command gives to its clients.
pub struct WorldOptions {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub deadline: Deadline,
    /// For the registry the command names; with where it was given.
    pub given: Option<Found>,
    /// The one host `given` is for; without it, every registry the command names.
    pub given_host: Option<String>,
    /// Instead of what the host and config.json call for.
    pub scheme: Option<Scheme>,
    pub extra_hosts: ExtraHosts,
    /// Token servers of other hosts that may have credentials.
    pub auth_realms: Vec<String>,
    /// The Entra credential for registries and vaults; the default order otherwise.
    pub credential_type: Option<CredentialType>,
    /// What goes before the environment's own identity.
    pub named: NamedIdentity,
}

/// One command's clients: one HTTP client, one token source per Entra credential, one connection
/// per registry.
pub struct World {
    options: WorldOptions,
    http: Http,
    dirs: Dirs,
    config: NotationConfig,
    identities: Mutex<Vec<(Option<CredentialType>, Arc<Identity>)>>,
    connections: Mutex<HashMap<String, Arc<Connection>>>,
    key_used: Arc<Mutex<Option<KeyUsed>>>,
    resolved: Arc<Resolved>,
}

/// A vault key that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsed {
    /// The key with its version.
    pub id: String,
    /// `environment (client secret)`
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
        let client = |extra_roots| {
            Http::new(HttpOptions {
                clock: options.clock.clone(),
                deadline: options.deadline,
                user_agent: USER_AGENT.to_owned(),
                extra_roots,
            })
        };
        // a file with a root that cannot be used still serves by its others: the platform reads it too
        let http = client(extra_roots(&options.env)).or_else(|_| client(Vec::new()))?;
        Ok(Self {
            options,
            http,
            dirs,
            config,
            identities: Mutex::default(),
            connections: Mutex::default(),
            key_used: Arc::default(),
            resolved: Arc::default(),
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

    /// The vault key that signs; none for a local key, or before it was opened.
    pub fn key_used(&self) -> Option<KeyUsed> {
        self.key_used.lock().expect("no panic holds this lock").clone()
    }

    /// Parses a reference. For a tag written as a digest the tag's digest is looked up for the hint.
    pub async fn reference(&self, text: &str) -> Result<Reference, CliError> {
        let error = match Reference::parse(text) {
            Ok(reference) => return Ok(reference),
            Err(error) => error,
        };
        let meant = error.suggestion.as_deref().and_then(|meant| Reference::parse(meant).ok());
        let digest = match meant {
            Some(meant) if matches!(meant.version(), Version::Tag(_)) => {
                self.digest_of(&meant).await
            }
            _ => None,
        };
        Err(CliError::Reference { error, digest })
    }

    /// The repository a reference names.
    pub fn registry(
        &self,
        reference: &Reference,
        access: Access,
    ) -> Result<Arc<dyn Registry>, BoxFault> {
        let connection = self.connection(reference.registry(), access)?;
        let client = RegistryClient::new(connection.clone(), reference.repository(), access)?;
        Ok(Arc::new(RoleHints {
            registry: client,
            connection,
            identity: self.identity(self.options.credential_type),
            extra_hosts: self.options.extra_hosts.clone(),
            resolved: self.resolved.clone(),
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
        let registry = registry.unwrap_or_else(|| "anonymous".to_owned());
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
            http: self.http.clone(),
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

    /// Resolves a reference and lists its signatures, side by side where the digest is known.
    pub async fn signatures(
        &self,
        reference: &Reference,
        limit: usize,
    ) -> Result<Listed, CliError> {
        let registry = self.registry(reference, Access::Pull).map_err(CliError::Other)?;
        let (target, early) = join!(registry.resolve(reference), async {
            match reference.version() {
                Version::Digest(digest) => Some(registry.signatures(digest, limit).await),
                Version::Tag(_) => None,
            }
        });
        let target = target.map_err(CliError::Resolve)?;
        let listing = match early {
            Some(listing) => listing,
            None => registry.signatures(&target.digest, limit).await,
        };
        Ok(Listed { target, listing: listing.map_err(CliError::Other)? })
    }

    /// A signer to be opened. What the key's settings get wrong is said at once.
    pub fn signer(&self, key: &SigningKey) -> Result<OpenSigner<'_>, BoxFault> {
        match key {
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
            SigningKey::AzureKv { id, config } => {
                let setting = |name| config.get(name).map(String::as_str);
                let key = KeyId::parse(id, &self.options.extra_hosts)?;
                let credential_type =
                    setting("credential_type").map(CredentialType::parse).transpose()?;
                let self_signed =
                    setting("self_signed").is_some_and(|v| v.eq_ignore_ascii_case("true"));
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
                let used = self.key_used.clone();
                Ok(Box::pin(async move {
                    let signer = KeyVaultSigner::open(options).await?;
                    let id = signer.key_id().to_string();
                    tracing::info!(target: "sealwright", "signing with {id}");
                    let credential = identity.describe();
                    let key = KeyUsed { id, credential };
                    *used.lock().expect("no panic holds this lock") = Some(key);
                    Ok(Arc::new(signer) as Arc<dyn Signer>)
                }))
            }
        }
    }

    /// Given, then the stores, then the Entra exchange.
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
        AcrCredentials::new(self.http.clone(), tokens, self.options.extra_hosts.clone(), wanted)
    }

    fn identity(&self, credential_type: Option<CredentialType>) -> Arc<Identity> {
        let mut identities = self.identities.lock().expect("no panic holds this lock");
        if let Some((_, known)) = identities.iter().find(|(kind, _)| *kind == credential_type) {
            return known.clone();
        }
        let made = Arc::new(Identity::new(IdentityOptions {
            http: self.http.clone(),
            env: self.options.env.clone(),
            credential_type,
            named: self.options.named.clone(),
            extra_hosts: self.options.extra_hosts.clone(),
        }));
        identities.push((credential_type, made.clone()));
        made
    }

    async fn digest_of(&self, reference: &Reference) -> Option<String> {
        let registry = self.registry(reference, Access::Pull).ok()?;
        let target = registry.resolve(reference).await.ok()?;
        Some(reference.at(&target.digest).to_string())
    }
}

/// The roots of `SSL_CERT_FILE`, trusted beside the system's. A file that is gone trusts nobody.
fn extra_roots(env: &Env) -> Vec<Vec<u8>> {
    env.value(name::SSL_CERT_FILE).and_then(|path| read(Path::new(path)).ok()).into_iter().collect()
}

/// The credential stores of this machine, for a command that asks no registry.
pub fn stores(dirs: Dirs, env: &Env, clock: Arc<dyn Clock>) -> Stores {
    Stores::new(dirs, env.clone(), Arc::new(ProcessHelper::new(env, clock)))
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
