//! Who gets which credential.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::fake::*;
use crate::credentials::Credential;
use crate::fault::Fault;
use crate::http::test_server::{Reply, Seen, TestServer};
use crate::registry::*;
use crate::secret::Secret;

fn password() -> Credential {
    Credential::Basic { username: "user".into(), password: Secret::new("secret") }
}

/// `user:secret`
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

fn token(value: &str) -> Reply {
    Reply::body(200, json!({"access_token": value, "expires_in": 300}).to_string())
}

/// Asks for a token of `realm` unless the request carries `Bearer good`.
fn guard(seen: &Seen, realm: &str) -> Option<Reply> {
    (seen.header("authorization") != Some("Bearer good")).then(|| {
        let scope = "repository:team/app:pull";
        let challenge = format!("Bearer realm=\"{realm}\",service=\"reg\",scope=\"{scope}\"");
        Reply::status(401).with("www-authenticate", challenge)
    })
}

/// A registry whose own `/token` gives `good`.
async fn bearer_registry() -> Fake {
    let fake = Fake::start(Api::Referrers).await;
    let realm = fake.server.url("/token").to_string();
    fake.hook(move |seen| match seen.path() {
        "/token" => Some(token("good")),
        _ => guard(seen, &realm),
    });
    fake
}

fn tokens(fake: &Fake) -> Vec<Seen> {
    fake.server.seen().into_iter().filter(|seen| seen.path().ends_with("/token")).collect()
}

#[tokio::test]
async fn a_password_is_sent_when_the_registry_asks_for_it() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|seen| {
        let known = seen.header("authorization") == Some(BASIC);
        (!known).then(|| Reply::status(401).with("www-authenticate", "Basic realm=\"x\""))
    });
    let client = fake.client_with(Access::Pull, password(), Kind::Other, &[]);
    client.resolve(&fake.reference(":v1")).await.expect("resolved");
    assert_eq!(fake.server.seen()[0].header("authorization"), None);
    client.signatures(&image(), 1).await.expect("listed");
    assert_eq!(fake.server.lines().len(), 3, "the question is remembered");
    client.connection.check_login().await.expect("let in");
    assert_eq!(client.connection.credential_source(), Some("flags"));

    let wrong = Credential::Basic { username: "user".into(), password: Secret::new("wrong") };
    let client = fake.client_with(Access::Pull, wrong, Kind::Other, &[]);
    let fault = client.connection.check_login().await.expect_err("refused");
    assert_eq!(fault.code(), "registry-denied");
    assert!(fault.hint().is_some_and(|hint| hint.contains("sealwright login")));
}

#[tokio::test]
async fn one_token_serves_a_whole_signing() {
    let fake = bearer_registry().await;
    let client = fake.client_with(Access::PullPush, password(), Kind::Other, &[]);
    let reference = fake.reference(":v1");
    let (resolved, prepared) =
        futures_util::join!(client.resolve(&reference), client.prepare_push());
    resolved.expect("resolved");
    prepared.expect("prepared");
    client.push_signature(push(&target(), b"e", ReferrersMode::Auto)).await.expect("pushed");
    let asked = tokens(&fake);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), Some(BASIC));
    assert_eq!(asked[0].query("scope").as_deref(), Some("repository:team/app:pull,push"));
    assert_eq!(asked[0].query("service").as_deref(), Some("reg"));
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_by_a_form() {
    let fake = bearer_registry().await;
    let refresh = Credential::RefreshToken(Secret::new("refresh+&"));
    let client = fake.client_with(Access::Pull, refresh, Kind::Other, &[]);
    client.resolve(&fake.reference(":v1")).await.expect("resolved");
    let asked = tokens(&fake);
    assert_eq!((asked.len(), asked[0].method.as_str()), (1, "POST"));
    assert_eq!(
        asked[0].body,
        "grant_type=refresh_token&client_id=sealwright&service=reg&scope=repository%3Ateam%2Fapp%3Apull&refresh_token=refresh%2B%26"
    );
    assert_eq!(asked[0].header("authorization"), None);
}

#[tokio::test]
async fn without_credentials_a_token_is_asked_for_anonymously() {
    let fake = bearer_registry().await;
    fake.client(Access::Pull).resolve(&fake.reference(":v1")).await.expect("resolved");
    assert_eq!(tokens(&fake)[0].header("authorization"), None);
}

#[tokio::test]
async fn an_access_token_is_sent_as_it_is_and_only_once() {
    let fake = bearer_registry().await;
    let given = |value: &str| Credential::AccessToken(Secret::new(value));
    let client = fake.client_with(Access::Pull, given("good"), Kind::Other, &[]);
    client.resolve(&fake.reference(":v1")).await.expect("resolved");
    let client = fake.client_with(Access::Pull, given("bad"), Kind::Other, &[]);
    let fault = client.resolve(&fake.reference(":v1")).await.expect_err("refused");
    assert_eq!(fault.code(), "registry-denied");
    assert!(tokens(&fake).is_empty());
    assert_eq!(fake.server.lines().len(), 4);
}

#[tokio::test]
async fn an_azure_registry_is_not_probed_for_its_question() {
    let fake = Fake::start(Api::Referrers).await;
    let realm = fake.server.url("/oauth2/token").to_string();
    fake.hook(move |seen| match seen.path() {
        "/oauth2/token" => Some(token("good")),
        _ => guard(seen, &realm),
    });
    for credential in [Credential::RefreshToken(Secret::new("refresh")), password()] {
        let before = fake.server.lines().len();
        let client = fake.client_with(Access::Pull, credential, Kind::Azure, &[]);
        client.resolve(&fake.reference(":v1")).await.expect("resolved");
        let lines = fake.server.lines().split_off(before);
        assert!(lines[0].contains("/oauth2/token"), "{lines:?}");
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
    let asked = fake.server.seen();
    let body = String::from_utf8_lossy(&asked[0].body);
    let host = fake.server.host().replace(':', "%3A");
    assert!(body.contains(&format!("service={host}")), "{body}");
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_again_once() {
    let fake = Fake::start(Api::Referrers).await;
    let realm = fake.server.url("/token").to_string();
    let (ended, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (end, counted) = (ended.clone(), count.clone());
    fake.hook(move |seen| match seen.path() {
        "/token" => {
            ended.store(false, Ordering::SeqCst);
            counted.fetch_add(1, Ordering::SeqCst);
            Some(token("good"))
        }
        _ if ended.load(Ordering::SeqCst) => guard(seen, &realm).or_else(|| {
            let challenge = format!("Bearer realm=\"{realm}\",error=\"invalid_token\"");
            Some(Reply::status(401).with("www-authenticate", challenge))
        }),
        _ => guard(seen, &realm),
    });
    let client = fake.client_with(Access::Pull, password(), Kind::Other, &[]);
    client.resolve(&fake.reference(":v1")).await.expect("resolved");
    end.store(true, Ordering::SeqCst);
    client.resolve(&fake.reference(":v1")).await.expect("resolved again");
    assert_eq!(count.load(Ordering::SeqCst), 2);
    client.connection.http.clock().sleep(std::time::Duration::from_secs(299)).await;
    client.resolve(&fake.reference(":v1")).await.expect("resolved again");
    assert_eq!(count.load(Ordering::SeqCst), 3, "it is renewed before it ends");
}

#[tokio::test]
async fn a_token_that_does_not_suffice_is_not_asked_for_again() {
    let fake = Fake::start(Api::Referrers).await;
    let realm = fake.server.url("/token").to_string();
    fake.hook(move |seen| match seen.path() {
        "/token" => Some(token("weak")),
        _ => guard(seen, &realm),
    });
    let client = fake.client_with(Access::PullPush, password(), Kind::Other, &[]);
    let fault = client.prepare_push().await.expect_err("refused");
    assert_eq!(fault.code(), "registry-denied");
    assert_eq!(tokens(&fake).len(), 1);
}

#[tokio::test]
async fn a_realm_on_another_host_over_http_is_not_asked_at_all() {
    let elsewhere = TestServer::start(|_| token("good")).await;
    let fake = Fake::start(Api::Referrers).await;
    let realm = elsewhere.url("/token").to_string();
    fake.hook(move |seen| guard(seen, &realm));
    let client = fake.client_with(Access::Pull, password(), Kind::Other, &[]);
    let fault = client.resolve(&fake.reference(":v1")).await.expect_err("refused");
    assert_eq!(fault.code(), "registry-realm");
    let hint = fault.hint().expect("a hint");
    assert!(hint.contains("auth-realms") && hint.contains(&elsewhere.host()), "{hint}");
    assert!(elsewhere.lines().is_empty());

    let named = [elsewhere.host()];
    let client = fake.client_with(Access::Pull, password(), Kind::Other, &named);
    client.resolve(&fake.reference(":v1")).await.expect("resolved");
    assert_eq!(elsewhere.seen()[0].header("authorization"), Some(BASIC));
}

#[tokio::test]
async fn a_realm_on_another_host_over_https_is_asked_anonymously() {
    let good = Arc::new(AtomicBool::new(true));
    let gives = good.clone();
    let (elsewhere, root) = TestServer::start_tls(move |_| {
        token(if gives.load(Ordering::SeqCst) { "good" } else { "weak" })
    })
    .await;
    let realm = format!("https://localhost:{}/token", elsewhere.address.port());
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(move |seen| guard(seen, &realm));
    let refresh = Credential::RefreshToken(Secret::new("refresh"));
    for credential in [password(), refresh] {
        for suffices in [true, false] {
            good.store(suffices, Ordering::SeqCst);
            let connection = Connection::new(ConnectionOptions {
                http: http(vec![root.clone()]),
                host: fake.server.host(),
                scheme: Scheme::PlainHttp,
                kind: Kind::Other,
                credentials: Arc::new(Given(credential.clone())),
                auth_realms: Vec::new(),
            });
            let connection = Arc::new(connection.expect("a connection"));
            let client =
                RegistryClient::new(connection, "team/app", Access::Pull).expect("a client");
            let resolved = client.resolve(&fake.reference(":v1")).await;
            match suffices {
                true => assert_eq!(resolved.expect("resolved"), target()),
                false => assert_eq!(resolved.expect_err("refused").code(), "registry-realm"),
            }
        }
    }
    for seen in elsewhere.seen() {
        assert_eq!((seen.method.as_str(), seen.header("authorization")), ("GET", None));
        assert!(seen.body.is_empty());
    }
    assert!(!elsewhere.seen().is_empty());
}

#[tokio::test]
async fn answers_of_a_token_server_are_bounded_and_checked() {
    type Answer = fn() -> Reply;
    let answers: [(Answer, &str); 8] = [
        (|| Reply::body(200, vec![b' '; 128 * 1024 + 1]), "http-too-large"),
        (|| Reply::body(200, "{"), "registry-token"),
        (|| Reply::body(200, "{}"), "registry-token"),
        (|| token("a\nb"), "registry-token"),
        (|| token("a b"), "registry-token"),
        (|| Reply::status(307).with("location", "http://127.0.0.1:9/"), "registry-token"),
        (|| Reply::status(404), "registry-token"),
        (|| error(401, "UNAUTHORIZED"), "registry-denied"),
    ];
    for (answer, code) in answers {
        let fake = Fake::start(Api::Referrers).await;
        let realm = fake.server.url("/token").to_string();
        fake.hook(move |seen| match seen.path() {
            "/token" => Some(answer()),
            _ => guard(seen, &realm),
        });
        let client = fake.client_with(Access::Pull, password(), Kind::Other, &[]);
        let fault = client.resolve(&fake.reference(":v1")).await.expect_err("refused");
        assert_eq!(fault.code(), code, "{fault}");
    }
}

#[tokio::test]
async fn a_challenge_that_cannot_be_read_is_an_error() {
    for challenge in ["Bearer realm=\"x", "Bearer realm=\"not an address\""] {
        let fake = Fake::start(Api::Referrers).await;
        fake.hook(move |_| Some(Reply::status(401).with("www-authenticate", challenge)));
        let client = fake.client(Access::Pull);
        let fault = client.resolve(&fake.reference(":v1")).await.expect_err("refused");
        assert_eq!(fault.code(), "registry-challenge");
    }
}

#[tokio::test]
async fn a_dry_run_reads_the_granted_scope_of_the_token() {
    for (actions, code) in [("[\"pull\",\"push\"]", None), ("[\"pull\"]", Some("registry-denied"))]
    {
        let claims = format!(
            "{{\"access\":[{{\"type\":\"repository\",\"name\":\"team/app\",\"actions\":{actions}}}]}}"
        );
        let jwt = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        let fake = Fake::start(Api::Referrers).await;
        fake.hook(move |seen| (seen.path() == "/oauth2/token").then(|| token(&jwt)));
        let refresh = Credential::RefreshToken(Secret::new("refresh"));
        let client = fake.client_with(Access::PullPush, refresh, Kind::Azure, &[]);
        match (client.check_push().await, code) {
            (Ok(permission), None) => assert_eq!(permission, PushPermission::Granted),
            (Err(fault), Some(code)) => assert_eq!(fault.code(), code),
            (other, _) => panic!("{other:?}"),
        }
        assert_eq!(fake.server.lines().len(), 1);
    }
}
