//! Values of flags as Go's flag packages read them: integers, booleans, `key=value` pairs.

use std::collections::BTreeMap;

use super::super::error::CliError;
use super::GoDuration;

/// `1`, `t`, `true`, … as Go's `strconv.ParseBool`.
pub fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// A decimal, or hexadecimal, octal or binary with its prefix, as Go's `strconv.ParseInt(s, 0, 64)`.
pub fn go_int(text: &str) -> Result<i64, String> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = rest.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        _ if lower.len() > 1 && lower.starts_with('0') => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    let fault = |problem| format!("strconv.ParseInt: parsing {text:?}: {problem}");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(fault("invalid syntax"));
    }
    let signed = if negative { format!("-{digits}") } else { digits.to_owned() };
    i64::from_str_radix(&signed, radix).map_err(|_| fault("value out of range"))
}

/// A Go duration, for clap.
pub fn go_duration(text: &str) -> Result<GoDuration, String> {
    GoDuration::parse(text).map_err(|error| error.to_string())
}

/// `key=value` pairs of one flag; the later of two equal keys wins.
pub fn pairs<'a>(
    flag: &'static str,
    values: impl IntoIterator<Item = &'a String>,
) -> Result<BTreeMap<String, String>, CliError> {
    values
        .into_iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                Ok((key.to_owned(), value.to_owned()))
            }
            _ => Err(CliError::KeyValue { flag }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_gos() {
        assert_eq!(go_int("100"), Ok(100));
        assert_eq!(go_int("-1"), Ok(-1));
        assert_eq!(go_int("0x10"), Ok(16));
        assert_eq!(go_int("010"), Ok(8));
        assert_eq!(go_int("0"), Ok(0));
        assert_eq!(
            go_int("ten").unwrap_err(),
            r#"strconv.ParseInt: parsing "ten": invalid syntax"#
        );
        assert_eq!(go_int("").unwrap_err(), r#"strconv.ParseInt: parsing "": invalid syntax"#);
        assert!(go_int("--1").is_err());
        assert!(go_int("é").is_err());
        assert_eq!(
            go_int("99999999999999999999").unwrap_err(),
            r#"strconv.ParseInt: parsing "99999999999999999999": value out of range"#
        );
    }

    #[test]
    fn pairs_split_at_the_first_equals_sign_and_the_later_wins() {
        let values = ["a=b=c".to_owned(), "d=1".to_owned(), "d=2".to_owned()];
        let map = pairs("user-metadata", &values).expect("three pairs");
        assert_eq!(map["a"], "b=c");
        assert_eq!(map["d"], "2");
        for bad in ["ab", "=b", "a="] {
            assert_eq!(
                pairs("user-metadata", &[bad.to_owned()]).unwrap_err().to_string(),
                r#"could not parse flag user-metadata: key-value pair requires "=" as separator"#
            );
        }
    }
}
