//! What a JWS may not be.

use sealwright::envelope::Format;
use serde_json::{Value, json};

use crate::forge::{Jws, jws_protected, read, refused};

const SCHEME: &str = "io.cncf.notary.signingScheme";
const TIME: &str = "io.cncf.notary.signingTime";
const AUTHENTIC: &str = "io.cncf.notary.authenticSigningTime";
const EXPIRY: &str = "io.cncf.notary.expiry";

#[test]
fn members_must_be_there_under_their_exact_names() {
    let good = Jws::good().seal();
    for name in ["payload", "protected", "header", "signature"] {
        for other in [name.to_uppercase(), format!("{name}s")] {
            let envelope = good.replacen(&format!("\"{name}\":"), &format!("\"{other}\":"), 1);
            refused(Format::Jws, envelope.as_bytes(), "envelope-member-missing", &other);
        }
        let envelope: Value = serde_json::from_str(&good).unwrap();
        let mut envelope = envelope.clone();
        envelope[name] = json!(1);
        let bytes = envelope.to_string();
        refused(Format::Jws, bytes.as_bytes(), "envelope-member-type", name);
    }
    for name in ["alg", "cty", SCHEME] {
        Jws::with(name, Value::Null).refused("envelope-member-missing", name);
        Jws::with(name, json!(1)).refused("envelope-member-type", name);
    }
    let header = Jws::good().header.replace("x5c", "X5c");
    Jws { header, ..Jws::good() }.refused("envelope-chain-missing", "X5c");
}

#[test]
fn a_member_twice_is_refused_in_every_part() {
    let code = "envelope-duplicate-member";
    let twice = |object: &str, name: &str| object.replacen('{', &format!("{{\"{name}\":0,"), 1);
    let good = Jws::good();
    for name in ["payload", "header", "signature"] {
        refused(Format::Jws, twice(&good.seal(), name).as_bytes(), code, name);
    }
    Jws { header: twice(&good.header, "x5c"), ..Jws::good() }.refused(code, "header");
    Jws { protected: twice(&good.protected, "alg"), ..Jws::good() }.refused(code, "protected");
    Jws { protected: twice(&good.protected, "al\\u0067"), ..Jws::good() }.refused(code, "escaped");
    Jws { payload: twice(&good.payload, "targetArtifact"), ..Jws::good() }.refused(code, "payload");
    let nested = Jws::good().protected.replacen('{', r#"{"x":[{"a":1,"a":2}],"#, 1);
    Jws { protected: nested, ..Jws::good() }.refused(code, "nested");
}

#[test]
fn base64_is_strict() {
    let good = Jws::good().seal();
    let value: Value = serde_json::from_str(&good).unwrap();
    for name in ["payload", "protected", "signature"] {
        let text = value[name].as_str().unwrap();
        let loose_bits = format!("{}QR", &text[..text.len() - text.len() % 4]);
        for (changed, why) in [
            (format!("{text}="), "padded"),
            (format!("{text}\n"), "line break"),
            (format!("\r\n{text}"), "line break"),
            (format!("{text} "), "space"),
            (format!("{text}."), "dot"),
            (format!("+{}", &text[1..]), "standard alphabet"),
            (loose_bits, "loose trailing bits"),
        ] {
            let mut envelope = value.clone();
            envelope[name] = json!(changed);
            let why = format!("{name}: {why}");
            refused(Format::Jws, envelope.to_string().as_bytes(), "envelope-base64", &why);
        }
    }
    let x5c = |text: &str| Jws { header: json!({ "x5c": [text] }).to_string(), ..Jws::good() };
    for text in ["MAA", "MAB=", "MA A=", "MAA=\n", "-_8=", "MAA=="] {
        x5c(text).refused("envelope-base64", text);
    }
    let header: Value = serde_json::from_str(&Jws::good().header).unwrap();
    let mut header = header.clone();
    header["io.cncf.notary.timestampSignature"] = json!("MAB=");
    Jws { header: header.to_string(), ..Jws::good() }.refused("envelope-base64", "timestamp");
}

#[test]
fn the_chain_must_be_an_array_of_strings() {
    for (x5c, code) in [
        (json!([]), "envelope-chain-missing"),
        (Value::Null, "envelope-chain-missing"),
        (json!("MAA="), "envelope-member-type"),
        (json!([1]), "envelope-member-type"),
    ] {
        let header = json!({ "x5c": x5c }).to_string();
        Jws { header: header.clone(), ..Jws::good() }.refused(code, &header);
    }
    Jws { header: "{}".into(), ..Jws::good() }.refused("envelope-chain-missing", "absent");
}

#[test]
fn parts_must_be_json_objects() {
    for text in ["[]", "1", "", "{} ,", "\u{feff}{}"] {
        Jws { protected: text.into(), ..Jws::good() }.refused("envelope-unparsable", text);
    }
    refused(Format::Jws, b"[]", "envelope-unparsable", "outer");
    let trailing = format!("{}x", Jws::good().seal());
    refused(Format::Jws, trailing.as_bytes(), "envelope-unparsable", "trailing byte");
}

#[test]
fn schemes_and_their_times_must_agree() {
    let time = json!("2025-01-01T00:00:00Z");
    let authority = json!("notary.x509.signingAuthority");
    Jws::with(SCHEME, json!("notary.x509.other")).refused("envelope-scheme-unsupported", "scheme");
    Jws::with(AUTHENTIC, time.clone()).refused("envelope-time-forbidden", "both times");
    Jws::with(TIME, Value::Null).refused("envelope-time-missing", "no time");
    Jws::with_all([(SCHEME, authority.clone()), (AUTHENTIC, time.clone())])
        .refused("envelope-time-forbidden", "both times");
    Jws::with_all([(SCHEME, authority), (TIME, Value::Null)])
        .refused("envelope-time-missing", "no time");
    let error = read(Format::Jws, Jws::with(AUTHENTIC, time).seal().as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"io.cncf.notary.authenticSigningTime\" header must not be present for notary.x509 signing scheme"
    );
}

#[test]
fn times_must_be_rfc_3339() {
    for time in [
        json!(1_735_689_600),
        json!("2025-01-01"),
        json!("2025-01-01T00:00:00"),
        json!("2025-01-01 00:00:00Z"),
        json!("2025-01-01t00:00:00Z"),
        json!("2025-01-01T00:00:00z"),
        json!("2025-01-01T00:00:00,5Z"),
        json!("2016-12-31T23:59:60Z"),
        json!("2025-13-01T00:00:00Z"),
        json!("Wed, 01 Jan 2025 00:00:00 GMT"),
        json!("0001-01-01T00:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59-23:59"),
    ] {
        Jws::with(TIME, time.clone()).refused("envelope-time-invalid", &time.to_string());
        let crit = json!([SCHEME, EXPIRY]);
        Jws::with_all([(EXPIRY, time.clone()), ("crit", crit)])
            .refused("envelope-time-invalid", &time.to_string());
    }
}

#[test]
fn expiry_must_follow_the_signing_time() {
    let crit = json!([SCHEME, EXPIRY]);
    for expiry in ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00", "2024-12-31T23:59:59Z"] {
        Jws::with_all([(EXPIRY, json!(expiry)), ("crit", crit.clone())])
            .refused("envelope-expiry-order", expiry);
    }
}

#[test]
fn crit_lists_what_it_must_and_no_more() {
    let expiry = json!("2025-01-02T00:00:00Z");
    for (crit, code) in [
        (Value::Null, "envelope-crit-missing"),
        (json!([]), "envelope-crit-missing"),
        (json!("io.cncf.notary.signingScheme"), "envelope-crit-type"),
        (json!([SCHEME, 1]), "envelope-crit-type"),
        (json!([SCHEME, "absent"]), "envelope-crit-unknown"),
        (json!([SCHEME, SCHEME]), "envelope-crit-unknown"),
        (json!([SCHEME, "alg"]), "envelope-crit-unknown"),
        (json!([SCHEME, "cty"]), "envelope-crit-unknown"),
        (json!([SCHEME, "crit"]), "envelope-crit-unknown"),
        (json!([SCHEME, TIME]), "envelope-crit-unknown"),
        (json!([SCHEME, EXPIRY]), "envelope-crit-unknown"),
    ] {
        Jws::with("crit", crit.clone()).refused(code, &crit.to_string());
    }
    Jws::with_all([("crit", json!(["x"])), ("x", json!(1))])
        .refused("envelope-crit-unlisted", "scheme");
    Jws::with(EXPIRY, expiry).refused("envelope-crit-unlisted", "expiry");
    Jws::with_all([
        (SCHEME, json!("notary.x509.signingAuthority")),
        (TIME, Value::Null),
        (AUTHENTIC, json!("2025-01-01T00:00:00Z")),
    ])
    .refused("envelope-crit-unlisted", "authentic signing time");
    let mut protected = jws_protected();
    protected[EXPIRY] = json!("2025-01-02T00:00:00Z");
    let envelope = Jws { protected: protected.to_string(), ..Jws::good() }.seal();
    let error = read(Format::Jws, envelope.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "these required headers are not marked as critical: [io.cncf.notary.expiry]"
    );
}
