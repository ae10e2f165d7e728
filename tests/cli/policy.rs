//! `policy`

use insta::assert_snapshot;

use super::support::{Home, mode};

const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "p", "registryScopes": ["*"], "signatureVerification": {"level": "strict"}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}]}"#;

#[test]
fn without_a_policy_show_says_how_to_import_one() {
    assert_snapshot!(Home::new().run("policy show"), @r"
    [stderr]
    Error: failed to show trust policy as the trust policy file does not exist.
    You can import one using `sealwright policy import <path-to-policy.json>`
    [exit] 1
    ");
}

#[test]
fn import_wants_one_readable_file() {
    let home = Home::new();
    assert_snapshot!(home.run("policy import"), @r"
    [stderr]
    Error: requires 1 argument but received 0.
    Usage: sealwright policy import <path-to-policy.json>
    Please specify a trust policy file location as the argument
    [exit] 1
    ");
    assert_snapshot!(home.run("policy import $HOME/missing.json"), @r"
    [stderr]
    Error: failed to read trust policy file: open $HOME/missing.json: no such file or directory
    [exit] 1
    ");
}

#[test]
fn what_does_not_parse_or_hold_is_not_imported() {
    let home = Home::new();
    home.write("broken.json", "{");
    assert_snapshot!(home.run("policy import $HOME/broken.json"), @r"
    [stderr]
    Error: failed to parse trust policy configuration: unexpected end of JSON input
    hint: correct the file, then: sealwright policy import <file>
    [exit] 1
    ");
    home.write("nolevel.json", POLICY.replace(r#""level": "strict""#, ""));
    assert_snapshot!(home.run("policy import $HOME/nolevel.json"), @r#"
    [stderr]
    Error: failed to validate trust policy: trust policy: trust policy statement "p" has invalid signatureVerification: signature verification level is empty or missing in the trust policy statement
    hint: correct the file, then: sealwright policy import <file>
    [exit] 1
    "#);
    assert!(!home.config("trustpolicy.json").exists());
}

#[test]
fn a_mistyped_member_and_an_unknown_level_are_named() {
    let home = Home::new();
    home.write("store.json", POLICY.replace("trustStores", "trustStore"));
    assert_snapshot!(home.run("policy import $HOME/store.json"), @r#"
    [stderr]
    Warning: the policy's member "trustStore" is unknown and has no effect
    Error: failed to validate trust policy: trust policy: trust policy statement "p" is either missing trust stores or trusted identities, both must be specified
    hint: correct the file, then: sealwright policy import <file>
    [exit] 1
    "#);
    home.write("level.json", POLICY.replace("strict", "strick"));
    assert_snapshot!(home.run("policy import $HOME/level.json"), @r#"
    [stderr]
    Error: failed to validate trust policy: trust policy: trust policy statement "p" has invalid signatureVerification: invalid signature verification level "strick"
    hint: a level is strict, permissive, audit or skip; correct the file, then: sealwright policy import <file>
    [exit] 1
    "#);
}

#[test]
fn importing_asks_before_it_overwrites() {
    let home = Home::new();
    home.write("tp.json", POLICY);
    let line = "policy import $HOME/tp.json";
    assert_snapshot!(home.run(line), @r"
    [stdout]
    Trust policy configuration imported successfully.
    [exit] 0
    ");
    assert_eq!(mode(&home.config("trustpolicy.json")), 0o600);
    assert_snapshot!(home.run_with(line, "n\n"), @r"
    [stdout]
    The trust policy file already exists, do you want to overwrite it? [y/N] Operation cancelled.
    [exit] 0
    ");
    assert_snapshot!(home.run_with(line, "y\n"), @r"
    [stdout]
    The trust policy file already exists, do you want to overwrite it? [y/N] Trust policy configuration imported successfully.
    [exit] 0
    ");
    assert_snapshot!(home.run("policy import --force $HOME/tp.json"), @r"
    [stdout]
    Trust policy configuration imported successfully.
    [stderr]
    Warning: existing trust policy configuration file will be overwritten
    [exit] 0
    ");
}

#[test]
fn show_prints_the_file_byte_for_byte_even_when_it_is_invalid() {
    let home = Home::new();
    home.write(".config/notation/trustpolicy.json", POLICY);
    assert_eq!(home.stdout("policy show"), POLICY);
    home.write(".config/notation/trustpolicy.json", "{}\n");
    assert_snapshot!(home.run("policy show"), @r"
    [stdout]
    {}
    [stderr]
    Error: trust policy document has empty version, version must be specified
    Existing trust policy configuration is invalid, you may update or create a new one via `sealwright policy import <path-to-policy.json>`
    [exit] 0
    ");
}
