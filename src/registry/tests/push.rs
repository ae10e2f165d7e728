//! Resolving, pushing, listing and fetching, and how many requests that takes.

use http::Method;

use super::fake::*;
use crate::crypto::Digest;
use crate::http::test_server::Reply;
use crate::registry::*;

/// `GET manifests/v1`: methods and the paths below the repository, digests shortened.
fn lines(fake: &Fake) -> Vec<String> {
    let shorten = |path: &str| match path.split_once("sha256") {
        Some((before, _)) => format!("{before}…"),
        None => path.split("uploads/").next().map(str::to_owned).unwrap_or_default(),
    };
    let seen = fake.server.seen();
    seen.iter()
        .map(|s| format!("{} {}", s.method, shorten(s.path().trim_start_matches("/v2/team/app/"))))
        .collect()
}

async fn sign(fake: &Fake, client: &RegistryClient, mode: ReferrersMode) -> Pushed {
    let reference = fake.reference(":v1");
    let (target, prepared) = futures_util::join!(client.resolve(&reference), client.prepare_push());
    prepared.expect("prepared");
    let target = target.expect("resolved");
    assert_eq!(target, super::fake::target());
    client.push_signature(push(&target, b"envelope", mode)).await.expect("pushed")
}

async fn read_back(fake: &Fake) -> FetchedSignature {
    let client = fake.client(Access::Pull);
    let listing = client.signatures(&image(), 100).await.expect("listed");
    assert!(!listing.exceeded);
    let signature = listing.signatures.first().expect("a signature");
    client.fetch_signature(&image(), signature).await.expect("fetched")
}

#[tokio::test]
async fn a_signature_pushed_to_a_registry_with_referrers_is_found_there() {
    let fake = Fake::start(Api::Referrers).await;
    let client = fake.client(Access::PullPush);
    let pushed = sign(&fake, &client, ReferrersMode::Auto).await;
    assert!(pushed.warnings.is_empty());
    assert!(fake.tag_entries().is_empty(), "no index is written");
    let fetched = read_back(&fake).await;
    assert_eq!(fetched.manifest_digest, pushed.manifest_digest);
    assert_eq!(fetched.manifest_media_type, MANIFEST);
    assert_eq!(
        (fetched.envelope_media_type.as_str(), &fetched.envelope[..]),
        ("application/cose", &b"envelope"[..])
    );
}

#[tokio::test]
async fn the_tag_index_is_kept_when_forced_and_where_there_is_no_api() {
    for (api, mode) in [
        (Api::Referrers, ReferrersMode::ForceTag),
        (Api::TagOnly, ReferrersMode::ForceTag),
        (Api::TagOnly, ReferrersMode::Auto),
    ] {
        let fake = Fake::start(api).await;
        let client = fake.client(Access::PullPush);
        let first = sign(&fake, &client, mode).await;
        assert_eq!(fake.tag_entries(), [first.manifest_digest.to_string()]);
        let fetched = read_back(&fake).await;
        assert_eq!(fetched.manifest_digest, first.manifest_digest);
        let stored = fake.state().manifests[first.manifest_digest.as_str()].1.clone();
        assert_eq!(Digest::sha256(&stored), first.manifest_digest);
    }
}

#[tokio::test]
async fn the_requests_of_a_second_signature_are_the_fewest_there_can_be() {
    let fake = Fake::start(Api::TagOnly).await;
    sign(&fake, &fake.client(Access::PullPush), ReferrersMode::ForceTag).await;
    let before = fake.server.lines().len();
    sign(&fake, &fake.client(Access::PullPush), ReferrersMode::ForceTag).await;
    let mut seen = lines(&fake).split_off(before);
    seen[..3].sort();
    seen[4..6].sort();
    // side by side | then | side by side | then | then
    assert_eq!(
        seen,
        [
            "GET manifests/v1",
            "HEAD blobs/…",
            "POST blobs/",
            "PUT blobs/",
            "GET manifests/…",
            "PUT manifests/…",
        ],
        "the same signature is in the index already"
    );
}

#[tokio::test]
async fn verifying_asks_four_times_and_once_more_without_the_api() {
    for (api, expected) in [
        (Api::Referrers, vec!["GET referrers/…", "GET manifests/…", "GET blobs/…"]),
        (
            Api::TagOnly,
            vec!["GET referrers/…", "GET manifests/…", "GET manifests/…", "GET blobs/…"],
        ),
    ] {
        let fake = Fake::start(api).await;
        sign(&fake, &fake.client(Access::PullPush), ReferrersMode::Auto).await;
        let before = fake.server.lines().len();
        read_back(&fake).await;
        assert_eq!(lines(&fake).split_off(before), expected);
    }
}

#[tokio::test]
async fn a_refused_delete_of_the_outdated_index_is_a_warning() {
    for status in [401, 403, 405, 400] {
        let fake = Fake::start(Api::TagOnly).await;
        let client = fake.client(Access::PullPush);
        sign(&fake, &client, ReferrersMode::Auto).await;
        fake.hook(move |seen| (seen.method == Method::DELETE).then(|| Reply::status(status)));
        let second = client.push_signature(push(&target(), b"another", ReferrersMode::Auto)).await;
        let second = second.expect("pushed");
        assert_eq!(
            second.warnings,
            [
                "Removal of outdated referrers index from remote registry failed. Garbage collection may be required."
            ]
        );
        assert_eq!(fake.tag_entries().len(), 2);
    }
}

#[tokio::test]
async fn the_outdated_index_is_deleted() {
    let fake = Fake::start(Api::TagOnly).await;
    let client = fake.client(Access::PullPush);
    sign(&fake, &client, ReferrersMode::Auto).await;
    let second = client.push_signature(push(&target(), b"another", ReferrersMode::Auto)).await;
    assert!(second.expect("pushed").warnings.is_empty());
    assert!(lines(&fake).last().is_some_and(|line| line.starts_with("DELETE manifests/")));
    let indexes = fake.state().manifests.values().filter(|(t, _)| t == INDEX).count();
    assert_eq!((indexes, fake.tag_entries().len()), (1, 2));
}

#[tokio::test]
async fn blobs_another_replica_does_not_know_yet_are_pushed_again() {
    let fake = Fake::start(Api::Referrers).await;
    let state = fake.state.clone();
    let forgotten = std::sync::atomic::AtomicBool::new(false);
    fake.hook(move |seen| {
        let first = seen.method == Method::PUT
            && seen.path().contains("/manifests/")
            && !forgotten.swap(true, std::sync::atomic::Ordering::SeqCst);
        first.then(|| {
            state.lock().expect("no panic holds this lock").blobs.clear();
            error(404, "MANIFEST_BLOB_UNKNOWN")
        })
    });
    sign(&fake, &fake.client(Access::PullPush), ReferrersMode::Auto).await;
    read_back(&fake).await;
}

#[tokio::test]
async fn an_upload_session_that_is_gone_is_opened_again() {
    for status in [404, 416] {
        let fake = Fake::start(Api::Referrers).await;
        fake.hook(move |seen| {
            let first = seen.method == Method::PUT && seen.path().ends_with("/uploads/1");
            first.then(|| error(status, "BLOB_UPLOAD_UNKNOWN"))
        });
        sign(&fake, &fake.client(Access::PullPush), ReferrersMode::Auto).await;
        read_back(&fake).await;
    }
}

#[tokio::test]
async fn a_dry_run_opens_an_upload_session_and_cancels_it() {
    let fake = Fake::start(Api::Referrers).await;
    let client = fake.client(Access::PullPush);
    assert_eq!(client.check_push().await.expect("allowed"), PushPermission::Tried);
    assert_eq!(lines(&fake), ["POST blobs/", "DELETE blobs/"]);
    fake.hook(|_| Some(error(403, "DENIED")));
    let refused = client.check_push().await.expect_err("refused");
    assert_eq!(refused.code(), "registry-denied");
}
