//! `verify` with plugins that are programs, of signatures that name them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::sign_plugin::Plugged;
use super::support::assert_image_of_the_report;

const VERIFIER: &str = "ENVELOPE,IDENTITY,REVOCATION";
const BOTH: [&str; 2] = ["get-plugin-metadata", "verify-signature"];

/// A world whose image has one signature, which names the plugin; `critical` are more attributes.
async fn signed(critical: &str) -> Option<Plugged> {
    let mut plugged = Plugged::start(VERIFIER).await?;
    sign(&mut plugged, critical);
    Some(plugged)
}

fn sign(plugged: &mut Plugged, critical: &str) {
    let named = format!("critical=io.cncf.notary.verificationPlugin=tester{critical}");
    plugged.world.sign(&format!("--plugin tester --id k --plugin-config {named}"), "signature");
    plugged.commands();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_a_trusted_signature_names_is_asked_and_reported() {
    let Some(plugged) = signed(",com.example.build=7").await else { return };
    assert_snapshot!(plugged.world.run("verify $IMAGE"), @r"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>
    [exit] 0
    ");
    let asked = plugged.asked();
    assert_eq!(asked.iter().map(|(command, _)| command.as_str()).collect::<Vec<_>>(), BOTH);
    let request = &asked[1].1;
    assert_eq!(request["signature"]["unprocessedAttributes"], json!(["com.example.build"]));
    assert_eq!(request["trustPolicy"]["trustedIdentities"], json!(["*"]));
    assert_eq!(request.get("pluginConfig"), None);

    let line = "verify --output json $IMAGE".to_owned();
    let shown = plugged.world.run(&line);
    let text = shown.strip_prefix("[stdout]\n").and_then(|s| s.strip_suffix("\n[exit] 0"));
    let report: Value = serde_json::from_str(text.expect("JSON alone")).expect("JSON");
    assert_image_of_the_report(&report);
    assert_eq!(
        report["signatures"][0]["plugin"],
        json!({
            "name": "tester",
            "version": "1.0.0",
            "decided": [
                "SIGNATURE_VERIFIER.TRUSTED_IDENTITY",
                "SIGNATURE_VERIFIER.REVOCATION_CHECK"
            ],
        })
    );
    let shown = plugged.world.run("verify -v $IMAGE");
    assert!(shown.contains("verification plugin tester 1.0.0"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_plugin_refuses_is_refused_in_its_words() {
    let Some(plugged) = signed("").await else { return };
    let verify =
        |config: &str| plugged.world.run(&format!("verify --plugin-config {config} $IMAGE"));
    assert_snapshot!(verify("identity=fail:nobody"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: trusted identify verification by plugin "tester" failed with reason "nobody"
    [exit] 1
    "#);
    let asked = plugged.asked();
    assert_eq!(asked.len(), 2);
    for (command, request) in asked {
        assert_eq!(request["pluginConfig"], json!({"identity": "fail:nobody"}), "{command}");
    }
    assert_snapshot!(verify("revocation=fail:gone"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: revocation check by verification plugin "tester" failed with reason "gone"
    [exit] 1
    "#);
    assert_snapshot!(verify("results=none"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: verification plugin "tester" failed to verify "SIGNATURE_VERIFIER.TRUSTED_IDENTITY"
    [exit] 1
    "#);
    assert_snapshot!(verify("misbehave=error:THROTTLED:later --plugin-config only=verify-signature"), @r"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: failed to verify with plugin tester: later (the plugin's error code is THROTTLED)
    [exit] 1
    ");
    assert_snapshot!(verify("misbehave=error:THROTTLED:later"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: the verification plugin "tester" did not tell what it can do: later (the plugin's error code is THROTTLED)
    [exit] 1
    "#);
    // what only warns
    plugged.world.policy(|policy| policy.replace("strict", "audit"));
    assert_snapshot!(verify("revocation=fail:gone"), @r#"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>
    [stderr]
    Warning: revocation was set to "log" and failed with error: revocation check by verification plugin "tester" failed with reason "gone"
    [exit] 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_that_the_plugin_did_not_process_is_refused() {
    let Some(plugged) = signed(",com.example.build=7").await else { return };
    assert_snapshot!(plugged.world.run("verify --plugin-config processed=none $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: extended critical attribute "com.example.build" was not processed by the verification plugin "tester" (all extended critical attributes must be processed by the verification plugin)
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_not_there_or_too_old_is_named() {
    let needs = ",io.cncf.notary.verificationPluginMinVersion=2.0.0";
    let Some(plugged) = signed(needs).await else { return };
    assert_snapshot!(plugged.world.run("verify $IMAGE"), @r"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: found plugin tester with version 1.0.0 but signature verification needs plugin version greater than or equal to 2.0.0
    hint: if you trust its maker, install it: sealwright plugin install --url <url> --sha256sum <checksum>
    [exit] 1
    ");
    plugged.set(json!({ "capabilities": "RAW", "version": "2.0.0" }));
    assert_snapshot!(plugged.world.run("verify $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: digital signature requires plugin "tester" with signature verification capabilities ("SIGNATURE_VERIFIER.REVOCATION_CHECK" and/or "SIGNATURE_VERIFIER.TRUSTED_IDENTITY") installed
    hint: if you trust its maker, install it: sealwright plugin install --url <url> --sha256sum <checksum>
    [exit] 1
    "#);
    plugged.set(json!({ "capabilities": VERIFIER, "version": "2.0.0" }));
    assert!(plugged.world.run("verify $IMAGE").ends_with("[exit] 0"));
    std::fs::remove_dir_all(plugged.world.home.config("plugins/tester")).expect("removed");
    assert_snapshot!(plugged.world.run("verify $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: error while locating the verification plugin "tester", make sure the plugin is installed successfully before verifying the signature. error: plugin executable file is either not found or inaccessible: stat $HOME/.config/notation/plugins/tester/notation-tester: no such file or directory
    hint: if you trust its maker, install it: sealwright plugin install --url <url> --sha256sum <checksum>
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_a_stranger_runs_nothing() {
    let Some(plugged) = signed("").await else { return };
    let other = "cert generate-test other";
    assert!(plugged.world.home.run(other).ends_with("[exit] 0"));
    for level in ["strict", "audit"] {
        plugged
            .world
            .policy(|policy| policy.replace("ca:wabbit", "ca:other").replace("strict", level));
        let shown = plugged.world.run("verify $IMAGE");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
        assert!(plugged.commands().is_empty(), "{level}");
        if level == "audit" {
            assert_snapshot!(shown, @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: inconclusive: the verification plugin "tester" is run only for an authentic signature (the signature's certificate chain does not contain any trusted certificate)
    hint: if you trust the CA that issued it, add its root to the store the policy names: sealwright cert add --type ca --store <store> <root.crt>
    [exit] 1
    "#);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_images_the_plugin_is_met_once() {
    let Some(mut plugged) = signed("").await else { return };
    let first = plugged.world.image.clone();
    let second = plugged.world.lab.push_image("other", "v1").expect("stored");
    plugged.world.image = format!("{}/other@{second}", plugged.world.lab.registry_host());
    sign(&mut plugged, "");
    let shown = plugged.world.run(&format!("verify {first} $IMAGE"));
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let mut commands = plugged.commands();
    commands.sort();
    assert_eq!(commands, ["get-plugin-metadata", "verify-signature", "verify-signature"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctors_trial_asks_the_plugin_that_it_names() {
    let Some(plugged) = Plugged::start(VERIFIER).await else { return };
    let named = "io.cncf.notary.verificationPlugin=tester";
    plugged.set(json!({ "capabilities": VERIFIER, "critical": named }));
    let shown = plugged.world.run("doctor --plugin tester --id k $IMAGE");
    assert!(shown.contains("a signature by this signer would verify"), "{shown}");
    assert!(plugged.commands().contains(&"verify-signature".to_owned()));
}
