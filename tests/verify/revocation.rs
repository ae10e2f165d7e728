//! Revocation by status and action: what the policy makes of each.

use sealwright::fault::Fault as _;
use sealwright::revocation::{RevocationReason, Revoked, Status};
use time::macros::datetime;

use super::codes;
use super::world::{Leaf, World, policy};

fn revoked() -> Status {
    Status::Revoked(Revoked {
        at: datetime!(2026-05-01 0:00 UTC),
        reason: Some(RevocationReason::KeyCompromise),
    })
}

#[tokio::test]
async fn each_status_under_each_action() {
    let enforce = policy("strict", "", "*");
    let log = policy("strict", r#","override":{"revocation":"log"}"#, "*");
    let skip = policy("strict", r#","override":{"revocation":"skip"}"#, "*");
    for (status, code, word) in [
        (Status::Good, None, ""),
        (Status::NonRevokable, None, ""),
        (revoked(), Some("verify-revoked"), "is revoked"),
        (Status::Unknown, Some("verify-revocation-unknown"), "revocation status is unknown"),
    ] {
        let mut world = World::new().with_policy(enforce.clone()).signed(Leaf::NamesCrl).await;
        world.status = status;
        match (world.verify().await, code) {
            (Ok(outcome), None) => assert_eq!(outcome.warnings(), ["the cache is full"]),
            (Err(error), Some(code)) => assert_eq!(codes(&error), [code]),
            (result, code) => panic!("{code:?}: {result:?}"),
        }
        let world = world.with_policy(log.clone());
        let warnings = world.verify().await.unwrap().warnings();
        let expected = format!(
            "revocation was set to \"log\" and failed with error: signing certificate with subject \
             \"CN=signer,O=Acme,ST=WA,C=US\" {word}"
        );
        assert_eq!(warnings.get(1), code.map(|_| &expected));
        let asked = *world.asked.lock().unwrap();
        let world = world.with_policy(skip.clone());
        assert!(world.verify().await.unwrap().warnings().is_empty());
        assert_eq!(*world.asked.lock().unwrap(), asked, "skip asks nobody");
    }
}

#[tokio::test]
async fn permissive_and_audit_only_warn_of_a_revoked_certificate() {
    for level in ["permissive", "audit"] {
        let world = World::new().with_policy(policy(level, "", "*"));
        let mut world = world.signed(Leaf::NamesCrl).await;
        world.status = revoked();
        let outcome = world.verify().await.unwrap();
        assert!(outcome.warnings()[1].ends_with("is revoked"), "{level}");
        let answers = outcome.good().unwrap().revocation.as_ref().unwrap();
        assert_eq!(answers.certificates[0].status, revoked());
    }
}

#[tokio::test]
async fn a_revoked_certificate_says_since_when_and_what_to_do() {
    let mut world = World::new().signed(Leaf::NamesCrl).await;
    world.status = revoked();
    let error = world.verify().await.unwrap_err();
    let details = "(revoked on \"Fri, 01 May 2026 00:00:00 +0000\", reason: keyCompromise)";
    assert!(error.because()[0].ends_with(details), "{:?}", error.because());
    assert!(error.hint().unwrap().contains("never sign the old one again"));
    world.status = Status::Unknown;
    let error = world.verify().await.unwrap_err();
    assert!(error.because()[0].contains("http://crl.example is unreachable"));
}

#[tokio::test]
async fn an_untrusted_chain_is_asked_about_only_where_that_is_logged() {
    let world = World::new().signed(Leaf::Stranger).await;
    world.verify().await.unwrap_err();
    assert_eq!(*world.asked.lock().unwrap(), 0);
    let world = world.with_policy(policy("audit", "", "*"));
    world.verify().await.unwrap();
    assert_eq!(*world.asked.lock().unwrap(), 1);
}
