//! The signals with which a CI system ends a job.
//!
//! A runner sends SIGINT, some seconds later SIGTERM, and then kills: what was done by then has to be
//! reported at once (docs.github.com, "Workflow cancellation reference").

use futures_util::FutureExt as _;
use futures_util::future::select_all;

use crate::ci::Cancelled;

/// Waits for a signal from now on; the process no longer ends by itself.
#[cfg(unix)]
pub fn cancelled() -> Cancelled {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = [("SIGINT", SignalKind::interrupt()), ("SIGTERM", SignalKind::terminate())];
    // a signal that cannot be waited for ends the process as ever
    let waits: Vec<_> = wanted
        .into_iter()
        .filter_map(|(name, kind)| Some((name, signal(kind).ok()?)))
        .map(|(name, mut signals)| {
            async move {
                signals.recv().await;
                name
            }
            .boxed()
        })
        .collect();
    match waits.is_empty() {
        true => std::future::pending().boxed().shared(),
        false => select_all(waits).map(|(name, ..)| name).boxed().shared(),
    }
}

#[cfg(not(unix))]
pub fn cancelled() -> Cancelled {
    let wait = async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl+C",
            Err(_) => std::future::pending().await,
        }
    };
    wait.boxed().shared()
}
