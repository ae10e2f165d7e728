//! Limits of size, time, place and redirects.

use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::fault::Fault as _;
use crate::http::test_server::{Reply, TestServer};
use crate::http::{Deadline, FixedJitter, HttpOptions};

fn client(loopback: Loopback) -> HttpFetch {
    let http = Http::new(HttpOptions {
        clock: std::sync::Arc::new(SystemClock::new()),
        deadline: Deadline(Duration::from_secs(20)),
        user_agent: "test".to_owned(),
        extra_roots: Vec::new(),
    });
    let http = http.unwrap().with_jitter(std::sync::Arc::new(FixedJitter(0.0)));
    HttpFetch { http, timeouts: Timeouts::default(), loopback }
}

fn crl(url: &str) -> Wanted<'_> {
    Wanted::Crl { url, trust: ChainTrust::Trusted }
}

/// The error's code.
async fn refused(fetch: &HttpFetch, wanted: Wanted<'_>) -> (&'static str, String) {
    let error = fetch.fetch(wanted).await.expect_err("refused");
    (error.code(), error.to_string())
}

#[tokio::test]
async fn loopback_is_asked_in_labs_only() {
    let server = TestServer::start(|_| Reply::body(200, "a CRL")).await;
    let url = server.url("/a.crl").to_string();
    let (code, text) = refused(&client(Loopback::Refused), crl(&url)).await;
    assert_eq!(code, "revocation-address");
    assert!(text.ends_with("is not asked: it is an address of this machine"), "{text}");
    assert!(server.seen().is_empty());
    let body = client(Loopback::Allowed).fetch(crl(&url)).await.unwrap();
    assert_eq!(&body[..], b"a CRL");
    assert_eq!(server.lines(), ["GET /a.crl"]);
    assert!(server.seen()[0].header("authorization").is_none());
}

#[tokio::test]
async fn a_redirect_inside_is_never_followed() {
    let server = TestServer::start(|_| Reply::body(200, "secret")).await;
    let inside = server.url("/").to_string();
    let link = "http://169.254.169.254/latest/meta-data".to_owned();
    for target in [inside, link, "http://10.0.0.1/".to_owned(), "http://u:p@192.0.2.1/".to_owned()]
    {
        let to = target.clone();
        let door = TestServer::start(move |_| Reply::status(302).with("location", &*to)).await;
        let url = door.url("/a.crl").to_string();
        let (code, text) = refused(&client(Loopback::Allowed), crl(&url)).await;
        assert_eq!(code, "revocation-address", "{target}: {text}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn only_200_is_an_answer_and_only_so_large() {
    for status in [201, 204, 206, 404] {
        let server = TestServer::start(move |_| Reply::body(status, "x")).await;
        let url = server.url("/a.crl").to_string();
        let (code, text) = refused(&client(Loopback::Allowed), crl(&url)).await;
        assert_eq!(code, "revocation-fetch");
        assert!(text.contains(&status.to_string()), "{text}");
    }
    let server = TestServer::start(|_| Reply::body(200, vec![0; OCSP_LIMIT + 1])).await;
    let url = server.url("/").to_string();
    let wanted = Wanted::Ocsp { url: &url, request: b"r", trust: ChainTrust::Trusted };
    let (code, text) = refused(&client(Loopback::Allowed), wanted).await;
    assert_eq!(code, "revocation-fetch");
    assert!(text.ends_with("larger than 20480 bytes"), "{text}");
}

#[tokio::test]
async fn a_short_ocsp_request_is_a_get_and_a_long_one_a_post() {
    let server = TestServer::start(|_| Reply::body(200, "answer")).await;
    let fetch = client(Loopback::Allowed);
    let url = server.url("/ocsp/").to_string();
    let long = vec![7; 300];
    for request in [&[0xfb, 0xff, 0xfe][..], &long] {
        let wanted = Wanted::Ocsp { url: &url, request, trust: ChainTrust::Trusted };
        fetch.fetch(wanted).await.unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen[0].line(), "GET /ocsp/%2B%2F%2F%2B");
    assert_eq!(seen[1].line(), "POST /ocsp/");
    assert_eq!(seen[1].header("content-type"), Some("application/ocsp-request"));
    assert_eq!(seen[1].body, long);
}

#[tokio::test]
async fn a_server_has_its_time_and_no_more() {
    // accepts by the system's queue alone, and never answers
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.crl", silent.local_addr().unwrap());
    let mut fetch = client(Loopback::Allowed);
    fetch.timeouts.crl = Duration::from_millis(20);
    let (code, text) = refused(&fetch, crl(&url)).await;
    assert_eq!(code, "revocation-fetch");
    assert!(text.ends_with("did not answer within 0.02 s"), "{text}");
}
