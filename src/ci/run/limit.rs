//! What ends a step before its work is done: its time, or the end of the job.

use std::time::Duration;

use crate::ci::services::Cancelled;
use crate::clock::Clock;
use crate::fault::{BoxFault, Fault};

/// The input `timeout` is over. What was done before is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the step's time limit of {seconds} seconds is over")]
pub struct TimeOver {
    pub seconds: u64,
}

impl Fault for TimeOver {
    fn code(&self) -> &'static str {
        "ci-time-over"
    }

    fn hint(&self) -> Option<String> {
        Some("give the step longer: timeout: 30m".to_owned())
    }
}

/// The job was cancelled. What was done before is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job was cancelled ({signal})")]
pub struct JobCancelled {
    pub signal: &'static str,
}

impl Fault for JobCancelled {
    fn code(&self) -> &'static str {
        "ci-cancelled"
    }
}

/// The time the step has, unless the job is cancelled before.
pub(super) struct Limit<'a> {
    clock: &'a dyn Clock,
    time: Duration,
    /// As [`Clock::elapsed`] counts.
    end: Duration,
    cancelled: Cancelled,
}

impl<'a> Limit<'a> {
    /// This much time from now on.
    pub fn new(time: Duration, clock: &'a dyn Clock, cancelled: Cancelled) -> Self {
        Self { clock, time, end: clock.elapsed() + time, cancelled }
    }

    /// The work, unless the time is over first or the job is cancelled.
    pub async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, BoxFault> {
        let over = TimeOver { seconds: self.time.as_secs() };
        let left = self.end.saturating_sub(self.clock.elapsed());
        if left.is_zero() {
            return Err(over.into());
        }
        tokio::select! {
            biased;
            signal = self.cancelled.clone() => Err(JobCancelled { signal }.into()),
            done = work => Ok(done),
            () = self.clock.sleep(left) => Err(over.into()),
        }
    }
}
