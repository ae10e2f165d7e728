//! Certificates as they are in use, and what is refused.

use time::macros::datetime;

use super::*;
use crate::x509::testing::{
    self, AUTHORITY_INFO_ACCESS, CRL_DISTRIBUTION_POINTS, Critical, Draft, Ext, Key, tlv,
};

macro_rules! fixture {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/x509/", $name, ".pem")
    };
}

#[test]
fn a_certificate_shows_what_was_written() {
    let leaf = Draft::leaf("leaf").self_signed(&Key::new());
    assert_eq!(leaf.subject().to_string(), "CN=leaf,O=Example,ST=WA,C=US");
    assert_eq!(leaf.raw_subject(), testing::name("leaf"));
    assert_eq!(leaf.raw_issuer(), leaf.raw_subject());
    assert_eq!(leaf.not_before(), datetime!(2024-01-01 0:00 UTC));
    assert_eq!(leaf.not_after(), datetime!(2099-01-01 0:00 UTC));
    assert_eq!(leaf.suite(), Ok(Suite::EcdsaP256));
    assert_eq!(leaf.thumbprint(), Digest::sha256(leaf.der()).hex());
    assert!(!leaf.is_ca() && leaf.is_self_signed() && leaf.is_version_3());
    assert!(leaf.key_usage().unwrap().critical);
    assert_eq!(leaf.extended_key_usage().unwrap().names(), ["CodeSigning"]);
    assert_eq!(Certificate::from_der(leaf.der()), Ok(leaf));
}

#[test]
fn a_signature_verifies_over_the_original_bytes() {
    let key = Key::new();
    let mut draft = Draft::leaf("explicit");
    for extension in &mut draft.extensions {
        extension.critical = Critical::ExplicitNo;
    }
    let explicit = draft.clone().with(testing::basic_constraints(Some(false), None));
    let certificate = explicit.self_signed(&key);
    assert!(certificate.is_self_signed() && !certificate.is_ca());
    assert!(!certificate.key_usage().unwrap().critical);
}

#[test]
fn serial_numbers_of_any_length_and_sign_are_taken() {
    for serial in [vec![0], vec![0x7f; 25], vec![0xff], vec![0x80, 1, 2]] {
        let draft = Draft { serial: serial.clone(), ..Draft::leaf("serial") };
        let certificate = draft.self_signed(&Key::new());
        assert!(certificate.is_self_signed());
        assert_eq!(certificate.serial_number(), serial);
    }
}

#[test]
fn only_the_issuers_key_verifies() {
    let (own, other) = (Key::new(), Key::new());
    let ca = Draft::ca("ca").self_signed(&own);
    let namesake = Draft::ca("ca").self_signed(&other);
    let leaf = Draft::leaf("leaf").issued_by(&Key::new(), ca.raw_subject(), &own);
    assert!(leaf.verify_signed_by(&ca).is_ok());
    assert!(leaf.verify_signed_by(&namesake).is_err());
    assert!(leaf.verify_signed_by(&leaf).is_err());
    assert!(!leaf.is_self_signed());
}

#[test]
fn no_flipped_bit_of_the_signed_part_verifies() {
    let leaf = Draft::leaf("leaf").self_signed(&Key::new());
    let tbs = leaf.inner.slices.tbs.clone();
    for at in tbs {
        for bit in 0..8 {
            let mut der = leaf.der().to_vec();
            der[at] ^= 1 << bit;
            if let Ok(flipped) = Certificate::from_der(&der) {
                assert!(flipped.verify_signed_by(&leaf).is_err(), "byte {at} bit {bit}");
            }
        }
    }
}

/// Self-signed certificates that OpenSSL wrote.
#[test]
fn signature_algorithms_verify_or_never_do() {
    for (pem, printed, verifies) in [
        (include_str!(fixture!("pkcs1-sha256")), "RSA PKCS#1 v1.5 with SHA-256", true),
        (include_str!(fixture!("pkcs1-sha384")), "RSA PKCS#1 v1.5 with SHA-384", true),
        (include_str!(fixture!("pkcs1-sha512")), "RSA PKCS#1 v1.5 with SHA-512", true),
        (include_str!(fixture!("pss-sha256")), "RSA-PSS with SHA-256", true),
        (include_str!(fixture!("pss-sha384")), "RSA-PSS with SHA-384", true),
        (include_str!(fixture!("pss-sha512")), "RSA-PSS with SHA-512", true),
        (include_str!(fixture!("rsa-8192")), "RSA PKCS#1 v1.5 with SHA-256", true),
        (include_str!(fixture!("ed25519")), "Ed25519", true),
        (include_str!(fixture!("ecdsa-p384-sha512")), "ECDSA with SHA-512", true),
        (include_str!(fixture!("ecdsa-p521-sha256")), "ECDSA with SHA-256", true),
        (include_str!(fixture!("pss-sha256-salt20")), "1.2.840.113549.1.1.10", false),
        (include_str!(fixture!("pss-sha256-mgf1-sha512")), "1.2.840.113549.1.1.10", false),
        (include_str!(fixture!("pss-sha1")), "SHA1-RSAPSS", false),
        (include_str!(fixture!("sha1-self-signed")), "SHA1-RSA", false),
        (include_str!(fixture!("md5-self-signed")), "MD5-RSA", false),
        (include_str!(fixture!("rsa-1024")), "RSA PKCS#1 v1.5 with SHA-256", false),
        (include_str!(fixture!("p224")), "ECDSA with SHA-256", false),
    ] {
        let certificate = Certificate::from_der(pem::parse(pem).unwrap().contents()).unwrap();
        assert_eq!(certificate.signature_algorithm().to_string(), printed);
        assert_eq!(certificate.is_self_signed(), verifies, "{printed}");
    }
}

#[test]
fn keys_outside_the_six_suites_are_named() {
    for (pem, text) in [
        (include_str!(fixture!("rsa-1024")), "rsa key size 1024 bits is not supported"),
        (include_str!(fixture!("rsa-8192")), "rsa key size 8192 bits is not supported"),
        (include_str!(fixture!("p224")), "ecdsa key size 224 bits is not supported"),
        (include_str!(fixture!("ed25519")), "public key algorithm 1.3.101.112 is not supported"),
    ] {
        let certificate = Certificate::from_der(pem::parse(pem).unwrap().contents()).unwrap();
        assert_eq!(certificate.suite(), Err(text.to_owned()));
    }
}

#[test]
fn revocation_sources_are_seen() {
    let uri = tlv(0x86, b"http://crl.example/ca.crl");
    let point = tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &uri))));
    let access = |method: u8| {
        let oid = tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, method]);
        tlv(0x30, &tlv(0x30, &[oid, uri.clone()].concat()))
    };
    for (id, value, named) in [
        (CRL_DISTRIBUTION_POINTS, point, true),
        (AUTHORITY_INFO_ACCESS, access(1), true),
        (AUTHORITY_INFO_ACCESS, access(2), false),
        (CRL_DISTRIBUTION_POINTS, b"unreadable".to_vec(), true),
    ] {
        let extension = Ext { id, critical: Critical::Absent, value };
        let certificate = Draft::leaf("leaf").with(extension).self_signed(&Key::new());
        assert_eq!(certificate.names_revocation_source(), named);
    }
    assert!(!Draft::leaf("leaf").self_signed(&Key::new()).names_revocation_source());
}

#[test]
fn malformed_certificates_are_refused() {
    let key = Key::new();
    let leaf = Draft::leaf("leaf");
    let der = |draft: &Draft| draft.der(&key, &draft.subject, &key);
    let twice = {
        let mut draft = leaf.clone();
        draft.extensions.push(testing::key_usage(&[0]));
        der(&draft)
    };
    let other_algorithm = tlv(0x30, &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]));
    let bad = |id| Ext { id, critical: Critical::Yes, value: vec![0x30] };
    for (what, der) in [
        ("nothing", Vec::new()),
        ("trailing byte", [der(&leaf), vec![0]].concat()),
        ("cut", der(&leaf)[..100].to_vec()),
        ("huge length", b"\x30\x84\xff\xff\xff\xff\x30".to_vec()),
        ("duplicate extension", twice),
        ("inner algorithm", der(&Draft { inner_algorithm: other_algorithm, ..leaf.clone() })),
        ("version 4", der(&Draft { version: Some(3), ..leaf.clone() })),
        ("extensions in version 1", der(&Draft { version: None, ..leaf.clone() })),
        ("key usage", der(&leaf.clone().with(bad(testing::KEY_USAGE)))),
        ("extended key usage", der(&leaf.clone().with(bad(testing::EXTENDED_KEY_USAGE)))),
        ("basic constraints", der(&leaf.clone().with(bad(testing::BASIC_CONSTRAINTS)))),
        ("time", der(&Draft { not_after: tlv(0x17, b"991399000000Z"), ..leaf.clone() })),
    ] {
        let error = Certificate::from_der(&der).unwrap_err();
        assert_eq!(error.code(), "x509-certificate-malformed", "{what}");
        assert_eq!(error.because().len(), 1);
    }
    let error = Certificate::from_der(&vec![0x30; CERTIFICATE_LIMIT + 1]).unwrap_err();
    assert_eq!(error.code(), "x509-certificate-too-large");
}

#[test]
fn no_flipped_or_cut_certificate_panics() {
    let der = testing::chain(2)[0].der().to_vec();
    for at in 0..der.len() {
        let _ = Certificate::from_der(&der[..at]);
        for bit in 0..8 {
            let mut flipped = der.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(certificate) = Certificate::from_der(&flipped) {
                let _ = (certificate.subject().to_string(), certificate.suite());
            }
        }
    }
}
