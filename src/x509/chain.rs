//! Code-signing chains: leaf first, root last, and what can be wrong with them
//! (signature-specification.md, "Certificate Requirements").

use time::OffsetDateTime;

use super::rules::{self, Purpose};
use super::{Certificate, advice, remedy};
use crate::crypto::Suite;
use crate::fault::Fault;

/// longest chain accepted; real ones have two to five certificates.
pub const CHAIN_LIMIT: usize = 32;

/// A chain that satisfies the code-signing certificate rules. Validity in time is separate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    certificates: Vec<Certificate>,
    suite: Suite,
}

/// A rule that a chain breaks: each variant is one rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("certificate chain must contain at least one certificate")]
    Empty,
    #[error("certificate chain has {found} certificates; at most {limit} are accepted")]
    TooLong { found: usize, limit: usize },
    #[error(
        "certificate with subject {subject:?}: cannot verify signature: insecure algorithm {algorithm}"
    )]
    InsecureSignature { subject: String, algorithm: String },
    #[error("invalid self-signed certificate. subject: {subject:?}. Error: {reason}")]
    SelfSignature { subject: String, reason: String },
    #[error(
        "invalid self-signed certificate. subject: {subject:?}. Error: issuer({issuer}) and subject({subject}) are not the same"
    )]
    SelfIssued { subject: String, issuer: String },
    #[error(
        "root certificate with subject {subject:?} is invalid or not self-signed. Certificate chain must end with a valid self-signed root certificate. Error: {reason}"
    )]
    RootSignature { subject: String, reason: String },
    #[error(
        "root certificate with subject {subject:?} is not self-signed. Certificate chain must end with a valid self-signed root certificate"
    )]
    RootNotSelfSigned { subject: String },
    #[error(
        "leaf certificate with subject {subject:?} is self-signed. Certificate chain must not contain self-signed leaf certificate"
    )]
    LeafSelfSigned { subject: String },
    #[error(
        "intermediate certificate with subject {subject:?} is self-signed. Certificate chain must not contain self-signed intermediate certificate"
    )]
    IntermediateSelfSigned { subject: String },
    #[error(
        "invalid certificates or certificate with subject {subject:?} is not issued by {issuer:?}. Error: {reason}"
    )]
    IssuerSignature { subject: String, issuer: String, reason: String },
    #[error("certificate with subject {subject:?} is not issued by {issuer:?}")]
    IssuerName { subject: String, issuer: String },
    #[error(
        "certificate with subject {subject:?}: if the basic constraints extension is present, the ca field must be set to false"
    )]
    LeafIsCa { subject: String },
    #[error("certificate with subject {subject:?}: key usage extension must be present")]
    KeyUsageMissing { subject: String },
    #[error("certificate with subject {subject:?}: key usage extension must be marked critical")]
    KeyUsageNotCritical { subject: String },
    #[error(
        "the certificate with subject {subject:?} is invalid. The key usage must have the bit positions for \"Digital Signature\" set"
    )]
    LeafNotForSignatures { subject: String },
    #[error(
        "the certificate with subject {subject:?} is invalid. The key usage must be \"Digital Signature\" only, but found {}",
        quoted(found)
    )]
    LeafKeyUsage { subject: String, found: Vec<&'static str> },
    #[error(
        "certificate with subject {subject:?}: extended key usage must not contain {usage} eku"
    )]
    LeafExtendedKeyUsage { subject: String, usage: String },
    #[error(
        "timestamp signing certificate with subject {subject:?} must have and only have Timestamping as extended key usage"
    )]
    TimestampingUsage { subject: String },
    #[error(
        "timestamp signing certificate with subject {subject:?} must have extended key usage extension marked as critical"
    )]
    TimestampingUsageNotCritical { subject: String },
    #[error("certificate with subject {subject:?}: {reason}")]
    LeafKey { subject: String, reason: String },
    #[error(
        "certificate with subject {subject:?}: ca field in basic constraints must be present, critical, and set to true"
    )]
    CaBasicConstraints { subject: String },
    #[error(
        "certificate with subject {subject:?}: expected path length of {expected} but certificate has path length {found} instead"
    )]
    CaPathLength { subject: String, expected: u64, found: u64 },
    #[error(
        "certificate with subject {subject:?}: key usage must have the bit positions for key cert sign set"
    )]
    CaKeyUsage { subject: String },
    #[error("certificate chain is not complete: the issuer {issuer:?} of {subject:?} is not found")]
    IssuerNotFound { subject: String, issuer: String },
    #[error(
        "obtained {obtained} certificates but the certificate chain only needs {needed}: {} left over",
        quoted(left_over)
    )]
    LeftOver { obtained: usize, needed: usize, left_over: Vec<String> },
    #[error("obtained {found} certificates to build a chain from; at most {limit} are accepted")]
    BagTooLarge { found: usize, limit: usize },
}

impl Fault for ChainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "x509-chain-empty",
            Self::TooLong { .. } => "x509-chain-too-long",
            Self::InsecureSignature { .. } => "x509-insecure-signature",
            Self::SelfSignature { .. } => "x509-self-signature",
            Self::SelfIssued { .. } => "x509-self-issued",
            Self::RootSignature { .. } => "x509-root-signature",
            Self::RootNotSelfSigned { .. } => "x509-root-not-self-signed",
            Self::LeafSelfSigned { .. } => "x509-leaf-self-signed",
            Self::IntermediateSelfSigned { .. } => "x509-intermediate-self-signed",
            Self::IssuerSignature { .. } => "x509-issuer-signature",
            Self::IssuerName { .. } => "x509-issuer-name",
            Self::LeafIsCa { .. } => "x509-leaf-is-ca",
            Self::KeyUsageMissing { .. } => "x509-key-usage-missing",
            Self::KeyUsageNotCritical { .. } => "x509-key-usage-not-critical",
            Self::LeafNotForSignatures { .. } => "x509-leaf-not-for-signatures",
            Self::LeafKeyUsage { .. } => "x509-leaf-key-usage",
            Self::LeafExtendedKeyUsage { .. } => "x509-leaf-extended-key-usage",
            Self::TimestampingUsage { .. } => "x509-timestamping-usage",
            Self::TimestampingUsageNotCritical { .. } => "x509-timestamping-usage-not-critical",
            Self::LeafKey { .. } => "x509-leaf-key",
            Self::CaBasicConstraints { .. } => "x509-ca-basic-constraints",
            Self::CaPathLength { .. } => "x509-ca-path-length",
            Self::CaKeyUsage { .. } => "x509-ca-key-usage",
            Self::IssuerNotFound { .. } => "x509-issuer-not-found",
            Self::LeftOver { .. } => "x509-certificates-left-over",
            Self::BagTooLarge { .. } => "x509-too-many-certificates",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::IssuerNotFound { .. } => {
                "complete the certificate bundle: give a PEM file with every intermediate and the root as `ca_certs`"
            }
            Self::LeftOver { .. } | Self::BagTooLarge { .. } => {
                "keep only the issuers of the signing certificate in the bundle"
            }
            Self::RootNotSelfSigned { .. } => {
                "add the self-signed root to the end of the certificate chain"
            }
            Self::InsecureSignature { .. } => {
                "have the certificate issued anew with a SHA-256, SHA-384 or SHA-512 signature"
            }
            Self::KeyUsageMissing { .. }
            | Self::KeyUsageNotCritical { .. }
            | Self::LeafNotForSignatures { .. }
            | Self::LeafKeyUsage { .. } => {
                "have the certificate issued anew with a critical key usage: digitalSignature for a leaf, keyCertSign for a CA"
            }
            Self::LeafExtendedKeyUsage { .. } => {
                "have the certificate issued anew with no extended key usage, or 1.3.6.1.5.5.7.3.3 (code signing) only"
            }
            Self::LeafIsCa { .. } => {
                "have the certificate issued anew for signing code, with basic constraints that say CA:FALSE"
            }
            Self::CaBasicConstraints { .. }
            | Self::CaKeyUsage { .. }
            | Self::CaPathLength { .. }
            | Self::IssuerSignature { .. } => {
                "ask the CA for the certificates of a CA that may issue it: basic constraints critical with CA:TRUE, key usage critical with keyCertSign"
            }
            Self::SelfSignature { .. } => {
                "give the whole chain, root included: --plugin-config ca_certs=<file>"
            }
            Self::LeafKey { .. } => {
                "use an RSA key of 2048, 3072 or 4096 bits, or P-256, P-384 or P-521"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

/// A certificate was not valid at the time asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "certificate with subject {subject:?} was invalid at {}; it is valid from {} to {}",
    utc(at),
    utc(not_before),
    utc(not_after)
)]
pub struct ValidityError {
    pub subject: String,
    pub at: OffsetDateTime,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Fault for ValidityError {
    fn code(&self) -> &'static str {
        "x509-not-valid-at"
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.at > self.not_after {
            true => remedy::EXPIRED,
            false => "wait until the certificate is valid, or check this machine's clock",
        };
        Some(hint.to_owned())
    }
}

impl Chain {
    /// Checks the code-signing rules on certificates in order leaf → root.
    pub fn check(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        let suite = rules::check(&certificates, Purpose::Code)?;
        Ok(Self { certificates, suite })
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
    pub fn check_valid_at(&self, at: OffsetDateTime) -> Result<(), ValidityError> {
        check_valid_at(&self.certificates, at)
    }
    /// What Azure's article on signing with Key Vault asks beyond the specification, as sentences for warnings: basicConstraints
    /// critical on CAs, DigitalSignature only, EKU empty or code signing only, CN/C/ST/O in the subject.
    pub fn advice(&self) -> Vec<String> {
        advice::on(&self.certificates)
    }
}

/// Every one of the certificates contains `at` (inclusive both ends).
pub(super) fn check_valid_at(
    certificates: &[Certificate],
    at: OffsetDateTime,
) -> Result<(), ValidityError> {
    let outside = certificates.iter().find(|c| at < c.not_before() || at > c.not_after());
    outside.map_or(Ok(()), |certificate| {
        Err(ValidityError {
            subject: certificate.subject().to_string(),
            at,
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        })
    })
}

fn quoted(texts: &[impl AsRef<str>]) -> String {
    texts.iter().map(|text| format!("{:?}", text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// `2026-01-02 03:04:05 +0000 UTC`.
fn utc(at: &OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (date, time) = (at.date(), at.time());
    format!("{date} {:02}:{:02}:{:02} +0000 UTC", time.hour(), time.minute(), time.second())
}
