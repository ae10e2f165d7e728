//! The six signature suites (signature-specification.md, "Signature Algorithm Requirements").

use super::Hash;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    RsaPss2048,
    RsaPss3072,
    RsaPss4096,
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
}

/// All suites, for loops.
pub const SUITES: [Suite; 6] = [
    Suite::RsaPss2048,
    Suite::RsaPss3072,
    Suite::RsaPss4096,
    Suite::EcdsaP256,
    Suite::EcdsaP384,
    Suite::EcdsaP521,
];

/// The signature does not fit the key and the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signature is invalid")]
pub struct VerifyError;

impl Suite {
    pub fn hash(self) -> Hash {
        todo!()
    }
    /// `PS256` … `ES512`: JWS `alg` and Key Vault's `alg`.
    pub fn jws_name(self) -> &'static str {
        todo!()
    }
    /// COSE algorithm label, −37 … −36.
    pub fn cose_label(self) -> i64 {
        todo!()
    }
    /// `RSASSA-PSS-SHA-256` …: the name in the plugin protocol and in `inspect`.
    pub fn plugin_name(self) -> &'static str {
        todo!()
    }
    /// `RSA-2048` … `EC-521`.
    pub fn key_spec(self) -> &'static str {
        todo!()
    }
    /// Length in bytes of a signature when the suite fixes it (ECDSA: R‖S 64, 96, 132).
    pub fn fixed_signature_length(self) -> Option<usize> {
        todo!()
    }
    /// Verifies a signature over `message`; ECDSA as raw R‖S, RSA-PSS with salt length = hash length.
    /// `spki` is the SubjectPublicKeyInfo in DER.
    pub fn verify(
        self,
        _spki: &[u8],
        _message: &[u8],
        _signature: &[u8],
    ) -> Result<(), VerifyError> {
        todo!()
    }
}
