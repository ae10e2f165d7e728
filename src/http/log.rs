//! One line of debug log for each request: method, address, what came of it, how long it took. Never a
//! header, never a body.

use std::time::Duration;

use http::Method;
use url::Url;

use super::{HttpError, Response, redacted};

/// Query parameters whose values say what was asked for. What any other holds may be a signature, a token
/// or a name of somebody.
const HARMLESS: [&str; 12] = [
    "api-version",
    "artifactType",
    "digest",
    "from",
    "last",
    "maxresults",
    "mount",
    "n",
    "resource",
    "restype",
    "scope",
    "service",
];
/// Longest name of a parameter that is shown: a longer one may itself be a secret.
const LONGEST_NAME: usize = 32;
const HIDDEN: &str = "*****";

/// What came of one attempt.
pub(super) fn attempted(
    method: &Method,
    url: &Url,
    outcome: Result<&Response, &HttpError>,
    took: Duration,
) {
    let took = took.as_millis();
    match outcome {
        Ok(Response { status, body, .. }) => tracing::debug!(target: "sealwright",
            "{method} {}: {status}, {} bytes in {took} ms", loggable(url), body.len()),
        Err(error) => tracing::debug!(target: "sealwright", "{error}, after {took} ms"),
    }
}

/// The attempt was given up because the time is over.
pub(super) fn given_up(method: &Method, url: &Url, took: Duration) {
    tracing::debug!(target: "sealwright",
        "{method} {}: no answer until the time limit, after {} ms", loggable(url), took.as_millis());
}

/// It will be tried again.
pub(super) fn waits(method: &Method, url: &Url, wait: Duration) {
    tracing::debug!(target: "sealwright",
        "{method} {}: again in {} ms", loggable(url), wait.as_millis());
}

/// A redirect is followed.
pub(super) fn redirected(method: &Method, from: &Url, to: &Url) {
    tracing::debug!(target: "sealwright",
        "{method} {}: redirected to {}", loggable(from), loggable(to));
}

/// For requests that go past [`super::Http`]: method, address and what came of it.
pub fn log_request(method: &Method, url: &Url, came: &str) {
    tracing::debug!(target: "sealwright", "{method} {}: {came}", loggable(url));
}

/// An address without user information and fragment; of its query the names, and the values that cannot
/// be secret.
fn loggable(url: &Url) -> String {
    let mut text = redacted(url);
    let pairs = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    for (place, pair) in pairs.enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let is_name = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain);
        let shown = if HARMLESS.contains(&name) { value } else { HIDDEN };
        match is_name {
            true => text.push_str(&format!("{name}={shown}")),
            false => text.push_str(HIDDEN),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_only_what_is_harmless_is_shown() {
        for (text, shown) in [
            ("https://me:pw@a.io:444/v2/?n=5&last=x#frag", "https://a.io:444/v2/?n=5&last=x"),
            (
                "https://a.io/token?service=a.io&scope=repository%3Ax%3Apull&account=me",
                "https://a.io/token?service=a.io&scope=repository%3Ax%3Apull&account=*****",
            ),
            (
                "https://s.blob.core.windows.net/c/b?se=2026-01-01&sig=a%2Bb%3D&sv=1",
                "https://s.blob.core.windows.net/c/b?se=*****&sig=*****&sv=*****",
            ),
            ("https://a.io/u?s3cret", "https://a.io/u?*****"),
            ("https://a.io/u?&&n=1", "https://a.io/u?n=1"),
            ("https://a.io/u?", "https://a.io/u"),
            ("https://a.io/u?s3cret%20s3cret=1&=x", "https://a.io/u?*****&*****"),
            (
                "https://a.io/u?Scope=s3cret&digest=sha256:0",
                "https://a.io/u?Scope=*****&digest=sha256:0",
            ),
        ] {
            assert_eq!(loggable(&Url::parse(text).expect("an address")), shown);
        }
        let long = format!("https://a.io/?{}=1", "s3cret".repeat(10));
        assert_eq!(loggable(&Url::parse(&long).expect("an address")), "https://a.io/?*****");
    }
}
