//! `sign`

use insta::assert_snapshot;
use sealwright::lab::{Deletes, LabOptions};

use super::support::{Home, assert_image_of_the_report};
use super::world::World;

/// The digest of the signature just pushed, replaced.
fn without_digest(shown: &str) -> String {
    let Some((before, after)) = shown.split_once("Pushed the signature to ") else {
        return shown.to_owned();
    };
    let (line, rest) = after.split_once('\n').expect("a line");
    let (repository, digest) = line.split_once('@').expect("by digest");
    assert_eq!(digest.len(), "sha256:".len() + 64);
    format!("{before}Pushed the signature to {repository}@<signature>\n{rest}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_pushed_and_its_digest_is_the_second_line() {
    let world = World::start(LabOptions::default()).await;
    for format in ["", "--signature-format jws", "--signature-format cose"] {
        assert_eq!(
            without_digest(&world.run(&format!("sign {format} $IMAGE"))),
            "[stdout]
Successfully signed localhost:5000/net-monitor@sha256:<image>
Pushed the signature to localhost:5000/net-monitor@<signature>
[exit] 0"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_warned_about() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(without_digest(&world.run("sign $TAGGED")), @r"
    [stdout]
    Successfully signed localhost:5000/net-monitor@sha256:<image>
    Pushed the signature to localhost:5000/net-monitor@<signature>
    [stderr]
    Warning: Always sign the artifact using digest(@sha256:...) rather than a tag(:v1) because tags are mutable and a tag reference can point to a different artifact than the one signed.
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_stays_is_a_warning() {
    let world = World::start(LabOptions { deletes: Deletes::Refused, ..Default::default() }).await;
    world.run("sign $IMAGE");
    assert_snapshot!(without_digest(&world.run("sign $IMAGE")), @r"
    [stdout]
    Successfully signed localhost:5000/net-monitor@sha256:<image>
    Pushed the signature to localhost:5000/net-monitor@<signature>
    [stderr]
    Warning: Removal of outdated referrers index from remote registry failed. Garbage collection may be required.
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn force_referrers_tag_takes_a_bare_value() {
    let world = World::start(LabOptions::default()).await;
    assert!(world.run("sign --force-referrers-tag false $IMAGE").ends_with("[exit] 0"));
    assert_eq!(world.lab.tags("net-monitor"), ["v1"]);
    assert!(world.run("sign --force-referrers-tag true $IMAGE").ends_with("[exit] 0"));
    assert_eq!(world.lab.tags("net-monitor").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_names_the_signature_and_the_signer() {
    let world = World::start(LabOptions::default()).await;
    let shown = world.run("sign --output json -e 24h $IMAGE");
    let json = shown.strip_prefix("[stdout]\n").and_then(|s| s.strip_suffix("\n[exit] 0"));
    let report: serde_json::Value =
        serde_json::from_str(json.expect("one document")).expect("JSON");
    assert_image_of_the_report(&report);
    assert_eq!(report["image"], "localhost:5000/net-monitor@sha256:<image>");
    assert_eq!(report["signer"]["subject"], "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US");
    assert!(report["signature"].as_str().expect("a digest").starts_with("sha256:"));
    assert!(report["expiry"].as_str().expect("a time").ends_with('Z'));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_of_config_json_is_the_default() {
    let world = World::start(LabOptions::default()).await;
    world.home.write(".config/notation/config.json", r#"{"signatureFormat": "COSE"}"#);
    world.run("sign $IMAGE");
    assert!(world.run("inspect $IMAGE").contains("media type: application/cose\n"));
    world.home.write(".config/notation/config.json", r#"{"signatureFormat": "pgp"}"#);
    assert_snapshot!(world.run("sign $IMAGE"), @r#"
    [stderr]
    Error: signature format "pgp" not supported
    Supported signature envelope formats are "jws" and "cose"
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_are_refused_in_notations_words() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("sign --signature-format pgp $IMAGE"), @r#"
    [stderr]
    Error: signature format "pgp" not supported
    Supported signature envelope formats are "jws" and "cose"
    [exit] 1
    "#);
    assert_snapshot!(world.run("sign --expiry -1h $IMAGE"), @r"
    [stderr]
    Error: expiry duration cannot be a negative value
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --expiry 1500ms $IMAGE"), @r"
    [stderr]
    Error: expiry duration supports minimum granularity of seconds
    [exit] 1
    ");
    assert_snapshot!(world.run("sign -m ab $IMAGE"), @r#"
    [stderr]
    Error: could not parse flag user-metadata: key-value pair requires "=" as separator
    [exit] 1
    "#);
    assert_snapshot!(world.run("sign -m io.cncf.notary.x=y $IMAGE"), @r"
    [stderr]
    Error: error adding user metadata: metadata key io.cncf.notary.x has reserved prefix io.cncf.notary
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --key nope $IMAGE"), @r"
    [stderr]
    Error: signing key nope not found
    hint: sealwright key list
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --id x --plugin nope $IMAGE"), @r"
    [stderr]
    Error: plugin executable file is either not found or inaccessible: stat $HOME/.config/notation/plugins/nope/notation-nope: no such file or directory
    hint: see the plugins there are: sealwright plugin list; azure-kv is built in
    [exit] 1
    ");
}

#[test]
fn without_a_key_nothing_is_asked_of_the_registry() {
    assert_snapshot!(Home::new().run("sign localhost:1/none:v1"), @r"
    [stderr]
    Error: default signing key not set. Please set default signing key or specify a key name
    hint: sealwright key set --default <name>
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn references_that_lead_nowhere_are_named() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("sign $REGISTRY/net-monitor"), @r#"
    [stderr]
    Error: "localhost:5000/net-monitor": invalid reference: no tag or digest. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>
    [exit] 1
    "#);
    assert_snapshot!(world.run("sign $REGISTRY/nothing:v1"), @r"
    [stderr]
    Error: failed to get manifest descriptor: localhost:5000/nothing:v1: not found
    hint: push it first: docker push localhost:5000/nothing:v1
    [exit] 1
    ");
    assert_snapshot!(world.run("sign $REGISTRY/net-monitor@sha256:0000000000000000000000000000000000000000000000000000000000000000"), @r"
    [stderr]
    Error: failed to get manifest descriptor: localhost:5000/net-monitor@sha256:0000000000000000000000000000000000000000000000000000000000000000: not found
    hint: give the digest that the registry has, which the push printed: docker buildx imagetools inspect localhost:5000/net-monitor:<tag>
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_written_as_a_digest_is_refused_with_what_was_meant() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("sign $REGISTRY/net-monitor@v1"), @r#"
    [stderr]
    Error: "localhost:5000/net-monitor@v1": invalid reference: invalid digest "v1": invalid checksum digest format. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>
    hint: a tag follows a colon: localhost:5000/net-monitor:v1
          now it is localhost:5000/net-monitor@sha256:<image>
    [exit] 1
    "#);
    assert_snapshot!(world.run("sign $REGISTRY/net-monitor@v2"), @r#"
    [stderr]
    Error: "localhost:5000/net-monitor@v2": invalid reference: invalid digest "v2": invalid checksum digest format. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>
    hint: a tag follows a colon: localhost:5000/net-monitor:v2
    [exit] 1
    "#);
}
