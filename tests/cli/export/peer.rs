//! Ratify's own verifier, executor and policy under what is exported, on images of ours.
//!
//! Needs `target/peers/ratify-peer`, which `tests/peers/ratify/build` makes with Go. Without it the test
//! says what it skipped; with `CI=true` a skip is a failure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use sealwright::clock::{Clock as _, ManualClock, SystemClock};
use sealwright::lab::{LabOptions, Stamp};
use serde_json::{Value, json};

use super::super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn ratify_decides_as_the_policy_does() {
    let Some(peer) = peer() else { return };
    let world = World::start(LabOptions::default()).await;
    for variant in ["gatekeeper", "azure-policy", "image-integrity"] {
        let allowed = |policy: &Value| {
            world.policy(|_| policy.to_string());
            decision(&peer, &world, variant)
        };
        let trusted = json!({
            "name": "p", "registryScopes": ["*"], "signatureVerification": { "level": "strict" },
            "trustStores": ["ca:wabbit"], "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Notary"],
        });
        let with = |member: &str, value: Value| {
            let mut statement = trusted.clone();
            statement[member] = value;
            json!({ "version": "1.0", "trustPolicies": [statement] })
        };
        let unchanged = with("name", json!("p"));
        if variant == "gatekeeper" {
            assert_eq!(allowed(&unchanged), Err(()), "an unsigned image");
            let skip = json!({ "version": "1.0", "trustPolicies": [{
                "name": "p", "registryScopes": ["*"], "signatureVerification": { "level": "skip" },
            }] });
            assert_eq!(allowed(&skip), Err(()), "an unsigned image under level skip, as warned");
            assert!(world.run("sign $IMAGE").ends_with("[exit] 0"));
        }
        assert_eq!(allowed(&unchanged), Ok(()), "{variant}: a signed image");
        let other = with("trustedIdentities", json!(["x509.subject: C=US, ST=WA, O=Other"]));
        assert_eq!(allowed(&other), Err(()), "{variant}: another identity");
        let elsewhere = with("registryScopes", json!(["registry.example.com/app"]));
        assert_eq!(allowed(&elsewhere), Err(()), "{variant}: another scope");
        // another root under the store's name
        let name = "truststore/x509/ca/wabbit/wabbit.crt";
        let (own, file) = (world.home.config("localkeys/wabbit.crt"), world.home.config(name));
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        std::fs::copy(fixtures.join("timestamp/root.pem"), &file).expect("copied");
        assert_eq!(allowed(&unchanged), Err(()), "{variant}: another root");
        std::fs::copy(own, &file).expect("copied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ratify_takes_timestamps_and_one_good_signature_among_others() {
    let Some(peer) = peer() else { return };
    // `cert generate-test` makes certificates that begin now: no timestamp of this second fits
    let clock = Arc::new(ManualClock::at(SystemClock::new().now() + time::Duration::HOUR));
    let world = World::start(LabOptions { clock, ..LabOptions::default() }).await;
    let root = world.home.write("tsa.pem", world.lab.timestamp_root_pem());
    assert!(world.run("cert generate-test other").ends_with("[exit] 0"));
    assert!(world.run("sign --key other $IMAGE").ends_with("[exit] 0"));
    assert!(world.run("sign $IMAGE").ends_with("[exit] 0"));
    let policy = |stores: Value| {
        json!({ "version": "1.0", "trustPolicies": [{
            "name": "p", "registryScopes": ["*"],
            "signatureVerification": { "level": "strict", "override": { "revocation": "skip" } },
            "trustStores": stores, "trustedIdentities": ["*"],
        }] })
    };
    world.policy(|_| policy(json!(["ca:wabbit"])).to_string());
    assert_eq!(decision(&peer, &world, "gatekeeper"), Ok(()), "one good signature of two");
    assert!(world.run(&format!("cert add -t tsa -s clock {root}")).ends_with("[exit] 0"));
    world.policy(|_| policy(json!(["ca:wabbit", "tsa:clock"])).to_string());
    assert_eq!(decision(&peer, &world, "gatekeeper"), Err(()), "no timestamp");
    let url = world.lab.timestamp_url(Stamp::Good);
    let line = format!("sign --timestamp-url {url} --timestamp-root-cert {root} $IMAGE");
    let signed = world.run(&line);
    assert!(signed.ends_with("[exit] 0"), "{signed}");
    assert_eq!(decision(&peer, &world, "gatekeeper"), Ok(()), "a timestamp");
}

/// What Ratify says of the world's image under the exported policy.
fn decision(peer: &Path, world: &World, variant: &str) -> Result<(), ()> {
    let file = world.home.path("exported.yaml");
    let line = format!("export ratify --variant {variant} --accept-looser -o $HOME/exported.yaml");
    let shown = world.run(&line);
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let mut command = Command::new(peer);
    command.arg(&file).arg(&world.image).env_clear().env("HOME", world.home.path("ratify"));
    // the lab serves on this runtime while the process runs
    let output = tokio::task::block_in_place(|| command.output()).expect("the peer runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let violations = answer["violations"].as_array().expect("a list");
    assert_eq!(answer["allowed"], violations.is_empty(), "{answer}");
    if violations.is_empty() { Ok(()) } else { Err(()) }
}

#[allow(clippy::disallowed_methods)] // the test's own environment, not the program's
fn peer() -> Option<PathBuf> {
    let name = format!("ratify-peer{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(name);
    if path.is_file() {
        return Some(path);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "build tests/peers/ratify first");
    eprintln!("SKIPPED: build tests/peers/ratify first (tests/peers/ratify/build needs Go)");
    None
}
