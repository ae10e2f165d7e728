//! Telling GitHub the result of a step, with a client that has its own, short time.

use std::sync::Arc;

use super::http_client::http_client;
use crate::ci::{
    self, GitHubReports, Host, Level, OctocrabApi, Report, TELLING, Unusable, WorkflowRun,
};
use crate::clock::Clock;
use crate::env::Env;
use crate::http::{Deadline, HttpError};

/// Tells GitHub, where a token is given and somebody listens. Nothing here fails the step.
pub async fn tell(
    report: &Report,
    wanted: &GitHubReports,
    env: &Env,
    clock: &Arc<dyn Clock>,
    host: &mut dyn Host,
) {
    // `run`: the inputs did not even say which command
    if wanted.token.is_none() || !["sign", "verify", "run"].contains(&report.command) {
        return;
    }
    let run = match WorkflowRun::from_env(env) {
        Ok(run) => run,
        Err(nobody) => return host.line(&nobody.to_string()),
    };
    let end = clock.elapsed() + TELLING;
    match api(wanted, &run, env, clock, Deadline(end)) {
        Ok(api) => {
            ci::tell_github(report, wanted, &run, &api, &**clock, end, host).await;
        }
        Err(error) => {
            host.annotate(Level::Warning, "GitHub was not told", &error.to_string());
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum NoApi {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

fn api(
    wanted: &GitHubReports,
    run: &WorkflowRun,
    env: &Env,
    clock: &Arc<dyn Clock>,
    deadline: Deadline,
) -> Result<OctocrabApi, NoApi> {
    let http = http_client(env, clock.clone(), deadline)?;
    let token = wanted.token.as_ref().expect("asked for with a token only");
    Ok(OctocrabApi::new(http, &run.api, token)?)
}
