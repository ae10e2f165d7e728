//! What GitHub is told of a step, beside its own log: a check run, a commit status, a comment on the
//! pull request. None of it can change what became of the images: what fails here is a warning.

mod api;
mod ask;
mod client;
mod refusal;
mod say;
#[cfg(test)]
mod tests;
mod wanted;
mod workflow;

pub use api::{Answer, Api, Call, Unanswered};
pub use client::{OctocrabApi, Unusable};
pub use refusal::Refusal;
pub use wanted::{Channel, GitHubReports};
pub use workflow::{NobodyToTell, Pull, WorkflowRun};

use std::time::Duration;

use super::host::{Host, Level};
use super::report::Report;
use crate::clock::Clock;
use crate::fault::details;
use ask::Asking;

/// The time all of it has, retries included; the images are done by then.
pub const TELLING: Duration = Duration::from_secs(30);

/// Tells GitHub what became of the images, one request after the other (docs.github.com, "Best
/// practices for using the REST API"). `end` is when [`TELLING`] is over, as [`Clock::elapsed`] counts.
pub async fn tell_github(
    report: &Report,
    wanted: &GitHubReports,
    run: &WorkflowRun,
    api: &dyn Api,
    clock: &dyn Clock,
    end: Duration,
    host: &mut dyn Host,
) {
    let said = say::Said::of(report, wanted, run);
    let asking = Asking { api, clock, end, run };
    for channel in &wanted.channels {
        match asking.tell(*channel, &said).await {
            Ok(line) => host.line(&line),
            Err(refusal) => host.annotate(
                Level::Warning,
                "GitHub was not told",
                format!("{refusal}\n{}", details(&refusal)).trim_end(),
            ),
        }
    }
}
