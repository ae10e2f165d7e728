//! The input `warn-before`.

use crate::ci::draft::{Draft, InputError};
use crate::clock::GoDuration;
use crate::lifetime::WarnBefore;

const NAME: &str = "warn-before";

impl Draft {
    /// A duration that is not negative; zero means never. The table's default is the usual one, which
    /// knows what is short-lived by design.
    pub(super) fn warn_before(&self) -> Result<WarnBefore, InputError> {
        let Some(text) = self.given(NAME) else { return Ok(WarnBefore::Usual) };
        let invalid = |problem: &str| InputError::Invalid {
            name: NAME,
            found: text.to_owned(),
            expected: format!("a duration such as `1440h`, or `0` ({problem})"),
        };
        let parsed = GoDuration::parse(text).map_err(|error| invalid(&error.to_string()))?;
        let duration = parsed.to_std().ok_or_else(|| invalid("not negative"))?;
        Ok(WarnBefore::given(Some(duration)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::env::Env;

    fn read(given: Option<&str>) -> Result<WarnBefore, InputError> {
        let given = given.map(|text| ("INPUT_WARN-BEFORE".to_owned(), text.to_owned()));
        Draft::from_env(&given.into_iter().collect::<Env>()).0.warn_before()
    }

    #[test]
    fn a_duration_zero_and_nothing_are_told_apart() {
        for (given, expected) in [
            (None, WarnBefore::Usual),
            (Some(""), WarnBefore::Usual),
            (Some("0"), WarnBefore::Never),
            (Some("0s"), WarnBefore::Never),
            (Some("720h"), WarnBefore::Given(Duration::from_secs(720 * 3600))),
        ] {
            assert_eq!(read(given).unwrap(), expected, "{given:?}");
        }
        for (given, part) in [("-1h", "not negative"), ("30d", "unknown unit")] {
            let error = read(Some(given)).unwrap_err().to_string();
            assert!(error.contains("`warn-before`") && error.contains(part), "{error}");
        }
    }
}
