//! Which key signs: `--id` and `--plugin`, `--key`, or the default of signingkeys.json.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ArgMatches;

use super::artifact_signing;
use super::error::CliError;
use super::native_plugin::{ARTIFACT_SIGNING, AZURE_KV, PluginChoice};
use super::parse::{flags, value};
use crate::azure::CredentialType;
use crate::config::{Dirs, KeySource, SigningKeys};
use crate::fault::BoxFault;
use crate::plugin::PluginName;

/// A key, found but not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A PEM private key and its chain.
    Local { key_path: PathBuf, certificate_path: PathBuf },
    /// A key in Azure Key Vault with the settings of notation's azure-kv plugin.
    AzureKv { id: String, config: BTreeMap<String, String> },
    /// A key behind a plugin that is a program, with what goes to it as pluginConfig.
    Plugin { plugin: PluginName, id: String, config: BTreeMap<String, String> },
    /// A certificate profile of Artifact Signing.
    ArtifactSigning { endpoint: String, account: String, profile: String },
}

impl SigningKey {
    /// `--id` and `--plugin` go together, and `--key` goes with neither.
    pub fn check(values: &ArgMatches) -> Result<(), CliError> {
        flags::together(values, &["id", "plugin"])?;
        flags::exclusive(values, &["key", "id"])?;
        flags::exclusive(values, &["key", "plugin"])
    }

    /// The key the flags name, with the settings of `--plugin-config` over its own.
    pub fn choose(values: &ArgMatches, dirs: &Dirs) -> Result<Self, BoxFault> {
        if let Some(key) = artifact_signing::chosen(values) {
            return Ok(key);
        }
        let over = value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
        let given = |name| flags::text_of(values, name).filter(|text| !text.is_empty());
        match (given("id"), given("plugin")) {
            (Some(id), Some(plugin)) => Self::of_plugin(plugin, id, over),
            _ => Self::listed(given("key"), over, dirs),
        }
    }

    /// The Entra credential its settings name; one that is misspelt is refused where it is used.
    pub fn credential_type(&self) -> Option<CredentialType> {
        match self {
            Self::AzureKv { config, .. } => {
                CredentialType::parse(config.get("credential_type")?).ok()
            }
            Self::Local { .. } | Self::Plugin { .. } | Self::ArtifactSigning { .. } => None,
        }
    }

    /// Sentences about settings that have no effect.
    pub fn ignored_settings(&self) -> Vec<String> {
        match self {
            Self::AzureKv { config, .. } => AZURE_KV.ignored_settings(config),
            Self::Local { .. } | Self::Plugin { .. } | Self::ArtifactSigning { .. } => Vec::new(),
        }
    }

    /// A key of signingkeys.json, with these settings over its own.
    pub fn in_list(
        name: &str,
        over: BTreeMap<String, String>,
        dirs: &Dirs,
    ) -> Result<Self, BoxFault> {
        Self::listed(Some(name), over, dirs)
    }

    /// The default key of signingkeys.json, with these settings over its own.
    pub fn default_in_list(over: BTreeMap<String, String>, dirs: &Dirs) -> Result<Self, BoxFault> {
        Self::listed(None, over, dirs)
    }

    fn listed(
        name: Option<&str>,
        over: BTreeMap<String, String>,
        dirs: &Dirs,
    ) -> Result<Self, BoxFault> {
        let keys = SigningKeys::load(dirs)?;
        let key = match name {
            Some(name) => keys.key(name)?,
            None => keys.default_key()?,
        };
        match key.source() {
            KeySource::Local { key_path, cert_path } => {
                Ok(Self::Local { key_path: key_path.into(), certificate_path: cert_path.into() })
            }
            KeySource::Plugin { plugin, id, mut config } => {
                config.extend(over);
                Self::of_plugin(plugin, id, config)
            }
            KeySource::Nowhere => Err(CliError::KeyUnusable(key.name().to_owned()).into()),
        }
    }

    /// A plugin's key: built in, or behind a program that is looked for where the key is opened.
    pub fn of_plugin(
        plugin: &str,
        id: &str,
        config: BTreeMap<String, String>,
    ) -> Result<Self, BoxFault> {
        let id = id.to_owned();
        match PluginChoice::of(plugin, config)? {
            PluginChoice::Installed(config) => {
                Ok(Self::Plugin { plugin: PluginName::parse(plugin)?, id, config })
            }
            PluginChoice::BuiltIn(ARTIFACT_SIGNING, config) => {
                Ok(artifact_signing::of_settings(&config)?)
            }
            PluginChoice::BuiltIn(_, config) => Ok(Self::AzureKv { id, config }),
        }
    }
}
