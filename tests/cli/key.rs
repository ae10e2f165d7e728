//! `key`

use insta::assert_snapshot;

use super::support::{Home, mode};

/// A home with the keys `wabbit` (default) and `tiny`.
fn with_two_keys() -> Home {
    let home = Home::new();
    for line in ["cert generate-test --default wabbit", "cert generate-test tiny"] {
        assert!(home.run(line).ends_with("[exit] 0"));
    }
    home
}

#[test]
fn an_empty_list_has_its_header() {
    assert_snapshot!(Home::new().run("key list"), @r"
    [stdout]
    NAME   KEY PATH   CERTIFICATE PATH   ID   PLUGIN NAME···
    [exit] 0
    ");
}

#[test]
fn the_list_is_kept_as_notation_keeps_it() {
    let home = with_two_keys();
    let shown = home.run("key ls");
    let rows: Vec<Vec<&str>> =
        shown.lines().skip(2).map(|l| l.trim_end_matches('·').split("   ").collect()).collect();
    assert_eq!(rows[0][0], "* wabbit");
    assert!(rows[1][0] == "tiny", "{shown}");
    assert_eq!(mode(&home.config("signingkeys.json")), 0o600);
    let file = std::fs::read_to_string(home.config("signingkeys.json")).expect("there");
    let folder = home.config("localkeys").display().to_string();
    assert_snapshot!(file.replace(&folder, "$KEYS"), @r#"
    {
        "default": "wabbit",
        "keys": [
            {
                "name": "wabbit",
                "keyPath": "$KEYS/wabbit.key",
                "certPath": "$KEYS/wabbit.crt"
            },
            {
                "name": "tiny",
                "keyPath": "$KEYS/tiny.key",
                "certPath": "$KEYS/tiny.crt"
            }
        ]
    }
    "#);
}

#[test]
fn azure_kv_keys_are_added_and_other_plugins_are_not_there() {
    let home = Home::new();
    assert_snapshot!(home.run("key add --plugin nope --id x k1"), @r"
    [stderr]
    Error: plugin executable file is either not found or inaccessible: stat $HOME/.config/notation/plugins/nope/notation-nope: no such file or directory
    hint: see the plugins there are: sealwright plugin list; azure-kv is built in
    [exit] 1
    ");
    let line = "key add --plugin azure-kv --id https://v.vault.azure.net/keys/k/1 --plugin-config self_signed=true viavault";
    assert_snapshot!(home.run(line), @r"
    [stdout]
    viavault
    [exit] 0
    ");
    assert_snapshot!(home.run(line), @r#"
    [stderr]
    Error: signing key with name "viavault" already exists
    [exit] 1
    "#);
    assert_snapshot!(home.run("key list"), @r"
    [stdout]
    NAME       KEY PATH   CERTIFICATE PATH   ID                                   PLUGIN NAME···
    viavault                                 https://v.vault.azure.net/keys/k/1   azure-kv······
    [exit] 0
    ");
    assert_snapshot!(home.run("key add --plugin azure-kv x"), @r"
    [stderr]
    Error: missing key id
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --plugin azure-kv"), @r"
    [stderr]
    Error: either missing key name or unnecessary parameters passed
    [exit] 1
    ");
    assert_snapshot!(home.run("key add x"), @r#"
    [stderr]
    Error: required flag(s) "plugin" not set
    [exit] 1
    "#);
}

#[test]
fn the_default_is_set() {
    let home = with_two_keys();
    assert_eq!(home.run("key update tiny"), "[exit] 0");
    assert_snapshot!(home.run("key update -v tiny"), @r"
    [stderr]
    level=warning msg=--default flag is not set, command did not take effect
    [exit] 0
    ");
    assert_snapshot!(home.run("key set --default tiny"), @r"
    [stdout]
    tiny: marked as default
    [exit] 0
    ");
    assert_snapshot!(home.run("key update --default nope"), @r"
    [stderr]
    Error: signing key nope not found
    hint: sealwright key list
    [exit] 1
    ");
}

#[test]
fn keys_are_removed_all_or_none() {
    let home = with_two_keys();
    assert_snapshot!(home.run("key delete tiny nope"), @r"
    [stderr]
    Error: signing key nope not found
    hint: sealwright key list
    [exit] 1
    ");
    assert_snapshot!(home.run("key delete wabbit tiny"), @r"
    [stdout]
    Removed the following keys from Notation signing key list. The source keys still exist.
    wabbit (default)
    tiny
    [exit] 0
    ");
    assert!(home.config("localkeys/wabbit.key").exists());
    let home = with_two_keys();
    assert_snapshot!(home.run("key delete tiny"), @r"
    [stdout]
    Removed tiny from Notation signing key list. The source key still exists.
    [exit] 0
    ");
    assert_snapshot!(home.run("key delete wabbit"), @r"
    [stdout]
    Removed default key wabbit from Notation signing key list. The source key still exists.
    [exit] 0
    ");
}

#[test]
fn a_malformed_list_is_refused() {
    let home = Home::new();
    home.write(".config/notation/signingkeys.json", r#"{"default":"x","keys":[]}"#);
    assert_snapshot!(home.run("key list"), @r"
    [stderr]
    Error: malformed signingkeys.json: default key 'x' not found
    [exit] 1
    ");
}
