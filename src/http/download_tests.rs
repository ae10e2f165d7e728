//! Downloads: what is handed on, what is followed, what is begun again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

use super::*;
use crate::clock::ManualClock;
use crate::fault::Fault as _;
use crate::http::test_server::{Reply, TestServer};
use crate::http::{Deadline, FixedJitter, HttpOptions};

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    beginnings: usize,
}

impl Sink for Kept {
    fn piece(&mut self, bytes: &[u8], _: Option<u64>) -> Result<(), String> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
    fn again(&mut self) -> Result<(), String> {
        self.bytes.clear();
        self.beginnings += 1;
        Ok(())
    }
}

struct Full;

impl Sink for Full {
    fn piece(&mut self, _: &[u8], _: Option<u64>) -> Result<(), String> {
        Err("no space left on device".to_owned())
    }
    fn again(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn http() -> Http {
    let http = Http::new(HttpOptions {
        clock: Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH)),
        deadline: Deadline(Duration::from_secs(60)),
        user_agent: "test".to_owned(),
        extra_roots: Vec::new(),
    });
    http.expect("a client").without_proxies().with_jitter(Arc::new(FixedJitter(0.5)))
}

#[tokio::test]
async fn redirects_are_followed_and_passing_failures_begun_again() {
    let asked = AtomicUsize::new(0);
    let server = TestServer::start(move |seen| match seen.path() {
        "/a" => Reply::Answer(302, vec![("location", "/b".to_owned())], Vec::new()),
        _ if asked.fetch_add(1, Ordering::Relaxed) == 0 => Reply::status(503),
        _ => Reply::body(200, "whole"),
    })
    .await;
    let mut kept = Kept::default();
    http().download(&server.url("/a?sig=1"), 6, &mut kept).await.expect("downloaded");
    assert_eq!((kept.bytes.as_slice(), kept.beginnings), (b"whole".as_slice(), 1));
}

#[tokio::test]
async fn other_answers_are_errors() {
    let server = TestServer::start(|seen| match seen.path() {
        "/gone" => Reply::status(404),
        "/created" => Reply::body(201, "x"),
        "/circle" => Reply::Answer(302, vec![("location", "/circle".to_owned())], Vec::new()),
        "/ftp" => Reply::Answer(302, vec![("location", "ftp://h/x".to_owned())], Vec::new()),
        _ => Reply::body(200, "whole"),
    })
    .await;
    for (path, code) in [
        ("/gone", "http-status"),
        ("/created", "http-status"),
        ("/circle", "http-redirect"),
        ("/ftp", "http-redirect"),
        ("/whole", "http-too-large"),
    ] {
        let error = http().download(&server.url(path), 5, &mut Kept::default()).await;
        assert_eq!(error.expect_err(path).code(), code, "{path}");
    }
    let error = http().download(&server.url("/whole"), 6, &mut Full).await.expect_err("full");
    assert_eq!(error.code(), "http-kept");
    assert!(error.to_string().ends_with(": no space left on device"), "{error}");
}
