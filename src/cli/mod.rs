//! The command line: one file per command; `world` is the only wiring.
//!
//! Flags, output lines, tables, prompts and exit codes are notation 1.3.2's. What is added to them:
//! `--output json`, `--timeout`, `--azure-extra-hosts`, `--ca-file`, the reasons below an error, the signature's
//! digest as the second line of `sign`, and `sign` and `verify` of several references (`--file`,
//! `--concurrency`, `--skip-signed`, `--recursive`), where notation looks at the first alone; `inspect
//! --oci-layout`; and the commands `prune`, `vault`, `export`, `doctor` and `acr build`. `blob` is notation
//! 2's, with the same additions. A word that names no command of a group is an
//! error.

mod artifact_signing;
mod blob_file;
mod ca_file;
mod called_as;
mod cancelled;
pub mod commands;
mod entra;
mod error;
mod examination;
mod http_client;
mod local_key;
mod log;
mod native_plugin;
pub mod parse;
mod remembered;
pub mod render;
mod role_hints;
mod sealing;
mod serve;
mod session;
mod signing_key;
mod step_github;
mod step_plugin;
mod step_services;
mod step_trust;
mod streams;
mod timestamping;
mod world;

pub use called_as::CalledAs;
pub use error::CliError;
pub use serve::arguments;
pub use session::Session;
pub use streams::{Kind, SharedWriter, Streams};

use std::sync::Arc;
use std::time::Duration;

use tracing::instrument::WithSubscriber;

use crate::clock::{Clock, SystemClock};
use crate::env::Env;
use crate::fault::{Fault, LINE_LIMIT, details, excerpt, printable};
use parse::{Asked, flags};

/// Runs one command: the arguments after the program's name, a copy of the environment, streams.
/// Returns the exit code.
pub async fn run(arguments: Vec<String>, env: Env, streams: Streams) -> u8 {
    run_at(arguments, env, streams, Arc::new(SystemClock::new())).await
}

/// The same with a clock of the caller's.
pub async fn run_at(
    arguments: Vec<String>,
    env: Env,
    mut streams: Streams,
    clock: Arc<dyn Clock>,
) -> u8 {
    if let Some(arguments) = serve::asked(&arguments) {
        return serve::serve(arguments, env, streams, clock).await;
    }
    let (spec, values) = match parse::parse(&arguments, streams.called_as()) {
        Ok(Asked::Run(spec, values)) => (spec, values),
        Ok(Asked::Help(text)) => {
            return streams.advice(&text).map_or_else(|error| report(&mut streams, &error), |()| 0);
        }
        Err(error) => return report(&mut streams, &error),
    };
    let log = log::dispatch(
        flags::verbosity_of(&values),
        streams.shared_stderr(),
        printable,
        clock.clone(),
    );
    let mut session = Session::new(env, streams, clock.clone());
    let limit = match flags::timeout_of(&values) {
        Ok(limit) => limit,
        Err(error) => return report(&mut session.streams, &error),
    };
    session.limit(limit.unwrap_or(NO_LIMIT));
    let begun = clock.elapsed();
    let work = (spec.run)(&values, &mut session).with_subscriber(log);
    let done = tokio::select! {
        biased;
        done = work => done,
        over = time_over(limit, &*clock) => Err(over.into()),
    };
    // requests have the same limit, and one of them may be the first to say that it is over
    let done = match limit {
        Some(limit) if done.is_err() && clock.elapsed().saturating_sub(begun) >= limit => {
            Err(CliError::TimeOver { seconds: limit.as_secs() }.into())
        }
        _ => done,
    };
    match done {
        Ok(()) => 0,
        Err(fault) => report(&mut session.streams, &*fault),
    }
}

/// for commands that set their own limit or wait for somebody
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Comes back when the time is over; never without a limit.
async fn time_over(limit: Option<Duration>, clock: &dyn Clock) -> CliError {
    match limit {
        Some(limit) => {
            clock.sleep(limit).await;
            CliError::TimeOver { seconds: limit.as_secs() }
        }
        None => std::future::pending().await,
    }
}

/// Prints a fault as notation does, with what stands behind it below. Returns the exit code.
pub(crate) fn report(streams: &mut Streams, fault: &dyn Fault) -> u8 {
    let lines: Vec<String> =
        fault.lines().iter().map(|line| printable(&excerpt(line, LINE_LIMIT))).collect();
    streams.complain(&format!("Error: {}", lines.join("\n")));
    let details = details(fault);
    if !details.is_empty() {
        streams.complain(details.trim_end_matches('\n'));
    }
    fault.exit()
}
