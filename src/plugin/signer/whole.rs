//! A plugin that makes whole envelopes: `generate-envelope`.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Key, PluginSignerError, bytes};
use crate::crypto::Suite;
use crate::envelope::{EnvelopeMaker, EnvelopeOrder, MadeEnvelope, PAYLOAD_TYPE, Signer};
use crate::fault::BoxFault;
use crate::plugin::{CONTRACT_VERSION, GenerateEnvelopeRequest};
use crate::x509::Chain;

pub(super) struct WholeSigner {
    key: Key,
    /// That of the first envelope.
    chain: OnceLock<Chain>,
}

impl WholeSigner {
    pub fn new(key: Key) -> Self {
        Self { key, chain: OnceLock::new() }
    }

    async fn made(&self, order: &EnvelopeOrder<'_>) -> Result<MadeEnvelope, PluginSignerError> {
        let request = GenerateEnvelopeRequest {
            contract_version: CONTRACT_VERSION.to_owned(),
            key_id: self.key.id.clone(),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signature_envelope_type: order.format.media_type().to_owned(),
            payload: STANDARD.encode(order.payload),
            expiry_duration_in_seconds: order.expiry.map_or(0, |expiry| expiry.as_secs()),
            plugin_config: self.key.config.clone(),
        };
        let answer = self.key.plugin.generate_envelope(&request).await;
        let answer = answer.map_err(|error| self.key.refused_to_make(error))?;
        let bytes = bytes("signatureEnvelope", &answer.signature_envelope)?;
        Ok(MadeEnvelope { bytes, annotations: answer.annotations })
    }
}

#[async_trait::async_trait]
impl Signer for WholeSigner {
    fn known_chain(&self) -> Option<&Chain> {
        self.chain.get()
    }

    fn suite(&self) -> Option<Suite> {
        None
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, BoxFault> {
        Err(PluginSignerError::EnvelopesOnly { plugin: self.key.plugin.name().to_string() }.into())
    }

    fn envelopes(&self) -> Option<&dyn EnvelopeMaker> {
        Some(self)
    }

    fn preface(&self) -> Option<String> {
        Some(self.key.preface())
    }
}

#[async_trait::async_trait]
impl EnvelopeMaker for WholeSigner {
    async fn make(&self, order: &EnvelopeOrder<'_>) -> Result<MadeEnvelope, BoxFault> {
        Ok(self.made(order).await?)
    }

    fn proven(&self, chain: &Chain) {
        // whoever was first has set it
        let _ = self.chain.set(chain.clone());
    }
}
