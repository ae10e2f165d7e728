//! The checks on one signature, in the specification's order, one file each.

mod attributes;
mod authenticity;
mod descriptor;
mod expiry;
mod failure;
mod integrity;
mod metadata;
mod plugin;
mod plugin_failure;
mod revocation;
mod timestamp;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

pub use failure::CheckFailure;
pub(super) use integrity::check as check_integrity;
pub use plugin_failure::PluginFailure;

use super::outcome::{CheckResult, Tried};
use super::plugins::VerificationPlugins;
use super::stores::Stores;
use crate::envelope::{Intact, TargetArtifact};
use crate::plugin::Capability;
use crate::revocation::{Answers, RevocationCheck};
use crate::trust::{Action, Check, Statement};
use crate::x509::TimestampingChain;
use plugin::Judge;

/// A signature, wherever it was found.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// Digest of its manifest, or its file.
    pub name: &'a str,
    pub media_type: &'a str,
    pub envelope: &'a [u8],
}

/// What a signature is held against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub statement: &'a Statement,
    pub stores: &'a Stores,
    pub now: OffsetDateTime,
    pub target: &'a TargetArtifact,
    pub user_metadata: &'a BTreeMap<String, String>,
    pub revocation: &'a dyn RevocationCheck,
    pub plugins: &'a VerificationPlugins,
    /// The plugin that this signature names; `None` before one was chosen.
    pub judge: Option<&'a Judge>,
}

type CheckFn = fn(&Intact, &Context<'_>) -> Result<(), CheckFailure>;

/// What a check that asks others comes to, and what it learnt for the report.
type Asking<'a> = BoxFuture<'a, (Result<(), CheckFailure>, Learnt)>;

#[derive(Default)]
struct Learnt {
    revocation: Option<Answers>,
    timestamp: Option<OffsetDateTime>,
    authority: Option<(TimestampingChain, Answers)>,
}

/// How a check runs.
enum Run {
    Here(CheckFn),
    /// Knows the results before it, and asks others.
    Asking(for<'a> fn(&'a Intact, &'a Context<'a>, &'a [CheckResult]) -> Asking<'a>),
}

/// The checks whose failure the policy's level weighs, in order.
const BY_LEVEL: [(Check, Run); 4] = [
    (Check::Authenticity, Run::Here(authenticity::check)),
    (Check::Expiry, Run::Here(expiry::check)),
    (Check::AuthenticTimestamp, Run::Asking(timestamp::check)),
    (Check::Revocation, Run::Asking(revocation::check)),
];

/// The checks that no level weakens, run last, in order.
const ALWAYS: [CheckFn; 2] = [descriptor::check, metadata::check];

/// Runs every check on one signature; an enforced failure ends it.
pub(super) async fn run(candidate: Candidate<'_>, context: Context<'_>) -> Tried {
    let mut tried = Tried {
        digest: candidate.name.to_owned(),
        results: Vec::new(),
        failure: None,
        signer: None,
        intact: None,
        timestamp: None,
        revocation: None,
        authority: None,
        plugin: None,
    };
    match integrity::check(candidate) {
        Ok(intact) => {
            tried.results.push(CheckResult {
                check: Check::Integrity,
                action: Action::Enforce,
                failure: None,
            });
            tried.signer = Some(intact.chain().leaf().clone());
            match weigh(&intact, &context, &mut tried).await {
                Ok(()) => tried.intact = Some(intact),
                Err(failure) => tried.failure = Some(failure),
            }
        }
        Err(failure) => tried.failure = Some(failure),
    }
    tried
}

/// The checks after integrity; the error is what makes this signature worthless.
async fn weigh(
    intact: &Intact,
    context: &Context<'_>,
    tried: &mut Tried,
) -> Result<(), CheckFailure> {
    let named = attributes::check(intact)?;
    let judge = match &named {
        // its metadata takes a run of the plugin, which only a trusted signer may cause
        Some(named) if authenticity::trusted(intact, context).is_ok() => {
            Some(Judge::choose(named, context.plugins).await?)
        }
        _ => None,
    };
    tried.plugin = judge.as_ref().map(Judge::consulted);
    let context = &Context { judge: judge.as_ref(), ..*context };
    for (check, run) in BY_LEVEL {
        let action = context.statement.level().action(check);
        if action == Action::Skip {
            tried.results.push(CheckResult { check, action, failure: None });
            continue;
        }
        let asks_plugin = |judge: &Judge| judge.decides(Capability::RevocationCheck);
        if check == Check::Revocation && judge.as_ref().is_some_and(asks_plugin) {
            continue;
        }
        let outcome = match run {
            Run::Here(run) => run(intact, context),
            Run::Asking(ask) => {
                let (outcome, learnt) = ask(intact, context, &tried.results).await;
                tried.revocation = learnt.revocation.or(tried.revocation.take());
                tried.timestamp = learnt.timestamp.or(tried.timestamp);
                tried.authority = learnt.authority.or(tried.authority.take());
                outcome
            }
        };
        match outcome {
            Err(failure) if action == Action::Enforce => return Err(failure),
            outcome => tried.results.push(CheckResult { check, action, failure: outcome.err() }),
        }
        if let (Check::Authenticity, Some(named)) = (check, &named) {
            named.may_be_asked(&tried.results)?;
        }
    }
    if let Some(judge) = &judge {
        judge.verify(intact, context, tried).await?;
    }
    ALWAYS.into_iter().try_for_each(|run| run(intact, context))
}
