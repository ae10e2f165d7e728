//! How many jobs may run side by side: halved when requests are throttled, raised one by one after.

use std::num::NonZeroUsize;

pub(super) struct Pace {
    allowed: usize,
    limit: usize,
    throttled: u64,
    /// Jobs that ended without throttling since the last change.
    calm: usize,
}

impl Pace {
    /// Starts at the limit; `throttled` requests were counted before.
    pub(super) fn new(limit: NonZeroUsize, throttled: u64) -> Self {
        Self { allowed: limit.get(), limit: limit.get(), throttled, calm: 0 }
    }

    /// At least one.
    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// A job ended; `throttled` requests were counted by now.
    pub(super) fn observe(&mut self, throttled: u64) {
        self.calm += 1;
        if throttled > self.throttled {
            self.allowed = (self.allowed / 2).max(1);
            self.calm = 0;
        } else if self.calm >= self.allowed {
            self.allowed = (self.allowed + 1).min(self.limit);
            self.calm = 0;
        }
        self.throttled = throttled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_and_calm_recovers_up_to_the_limit() {
        let mut pace = Pace::new(NonZeroUsize::new(8).unwrap(), 3);
        let mut after = |throttled| {
            pace.observe(throttled);
            pace.allowed()
        };
        assert_eq!([3, 5, 6, 6, 7, 9, 10, 10].map(&mut after), [8, 4, 2, 2, 1, 1, 1, 2]);
        for _ in 0..40 {
            after(10);
        }
        assert_eq!(after(10), 8);
    }
}
