//! What the servers' `Date` says of this machine's clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use time::{Duration, OffsetDateTime};

use super::Response;
use super::retry::imf_fixdate;

/// How far this machine's clock is ahead of each server's that answered, by host.
#[derive(Clone, Default)]
pub(super) struct ServerClocks(Arc<Mutex<BTreeMap<String, Duration>>>);

/// a command asks under ten hosts
const MOST: usize = 64;

impl ServerClocks {
    /// Notes an answer that came at `now`. One out of a cache (it has an `Age`) tells nothing.
    pub fn note(&self, answer: &Response, now: OffsetDateTime) {
        let date = answer.header("date").and_then(imf_fixdate);
        let (Some(date), Some(host)) = (date, answer.url.host_str()) else { return };
        if answer.header("age").is_some() {
            return;
        }
        let host = match answer.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let mut known = self.0.lock().expect("no panic holds this lock");
        if known.len() < MOST || known.contains_key(&host) {
            known.insert(host, now - date);
        }
    }

    pub fn all(&self) -> Vec<(String, Duration)> {
        let known = self.0.lock().expect("no panic holds this lock");
        known.iter().map(|(host, ahead)| (host.clone(), *ahead)).collect()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};
    use time::macros::datetime;

    use super::*;

    fn answer(headers: &[(&'static str, &'static str)]) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect();
        Response {
            status: StatusCode::OK,
            headers,
            body: bytes::Bytes::new(),
            url: url::Url::parse("https://a.io:444/x").expect("a URL"),
        }
    }

    #[test]
    fn a_date_tells_and_a_cached_answer_does_not() {
        let clocks = ServerClocks::default();
        let now = datetime!(2030-01-01 00:10 UTC);
        let date = ("date", "Tue, 01 Jan 2030 00:00:00 GMT");
        clocks.note(&answer(&[date, ("age", "7")]), now);
        clocks.note(&answer(&[("date", "yesterday")]), now);
        clocks.note(&answer(&[]), now);
        assert_eq!(clocks.all(), []);
        clocks.note(&answer(&[date]), now);
        assert_eq!(clocks.all(), [("a.io:444".to_owned(), Duration::minutes(10))]);
    }
}
