//! Every rule of the policy document, with notation's message for it.

use serde_json::{Value, json};

use super::*;
use crate::fault::Fault as _;
use crate::trust::{Action, Check};

fn document() -> Value {
    json!({
        "version": "1.0",
        "trustPolicies": [{
            "name": "p",
            "registryScopes": ["*"],
            "signatureVerification": {"level": "strict"},
            "trustStores": ["ca:x"],
            "trustedIdentities": ["*"],
        }],
    })
}

/// The document with the value at a JSON pointer replaced, or removed when `value` is null.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = document.pointer_mut(parent).expect("there");
    match value {
        Value::Null => drop(parent.as_object_mut().expect("an object").remove(member)),
        value => parent[member] = value,
    }
    document
}

fn in_statement(member: &str, value: Value) -> Value {
    with(&format!("/trustPolicies/0/{member}"), value)
}

fn read(document: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(document.to_string().as_bytes())
}

fn refusal(document: &Value) -> PolicyError {
    let error = read(document).expect_err("refused");
    assert!(!error.is_malformed());
    assert!(error.hint().is_some_and(|hint| hint.contains("policy import")));
    error
}

#[test]
fn a_document_is_refused_in_notations_words() {
    let cases = [
        (
            with("/version", Value::Null),
            "trust policy document has empty version, version must be specified",
        ),
        (with("/version", json!("2.0")), r#"trust policy document uses unsupported version "2.0""#),
        (
            with("/trustPolicies", json!([])),
            "trust policy document can not have zero trust policy statements",
        ),
        (
            in_statement("name", Value::Null),
            "trust policy: a trust policy statement is missing a name, every statement requires a name",
        ),
    ];
    for (document, text) in cases {
        assert_eq!(refusal(&document).to_string(), text);
    }
}

#[test]
fn a_member_in_another_case_is_refused_not_passed_over() {
    // passed over, this override would leave authenticity unenforced
    let overridden = json!({"level": "audit", "Override": {"authenticity": "enforce"}});
    let document = in_statement("signatureVerification", overridden);
    let error = read(&document).expect_err("refused");
    assert!(error.to_string().contains(r#"member "Override" must be written "override""#));
    for (name, written) in [
        ("version", "Version"),
        ("trustPolicies", "trustpolicies"),
        ("registryScopes", r"registry\u017fcopes"),
        ("trustedIdentities", "TRUSTEDIDENTITIES"),
    ] {
        let document = self::document().to_string();
        let text = document.replace(&format!("\"{name}\""), &format!("\"{written}\""));
        let error = Policy::from_json(text.as_bytes()).expect_err("refused");
        assert!(error.is_malformed() && error.code() == "trust-policy-json", "{error}");
        assert!(error.to_string().contains("must be written"), "{error}");
    }
    assert!(read(&with("/x", json!({"Name": 1, "OVERRIDE": {}}))).is_ok(), "inside an unknown one");
}

#[test]
fn signature_verification_is_refused_in_notations_words() {
    let with = |value| in_statement("signatureVerification", value);
    let custom = |overrides| with(json!({"level": "strict", "override": overrides}));
    let prefix = r#"trust policy: trust policy statement "p" has invalid signatureVerification: "#;
    let cases = [
        (
            with(Value::Null),
            "signature verification level is empty or missing in the trust policy statement",
        ),
        (with(json!({"level": "hard"})), r#"invalid signature verification level "hard""#),
        (
            with(json!({"level": "skip", "override": {"expiry": "log"}})),
            r#"signature verification level "skip" can't be used to customize signature verification"#,
        ),
        (
            custom(json!({"integrity": "log"})),
            r#""integrity" verification can not be overridden in custom signature verification"#,
        ),
        (
            custom(json!({"x": "log"})),
            r#"verification type "x" in custom signature verification is not supported, supported values are ["integrity" "authenticity" "authenticTimestamp" "expiry" "revocation"]"#,
        ),
        (
            custom(json!({"expiry": "maybe"})),
            r#"verification action "maybe" in custom signature verification is not supported, supported values are ["enforce" "log" "skip"]"#,
        ),
        (
            custom(json!({"expiry": "skip"})),
            r#""expiry" verification can not be skipped in custom signature verification"#,
        ),
        (
            with(json!({"level": "strict", "verifyTimestamp": "never"})),
            r#"verifyTimestamp must be "always" or "afterCertExpiry", but got "never""#,
        ),
    ];
    for (document, text) in cases {
        assert_eq!(refusal(&document).to_string(), format!("{prefix}{text}"));
    }
}

#[test]
fn stores_are_refused_in_notations_words() {
    let skip = {
        let mut document = in_statement("signatureVerification", json!({"level": "skip"}));
        document["trustPolicies"][0]["trustedIdentities"] = json!([]);
        document
    };
    let stores = |value| in_statement("trustStores", json!([value]));
    let cases = [
        (
            skip,
            "is set to skip signature verification but configured with trust stores and/or trusted identities, remove them if signature verification needs to be skipped",
        ),
        (
            in_statement("trustStores", json!([])),
            "is either missing trust stores or trusted identities, both must be specified",
        ),
        (
            in_statement("trustedIdentities", Value::Null),
            "is either missing trust stores or trusted identities, both must be specified",
        ),
        (
            stores("ca"),
            r#"has malformed trust store value "ca". The required format is <TrustStoreType>:<TrustStoreName>"#,
        ),
        (
            stores("root:x"),
            r#"uses an unsupported trust store type "root" in trust store value "root:x""#,
        ),
        (
            stores("CA:x"),
            r#"uses an unsupported trust store type "CA" in trust store value "CA:x""#,
        ),
        (
            stores("ca:a b"),
            r#"uses an unsupported trust store name "a b" in trust store value "ca:a b". Named store name needs to follow [a-zA-Z0-9_.-]+ format"#,
        ),
        (
            stores("ca:.."),
            r#"uses an unsupported trust store name ".." in trust store value "ca:..". Named store name needs to follow [a-zA-Z0-9_.-]+ format"#,
        ),
        (
            stores("ca:."),
            r#"uses an unsupported trust store name "." in trust store value "ca:.". Named store name needs to follow [a-zA-Z0-9_.-]+ format"#,
        ),
    ];
    for (document, text) in cases {
        let expected = format!(r#"trust policy: trust policy statement "p" {text}"#);
        assert_eq!(refusal(&document).to_string(), expected);
    }
}

#[test]
fn identities_are_refused_in_notations_words() {
    let cases = [
        (
            json!(["*", "x509.subject: C=US"]),
            "uses a wildcard trusted identity '*', a wildcard identity cannot be used in conjunction with other values",
        ),
        (json!([""]), "has an empty trusted identity"),
        (json!(["C=US"]), r#"has trusted identity "C=US" missing separator"#),
        (
            json!(["x509.subject:"]),
            r#"has trusted identity "x509.subject:" without an identity value"#,
        ),
        (
            json!(["x509.subject: C=US, ST=WA"]),
            r#"has trusted identity "x509.subject: C=US, ST=WA" with invalid identity value: distinguished name (DN) " C=US, ST=WA" has no mandatory RDN attribute for "O", it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum"#,
        ),
        (
            json!(["x509.subject: C=US, ST=WA, O=a, O=b"]),
            r#"has trusted identity "x509.subject: C=US, ST=WA, O=a, O=b" with invalid identity value: distinguished name (DN) " C=US, ST=WA, O=a, O=b" has duplicate RDN attribute for "O", DN can only have unique RDN attributes"#,
        ),
        (
            json!(["x509.subject: C=US, ST=WA, O=a", "x509.subject: C=US, ST=WA, O=a, CN=b"]),
            r#"has overlapping x509 trustedIdentities, "x509.subject: C=US, ST=WA, O=a" overlaps with "x509.subject: C=US, ST=WA, O=a, CN=b""#,
        ),
        (
            json!(["x509.subject: C=US, ST=WA, O=#abcd"]),
            r##"has trusted identity "x509.subject: C=US, ST=WA, O=#abcd" with invalid identity value: unsupported distinguished name (DN) " C=US, ST=WA, O=#abcd": notation does not support x509.subject identities containing "=#""##,
        ),
        (
            json!(["x509.subject: C=US+ST=WA, O=a"]),
            r#"has trusted identity "x509.subject: C=US+ST=WA, O=a" with invalid identity value: distinguished name (DN) " C=US+ST=WA, O=a" has multi-valued RDN attributes, remove multi-valued RDN attributes as they are not supported"#,
        ),
    ];
    for (identities, text) in cases {
        let document = in_statement("trustedIdentities", identities);
        let expected = format!(r#"trust policy: trust policy statement "p" {text}"#);
        assert_eq!(refusal(&document).to_string(), expected);
    }
    let many: Vec<String> = (0..1001).map(|i| format!("x509.subject:C=US,ST=WA,O={i}")).collect();
    assert!(matches!(
        refusal(&in_statement("trustedIdentities", json!(many))),
        PolicyError::IdentityCount { found: 1001, limit: 1000, .. }
    ));
}

#[test]
fn scopes_are_refused_in_notations_words() {
    let format = "make sure it is a fully qualified repository without the scheme, protocol or tag. For example domain.com/my/repository or a local scope like local/myOCILayout";
    let cases = [
        (json!([]), r#"trust policy statement "p" has zero registry scopes, it must specify registry scopes with at least one value"#.to_owned()),
        (json!(["*", "a.io/b"]), r#"trust policy statement "p" uses wildcard registry scope '*', a wildcard scope cannot be used in conjunction with other scope values"#.to_owned()),
        (json!(["a.io/*"]), format!(r#"registry scope "a.io/*" with wild card(s) is not valid, {format}"#)),
        (json!(["a.io/b:v1"]), format!(r#"registry scope "a.io/b:v1" is not valid, {format}"#)),
        (json!(["https://a.io/b"]), format!(r#"registry scope "https://a.io/b" is not valid, {format}"#)),
        (json!(["a.io"]), format!(r#"registry scope "a.io" is not valid, {format}"#)),
        (json!(["a.io/b", "a.io/b"]), r#"registry scope "a.io/b" is present in multiple trust policy statements, one registry scope value can only be associated with one statement"#.to_owned()),
    ];
    for (scopes, text) in cases {
        assert_eq!(refusal(&in_statement("registryScopes", scopes)).to_string(), text);
    }
}

#[test]
fn the_first_violation_in_notations_order_is_the_one_reported() {
    let mut document = document();
    let statement = document["trustPolicies"][0].clone();
    document["trustPolicies"] = json!([statement, statement]);
    assert_eq!(refusal(&document), PolicyError::NameRepeated("p".into()));
    document["trustPolicies"][1]["name"] = json!("q");
    assert_eq!(refusal(&document), PolicyError::ScopeRepeated("*".into()));
    // scopes come after every statement's other rules
    document["trustPolicies"][0]["registryScopes"] = json!(["bad"]);
    document["trustPolicies"][1]["trustStores"] = json!(["bad"]);
    assert!(matches!(refusal(&document), PolicyError::StoreMalformed { .. }));
}

#[test]
fn every_error_has_a_code_of_the_room() {
    let errors = [
        (PolicyError::Json(String::new()), "trust-policy-json"),
        (PolicyError::TooLarge { found: 2, limit: 1 }, "trust-policy-too-large"),
        (refusal(&with("/version", json!("2"))), "trust-policy-version"),
        (refusal(&with("/trustPolicies", json!([]))), "trust-policy-no-statements"),
        (refusal(&in_statement("name", json!(""))), "trust-policy-name"),
        (refusal(&in_statement("signatureVerification", json!({}))), "trust-policy-level"),
        (refusal(&in_statement("trustStores", json!([]))), "trust-policy-trust"),
        (refusal(&in_statement("trustStores", json!(["ca"]))), "trust-policy-store"),
        (refusal(&in_statement("trustedIdentities", json!([""]))), "trust-policy-identity"),
        (refusal(&in_statement("registryScopes", json!([]))), "trust-policy-scope"),
    ];
    for (error, code) in errors {
        assert_eq!(error.code(), code);
    }
    let timestamp = json!({"level": "strict", "verifyTimestamp": "x"});
    let error = refusal(&in_statement("signatureVerification", timestamp));
    assert_eq!(error.code(), "trust-policy-timestamp");
}

#[test]
fn a_valid_statement_says_what_it_means() {
    let mut document = document();
    document["trustPolicies"][0]["trustStores"] =
        json!(["ca:a", "tsa:t", "ca:b", "ca:a", "signingAuthority:s"]);
    document["trustPolicies"][0]["signatureVerification"] = json!({"level": "strict", "override": {"revocation": "skip"}, "verifyTimestamp": "afterCertExpiry"});
    let policy = read(&document).expect("valid");
    let statement = &policy.statements()[0];
    assert_eq!(statement.name(), "p");
    assert_eq!(statement.level().name(), "custom");
    assert_eq!(statement.level().action(Check::Revocation), Action::Skip);
    assert_eq!(statement.timestamp_rule(), TimestampRule::AfterCertExpiry);
    assert_eq!(statement.stores(StoreType::Ca), ["a", "b"]);
    assert_eq!(statement.stores(StoreType::Tsa), ["t"]);
    assert_eq!(statement.stores(StoreType::SigningAuthority), ["s"]);
    assert!(statement.identities().is_any());
    assert_eq!(statement.scopes(), ["*"]);
}

#[test]
fn an_exact_scope_wins_over_the_wildcard() {
    let mut document = document();
    let mut exact = document["trustPolicies"][0].clone();
    exact["name"] = json!("exact");
    exact["registryScopes"] = json!(["a.io/b", "a.io/c"]);
    exact["signatureVerification"] = json!({"level": "skip"});
    exact["trustStores"] = json!([]);
    exact["trustedIdentities"] = json!([]);
    document["trustPolicies"].as_array_mut().expect("a list").push(exact.clone());
    let policy = read(&document).expect("valid");
    let name = |repository| policy.applicable(repository).map(Statement::name);
    assert_eq!(name("a.io/c"), Some("exact"));
    assert_eq!(name("A.io/c"), Some("p"));
    assert_eq!(name("a.io/d"), Some("p"));
    document["trustPolicies"] = json!([exact]);
    let policy = read(&document).expect("valid");
    assert!(policy.statements()[0].level().is_skip());
    assert_eq!(policy.applicable("a.io/d"), None);
}

#[test]
fn foreign_identity_prefixes_are_left_to_plugins() {
    let document = in_statement("trustedIdentities", json!(["my.plugin:whatever"]));
    assert!(!read(&document).expect("valid").statements()[0].identities().is_any());
}
