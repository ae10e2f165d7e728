//! Which key signs: `--id` and `--plugin`, `--key`, or the default of signingkeys.json.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ArgMatches;

use super::artifact_signing;
use super::commands::AZURE_KV;
use super::error::CliError;
use super::parse::{flags, value};
use crate::azure::CredentialType;
use crate::config::{Dirs, KeySource, SigningKeys};
use crate::fault::BoxFault;
use crate::plugin::PluginName;

/// The settings of notation's azure-kv plugin; it ignores all others.
const AZURE_KV_SETTINGS: [&str; 3] = ["ca_certs", "self_signed", "credential_type"];

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
        let over = flags::texts_of(values, "plugin-config");
        let key = Self::named(values, dirs)?;
        key.with_config(value::pairs("plugin-config", over)?)
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
            Self::AzureKv { config, .. } => ignored_settings(config),
            Self::Local { .. } | Self::Plugin { .. } | Self::ArtifactSigning { .. } => Vec::new(),
        }
    }

    fn named(values: &ArgMatches, dirs: &Dirs) -> Result<Self, BoxFault> {
        let given = |name| flags::text_of(values, name).filter(|text| !text.is_empty());
        if let (Some(id), Some(plugin)) = (given("id"), given("plugin")) {
            return Self::of_plugin(plugin, id, BTreeMap::new());
        }
        Self::listed(given("key"), dirs)
    }

    /// A key of signingkeys.json.
    pub fn in_list(name: &str, dirs: &Dirs) -> Result<Self, BoxFault> {
        Self::listed(Some(name), dirs)
    }

    /// A key of signingkeys.json by name, or its default.
    fn listed(name: Option<&str>, dirs: &Dirs) -> Result<Self, BoxFault> {
        let keys = SigningKeys::load(dirs)?;
        let key = match name {
            Some(name) => keys.key(name)?,
            None => keys.default_key()?,
        };
        match key.source() {
            KeySource::Local { key_path, cert_path } => {
                Ok(Self::Local { key_path: key_path.into(), certificate_path: cert_path.into() })
            }
            KeySource::Plugin { plugin, id, config } => Self::of_plugin(plugin, id, config),
            KeySource::Nowhere => Err(CliError::KeyUnusable(key.name().to_owned()).into()),
        }
    }

    /// The default key of signingkeys.json.
    pub fn default_in_list(dirs: &Dirs) -> Result<Self, BoxFault> {
        Self::listed(None, dirs)
    }

    /// The same key with these settings over its own.
    pub fn with_config(self, over: BTreeMap<String, String>) -> Result<Self, BoxFault> {
        match self {
            Self::AzureKv { id, mut config } => {
                config.extend(over);
                Self::of_plugin(AZURE_KV, &id, config)
            }
            Self::Plugin { plugin, id, mut config } => {
                config.extend(over);
                Self::of_plugin(plugin.as_str(), &id, config)
            }
            other => Ok(other),
        }
    }

    /// A plugin's key: built in, or behind a program that is looked for where the key is opened.
    pub fn of_plugin(
        plugin: &str,
        id: &str,
        config: BTreeMap<String, String>,
    ) -> Result<Self, BoxFault> {
        let id = id.to_owned();
        if is_native(plugin, &config) {
            return Ok(Self::AzureKv { id, config });
        }
        Ok(Self::Plugin { plugin: PluginName::parse(plugin)?, id, config })
    }
}

/// Whether the plugin is built in: its settings, `--plugin-config` among them, are all there is to know.
fn is_native(plugin: &str, _config: &BTreeMap<String, String>) -> bool {
    plugin == AZURE_KV
}

/// Sentences about azure-kv settings that it does not know.
pub fn ignored_settings(config: &BTreeMap<String, String>) -> Vec<String> {
    let unknown = config.keys().filter(|key| !AZURE_KV_SETTINGS.contains(&key.as_str()));
    let sentence = |key: &String| {
        let nearest = AZURE_KV_SETTINGS
            .into_iter()
            .max_by(|a, b| likeness(key, a).total_cmp(&likeness(key, b)))
            .expect("there are settings");
        format!("azure-kv has no setting {key:?}: it has no effect; the nearest is {nearest:?}")
    };
    unknown.map(sentence).collect()
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(&a.to_lowercase(), b)
}
