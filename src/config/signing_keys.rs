//! signingkeys.json: the named keys of `key` and `sign --key`.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::{self, Links, write_atomic};
use super::{ConfigError, Dirs};
use crate::fault::Fault;

/// The valid content of signingkeys.json: names are non-empty and unique, the default exists.
#[derive(Debug, Clone, PartialEq)]
pub struct SigningKeys {
    path: PathBuf,
    draft: Draft,
}

/// One named key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cert_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plugin_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plugin_config: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource<'a> {
    /// A PEM private key and its certificate chain. These win when plugin members are there too.
    Local { key_path: &'a str, cert_path: &'a str },
    /// A key held by a plugin (`azure-kv` is built in).
    Plugin { plugin: &'a str, id: &'a str, config: BTreeMap<String, String> },
    /// The entry names neither.
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkDefault {
    Yes,
    No,
}

/// A key that was removed from the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedKey {
    pub name: String,
    pub was_default: bool,
}

/// Worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    #[error("malformed signingkeys.json: {0}")]
    Malformed(String),
    #[error("key name cannot be empty")]
    NameEmpty,
    #[error("signing key with name {0:?} already exists")]
    Exists(String),
    #[error("signing key {0} not found")]
    NotFound(String),
    #[error("default signing key not set. Please set default signing key or specify a key name")]
    NoDefault,
    #[error("{0}")]
    File(ConfigError),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Draft {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    keys: Vec<SigningKey>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl SigningKeys {
    /// Reads and checks the file; one that does not exist holds no keys.
    pub fn load(dirs: &Dirs) -> Result<Self, KeysError> {
        let path = dirs.signing_keys();
        let draft = match files::read(&path, Links::Refuse).map_err(KeysError::File)? {
            None => Draft::default(),
            Some(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| KeysError::Malformed(error.to_string()))?,
        };
        draft.check()?;
        Ok(Self { path, draft })
    }

    /// Writes the file as notation does: four spaces, mode 0600, folder 0700; in one step.
    /// Members this program does not know stay.
    pub fn save(&self) -> Result<(), KeysError> {
        let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut bytes = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
        self.draft.serialize(&mut writer).expect("JSON is written to memory");
        bytes.push(b'\n');
        write_atomic(&self.path, &bytes, 0o600).map_err(KeysError::File)
    }

    /// The keys in the file's order.
    pub fn keys(&self) -> &[SigningKey] {
        &self.draft.keys
    }

    pub fn default_name(&self) -> Option<&str> {
        self.draft.default.as_deref()
    }

    pub fn key(&self, name: &str) -> Result<&SigningKey, KeysError> {
        if name.is_empty() {
            return Err(KeysError::NameEmpty);
        }
        let found = self.draft.keys.iter().find(|key| key.name == name);
        found.ok_or_else(|| KeysError::NotFound(name.to_owned()))
    }

    pub fn default_key(&self) -> Result<&SigningKey, KeysError> {
        self.key(self.default_name().ok_or(KeysError::NoDefault)?)
    }

    /// Appends a key; its name must be new.
    pub fn add(&mut self, key: SigningKey, mark: MarkDefault) -> Result<(), KeysError> {
        if key.name.is_empty() {
            return Err(KeysError::NameEmpty);
        }
        if self.draft.keys.iter().any(|known| known.name == key.name) {
            return Err(KeysError::Exists(key.name));
        }
        if mark == MarkDefault::Yes {
            self.draft.default = Some(key.name.clone());
        }
        self.draft.keys.push(key);
        Ok(())
    }

    pub fn set_default(&mut self, name: &str) -> Result<(), KeysError> {
        let name = self.key(name)?.name.clone();
        self.draft.default = Some(name);
        Ok(())
    }

    /// Removes keys from the list, all or, when one is not there, none. A removed default leaves
    /// no default.
    pub fn remove(&mut self, names: &[&str]) -> Result<Vec<RemovedKey>, KeysError> {
        let mut left = self.clone();
        let mut removed = Vec::with_capacity(names.len());
        for name in names {
            left.key(name)?;
            left.draft.keys.retain(|key| key.name != *name);
            let was_default = left.default_name() == Some(name);
            if was_default {
                left.draft.default = None;
            }
            removed.push(RemovedKey { name: (*name).to_owned(), was_default });
        }
        *self = left;
        Ok(removed)
    }
}

impl SigningKey {
    /// A key pair in two PEM files.
    pub fn local(
        name: impl Into<String>,
        key_path: impl Into<String>,
        cert_path: impl Into<String>,
    ) -> Self {
        let paths = (Some(key_path.into()), Some(cert_path.into()));
        Self { key_path: paths.0, cert_path: paths.1, ..Self::named(name.into()) }
    }

    /// A key held by a plugin.
    pub fn plugin(
        name: impl Into<String>,
        plugin: impl Into<String>,
        id: impl Into<String>,
        config: BTreeMap<String, String>,
    ) -> Self {
        Self {
            id: Some(id.into()),
            plugin_name: Some(plugin.into()),
            plugin_config: Some(config).filter(|config| !config.is_empty()),
            ..Self::named(name.into())
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn source(&self) -> KeySource<'_> {
        if self.key_path.is_some() || self.cert_path.is_some() {
            return KeySource::Local {
                key_path: self.key_path.as_deref().unwrap_or_default(),
                cert_path: self.cert_path.as_deref().unwrap_or_default(),
            };
        }
        if self.id.is_some() || self.plugin_name.is_some() || self.plugin_config.is_some() {
            return KeySource::Plugin {
                plugin: self.plugin_name.as_deref().unwrap_or_default(),
                id: self.id.as_deref().unwrap_or_default(),
                config: self.plugin_config.clone().unwrap_or_default(),
            };
        }
        KeySource::Nowhere
    }

    fn named(name: String) -> Self {
        Self {
            name,
            key_path: None,
            cert_path: None,
            id: None,
            plugin_name: None,
            plugin_config: None,
            unknown: BTreeMap::new(),
        }
    }
}

impl Draft {
    fn check(&self) -> Result<(), KeysError> {
        let mut names = HashSet::new();
        for key in &self.keys {
            if key.name.is_empty() {
                return Err(KeysError::Malformed("key name cannot be empty".to_owned()));
            }
            if !names.insert(key.name.as_str()) {
                let fact = format!("multiple keys with name '{}' found", key.name);
                return Err(KeysError::Malformed(fact));
            }
        }
        match self.default.as_deref() {
            Some("") => Err(KeysError::Malformed("default key name cannot be empty".to_owned())),
            Some(name) if !names.contains(name) => {
                Err(KeysError::Malformed(format!("default key '{name}' not found")))
            }
            _ => Ok(()),
        }
    }
}

impl Fault for KeysError {
    fn code(&self) -> &'static str {
        match self {
            KeysError::Malformed(_) => "config-keys-malformed",
            KeysError::NameEmpty => "config-key-name-empty",
            KeysError::Exists(_) => "config-key-exists",
            KeysError::NotFound(_) => "config-key-not-found",
            KeysError::NoDefault => "config-no-default-key",
            KeysError::File(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            KeysError::NotFound(_) => Some("sealwright key list".to_owned()),
            KeysError::NoDefault => Some("sealwright key set --default <name>".to_owned()),
            KeysError::File(error) => error.hint(),
            _ => None,
        }
    }
}

fn null_is_none<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<SigningKey>, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

#[cfg(test)]
#[path = "signing_keys_tests.rs"]
mod tests;
