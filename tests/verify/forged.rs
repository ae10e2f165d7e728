//! Envelopes our signer would not write: critical attributes, plugins, signing authorities.

use sealwright::crypto::Digest;
use sealwright::envelope::{Format, TargetArtifact};
use sealwright::fault::Fault as _;
use sealwright::trust::StoreType;
use sealwright::verify::{Outcome, VerifyError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::forge::{Cose, DIGEST, Jws, array, bytes, int, read, tag, text};
use crate::world::{World, policy, policy_with};

pub const SCHEME: &str = "io.cncf.notary.signingScheme";
const TIME: &str = "io.cncf.notary.signingTime";
const AUTHENTIC: &str = "io.cncf.notary.authenticSigningTime";
pub const PLUGIN: &str = "io.cncf.notary.verificationPlugin";
pub const PLUGIN_VERSION: &str = "io.cncf.notary.verificationPluginMinVersion";
const LEVELS: [&str; 3] = ["strict", "permissive", "audit"];

/// The forged payload's artifact with this one signature, whose root both kinds of store hold.
fn world(format: Format, envelope: Vec<u8>) -> World {
    let root = read(format, &envelope).unwrap().chain().certificates()[1].clone();
    let mut world = World::new().listed(format.media_type(), envelope);
    world.target = TargetArtifact {
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        digest: Digest::parse(DIGEST).unwrap(),
        size: 942,
        annotations: Default::default(),
    };
    for kind in [StoreType::Ca, StoreType::SigningAuthority] {
        world.stores.insert((kind, "acme".into()), vec![root.clone()]);
    }
    world
}

/// With these members of the protected header; `null` removes one.
pub fn jws(changes: &[(&str, Value)]) -> World {
    let mut jws = Jws::good();
    let mut protected: Value = serde_json::from_str(&jws.protected).unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => drop(protected.as_object_mut().unwrap().remove(*name)),
            value => protected[*name] = value.clone(),
        }
    }
    jws.protected = protected.to_string();
    world(Format::Jws, jws.seal().into_bytes())
}

pub fn cose<const N: usize>(changes: [(Vec<u8>, Vec<u8>); N]) -> World {
    world(Format::Cose, Cose::with_all(changes).seal())
}

pub fn code(result: Result<Outcome, VerifyError>) -> &'static str {
    let error = result.expect_err("taken for good");
    error.tried()[0].failure.as_ref().unwrap().code()
}

/// Refused with this code, at every level.
pub async fn refused(mut world: World, expected: &str, why: &str) {
    for level in LEVELS {
        world = world.with_policy(policy(level, "", "*"));
        assert_eq!(code(world.verify().await), expected, "{why}, {level}");
    }
}

pub async fn accepted(world: World, why: &str) {
    assert!(world.verify().await.is_ok(), "{why}");
}

#[tokio::test]
async fn a_critical_attribute_nobody_understands_is_refused_at_every_level() {
    let expected = "verify-critical-attribute";
    let marked = json!([SCHEME, "x"]);
    refused(jws(&[("x", json!(true)), ("crit", marked)]), expected, "JWS").await;
    let marked = |label| array(vec![text(SCHEME), label]);
    refused(cose([(text("x"), int(1)), (int(2), marked(text("x")))]), expected, "text").await;
    for label in [4, 33, -70_000] {
        let changes = [(int(label), bytes(b"x")), (int(2), marked(int(label)))];
        refused(cose(changes), expected, &label.to_string()).await;
    }
    // RFC 7797: a payload that is not base64url
    let marked = json!([SCHEME, "b64"]);
    refused(jws(&[("b64", json!(false)), ("crit", marked)]), expected, "b64").await;
}

#[tokio::test]
async fn an_attribute_that_is_not_critical_may_be_unknown() {
    accepted(jws(&[("x", json!({"y": [1]})), ("io.cncf.notary.x", json!(1))]), "JWS").await;
    accepted(cose([(text("x"), int(1)), (int(99), bytes(b"y"))]), "COSE").await;
}

#[tokio::test]
async fn a_plugins_version_without_its_name_says_nothing() {
    let marked = json!([SCHEME, PLUGIN_VERSION]);
    accepted(jws(&[(PLUGIN_VERSION, json!("1.0.0")), ("crit", marked)]), "critical").await;
    accepted(jws(&[(PLUGIN_VERSION, json!("x"))]), "not critical").await;
}

/// A signing authority's signature of this moment, in seconds since 1970.
fn authority(signed: OffsetDateTime) -> World {
    let stores = r#""signingAuthority:acme""#;
    cose([
        (text(SCHEME), text("notary.x509.signingAuthority")),
        (text(TIME), Vec::new()),
        (text(AUTHENTIC), tag(1, int(signed.unix_timestamp()))),
        (int(2), array(vec![text(SCHEME), text(AUTHENTIC)])),
    ])
    .with_policy(policy_with("strict", "", "*", stores))
}

const SIGNED: OffsetDateTime = datetime!(2025-01-01 0:00 UTC);

#[tokio::test]
async fn a_signing_authority_is_trusted_from_its_own_store_only() {
    accepted(authority(SIGNED), "its own store").await;
    for stores in [r#""ca:acme""#, r#""ca:acme","tsa:acme""#] {
        let world = authority(SIGNED).with_policy(policy_with("strict", "", "*", stores));
        assert_eq!(code(world.verify().await), "verify-no-trusted-certificates", "{stores}");
    }
    // an authority's certificate trusted for the other scheme
    let both = policy_with("strict", "", "*", r#""ca:acme","signingAuthority:acme""#);
    let mut world = authority(SIGNED).with_policy(both);
    assert!(world.verify().await.is_ok());
    let stranger = World::new().stores.remove(&(StoreType::Ca, "acme".into())).unwrap();
    world.stores.insert((StoreType::SigningAuthority, "acme".into()), stranger);
    assert_eq!(code(world.verify().await), "verify-not-trusted");
}

#[tokio::test]
async fn a_signing_authoritys_chain_must_be_valid_when_it_signed_not_now() {
    let mut world = authority(SIGNED);
    world.now = datetime!(2045-01-01 0:00 UTC);
    accepted(world, "expired since").await;
    let first = datetime!(2020-01-01 0:00 UTC);
    let last = datetime!(2040-01-01 0:00 UTC);
    accepted(authority(first), "the first second").await;
    accepted(authority(last), "the last second").await;
    for outside in [first - time::Duration::SECOND, last + time::Duration::SECOND] {
        let world = authority(outside);
        assert_eq!(code(world.verify().await), "verify-authentic-time", "{outside}");
        let stores = r#""signingAuthority:acme""#;
        let world = world.with_policy(policy_with("permissive", "", "*", stores));
        let warnings = world.verify().await.unwrap().warnings();
        assert!(warnings[0].starts_with("authenticTimestamp was set to \"log\""), "{warnings:?}");
    }
}

#[tokio::test]
async fn a_timestamp_rule_does_not_concern_a_signing_authority() {
    let stores = r#""signingAuthority:acme","tsa:clock""#;
    let world = authority(SIGNED).with_policy(policy_with("strict", "", "*", stores));
    accepted(world, "tsa store").await;
}

#[tokio::test]
async fn a_failed_signature_keeps_its_signer_and_neither_its_payload_nor_its_long_names() {
    let long = "x".repeat(1_000_000);
    let marked = json!([SCHEME, long]);
    let plugin = json!([SCHEME, PLUGIN]);
    for world in [
        jws(&[(&long, json!(1)), ("crit", marked)]),
        jws(&[(PLUGIN, json!(long)), ("crit", plugin)]),
    ] {
        let error = world.verify().await.unwrap_err();
        let tried = &error.tried()[0];
        assert!(tried.failure.as_ref().unwrap().to_string().len() < 500);
        assert!(tried.signer.is_some() && tried.intact.is_none());
    }
    let world = World::new().listed(&long, b"x".to_vec());
    let error = world.verify().await.unwrap_err();
    assert!(error.tried()[0].failure.as_ref().unwrap().to_string().len() < 500);
    let world = World::new().unfetchable_for(&long);
    let error = world.verify().await.unwrap_err();
    assert!(error.because().iter().all(|reason| reason.len() < 5000));
}
