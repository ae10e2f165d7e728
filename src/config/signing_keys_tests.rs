//! signingkeys.json as notation writes it, and what it may not hold.

use super::*;

fn home() -> (tempfile::TempDir, Dirs) {
    let home = tempfile::tempdir().expect("a folder");
    let dirs = Dirs::below(home.path().join("notation"));
    (home, dirs)
}

fn with(text: &str) -> Result<SigningKeys, KeysError> {
    let (_home, dirs) = home();
    write_atomic(&dirs.signing_keys(), text.as_bytes(), 0o600).expect("written");
    SigningKeys::load(&dirs)
}

fn names(keys: &SigningKeys) -> Vec<&str> {
    keys.keys().iter().map(SigningKey::name).collect()
}

#[test]
fn the_file_is_notations_to_the_byte() {
    let (_home, dirs) = home();
    let mut keys = SigningKeys::load(&dirs).expect("none yet");
    keys.add(SigningKey::local("wabbit", "/k/w.key", "/k/w.crt"), MarkDefault::Yes).expect("new");
    keys.add(SigningKey::local("tiny", "/k/t.key", "/k/t.crt"), MarkDefault::No).expect("new");
    let config = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let plugin = SigningKey::plugin("viaplugin", "tester", "k", config);
    keys.add(plugin, MarkDefault::No).expect("new");
    keys.save().expect("written");
    let text = std::fs::read_to_string(dirs.signing_keys()).expect("there");
    assert_eq!(
        text,
        r#"{
    "default": "wabbit",
    "keys": [
        {
            "name": "wabbit",
            "keyPath": "/k/w.key",
            "certPath": "/k/w.crt"
        },
        {
            "name": "tiny",
            "keyPath": "/k/t.key",
            "certPath": "/k/t.crt"
        },
        {
            "name": "viaplugin",
            "id": "k",
            "pluginName": "tester",
            "pluginConfig": {
                "a": "b"
            }
        }
    ]
}
"#
    );
    assert_eq!(SigningKeys::load(&dirs), Ok(keys));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| {
            std::fs::metadata(path).expect("there").permissions().mode() & 0o777
        };
        assert_eq!(mode(&dirs.signing_keys()), 0o600);
        assert_eq!(mode(dirs.config()), 0o700);
    }
}

#[test]
fn an_empty_list_stays_a_list() {
    let (_home, dirs) = home();
    SigningKeys::load(&dirs).expect("none yet").save().expect("written");
    let text = std::fs::read_to_string(dirs.signing_keys()).expect("there");
    assert_eq!(text, "{\n    \"keys\": []\n}\n");
}

#[test]
fn unknown_members_stay() {
    let (_home, dirs) = home();
    let text =
        r#"{"later":{"a":[1]},"keys":[{"name":"n","keyPath":"k","certPath":"c","tag":"t"}]}"#;
    write_atomic(&dirs.signing_keys(), text.as_bytes(), 0o600).expect("written");
    let mut keys = SigningKeys::load(&dirs).expect("valid");
    keys.set_default("n").expect("there");
    keys.save().expect("written");
    let written = std::fs::read(dirs.signing_keys()).expect("there");
    let written: Value = serde_json::from_slice(&written).expect("JSON");
    assert_eq!(written["later"]["a"][0], 1);
    assert_eq!(written["keys"][0]["tag"], "t");
    assert_eq!(written["default"], "n");
}

#[test]
fn the_source_is_the_key_pair_where_there_is_one() {
    let keys = with(
        r#"{"keys":[{"name":"both","keyPath":"k","certPath":"c","id":"i","pluginName":"p"},
            {"name":"plugin","id":"i","pluginName":"p"},{"name":"none"}]}"#,
    )
    .expect("valid");
    let source = |name| keys.key(name).expect("there").source();
    assert_eq!(source("both"), KeySource::Local { key_path: "k", cert_path: "c" });
    let config = BTreeMap::new();
    assert_eq!(source("plugin"), KeySource::Plugin { plugin: "p", id: "i", config });
    assert_eq!(source("none"), KeySource::Nowhere);
}

#[test]
fn a_malformed_file_says_why() {
    for (text, reason) in [
        (r#"{"keys":[{"name":""}]}"#, "key name cannot be empty"),
        (r#"{"keys":[{"name":"a"},{"name":"a"}]}"#, "multiple keys with name 'a' found"),
        (r#"{"default":"","keys":[]}"#, "default key name cannot be empty"),
        (r#"{"default":"x","keys":[]}"#, "default key 'x' not found"),
    ] {
        let error = with(text).expect_err("malformed");
        assert_eq!(error.to_string(), format!("malformed signingkeys.json: {reason}"));
        assert_eq!(error.code(), "config-keys-malformed");
    }
    for text in ["", "{", "[]", r#"{"keys":{}}"#, r#"{"keys":[{}]}"#] {
        assert!(matches!(with(text), Err(KeysError::Malformed(_))), "{text}");
    }
    assert_eq!(names(&with(r#"{"default":null,"keys":null}"#).expect("empty")), [""; 0]);
}

#[test]
fn names_are_unique_and_not_empty() {
    let mut keys = with(r#"{"keys":[{"name":"a"}]}"#).expect("valid");
    let error = keys.add(SigningKey::local("a", "k", "c"), MarkDefault::Yes).expect_err("taken");
    assert_eq!(error.to_string(), r#"signing key with name "a" already exists"#);
    assert_eq!(error.code(), "config-key-exists");
    assert_eq!(keys.default_name(), None);
    let error = keys.add(SigningKey::local("", "k", "c"), MarkDefault::No).expect_err("empty");
    assert_eq!(error.code(), "config-key-name-empty");
}

#[test]
fn the_default_must_be_set_and_exist() {
    let mut keys = with(r#"{"keys":[{"name":"a"}]}"#).expect("valid");
    let error = keys.default_key().expect_err("none");
    assert_eq!(error.code(), "config-no-default-key");
    assert_eq!(
        error.to_string(),
        "default signing key not set. Please set default signing key or specify a key name"
    );
    let error = keys.set_default("nope").expect_err("unknown");
    assert_eq!(error.to_string(), "signing key nope not found");
    assert_eq!(error.code(), "config-key-not-found");
    keys.set_default("a").expect("there");
    assert_eq!(keys.default_key().expect("set").name(), "a");
}

#[test]
fn removing_is_all_or_nothing() {
    let text = r#"{"default":"a","keys":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#;
    let mut keys = with(text).expect("valid");
    for names_given in [["b", "nope"], ["b", "b"]] {
        let error = keys.remove(&names_given).expect_err("unknown");
        assert_eq!(error, KeysError::NotFound(names_given[1].into()));
        assert_eq!(names(&keys), ["a", "b", "c"]);
    }
    let removed = keys.remove(&["b", "a"]).expect("there");
    let expected = [("b", false), ("a", true)]
        .map(|(name, was_default)| RemovedKey { name: name.to_owned(), was_default });
    assert_eq!(removed, expected);
    assert_eq!((names(&keys), keys.default_name()), (vec!["c"], None));
}
