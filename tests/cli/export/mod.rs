//! `export`: what a cluster is told, and what is said where it cannot be told.

mod connaisseur;
mod kyverno;
mod peer;
mod ratify;
mod schemas;

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{Home, mode};

/// A home with stores `ca:wabbit`, `ca:two` (two certificates), `signingAuthority:house` and
/// `tsa:clock`, and these statements.
pub(super) fn home(statements: Value) -> Home {
    let home = Home::new();
    let certificate = |path: &str| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        std::fs::read(fixtures.join(path)).expect("a fixture")
    };
    let (root, other) = (certificate("timestamp/root.pem"), certificate("revocation/root.cer"));
    for (file, content) in [
        ("ca/wabbit/root.pem", &root),
        ("ca/two/root.pem", &root),
        ("ca/two/other.cer", &other),
        ("signingAuthority/house/root.cer", &other),
        ("tsa/clock/root.pem", &root),
    ] {
        home.write(&format!(".config/notation/truststore/x509/{file}"), content);
    }
    let policy = json!({ "version": "1.0", "trustPolicies": statements });
    home.write(".config/notation/trustpolicy.json", policy.to_string());
    home
}

/// A statement that all targets can say but for what `more` changes.
pub(super) fn statement(name: &str, scope: &str, more: Value) -> Value {
    let mut statement = json!({
        "name": name,
        "registryScopes": [scope],
        "signatureVerification": { "level": "strict" },
        "trustStores": ["ca:wabbit"],
        "trustedIdentities": ["*"],
    });
    for (member, value) in more.as_object().expect("an object") {
        statement[member] = value.clone();
    }
    statement
}

/// The documents in an output, or in a file.
pub(super) fn documents(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    let documents = documents.map(|one| serde::Deserialize::deserialize(one).expect("YAML"));
    documents.filter(|one: &Value| !one.is_null()).collect()
}

/// An output with the bodies of its certificates left out.
pub(super) fn short(text: &str) -> String {
    let mut shown = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        inside &= !line.contains("-----END");
        if !inside {
            shown.push(line);
        }
        inside |= line.contains("-----BEGIN");
    }
    shown.join("\n")
}

const IDENTITY: &str = "x509.subject: C=US, ST=WA, O=Example";

/// Everything a policy can say.
pub(super) fn rich() -> Value {
    json!([
        statement(
            "pinned",
            "registry.example.com/app",
            json!({
                "registryScopes": ["registry.example.com/app", "registry.example.com/web"],
                "signatureVerification": {
                    "level": "strict",
                    "override": { "revocation": "skip" },
                    "verifyTimestamp": "afterCertExpiry"
                },
                "trustStores": ["ca:two", "signingAuthority:house", "tsa:clock"],
                "trustedIdentities": [IDENTITY],
            })
        ),
        statement("others", "*", json!({ "signatureVerification": { "level": "permissive" } })),
        json!({
            "name": "free", "registryScopes": ["registry.example.com/free"],
            "signatureVerification": { "level": "skip" }
        }),
    ])
}

#[test]
fn a_target_that_knows_no_signing_authority_refuses_a_statement_of_it_alone() {
    let house = json!({ "trustStores": ["signingAuthority:house"] });
    let home = home(json!([statement("p", "*", house)]));
    assert_snapshot!(home.run("export kyverno"), @r#"
    [stderr]
    Error: trust policy statement "p" names no trust store of type ca, and Kyverno knows no other
    hint: sealwright export ratify
    [exit] 1
    "#);
    for command in ["export connaisseur", "export ratify --variant image-integrity"] {
        assert!(home.run(command).contains("names no trust store of type ca"), "{command}");
    }
    assert!(home.run("export ratify").ends_with("[exit] 0"));
}

#[test]
fn without_a_policy_or_with_a_broken_store_nothing_is_exported() {
    assert_snapshot!(Home::new().run("export ratify"), @r"
    [stderr]
    Error: trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy
    hint: sealwright policy import <trustpolicy.json>
    [exit] 1
    ");
    let home = home(json!([statement("p", "*", json!({}))]));
    let file = home.config("truststore/x509/ca/wabbit/root.pem");
    std::fs::write(&file, "no certificate").expect("written");
    assert_snapshot!(home.run("export kyverno"), @r"
    [stderr]
    Error: failed to read the trusted certificate root.pem in trust store wabbit of type ca
    because x509: malformed certificate
    hint: sealwright cert delete --type ca --store wabbit root.pem
    [exit] 1
    ");
    std::fs::remove_file(&file).expect("removed");
    assert_snapshot!(home.run("export connaisseur"), @r#"
    [stderr]
    Error: no x509 certificates were found in trust store "wabbit" of type "ca"
    hint: sealwright cert add --type ca --store wabbit <root.crt>
    [exit] 1
    "#);
    std::fs::remove_dir(file.parent().expect("a folder")).expect("removed");
    assert!(home.run("export ratify").contains("does not exist"));
}

#[test]
fn an_unknown_variant_and_a_word_too_many_are_refused() {
    assert_snapshot!(Home::new().run("export ratify --variant gatekeper"), @r#"
    [stderr]
    Error: unknown variant "gatekeper": expected gatekeeper, azure-policy or image-integrity
    hint: sealwright export ratify --variant azure-policy
    [exit] 1
    "#);
    assert_snapshot!(Home::new().run("export kyverno now"), @r#"
    [stderr]
    Error: unknown command "now" for "sealwright export kyverno"
    Run 'sealwright export kyverno --help' for usage.
    [exit] 1
    "#);
}

#[test]
fn a_file_is_written_whole_and_readable_to_all() {
    let home = home(json!([statement("p", "*", json!({}))]));
    assert_snapshot!(home.run("export ratify -o $HOME/a/out.yaml"), @"[exit] 0");
    let written = std::fs::read_to_string(home.path("a/out.yaml")).expect("written");
    assert_eq!(written, home.stdout("export ratify"));
    assert_eq!(mode(&home.path("a/out.yaml")), 0o644);
}

#[test]
fn a_name_from_the_policy_stays_in_its_comment() {
    let home = home(json!([statement("p\nkind: Secret", "*", json!({}))]));
    for command in ["export kyverno", "export connaisseur --accept-looser", "export ratify"] {
        let text = home.stdout(command);
        assert!(!text.lines().any(|line| line.starts_with("kind: Secret")), "{text}");
        documents(&text);
    }
}
