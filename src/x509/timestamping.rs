//! Chains of time-stamping authorities: leaf first, root last
//! (signature-specification.md, "Certificate Requirements"; RFC 3161, 2.3).

use time::OffsetDateTime;

use super::rules::{self, Purpose};
use super::{Certificate, ChainError, ValidityError, chain};

/// A chain that satisfies the rules for time-stamping certificates. Validity in time is separate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampingChain {
    certificates: Vec<Certificate>,
}

impl TimestampingChain {
    /// Checks the rules on certificates in order leaf → root: those for code signing, except that key
    /// usage need not be critical and the leaf's extended key usage is time stamping alone, critical.
    pub fn check(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        rules::check(&certificates, Purpose::Timestamps)?;
        Ok(Self { certificates })
    }
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }
    /// Every certificate contains `at` (inclusive both ends).
    pub fn check_valid_at(&self, at: OffsetDateTime) -> Result<(), ValidityError> {
        chain::check_valid_at(&self.certificates, at)
    }
    /// The first certificate below the root that names an OCSP responder or a CRL, nearest the root
    /// first; its status is unknown until one is asked.
    pub fn revocable(&self) -> Option<&Certificate> {
        let below_root = &self.certificates[..self.certificates.len() - 1];
        below_root.iter().rev().find(|certificate| certificate.names_revocation_source())
    }
}
