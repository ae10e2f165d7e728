//! The end of the job: what `login` wrote is removed, no more.

use super::host::{Host, Level, system};
use super::run::LOGINS;
use super::services::{LogOut, Written};
use super::table::Place;
use crate::env::Env;

/// entries read back from the state; a step logs in to a handful of registries
const ENTRIES: usize = 100;

/// Undoes what this step wrote. A failure here is a warning: the job's result is not ours to change.
pub async fn clean_up(env: &Env, stores: &dyn LogOut, host: &mut dyn Host) {
    for written in kept(env) {
        match stores.log_out(&written).await {
            Ok(line) => host.line(&line),
            Err(fault) => host.annotate(
                Level::Warning,
                "Log-out",
                &format!("the credential for {} is still stored: {fault}", written.registry),
            ),
        }
    }
}

/// What the step kept, as its host hands it back.
fn kept(env: &Env) -> Vec<Written> {
    let name = match system(env) {
        Some(Place::AzurePipelines) => format!("VSTS_TASKVARIABLE_{}", LOGINS.to_uppercase()),
        _ => format!("STATE_{LOGINS}"),
    };
    let entries: Vec<Written> =
        env.value(&name).and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
    entries.into_iter().take(ENTRIES).collect()
}
