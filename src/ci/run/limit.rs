//! What ends a step before its work is done: its time, or the end of the job.

use std::time::Duration;

use crate::ci::services::Cancelled;
use crate::clock::Clock;
use crate::fault::{BoxFault, Fault};

/// The input `timeout` is over. What was done before is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeOver {
    #[error("the step's time limit of {seconds} seconds is over")]
    Step { seconds: u64 },
    /// The other half is for the images that are known.
    #[error("the tag was not resolved within half of the step's time limit of {seconds} seconds")]
    Tag { seconds: u64 },
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
    /// As [`Clock::elapsed`] counts.
    end: Duration,
    over: TimeOver,
    cancelled: Cancelled,
}

impl<'a> Limit<'a> {
    /// This much time from now on.
    pub fn new(time: Duration, clock: &'a dyn Clock, cancelled: Cancelled) -> Self {
        let over = TimeOver::Step { seconds: time.as_secs() };
        Self { clock, end: clock.elapsed() + time, over, cancelled }
    }

    /// Half of the time that is left, for the tags.
    pub fn for_tags(&self) -> Self {
        let (TimeOver::Step { seconds } | TimeOver::Tag { seconds }) = self.over;
        Self {
            clock: self.clock,
            end: self.end - self.left() / 2,
            over: TimeOver::Tag { seconds },
            cancelled: self.cancelled.clone(),
        }
    }

    /// The work, unless the time is over first or the job is cancelled.
    pub async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, BoxFault> {
        let left = self.left();
        if left.is_zero() {
            return Err(self.over.into());
        }
        tokio::select! {
            biased;
            signal = self.cancelled.clone() => Err(JobCancelled { signal }.into()),
            done = work => Ok(done),
            () = self.clock.sleep(left) => Err(self.over.into()),
        }
    }

    fn left(&self) -> Duration {
        self.end.saturating_sub(self.clock.elapsed())
    }
}
