//! Durations as Go writes them: `24h`, `1h30m`, `1.5s`; there is no unit for days.

use std::time::Duration;

/// A signed duration in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(i64);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit { unit: String, text: String },
}

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5
    ("μs", 1_000), // U+03BC
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl GoDuration {
    /// Parses what Go's `time.ParseDuration` parses, with its error texts.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (nanoseconds, after) = component(rest, text)?;
            total = total.checked_add(nanoseconds).ok_or_else(invalid)?;
            rest = after;
        }
        let total = i64::try_from(total).map_err(|_| invalid())?;
        Ok(Self(if negative { -total } else { total }))
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// A whole number of seconds.
    pub fn is_whole_seconds(self) -> bool {
        self.0 % 1_000_000_000 == 0
    }

    /// The duration; nothing when it is negative.
    pub fn to_std(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }
}

/// The first `<number><unit>` of `rest` in nanoseconds, and what follows it.
fn component<'a>(rest: &'a str, whole: &str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(whole.to_owned());
    let (integer, after) = digits(rest);
    let (fraction, after) = match after.strip_prefix('.') {
        Some(after) => digits(after),
        None => ("", after),
    };
    if integer.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
    let (unit, after) = after.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(whole.to_owned()));
    }
    let scale =
        UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or_else(|| {
            DurationError::UnknownUnit { unit: unit.to_owned(), text: whole.to_owned() }
        })?;
    let integer: u64 =
        if integer.is_empty() { 0 } else { integer.parse().map_err(|_| invalid())? };
    let mut nanoseconds = integer.checked_mul(scale).ok_or_else(invalid)?;
    let mut place = scale;
    for digit in fraction.bytes().take(18) {
        // Beyond nanoseconds nothing is left to add.
        let part = u64::from(digit - b'0') * scale;
        place = place.saturating_mul(10);
        nanoseconds = nanoseconds.checked_add(part / (place / scale)).ok_or_else(invalid)?;
    }
    Ok((nanoseconds, after))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, seconds) in [
            ("0", 0.0),
            ("1s", 1.0),
            ("+5s", 5.0),
            ("-1h", -3600.0),
            ("1h30m", 5400.0),
            ("3h20m10s", 12010.0),
            ("1.5s", 1.5),
            (".5s", 0.5),
            ("1.s", 1.0),
            ("100ms", 0.1),
            ("24h", 86400.0),
        ] {
            assert_eq!(GoDuration::parse(text), Ok(GoDuration((seconds * 1e9) as i64)), "{text}");
        }
        assert_eq!(GoDuration::parse("2µs"), GoDuration::parse("2000ns"));
        assert_eq!(GoDuration::parse("2μs"), GoDuration::parse("2us"));
    }

    #[test]
    fn other_texts_are_refused_in_gos_words() {
        for (text, message) in [
            ("1d", r#"time: unknown unit "d" in duration "1d""#),
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            (".", r#"time: invalid duration ".""#),
            ("3", r#"time: missing unit in duration "3""#),
            ("1h3", r#"time: missing unit in duration "1h3""#),
            ("h", r#"time: invalid duration "h""#),
            ("99999999999999999999h", r#"time: invalid duration "99999999999999999999h""#),
            ("9999999h", r#"time: invalid duration "9999999h""#),
        ] {
            assert_eq!(GoDuration::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn whole_seconds_are_told_from_parts() {
        assert!(GoDuration::parse("90s").expect("valid").is_whole_seconds());
        assert!(!GoDuration::parse("1500ms").expect("valid").is_whole_seconds());
        assert_eq!(GoDuration::parse("-1s").expect("valid").to_std(), None);
    }
}
