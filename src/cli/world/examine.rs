//! The clients of a command as what `doctor` asks.

use std::path::Path;
use std::sync::Arc;

use super::World;
use crate::azure::{
    Audience, ChainSource, Cloud, CredentialType, FoundCertificate, Identity, RegistryHost,
    TokenSource, VaultProbe, Wanted, azure_cli_version,
};
use crate::cli::entra;
use crate::cli::local_key::read;
use crate::cli::role_hints::RoleHints;
use crate::cli::signing_key::SigningKey;
use crate::cli::timestamping;
use crate::crypto::{Digest, Suite};
use crate::doctor::{
    Asked, IdentityAnswers, KeyAnswers, RepositoryAnswers, VaultAnswers, VaultCertificate,
    VaultSecret,
};
use crate::envelope::{Signer, TargetArtifact};
use crate::fault::BoxFault;
use crate::registry::{Access, PushPermission, Reference, Registry as _, RegistryClient};
use crate::timestamp::Stamper;
use crate::x509::{Certificate, certificates_from_pem_or_der};

/// A key and the identity that asks Azure.
pub struct ExaminedKey<'a> {
    world: &'a World,
    key: &'a SigningKey,
    vault: Option<Probe>,
    identity: Arc<Identity>,
    certificates: Vec<Certificate>,
}

/// An image's repository.
pub struct Examined {
    reference: Reference,
    hints: RoleHints,
}

struct Probe(VaultProbe);

impl World {
    /// A key to be examined. What its settings get wrong is said at once, as when it is opened.
    pub fn examined_key<'a>(&'a self, key: &'a SigningKey) -> Result<ExaminedKey<'a>, BoxFault> {
        let (vault, identity, certificates) = match key {
            SigningKey::AzureKv { id, config } => {
                let (options, identity) = self.key_vault(id, config)?;
                let probe = VaultProbe::new(options);
                let given = probe.given();
                (Some(Probe(probe)), identity, given)
            }
            SigningKey::Local { certificate_path, .. } => {
                let bytes = read(certificate_path).unwrap_or_default();
                let certificates = certificates_from_pem_or_der(&bytes).unwrap_or_default();
                (None, self.identity(self.options.credential_type), certificates)
            }
            SigningKey::ArtifactSigning { .. } | SigningKey::Plugin { .. } => {
                self.find_plugin(key)?;
                (None, self.identity(self.options.credential_type), Vec::new())
            }
        };
        Ok(ExaminedKey { world: self, key, vault, identity, certificates })
    }

    /// The repository that a reference names, to be examined.
    pub fn examined(&self, reference: &Reference) -> Result<Examined, BoxFault> {
        let access = Access::PullPush;
        let connection = self.connection(reference.registry(), access)?;
        let registry = RegistryClient::new(connection.clone(), reference.repository(), access)?;
        let hints = RoleHints {
            registry,
            connection,
            identity: self.identity(self.options.credential_type),
            extra_hosts: self.options.extra_hosts.clone(),
            remembered: self.remembered.clone(),
        };
        Ok(Examined { reference: reference.clone(), hints })
    }

    /// Timestamps from these authorities under this root; no CRL is kept.
    pub fn stamper_unkept(&self, urls: &[String], root: &Path) -> Result<Stamper, BoxFault> {
        let revocation = Arc::new(self.revocation_unkept());
        timestamping::stamper(&self.http, self.options.clock.clone(), urls, root, revocation)
    }

    /// Who asks Azure where no vault's key does: an image's registry.
    fn audience(&self, registry: Option<&RegistryHost>) -> Audience {
        Audience::registry(registry.map_or(Cloud::Public, RegistryHost::cloud))
    }

    /// The identity that asks for a vault's key, else for the registry of `reference`.
    pub fn examined_identity<'a>(
        &'a self,
        key: Option<&'a ExaminedKey<'a>>,
        reference: Option<&Reference>,
    ) -> impl IdentityAnswers + 'a {
        let vault = key.and_then(|key| Some((key.vault.as_ref()?, &key.identity)));
        let registry = reference.and_then(|reference| self.azure_registry(reference.registry()));
        match vault {
            Some((probe, identity)) => Asking {
                world: self,
                identity: identity.clone(),
                audience: Audience::vault(probe.0.key().vault().cloud()),
            },
            None => Asking {
                world: self,
                identity: self.identity(self.options.credential_type),
                audience: self.audience(registry.as_ref()),
            },
        }
    }
}

struct Asking<'a> {
    world: &'a World,
    identity: Arc<Identity>,
    audience: Audience,
}

#[async_trait::async_trait]
impl IdentityAnswers for Asking<'_> {
    async fn identity(&self) -> Result<crate::doctor::Identity, BoxFault> {
        let token = self.identity.token(self.audience).await?;
        let (object_id, tenant) = match token.principal() {
            Some(principal) => (Some(principal.object_id), principal.tenant),
            None => (None, None),
        };
        Ok(crate::doctor::Identity { source: self.identity.describe(), object_id, tenant })
    }

    async fn azure_cli(&self, identity: &Asked<crate::doctor::Identity>) -> Asked<String> {
        let az = CredentialType::AzureCli;
        let in_play = match identity {
            Asked::Answered(found) => found.source == az.name(),
            Asked::Refused(_) => {
                [az.name(), "no credential yet"].contains(&self.identity.describe().as_str())
            }
            Asked::Not(_) => false,
        };
        if !in_play {
            return Asked::not("it is not the credential in use");
        }
        let options = entra::options(&self.world.options, &self.world.http, None);
        match azure_cli_version(&options).await {
            Ok(Some(version)) => Asked::Answered(version),
            Ok(None) => {
                let missing = "`az` is not on PATH".to_owned();
                let error = crate::azure::AzureError::NotConfigured { kind: az, missing };
                Asked::Refused(error.into())
            }
            Err(error) => Asked::Refused(error.into()),
        }
    }
}

#[async_trait::async_trait]
impl KeyAnswers for ExaminedKey<'_> {
    fn name(&self) -> String {
        match self.key {
            SigningKey::AzureKv { id, .. } => id.clone(),
            SigningKey::Local { key_path, .. } => key_path.display().to_string(),
            SigningKey::Plugin { plugin, id, .. } => format!("{id} of plugin {plugin}"),
            SigningKey::ArtifactSigning { account, profile, .. } => format!("{account}/{profile}"),
        }
    }

    fn vault(&self) -> Option<&dyn VaultAnswers> {
        self.vault.as_ref().map(|probe| probe as &dyn VaultAnswers)
    }

    fn certificates(&self) -> Vec<Certificate> {
        self.certificates.clone()
    }

    async fn open(&self) -> Result<Arc<dyn Signer>, BoxFault> {
        self.world.signer(self.key)?.await
    }
}

#[async_trait::async_trait]
impl VaultAnswers for Probe {
    fn names(&self) -> (String, String) {
        let key = self.0.key();
        let vault = key.vault().name().unwrap_or("<vault-name>");
        (vault.to_owned(), key.name().to_owned())
    }

    fn is_pinned(&self) -> bool {
        self.0.key().version().is_some()
    }

    fn without_secret(&self) -> Option<String> {
        match self.0.source() {
            ChainSource::Secret => None,
            ChainSource::CaCerts(_) => Some("ca_certs gives the chain".to_owned()),
            ChainSource::SelfSigned => Some("the certificate is its own chain".to_owned()),
        }
    }

    async fn certificate(&self) -> Result<VaultCertificate, BoxFault> {
        let FoundCertificate { leaf, version, exportable, content_type } =
            self.0.certificate().await?;
        Ok(VaultCertificate { leaf, version, exportable, content_type })
    }

    async fn latest(&self) -> Result<String, BoxFault> {
        Ok(self.0.latest().await?)
    }

    async fn secret(&self) -> Result<VaultSecret, BoxFault> {
        let found = self.0.secret().await?;
        let (version, content_type, certificates) =
            (found.version, found.content_type, found.certificates);
        Ok(VaultSecret { version, content_type, certificates })
    }

    async fn sign(
        &self,
        suite: Option<Suite>,
        message: &[u8],
    ) -> Result<(String, Vec<u8>), BoxFault> {
        Ok(self.0.sign(suite, message).await?)
    }

    async fn strangers(&self) -> Result<Option<usize>, BoxFault> {
        Ok(self.0.strangers().await?)
    }
}

#[async_trait::async_trait]
impl RepositoryAnswers for Examined {
    fn reference(&self) -> &Reference {
        &self.reference
    }

    async fn answers(&self) -> Result<(), BoxFault> {
        Ok(self.hints.connection.check_login().await?)
    }

    fn credential(&self) -> Option<String> {
        self.hints.connection.credential_source().map(str::to_owned)
    }

    async fn pull(&self) -> Result<TargetArtifact, BoxFault> {
        self.hints.resolve(&self.reference).await
    }

    async fn push(&self) -> Result<PushPermission, BoxFault> {
        let answer = self.hints.registry.may_push().await.map_err(BoxFault::from);
        self.hints.hinted(answer, Wanted::Push).await
    }

    async fn delete(&self) -> Result<Option<()>, BoxFault> {
        let answer = self.hints.registry.may_delete().await.map_err(BoxFault::from);
        self.hints.hinted(answer, Wanted::Delete).await
    }

    async fn has_referrers_api(&self, subject: &Digest) -> Result<bool, BoxFault> {
        Ok(self.hints.registry.has_referrers_api(subject).await?)
    }
}
