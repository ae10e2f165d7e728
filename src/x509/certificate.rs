//! One certificate, parsed once, with its original bytes.

use time::OffsetDateTime;

use super::Name;
use crate::crypto::{Suite, VerifyError};

/// An X.509 certificate. Its signature is verified over the original TBS bytes, never re-encoded ones.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
}

/// largest certificate accepted: 64 KiB; real ones are under 10 KiB.
pub const CERTIFICATE_LIMIT: usize = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("x509: malformed certificate")]
    Malformed(String),
    #[error("the certificate has {found} bytes; at most {limit} are accepted")]
    TooLarge { found: usize, limit: usize },
}

impl Certificate {
    /// Parses exactly one DER certificate; trailing bytes are refused.
    pub fn from_der(_der: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    pub fn subject(&self) -> &Name {
        todo!()
    }
    pub fn issuer(&self) -> &Name {
        todo!()
    }
    /// Raw DER of subject and issuer: chains compare these.
    pub fn raw_subject(&self) -> &[u8] {
        todo!()
    }
    pub fn raw_issuer(&self) -> &[u8] {
        todo!()
    }
    /// SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        todo!()
    }
    pub fn not_before(&self) -> OffsetDateTime {
        todo!()
    }
    pub fn not_after(&self) -> OffsetDateTime {
        todo!()
    }
    /// basicConstraints present with cA = TRUE.
    pub fn is_ca(&self) -> bool {
        todo!()
    }
    /// Lower-case hex of SHA-256 over the DER.
    pub fn thumbprint(&self) -> String {
        todo!()
    }
    /// The suite its key calls for (RSA 2048/3072/4096 by modulus bytes × 8, P-256/384/521); else a
    /// text such as `rsa key size 1024 bits is not supported`.
    pub fn suite(&self) -> Result<Suite, String> {
        todo!()
    }
    /// This certificate's signature under `issuer`'s key; SHA-1 and MD5 signatures never verify.
    pub fn verify_signed_by(&self, _issuer: &Certificate) -> Result<(), VerifyError> {
        todo!()
    }
    /// Raw subject equals raw issuer and the own key verifies.
    pub fn is_self_signed(&self) -> bool {
        todo!()
    }
    /// Names an OCSP responder (AIA) or a CRL (distribution point).
    pub fn names_revocation_source(&self) -> bool {
        todo!()
    }
    // the owner of this room adds keyUsage, EKU, basicConstraints accessors as the rules need them
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

impl PartialEq for Certificate {
    /// Byte equality.
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for Certificate {}
