//! The signer: opened with one request for the chain, then one operation for each signature.

use std::sync::Arc;

use super::client::Client;
use super::{ArtifactSigningError, CertificateProfile, certificates};
use crate::azure::TokenSource;
use crate::crypto::Hash;
use crate::envelope::{ChainedSignature, Signer};
use crate::fault::BoxFault;
use crate::http::Http;
use crate::x509::{Certificate, Chain};

/// A certificate profile, with the chain that it signed with when it was opened.
pub struct ArtifactSigner {
    client: Client,
    chain: Chain,
}

impl std::fmt::Debug for ArtifactSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArtifactSigner")
            .field("profile", &self.client.profile)
            .finish_non_exhaustive()
    }
}

impl ArtifactSigner {
    /// Reads the chain, one request, and checks it: one leaf of RSA with 3072 bits, complete up to its
    /// root. Nothing is signed.
    pub async fn open(
        http: Http,
        tokens: Arc<dyn TokenSource>,
        profile: CertificateProfile,
    ) -> Result<Self, ArtifactSigningError> {
        let client = Client { http, tokens, profile };
        let bag = client.chain().await?;
        let chain = certificates::chain(&client.profile, &bag, &[])?;
        Ok(Self { client, chain })
    }

    pub fn profile(&self) -> &CertificateProfile {
        &self.client.profile
    }

    /// The chain it was opened with.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The chain that came with a signature: the opened one, or another where the service renewed its
    /// certificate since, as it does daily.
    async fn signed(&self, message: &[u8]) -> Result<ChainedSignature, ArtifactSigningError> {
        let signed = self.client.sign(&Hash::Sha384.of(message)).await?;
        let renewed = match signed.certificates {
            Some(bag) if !bag.contains(self.chain.leaf()) => {
                let issuers = &self.chain.certificates()[1..];
                Some(certificates::chain(&self.client.profile, &bag, issuers)?)
            }
            _ => None,
        };
        let chain = renewed.as_ref().unwrap_or(&self.chain);
        let leaf = chain.leaf();
        chain.suite().verify(leaf.public_key(), message, &signed.signature).map_err(|_| {
            ArtifactSigningError::Signature {
                operation: signed.operation.as_str().to_owned(),
                subject: leaf.subject().to_string(),
            }
        })?;
        Ok(ChainedSignature { signature: signed.signature, renewed })
    }
}

/// The extended key usages that name a subscriber for good (learn.microsoft.com, "Artifact Signing
/// certificate management").
fn durable_identity(leaf: &Certificate) -> Vec<String> {
    const ARC: &str = "1.3.6.1.4.1.311.97.";
    let usages = leaf.extended_key_usage().map(|usage| usage.names()).unwrap_or_default();
    usages.into_iter().filter(|usage| usage.starts_with(ARC)).collect()
}

#[async_trait::async_trait]
impl Signer for ArtifactSigner {
    fn known_chain(&self) -> Option<&Chain> {
        Some(&self.chain)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        Ok(self.signed(message).await?.signature)
    }

    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        Ok(self.signed(message).await?)
    }

    /// The service renews the certificate daily; root, subject and durable identity stay. Every
    /// certificate of a chain was checked to be signed by the next, so the root vouches for the others.
    fn is_maker_of(&self, chain: &Chain) -> bool {
        let (ours, other) = (self.chain.leaf(), chain.leaf());
        let identity = durable_identity(ours);
        ours == other
            || (self.chain.certificates().last() == chain.certificates().last()
                && ours.raw_subject() == other.raw_subject()
                && !identity.is_empty()
                && identity == durable_identity(other))
    }

    fn agent(&self) -> Option<&str> {
        Some("azure-artifactsigning")
    }

    /// None: whoever signs with the service does not choose what its certificates say.
    fn advice(&self, _: &Chain) -> Vec<String> {
        Vec::new()
    }
}
