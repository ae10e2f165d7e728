//! When to try again, and how long to wait (DESIGN, "Patience").

use std::time::Duration;

use http::StatusCode;
use time::OffsetDateTime;
use time::macros::format_description;

use super::Response;
use super::error::Failure;

/// The moment, in `Clock::elapsed` time, at which a command's time is over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);

impl Deadline {
    /// Time left at `elapsed`; none when it is over.
    pub fn left(self, elapsed: Duration) -> Option<Duration> {
        self.0.checked_sub(elapsed).filter(|left| !left.is_zero())
    }
}

/// Where a wait lies between nothing and its full length; a parameter so that tests are exact.
pub trait Jitter: Send + Sync + 'static {
    /// From 0 up to 1.
    fn fraction(&self) -> f64;
}

/// Random.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemJitter;

impl Jitter for SystemJitter {
    fn fraction(&self) -> f64 {
        let mut bytes = [0u8; 4];
        match aws_lc_rs::rand::fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 1.0,
        }
    }
}

/// Always the same fraction.
#[derive(Debug, Clone, Copy)]
pub struct FixedJitter(pub f64);

impl Jitter for FixedJitter {
    fn fraction(&self) -> f64 {
        self.0
    }
}

/// Retries without a word from the server on when to come back: up to 0.5, 1, 2, 4, 8, 16, 16 s.
const RETRIES: u32 = 7;
/// A name that does not resolve or a port where nobody listens seldom heals.
const RETRIES_UNREACHABLE: u32 = 2;
const BASE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(16);
/// Spread added to `Retry-After`, so that many clients do not return together.
const SPREAD: Duration = Duration::from_secs(1);
/// Shortest wait that `Retry-After` may ask for: it bounds how often a server is asked.
const SHORTEST_ASKED: Duration = Duration::from_millis(100);

/// Counts the attempts of one request.
#[derive(Debug, Default)]
pub struct Attempts {
    unasked: u32,
    /// What came of the last one.
    pub(super) last: Option<String>,
}

/// What came of one attempt.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // it is taken apart where it is returned
pub enum Sent {
    Answer(Response),
    /// A passing failure, and the wait it asks for is over.
    Waited,
}

impl Attempts {
    /// How long to wait before the next attempt; none when the answer stands.
    pub(super) fn after_answer(
        &mut self,
        response: &Response,
        now: OffsetDateTime,
        jitter: &dyn Jitter,
    ) -> Option<Duration> {
        if !is_passing(response.status) {
            return None;
        }
        match retry_after(response, now) {
            Some(asked) => {
                Some(asked.max(SHORTEST_ASKED).saturating_add(SPREAD.mul_f64(jitter.fraction())))
            }
            None => self.next(RETRIES, jitter),
        }
    }

    pub(super) fn after_failure(
        &mut self,
        failure: Failure,
        jitter: &dyn Jitter,
    ) -> Option<Duration> {
        match failure {
            Failure::Broken => self.next(RETRIES, jitter),
            Failure::Unreachable => self.next(RETRIES_UNREACHABLE, jitter),
            Failure::Final => None,
        }
    }

    fn next(&mut self, most: u32, jitter: &dyn Jitter) -> Option<Duration> {
        if self.unasked >= most {
            return None;
        }
        let full = BASE.saturating_mul(1 << self.unasked).min(LONGEST);
        self.unasked += 1;
        Some(full.mul_f64(jitter.fraction()))
    }
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long `Retry-After` asks to wait (RFC 9110, 10.2.3: seconds or an IMF-fixdate); none where it is
/// absent or neither.
pub fn retry_after(response: &Response, now: OffsetDateTime) -> Option<Duration> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = imf_fixdate(value)?;
    Some((date - now).try_into().unwrap_or(Duration::ZERO))
}

/// RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn imf_fixdate(text: &str) -> Option<OffsetDateTime> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    Some(time::PrimitiveDateTime::parse(text.trim(), form).ok()?.assume_utc())
}
