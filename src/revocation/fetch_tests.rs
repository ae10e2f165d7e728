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
    HttpFetch::new(http.without_proxies(), Timeouts::default(), loopback)
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

/// Each question for the name gets the next answer; none are left at the end.
struct Answers(Mutex<Vec<&'static str>>);

impl Answers {
    fn in_turn(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().rev().copied().collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl Names for Answers {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        assert_eq!(name, "crl.example");
        let next = self.0.lock().unwrap().pop();
        let next = next.ok_or_else(|| std::io::Error::other("asked once too often"))?;
        Ok(vec![next.parse().unwrap()])
    }
}

fn named(server: &TestServer) -> String {
    let port = server.url("/").port().unwrap();
    format!("http://crl.example:{port}/a.crl")
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_judged_is_connected_to() {
    let server = TestServer::start(|_| Reply::body(200, "a CRL")).await;
    let url = named(&server);
    let names = Answers::in_turn(&["127.0.0.1", "169.254.169.254"]);
    let fetch = client(Loopback::Allowed).with_names(names.clone());
    assert_eq!(&fetch.fetch(crl(&url)).await.unwrap()[..], b"a CRL");
    assert_eq!(names.left(), 1, "asked once for one request");
    assert_eq!(server.lines(), ["GET /a.crl"]);
    assert_eq!(server.seen()[0].header("host"), Some(&url[7..url.len() - 6]));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_at_the_connection() {
    let server = TestServer::start(|_| Reply::body(200, "secret")).await;
    let url = named(&server);
    for (address, trust, reason) in [
        ("127.0.0.1", ChainTrust::Trusted, "it is an address of this machine"),
        ("::ffff:127.0.0.1", ChainTrust::Trusted, "it is an address of this machine"),
        ("10.0.0.1", ChainTrust::Untrusted, "it is a private address"),
        ("169.254.169.254", ChainTrust::Trusted, "it is a link-local or reserved address"),
    ] {
        let names = Answers::in_turn(&[address]);
        let fetch = client(Loopback::Refused).with_names(names.clone());
        let (code, text) = refused(&fetch, Wanted::Crl { url: &url, trust }).await;
        assert_eq!((code, names.left()), ("revocation-address", 0), "never tried again");
        assert_eq!(text, format!("{url} is not asked: {reason}"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_name_that_leads_inside_is_refused_however_the_first_was_reached() {
    let inside = TestServer::start(|_| Reply::body(200, "secret")).await;
    let to = named(&inside);
    let door = TestServer::start(move |_| Reply::status(302).with("location", &*to)).await;
    let names = Answers::in_turn(&["127.0.0.1", "127.0.0.1"]);
    let fetch = client(Loopback::Allowed).with_names(names.clone());
    let (code, text) = refused(&fetch, crl(&named(&door))).await;
    assert_eq!(code, "revocation-address");
    assert!(text.ends_with("a redirect leads to an address of this machine"), "{text}");
    assert_eq!((door.seen().len(), inside.seen().len(), names.left()), (1, 0, 0));
    // a connection that the first hop made is not a redirect's
    let names = Answers::in_turn(&["127.0.0.1", "127.0.0.1"]);
    let to = Arc::new(Mutex::new(String::new()));
    let shared = to.clone();
    let same = TestServer::start(move |_| {
        Reply::status(302).with("location", &*shared.lock().unwrap().clone())
    });
    let same = same.await;
    *to.lock().unwrap() = named(&same);
    let fetch = client(Loopback::Allowed).with_names(names.clone());
    assert_eq!(refused(&fetch, crl(&named(&same))).await.0, "revocation-address");
    assert_eq!((same.seen().len(), names.left()), (1, 0));
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_a_failed_request() {
    let fetch = client(Loopback::Refused).with_names(Answers::in_turn(&[]));
    let (code, text) = refused(&fetch, crl("http://crl.example/a.crl")).await;
    assert_eq!(code, "revocation-fetch");
    assert!(text.contains("asked once too often"), "{text}");
}
