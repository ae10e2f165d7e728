//! `policy init`

use insta::assert_snapshot;

use super::support::{Home, mode};

const LINE: &str = "policy init --name p --trust-store ca:wabbit --trusted-identity 'x509.subject: C=US, ST=WA, O=Notary'";

#[test]
fn the_name_a_store_and_an_identity_are_required() {
    let home = Home::new();
    assert_snapshot!(home.run("policy init"), @r#"
    [stderr]
    Error: required flag(s) "name", "trust-store", "trusted-identity" not set
    [exit] 1
    "#);
    assert_snapshot!(home.run("policy init -n p --trusted-identity *"), @r#"
    [stderr]
    Error: required flag(s) "trust-store" not set
    [exit] 1
    "#);
    assert!(!home.config("trustpolicy.json").exists());
}

#[test]
fn a_new_policy_is_strict_and_for_every_repository() {
    let home = Home::new();
    assert_snapshot!(home.run(LINE), @r"
    [stdout]
    Successfully initialized trust policy file to $HOME/.config/notation/trustpolicy.json.
    [exit] 0
    ");
    assert_eq!(mode(&home.config("trustpolicy.json")), 0o600);
    assert_snapshot!(home.run("policy show"), @r#"
    [stdout]
    {
      "version": "1.0",
      "trustPolicies": [
        {
          "name": "p",
          "signatureVerification": {
            "level": "strict"
          },
          "trustStores": [
            "ca:wabbit"
          ],
          "trustedIdentities": [
            "x509.subject: C=US, ST=WA, O=Notary"
          ],
          "registryScopes": [
            "*"
          ]
        }
      ]
    }⏎
    [exit] 0
    "#);
}

#[test]
fn stores_identities_and_scopes_may_be_several() {
    let home = Home::new();
    let line = "policy init -n=p --trust-store ca:a --trust-store tsa:b --trusted-identity 'x509.subject: C=US, ST=WA, O=A & B' --trusted-identity 'x509.subject: C=US, ST=WA, O=C' --registry-scope r.io/a --registry-scope r.io/b";
    assert!(home.run(line).ends_with("[exit] 0"));
    assert_snapshot!(home.stdout("policy show"), @r#"
    {
      "version": "1.0",
      "trustPolicies": [
        {
          "name": "p",
          "signatureVerification": {
            "level": "strict"
          },
          "trustStores": [
            "ca:a",
            "tsa:b"
          ],
          "trustedIdentities": [
            "x509.subject: C=US, ST=WA, O=A \u0026 B",
            "x509.subject: C=US, ST=WA, O=C"
          ],
          "registryScopes": [
            "r.io/a",
            "r.io/b"
          ]
        }
      ]
    }
    "#);
}

#[test]
fn an_existing_policy_is_asked_about() {
    let home = Home::new();
    assert!(home.run(LINE).ends_with("[exit] 0"));
    let other = LINE.replace("--name p", "--name q");
    assert_snapshot!(home.run_with(&other, "n\n"), @r"
    [stdout]
    The trust policy configuration already exists, do you want to overwrite it? [y/N] Operation cancelled.
    [exit] 0
    ");
    assert!(home.stdout("policy show").contains(r#""name": "p""#));
    assert_snapshot!(home.run_with(&other, "y\n"), @r"
    [stdout]
    The trust policy configuration already exists, do you want to overwrite it? [y/N] Successfully initialized trust policy file to $HOME/.config/notation/trustpolicy.json.
    [exit] 0
    ");
    assert!(home.stdout("policy show").contains(r#""name": "q""#));
    assert_snapshot!(home.run(&format!("{LINE} --force")), @r"
    [stdout]
    Successfully initialized trust policy file to $HOME/.config/notation/trustpolicy.json.
    [stderr]
    Warning: existing trust policy configuration will be overwritten
    [exit] 0
    ");
    // one that cannot be used is somebody's work all the same
    home.write(".config/notation/trustpolicy.json", "{");
    assert!(home.run_with(LINE, "n\n").contains("already exists"));
    assert_eq!(home.stdout("policy show"), "{");
}

#[test]
fn what_is_no_policy_is_not_written() {
    let home = Home::new();
    assert_snapshot!(home.run("policy init -n p --trust-store wabbit --trusted-identity *"), @r#"
    [stderr]
    Error: invalid trust policy: trust policy: trust policy statement "p" has malformed trust store value "wabbit". The required format is <TrustStoreType>:<TrustStoreName>
    hint: sealwright policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'
    [exit] 1
    "#);
    assert_snapshot!(home.run("policy init -n p --trust-store ca:w --trusted-identity CN=w"), @r#"
    [stderr]
    Error: invalid trust policy: trust policy: trust policy statement "p" has trusted identity "CN=w" missing separator
    hint: sealwright policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'
    [exit] 1
    "#);
    assert_snapshot!(home.run("policy init -n p --trust-store ca:w --trusted-identity * --registry-scope r.io/*"), @r#"
    [stderr]
    Error: invalid trust policy: registry scope "r.io/*" with wild card(s) is not valid, make sure it is a fully qualified repository without the scheme, protocol or tag. For example domain.com/my/repository or a local scope like local/myOCILayout
    hint: sealwright policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'
    [exit] 1
    "#);
    assert!(!home.config("trustpolicy.json").exists());
}
