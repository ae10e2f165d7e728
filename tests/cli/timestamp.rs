//! Timestamps: `sign --timestamp-url`, what `verify` makes of them, and what `inspect` shows.

use std::sync::Arc;

use insta::assert_snapshot;
use sealwright::clock::{Clock as _, ManualClock, SystemClock};
use sealwright::lab::{Fault, LabOptions, Role, Route, Stamp};

use super::world::World;

const ROOT: &str = "$HOME/tsa.pem";

/// A lab whose authority's root is a file, and trusted where the policy asks for a timestamp always.
async fn world() -> World {
    // `cert generate-test` makes certificates that begin now: no timestamp of this second fits
    let clock = Arc::new(ManualClock::at(SystemClock::new().now() + time::Duration::HOUR));
    let world = World::start(LabOptions { clock, ..LabOptions::default() }).await;
    world.home.write("tsa.pem", world.lab.timestamp_root_pem());
    let added = world.run(&format!("cert add --type tsa --store clock {ROOT}"));
    assert!(added.ends_with("[exit] 0"), "{added}");
    world.policy(|policy| policy.replace(r#""ca:wabbit""#, r#""ca:wabbit", "tsa:clock""#));
    world
}

fn sign(world: &World, flags: &str, stamps: &[Stamp]) -> String {
    let urls: Vec<String> = stamps
        .iter()
        .map(|stamp| format!("--timestamp-url {}", world.lab.timestamp_url(*stamp)))
        .collect();
    let urls = urls.join(" ");
    world.run(&format!("sign {flags} {urls} --timestamp-root-cert {ROOT} $IMAGE"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamped_signature_verifies_and_is_shown() {
    let world = world().await;
    for format in ["jws", "cose"] {
        world.lab.control().forget();
        let signed = sign(&world, &format!("--signature-format {format}"), &[Stamp::Good]);
        assert!(signed.ends_with("[exit] 0"), "{signed}");
        assert_eq!(world.lab.control().counts()[&Role::Tsa], 1);
        let verified = world.run("verify $IMAGE");
        assert!(verified.contains("Successfully verified signature"), "{verified}");
        assert!(verified.ends_with("[exit] 0"), "{verified}");
    }
    let shown = world.run("inspect $IMAGE");
    for words in ["── timestamp signature\n", "── timestamp: ["] {
        assert_eq!(shown.matches(words).count(), 2, "{shown}");
    }
    let issuer = "issued by: CN=Lab Timestamp Root,O=Sealwright Lab,ST=WA,C=US";
    assert_eq!(shown.matches(issuer).count(), 2, "{shown}");

    let json = world.run("inspect --output json $IMAGE");
    let json = json.strip_prefix("[stdout]\n").and_then(|s| s.strip_suffix("\n[exit] 0")).unwrap();
    let document: serde_json::Value = serde_json::from_str(json).unwrap();
    for signature in document["Signatures"].as_array().unwrap() {
        let timestamp = &signature["unsignedAttributes"]["timestampSignature"];
        let text = timestamp["timestamp"].as_str().unwrap();
        assert_eq!((text.len(), text.matches("Z").count()), (44, 2), "{text}");
        assert_eq!(
            timestamp["certificates"][0]["issuedTo"],
            "CN=Lab Timestamp Authority,O=Sealwright Lab,ST=WA,C=US"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_was_passed_over_is_told_on_request() {
    let world = world().await;
    let words = "level=info msg=no timestamp of http://127.0.0.1:";
    for (flags, told) in [("-v", true), ("", false)] {
        let shown = sign(&world, flags, &[Stamp::WrongNonce, Stamp::Good]);
        assert!(shown.ends_with("[exit] 0"), "{shown}");
        assert_eq!(shown.contains(words), told, "{shown}");
        assert_eq!(shown.contains(": nonce in response does not match"), told, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_a_tsa_store_refuses_a_signature_without_timestamp() {
    let world = world().await;
    world.run("sign $IMAGE");
    let refused = world.run("verify $IMAGE");
    let words = "no timestamp countersignature was found in the signature envelope";
    assert!(refused.contains(words), "{refused}");
    assert!(refused.contains("hint: sign the artifact again with a timestamp"), "{refused}");
    assert!(refused.ends_with("[exit] 1"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_timestamp_nothing_is_pushed() {
    let world = world().await;
    for (stamp, words) in [
        (Stamp::WrongNonce, "timestamp: nonce in response does not match nonce in request"),
        (Stamp::WrongImprint, "timestamp: invalid TSTInfo: mismatched message"),
        (Stamp::WrongType, "unexpected response Content-Type \"text/html\""),
        (
            Stamp::Refused,
            "timestamp: the timestamping authority refused: rejection\nbecause the lab",
        ),
        (Stamp::Stranger, "timestamp: no chain leads from the timestamping certificate"),
        (Stamp::NamesCrl, "revocation status is unknown"),
    ] {
        let refused = sign(&world, "", &[stamp]);
        assert!(refused.contains(words), "{stamp:?}: {refused}");
        assert!(refused.ends_with("[exit] 1"), "{refused}");
    }
    let elsewhere = format!("{}/elsewhere", world.lab.timestamp_url(Stamp::Good));
    let line = format!("sign --timestamp-url {elsewhere} --timestamp-root-cert {ROOT} $IMAGE");
    let refused = world.run(&line);
    assert!(refused.contains("the timestamping authority answered 404"), "{refused}");
    let route = Route::on(Role::Tsa);
    world.lab.control().fault(route, Fault::Huge, 1);
    let refused = sign(&world, "", &[Stamp::Good]);
    assert!(refused.contains("the answer is larger than 1048576 bytes"), "{refused}");
    assert_eq!(world.lab.tags("net-monitor"), ["v1"], "nothing was pushed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_counts_and_the_next_authority_is_asked_after_a_wrong_one() {
    let world = world().await;
    let late = Fault::Delay(std::time::Duration::from_millis(50));
    world.lab.control().fault(Route::on(Role::Tsa), late, 1);
    let signed = sign(&world, "", &[Stamp::Forged, Stamp::Good, Stamp::Refused]);
    assert!(signed.ends_with("[exit] 0"), "{signed}");
    assert_eq!(world.lab.control().counts()[&Role::Tsa], 2);
    let refused = sign(&world, "", &[Stamp::Forged, Stamp::Refused]);
    let words = "Error: timestamp: none of 2 timestamping authorities gave a timestamp";
    assert!(refused.contains(words), "{refused}");
    assert_eq!(refused.matches("\nbecause http://127.0.0.1").count(), 2, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flags_are_refused_in_notations_words() {
    let world = world().await;
    assert_snapshot!(world.run("sign --timestamp-url http://a $IMAGE"), @r"
    [stderr]
    Error: if any flags in the group [timestamp-url timestamp-root-cert] are set they must all be set; missing [timestamp-root-cert]
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --timestamp-url '' --timestamp-root-cert x $IMAGE"), @r"
    [stderr]
    Error: timestamping: tsa url cannot be empty
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --timestamp-url http://a --timestamp-root-cert '' $IMAGE"), @r"
    [stderr]
    Error: timestamping: tsa root certificate path cannot be empty
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --timestamp-url http://a --timestamp-root-cert $HOME/missing $IMAGE"), @r"
    [stderr]
    Error: open $HOME/missing: no such file or directory
    [exit] 1
    ");
    assert_snapshot!(world.run("sign --timestamp-url ftp://a --timestamp-root-cert $HOME/tsa.pem $IMAGE"), @r#"
    [stderr]
    Error: invalid timestamp URL "ftp://a": the scheme must be http or https
    hint: name the authority's address: --timestamp-url http://<host>/<path>
    [exit] 1
    "#);
    let userinfo = world
        .run("sign --timestamp-url http://me:secret@a --timestamp-root-cert $HOME/tsa.pem $IMAGE");
    assert!(userinfo.contains("must not hold a user name or password"), "{userinfo}");
    assert!(!userinfo.contains("secret"), "{userinfo}");
    let leaf = "$HOME/.config/notation/localkeys/wabbit.crt";
    let leaf =
        world.run(&format!("sign --timestamp-url http://a --timestamp-root-cert {leaf} $IMAGE"));
    let words = "Expecting single x509 root certificate in PEM or DER format from the file";
    assert!(leaf.contains(words), "{leaf}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_without_the_timestamp_wanted_does_not_count_as_signed_already() {
    let world = world().await;
    let signatures = || world.lab.referrers("net-monitor", world.image.split_once('@').unwrap().1);
    world.run("sign $IMAGE");
    let shown = world.run("sign --skip-signed $IMAGE");
    assert!(shown.contains("Already signed "), "{shown}");
    let shown = sign(&world, "--skip-signed", &[Stamp::Good]);
    assert!(shown.starts_with("[stdout]\nSigning again: the signature sha256:"), "{shown}");
    assert!(shown.contains(" has no timestamp\nSuccessfully signed "), "{shown}");
    assert_eq!(signatures().len(), 2);
    world.lab.control().forget();
    let shown = sign(&world, "--skip-signed --output json", &[Stamp::Good]);
    assert!(shown.contains("\"outcome\": \"skipped\""), "{shown}");
    assert!(shown.contains("\"timestamp\": \""), "{shown}");
    assert_eq!((signatures().len(), world.lab.control().counts().get(&Role::Tsa)), (2, None));
    // and neither does one of an authority that nobody told to trust
    world.home.write("other.pem", world.lab.ca_pem());
    let url = world.lab.timestamp_url(Stamp::Good);
    let line = format!(
        "sign --skip-signed --timestamp-url {url} --timestamp-root-cert $HOME/other.pem $IMAGE"
    );
    let shown = world.run(&line);
    assert!(shown.contains("Error: timestamp: no chain leads from"), "{shown}");
}
