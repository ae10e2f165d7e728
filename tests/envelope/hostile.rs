//! Hostile bytes: refused soon, without much memory, without panic.

use sealwright::envelope::{ENVELOPE_LIMIT, FORMATS, Format};
use sealwright::x509::CHAIN_LIMIT;
use serde_json::json;

use crate::forge::{Cose, Jws, array, bytes, int, map, read, refused, tag, text};

#[test]
fn an_envelope_beyond_the_limit_is_not_looked_at() {
    let huge = vec![b'.'; usize::try_from(ENVELOPE_LIMIT).unwrap() + 1];
    for format in FORMATS {
        refused(format, &huge, "envelope-too-large", "one byte too many");
    }
}

#[test]
fn noise_is_refused() {
    let dots = vec![b'.'; 1_000_000];
    let brackets = vec![b'['; 1_000_000];
    let arrays = vec![0x84; 1_000_000];
    for noise in [&b""[..], b"\x00", b"{}", b"[]", b"null", &dots, &brackets, &arrays] {
        for format in FORMATS {
            assert!(read(format, noise).is_err());
        }
    }
}

#[test]
fn every_beginning_of_an_envelope_is_refused() {
    let (jws, cose) = (Jws::good().seal(), Cose::good().seal());
    for length in 0..jws.len() {
        assert!(read(Format::Jws, &jws.as_bytes()[..length]).is_err(), "{length}");
    }
    for length in 0..cose.len() {
        assert!(read(Format::Cose, &cose[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_million_dots_in_a_jws_are_refused() {
    let dots = ".".repeat(1_000_000);
    let envelope = Jws::good().seal();
    let with_dots = envelope.replacen("\"payload\":\"", &format!("\"payload\":\"{dots}"), 1);
    refused(Format::Jws, with_dots.as_bytes(), "envelope-base64", "dots in the payload");
    let with_dots = envelope.replacen("\"protected\":\"", &format!("\"protected\":\"{dots}"), 1);
    refused(Format::Jws, with_dots.as_bytes(), "envelope-base64", "dots in the header");
}

#[test]
fn deep_json_is_refused_in_every_part() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let outer = Jws::good().seal().replacen('{', &format!("{{\"x\":{deep},"), 1);
    refused(Format::Jws, outer.as_bytes(), "envelope-too-deep", "outer object");
    let with_deep = |object: String| object.replacen('{', &format!("{{\"x\":{deep},"), 1);
    let good = Jws::good();
    Jws { header: with_deep(good.header), ..Jws::good() }
        .refused("envelope-too-deep", "unprotected header");
    Jws { protected: with_deep(good.protected), ..Jws::good() }
        .refused("envelope-too-deep", "protected header");
    Jws { payload: with_deep(good.payload), ..Jws::good() }.refused("envelope-too-deep", "payload");
}

#[test]
fn deep_cbor_is_refused_in_both_headers() {
    let deep = [vec![0x81; 100_000], vec![0x00]].concat();
    Cose::with(int(99), deep.clone()).refused("envelope-too-deep", "protected header");
    Cose::with_unprotected(int(99), deep).refused("envelope-too-deep", "unprotected header");
}

#[test]
fn very_many_values_are_refused() {
    let many = array(vec![vec![0x00]; 100_000]);
    Cose::with(int(99), many.clone()).refused("envelope-too-many-values", "protected header");
    Cose::with_unprotected(int(99), many).refused("envelope-too-many-values", "unprotected");
    Jws::with("x", json!(vec![0; 100_000])).refused("envelope-too-many-values", "protected header");
}

#[test]
fn very_many_certificates_are_refused() {
    let chain = array(vec![bytes(b"\x30\x00"); CHAIN_LIMIT + 1]);
    Cose::with_unprotected(int(33), chain).refused("envelope-chain-too-long", "x5chain");
    let header = json!({ "x5c": vec!["MAA="; CHAIN_LIMIT + 1] }).to_string();
    Jws { header, ..Jws::good() }.refused("envelope-chain-too-long", "x5c");
}

#[test]
fn lengths_beyond_the_bytes_are_refused() {
    for head in [b"\x5b", b"\x7b", b"\x9b", b"\xbb"] {
        let huge = [&head[..], &[0x7f], &[0xff; 7]].concat();
        Cose::with_unprotected(int(99), huge.clone()).refused("envelope-unparsable", "unprotected");
        let envelope = [&b"\xd2\x84"[..], &huge].concat();
        refused(Format::Cose, &envelope, "envelope-unparsable", "first item");
    }
}

#[test]
fn a_cose_envelope_of_another_shape_is_refused() {
    let good = Cose::good();
    let protected = bytes(&map(&good.protected));
    let items = |payload: Vec<u8>| {
        vec![protected.clone(), map(&good.unprotected), payload, bytes(&[1; 64])]
    };
    let sealed = good.seal();
    for (envelope, code, why) in [
        (sealed[1..].to_vec(), "envelope-untagged", "untagged"),
        (tag(98, array(items(good.payload.clone()))), "envelope-untagged", "COSE_Sign"),
        ([vec![0xd8, 18], sealed[1..].to_vec()].concat(), "envelope-untagged", "a wider tag"),
        ([vec![0xd2, 0x98, 4], sealed[2..].to_vec()].concat(), "envelope-untagged", "wider array"),
        (
            [vec![0xd2, 0x9f], sealed[2..].to_vec(), vec![0xff]].concat(),
            "envelope-untagged",
            "indefinite",
        ),
        (
            tag(18, array(items(good.payload.clone())[..3].to_vec())),
            "envelope-untagged",
            "three items",
        ),
        ([sealed.clone(), vec![0x00]].concat(), "envelope-unparsable", "trailing byte"),
        (tag(18, tag(18, array(items(good.payload.clone())))), "envelope-untagged", "tagged twice"),
        (tag(18, array(items(vec![0xf6]))), "envelope-payload-detached", "detached"),
        (tag(18, array(items(vec![0xf7]))), "envelope-payload-detached", "undefined"),
        (tag(18, array(items(text("{}")))), "envelope-unparsable", "payload as text"),
        (tag(18, array(items(tag(24, bytes(b"{}"))))), "envelope-unparsable", "payload tagged"),
        (
            tag(18, array(items([vec![0x5f], bytes(b"{}"), vec![0xff]].concat()))),
            "envelope-unparsable",
            "payload in chunks",
        ),
    ] {
        refused(Format::Cose, &envelope, code, why);
    }
}

#[test]
fn an_empty_signature_or_payload_is_refused() {
    let good = Cose::good();
    let protected = bytes(&map(&good.protected));
    let envelope = |payload: &[u8], signature: &[u8]| {
        let items =
            vec![protected.clone(), map(&good.unprotected), bytes(payload), bytes(signature)];
        tag(18, array(items))
    };
    refused(Format::Cose, &envelope(b"{}", b""), "envelope-signature-missing", "COSE");
    refused(Format::Cose, &envelope(b"", b"x"), "envelope-payload-missing", "COSE");
    let jws = |payload: &str, signature: &str| {
        format!(
            r#"{{"payload":"{payload}","protected":"e30","header":{{"x5c":["MAA="]}},"signature":"{signature}"}}"#
        )
    };
    refused(Format::Jws, jws("e30", "").as_bytes(), "envelope-signature-missing", "JWS");
    refused(Format::Jws, jws("", "AAAA").as_bytes(), "envelope-payload-missing", "JWS");
}
