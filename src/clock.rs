//! The only place that reads the wall clock or waits.
#![allow(clippy::disallowed_methods)]

mod duration;
mod shifted;

pub use duration::{DurationError, GoDuration};
pub use shifted::ShiftedClock;

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time as the reader of a message expects it (RFC 3339).
pub fn rfc3339(time: &OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// Time as a parameter.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, in UTC.
    fn now(&self) -> OffsetDateTime;

    /// Time since some fixed moment of this process; never goes backwards.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
pub struct SystemClock {
    start: std::time::Instant,
}

impl SystemClock {
    pub fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still; waiting moves it forward at once. For tests and the lab.
pub struct ManualClock {
    start: OffsetDateTime,
    passed: Mutex<Duration>,
}

impl ManualClock {
    pub fn at(start: OffsetDateTime) -> Self {
        Self { start, passed: Mutex::new(Duration::ZERO) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        *self.passed.lock().expect("no panic holds this lock") += duration;
    }
}

#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.lock().expect("no panic holds this lock")
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
