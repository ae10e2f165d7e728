//! One passing fault at each request in turn: every one is survived, and nothing is doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;

use super::fake::*;
use crate::http::test_server::Reply;
use crate::registry::*;

const FAULTS: [fn() -> Reply; 3] =
    [|| Reply::status(429).with("retry-after", "1"), || Reply::status(503), || Reply::Reset];

/// Signs and reads back; the `at`-th request meets the fault. Gives the number of requests.
async fn run(api: Api, mode: ReferrersMode, at: usize, fault: fn() -> Reply) -> usize {
    let fake = Fake::start(api).await;
    let (count, hit) = (Arc::new(AtomicUsize::new(0)), at);
    let counted = count.clone();
    fake.hook(move |_| (counted.fetch_add(1, Ordering::SeqCst) == hit).then(fault));
    let client = fake.client(Access::PullPush);
    let reference = fake.reference(&format!("@{}", image()));
    let (resolved, prepared) =
        futures_util::join!(client.resolve(&reference), client.prepare_push());
    resolved.expect("resolved");
    prepared.expect("prepared");
    let pushed = client.push_signature(push(&target(), b"envelope", mode)).await.expect("pushed");
    let verifier = fake.client(Access::Pull);
    let listing = verifier.signatures(&image(), 10).await.expect("listed");
    assert_eq!(listing.signatures.len(), 1, "fault at {at}");
    assert_eq!(listing.signatures[0].digest, pushed.manifest_digest.as_str());
    verifier.fetch_signature(&image(), &listing.signatures[0]).await.expect("fetched");
    count.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_fault_at_each_request_of_sign_and_verify_is_survived() {
    for (api, mode) in
        [(Api::Referrers, ReferrersMode::Auto), (Api::TagOnly, ReferrersMode::ForceTag)]
    {
        let requests = run(api, mode, usize::MAX, FAULTS[0]).await;
        assert!(requests >= 9, "{requests}");
        for at in 0..requests {
            for fault in FAULTS {
                run(api, mode, at, fault).await;
            }
        }
    }
}

/// Another signer's update lands while ours is told to come back: what it wrote stays.
#[tokio::test]
async fn a_retried_index_update_keeps_what_others_wrote_meanwhile() {
    for fault in FAULTS {
        let fake = Fake::start(Api::TagOnly).await;
        let (state, hit) = (fake.state.clone(), AtomicUsize::new(0));
        let tag = image().as_str().replace(':', "-");
        let theirs = format!("sha256:{}", "a".repeat(64));
        let other = theirs.clone();
        fake.hook(move |seen| {
            let index = seen.method == Method::PUT && seen.path().ends_with(&tag);
            if !index || hit.fetch_add(1, Ordering::SeqCst) > 0 {
                return None;
            }
            // ours arrives, theirs keeps it, and only then our answer is lost
            let mut value: serde_json::Value = serde_json::from_slice(&seen.body).expect("JSON");
            let mut entry = value["manifests"][0].clone();
            entry["digest"] = other.as_str().into();
            value["manifests"].as_array_mut().expect("entries").push(entry);
            let mut state = state.lock().expect("no panic holds this lock");
            let digest = state.put(value.to_string().into_bytes(), INDEX);
            state.tags.insert(tag.clone(), digest);
            Some(fault())
        });
        let client = fake.client(Access::PullPush);
        let target = target();
        let pushed = client.push_signature(push(&target, b"envelope", ReferrersMode::ForceTag));
        let pushed = pushed.await.expect("pushed");
        let there = fake.tag_entries();
        assert!(there.contains(&theirs), "{there:?}");
        assert!(there.contains(&pushed.manifest_digest.to_string()), "{there:?}");
    }
}

/// A registry that never takes the index is not asked for ever.
#[tokio::test]
async fn an_index_that_is_never_taken_is_an_error() {
    let fake = Fake::start(Api::TagOnly).await;
    let tag = image().as_str().replace(':', "-");
    fake.hook(move |seen| {
        (seen.method == Method::PUT && seen.path().ends_with(&tag)).then(|| Reply::status(503))
    });
    let client = fake.client(Access::PullPush);
    let target = target();
    let pushed = client.push_signature(push(&target, b"envelope", ReferrersMode::ForceTag));
    assert_eq!(pushed.await.expect_err("refused").code(), "registry-status");
    let puts = fake
        .server
        .lines()
        .iter()
        .filter(|l| l.starts_with("PUT /v2/team/app/manifests/sha256-"))
        .count();
    assert_eq!(puts, 8);
}

#[tokio::test]
async fn a_registry_nobody_answers_at_is_worded_with_its_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let host = listener.local_addr().expect("bound").to_string();
    drop(listener);
    let connection = Connection::new(ConnectionOptions {
        http: http(Vec::new()),
        host: host.clone(),
        scheme: Scheme::PlainHttp,
        kind: Kind::Other,
        credentials: Arc::new(Given(crate::credentials::Credential::Anonymous)),
        auth_realms: Vec::new(),
    });
    let connection = Arc::new(connection.expect("a connection"));
    let client = RegistryClient::new(connection, "a", Access::Pull).expect("a client");
    let reference = Reference::parse(&format!("{host}/a:v1")).expect("a reference");
    let error = client.resolve(&reference).await.expect_err("nobody listens");
    assert_eq!(
        error.to_string(),
        format!("GET http://{host}/v2/a/manifests/v1: connection refused")
    );
}
