//! The plugins that are built in, and when the one of the plugins folder is used in their place.

use std::collections::BTreeMap;

use super::error::CliError;
use crate::plugin::{Metadata, metadata_of_raw_signer};

/// A plugin whose work this program does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NativePlugin {
    pub name: &'static str,
    pub description: &'static str,
    /// Of the plugin whose behaviour it has.
    pub version: &'static str,
    pub url: &'static str,
    /// The settings it knows.
    pub settings: &'static [&'static str],
}

/// Keys in Azure Key Vault (github.com/Azure/notation-azure-kv, docs/plugin-config.md).
pub const AZURE_KV: NativePlugin = NativePlugin {
    name: "azure-kv",
    description: "Notation Azure Key Vault plugin",
    version: "1.2.1",
    url: "https://github.com/Azure/notation-azure-kv",
    settings: &["ca_certs", "self_signed", "credential_type"],
};

/// Certificate profiles of Artifact Signing
/// (github.com/Azure/artifact-signing-notation-plugin, docs/sign-and-verify.md).
pub const ARTIFACT_SIGNING: NativePlugin = NativePlugin {
    name: "azure-artifactsigning",
    description: "Sign OCI artifacts using the Artifact Signing Service",
    version: "1.1.0",
    url: "https://aka.ms/ArtifactSigning",
    settings: &["accountName", "baseUrl", "certProfile"],
};

/// Every plugin that is built in.
pub const NATIVE_PLUGINS: [NativePlugin; 2] = [ARTIFACT_SIGNING, AZURE_KV];

/// What the service and its plugin were called before, with the same settings.
const EARLIER_NAMES: [(&str, NativePlugin); 1] = [("azure-trustedsigning", ARTIFACT_SIGNING)];

/// The setting that says `false` where the plugin of the plugins folder is to be used.
const NATIVE: &str = "native";

/// Which plugin of a name is meant, and its settings without `native`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginChoice {
    BuiltIn(NativePlugin, BTreeMap<String, String>),
    Installed(BTreeMap<String, String>),
}

impl PluginChoice {
    /// A name that is built in means that, unless its settings say `native=false`. Another name's
    /// settings are all its own.
    pub fn of(name: &str, mut config: BTreeMap<String, String>) -> Result<Self, CliError> {
        let Some(plugin) = NativePlugin::named(name) else {
            return Ok(Self::Installed(config));
        };
        match config.remove(NATIVE).as_deref() {
            None | Some("true") => Ok(Self::BuiltIn(plugin, config)),
            Some("false") => Ok(Self::Installed(config)),
            Some(other) => Err(CliError::NativeSetting(other.to_owned())),
        }
    }
}

impl NativePlugin {
    /// The built-in plugin of this name, or of an earlier one.
    pub fn named(name: &str) -> Option<Self> {
        let earlier = EARLIER_NAMES.into_iter().find(|(earlier, _)| *earlier == name);
        let known = NATIVE_PLUGINS.into_iter().find(|plugin| plugin.name == name);
        known.or(earlier.map(|(_, plugin)| plugin))
    }

    /// What it says of itself where it is served.
    pub fn metadata(&self) -> Metadata {
        metadata_of_raw_signer(self.name, self.description, self.version, self.url)
    }

    /// Sentences about settings that it does not know.
    pub fn ignored_settings(&self, config: &BTreeMap<String, String>) -> Vec<String> {
        let unknown = config.keys().filter(|key| !self.settings.contains(&key.as_str()));
        let sentence = |key: &String| {
            let likeness =
                |known: &str| strsim::jaro_winkler(&key.to_lowercase(), &known.to_lowercase());
            let nearest = self.settings.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let nearest = nearest.expect("every plugin has settings");
            format!(
                "{} has no setting {key:?}: it has no effect; the nearest is {nearest:?}",
                self.name
            )
        };
        unknown.map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    fn config(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_built_in_plugin_is_meant_unless_its_settings_say_no() {
        let a = config(&[("a", "b")]);
        let of = |name, pairs: &[(&str, &str)]| PluginChoice::of(name, config(pairs));
        for (name, plugin) in [
            ("azure-kv", AZURE_KV),
            ("azure-artifactsigning", ARTIFACT_SIGNING),
            ("azure-trustedsigning", ARTIFACT_SIGNING),
        ] {
            let built_in = PluginChoice::BuiltIn(plugin, a.clone());
            assert_eq!(of(name, &[("a", "b")]).unwrap(), built_in);
            assert_eq!(of(name, &[("a", "b"), ("native", "true")]).unwrap(), built_in);
            let installed = PluginChoice::Installed(a.clone());
            assert_eq!(of(name, &[("a", "b"), ("native", "false")]).unwrap(), installed);
            for value in ["", "no", "False", "0"] {
                let error = of(name, &[("native", value)]).unwrap_err();
                assert_eq!(error.code(), "cli-native-setting", "{value}");
            }
        }
        let own = PluginChoice::Installed(config(&[("native", "no")]));
        assert_eq!(of("other", &[("native", "no")]).unwrap(), own);
    }
}
