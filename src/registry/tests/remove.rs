//! Removing signatures: which requests are made, and what a refusal says.

use super::fake::*;
use crate::crypto::Digest;
use crate::fault::Fault as _;
use crate::http::test_server::Reply;
use crate::registry::*;

async fn signed(fake: &Fake, envelopes: [&[u8]; 2]) -> Vec<Digest> {
    let client = fake.client(Access::PullPush);
    let mut signatures = Vec::new();
    for envelope in envelopes {
        let pushed =
            client.push_signature(push(&target(), envelope, ReferrersMode::ForceTag)).await;
        signatures.push(pushed.expect("pushed").manifest_digest);
    }
    signatures
}

#[tokio::test]
async fn a_signature_is_deleted_by_digest_and_taken_out_of_the_index() {
    for api in [Api::TagOnly, Api::Referrers] {
        let fake = Fake::start(api).await;
        let [old, new] = signed(&fake, [b"one", b"two"]).await.try_into().expect("two");
        let client = fake.client(Access::PullPush);
        client.delete_signature(&old).await.expect("deleted");
        let said = client.unlist_signatures(&image(), std::slice::from_ref(&old)).await;
        assert!(said.expect("unlisted").is_empty());
        assert_eq!(fake.tag_entries(), [new.to_string()]);
        assert!(!fake.state().manifests.contains_key(old.as_str()));
        let listing = client.signatures(&image(), 10).await.expect("listed");
        assert_eq!(listing.signatures.len(), 1);
        // never by a tag, and nothing but signatures and outdated indexes
        let deletes = fake.server.seen();
        let deletes = deletes.iter().filter(|seen| seen.method == "DELETE");
        assert!(deletes.clone().count() > 0);
        for seen in deletes {
            assert!(seen.path().contains("/manifests/sha256:"), "{}", seen.path());
            assert!(!seen.path().contains(image().as_str()), "{}", seen.path());
        }
        // once more: gone is gone
        client.delete_signature(&old).await.expect("no failure");
        client.unlist_signatures(&image(), &[old]).await.expect("nothing to do");
    }
}

#[tokio::test]
async fn without_an_index_none_is_written() {
    let fake = Fake::start(Api::Referrers).await;
    let client = fake.client(Access::PullPush);
    let pushed = client.push_signature(push(&target(), b"one", ReferrersMode::Auto)).await;
    let signature = pushed.expect("pushed").manifest_digest;
    client.delete_signature(&signature).await.expect("deleted");
    client.unlist_signatures(&image(), &[signature]).await.expect("nothing to do");
    assert!(!fake.state().tags.contains_key(&image().as_str().replace(':', "-")));
}

#[tokio::test]
async fn a_refusal_says_whether_deleting_is_off_or_not_allowed() {
    let fake = Fake::start(Api::Referrers).await;
    let [one, _] = signed(&fake, [b"one", b"two"]).await.try_into().expect("two");
    let client = fake.client(Access::PullPush);
    for (reply, code) in [
        (405, "registry-delete-unsupported"),
        (400, "registry-delete-unsupported"),
        (403, "registry-denied"),
        (500, "registry-status"),
    ] {
        fake.hook(move |seen| match (seen.method.as_str(), reply) {
            ("DELETE", 405 | 403) => Some(Reply::status(reply)),
            ("DELETE", 400) => Some(error(400, "UNSUPPORTED")),
            ("DELETE", other) => Some(error(other, "UNKNOWN")),
            _ => None,
        });
        let fault = client.delete_signature(&one).await.expect_err("refused");
        assert_eq!(fault.code(), code, "{reply}: {fault}");
    }
}

#[test]
fn the_hint_tells_where_to_look_and_loosens_nothing() {
    let refused = |host: &str| {
        let (host, repository) = (host.to_owned(), "team/app".to_owned());
        let digest = image().to_string();
        RegistryError::DeleteUnsupported { host, repository, digest, status: 405 }.hint()
    };
    assert_eq!(
        refused("contoso.azurecr.io"),
        Some(format!(
            "see whether it is locked: az acr manifest show-metadata --registry contoso --name team/app@{}",
            image()
        ))
    );
    assert_eq!(
        refused("r.io").as_deref(),
        Some("whoever runs r.io can tell whether it deletes manifests")
    );
}
