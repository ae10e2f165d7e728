//! What a COSE_Sign1 may not be.

use sealwright::crypto::Suite;

use crate::forge::{Cose, array, bytes, float, int, map, tag, text};
use crate::pki::{self, Length};

const SCHEME: &str = "io.cncf.notary.signingScheme";
const TIME: &str = "io.cncf.notary.signingTime";
const AUTHENTIC: &str = "io.cncf.notary.authenticSigningTime";
const EXPIRY: &str = "io.cncf.notary.expiry";

const REMOVE: Vec<u8> = Vec::new();

fn now() -> Vec<u8> {
    tag(1, int(1_735_689_600))
}

#[test]
fn labels_must_be_there_with_their_types() {
    for (label, name) in [(int(1), "alg"), (int(3), "content type"), (text(SCHEME), SCHEME)] {
        Cose::with(label, REMOVE).refused("envelope-member-missing", name);
    }
    for label in [int(3), text(SCHEME)] {
        Cose::with(label.clone(), int(1)).refused("envelope-member-type", "an integer");
        Cose::with(label, bytes(b"notary.x509")).refused("envelope-member-type", "bytes");
    }
}

#[test]
fn a_label_twice_is_refused_in_both_headers() {
    let code = "envelope-duplicate-member";
    let mut cose = Cose::good();
    cose.protected.push((text(SCHEME), text("notary.x509")));
    cose.refused(code, "protected, text");
    let mut cose = Cose::good();
    cose.protected.push((vec![0x18, 0x01], int(-7)));
    cose.refused(code, "protected, alg in a wider form");
    let mut cose = Cose::good();
    cose.unprotected.push(cose.unprotected[0].clone());
    cose.refused(code, "unprotected, x5chain");
}

#[test]
fn indefinite_lengths_are_refused_everywhere() {
    let code = "envelope-unparsable";
    let scheme = text(SCHEME);
    let open = |head: u8, inner: Vec<u8>| [vec![head], inner, vec![0xff]].concat();
    Cose::with(int(2), open(0x9f, scheme.clone())).refused(code, "crit");
    Cose::with(text(SCHEME), open(0x7f, text("notary.x509"))).refused(code, "scheme");
    Cose::with(text("x"), open(0xbf, Vec::new())).refused(code, "extended attribute");
    let chain = pki::chain(Suite::EcdsaP256, Length::Two);
    let list = chain.iter().map(|der| bytes(der)).collect::<Vec<_>>().concat();
    Cose::with_unprotected(int(33), open(0x9f, list)).refused(code, "x5chain");
}

#[test]
fn tags_are_refused_in_the_unprotected_header() {
    let chain = pki::chain(Suite::EcdsaP256, Length::Two);
    let list = array(chain.iter().map(|der| bytes(der)).collect());
    Cose::with_unprotected(int(33), tag(1, list)).refused("envelope-unparsable", "x5chain");
    let agent = text("io.cncf.notary.signingAgent");
    Cose::with_unprotected(agent, tag(1, int(1))).refused("envelope-unparsable", "agent");
}

#[test]
fn an_integer_has_one_form() {
    // RFC 8949 section 3.4.3: -7, 3 and 1735689600 as bignums
    let code = "envelope-unparsable";
    for bytes_of_6 in [&[6][..], &[0, 0, 6], &[&[0; 20][..], &[6]].concat()] {
        Cose::with(int(1), tag(3, bytes(bytes_of_6))).refused(code, "alg");
    }
    Cose::with(text(TIME), tag(1, tag(2, bytes(&[0x67, 0x74, 0x85, 0x80])))).refused(code, "time");
    let crit = array(vec![text(SCHEME), tag(2, bytes(&[3]))]);
    Cose::with(int(2), crit).refused(code, "crit");
}

#[test]
fn headers_must_be_maps_of_integer_and_text_labels() {
    let code = "envelope-unparsable";
    Cose::with(bytes(b"x"), int(1)).refused(code, "bytes as label");
    Cose::with(vec![0xf5], int(1)).refused(code, "true as label");
    Cose::with([vec![0x1b], vec![0xff; 8]].concat(), int(1)).refused(code, "label beyond 64 bits");
    Cose::with_unprotected(int(2), array(vec![int(33)])).refused(code, "crit unprotected");
    let good = Cose::good();
    let items = |protected: Vec<u8>, unprotected: Vec<u8>| {
        tag(18, array(vec![protected, unprotected, bytes(b"{}"), bytes(b"x")]))
    };
    for (protected, unprotected, why) in [
        (bytes(&array(vec![])), map(&good.unprotected), "protected: array"),
        (bytes(b""), map(&good.unprotected), "protected: empty"),
        (map(&good.protected), map(&good.unprotected), "protected: not wrapped"),
        (bytes(&[map(&good.protected), vec![0]].concat()), map(&good.unprotected), "trailing"),
        (bytes(&map(&good.protected)), array(vec![]), "unprotected: array"),
        (bytes(&map(&good.protected)), vec![0xf6], "unprotected: null"),
    ] {
        let envelope = items(protected, unprotected);
        crate::forge::refused(sealwright::envelope::Format::Cose, &envelope, code, why);
    }
}

#[test]
fn the_chain_must_be_an_array_of_byte_strings() {
    let chain = pki::chain(Suite::EcdsaP256, Length::SelfSigned);
    for (x5chain, code) in [
        (REMOVE, "envelope-chain-missing"),
        (array(vec![]), "envelope-chain-missing"),
        (bytes(&chain[0]), "envelope-chain-missing"),
        (array(vec![text("x")]), "envelope-member-type"),
        (array(vec![bytes(&chain[0]), int(1)]), "envelope-member-type"),
    ] {
        Cose::with_unprotected(int(33), x5chain).refused(code, "x5chain");
    }
    let mut protected_only = Cose::with(int(33), array(vec![bytes(&chain[0])]));
    protected_only.unprotected.remove(0);
    protected_only.refused("envelope-chain-missing", "in the protected header");
}

#[test]
fn schemes_and_their_times_must_agree() {
    let authority = text("notary.x509.signingAuthority");
    Cose::with(text(SCHEME), text("notary.x509.other"))
        .refused("envelope-scheme-unsupported", "scheme");
    Cose::with(text(AUTHENTIC), now()).refused("envelope-time-forbidden", "both times");
    Cose::with(text(TIME), REMOVE).refused("envelope-time-missing", "no time");
    Cose::with_all([(text(SCHEME), authority.clone()), (text(AUTHENTIC), now())])
        .refused("envelope-time-forbidden", "both times");
    Cose::with_all([(text(SCHEME), authority), (text(TIME), REMOVE)])
        .refused("envelope-time-missing", "no time");
}

#[test]
fn times_must_be_tag_1_and_in_range() {
    for (time, why) in [
        (int(1_735_689_600), "untagged"),
        (text("2025-01-01T00:00:00Z"), "text"),
        (tag(0, text("2025-01-01T00:00:00Z")), "tag 0"),
        (tag(5, int(1_735_689_600)), "tag 5"),
        (tag(1, text("2025-01-01T00:00:00Z")), "tag 1 of a text"),
        (tag(1, tag(1, int(1))), "tag 1 twice"),
        (tag(1, float(f64::NAN)), "not a number"),
        (tag(1, float(f64::INFINITY)), "infinite"),
        (tag(1, vec![0xf9, 0x7c, 0x00]), "infinite in half precision"),
        (tag(1, float(1e300)), "float out of range"),
        (tag(1, int(253_402_300_800)), "the year 10000"),
        (tag(1, int(-62_135_596_800)), "the year 1"),
        (tag(1, int(i64::MAX)), "the last second"),
        (tag(1, int(i64::MIN)), "the first second"),
        (tag(1, [vec![0x1b], vec![0xff; 8]].concat()), "beyond 64 bits"),
        (vec![0xf6], "null"),
    ] {
        Cose::with(text(TIME), time.clone()).refused("envelope-time-invalid", why);
        let crit = array(vec![text(SCHEME), text(EXPIRY)]);
        Cose::with_all([(text(EXPIRY), time), (int(2), crit)])
            .refused("envelope-time-invalid", why);
    }
}

#[test]
fn expiry_must_follow_the_signing_time() {
    let crit = array(vec![text(SCHEME), text(EXPIRY)]);
    for expiry in [now(), tag(1, int(0)), tag(1, float(1_735_689_599.5))] {
        Cose::with_all([(text(EXPIRY), expiry), (int(2), crit.clone())])
            .refused("envelope-expiry-order", "expiry");
    }
}

#[test]
fn crit_lists_what_it_must_and_only_what_is_there() {
    let scheme = || text(SCHEME);
    for (crit, code, why) in [
        (REMOVE, "envelope-crit-missing", "absent"),
        (array(vec![]), "envelope-crit-missing", "empty"),
        (scheme(), "envelope-crit-type", "a text"),
        (array(vec![scheme(), bytes(b"x")]), "envelope-crit-type", "bytes in it"),
        (array(vec![scheme(), float(1.0)]), "envelope-crit-type", "a float in it"),
        (array(vec![scheme(), text("absent")]), "envelope-crit-unknown", "an absent text"),
        (array(vec![scheme(), int(99)]), "envelope-crit-unknown", "an absent integer"),
        (array(vec![scheme(), text(EXPIRY)]), "envelope-crit-unknown", "absent expiry"),
        (array(vec![scheme(), int(33)]), "envelope-crit-unknown", "an unprotected label"),
        (array(vec![int(1)]), "envelope-crit-unlisted", "scheme not listed"),
    ] {
        Cose::with(int(2), crit).refused(code, why);
    }
    let later = tag(1, int(1_735_776_000));
    Cose::with(text(EXPIRY), later).refused("envelope-crit-unlisted", "expiry");
    Cose::with_all([
        (text(SCHEME), text("notary.x509.signingAuthority")),
        (text(TIME), REMOVE),
        (text(AUTHENTIC), now()),
    ])
    .refused("envelope-crit-unlisted", "authentic signing time");
}
