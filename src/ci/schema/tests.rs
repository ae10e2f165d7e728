//! What the schemas accept is what the program writes and reads.

use std::collections::BTreeMap;

use super::*;
use crate::ci::report::{
    CheckReport, CredentialsReport, EndingReport, ErrorReport, ImageReport, PluginReport,
    PolicyReport, SignatureReport, SignerReport,
};
use crate::ci::{Draft, Outcome};
use crate::clock::GoDuration;
use crate::registry::Reference;
use crate::revocation::{
    CertificateStatus, Method, RevocationError, RevocationReason, Revoked, ServerAnswer, Status,
};
use time::OffsetDateTime;

/// A report with every field there is.
fn full() -> Report {
    let error = ErrorReport {
        code: "registry-not-found",
        message: "m".into(),
        because: vec!["b".into()],
        hint: Some("h".into()),
    };
    let signer =
        SignerReport { subject: "CN=w".into(), thumbprint: "00".into(), not_after: "t".into() };
    let check = CheckReport {
        check: "revocation",
        action: "log",
        outcome: "failed",
        reason: Some("r".into()),
    };
    let revoked =
        Revoked { at: OffsetDateTime::UNIX_EPOCH, reason: RevocationReason::from_number(1) };
    let server = ServerAnswer {
        method: Method::Crl,
        url: "http://crl.example".into(),
        this_update: None,
        next_update: Some(OffsetDateTime::UNIX_EPOCH),
        result: Err(RevocationError::NoSource),
    };
    let certificate = CertificateStatus {
        subject: "CN=w".into(),
        status: Status::Revoked(revoked),
        servers: vec![server],
        problem: Some(RevocationError::NoSource),
    };
    let image = ImageReport {
        tags: vec!["r.io/a:v1".into()],
        digest: Some("sha256:0".into()),
        outcome: Outcome::Failed,
        signature: Some("sha256:1".into()),
        signer: Some(signer.clone()),
        key: Some("k".into()),
        credentials: Some(CredentialsReport { registry: "r".into(), vault: Some("v".into()) }),
        expiry: Some("t".into()),
        signed_again: Some("a".into()),
        revocation: vec![(&certificate).into()],
        timestamp: Some("t".into()),
        policy: Some(PolicyReport { name: "p".into(), level: "strict" }),
        signatures: vec![SignatureReport {
            digest: "sha256:1".into(),
            outcome: Outcome::Failed,
            signer: Some(signer),
            checks: vec![check],
            revocation: vec![(&certificate).into()],
            plugin: Some(PluginReport {
                name: "x".into(),
                version: "1.0.0".into(),
                decided: vec!["SIGNATURE_VERIFIER.TRUSTED_IDENTITY"],
            }),
            error: Some(error.clone()),
        }],
        user_metadata: BTreeMap::from([("a".into(), "b".into())]),
        warnings: vec!["w".into()],
        endings: vec![EndingReport {
            code: "crl-ends",
            what: "CRL",
            subject: "http://crl.example".into(),
            ends: "t".into(),
            message: "m".into(),
        }],
        error: Some(error.clone()),
        ..ImageReport::rehearsed(&Reference::parse("r.io/a:v1").unwrap())
    };
    let mut report = Report::of("verify", vec![image], Outcome::Skipped);
    report.not_checked.push("n".into());
    report.warnings.push("w".into());
    report.error = Some(error);
    report
}

/// Every object inside of a value, by its JSON pointer.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(pointer.to_owned());
            fields.iter().for_each(|(k, v)| objects(v, &format!("{pointer}/{k}"), found));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(i, v)| objects(v, &format!("{pointer}/{i}"), found));
        }
        _ => {}
    }
}

#[test]
fn the_fullest_and_the_emptiest_report_are_valid_and_no_key_is_unknown() {
    let schema = jsonschema::validator_for(&report_schema()).unwrap();
    for command in COMMANDS.map(Command::name).into_iter().chain(["run"]) {
        let empty = serde_json::to_value(Report::of(command, Vec::new(), Outcome::Skipped));
        assert!(schema.is_valid(&empty.unwrap()), "{command}");
    }
    let full = serde_json::to_value(full()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&full).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());

    let mut pointers = Vec::new();
    objects(&full, "", &mut pointers);
    assert_eq!(pointers.len(), 18, "{pointers:?}");
    for pointer in pointers.iter().filter(|p| !p.ends_with("userMetadata")) {
        let mut other = full.clone();
        other.pointer_mut(pointer).unwrap()["surprise"] = json!("x");
        assert!(!schema.is_valid(&other), "{pointer}");
    }
}

#[test]
fn a_report_of_another_version_or_with_another_word_is_refused() {
    let schema = jsonschema::validator_for(&report_schema()).unwrap();
    let full = serde_json::to_value(full()).unwrap();
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/command", json!("publish")),
        ("/outcome", json!("good")),
        ("/images/0/outcome", json!(null)),
        ("/images/0/digest", json!(null)),
        ("/images/0/signatures/0/checks/0/check", json!("taste")),
        ("/images/0/signatures/0/checks/0/action", json!("warn")),
        ("/images/0/signatures/0/plugin/decided/0", json!("SIGNATURE_GENERATOR.RAW")),
        ("/images/0/signatures/0/checks/0/outcome", json!("signed")),
    ] {
        let mut other = full.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&other), "{pointer}");
    }
}

#[test]
fn what_the_fields_mean_and_which_are_always_there_is_said() {
    let schema = report_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let image = &schema["$defs"]["ImageReport"];
    assert_eq!(image["required"], json!(["image", "outcome"]));
    for field in ["key", "userMetadata", "signature"] {
        assert!(image["properties"][field]["description"].is_string(), "{field}");
    }
}

#[test]
fn the_configuration_has_every_input_but_itself() {
    let schema = config_schema();
    for input in INPUTS {
        let key = &schema["properties"][input.name];
        if input.name == "config" {
            assert!(key.is_null());
            continue;
        }
        assert_eq!(key["description"], input.description);
        let default = match (input.default, input.shape) {
            (None, _) => Value::Null,
            (Some(truth), Shape::Truth) => json!(truth.parse::<bool>().unwrap()),
            (Some(text), _) => json!(text),
        };
        assert_eq!(key["default"], default, "{}", input.name);
    }
    assert_eq!(schema["properties"].as_object().unwrap().len(), INPUTS.len() - 1);
    let command = &schema["properties"]["command"]["anyOf"][0]["enum"];
    assert_eq!(command, &json!(["sign", "verify", "login", "setup", "doctor"]));
}

/// What the schema says to a YAML text, and what the program says.
fn judged(text: &str) -> (bool, bool) {
    let schema = jsonschema::validator_for(&config_schema()).unwrap();
    let value: Value = serde_yaml::from_str(text).unwrap();
    (schema.is_valid(&value), Draft::from_yaml("f", text).is_ok())
}

#[test]
fn the_schema_accepts_the_files_that_the_program_reads() {
    for text in [
        "",
        "command: sign\nimages: r.io/a:v1, r.io/b:v1\n",
        "images:\n  - r.io/a:v1\n  - r.io/b:v1\n",
        "images: |\n  r.io/a:v1\n  r.io/b:v1\n",
        "user-metadata:\n  build: 42\n  on: main\n  green: true\n  version: '1.10'\n",
        "user-metadata: |\n  build=42\n",
        "user-metadata:\n  - build=42\n",
        "trusted-certificates:\n  ca:a: root.crt\n  tsa:b.c_d-e:\n    - one.crt\n    - \"-----BEGIN\\nA\"\n",
        "trusted-certificates: |\n  ca:a=root.crt\n",
        "trusted-certificates: ['ca:a=root.crt']\ninstall-as-notation: true\n",
        "dry-run: true\nself-signed: 'False'\nforce-referrers-tag:\n",
        "expiry: 720h\ntimeout: 1h30m\nkey: 7\njunit: out/junit.xml\n",
    ] {
        assert_eq!(judged(text), (true, true), "{text}");
    }
}

#[test]
fn the_schema_refuses_what_the_program_refuses() {
    for text in [
        "image: r.io/a:v1\n",
        "config: other.yml\n",
        "images: [[a]]\n",
        "images: [null]\n",
        "user-metadata:\n  a: 1.25\n",
        "user-metadata:\n  a: \"b\\nc=d\"\n",
        "key: 1.25\n",
        "trusted-certificates: 7\n",
        "trusted-certificates:\n  ca:a: {b: c}\n",
        "trusted-certificates:\n  ca:a: [[root.crt]]\n",
        "[a]",
        "a text",
    ] {
        assert_eq!(judged(text), (false, false), "{text}");
    }
}

#[test]
fn the_schema_knows_words_and_durations_which_the_file_alone_does_not() {
    for text in [
        "command: publish\n",
        "dry-run: maybe\n",
        "expiry: 1d\n",
        "key: [a]\n",
        "trusted-certificates:\n  root: a.crt\n",
    ] {
        assert_eq!(judged(text), (false, true), "{text}");
    }
    for text in ["24h", "1h30m", "1.5h", ".5h", "90s", "+1m", "1d", "10", "h", "", "-1h", "1 h"] {
        let positive = GoDuration::parse(text).is_ok_and(|d| d.to_std().is_some());
        assert_eq!(judged(&format!("expiry: '{text}'\n")).0, positive, "{text}");
    }
}
