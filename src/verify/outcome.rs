//! One result per check, one entry per signature tried, and the verdict on the artifact.

use time::OffsetDateTime;

use crate::crypto::Digest;
use crate::envelope::{Intact, TargetArtifact};
use crate::fault::{BoxFault, Fault, excerpt, shell_word};
use crate::lifetime::Lifetime;
use crate::registry::Reference;
use crate::revocation::Answers;
use crate::trust::{Action, Check, StoreError};
use crate::x509::{Certificate, TimestampingChain, remedy};

use super::CheckFailure;
use super::plugins::Consulted;

/// What a check said, and what the policy makes of it.
#[derive(Debug)]
pub struct CheckResult {
    pub check: Check,
    pub action: Action,
    /// `None`: passed. With action `Skip` the check did not run.
    pub failure: Option<CheckFailure>,
}

/// One signature and what became of it.
#[derive(Debug)]
pub struct Tried {
    /// The signature manifest's digest, as listed; the file of a signature about a file.
    pub digest: String,
    /// In the order the checks ran; ends at the first enforced failure.
    pub results: Vec<CheckResult>,
    /// Why this signature does not count; `None` when it is good.
    pub failure: Option<CheckFailure>,
    /// The signing certificate, once the envelope's integrity held.
    pub signer: Option<Certificate>,
    /// The envelope of a good signature. Those of failed ones are not kept: anyone who may push can
    /// make a hundred, of 32 MiB each.
    pub intact: Option<Intact>,
    /// When it existed at the latest, by a timestamp that was verified; `None` where none was wanted.
    pub timestamp: Option<OffsetDateTime>,
    /// Which server answered what; `None` when nobody was asked.
    pub revocation: Option<Answers>,
    /// Who made the timestamp that was verified, and which server answered what about them.
    pub authority: Option<(TimestampingChain, Answers)>,
    /// The verification plugin that the signature names, once it was asked.
    pub plugin: Option<Consulted>,
}

impl Tried {
    /// Failures that the policy only logs.
    pub fn logged(&self) -> impl Iterator<Item = (&CheckResult, &CheckFailure)> {
        self.results
            .iter()
            .filter(|r| r.action == Action::Log)
            .filter_map(|r| r.failure.as_ref().map(|f| (r, f)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The entry of `tried` that is good: always the last one.
    Verified(usize),
    /// The policy says not to look.
    Skipped,
}

/// most characters of one reason; a hundred signatures by anyone who may push have one each
const REASON_LIMIT: usize = 4096;

/// An artifact that may be used.
#[derive(Debug)]
pub struct Outcome {
    /// The artifact by digest.
    pub reference: Reference,
    pub target: TargetArtifact,
    /// The statement's name and effective level.
    pub policy: String,
    pub level: &'static str,
    pub verdict: Verdict,
    pub tried: Vec<Tried>,
    /// Of the good signature; `None` when verification was skipped.
    pub lifetime: Option<Lifetime>,
}

impl Outcome {
    /// The good signature; `None` when verification was skipped.
    pub fn good(&self) -> Option<&Tried> {
        match self.verdict {
            Verdict::Verified(index) => self.tried.get(index),
            Verdict::Skipped => None,
        }
    }

    /// notation's sentences for stderr: what the CRL cache could not do, then one per logged failure
    /// of the good signature; and what to do where the failure is a revoked certificate.
    pub fn warnings(&self) -> Vec<String> {
        self.good().map(|good| warnings(good, &self.tried)).unwrap_or_default()
    }
}

/// What is said of a good signature, and of the cache by all that were tried.
pub(super) fn warnings(good: &Tried, tried: &[Tried]) -> Vec<String> {
    let answers = tried.iter().filter_map(|tried| tried.revocation.as_ref());
    let mut warnings: Vec<String> = answers.flat_map(|a| a.warnings.clone()).collect();
    warnings.dedup();
    let logged = good.logged().map(|(result, failure)| {
        let warning =
            format!("{} was set to \"log\" and failed with error: {failure}", result.check.name());
        excerpt(&warning, REASON_LIMIT)
    });
    warnings.extend(logged);
    if good.logged().any(|(_, failure)| matches!(failure, CheckFailure::Revoked { .. })) {
        warnings.push(remedy::REVOKED.to_owned());
    }
    warnings
}

/// An artifact that must not be used.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("failed to get manifest descriptor: {0}")]
    Resolve(BoxFault),
    #[error("user input digest {asked} does not match the resolved digest {resolved}")]
    OtherDigest { asked: Digest, resolved: Digest },
    #[error(
        "signature verification failed: artifact \"{}\" has no applicable trust policy statement. \
         Trust policy applicability for a given artifact is determined by registryScopes. To create a trust policy, \
         see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy", reference.in_policy()
    )]
    NoStatement { reference: Reference },
    #[error("signature verification failed: {0}")]
    List(BoxFault),
    #[error(
        "signature verification failed: no signature is associated with \"{}\", make sure the artifact was signed successfully",
        reference.in_policy()
    )]
    NoSignature { reference: Reference },
    #[error("{}", none_good(reference, tried))]
    NoneGood {
        reference: Reference,
        tried: Vec<Tried>,
        /// The limit, when signatures remain that were not tried.
        exceeded: Option<usize>,
    },
}

impl VerifyError {
    /// The signatures tried, for reports.
    pub fn tried(&self) -> &[Tried] {
        match self {
            VerifyError::NoneGood { tried, .. } => tried,
            _ => &[],
        }
    }
}

/// notation's first line: a trust store that does not load is named, everything else is not.
fn none_good(reference: &Reference, tried: &[Tried]) -> String {
    match tried.iter().find_map(store_error) {
        Some(error) => store_line(error),
        None => format!(
            "signature verification failed for all the signatures associated with {reference}"
        ),
    }
}

/// notation's sentence for a trust store that does not load.
pub(super) fn store_line(error: &StoreError) -> String {
    if error.is_missing() {
        return format!(
            "{error}. Use command 'notation cert add' to create and add trusted certificates to the trust store"
        );
    }
    match error.inner() {
        Some(inner) => format!("{error}. {inner}"),
        None => error.to_string(),
    }
}

/// One for each signature; a trust store that does not load is said once, since no signature can
/// help it.
fn reasons(tried: &[Tried]) -> Vec<String> {
    let store_failed = |t: &&Tried| matches!(t.failure, Some(CheckFailure::Store(_)));
    let without_store = tried.iter().filter(store_failed).count();
    let mut said = false;
    let mut reasons = Vec::new();
    for signature in tried {
        let Some(failure) = &signature.failure else { continue };
        let mut of = signature.digest.clone();
        if matches!(failure, CheckFailure::Store(_)) && without_store > 1 {
            if std::mem::replace(&mut said, true) {
                continue;
            }
            of = format!("{of} and {} more", without_store - 1);
        }
        let mut reason = format!("{of}: {failure}");
        let details = failure.because();
        if !details.is_empty() {
            reason.push_str(&format!(" ({})", details.join("; ")));
        }
        reasons.push(excerpt(&reason, REASON_LIMIT));
    }
    reasons
}

pub(super) fn store_error(tried: &Tried) -> Option<&StoreError> {
    match &tried.failure {
        Some(CheckFailure::Store(error) | CheckFailure::TimestampStore(error)) => Some(error),
        _ => None,
    }
}

impl Fault for VerifyError {
    fn code(&self) -> &'static str {
        match self {
            VerifyError::Resolve(fault) | VerifyError::List(fault) => fault.code(),
            VerifyError::OtherDigest { .. } => "verify-other-digest",
            VerifyError::NoStatement { .. } => "verify-no-statement",
            VerifyError::NoSignature { .. } => "verify-no-signature",
            VerifyError::NoneGood { .. } => "verify-none-good",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            VerifyError::Resolve(fault) | VerifyError::List(fault) => fault.because(),
            VerifyError::OtherDigest { .. }
            | VerifyError::NoStatement { .. }
            | VerifyError::NoSignature { .. } => Vec::new(),
            VerifyError::NoneGood { tried, exceeded, .. } => {
                let mut reasons = reasons(tried);
                if let Some(limit) = exceeded {
                    reasons.push(format!(
                        "more signatures exist; only {limit} were tried (--max-signatures)"
                    ));
                }
                reasons
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            VerifyError::Resolve(fault) | VerifyError::List(fault) => fault.hint(),
            VerifyError::OtherDigest { .. } => None,
            VerifyError::NoStatement { reference } => Some(format!(
                "add {:?} to the registryScopes of a statement and import it again: \
                 sealwright policy import <path-to-policy.json>",
                reference.scope()
            )),
            VerifyError::NoSignature { reference } => Some(match reference.layout() {
                Some(_) => format!(
                    "sign it first: sealwright sign --oci-layout {}",
                    shell_word(&reference.to_string())
                ),
                None => format!("sign it first: sealwright sign {reference}"),
            }),
            VerifyError::NoneGood { tried, .. } => {
                let failures = || tried.iter().filter_map(|t| t.failure.as_ref());
                // what a revoked key has signed is not to be signed again, whatever else is wrong
                let revoked = failures().find(|f| matches!(f, CheckFailure::Revoked { .. }));
                revoked.into_iter().chain(failures()).find_map(Fault::hint)
            }
        }
    }
}
