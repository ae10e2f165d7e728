//! `verify`

use insta::assert_snapshot;
use sealwright::lab::LabOptions;

use super::support::{Home, assert_image_of_the_report};
use super::world::World;

const OTHER: &str = r#""trustedIdentities": ["x509.subject: C=US, ST=WA, O=Other"]"#;

fn other_identity(policy: &str) -> String {
    policy.replace(r#""trustedIdentities": ["*"]"#, OTHER)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_signature_verifies() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "signature");
    assert_snapshot!(world.run("verify $IMAGE"), @r"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>
    [exit] 0
    ");
    assert_snapshot!(world.run("verify --max-signatures 1 $TAGGED"), @r"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>
    [stderr]
    Warning: Always verify the artifact using digest(@sha256:...) rather than a tag(:v1) because resolved digest may not point to the same signed artifact, as tags are mutable.
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_metadata_is_shown_and_can_be_required() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("-m a=b -m 'c=d e'", "signature");
    assert_snapshot!(world.run("verify -m a=b $IMAGE"), @r"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>

    The artifact was signed with the following user metadata.

    KEY   VALUE···
    a     b·······
    c     d e·····
    [exit] 0
    ");
    assert_snapshot!(world.run("verify -m zz=b $IMAGE"), @r"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<signature>: unable to find specified metadata in the signature (missing: zz=b)
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_artifact_and_a_missing_one_are_told_apart() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("verify $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed: no signature is associated with "localhost:5000/net-monitor@sha256:<image>", make sure the artifact was signed successfully
    hint: sign it first: sealwright sign localhost:5000/net-monitor@sha256:<image>
    [exit] 1
    "#);
    assert_snapshot!(world.run("verify $REGISTRY/nothing:v1"), @r"
    [stderr]
    Error: failed to get manifest descriptor: localhost:5000/nothing:v1: not found
    hint: push it first: docker push localhost:5000/nothing:v1
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failed_signature_has_its_reason() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "first");
    world.sign("--signature-format cose", "second");
    world.policy(other_identity);
    assert_snapshot!(world.run("verify $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed for all the signatures associated with localhost:5000/net-monitor@sha256:<image>
    because sha256:<first>: signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"Other" "ST":"WA"]] defined in the trust policy "p" (the signing certificate's subject is "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US")
    because sha256:<second>: signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"Other" "ST":"WA"]] defined in the trust policy "p" (the signing certificate's subject is "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US")
    hint: if this signer is whom you trust, name its subject in the statement's trustedIdentities: sealwright policy import <trustpolicy.json>
    [exit] 1
    "#);
    world.policy(|policy| other_identity(policy).replace("strict", "permissive"));
    assert!(world.run("verify $IMAGE").ends_with("[exit] 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trust_store_that_is_not_there_is_said_once() {
    let mut world = World::start(LabOptions::default()).await;
    for name in ["first", "second", "third"] {
        world.sign("", name);
    }
    world.policy(|policy| policy.replace("ca:wabbit", "ca:nope"));
    let shown = world.run("verify $IMAGE");
    assert_eq!(shown.matches("because ").count(), 1, "{shown}");
    assert!(
        shown.contains("> and 2 more: the trust store \"nope\" of type \"ca\" does"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_only_logs_is_a_warning() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "signature");
    world.policy(|policy| other_identity(policy).replace("strict", "audit"));
    assert_snapshot!(world.run("verify $IMAGE"), @r#"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>
    [stderr]
    Warning: authenticity was set to "log" and failed with error: signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"Other" "ST":"WA"]] defined in the trust policy "p"
    [exit] 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_scopes_and_policies_that_are_not_there_are_named() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "signature");
    world.policy(|policy| policy.replace("ca:wabbit", "ca:nope"));
    let shown = world.run("verify $IMAGE");
    assert!(
        shown.starts_with("[stderr]\nError: the trust store \"nope\" of type \"ca\" does not exist. Use command 'notation cert add' to create and add trusted certificates to the trust store\n"),
        "{shown}"
    );
    assert!(shown.contains("hint: sealwright cert add --type ca --store nope "), "{shown}");
    world.policy(|policy| policy.replace(r#"["*"], "signatureV"#, r#"["a.io/b"], "signatureV"#));
    assert_snapshot!(world.run("verify $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed: artifact "localhost:5000/net-monitor@sha256:<image>" has no applicable trust policy statement. Trust policy applicability for a given artifact is determined by registryScopes. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy
    hint: add "localhost:5000/net-monitor" to the registryScopes of a statement and import it again: sealwright policy import <path-to-policy.json>
    [exit] 1
    "#);
    world.policy(|_| {
        r#"{"version": "1.0", "trustPolicies": [{"name": "p", "registryScopes": ["*"], "signatureVerification": {"level": "skip"}}]}"#.to_owned()
    });
    assert_snapshot!(world.run("verify $IMAGE"), @r"
    [stdout]
    Trust policy is configured to skip signature verification for localhost:5000/net-monitor@sha256:<image>
    [exit] 0
    ");
    world.policy(|_| "{".to_owned());
    let shown = world.run("verify $IMAGE");
    assert!(
        shown.starts_with("[stderr]\nError: malformed trust policy. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy\n"),
        "{shown}"
    );
}

#[test]
fn without_a_policy_nothing_is_asked_of_the_registry() {
    assert_snapshot!(Home::new().run("verify localhost:1/a:v1"), @r"
    [stderr]
    Error: trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy
    hint: sealwright policy import <trustpolicy.json>
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_every_signature_and_check() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("-m a=b", "signature");
    let mut shown = world.run("verify --output json $IMAGE");
    for name in ["thumbprint", "notAfter"] {
        shown = hidden(&shown, name);
    }
    assert_snapshot!(shown, @r#"
    [stdout]
    {
        "image": "localhost:5000/net-monitor@sha256:<image>",
        "digest": "sha256:<image>",
        "outcome": "verified",
        "signature": "sha256:<signature>",
        "signer": {
            "subject": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
            "thumbprint": "<thumbprint>",
            "notAfter": "<notAfter>"
        },
        "credentials": {
            "registry": "anonymous"
        },
        "policy": {
            "name": "p",
            "level": "strict"
        },
        "signatures": [
            {
                "digest": "sha256:<signature>",
                "outcome": "verified",
                "signer": {
                    "subject": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
                    "thumbprint": "<thumbprint>",
                    "notAfter": "<notAfter>"
                },
                "checks": [
                    {
                        "check": "integrity",
                        "action": "enforce",
                        "outcome": "passed"
                    },
                    {
                        "check": "authenticity",
                        "action": "enforce",
                        "outcome": "passed"
                    },
                    {
                        "check": "expiry",
                        "action": "enforce",
                        "outcome": "passed"
                    },
                    {
                        "check": "authenticTimestamp",
                        "action": "enforce",
                        "outcome": "passed"
                    },
                    {
                        "check": "revocation",
                        "action": "enforce",
                        "outcome": "passed"
                    }
                ],
                "revocation": [
                    {
                        "subject": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
                        "status": "non-revokable"
                    }
                ]
            }
        ],
        "userMetadata": {
            "a": "b"
        }
    }
    [exit] 0
    "#);
    world.policy(other_identity);
    let shown = world.run("verify --output json $IMAGE");
    let (json, stderr) = shown
        .strip_prefix("[stdout]\n")
        .and_then(|s| s.split_once("[stderr]\n"))
        .expect("both streams");
    let report: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_image_of_the_report(&report);
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"]["code"], "verify-none-good");
    assert_eq!(report["signatures"][0]["outcome"], "failed");
    assert!(stderr.starts_with("Error: signature verification failed for all"));
    assert!(stderr.ends_with("[exit] 1"));
}

/// The text with every value of this JSON field replaced by its name.
fn hidden(text: &str, name: &str) -> String {
    let start = format!("\"{name}\": \"");
    let mut parts = text.split(start.as_str());
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = &part[part.find('"').expect("the value ends")..];
        shown += &format!("{start}<{name}>{rest}");
    }
    shown
}
