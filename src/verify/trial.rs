//! What verifying would make of a signature that is in no registry: the same checks, the same words.

use super::checks::{self, Context};
use super::stores::Stores;
use super::{Outcome, Verdict, VerificationPlugins, VerifyError};
use crate::clock::Clock;
use crate::envelope::TargetArtifact;
use crate::registry::{FetchedSignature, Reference};
use crate::revocation::RevocationCheck;
use crate::trust::{Policy, TrustStore};

/// A signature made for trying, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    pub signature: &'a FetchedSignature,
    pub target: &'a TargetArtifact,
    /// The repository whose statement of the policy applies.
    pub reference: &'a Reference,
}

/// Holds one signature against policy and trust store, as [`super::verify`] holds those of a registry.
pub async fn verify_trial(
    trial: Trial<'_>,
    policy: &Policy,
    store: &dyn TrustStore,
    revocation: &dyn RevocationCheck,
    plugins: &VerificationPlugins,
    clock: &dyn Clock,
) -> Result<Outcome, VerifyError> {
    let Trial { signature, target, reference } = trial;
    let Some(statement) = policy.applicable(&reference.scope()) else {
        return Err(VerifyError::NoStatement { reference: reference.clone() });
    };
    let outcome = |verdict, tried| Outcome {
        reference: reference.clone(),
        target: target.clone(),
        policy: statement.name().to_owned(),
        level: statement.level().name(),
        verdict,
        tried,
        lifetime: None,
    };
    if statement.level().is_skip() {
        return Ok(outcome(Verdict::Skipped, Vec::new()));
    }
    let stores = Stores::load(store, statement);
    let user_metadata = target.annotations.clone();
    let context = Context {
        statement,
        stores: &stores,
        now: clock.now(),
        target,
        user_metadata: &user_metadata,
        revocation,
        plugins,
        judge: None,
    };
    let tried = checks::run(signature, context).await;
    match tried.failure {
        None => Ok(outcome(Verdict::Verified(0), vec![tried])),
        Some(_) => Err(VerifyError::NoneGood {
            reference: reference.clone(),
            tried: vec![tried],
            exceeded: None,
        }),
    }
}
