//! `blob policy`

use insta::assert_snapshot;

use super::POLICY;
use crate::support::{Home, mode};

const INIT: &str = "blob policy init --name p --trust-store ca:wabbit --trusted-identity 'x509.subject: C=US, ST=WA, O=Notary'";

#[test]
fn without_a_policy_show_says_how_to_import_one() {
    assert_snapshot!(Home::new().run("blob policy show"), @r"
    [stderr]
    Error: failed to show blob trust policy as the configuration does not exist.
    You can import one using `sealwright blob policy import <path-to-policy.json>`
    [exit] 1
    ");
}

#[test]
fn init_wants_a_name_a_store_and_an_identity() {
    let home = Home::new();
    assert_snapshot!(home.run("blob policy init"), @r#"
    [stderr]
    Error: required flag(s) "name", "trust-store", "trusted-identity" not set
    [exit] 1
    "#);
    assert_snapshot!(home.run("blob policy init -n p --trust-store wabbit --trusted-identity '*'"), @r#"
    [stderr]
    Error: invalid blob policy: blob trust policy: trust policy statement "p" has malformed trust store value "wabbit". The required format is <TrustStoreType>:<TrustStoreName>
    hint: sealwright blob policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'
    [exit] 1
    "#);
    assert!(!home.config("trustpolicy.blob.json").exists());
}

#[test]
fn init_writes_notations_bytes_and_asks_before_it_overwrites() {
    let home = Home::new();
    assert_snapshot!(home.run(INIT), @r"
    [stdout]
    Successfully initialized blob trust policy file to $HOME/.config/notation/trustpolicy.blob.json.
    [exit] 0
    ");
    assert_eq!(mode(&home.config("trustpolicy.blob.json")), 0o600);
    assert_snapshot!(home.run("blob policy show"), @r#"
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
          ]
        }
      ]
    }⏎
    [exit] 0
    "#);
    let line = "blob policy init --name q --trust-store ca:wabbit --trusted-identity * --global";
    assert_snapshot!(home.run_with(line, "n\n"), @r"
    [stdout]
    The blob trust policy configuration already exists, do you want to overwrite it? [y/N] Operation cancelled.
    [exit] 0
    ");
    assert_snapshot!(home.run(&format!("{line} --force")), @r"
    [stdout]
    Successfully initialized blob trust policy file to $HOME/.config/notation/trustpolicy.blob.json.
    [stderr]
    Warning: existing blob trust policy configuration will be overwritten
    [exit] 0
    ");
    let shown = home.stdout("blob policy show");
    assert!(shown.contains("      ],\n      \"globalPolicy\": true\n    }\n  ]\n}"), "{shown}");
}

#[test]
fn import_wants_one_valid_file() {
    let home = Home::new();
    assert_snapshot!(home.run("blob policy import"), @r"
    [stderr]
    Error: requires 1 argument but received 0.
    Usage: sealwright blob policy import <path-to-policy.json>
    Please specify a trust policy configuration location as the argument
    [exit] 1
    ");
    assert_snapshot!(home.run("blob policy import $HOME/missing"), @r"
    [stderr]
    Error: failed to read blob trust policy file: open $HOME/missing: no such file or directory
    [exit] 1
    ");
    home.write("broken.json", "{");
    assert_snapshot!(home.run("blob policy import $HOME/broken.json"), @r"
    [stderr]
    Error: failed to parse blob trust policy configuration: unexpected end of JSON input
    hint: correct the file, then: sealwright blob policy import <file>
    [exit] 1
    ");
    let statement = |name: &str| {
        format!(
            r#"{{"name": "{name}", "globalPolicy": true, "signatureVerification": {{"level": "strict"}}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}}"#
        )
    };
    home.write(
        "two.json",
        format!(
            r#"{{"version": "1.0", "trustPolicies": [{}, {}]}}"#,
            statement("a"),
            statement("b")
        ),
    );
    assert_snapshot!(home.run("blob policy import $HOME/two.json"), @r"
    [stderr]
    Error: failed to validate blob trust policy configuration: multiple blob trust policy statements have globalPolicy set to true. Only one trust policy statement can be marked as global policy
    hint: correct the file, then: sealwright blob policy import <file>
    [exit] 1
    ");
    assert!(!home.config("trustpolicy.blob.json").exists());
}

#[test]
fn import_asks_before_it_overwrites() {
    let home = Home::new();
    home.write("bp.json", POLICY);
    let line = "blob policy import $HOME/bp.json";
    assert_snapshot!(home.run(line), @r"
    [stdout]
    Successfully imported blob trust policy configuration to $HOME/.config/notation/trustpolicy.blob.json.
    [exit] 0
    ");
    assert_eq!(mode(&home.config("trustpolicy.blob.json")), 0o600);
    assert_eq!(home.stdout("blob policy show"), POLICY);
    assert_snapshot!(home.run_with(line, "n\n"), @r"
    [stdout]
    The blob trust policy configuration already exists, do you want to overwrite it? [y/N] Operation cancelled.
    [exit] 0
    ");
    home.write("bp.json", POLICY.replace("\"name\"", "\"registryScopes\": [\"*\"], \"name\""));
    assert_snapshot!(home.run("blob policy import --force $HOME/bp.json"), @r#"
    [stdout]
    Successfully imported blob trust policy configuration to $HOME/.config/notation/trustpolicy.blob.json.
    [stderr]
    Warning: the policy's member "registryScopes" is unknown and has no effect
    Warning: existing blob trust policy configuration will be overwritten
    [exit] 0
    "#);
}

#[test]
fn show_prints_an_invalid_file_all_the_same() {
    let home = Home::new();
    home.write(".config/notation/trustpolicy.blob.json", "{}\n");
    assert_snapshot!(home.run("blob policy show"), @r"
    [stdout]
    {}
    [stderr]
    Error: blob trust policy document has empty version, version must be specified
    Existing blob trust policy configuration is invalid, you may update or create a new one via `sealwright blob policy import <path-to-policy.json>`
    [exit] 0
    ");
}

#[test]
fn words_that_name_no_command_are_told() {
    let home = Home::new();
    assert_snapshot!(home.run("blob policy sho"), @r#"
    [stderr]
    Error: unknown command "sho" for "sealwright blob policy"

    Did you mean this?
    	show

    Run 'sealwright blob policy --help' for usage.
    [exit] 1
    "#);
    for line in ["blob policy show x", "blob policy init x"] {
        assert!(
            home.run(line).contains("Error: unknown command \"x\" for \"sealwright blob policy ")
        );
    }
    let help = home.stdout("blob policy");
    assert!(help.contains("Usage: sealwright blob policy [command]"), "{help}");
    for word in ["init", "import", "show"] {
        assert!(help.contains(word), "{help}");
    }
    let help = home.stdout("blob --help");
    for word in ["sign", "verify", "inspect", "policy"] {
        assert!(help.contains(word), "{help}");
    }
}
