//! Who makes the signature: a key in memory here, a key vault in `azure`.

use crate::crypto::{PrivateKey, Suite};
use crate::fault::BoxFault;
use crate::x509::{Certificate, Chain, ChainError};

/// Makes raw signatures. The message is the complete to-be-signed bytes; the signer hashes them.
#[async_trait::async_trait]
pub trait Signer: Send + Sync {
    /// The chain of the signing certificate, leaf first.
    fn chain(&self) -> &Chain;
    fn suite(&self) -> Suite {
        self.chain().suite()
    }
    /// RSA-PSS with salt length = hash length, or ECDSA R‖S.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault>;
    /// Added to the signing agent attribute, such as `azure-kv`.
    fn agent(&self) -> Option<&str> {
        None
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error("the private key does not belong to the certificate with subject {subject:?}")]
    Mismatch { subject: String },
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("the local key could not sign: {0}")]
    Key(String),
}

/// A key and its chain in memory.
pub struct LocalSigner {
    key: PrivateKey,
    chain: Chain,
}

impl LocalSigner {
    /// Checks that the key belongs to the leaf and that the chain satisfies the rules.
    pub fn new(_key: PrivateKey, _certificates: Vec<Certificate>) -> Result<Self, SignerError> {
        todo!()
    }
}

#[async_trait::async_trait]
impl Signer for LocalSigner {
    fn chain(&self) -> &Chain {
        let _ = &self.key;
        &self.chain
    }
    async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        todo!()
    }
}
