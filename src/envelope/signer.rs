//! Who makes the signature: a key in memory here, a key vault in `azure`, a plugin in `plugin`.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::Format;
use crate::crypto::{KeyError, PrivateKey, Suite};
use crate::fault::{BoxFault, Fault};
use crate::x509::{Certificate, Chain, ChainError};

/// Makes raw signatures. The message is the complete to-be-signed bytes; the signer hashes them.
#[async_trait::async_trait]
pub trait Signer: Send + Sync {
    /// The chain of the signing certificate, leaf first. None as long as only a signature would tell
    /// it; from the first one on it is known.
    fn known_chain(&self) -> Option<&Chain>;
    /// None of who makes whole envelopes.
    fn suite(&self) -> Option<Suite> {
        self.known_chain().map(Chain::suite)
    }
    /// RSA-PSS with salt length = hash length, or ECDSA R‖S.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault>;
    /// The same, with the chain of the key that made it where that is not the known one: a service may
    /// renew its certificate while a command runs.
    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        Ok(ChainedSignature { signature: self.sign(message).await?, renewed: None })
    }
    /// Makes the envelopes, where they are not laid out here and only signed there. `sign` is then
    /// refused.
    fn envelopes(&self) -> Option<&dyn EnvelopeMaker> {
        None
    }
    /// Whether a signature with this chain is this signer's: made with its certificate or, where a
    /// service renews certificates, with another one for the same subscriber. Of a signer whose chain
    /// is not known it is not.
    fn is_maker_of(&self, chain: &Chain) -> bool {
        self.known_chain().is_some_and(|own| own.leaf() == chain.leaf())
    }
    /// Added to the signing agent attribute, such as `azure-kv`.
    fn agent(&self) -> Option<&str> {
        None
    }
    /// What the text of a failure to seal begins with, such as `failed to sign with the plugin x`.
    fn preface(&self) -> Option<String> {
        None
    }
    /// What its owner should know of the chain it signed with, as sentences for warnings.
    fn advice(&self, chain: &Chain) -> Vec<String> {
        chain.advice()
    }
}

/// A raw signature and the chain of the key that made it.
pub struct ChainedSignature {
    pub signature: Vec<u8>,
    /// None: the signer's known one.
    pub renewed: Option<Chain>,
}

/// Makes whole envelopes. Whatever it makes is proven before it is used.
#[async_trait::async_trait]
pub trait EnvelopeMaker: Send + Sync {
    async fn make(&self, order: &EnvelopeOrder<'_>) -> Result<MadeEnvelope, BoxFault>;
    /// An envelope of this maker's held, and this is its chain.
    fn proven(&self, chain: &Chain);
}

/// What an envelope is to be.
#[derive(Debug, Clone, Copy)]
pub struct EnvelopeOrder<'a> {
    pub format: Format,
    /// The bytes to sign, as JSON in the order of the specification's members.
    pub payload: &'a [u8],
    /// Counted from the signing time that the maker writes.
    pub expiry: Option<Duration>,
}

/// An envelope of somebody else's, and what is to stand beside it in the signature manifest.
#[derive(Debug, Clone, Default)]
pub struct MadeEnvelope {
    pub bytes: Vec<u8>,
    pub annotations: BTreeMap<String, String>,
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

    pub fn chain(&self) -> &Chain {
        &self.chain
    }
}

#[async_trait::async_trait]
impl Signer for LocalSigner {
    fn known_chain(&self) -> Option<&Chain> {
        Some(&self.chain)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        Ok(self.key.sign(message).map_err(SignerError::from)?)
    }
}
