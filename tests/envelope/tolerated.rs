//! What other signers may write and we read.

use sealwright::envelope::{Attribute, AttributeKey, Scheme};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::forge::{Cose, Jws, array, bytes, float, int, map, tag, text};
use crate::pki::NOW;

const SCHEME: &str = "io.cncf.notary.signingScheme";
const TIME: &str = "io.cncf.notary.signingTime";
const AUTHENTIC: &str = "io.cncf.notary.authenticSigningTime";
const EXPIRY: &str = "io.cncf.notary.expiry";
const AGENT: &str = "io.cncf.notary.signingAgent";
const TIMESTAMP: &str = "io.cncf.notary.timestampSignature";

fn attribute(key: &str, value: Value, critical: bool) -> Attribute {
    Attribute { key: AttributeKey::Text(key.into()), value, critical }
}

#[test]
fn jws_times_may_have_offsets_and_fractions() {
    for (text, time) in [
        ("2025-01-01T02:00:00+02:00", NOW),
        ("2024-12-31T14:30:00-09:30", NOW),
        ("2025-01-01T00:00:00.25Z", datetime!(2025-01-01 0:00:00.25 UTC)),
    ] {
        let intact = Jws::with(TIME, json!(text)).accepted();
        assert_eq!(intact.scheme(), Scheme::X509 { signing_time: time }, "{text}");
    }
}

#[test]
fn cose_times_may_be_floats() {
    let intact = Cose::with(text(TIME), tag(1, float(1_735_689_600.5))).accepted();
    let signing_time = datetime!(2025-01-01 0:00:00.5 UTC);
    assert_eq!(intact.scheme(), Scheme::X509 { signing_time });
    let intact = Cose::with(text(TIME), tag(1, float(-0.5))).accepted();
    let signing_time = datetime!(1969-12-31 23:59:59.5 UTC);
    assert_eq!(intact.scheme(), Scheme::X509 { signing_time });
}

#[test]
fn a_signing_authoritys_envelope_is_read() {
    let scheme = Scheme::SigningAuthority { authentic_signing_time: NOW };
    let jws = Jws::with_all([
        (SCHEME, json!("notary.x509.signingAuthority")),
        (TIME, Value::Null),
        (AUTHENTIC, json!("2025-01-01T00:00:00Z")),
        (EXPIRY, json!("2025-01-02T00:00:00Z")),
        ("crit", json!([EXPIRY, AUTHENTIC, SCHEME])),
    ])
    .accepted();
    assert_eq!((jws.scheme(), jws.scheme().name()), (scheme, "notary.x509.signingAuthority"));
    assert_eq!(jws.expiry(), Some(datetime!(2025-01-02 0:00 UTC)));
    let cose = Cose::with_all([
        (text(SCHEME), text("notary.x509.signingAuthority")),
        (text(TIME), Vec::new()),
        (text(AUTHENTIC), tag(1, int(1_735_689_600))),
        (text(EXPIRY), tag(1, int(1_735_776_000))),
        (int(2), array(vec![text(EXPIRY), text(AUTHENTIC), text(SCHEME)])),
    ])
    .accepted();
    assert_eq!((cose.scheme(), cose.expiry()), (jws.scheme(), jws.expiry()));
}

#[test]
fn extended_attributes_keep_their_order_and_say_whether_they_are_critical() {
    let mut jws = Jws::with("crit", json!([SCHEME, "b"]));
    jws.protected = jws.protected.replacen('{', r#"{"b":{"z":[1]},"a":"x","#, 1);
    assert_eq!(
        jws.accepted().attributes(),
        [attribute("b", json!({"z": [1]}), true), attribute("a", json!("x"), false)]
    );
    let crit = array(vec![text(SCHEME), int(-70_000), text("b")]);
    let inner = map(&vec![(int(7), bytes(b"\x01")), (text("f"), float(0.5))]);
    let cose = Cose::with_all([
        (int(2), crit),
        (text("b"), inner),
        (int(-70_000), tag(1, int(5))),
        (int(99), array(vec![vec![0xf5], vec![0xf6], int(-1)])),
    ]);
    let integer =
        |label, value, critical| Attribute { key: AttributeKey::Integer(label), value, critical };
    assert_eq!(
        cose.accepted().attributes(),
        [
            attribute("b", json!({"7": "AQ==", "f": 0.5}), true),
            integer(-70_000, json!(5), true),
            integer(99, json!([true, null, -1]), false),
        ]
    );
}

#[test]
fn cose_lets_a_signer_list_standard_labels_as_critical() {
    let crit = array(vec![text(SCHEME), int(1), int(3), text(TIME)]);
    assert_eq!(Cose::with(int(2), crit).accepted().attributes(), []);
}

#[test]
fn unsigned_attributes_of_another_type_are_ignored() {
    for value in [int(1), bytes(b"x"), vec![0xf6]] {
        let intact = Cose::with_unprotected(text(AGENT), value).accepted();
        assert_eq!(intact.signing_agent(), None);
    }
    let intact = Cose::with_unprotected(text(TIMESTAMP), text("x")).accepted();
    assert_eq!(intact.timestamp_token(), None);
    let mut header: Value = serde_json::from_str(&Jws::good().header).unwrap();
    header[AGENT] = json!(1);
    header[TIMESTAMP] = json!([1]);
    let intact = Jws { header: header.to_string(), ..Jws::good() }.accepted();
    assert_eq!((intact.signing_agent(), intact.timestamp_token()), (None, None));
}

#[test]
fn a_timestamp_token_is_handed_out_as_it_is() {
    let intact = Cose::with_unprotected(text(TIMESTAMP), bytes(b"\x30\x00")).accepted();
    assert_eq!(intact.timestamp_token(), Some(&b"\x30\x00"[..]));
    let mut header: Value = serde_json::from_str(&Jws::good().header).unwrap();
    header[TIMESTAMP] = json!("MAA=");
    let intact = Jws { header: header.to_string(), ..Jws::good() }.accepted();
    assert_eq!(intact.timestamp_token(), Some(&b"\x30\x00"[..]));
}

#[test]
fn unknown_members_outside_the_protected_header_are_ignored() {
    let envelope = Jws::good().seal().replacen('{', r#"{"x":[{}],"#, 1);
    let format = sealwright::envelope::Format::Jws;
    crate::forge::read(format, envelope.as_bytes()).unwrap();
    let header = Jws::good().header.replacen('{', r#"{"kid":1,"#, 1);
    Jws { header, ..Jws::good() }.accepted();
    Cose::with_unprotected(int(4), bytes(b"kid")).accepted();
}
