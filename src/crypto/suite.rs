//! The six signature suites (signature-specification.md, "Signature Algorithm Requirements").

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::Hash;
use crate::fault::Fault;

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

impl Fault for VerifyError {
    fn code(&self) -> &'static str {
        "crypto-signature-invalid"
    }
}

impl Suite {
    pub fn hash(self) -> Hash {
        self.row().hash
    }
    /// `PS256` … `ES512`: JWS `alg` and Key Vault's `alg`.
    pub fn jws_name(self) -> &'static str {
        self.row().jws_name
    }
    /// The suite with this JWS `alg`, matched exactly.
    pub fn from_jws_name(name: &str) -> Option<Self> {
        SUITES.into_iter().find(|suite| suite.jws_name() == name)
    }
    /// COSE algorithm label, −37 … −36.
    pub fn cose_label(self) -> i64 {
        self.row().cose_label
    }
    /// The suite with this COSE algorithm label.
    pub fn from_cose_label(label: i64) -> Option<Self> {
        SUITES.into_iter().find(|suite| suite.cose_label() == label)
    }
    /// `RSASSA-PSS-SHA-256` …: the name in the plugin protocol and in `inspect`.
    pub fn plugin_name(self) -> &'static str {
        self.row().plugin_name
    }
    /// `RSA-2048` … `EC-521`.
    pub fn key_spec(self) -> &'static str {
        self.row().key_spec
    }
    /// Length in bytes of a signature: the RSA modulus, or R‖S (64, 96, 132).
    pub fn signature_length(self) -> usize {
        self.row().signature_length
    }
    /// Length in bytes of a signature when the suite fixes it (ECDSA: R‖S 64, 96, 132).
    pub fn fixed_signature_length(self) -> Option<usize> {
        match self {
            Self::RsaPss2048 | Self::RsaPss3072 | Self::RsaPss4096 => None,
            Self::EcdsaP256 | Self::EcdsaP384 | Self::EcdsaP521 => Some(self.signature_length()),
        }
    }
    /// Verifies a signature over `message`; ECDSA as raw R‖S, RSA-PSS with salt length = hash length.
    /// `spki` is the SubjectPublicKeyInfo in DER. A key that calls for another suite never verifies,
    /// and neither does an RSA modulus whose first bit is zero (2047 bits).
    pub fn verify(self, spki: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if Self::of_public_key(spki) != Ok(self) || signature.len() != self.signature_length() {
            return Err(VerifyError);
        }
        UnparsedPublicKey::new(self.row().verification, spki)
            .verify(message, signature)
            .map_err(|_| VerifyError)
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

struct Row {
    hash: Hash,
    jws_name: &'static str,
    cose_label: i64,
    plugin_name: &'static str,
    key_spec: &'static str,
    signature_length: usize,
    verification: &'static dyn VerificationAlgorithm,
}

/// In the order of [`SUITES`].
static TABLE: [Row; 6] = [
    Row {
        hash: Hash::Sha256,
        jws_name: "PS256",
        cose_label: -37,
        plugin_name: "RSASSA-PSS-SHA-256",
        key_spec: "RSA-2048",
        signature_length: 256,
        verification: &signature::RSA_PSS_2048_8192_SHA256,
    },
    Row {
        hash: Hash::Sha384,
        jws_name: "PS384",
        cose_label: -38,
        plugin_name: "RSASSA-PSS-SHA-384",
        key_spec: "RSA-3072",
        signature_length: 384,
        verification: &signature::RSA_PSS_2048_8192_SHA384,
    },
    Row {
        hash: Hash::Sha512,
        jws_name: "PS512",
        cose_label: -39,
        plugin_name: "RSASSA-PSS-SHA-512",
        key_spec: "RSA-4096",
        signature_length: 512,
        verification: &signature::RSA_PSS_2048_8192_SHA512,
    },
    Row {
        hash: Hash::Sha256,
        jws_name: "ES256",
        cose_label: -7,
        plugin_name: "ECDSA-SHA-256",
        key_spec: "EC-256",
        signature_length: 64,
        verification: &signature::ECDSA_P256_SHA256_FIXED,
    },
    Row {
        hash: Hash::Sha384,
        jws_name: "ES384",
        cose_label: -35,
        plugin_name: "ECDSA-SHA-384",
        key_spec: "EC-384",
        signature_length: 96,
        verification: &signature::ECDSA_P384_SHA384_FIXED,
    },
    Row {
        hash: Hash::Sha512,
        jws_name: "ES512",
        cose_label: -36,
        plugin_name: "ECDSA-SHA-512",
        key_spec: "EC-521",
        signature_length: 132,
        verification: &signature::ECDSA_P521_SHA512_FIXED,
    },
];

#[cfg(test)]
mod tests;
