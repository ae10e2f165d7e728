//! The plugin of a step: what its inputs alone can tell.

use std::collections::BTreeMap;

use url::Url;

use super::KeyChoice;
use crate::ci::draft::{Draft, InputError};
use crate::plugin::PluginName;

/// The plugin that signs, and the settings of the one that signs or verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepPlugin {
    pub name: PluginName,
    pub config: BTreeMap<String, String>,
    /// Where it is downloaded from when it is not installed.
    pub source: Option<PluginSource>,
}

/// What a plugin is installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSource {
    /// https
    pub url: Url,
    /// SHA-256, 64 hexadecimal digits of either case.
    pub checksum: String,
}

const AZURE_KV: &str = "azure-kv";

/// The settings of azure-kv that are inputs as well, and the one that chooses an installed azure-kv.
const CREDENTIAL_TYPE: &str = "credential_type";
const AS_INPUTS: [(&str, &str); 3] = [
    ("ca_certs", "ca-certs"),
    ("self_signed", "self-signed"),
    (CREDENTIAL_TYPE, "credential-type"),
];
const NATIVE: &str = "native";

/// What names another key than `key`, or says how a vault's chain is completed.
const OF_A_VAULT: [&str; 6] = [
    "vault",
    "certificate",
    "ca-certs",
    "artifact-signing-endpoint",
    "artifact-signing-account",
    "artifact-signing-profile",
];

impl StepPlugin {
    /// Takes the Entra credential out of azure-kv's settings: it is the whole step's.
    pub(super) fn take_credential_type(&mut self) -> Option<String> {
        match self.name.as_str() {
            AZURE_KV => self.config.remove(CREDENTIAL_TYPE),
            _ => None,
        }
    }
}

impl Draft {
    pub(super) fn plugin(&self) -> Result<StepPlugin, InputError> {
        let given = self.text("plugin").unwrap_or(AZURE_KV);
        let name = PluginName::parse(given).map_err(|_| InputError::Invalid {
            name: "plugin",
            found: given.to_owned(),
            expected: "a plugin's name, such as `azure-kv`".to_owned(),
        })?;
        let config = self.pairs("plugin-config")?;
        if given == AZURE_KV {
            self.check_settings(&config)?;
        }
        Ok(StepPlugin { name, config, source: self.plugin_source()? })
    }

    /// The key of a plugin other than azure-kv, which is `key` and nothing else.
    pub(super) fn plugin_key(&self, plugin: &StepPlugin) -> Result<Option<KeyChoice>, InputError> {
        if plugin.name.as_str() == AZURE_KV {
            return Ok(None);
        }
        let self_signed = self.truth("self-signed")?.then_some("self-signed");
        let other = OF_A_VAULT.into_iter().find(|name| self.text(name).is_some()).or(self_signed);
        if let Some(other) = other {
            let why = "a plugin's key is `key`, and what else it needs is in `plugin-config`";
            return Err(InputError::Together { one: "plugin", other, why });
        }
        Ok(self.text("key").map(|id| KeyChoice::Plugin { id: id.to_owned() }))
    }

    /// The same thing is said once; and what the built-in azure-kv does not know is refused, unless the
    /// key is of the list, whose plugin may be another.
    fn check_settings(&self, config: &BTreeMap<String, String>) -> Result<(), InputError> {
        for (setting, input) in AS_INPUTS {
            if config.contains_key(setting) && self.given(input).is_some() {
                let why = "the settings of azure-kv say the same";
                return Err(InputError::Together { one: "plugin-config", other: input, why });
            }
        }
        let in_vault = self.text("vault").or(self.text("key").filter(|key| key.contains("://")));
        if in_vault.is_none() || config.get(NATIVE).is_some_and(|native| native == "false") {
            return Ok(());
        }
        let known = |key: &str| key == NATIVE || AS_INPUTS.iter().any(|(name, _)| *name == key);
        match config.keys().find(|key| !known(key)) {
            None => Ok(()),
            Some(key) => {
                let names: Vec<String> =
                    AS_INPUTS.iter().map(|(name, _)| format!("`{name}`")).collect();
                Err(InputError::Invalid {
                    name: "plugin-config",
                    found: key.clone(),
                    expected: format!("the keys {}, `{NATIVE}`", names.join(", ")),
                })
            }
        }
    }

    fn plugin_source(&self) -> Result<Option<PluginSource>, InputError> {
        let (url, checksum) = match (self.text("plugin-url"), self.text("plugin-checksum")) {
            (None, None) => return Ok(None),
            (Some(url), Some(checksum)) => (url, checksum),
            (Some(_), None) => {
                return missing("plugin-checksum", "the SHA-256 of what `plugin-url` names");
            }
            (None, Some(_)) => {
                return missing(
                    "plugin-url",
                    "the address of what `plugin-checksum` is the SHA-256 of",
                );
            }
        };
        let Some(url) = Url::parse(url).ok().filter(|url| url.scheme() == "https") else {
            return invalid("plugin-url", url, "an address that begins with `https://`");
        };
        if checksum.len() != 64 || !checksum.bytes().all(|b| b.is_ascii_hexdigit()) {
            return invalid("plugin-checksum", checksum, "64 hexadecimal digits");
        }
        Ok(Some(PluginSource { url, checksum: checksum.to_owned() }))
    }
}

fn missing<T>(name: &'static str, expected: &str) -> Result<T, InputError> {
    Err(InputError::Missing { name, expected: expected.to_owned() })
}

fn invalid<T>(name: &'static str, found: &str, expected: &str) -> Result<T, InputError> {
    let (found, expected) = (found.to_owned(), expected.to_owned());
    Err(InputError::Invalid { name, found, expected })
}
