//! A plugin that signs what is laid before it: `generate-signature`.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Key, PluginSignerError, bytes};
use crate::crypto::{Hash, Suite};
use crate::envelope::{ChainedSignature, Signer};
use crate::fault::BoxFault;
use crate::plugin::{CONTRACT_VERSION, GenerateSignatureRequest};
use crate::x509::{CHAIN_LIMIT, Certificate, Chain, ChainError};

pub(super) struct RawSigner {
    key: Key,
    suite: Suite,
    agent: String,
    /// That of the first signature.
    chain: OnceLock<Chain>,
}

impl RawSigner {
    pub fn new(key: Key, suite: Suite, agent: String) -> Self {
        Self { key, suite, agent, chain: OnceLock::new() }
    }

    /// A signature that the leaf of its chain verifies.
    async fn signed(&self, message: &[u8]) -> Result<(Vec<u8>, Chain), PluginSignerError> {
        let request = GenerateSignatureRequest {
            contract_version: CONTRACT_VERSION.to_owned(),
            key_id: self.key.id.clone(),
            key_spec: self.suite.key_spec().to_owned(),
            hash_algorithm: hash_name(self.suite.hash()).to_owned(),
            payload: STANDARD.encode(message),
            plugin_config: self.key.config.clone(),
        };
        let answer = self.key.plugin.generate_signature(&request).await;
        let answer = answer.map_err(|error| self.key.refused(error))?;
        let chain = chain(&answer.certificate_chain)?;
        if chain.suite() != self.suite {
            return Err(PluginSignerError::Suite {
                described: self.suite.key_spec(),
                certificate: chain.suite().key_spec(),
            });
        }
        let signature = bytes("signature", &answer.signature)?;
        let leaf = chain.leaf().public_key();
        let verified = self.suite.verify(leaf, message, &signature);
        verified.map_err(|_| PluginSignerError::Signature)?;
        Ok((signature, chain))
    }
}

#[async_trait::async_trait]
impl Signer for RawSigner {
    fn known_chain(&self) -> Option<&Chain> {
        self.chain.get()
    }

    fn suite(&self) -> Option<Suite> {
        Some(self.suite)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        Ok(self.signed(message).await?.0)
    }

    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        let (signature, chain) = self.signed(message).await?;
        let known = self.chain.get_or_init(|| chain.clone());
        let renewed = Some(chain).filter(|chain| chain != known);
        Ok(ChainedSignature { signature, renewed })
    }

    fn agent(&self) -> Option<&str> {
        Some(&self.agent)
    }

    fn preface(&self) -> Option<String> {
        Some(self.key.preface())
    }
}

fn chain(answered: &[String]) -> Result<Chain, PluginSignerError> {
    if answered.len() > CHAIN_LIMIT {
        let error = ChainError::TooLong { found: answered.len(), limit: CHAIN_LIMIT };
        return Err(error.into());
    }
    let mut certificates = Vec::with_capacity(answered.len());
    for (index, text) in answered.iter().enumerate() {
        let der = bytes("certificateChain", text)?;
        let certificate = Certificate::from_der(&der)
            .map_err(|source| PluginSignerError::Certificate { index, source })?;
        certificates.push(certificate);
    }
    Ok(Chain::check(certificates)?)
}

fn hash_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "SHA-256",
        Hash::Sha384 => "SHA-384",
        Hash::Sha512 => "SHA-512",
    }
}
