//! The prerequisites of signing and verifying as checks: what holds, what does not, and the command that
//! mends it.
//!
//! [`gather`] asks everything there is to ask, each permission apart, and writes nothing anywhere;
//! [`examine`] computes one finding per check from what was learnt. What a signing or a verifying would
//! be refused for is said in their own words: the faults are theirs.

mod asked;
mod checks;
mod facts;
mod finding;
mod gather;
mod trial;

pub use asked::{Asked, Told};
pub use checks::{CHECKS, Check, GROUPS, Group};
pub use facts::{
    AzureCli, Facts, Identity, KeySignature, Repository, Required, Signing, StoreFact, Stores,
    Timestamped, Trust, Vault, VaultCertificate, VaultSecret,
};
pub use finding::{Finding, MARKS, Mark};
pub use gather::{IdentityAnswers, KeyAnswers, Patient, RepositoryAnswers, VaultAnswers, gather};

/// One finding for each check, in the order of [`CHECKS`].
pub fn examine(facts: &Facts) -> Vec<Finding> {
    CHECKS.iter().map(|check| check.judge(facts)).collect()
}

/// Whether signing and verifying would work, as far as was asked.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.mark != Mark::Failed)
}

#[cfg(test)]
mod tests;
