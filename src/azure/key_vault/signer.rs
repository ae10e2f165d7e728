//! The signer: opened with one or two requests, then one request for each signature.

use std::sync::Arc;

use futures_util::join;

use super::client::{CertificateAnswer, Vault};
use super::{KeyId, chain};
use crate::azure::error::one_line;
use crate::azure::{AzureError, ChainMode, TokenSource};
use crate::crypto::Suite;
use crate::envelope::Signer;
use crate::fault::BoxFault;
use crate::http::Http;
use crate::x509::{Certificate, Chain, certificates_from_pem_or_der};

/// Where the certificates above the leaf come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainSource {
    /// The vault's secret of the same name.
    Secret,
    /// The bytes of a file with the intermediate and root certificates, in any order.
    CaCerts(Vec<u8>),
    /// There are none: the certificate is self-signed.
    SelfSigned,
}

impl ChainSource {
    /// From the plugin configuration's `self_signed` and `ca_certs` (the file's bytes).
    pub fn from_config(self_signed: bool, ca_certs: Option<Vec<u8>>) -> Result<Self, AzureError> {
        match (self_signed, ca_certs) {
            (true, Some(_)) => Err(AzureError::SelfSignedWithCaCerts),
            (true, None) => Ok(Self::SelfSigned),
            (false, Some(bytes)) => Ok(Self::CaCerts(bytes)),
            (false, None) => Ok(Self::Secret),
        }
    }

    /// Which permissions this needs.
    pub fn mode(&self) -> ChainMode {
        match self {
            Self::Secret => ChainMode::InVault,
            Self::CaCerts(_) | Self::SelfSigned => ChainMode::Given,
        }
    }
}

pub struct KeyVaultOptions {
    pub http: Http,
    pub tokens: Arc<dyn TokenSource>,
    pub key: KeyId,
    pub chain: ChainSource,
}

/// A key in a vault, pinned to one version, with its checked chain.
pub struct KeyVaultSigner {
    vault: Vault,
    key: KeyId,
    chain: Chain,
}

impl std::fmt::Debug for KeyVaultSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyVaultSigner").field("key", &self.key).finish_non_exhaustive()
    }
}

impl KeyVaultSigner {
    /// Reads certificate and chain. With a version, one request: the secret alone, or the certificate
    /// alone. Without, both side by side; the certificate's answer pins the version of everything.
    pub async fn open(options: KeyVaultOptions) -> Result<Self, AzureError> {
        let KeyVaultOptions { http, tokens, key, chain: source } = options;
        let vault = Vault { http, tokens, mode: source.mode() };
        let (key, certificates) = match source {
            ChainSource::Secret => match key.version() {
                Some(_) => from_secret(&vault, key).await?,
                None => from_certificate_and_secret(&vault, &key).await?,
            },
            ChainSource::CaCerts(bytes) => {
                let bundle = certificates_from_pem_or_der(&bytes).map_err(AzureError::CaCerts)?;
                if bundle.is_empty() {
                    return Err(AzureError::NoCertificate { place: "ca_certs".into() });
                }
                let (key, leaf, _) = from_certificate(&vault, &key).await?;
                (key, chain::complete(&leaf, &bundle)?)
            }
            ChainSource::SelfSigned => {
                let (key, leaf, _) = from_certificate(&vault, &key).await?;
                (key, vec![leaf])
            }
        };
        Ok(Self { vault, key, chain: Chain::check(certificates)? })
    }

    /// The key with the version in use.
    pub fn key_id(&self) -> &KeyId {
        &self.key
    }

    pub fn chain(&self) -> &Chain {
        &self.chain
    }
}

#[async_trait::async_trait]
impl Signer for KeyVaultSigner {
    fn known_chain(&self) -> Option<&Chain> {
        Some(&self.chain)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        let suite = self.chain.suite();
        let digest = suite.hash().of(message);
        let signature = self.vault.sign(&self.key, suite.jws_name(), &digest).await?;
        let expected = signature_length(suite);
        if signature.len() != expected {
            let problem = format!(
                "a {} signature has {expected} bytes, this one {}",
                suite.jws_name(),
                signature.len()
            );
            return Err(AzureError::Answer { request: "keys/sign", problem }.into());
        }
        Ok(signature)
    }

    fn agent(&self) -> Option<&str> {
        Some("azure-kv")
    }
}

async fn from_secret(vault: &Vault, key: KeyId) -> Result<(KeyId, Vec<Certificate>), AzureError> {
    let secret = vault.secret(&key).await?;
    if let Some(kid) = &secret.kid {
        version_of(&key, kid, "keys")?;
    }
    let bag = chain::certificates(&key, &secret)?;
    let certificates = chain::complete(chain::leaf(&key, &bag)?, &bag)?;
    Ok((key, certificates))
}

/// Both side by side. The certificate decides: where another version came in between the two answers,
/// the secret is read again.
async fn from_certificate_and_secret(
    vault: &Vault,
    key: &KeyId,
) -> Result<(KeyId, Vec<Certificate>), AzureError> {
    let (certificate, latest) = join!(from_certificate(vault, key), vault.secret(key));
    let (pinned, leaf, answer) = certificate?;
    let latest = latest?;
    let version = version_of(key, &answer.sid, "secrets")?;
    let at = key.pinned(&version);
    let secret = match key.version_answered(&latest.id, "secrets") {
        Some(answered) if answered == version => latest,
        _ => vault.secret(&at).await?,
    };
    if let Some(kid) = &secret.kid {
        version_of(&pinned, kid, "keys")?;
    }
    let bag = chain::certificates(&at, &secret)?;
    if !bag.contains(&leaf) {
        return Err(AzureError::LeafNotInSecret { key: pinned.to_string() });
    }
    let certificates = chain::complete(&leaf, &bag)?;
    Ok((pinned, certificates))
}

/// The key at the version that the certificate names, and the leaf.
pub(super) async fn from_certificate(
    vault: &Vault,
    key: &KeyId,
) -> Result<(KeyId, Certificate, CertificateAnswer), AzureError> {
    let answer = vault.certificate(key).await?;
    let pinned = key.pinned(&version_of(key, &answer.kid, "keys")?);
    let leaf = Certificate::from_der(&answer.leaf()?)?;
    Ok((pinned, leaf, answer))
}

/// The version in an id that the service answered for `key`.
fn version_of(key: &KeyId, id: &str, kind: &str) -> Result<String, AzureError> {
    key.version_answered(id, kind)
        .ok_or_else(|| AzureError::KeyMismatch { wanted: key.to_string(), answered: one_line(id) })
}

/// In bytes: RSA's is the modulus's.
fn signature_length(suite: Suite) -> usize {
    match suite {
        Suite::RsaPss2048 => 256,
        Suite::RsaPss3072 => 384,
        Suite::RsaPss4096 => 512,
        Suite::EcdsaP256 => 64,
        Suite::EcdsaP384 => 96,
        Suite::EcdsaP521 => 132,
    }
}
