//! Plugins that misbehave when they sign: nothing is pushed, and the user is told why.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::sign_plugin::Plugged;

impl Plugged {
    /// What `sign` says with these settings; nothing was pushed.
    fn refused(&self, settings: Value) -> String {
        self.set(settings);
        let shown = self.world.run("sign --plugin tester --id k -e 24h -m build=1 $IMAGE");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
        assert_eq!(self.world.lab.tags("net-monitor"), ["v1"], "{shown}");
        shown
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plugins_own_error_is_shown_with_a_hint() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    let misbehave = "error:ACCESS_DENIED:not yours";
    for only in ["describe-key", "generate-signature"] {
        let shown = plugged.refused(json!({ "misbehave": misbehave, "only": only }));
        assert_eq!(
            shown,
            "[stderr]
Error: failed to sign with the plugin tester: not yours
because the plugin's error code is ACCESS_DENIED
hint: give the identity that the plugin signs in with the right to sign with \"k\"
[exit] 1"
        );
    }
    let whole =
        json!({ "capabilities": "ENVELOPE", "misbehave": misbehave, "only": "generate-envelope" });
    assert_snapshot!(plugged.refused(whole), @r#"
    [stderr]
    Error: failed to sign with the plugin tester: plugin failed to sign with following error: not yours
    because the plugin's error code is ACCESS_DENIED
    hint: give the identity that the plugin signs in with the right to sign with "k"
    [exit] 1
    "#);
    assert_snapshot!(plugged.refused(json!({ "misbehave": "error:ERROR:who?", "only": "get-plugin-metadata" })), @r"
    [stderr]
    Error: who?
    because the plugin's error code is ERROR
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_signs_nothing_gives_no_key() {
    let Some(plugged) = Plugged::start("IDENTITY").await else { return };
    assert_snapshot!(plugged.refused(json!({ "capabilities": "IDENTITY,REVOCATION" })), @r"
    [stderr]
    Error: plugin does not have signing capabilities
    hint: see what each plugin can do: sealwright plugin list
    [exit] 1
    ");
    assert_snapshot!(plugged.world.run("key add --plugin tester --id k viaplugin"), @r"
    [stderr]
    Error: plugin does not have signing capabilities
    hint: see what each plugin can do: sealwright plugin list
    [exit] 1
    ");
    assert_snapshot!(plugged.world.run("key add --plugin ../x --id k viaplugin"), @r#"
    [stderr]
    Error: invalid plugin name "../x": expected letters, digits, '_', '.' and '-'
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_do_not_hold_go_nowhere() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    let begun = "Error: failed to sign with the plugin tester: ";
    for (settings, words) in [
        (
            json!({ "misbehave": "bad-signature" }),
            "generated signature failed verification: signature is invalid\n",
        ),
        (
            json!({ "misbehave": "bad-base64", "only": "generate-signature" }),
            "signature in the plugin's answer is not base64\n",
        ),
        (
            json!({ "chain_order": "none" }),
            "certificate-chain is invalid, certificate chain must contain at least one certificate\n",
        ),
        // its hash is that of RSA-2048: only the certificate tells
        (
            json!({ "key_spec": "EC-256" }),
            "the plugin described the key as EC-256, but its certificate is for RSA-2048\n",
        ),
        (json!({ "key_spec": "RSA-1024" }), "unknown key spec \"RSA-1024\"\n"),
        (
            json!({ "misbehave": "wrong-key-id", "only": "describe-key" }),
            "keyID in describeKey response ",
        ),
        (
            json!({ "misbehave": "wrong-key-id", "only": "generate-signature" }),
            "keyID in generateSignature response ",
        ),
        (
            json!({ "misbehave": "garbage", "only": "generate-signature" }),
            "failed to unmarshal the response of generate-signature command for plugin tester\n",
        ),
        (json!({ "misbehave": "silent", "only": "generate-signature" }), "exit status 3\n"),
    ] {
        let shown = plugged.refused(settings.clone());
        assert!(shown.contains(&format!("{begun}{words}")), "{settings}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn envelopes_that_are_not_what_was_ordered_go_nowhere() {
    let Some(plugged) = Plugged::start("ENVELOPE").await else { return };
    let begun = "Error: failed to sign with the plugin tester: ";
    for (settings, words) in [
        (
            json!({ "envelope": "tampered" }),
            "generated signature failed verification: signature is invalid\n",
        ),
        (json!({ "envelope": "payload" }), "during signing descriptor subject has changed from "),
        (
            json!({ "envelope": "unknown" }),
            "during signing, following unknown attributes were added to subject descriptor: [\"surprise\"]\n",
        ),
        (
            json!({ "envelope": "no-expiry" }),
            "the envelope expires never, 86400 s after its signing time was asked for\n",
        ),
        (
            json!({ "misbehave": "wrong-type", "only": "generate-envelope" }),
            "signatureEnvelopeType in generateEnvelope response ",
        ),
        (
            json!({ "misbehave": "bad-base64", "only": "generate-envelope" }),
            "signatureEnvelope in the plugin's answer is not base64\n",
        ),
    ] {
        let mut settings = settings;
        settings["capabilities"] = json!("ENVELOPE");
        let shown = plugged.refused(settings.clone());
        assert!(shown.contains(&format!("{begun}{words}")), "{settings}: {shown}");
    }
    plugged.set(json!({ "capabilities": "ENVELOPE", "envelope": "annotation" }));
    let shown = plugged.world.run("sign --plugin tester --id k $IMAGE");
    assert!(shown.ends_with("[exit] 0"), "an annotation more is allowed: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_the_certificate_before_a_signature_says_so() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    assert_snapshot!(plugged.world.run("prune --plugin tester --id k $IMAGE"), @r"
    [stderr]
    Error: whose signatures to remove is not known: the plugin tells the certificate of its key only with a signature
    hint: name the certificate: sealwright prune --signer-thumbprint <SHA-256> <reference>
    [exit] 1
    ");
}
