//! The checks on one fetched signature, in the specification's order, one file each.

mod attributes;
mod authenticity;
mod descriptor;
mod expiry;
mod failure;
mod integrity;
mod metadata;
mod revocation;
mod timestamp;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use failure::CheckFailure;

use super::outcome::{CheckResult, Tried};
use super::stores::Stores;
use crate::envelope::{Intact, TargetArtifact};
use crate::registry::FetchedSignature;
use crate::trust::{Action, Check, Statement};

/// What a signature is held against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub statement: &'a Statement,
    pub stores: &'a Stores,
    pub now: OffsetDateTime,
    pub target: &'a TargetArtifact,
    pub user_metadata: &'a BTreeMap<String, String>,
}

type CheckFn = fn(&Intact, &Context<'_>) -> Result<(), CheckFailure>;

/// The checks whose failure the policy's level weighs, in order.
const BY_LEVEL: [(Check, CheckFn); 4] = [
    (Check::Authenticity, authenticity::check),
    (Check::Expiry, expiry::check),
    (Check::AuthenticTimestamp, timestamp::check),
    (Check::Revocation, revocation::check),
];

/// The checks that no level weakens, run last, in order.
const ALWAYS: [CheckFn; 2] = [descriptor::check, metadata::check];

/// Runs every check on one signature; an enforced failure ends it.
pub(super) fn run(fetched: &FetchedSignature, context: Context<'_>) -> Tried {
    let mut tried = Tried {
        digest: fetched.manifest_digest.to_string(),
        results: Vec::new(),
        failure: None,
        signer: None,
        intact: None,
    };
    match integrity::check(fetched) {
        Ok(intact) => {
            tried.results.push(CheckResult {
                check: Check::Integrity,
                action: Action::Enforce,
                failure: None,
            });
            tried.signer = Some(intact.chain().leaf().clone());
            match weigh(&intact, &context, &mut tried.results) {
                Ok(()) => tried.intact = Some(intact),
                Err(failure) => tried.failure = Some(failure),
            }
        }
        Err(failure) => tried.failure = Some(failure),
    }
    tried
}

/// The checks after integrity; the error is what makes this signature worthless.
fn weigh(
    intact: &Intact,
    context: &Context<'_>,
    results: &mut Vec<CheckResult>,
) -> Result<(), CheckFailure> {
    attributes::check(intact)?;
    for (check, run) in BY_LEVEL {
        let action = context.statement.level().action(check);
        if action == Action::Skip {
            results.push(CheckResult { check, action, failure: None });
            continue;
        }
        match run(intact, context) {
            Err(failure) if action == Action::Enforce => return Err(failure),
            outcome => results.push(CheckResult { check, action, failure: outcome.err() }),
        }
    }
    ALWAYS.into_iter().try_for_each(|run| run(intact, context))
}
