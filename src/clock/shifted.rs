//! A clock that is moved forward while it runs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::OffsetDateTime;

use super::Clock;

/// Another clock, and the time it was moved forward. For the lab: a certificate ends and nobody waits.
/// Only the wall clock moves; waits and time limits stay the other clock's.
pub struct ShiftedClock {
    inner: Arc<dyn Clock>,
    shift: Mutex<Duration>,
}

impl ShiftedClock {
    pub fn new(inner: Arc<dyn Clock>) -> Self {
        Self { inner, shift: Mutex::new(Duration::ZERO) }
    }

    /// Moves the wall clock forward.
    pub fn advance(&self, duration: Duration) {
        *self.shift.lock().expect("no panic holds this lock") += duration;
    }
}

#[async_trait::async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> OffsetDateTime {
        self.inner.now() + *self.shift.lock().expect("no panic holds this lock")
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn only_the_wall_clock_moves() {
        let inner = Arc::new(ManualClock::at(datetime!(2026-06-01 12:00 UTC)));
        let clock = ShiftedClock::new(inner.clone());
        clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(clock.now(), datetime!(2026-06-02 12:00 UTC));
        assert_eq!(clock.elapsed(), Duration::ZERO);
        inner.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), datetime!(2026-06-02 12:01 UTC));
        assert_eq!(clock.elapsed(), Duration::from_secs(60));
    }
}
