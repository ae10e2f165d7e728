//! A valid step: what the inputs ask for.

mod artifact_signing;
mod plugin;
mod revocation;
mod trust;
mod validate;
mod warn_before;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::trust::TrustInputs;
use crate::azure::Cloud;
use crate::batch::{Reach, Renewal};
use crate::envelope::Format;
use crate::lifetime::WarnBefore;
use crate::registry::{Reference, ReferrersMode};
use crate::revocation::RevocationSettings;
use crate::secret::Secret;
use crate::sign::OwnRule;
pub use plugin::{PluginSource, StepPlugin};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Sign,
    Verify,
    Login,
    Setup,
    Doctor,
}

pub const COMMANDS: [Command; 5] =
    [Command::Sign, Command::Verify, Command::Login, Command::Setup, Command::Doctor];

impl Command {
    /// The command of this name.
    pub fn named(name: &str) -> Option<Self> {
        COMMANDS.into_iter().find(|command| command.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Command::Sign => "sign",
            Command::Verify => "verify",
            Command::Login => "login",
            Command::Setup => "setup",
            Command::Doctor => "doctor",
        }
    }
}

/// Which key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChoice {
    /// `https://<vault>/{keys|certificates}/<name>[/<version>]`, checked by `azure`.
    Id(String),
    /// A name in signingkeys.json.
    Named(String),
    /// A vault's certificate, latest version.
    Certificate { vault: String, certificate: String },
    /// The key that a plugin other than azure-kv knows by this id.
    Plugin { id: String },
    /// A certificate profile of Artifact Signing, checked by `azure`.
    ArtifactSigning { endpoint: String, account: String, profile: String },
}

/// How the vault's chain is completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainSource {
    Vault,
    CaCerts(PathBuf),
    SelfSigned,
}

/// Time-stamping authorities, in the order they are asked, and the root of their certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamps {
    /// Checked where they are used.
    pub urls: Vec<String>,
    pub root: PathBuf,
}

/// Under which names later steps find this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryNames {
    /// `sealwright`
    Own,
    /// `sealwright` and `notation`
    AndNotation,
}

impl BinaryNames {
    pub fn names(self) -> &'static [&'static str] {
        match self {
            BinaryNames::Own => &["sealwright"],
            BinaryNames::AndNotation => &["sealwright", "notation"],
        }
    }
}

/// The inputs, checked: names, shapes and combinations. Whether files and hosts exist shows later.
#[derive(Debug, Clone)]
pub struct Step {
    pub command: Command,
    pub images: Vec<Reference>,
    pub registries: Vec<String>,
    /// Present for `sign`.
    pub key: Option<KeyChoice>,
    pub plugin: StepPlugin,
    pub chain: ChainSource,
    pub credential_type: Option<String>,
    /// The application, or the user-assigned managed identity, that the inputs name.
    pub azure_client_id: Option<String>,
    pub azure_tenant_id: Option<String>,
    /// The id of an AzureRM service connection.
    pub azure_subscription: Option<String>,
    /// The id of a Docker registry service connection.
    pub container_registry: Option<String>,
    pub azure_cloud: Option<Cloud>,
    pub azure_extra_hosts: Option<String>,
    /// PEM of certificates that may vouch for registries, beside the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Token servers of other hosts that may have a registry's credentials.
    pub auth_realms: Vec<String>,
    pub format: Format,
    pub mode: ReferrersMode,
    pub trust: TrustInputs,
    /// What `setup` puts on PATH.
    pub binary_names: BinaryNames,
    /// Who stamps the time of signing.
    pub timestamps: Option<Timestamps>,
    /// How signing chains and authorities are asked about.
    pub revocation: RevocationSettings,
    /// What a signing chain in doubt comes to; none where it is not asked about.
    pub own_revocation: Option<OwnRule>,
    pub user_metadata: BTreeMap<String, String>,
    pub expiry: Option<Duration>,
    pub registry_login: Option<(String, Secret)>,
    pub renewal: Renewal,
    /// How long before its end something is warned of.
    pub warn_before: WarnBefore,
    /// Whether the manifests below an index are worked on too.
    pub reach: Reach,
    /// Images worked on side by side.
    pub concurrency: NonZeroUsize,
    pub timeout: Duration,
    /// Where the JUnit XML goes.
    pub junit: Option<PathBuf>,
    pub dry_run: bool,
}

impl Step {
    /// Where short names of vaults and registries are.
    pub fn cloud(&self) -> Cloud {
        self.azure_cloud.unwrap_or(Cloud::Public)
    }

    /// The one registry that `registry-username` and `registry-password` are for.
    pub fn login_host(&self) -> Option<String> {
        self.registry_login.as_ref()?;
        self.login_hosts().into_iter().next()
    }

    /// The registries named, else those of the images, each once.
    fn login_hosts(&self) -> Vec<String> {
        let mut hosts = self.registries.clone();
        if hosts.is_empty() {
            hosts = self.images.iter().map(|i| i.registry().to_owned()).collect();
        }
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

#[cfg(test)]
mod tests;
