//! Why a signature fails for the verification plugin it names; worded as notation words it.

use super::failure::NAME_LIMIT;
use crate::envelope::VERIFICATION_PLUGIN_MIN_VERSION;
use crate::fault::{Fault, excerpt};
use crate::plugin::{Capability, PluginError, PluginName};
use crate::trust::Check;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginFailure {
    /// The attributes that name the plugin are not as they must be.
    #[error("{}{header} {problem}", of_version(header))]
    Attribute { header: &'static str, problem: &'static str },
    /// What may not become part of a path; never looked up.
    #[error("error while locating the verification plugin: {0}")]
    Name(PluginError),
    #[error(
        "error while locating the verification plugin {:?}, make sure the plugin is installed successfully before verifying the signature. error: {error}",
        plugin.as_str()
    )]
    NotLocated { plugin: PluginName, error: PluginError },
    #[error("the verification plugin {:?} did not tell what it can do: {error}", plugin.as_str())]
    Metadata { plugin: PluginName, error: PluginError },
    #[error("plugin {plugin} has pluginVersion {version} which is not in valid semver format")]
    Version { plugin: PluginName, version: String },
    #[error(
        "found plugin {plugin} with version {found} but signature verification needs plugin version greater than or equal to {needed}"
    )]
    Older { plugin: PluginName, found: String, needed: String },
    #[error(
        "digital signature requires plugin {:?} with signature verification capabilities ({:?} and/or {:?}) installed",
        plugin.as_str(),
        Capability::RevocationCheck.as_str(),
        Capability::TrustedIdentity.as_str()
    )]
    Incapable { plugin: PluginName },
    /// The level logs it that the signature is not authentic.
    #[error(
        "inconclusive: the verification plugin {:?} is run only for an authentic signature",
        plugin.as_str()
    )]
    NotAuthentic {
        plugin: PluginName,
        /// Why it is not, and what helps.
        reason: String,
        hint: Option<String>,
    },
    #[error("failed to verify with plugin {plugin}: {error}")]
    Failed { plugin: PluginName, error: PluginError },
    #[error(
        "extended critical attribute {attribute:?} was not processed by the verification plugin {:?} (all extended critical attributes must be processed by the verification plugin)",
        plugin.as_str()
    )]
    Unprocessed { plugin: PluginName, attribute: String },
    #[error(
        "verification plugin {:?} failed to verify {:?}",
        plugin.as_str(),
        capability.as_str()
    )]
    NoResult { plugin: PluginName, capability: Capability },
    #[error(
        "trusted identify verification by plugin {:?} failed with reason {reason:?}",
        plugin.as_str()
    )]
    Identity { plugin: PluginName, reason: String },
    #[error(
        "revocation check by verification plugin {:?} failed with reason {reason:?}",
        plugin.as_str()
    )]
    Revocation { plugin: PluginName, reason: String },
}

impl PluginFailure {
    /// Of a long name only its beginning is kept.
    pub(super) fn name(found: &str) -> Self {
        Self::Name(PluginError::Name(excerpt(found, NAME_LIMIT)))
    }

    /// The check that failed; none for what no level weakens.
    pub fn check(&self) -> Option<Check> {
        match self {
            Self::Identity { .. } => Some(Check::Authenticity),
            Self::Revocation { .. } => Some(Check::Revocation),
            _ => None,
        }
    }
}

impl Fault for PluginFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::Attribute { .. } => "verify-plugin-attribute",
            Self::Name(error)
            | Self::NotLocated { error, .. }
            | Self::Metadata { error, .. }
            | Self::Failed { error, .. } => error.code(),
            Self::Version { .. } => "verify-plugin-version",
            Self::Older { .. } => "verify-plugin-older",
            Self::Incapable { .. } => "verify-plugin-incapable",
            Self::NotAuthentic { .. } => "verify-plugin-not-run",
            Self::Unprocessed { .. } => "verify-plugin-unprocessed",
            Self::NoResult { .. } => "verify-plugin-no-result",
            Self::Identity { .. } => "verify-plugin-identity",
            Self::Revocation { .. } => "verify-plugin-revocation",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::NotLocated { error, .. }
            | Self::Metadata { error, .. }
            | Self::Failed { error, .. } => error.because(),
            Self::NotAuthentic { reason, .. } => vec![reason.clone()],
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotLocated { error: PluginError::NotFound { .. }, .. }
            | Self::Older { .. }
            | Self::Incapable { .. } => Some(
                "if you trust its maker, install it: \
                 sealwright plugin install --url <url> --sha256sum <checksum>"
                    .to_owned(),
            ),
            Self::NotLocated { error, .. }
            | Self::Metadata { error, .. }
            | Self::Failed { error, .. } => error.hint(),
            Self::NotAuthentic { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

fn of_version(header: &str) -> &'static str {
    match header == VERIFICATION_PLUGIN_MIN_VERSION {
        true => "error while getting plugin minimum version, error: ",
        false => "",
    }
}
