//! Verdicts: each check, the levels that weigh it, and several signatures on one artifact.

mod already;
mod blob;
#[allow(dead_code, reason = "more than these tests need")]
#[path = "../envelope/forge.rs"]
mod forge;
mod forged;
mod late;
#[allow(dead_code, reason = "more than these tests need")]
#[path = "../envelope/pki.rs"]
mod pki;
mod plugin_table;
mod plugins;
mod pruned;
mod revocation;
mod table;
mod timestamps;
mod world;

use std::time::Duration;

use sealwright::fault::Fault;
use sealwright::trust::{Check, StoreType};
use sealwright::verify::{Verdict, VerifyError};
use time::macros::datetime;
use world::{Leaf, World, artifact, policy, policy_with, sealed, signer};

/// The code of each signature's failure, in the order tried.
fn codes(error: &VerifyError) -> Vec<&'static str> {
    error.tried().iter().map(|t| t.failure.as_ref().unwrap().code()).collect()
}

#[tokio::test]
async fn a_good_signature_passes_every_check_in_order() {
    let world = World::new()
        .with_policy(policy("strict", "", "x509.subject: C=US, ST=WA, O=Acme"))
        .signed(Leaf::Plain)
        .await;
    let outcome = world.verify().await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Verified(0));
    assert_eq!((outcome.policy.as_str(), outcome.level), ("p", "strict"));
    let good = outcome.good().unwrap();
    let checks: Vec<Check> = good.results.iter().map(|r| r.check).collect();
    assert_eq!(
        checks,
        [
            Check::Integrity,
            Check::Authenticity,
            Check::Expiry,
            Check::AuthenticTimestamp,
            Check::Revocation
        ]
    );
    assert!(good.results.iter().all(|r| r.failure.is_none()));
    assert_eq!(outcome.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn another_root_of_the_same_name_is_not_trusted() {
    let world = World::new().signed(Leaf::Stranger).await;
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-not-trusted"]);
    assert_eq!(
        error.to_string(),
        format!(
            "signature verification failed for all the signatures associated with r.io/app@{}",
            world.target.digest
        )
    );
    assert!(error.because()[0].contains("does not contain any trusted certificate"));
    assert!(error.hint().unwrap().contains("sealwright cert add"));
}

#[tokio::test]
async fn another_identity_fails_strict_and_warns_under_audit() {
    let identity = "x509.subject: C=US, ST=WA, O=Other";
    let world = World::new().with_policy(policy("strict", "", identity)).signed(Leaf::Plain).await;
    let error = world.verify().await.unwrap_err();
    let reason = r#"signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"Other" "ST":"WA"]] defined in the trust policy "p""#;
    assert!(error.because()[0].contains(reason), "{:?}", error.because());
    assert!(error.because()[0].ends_with("\"CN=signer,O=Acme,ST=WA,C=US\")"));
    let outcome = world.with_policy(policy("audit", "", identity)).verify().await.unwrap();
    assert_eq!(
        outcome.warnings(),
        [format!("authenticity was set to \"log\" and failed with error: {reason}")]
    );
}

#[tokio::test]
async fn a_missing_store_is_the_first_line_and_an_empty_one_trusts_nobody() {
    let mut world = World::new().signed(Leaf::Plain).await;
    world.stores.clear();
    let error = world.verify().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the trust store \"acme\" of type \"ca\" does not exist. Use command 'notation cert add' to create and add trusted certificates to the trust store"
    );
    world.stores.insert((StoreType::Ca, "acme".into()), Vec::new());
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-no-trusted-certificates"]);
}

#[tokio::test]
async fn a_store_of_another_type_does_not_serve() {
    let mut world = World::new()
        .with_policy(policy_with("strict", "", "*", r#""signingAuthority:acme""#))
        .signed(Leaf::Plain)
        .await;
    let certificates = world.stores.remove(&(StoreType::Ca, "acme".into())).unwrap();
    world.stores.insert((StoreType::SigningAuthority, "acme".into()), certificates);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-no-trusted-certificates"]);
}

#[tokio::test]
async fn expiry_counts_from_its_own_second_and_permissive_logs_it() {
    let mut world = World::new();
    let bytes = sealed(&world.target, Leaf::Plain, &[], Some(Duration::from_secs(60))).await;
    world = world.listed("application/cose", bytes);
    world.now = world::NOW + Duration::from_secs(59);
    assert!(world.verify().await.is_ok());
    world.now = world::NOW + Duration::from_secs(60);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-expired"]);
    assert!(
        error.because()[0]
            .ends_with("digital signature has expired on \"Mon, 01 Jun 2026 12:01:00 +0000\"")
    );
    let world = world.with_policy(policy("permissive", "", "*"));
    let outcome = world.verify().await.unwrap();
    assert!(outcome.warnings()[0].starts_with("expiry was set to \"log\""));
}

#[tokio::test]
async fn the_chain_must_be_valid_now_whatever_the_signer_claims() {
    let mut world = World::new().signed(Leaf::Plain).await;
    world.now = datetime!(2027-01-01 0:00:00 UTC);
    assert!(world.verify().await.is_ok(), "the last second is inside");
    world.now = datetime!(2027-01-01 0:00:01 UTC);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-certificate-expired"]);
    assert!(error.because()[0].contains("Fri, 01 Jan 2027 00:00:00 +0000"));
    world.now = datetime!(2025-12-31 23:59:59 UTC);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-not-yet-valid"]);
}

#[tokio::test]
async fn a_signature_for_another_artifact_never_counts() {
    let other = artifact(b"another image");
    let bytes = sealed(&other, Leaf::Plain, &[], None).await;
    for level in ["strict", "permissive", "audit"] {
        let world = World::new()
            .with_policy(policy(level, "", "*"))
            .listed("application/cose", bytes.clone());
        let error = world.verify().await.unwrap_err();
        assert_eq!(codes(&error), ["verify-descriptor"], "{level}");
    }
    // same digest, other media type or size
    let world = World::new();
    for change in [0, 1] {
        let mut target = world.target.clone();
        if change == 0 {
            target.media_type = "application/vnd.oci.image.index.v1+json".into();
        } else {
            target.size += 1;
        }
        let bytes = sealed(&target, Leaf::Plain, &[], None).await;
        let error = World::new().listed("application/cose", bytes).verify().await.unwrap_err();
        assert_eq!(codes(&error), ["verify-descriptor"]);
    }
}

#[tokio::test]
async fn metadata_asked_for_must_be_signed() {
    let mut world = World::new();
    let bytes = sealed(&world.target, Leaf::Plain, &[("build", "7"), ("on", "<main>")], None).await;
    world = world.listed("application/cose", bytes);
    assert!(world.verify_with(100, &[("on", "<main>")]).await.is_ok());
    for wrong in [("on", "main"), ("On", "<main>"), ("x", "y")] {
        let error = world.verify_with(100, &[("build", "7"), wrong]).await.unwrap_err();
        assert_eq!(codes(&error), ["verify-metadata"]);
        assert!(error.because()[0].contains(wrong.1), "{:?}", error.because());
    }
}

#[tokio::test]
async fn one_bad_signature_among_good_ones_is_one_failure() {
    let mut world = World::new()
        .unfetchable()
        .listed("application/cose", b"\xd2\x84junk".to_vec())
        .listed("application/pgp-signature", b"x".to_vec())
        .signed(Leaf::Stranger)
        .await
        .signed(Leaf::Plain)
        .await;
    let outcome = world.verify().await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Verified(4));
    let failed: Vec<_> =
        outcome.tried.iter().filter_map(|t| t.failure.as_ref()).map(|f| f.code()).collect();
    assert_eq!(failed[0], "verify-fetch");
    assert!(failed[1].starts_with("envelope-"));
    assert_eq!(failed[2..], ["verify-media-type", "verify-not-trusted"]);
    assert_eq!(outcome.warnings(), Vec::<String>::new());
    // alone they are all explained
    world.signatures.pop();
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error).len(), 4);
    assert!(error.because().iter().any(|r| r.contains("the registry answered 503")));
}

#[tokio::test]
async fn the_limit_counts_signatures_tried_and_says_so() {
    let world = World::new().unfetchable().unfetchable().signed(Leaf::Plain).await;
    let error = world.verify_with(2, &[]).await.unwrap_err();
    assert_eq!(error.code(), "verify-none-good");
    assert_eq!(codes(&error), ["verify-fetch", "verify-fetch"]);
    assert!(error.because().last().unwrap().contains("only 2 were tried"));
    assert!(world.verify_with(3, &[]).await.is_ok());
}

#[tokio::test]
async fn a_listing_that_names_a_trusted_certificate_is_tried_first_and_believed_no_more_for_it() {
    let signer = signer(Leaf::Plain);
    let root = signer.chain().certificates()[1].thumbprint();
    let claim = format!("[\"{}\"]", root.to_uppercase());
    let mut world = World::new();
    for _ in 0..150 {
        world = world.unfetchable();
    }
    let world = world.signed(Leaf::Plain).await.claiming(&claim);
    assert!(world.verify().await.is_ok());
    assert_eq!(world.fetched.lock().unwrap().len(), 1);
    // the claim alone is worth nothing
    let world = World::new().signed(Leaf::Stranger).await.claiming(&claim);
    assert_eq!(codes(&world.verify().await.unwrap_err()), ["verify-not-trusted"]);
}

#[tokio::test]
async fn no_signature_no_statement_and_skip_are_told_apart() {
    let world = World::new();
    let error = world.verify().await.unwrap_err();
    assert_eq!(error.code(), "verify-no-signature");
    assert!(error.hint().unwrap().starts_with("sign it first: sealwright sign r.io/app@sha256:"));
    let elsewhere = policy("strict", "", "*").replace("r.io/app", "r.io/other");
    let error = world.with_policy(elsewhere).verify().await.unwrap_err();
    assert_eq!(error.code(), "verify-no-statement");
    assert!(error.to_string().contains("has no applicable trust policy statement"));
    let skip = r#"{"version":"1.0","trustPolicies":[{"name":"s","registryScopes":["*"],"signatureVerification":{"level":"skip"}}]}"#;
    let world = World::new().with_policy(skip.to_owned()).signed(Leaf::Stranger).await;
    let outcome = world.verify().await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Skipped);
    assert!(outcome.good().is_none() && world.fetched.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_artifact_the_user_did_not_name_is_not_verified() {
    let world = World::new().signed(Leaf::Plain).await;
    let asked = artifact(b"another image").digest;
    let error = world.verify_at(&asked, 100, &[]).await.unwrap_err();
    assert_eq!(error.code(), "verify-other-digest");
    let resolved = &world.target.digest;
    assert_eq!(
        error.to_string(),
        format!("user input digest {asked} does not match the resolved digest {resolved}")
    );
    assert!(world.fetched.lock().unwrap().is_empty());
}
