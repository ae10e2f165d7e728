//! The client against a server on loopback, with a clock that waits in no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};
use time::macros::datetime;
use url::Url;

use super::test_server::{Reply, TestServer};
use super::*;
use crate::clock::{Clock, ManualClock};
use crate::fault::Fault;

fn client(deadline: u64) -> (Http, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(datetime!(2026-11-22 12:00:00 UTC)));
    let http = Http::new(HttpOptions {
        clock: clock.clone(),
        deadline: Deadline(Duration::from_secs(deadline)),
        user_agent: "sealwright/test".into(),
        extra_roots: Vec::new(),
    })
    .expect("a client");
    (http.with_jitter(Arc::new(FixedJitter(1.0))), clock)
}

/// Answers with each reply in turn, then with 200.
async fn in_turn(replies: Vec<fn() -> Reply>) -> TestServer {
    let turn = AtomicUsize::new(0);
    TestServer::start(move |_| match replies.get(turn.fetch_add(1, Ordering::SeqCst)) {
        Some(reply) => reply(),
        None => Reply::body(200, "done"),
    })
    .await
}

fn request(url: Url) -> Request {
    Request::new(Method::GET, url, 1024)
}

#[tokio::test]
async fn passing_failures_are_retried_with_growing_waits() {
    let server = in_turn(vec![
        || Reply::status(408),
        || Reply::status(429),
        || Reply::status(500),
        || Reply::status(502),
        || Reply::Reset,
        || Reply::status(504),
    ])
    .await;
    let (http, clock) = client(600);
    let answer = http.send(request(server.url("/"))).await.expect("an answer");
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"done"[..]));
    // 0.5 + 1 + 2 + 4 + 8 + 16
    assert_eq!(clock.elapsed(), Duration::from_millis(31_500));
    assert_eq!(server.seen()[0].header("user-agent"), Some("sealwright/test"));
}

#[tokio::test]
async fn retry_after_is_obeyed_in_seconds_and_as_a_date() {
    let server = in_turn(vec![|| Reply::status(429).with("retry-after", "60"), || {
        Reply::status(503).with("retry-after", "Sun, 22 Nov 2026 12:01:31 GMT")
    }])
    .await;
    let (http, clock) = client(600);
    http.send(request(server.url("/"))).await.expect("an answer");
    // 60 s and the spread of 1 s; then 30 s are left to 12:01:31, and the spread.
    assert_eq!(clock.elapsed(), Duration::from_secs(92));
}

#[tokio::test]
async fn a_wait_past_the_deadline_gives_the_last_answer_at_once() {
    let server = in_turn(vec![|| Reply::status(429).with("retry-after", "60"); 3]).await;
    let (http, clock) = client(59);
    let answer = http.send(request(server.url("/"))).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), clock.elapsed()), (429, Duration::ZERO));
}

#[tokio::test]
async fn retries_end_even_when_the_server_never_recovers() {
    let server = TestServer::start(|_| Reply::status(503)).await;
    let (http, _) = client(600);
    assert_eq!(http.send(request(server.url("/"))).await.expect("an answer").status, 503);
    assert_eq!(server.lines().len(), 8);
}

#[tokio::test]
async fn a_server_that_always_asks_for_patience_gets_it_until_the_deadline() {
    let server = TestServer::start(|_| Reply::status(429).with("retry-after", "0")).await;
    let (http, _) = client(60);
    assert_eq!(http.send(request(server.url("/"))).await.expect("an answer").status, 429);
    assert!((50..60).contains(&server.lines().len()), "{}", server.lines().len());
}

#[tokio::test]
async fn send_once_and_other_answers_are_not_retried() {
    let server = TestServer::start(|seen| match seen.path() {
        "/busy" => Reply::status(503),
        _ => Reply::status(403),
    })
    .await;
    let (http, _) = client(600);
    assert_eq!(http.send_once(request(server.url("/busy"))).await.expect("an answer").status, 503);
    assert_eq!(http.send(request(server.url("/no"))).await.expect("an answer").status, 403);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_tried_again_only_where_it_was_not_done() {
    let busy = || Reply::status(429).with("retry-after", "3");
    let server = in_turn(vec![busy, busy, || Reply::status(200)]).await;
    let (http, _) = client(600);
    let answer = http.send_unless_done(request(server.url("/"))).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), server.lines().len()), (200, 3));
    let server = TestServer::start(|_| Reply::status(503)).await;
    let answer = http.send_unless_done(request(server.url("/"))).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), server.lines().len()), (503, 1));
}

#[tokio::test]
async fn nobody_listening_is_worded_without_secrets() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let (http, clock) = client(600);
    let url = Url::parse(&format!("http://user:pass@{address}/v2/?token=secret")).expect("a URL");
    let error = http.send(request(url)).await.expect_err("nobody listens");
    assert_eq!(error.to_string(), format!("GET http://{address}/v2/: connection refused"));
    assert_eq!(error.code(), "http-transport");
    assert_eq!(clock.elapsed(), Duration::from_millis(1500));
}

#[tokio::test]
async fn the_deadline_ends_a_request() {
    let (http, clock) = client(60);
    clock.advance(Duration::from_secs(60));
    let url = Url::parse("http://127.0.0.1:9/").expect("a URL");
    let error = http.send(request(url)).await.expect_err("too late");
    assert_eq!(error.code(), "http-deadline");
    assert!(error.hint().is_some());
}

#[test]
fn a_client_that_ends_early_leaves_a_second_at_most() {
    for (deadline, early) in [(600, 599_000), (10, 9_500), (1, 950), (0, 0)] {
        let end = client(deadline).0.ending_early().deadline().0;
        assert_eq!(end, Duration::from_millis(early), "{deadline}");
    }
}

#[tokio::test]
async fn an_answer_over_its_limit_is_an_error_and_not_retried() {
    let server = TestServer::start(|_| Reply::body(200, vec![0; 1025])).await;
    let (http, _) = client(60);
    let error = http.send(request(server.url("/big"))).await.expect_err("too large");
    assert_eq!(error.code(), "http-too-large");
    assert_eq!(server.lines().len(), 1);
    let head = Request::new(Method::HEAD, server.url("/big"), 10);
    assert_eq!(http.send(head).await.expect("no body").status, 200);
}

#[tokio::test]
async fn authorization_stays_at_its_origin_and_never_comes_back() {
    let home = Arc::new(std::sync::OnceLock::<String>::new());
    let other = {
        let home = home.clone();
        TestServer::start(move |_| {
            let home = home.get().expect("set before the first request");
            Reply::status(307).with("location", format!("http://{home}/end"))
        })
        .await
    };
    let away = other.host();
    let server = TestServer::start(move |seen| match seen.path() {
        "/start" => Reply::status(307).with("location", "/next"),
        "/next" => Reply::status(302).with("location", format!("http://{away}/blob?sig=1")),
        _ => Reply::body(200, "end"),
    })
    .await;
    home.set(server.host()).expect("set once");
    let (http, _) = client(60);
    let start = request(server.url("/start"))
        .header(AUTHORIZATION, HeaderValue::from_static("Bearer t"))
        .redirects(Redirects::Follow(3));
    let answer = http.send(start).await.expect("an answer");
    assert_eq!(answer.url.path(), "/end");
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|s| s.header("authorization")).collect::<Vec<_>>(),
        [Some("Bearer t"), Some("Bearer t"), None]
    );
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn redirects_are_bounded_and_only_for_reading() {
    let server = TestServer::start(|seen| match seen.path() {
        "/ftp" => Reply::status(302).with("location", "ftp://127.0.0.1/x"),
        "/user" => Reply::status(302).with("location", "http://a:b@127.0.0.1/x"),
        _ => Reply::status(302).with("location", "/again"),
    })
    .await;
    let (http, _) = client(60);
    for path in ["/loop", "/ftp", "/user"] {
        let error = http
            .send(request(server.url(path)).redirects(Redirects::Follow(5)))
            .await
            .expect_err("refused");
        assert_eq!(error.code(), "http-redirect", "{error}");
    }
    let kept = http.send(request(server.url("/x"))).await.expect("an answer");
    assert_eq!(kept.status, 302);
    let put = Request::new(Method::PUT, server.url("/x"), 10).redirects(Redirects::Follow(5));
    assert_eq!(http.send(put).await.expect("an answer").status, 302);
}

#[test]
fn an_extra_root_that_is_no_pem_is_an_error() {
    let clock = Arc::new(ManualClock::at(datetime!(2026-11-22 12:00:00 UTC)));
    let options = HttpOptions {
        clock,
        deadline: Deadline(Duration::from_secs(1)),
        user_agent: "x".into(),
        extra_roots: vec![b"not a certificate".to_vec()],
    };
    let error = Http::new(options).err().expect("refused");
    assert_eq!(error.code(), "http-client");
}

#[test]
fn origins_compare_scheme_host_and_port() {
    let url = |text| Url::parse(text).expect("a URL");
    assert!(same_origin(&url("https://a.io/x"), &url("https://A.io:443/y")));
    for other in ["http://a.io/", "https://a.io:444/", "https://b.a.io/", "https://a.io./"] {
        assert!(!same_origin(&url("https://a.io/"), &url(other)), "{other}");
    }
    assert_eq!(redacted(&url("https://u:p@a.io:5000/x?y=z#f")), "https://a.io:5000/x");
}
