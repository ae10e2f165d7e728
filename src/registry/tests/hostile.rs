//! Registries that answer something else: refused, bounded, no credential sent.

use http::Method;
use serde_json::{Value, json};

use super::fake::*;
use crate::credentials::Credential;
use crate::crypto::Digest;
use crate::fault::BoxFault;
use crate::http::test_server::{Reply, TestServer};
use crate::registry::*;
use crate::secret::Secret;

fn password() -> Credential {
    Credential::Basic { username: "user".into(), password: Secret::new("secret") }
}

async fn resolve(fake: &Fake, version: &str) -> BoxFault {
    let client = fake.client(Access::Pull);
    client.resolve(&fake.reference(version)).await.expect_err("refused")
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let fake = Fake::start(Api::Referrers).await;
    let fault = resolve(&fake, ":v2").await;
    assert_eq!(fault.code(), "registry-not-found");
    assert_eq!(fault.to_string(), format!("{}: not found", fake.reference(":v2")));
}

#[tokio::test]
async fn another_digest_or_other_bytes_than_asked_for_are_refused() {
    let fake = Fake::start(Api::Referrers).await;
    let other = Digest::sha256(b"{}").to_string();
    let asked = format!("@{}", image());
    // other bytes under their own digest
    let named = other.clone();
    fake.hook(move |_| {
        let reply = Reply::body(200, "{}").with("content-type", MANIFEST);
        Some(reply.with("docker-content-digest", named.clone()))
    });
    assert_eq!(resolve(&fake, &asked).await.code(), "registry-digest-mismatch");
    // the right bytes under another digest; by digest and by tag
    fake.hook(move |_| {
        let reply = Reply::body(200, IMAGE).with("content-type", MANIFEST);
        Some(reply.with("docker-content-digest", other.clone()))
    });
    assert_eq!(resolve(&fake, &asked).await.code(), "registry-digest-mismatch");
    assert_eq!(resolve(&fake, ":v1").await.code(), "registry-digest-mismatch");
    fake.hook(|_| {
        let reply = Reply::body(200, IMAGE).with("content-type", MANIFEST);
        Some(reply.with("docker-content-digest", "nonsense"))
    });
    assert_eq!(resolve(&fake, ":v1").await.code(), "registry-digest-mismatch");
    // without the header the bytes are hashed
    fake.hook(|_| {
        Some(Reply::body(200, IMAGE).with("content-type", format!("{MANIFEST}; charset=utf-8")))
    });
    let client = fake.client(Access::Pull);
    assert_eq!(client.resolve(&fake.reference(":v1")).await.expect("resolved"), target());
}

#[tokio::test]
async fn manifests_of_another_type_or_of_two_kinds_or_too_large_are_refused() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|_| Some(Reply::body(200, IMAGE).with("content-type", INDEX)));
    assert_eq!(resolve(&fake, ":v1").await.code(), "registry-manifest");
    fake.hook(|_| Some(Reply::body(200, IMAGE)));
    assert_eq!(resolve(&fake, ":v1").await.code(), "registry-manifest");
    fake.hook(|_| {
        let both = r#"{"layers":[],"manifests":[]}"#;
        Some(Reply::body(200, both).with("content-type", MANIFEST))
    });
    assert_eq!(resolve(&fake, ":v1").await.code(), "registry-manifest");
    fake.hook(|_| Some(Reply::body(200, vec![b' '; 4 * 1024 * 1024 + 1])));
    assert_eq!(resolve(&fake, ":v1").await.code(), "http-too-large");
}

#[tokio::test]
async fn refusals_tell_host_repository_action_and_status() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|_| Some(error(403, "DENIED")));
    let fault = resolve(&fake, ":v1").await;
    let host = fake.server.host();
    assert_eq!(
        fault.to_string(),
        format!("{host}/team/app: pull was refused with status 403: denied: told by the registry")
    );
    let fault: Box<dyn std::any::Any> = Box::new(
        fake.client(Access::PullPush)
            .push_blob(None, "x".into(), &Digest::sha256(b"x"))
            .await
            .expect_err("refused"),
    );
    match fault.downcast_ref::<RegistryError>() {
        Some(RegistryError::Denied { host: h, repository, action, status, .. }) => {
            assert_eq!((h, repository.as_str()), (&host, "team/app"));
            assert_eq!((*action, *status), (Action::Push, 403));
        }
        other => panic!("{other:?}"),
    }
}

fn entry(number: usize, artifact_type: &str) -> Value {
    json!({
        "mediaType": MANIFEST, "digest": Digest::sha256(&number.to_be_bytes()).as_str(),
        "size": 400, "artifactType": artifact_type,
    })
}

/// `of` referrers, every second one a signature, a hundred a page.
fn many(of: usize) -> impl Fn(&crate::http::test_server::Seen) -> Option<Reply> {
    move |seen| {
        let from: usize = seen.query("from").map_or(0, |from| from.parse().expect("a number"));
        let to = (from + 100).min(of);
        let kinds = [SIGNATURE_ARTIFACT_TYPE, "application/x"];
        let entries: Vec<Value> = (from..to).map(|n| entry(n, kinds[n % 2])).collect();
        let reply = page(&entries);
        Some(match to < of {
            true => reply.with("link", format!("<{}?from={to}>; rel=\"next\"", seen.path())),
            false => reply,
        })
    }
}

#[tokio::test]
async fn ten_thousand_referrers_are_listed_up_to_the_limit() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(many(10_000));
    let client = fake.client(Access::Pull);
    let all = client.signatures(&image(), 10_000).await.expect("listed");
    assert_eq!((all.signatures.len(), all.exceeded), (5_000, false));
    let asked = fake.server.lines().len();
    let some = client.signatures(&image(), 100).await.expect("listed");
    assert_eq!((some.signatures.len(), some.exceeded), (100, true));
    assert_eq!(fake.server.lines().len() - asked, 3, "the listing ends at the limit");
    let exact = client.signatures(&image(), 5_000).await.expect("listed");
    assert_eq!((exact.signatures.len(), exact.exceeded), (5_000, false));
}

#[tokio::test]
async fn a_listing_that_never_ends_or_turns_in_a_circle_is_refused() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|seen| {
        let next: usize = seen.query("n").map_or(0, |n| n.parse().expect("a number"));
        let link = format!("</v2/team/app/referrers/x?n={}>; rel=next", next + 1);
        Some(page(&[]).with("link", link))
    });
    let client = fake.client(Access::Pull);
    let fault = client.signatures(&image(), 100).await.expect_err("refused");
    assert_eq!((fault.code(), fake.server.lines().len()), ("registry-paging", 1_000));

    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|seen| Some(page(&[]).with("link", format!("<{}>; rel=\"next\"", seen.target))));
    let client = fake.client(Access::Pull);
    let fault = client.signatures(&image(), 100).await.expect_err("refused");
    assert!(fault.to_string().contains("the same page"), "{fault}");
    assert!(fake.server.lines().len() <= 2);
}

#[tokio::test]
async fn a_listing_that_is_too_large_in_all_is_refused() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|seen| {
        let next: usize = seen.query("n").map_or(0, |n| n.parse().expect("a number"));
        let mut large = entry(next, SIGNATURE_ARTIFACT_TYPE);
        large["annotations"] = json!({"a": "b".repeat(4_000_000)});
        let link = format!("</v2/team/app/referrers/x?n={}>; rel=next", next + 1);
        Some(page(&[large]).with("link", link))
    });
    let client = fake.client(Access::Pull);
    let fault = client.signatures(&image(), 100).await.expect_err("refused");
    assert_eq!((fault.code(), fake.server.lines().len()), ("registry-paging", 17));
}

#[tokio::test]
async fn a_listing_whose_next_page_has_an_endless_address_is_refused() {
    let fake = Fake::start(Api::Referrers).await;
    let link = format!("</v2/team/app/referrers/x?n={}>; rel=next", "1".repeat(100_000));
    fake.hook(move |_| Some(page(&[]).with("link", link.clone())));
    let client = fake.client(Access::Pull);
    let fault = client.signatures(&image(), 100).await.expect_err("refused");
    assert!(fault.to_string().contains("longer than 16384 bytes"), "{fault}");
    assert_eq!(fake.server.lines().len(), 1);
}

#[tokio::test]
async fn a_listing_that_goes_on_at_another_host_is_refused() {
    let elsewhere = TestServer::start(|_| Reply::status(200)).await;
    let fake = Fake::start(Api::Referrers).await;
    let link = format!("<{}>; rel=\"next\"", elsewhere.url("/v2/team/app/referrers/x"));
    fake.hook(move |_| Some(page(&[]).with("link", link.clone())));
    let client = fake.client(Access::Pull);
    let fault = client.signatures(&image(), 100).await.expect_err("refused");
    assert_eq!(fault.code(), "registry-paging");
    assert!(elsewhere.lines().is_empty());
}

#[tokio::test]
async fn only_a_404_or_another_type_means_that_there_is_no_referrers_api() {
    type Answer = fn() -> Reply;
    let absent: [Answer; 3] = [
        || Reply::status(404),
        || error(404, "MANIFEST_UNKNOWN"),
        || Reply::body(200, "<html>").with("content-type", "text/html"),
    ];
    for answer in absent {
        let fake = Fake::start(Api::TagOnly).await;
        fake.hook(move |seen| seen.path().contains("/referrers/").then(answer));
        let client = fake.client(Access::Pull);
        for _ in 0..2 {
            assert!(client.signatures(&image(), 9).await.expect("none").signatures.is_empty());
        }
        let api = fake.server.lines().iter().filter(|l| l.contains("/referrers/")).count();
        assert_eq!(api, 1, "it is asked once");
    }
    let failing: [(Answer, &str); 4] = [
        (|| error(404, "NAME_UNKNOWN"), "registry-repository-unknown"),
        (|| error(403, "DENIED"), "registry-denied"),
        (|| Reply::status(424), "registry-status"),
        (|| Reply::body(200, "{").with("content-type", INDEX), "registry-paging"),
    ];
    for (answer, code) in failing {
        let fake = Fake::start(Api::Referrers).await;
        fake.hook(move |_| Some(answer()));
        let client = fake.client(Access::Pull);
        let fault = client.signatures(&image(), 9).await.expect_err("refused");
        assert_eq!(fault.code(), code);
    }
}

#[tokio::test]
async fn filters_a_registry_names_are_believed_and_others_applied_here() {
    let fake = Fake::start(Api::Referrers).await;
    fake.hook(|_| Some(page(&[entry(1, "")]).with("oci-filters-applied", "x, artifactType")));
    let client = fake.client(Access::Pull);
    assert_eq!(client.signatures(&image(), 9).await.expect("listed").signatures.len(), 1);
    fake.hook(|_| Some(page(&[entry(1, ""), entry(2, SIGNATURE_ARTIFACT_TYPE)])));
    assert_eq!(client.signatures(&image(), 9).await.expect("listed").signatures.len(), 1);
}

#[tokio::test]
async fn a_tag_that_is_no_index_is_neither_read_nor_overwritten() {
    let fake = Fake::start(Api::TagOnly).await;
    let tag = image().as_str().replace(':', "-");
    let digest = image().to_string();
    fake.state().tags.insert(tag.clone(), digest.clone());
    let client = fake.client(Access::PullPush);
    let fault = client.signatures(&image(), 9).await.expect_err("refused");
    assert_eq!(fault.code(), "registry-index");
    let pushed = client.push_signature(push(&target(), b"e", ReferrersMode::ForceTag)).await;
    assert_eq!(pushed.expect_err("refused").code(), "registry-index");
    assert_eq!(fake.state().tags[&tag], digest);
}

async fn fetch(fake: &Fake, size: i64, digest: &str) -> Result<FetchedSignature, BoxFault> {
    let client = fake.client_with(Access::Pull, password(), Kind::Other, &[]);
    let descriptor: SignatureDescriptor =
        serde_json::from_value(json!({"mediaType": MANIFEST, "digest": digest, "size": size}))
            .expect("a descriptor");
    client.fetch_signature(&image(), &descriptor).await
}

#[tokio::test]
async fn sizes_out_of_range_are_refused_before_anything_is_fetched() {
    let fake = Fake::start(Api::Referrers).await;
    for size in [-1, 1 << 62, i64::MAX, 4 * 1024 * 1024 + 1] {
        let fault = fetch(&fake, size, image().as_str()).await.expect_err("refused");
        assert_eq!(fault.code(), "registry-manifest");
    }
    let fault = fetch(&fake, 1, "sha256:../../../x").await.expect_err("refused");
    assert_eq!(fault.code(), "registry-manifest");
    assert!(fake.server.lines().is_empty());
    let wrong = IMAGE.len() as i64 - 1;
    let fault = fetch(&fake, wrong, image().as_str()).await.expect_err("refused");
    assert_eq!(fault.code(), "registry-size-mismatch");
}

async fn signed(fake: &Fake) -> (String, i64) {
    let client = fake.client(Access::PullPush);
    let pushed = client.push_signature(push(&target(), b"envelope", ReferrersMode::Auto)).await;
    let digest = pushed.expect("pushed").manifest_digest.to_string();
    let size = fake.state().manifests[&digest].1.len() as i64;
    (digest, size)
}

#[tokio::test]
async fn an_envelope_of_other_bytes_is_refused() {
    let fake = Fake::start(Api::Referrers).await;
    let (digest, size) = signed(&fake).await;
    for (body, code) in
        [("ENVELOPE", "registry-digest-mismatch"), ("short", "registry-size-mismatch")]
    {
        fake.hook(move |seen| seen.path().contains("/blobs/").then(|| Reply::body(200, body)));
        assert_eq!(fetch(&fake, size, &digest).await.expect_err("refused").code(), code);
    }
    fake.hook(|seen| seen.path().contains("/blobs/").then(|| Reply::status(404)));
    assert_eq!(fetch(&fake, size, &digest).await.expect_err("gone").code(), "registry-not-found");
}

#[tokio::test]
async fn a_blob_elsewhere_is_fetched_without_credentials() {
    let storage = TestServer::start(|_| Reply::body(200, "envelope")).await;
    let fake = Fake::start(Api::Referrers).await;
    let (digest, size) = signed(&fake).await;
    let elsewhere = storage.url("/blob?sig=1").to_string();
    fake.hook(move |seen| {
        if seen.header("authorization").is_none() {
            return Some(Reply::status(401).with("www-authenticate", "Basic realm=\"x\""));
        }
        let blob = seen.path().contains("/blobs/");
        blob.then(|| Reply::status(307).with("location", elsewhere.clone()))
    });
    assert_eq!(fetch(&fake, size, &digest).await.expect("fetched").envelope, b"envelope");
    let seen = storage.seen();
    assert_eq!((seen.len(), seen[0].header("authorization")), (1, None));
}

#[tokio::test]
async fn an_upload_sent_to_another_host_is_refused() {
    let elsewhere = TestServer::start(|_| Reply::status(201)).await;
    let port = elsewhere.address.port();
    let fake = Fake::start(Api::Referrers).await;
    for location in [
        format!("http://127.0.0.1:{port}/upload"),
        "https://127.0.0.1/upload".into(),
        format!("http://user@{}/upload", fake.server.host()),
        format!("//127.0.0.1:{port}/upload"),
        "http://[".into(),
    ] {
        fake.hook(move |seen| {
            let open = seen.method == Method::POST;
            open.then(|| Reply::status(202).with("location", location.clone()))
        });
        let client = fake.client_with(Access::PullPush, password(), Kind::Other, &[]);
        let fault = client.prepare_push().await.expect_err("refused");
        assert_eq!(fault.code(), "registry-upload-location", "{fault}");
    }
    assert!(elsewhere.lines().is_empty());
}
