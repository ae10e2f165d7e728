//! Signing with a plugin: its metadata and its key are asked for once, then one answer for each
//! signature (plugin-extensibility.md, "Signing interfaces").

mod error;
mod raw;
mod whole;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{
    CONTRACT_VERSION, Capability, DescribeKeyRequest, Metadata, Plugin, PluginConfig, PluginError,
};
use crate::crypto::{SUITES, Suite};
use crate::envelope::Signer;
use raw::RawSigner;
use whole::WholeSigner;

pub use error::PluginSignerError;

/// The signer of a plugin's key: one that makes signatures where the plugin can, else one that makes
/// envelopes. Nothing is signed; the chain is known from the first signature on.
///
/// Whatever the plugin answers is proven: its certificates are a chain for code signing, its signature
/// verifies with the leaf's key, and its envelopes are what was ordered.
pub async fn open_signer(
    plugin: Arc<dyn Plugin>,
    key_id: &str,
    config: &PluginConfig,
) -> Result<Arc<dyn Signer>, PluginSignerError> {
    if key_id.is_empty() {
        return Err(PluginSignerError::NoKeyId);
    }
    let metadata = plugin.metadata(config).await?;
    let key = Key { plugin, id: key_id.to_owned(), config: config.clone() };
    if metadata.can(Capability::RawSignature) {
        let suite = describe(&key).await.map_err(|error| key.failed(error))?;
        Ok(Arc::new(RawSigner::new(key, suite, agent(&metadata))))
    } else if metadata.can(Capability::EnvelopeSignature) {
        Ok(Arc::new(WholeSigner::new(key)))
    } else {
        Err(PluginSignerError::NoSigner)
    }
}

/// Whether the plugin says of itself that it signs.
pub async fn check_signs(
    plugin: &dyn Plugin,
    config: &PluginConfig,
) -> Result<(), PluginSignerError> {
    let metadata = plugin.metadata(config).await?;
    let signs = [Capability::RawSignature, Capability::EnvelopeSignature];
    match signs.into_iter().any(|capability| metadata.can(capability)) {
        true => Ok(()),
        false => Err(PluginSignerError::NoSigner),
    }
}

/// A key behind a plugin.
struct Key {
    plugin: Arc<dyn Plugin>,
    id: String,
    config: PluginConfig,
}

impl Key {
    /// As notation begins whatever goes wrong once the plugin has told what it can do.
    fn preface(&self) -> String {
        format!("failed to sign with the plugin {}", self.plugin.name())
    }

    fn failed(&self, error: PluginSignerError) -> PluginSignerError {
        PluginSignerError::Failed { preface: self.preface(), error: Box::new(error) }
    }

    /// The plugin's own refusal, with this key's id for the hint.
    fn refused(&self, error: PluginError) -> PluginSignerError {
        PluginSignerError::Refused { key_id: self.id.clone(), error }
    }

    /// The same of an envelope, where notation has a few words more; not of one of another type.
    fn refused_to_make(&self, error: PluginError) -> PluginSignerError {
        match error {
            PluginError::Echo { .. } => self.refused(error),
            _ => PluginSignerError::RefusedEnvelope { key_id: self.id.clone(), error },
        }
    }
}

async fn describe(key: &Key) -> Result<Suite, PluginSignerError> {
    let request = DescribeKeyRequest {
        contract_version: CONTRACT_VERSION.to_owned(),
        key_id: key.id.clone(),
        plugin_config: key.config.clone(),
    };
    let answer = key.plugin.describe_key(&request).await.map_err(|error| key.refused(error))?;
    let found = answer.key_spec;
    let known = SUITES.into_iter().find(|suite| suite.key_spec() == found);
    known.ok_or(PluginSignerError::KeySpec { found })
}

/// Printed beside this program's own name: `<plugin>/<version>`.
fn agent(metadata: &Metadata) -> String {
    format!("{}/{}", metadata.name, metadata.version)
}

fn bytes(member: &'static str, text: &str) -> Result<Vec<u8>, PluginSignerError> {
    STANDARD.decode(text).map_err(|_| PluginSignerError::Base64 { member })
}
