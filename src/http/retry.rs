//! When to try again, and how long to wait (DESIGN, "Patience").

use std::time::Duration;

/// The moment, in `Clock::elapsed` time, at which a command's time is over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);
