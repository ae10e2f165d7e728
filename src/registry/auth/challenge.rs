//! `WWW-Authenticate` (RFC 9110, 11.6.1): read within bounds, strictly.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::registry) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// Largest challenge read, all header lines together.
const LONGEST: usize = 8 * 1024;

/// The challenge to answer: Bearer before Basic, the first of its kind; none when neither is asked.
pub(in crate::registry) fn read(headers: &HeaderMap) -> Result<Option<Challenge>, String> {
    let mut basic = false;
    let mut total = 0;
    let mut bearer = None;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        total += value.len();
        if total > LONGEST {
            return Err(format!("its challenge is longer than {LONGEST} bytes"));
        }
        let text = value.to_str().map_err(|_| "its challenge is not plain text".to_owned())?;
        for (scheme, parameters) in challenges(text).ok_or("its challenge is malformed")? {
            if scheme.eq_ignore_ascii_case("basic") {
                basic = true;
            } else if scheme.eq_ignore_ascii_case("bearer") && bearer.is_none() {
                bearer = Some(parameters);
            }
        }
    }
    let Some(parameters) = bearer else { return Ok(basic.then_some(Challenge::Basic)) };
    let one = |name: &str| -> Result<Option<String>, String> {
        let mut found = parameters.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.clone());
        match found.next() {
            Some(_) => Err(format!("its challenge names {name} twice")),
            None => Ok(value),
        }
    };
    let realm = one("realm")?.ok_or("its Bearer challenge names no realm")?;
    Ok(Some(Challenge::Bearer { realm, service: one("service")?, scope: one("scope")? }))
}

type Parameters = Vec<(String, String)>;

/// Scheme and parameters of each challenge of one header line.
fn challenges(text: &str) -> Option<Vec<(String, Parameters)>> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (word, after) = token(rest)?;
        let spaced = after.trim_start_matches([' ', '\t']);
        if let Some(value) = spaced.strip_prefix('=').filter(|_| !found.is_empty()) {
            let (value, after) = value_of(value.trim_start_matches([' ', '\t']))?;
            found.last_mut()?.1.push((word.to_owned(), value));
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        } else {
            found.push((word.to_owned(), Vec::new()));
            // a token68 credential of a scheme we do not use
            rest = if after.is_empty() || after.starts_with([' ', '\t', ',']) {
                after
            } else {
                return None;
            };
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    Some(found)
}

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// RFC 9110, 5.6.2
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// A token or a quoted string, and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = token(text)?;
        return Some((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Result<Option<Challenge>, String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, line.parse().expect("a header value"));
        }
        read(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
            scope: scope.map(Into::into),
        })
    }

    #[test]
    fn challenges_are_read_in_every_usual_form() {
        let line = r#"Bearer realm="https://a/t",service="a",scope="repository:x:pull,push""#;
        let expected = bearer("https://a/t", Some("a"), Some("repository:x:pull,push"));
        assert_eq!(of(&[line]), Ok(expected));
        assert_eq!(of(&["Basic realm=\"x\""]), Ok(Some(Challenge::Basic)));
        assert_eq!(of(&["Basic"]), Ok(Some(Challenge::Basic)));
        assert_eq!(of(&["Negotiate", "bearer Realm = r"]), Ok(bearer("r", None, None)));
        assert_eq!(of(&["Basic realm=\"x\", Bearer realm=\"y\""]), Ok(bearer("y", None, None)));
        assert_eq!(of(&[r#"Bearer realm="a\"b""#]), Ok(bearer("a\"b", None, None)));
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["Digest realm=x"]), Ok(None));
    }

    #[test]
    fn malformed_doubled_and_long_challenges_are_refused() {
        for line in [
            "Bearer realm=\"x",
            "Bearer realm=",
            "Bearer",
            "Bearer realm=\"a\" b=c",
            "=\"x\"",
            "Bearer realm=a,realm=b",
            "é",
        ] {
            assert!(of(&[line]).is_err(), "{line}");
        }
        let long = format!("Bearer realm=\"{}\"", "a".repeat(LONGEST));
        assert!(of(&[&long]).is_err());
    }
}
