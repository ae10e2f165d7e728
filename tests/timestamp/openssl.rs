//! Answers of `openssl ts -reply` (OpenSSL 3.0) over the message `the signature`, and what becomes of
//! them when single bytes or their encoding change.

use sealwright::crypto::Hash;
use sealwright::fault::Fault as _;
use sealwright::timestamp::{Parsed, Verified, token_of_reply};
use sealwright::x509::{Certificate, certificates_from_pem_or_der};
use time::Duration;

use crate::der::{elements, inner, tlv};

const MESSAGE: &[u8] = b"the signature";

const GOOD: [(&str, Hash, Duration, usize); 7] = [
    ("rsa", Hash::Sha256, Duration::microseconds(1_500_100), 3),
    ("p256-sha384", Hash::Sha384, Duration::microseconds(1_500_100), 3),
    ("p521-fraction", Hash::Sha512, Duration::ZERO, 3),
    ("direct-ess512", Hash::Sha256, Duration::seconds(2), 2),
    ("baseline", Hash::Sha256, Duration::SECOND, 2),
    ("softku", Hash::Sha256, Duration::microseconds(1_500_100), 2),
    ("crl", Hash::Sha256, Duration::microseconds(1_500_100), 2),
];

#[test]
fn tokens_of_openssl_verify() {
    for (name, hash, accuracy, length) in GOOD {
        let verified = verify(&token(name)).unwrap_or_else(|code| panic!("{name}: {code}"));
        assert_eq!(verified.hash(), hash, "{name}");
        assert_eq!(verified.interval().accuracy(), accuracy, "{name}");
        assert_eq!(verified.chain().certificates().len(), length, "{name}");
        assert_eq!(verified.nonce().unwrap().len(), 8, "{name}");
        let (_, below_root) = verified.chain().certificates().split_last().unwrap();
        let named = below_root.iter().any(Certificate::names_revocation_source);
        assert_eq!(named, name == "crl", "{name}");
    }
}

#[test]
fn tokens_of_openssl_that_break_a_rule_are_refused() {
    for (name, code) in [
        ("ess1", "timestamp-attribute-missing"),
        ("no-chain", "timestamp-not-trusted"),
        ("noku", "timestamp-chain-invalid"),
        ("rsa1024", "timestamp-signature-invalid"),
        ("sha1", "timestamp-algorithm-unsupported"),
    ] {
        assert_eq!(verify(&token(name)).unwrap_err(), code, "{name}");
    }
}

#[test]
fn a_fraction_of_a_second_is_kept() {
    let interval = verify(&token("p521-fraction")).unwrap().interval();
    assert_ne!(interval.gen_time().nanosecond(), 0);
    assert_eq!(interval.from(), interval.to());
}

#[test]
fn another_message_or_root_is_refused() {
    let parsed = Parsed::read(&token("rsa")).unwrap();
    let code = parsed.verify(b"another signature", &roots()).unwrap_err().code();
    assert_eq!(code, "timestamp-imprint");
    assert_eq!(parsed.verify(MESSAGE, &[]).unwrap_err().code(), "timestamp-not-trusted");
    assert_eq!(parsed.claims(b"another signature").unwrap_err().code(), "timestamp-imprint");
    let claims = parsed.claims(MESSAGE).unwrap();
    assert_eq!(claims.interval, verify(&token("rsa")).unwrap().interval());
    assert_eq!(claims.certificates.len(), 2);
}

#[test]
fn a_token_in_ber_means_the_same() {
    let der = token("rsa");
    let ber = indefinite(&der);
    assert_ne!(der, ber);
    assert_eq!(verify(&ber).unwrap(), verify(&der).unwrap());
}

#[test]
fn no_changed_byte_is_verified() {
    let good = token("direct-ess512");
    let original = verify(&good).unwrap();
    for at in 0..good.len() {
        for bit in [0x01, 0x80] {
            let mut changed = good.clone();
            changed[at] ^= bit;
            // what no signature covers may change; what is concluded may not
            if let Ok(verified) = verify(&changed) {
                assert_eq!(verified, original, "byte {at}");
            }
        }
    }
}

#[test]
fn cut_and_prolonged_tokens_are_refused() {
    let good = token("direct-ess512");
    for length in 0..good.len() {
        assert!(Parsed::read(&good[..length]).is_err(), "{length} bytes");
    }
    let longer = [&good[..], &[0]].concat();
    assert_eq!(Parsed::read(&longer).unwrap_err().code(), "timestamp-unparsable");
    let huge = vec![0x30; 1024 * 1024 + 1];
    assert_eq!(Parsed::read(&huge).unwrap_err().code(), "timestamp-too-large");
}

#[test]
fn what_is_no_signed_data_or_has_too_many_parts_is_refused() {
    let code = |token: &[u8]| Parsed::read(token).unwrap_err().code();
    let data = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let content = tlv(0xa0, &tlv(0x04, b"x"));
    assert_eq!(code(&tlv(0x30, &[&data[..], &content].concat())), "timestamp-not-signed-data");
    let good = token("direct-ess512");
    for (part, most) in [(3, 64), (4, 8)] {
        let crowd = |count: usize| {
            rebuilt(&good, |parts| {
                let one = elements(inner(&parts[part]))[0].to_vec();
                parts[part] = tlv(parts[part][0], &one.repeat(count));
            })
        };
        assert_eq!(code(&crowd(most + 1)), "timestamp-too-many", "part {part}");
        assert!(Parsed::read(&crowd(most)).is_ok(), "part {part}");
    }
}

#[test]
fn each_signed_attribute_is_there_once() {
    let good = token("direct-ess512");
    for attribute in 0..attributes(&good).len() {
        let twice = with_attributes(&good, |attributes| {
            attributes.push(attributes[attribute].clone());
        });
        let refused = verify(&twice).unwrap_err();
        let expected = ["timestamp-attribute-repeated", "timestamp-signature-invalid"];
        assert!(expected.contains(&refused), "{attribute}: {refused}");
    }
    let many = with_attributes(&good, |attributes| {
        let one = attributes[0].clone();
        attributes.extend(std::iter::repeat_n(one, 32));
    });
    assert_eq!(Parsed::read(&many).unwrap_err().code(), "timestamp-too-many");
    let none = with_attributes(&good, |attributes| attributes.clear());
    assert_eq!(verify(&none).unwrap_err(), "timestamp-attribute-missing");
}

/// The token with other parts of its SignedData.
fn rebuilt(token: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let outer = elements(inner(token));
    let signed_data = inner(outer[1]);
    let mut parts: Vec<Vec<u8>> =
        elements(inner(signed_data)).into_iter().map(<[u8]>::to_vec).collect();
    change(&mut parts);
    let content = tlv(0xa0, &tlv(0x30, &parts.concat()));
    tlv(0x30, &[outer[0], &content].concat())
}

fn with_attributes(token: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut attributes = attributes(token);
    change(&mut attributes);
    rebuilt(token, |parts| {
        let signer = elements(inner(&parts[4]))[0].to_vec();
        let mut fields: Vec<Vec<u8>> =
            elements(inner(&signer)).into_iter().map(<[u8]>::to_vec).collect();
        fields[3] = tlv(0xa0, &attributes.concat());
        parts[4] = tlv(0x31, &tlv(0x30, &fields.concat()));
    })
}

fn attributes(token: &[u8]) -> Vec<Vec<u8>> {
    let signed_data = inner(elements(inner(token))[1]);
    let signers = elements(inner(signed_data))[4];
    let signer = elements(inner(signers))[0];
    elements(inner(elements(inner(signer))[3])).into_iter().map(<[u8]>::to_vec).collect()
}

fn verify(token: &[u8]) -> Result<Verified, &'static str> {
    let parsed = Parsed::read(token).map_err(|error| error.code())?;
    parsed.verify(MESSAGE, &roots()).map_err(|error| error.code())
}

fn token(name: &str) -> Vec<u8> {
    token_of_reply(&fixture(&format!("{name}.tsr"))).unwrap()
}

fn roots() -> Vec<Certificate> {
    certificates_from_pem_or_der(&fixture("root.pem")).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/timestamp");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

/// The outer structures with indefinite lengths, and the content in two pieces; certificates and signed
/// attributes, whose bytes are signed, stay.
fn indefinite(der: &[u8]) -> Vec<u8> {
    let signed_data = inner(&inner(der)[2 + usize::from(inner(der)[1])..]);
    let parts = elements(inner(signed_data));
    let mut ber = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        match number {
            2 => {
                let content = elements(inner(part));
                let octets = inner(inner(content[1]));
                let (first, second) = octets.split_at(20);
                ber.extend([0x30, 0x80]);
                ber.extend(content[0]);
                ber.extend([0xa0, 0x80, 0x24, 0x80, 0x04, 20]);
                ber.extend(first);
                ber.extend([0x04, 0x84, 0, 0, 0, u8::try_from(second.len()).unwrap()]);
                ber.extend(second);
                ber.extend([0; 6]);
            }
            3 => {
                ber.extend([0xa0, 0x80]);
                ber.extend(inner(part));
                ber.extend([0, 0]);
            }
            _ => ber.extend(*part),
        }
    }
    let kind = &inner(der)[..2 + usize::from(inner(der)[1])];
    [&[0x30, 0x80], kind, &[0xa0, 0x80, 0x30, 0x80], &ber, &[0; 6]].concat()
}
