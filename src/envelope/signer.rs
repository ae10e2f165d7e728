//! Who makes the signature: a key in memory here, a key vault in `azure`.

use time::OffsetDateTime;

use crate::crypto::{KeyError, PrivateKey, Suite};
use crate::fault::{BoxFault, Fault};
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
    /// The same, with the chain of the key that made it where that is not `chain()`: a service may
    /// renew its certificate while a command runs.
    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        Ok(ChainedSignature { signature: self.sign(message).await?, renewed: None })
    }
    /// Whether a signature with this chain is this signer's: made with its certificate or, where a
    /// service renews certificates, with another one for the same subscriber.
    fn is_maker_of(&self, chain: &Chain) -> bool {
        chain.leaf() == self.chain().leaf()
    }
    /// Added to the signing agent attribute, such as `azure-kv`.
    fn agent(&self) -> Option<&str> {
        None
    }
    /// What its owner should know of the chain, as sentences for warnings.
    fn advice(&self) -> Vec<String> {
        self.chain().advice()
    }
}

/// A raw signature and the chain of the key that made it.
pub struct ChainedSignature {
    pub signature: Vec<u8>,
    /// None: the signer's own.
    pub renewed: Option<Chain>,
}

/// Makes timestamps over signatures.
#[async_trait::async_trait]
pub trait Countersigner: Send + Sync {
    /// An RFC 3161 token in DER over the raw signature bytes, verified. Its hash is that of the chain's suite.
    async fn countersign(&self, signature: &[u8], chain: &Chain) -> Result<Vec<u8>, BoxFault>;
    /// The time of a token over this signature that it would have attached too; nobody is asked.
    fn accept(
        &self,
        token: &[u8],
        signature: &[u8],
        chain: &Chain,
    ) -> Result<OffsetDateTime, BoxFault>;
}

impl std::fmt::Debug for dyn Countersigner + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Countersigner")
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

impl Fault for SignerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Mismatch { .. } => "envelope-signer-mismatch",
            Self::Chain(error) => error.code(),
            Self::Key(_) => "envelope-signer-key",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Mismatch { .. } => {
                Some("name the certificate of this key: sealwright key list".into())
            }
            Self::Chain(error) => error.hint(),
            Self::Key(_) => None,
        }
    }
}

impl From<KeyError> for SignerError {
    fn from(error: KeyError) -> Self {
        Self::Key(error.to_string())
    }
}

/// A key and its chain in memory.
pub struct LocalSigner {
    key: PrivateKey,
    chain: Chain,
}

impl LocalSigner {
    /// Checks that the key belongs to the leaf and that the chain satisfies the rules.
    pub fn new(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Self, SignerError> {
        let leaf = certificates.first().ok_or(ChainError::Empty)?;
        if leaf.public_key() != key.public_key() {
            return Err(SignerError::Mismatch { subject: leaf.subject().to_string() });
        }
        Ok(Self { key, chain: Chain::check(certificates)? })
    }
}

#[async_trait::async_trait]
impl Signer for LocalSigner {
    fn chain(&self) -> &Chain {
        &self.chain
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        Ok(self.key.sign(message).map_err(SignerError::from)?)
    }
}
