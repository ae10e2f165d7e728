//! Private keys held in memory: local signing keys and tests.

use super::Suite;
use crate::secret::Secret;

/// A private key fit for one of the six suites.
pub struct PrivateKey {
    suite: Suite,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "no private key was found; expected an unencrypted PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    Missing,
    #[error("the private key is encrypted; expected an unencrypted PKCS#8, PKCS#1 or SEC 1 key")]
    Encrypted,
    #[error("malformed private key")]
    Malformed,
    #[error("{0} is not supported")]
    Unsupported(String),
}

impl PrivateKey {
    /// Reads an unencrypted PEM key: PKCS#8, PKCS#1 or SEC 1 (reference: signingkeys.json, local keys).
    pub fn from_pem(_pem: &Secret) -> Result<Self, KeyError> {
        todo!()
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> Vec<u8> {
        todo!()
    }

    /// Signs `message`: RSA-PSS with salt length = hash length, ECDSA as raw R‖S.
    pub fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, KeyError> {
        todo!()
    }
}
