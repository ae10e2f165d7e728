//! Code-signing chains: leaf first, root last, each rule one function
//! (signature-specification.md, "Certificate Requirements"; reference section 1.6).

use time::OffsetDateTime;

use super::Certificate;
use crate::crypto::Suite;

/// A chain that satisfies the code-signing certificate rules. Validity in time is separate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    certificates: Vec<Certificate>,
    suite: Suite,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("certificate chain must contain at least one certificate")]
    Empty,
    // the owner of this room adds one variant per rule, each naming subject and what was found
}

/// A certificate was not valid at the time asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "certificate with subject {subject:?} was invalid at {at}; it is valid from {not_before} to {not_after}"
)]
pub struct ValidityError {
    pub subject: String,
    pub at: OffsetDateTime,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Chain {
    /// Checks the code-signing rules on certificates in order leaf → root.
    pub fn check(_certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        todo!()
    }
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }
    /// The suite the leaf's key calls for.
    pub fn suite(&self) -> Suite {
        self.suite
    }
    /// Every certificate contains `at` (inclusive both ends).
    pub fn check_valid_at(&self, _at: OffsetDateTime) -> Result<(), ValidityError> {
        todo!()
    }
    /// What the article asks beyond the specification, as sentences for warnings: basicConstraints
    /// critical on CAs, DigitalSignature only, EKU empty or code signing only, CN/C/ST/O in the subject.
    pub fn advice(&self) -> Vec<String> {
        todo!()
    }
}

/// Orders a bag of certificates into a chain that starts at `leaf`, by key and signature, not by
/// name alone (cross-signed and re-keyed CAs share names). Ends at a self-signed certificate.
/// Errors say which issuer is missing or which certificates were left over.
pub fn order(_leaf: &Certificate, _bag: &[Certificate]) -> Result<Vec<Certificate>, ChainError> {
    todo!()
}
