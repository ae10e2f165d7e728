//! Each rule, kept and broken.

use time::macros::datetime;

use super::*;
use crate::fault::Fault as _;
use crate::x509::testing::{
    self, BASIC_CONSTRAINTS, CODE_SIGNING, Critical, Draft, EXTENDED_KEY_USAGE, Ext, KEY_USAGE,
    Key, basic_constraints, extended_key_usage, issue, key_usage, tlv,
};
use crate::x509::{Chain, certificates_from_pem_or_der};

macro_rules! fixture {
    ($name:literal) => {
        certificates_from_pem_or_der(include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/x509/",
            $name,
            ".pem"
        )))
        .unwrap()
    };
}

#[test]
fn chains_of_usual_certificates_are_good() {
    for length in [2, 3, 4, CHAIN_LIMIT] {
        let chain = Chain::check(testing::chain(length)).unwrap();
        assert_eq!(chain.suite(), Suite::EcdsaP256);
        assert_eq!(chain.certificates().len(), length);
        assert_eq!(chain.advice(), Vec::<String>::new());
    }
    assert!(Chain::check(issue(&[Draft::leaf("alone")])).is_ok());
    for chain in [fixture!("pkcs1-sha256"), fixture!("pss-sha512")] {
        assert_eq!(Chain::check(chain).unwrap().suite(), Suite::RsaPss2048);
    }
}

#[test]
fn the_length_is_bounded() {
    assert_eq!(code(vec![]), "x509-chain-empty");
    assert_eq!(code(testing::chain(CHAIN_LIMIT + 1)), "x509-chain-too-long");
}

#[test]
fn insecure_signatures_count_nowhere() {
    for chain in [fixture!("sha1-self-signed"), fixture!("md5-self-signed"), fixture!("pss-sha1")] {
        assert_eq!(code(chain.clone()), "x509-insecure-signature");
        let mut longer = testing::chain(2);
        longer.push(chain[0].clone());
        assert_eq!(code(longer), "x509-insecure-signature");
    }
    assert_eq!(
        Chain::check(fixture!("sha1-self-signed")).unwrap_err().to_string(),
        "certificate with subject \"CN=openssl leaf,O=Example,ST=WA,C=US\": cannot verify signature: insecure algorithm SHA1-RSA"
    );
}

#[test]
fn a_single_certificate_signed_itself() {
    let chain = testing::chain(2);
    assert_eq!(code(vec![chain[0].clone()]), "x509-self-signature");
    let renamed = Draft { issuer: Some(testing::name("other")), ..Draft::leaf("alone") };
    assert_eq!(code(vec![renamed.self_signed(&Key::new())]), "x509-self-issued");
    assert_eq!(code(fixture!("pss-sha256-salt20")), "x509-self-signature");
}

#[test]
fn a_single_certificate_is_no_ca() {
    assert_eq!(code(vec![Draft::ca("root").self_signed(&Key::new())]), "x509-leaf-is-ca");
}

#[test]
fn the_root_is_self_signed() {
    let chain = testing::chain(3);
    assert_eq!(code(chain[..2].to_vec()), "x509-root-not-self-signed");
    let (root, other) = (Key::new(), Key::new());
    let forged = Draft::ca("root").issued_by(&root, &testing::name("root"), &other);
    let leaf = Draft::leaf("leaf").issued_by(&Key::new(), &testing::name("root"), &root);
    assert_eq!(code(vec![leaf, forged]), "x509-root-signature");
}

#[test]
fn the_root_stands_once() {
    let root = Draft::ca("root").self_signed(&Key::new());
    assert_eq!(code(vec![root.clone(), root.clone()]), "x509-leaf-self-signed");
    let mut chain = testing::chain(2);
    chain.push(chain[1].clone());
    assert_eq!(code(chain), "x509-intermediate-self-signed");
}

#[test]
fn every_certificate_is_signed_by_the_next() {
    let mut chain = testing::chain(3);
    chain[1] = testing::chain(3)[1].clone();
    assert_eq!(code(chain), "x509-issuer-signature");
    let mut shuffled = testing::chain(3);
    shuffled.swap(1, 2);
    assert!(Chain::check(shuffled).is_err());
}

#[test]
fn the_names_of_issuer_and_subject_are_equal() {
    let named = Draft { issuer: Some(testing::name("CA 1")), ..Draft::leaf("leaf") };
    assert_eq!(code(issue(&[named, Draft::ca("ca 1")])), "x509-issuer-name");
}

#[test]
fn an_issuer_may_sign_certificates() {
    for broken in [
        Draft::ca("ca").without(BASIC_CONSTRAINTS),
        Draft::ca("ca").with(basic_constraints(Some(false), None)),
        Draft::ca("ca").with(basic_constraints(None, None)),
        Draft::ca("ca").with(key_usage(&[6])),
    ] {
        let chain = [Draft::leaf("leaf"), broken, Draft::ca("root")];
        assert_eq!(code(issue(&chain)), "x509-issuer-signature");
    }
}

#[test]
fn a_ca_says_that_it_is_one() {
    // version 1 has no extensions, so only this rule refuses it
    let old = Draft { version: None, extensions: Vec::new(), ..Draft::ca("root") };
    assert_eq!(code(issue(&[Draft::leaf("leaf"), old])), "x509-ca-basic-constraints");
    // its criticality is advice
    let mut constraints = basic_constraints(Some(true), None);
    constraints.critical = Critical::Absent;
    let chain = Chain::check(issue(&[Draft::leaf("leaf"), Draft::ca("root").with(constraints)]));
    assert_eq!(
        chain.unwrap().advice(),
        ["the basic constraints of \"CN=root,O=Example,ST=WA,C=US\" should be marked critical"]
    );
}

#[test]
fn path_lengths_hold() {
    let with = |length: &[u8]| basic_constraints(Some(true), Some(length));
    let chain = |intermediate: &[u8], root: &[u8]| {
        issue(&[
            Draft::leaf("leaf"),
            Draft::ca("intermediate").with(with(intermediate)),
            Draft::ca("root").with(with(root)),
        ])
    };
    assert!(Chain::check(chain(&[0], &[1])).is_ok());
    assert!(Chain::check(chain(&[0], &[2, 0])).is_ok());
    assert_eq!(code(chain(&[0], &[0])), "x509-ca-path-length");
}

#[test]
fn key_usage_is_present_and_critical() {
    let mut relaxed = key_usage(&[0]);
    relaxed.critical = Critical::Absent;
    let mut relaxed_ca = key_usage(&[5]);
    relaxed_ca.critical = Critical::ExplicitNo;
    let (leaf, root) = (Draft::leaf("leaf"), Draft::ca("root"));
    for (chain, expected) in [
        ([leaf.clone().without(KEY_USAGE), root.clone()], "x509-key-usage-missing"),
        ([leaf.clone(), root.clone().without(KEY_USAGE)], "x509-key-usage-missing"),
        ([leaf.clone().with(relaxed), root.clone()], "x509-key-usage-not-critical"),
        ([leaf.clone(), root.clone().with(relaxed_ca)], "x509-key-usage-not-critical"),
        ([leaf, root.with(empty_key_usage())], "x509-ca-key-usage"),
    ] {
        assert_eq!(code(issue(&chain)), expected);
    }
}

#[test]
fn a_leaf_is_no_ca() {
    let leaf = Draft::leaf("leaf").with(basic_constraints(Some(true), None));
    assert_eq!(code(issue(&[leaf, Draft::ca("root")])), "x509-leaf-is-ca");
    let plain = Draft::leaf("leaf").with(basic_constraints(Some(false), None));
    assert!(Chain::check(issue(&[plain, Draft::ca("root")])).is_ok());
}

#[test]
fn a_leaf_makes_digital_signatures_and_nothing_else() {
    for (bits, expected) in [
        (&[1][..], "x509-leaf-not-for-signatures"),
        (&[0, 2], "x509-leaf-key-usage"),
        (&[0, 3], "x509-leaf-key-usage"),
        (&[0, 4], "x509-leaf-key-usage"),
        (&[0, 5], "x509-leaf-key-usage"),
        (&[0, 6], "x509-leaf-key-usage"),
        (&[0, 7], "x509-leaf-key-usage"),
        (&[0, 8], "x509-leaf-key-usage"),
    ] {
        assert_eq!(code(with_root(key_usage(bits))), expected, "{bits:?}");
    }
    let chain = Chain::check(with_root(key_usage(&[0, 1]))).unwrap();
    assert!(chain.advice()[0].ends_with("digital signature only, and has ContentCommitment"));
    assert_eq!(
        Chain::check(with_root(key_usage(&[0, 2, 4]))).unwrap_err().to_string(),
        "the certificate with subject \"CN=leaf,O=Example,ST=WA,C=US\" is invalid. The key usage must be \"Digital Signature\" only, but found \"KeyEncipherment\", \"KeyAgreement\""
    );
}

#[test]
fn a_leaf_has_no_other_purpose() {
    let purpose = |last: u8| vec![0x2b, 6, 1, 5, 5, 7, 3, last];
    for refused in [purpose(1), purpose(2), purpose(4), purpose(8), purpose(9), ANY.to_vec()] {
        for usages in [&[&refused[..]][..], &[CODE_SIGNING, &refused]] {
            let chain = with_root(extended_key_usage(usages));
            assert_eq!(code(chain), "x509-leaf-extended-key-usage");
        }
    }
    let unknown = purpose(77);
    for (usages, advice) in
        [(&[CODE_SIGNING][..], 0), (&[&unknown], 1), (&[CODE_SIGNING, &unknown], 1)]
    {
        let chain = Chain::check(with_root(extended_key_usage(usages))).unwrap();
        assert_eq!(chain.advice().len(), advice);
    }
    let without = Draft::leaf("leaf").without(EXTENDED_KEY_USAGE);
    assert_eq!(Chain::check(issue(&[without, Draft::ca("root")])).unwrap().advice().len(), 0);
}

#[test]
fn a_leafs_key_fits_a_suite_and_a_cas_need_not() {
    for (chain, reason) in [
        (fixture!("rsa-8192"), "rsa key size 8192 bits is not supported"),
        (fixture!("ed25519"), "public key algorithm 1.3.101.112 is not supported"),
    ] {
        let error = Chain::check(chain).unwrap_err();
        assert_eq!(error.code(), "x509-leaf-key");
        assert!(error.to_string().ends_with(reason));
    }
    assert!(Chain::check(fixture!("leaf-p256-under-rsa-2056")).is_ok());
}

#[test]
fn advice_names_what_the_subject_lacks() {
    let cn = tlv(0x30, &[tlv(0x06, &[0x55, 4, 3]), tlv(0x0c, b"only")].concat());
    let subject = tlv(0x30, &tlv(0x31, &cn));
    let chain = Chain::check(issue(&[Draft { subject, ..Draft::leaf("") }])).unwrap();
    assert_eq!(
        chain.advice(),
        ["the subject \"CN=only\" of the signing certificate should contain C, ST, O"]
    );
}

#[test]
fn validity_includes_both_ends_for_every_certificate() {
    let short = Draft { not_after: tlv(0x17, b"250101000000Z"), ..Draft::ca("root") };
    let chain = Chain::check(issue(&[Draft::leaf("leaf"), short])).unwrap();
    for good in [datetime!(2024-01-01 0:00 UTC), datetime!(2025-01-01 0:00 UTC)] {
        assert_eq!(chain.check_valid_at(good), Ok(()));
    }
    let error = chain.check_valid_at(datetime!(2025-01-01 0:00:01 UTC)).unwrap_err();
    assert_eq!(error.code(), "x509-not-valid-at");
    assert_eq!(
        error.to_string(),
        "certificate with subject \"CN=root,O=Example,ST=WA,C=US\" was invalid at 2025-01-01 00:00:01 +0000 UTC; it is valid from 2024-01-01 00:00:00 +0000 UTC to 2025-01-01 00:00:00 +0000 UTC"
    );
    assert!(chain.check_valid_at(datetime!(2023-12-31 23:59:59.999 UTC)).is_err());
}

/// anyExtendedKeyUsage.
const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0];

fn with_root(extension: Ext) -> Vec<Certificate> {
    issue(&[Draft::leaf("leaf").with(extension), Draft::ca("root")])
}

fn empty_key_usage() -> Ext {
    Ext { value: tlv(0x03, &[0]), ..key_usage(&[]) }
}

fn code(chain: Vec<Certificate>) -> &'static str {
    let one_by_one = CHAIN_RULES.iter().any(|rule| rule.check(&chain).is_err());
    assert!(one_by_one, "a rule that stands alone says it too");
    Chain::check(chain).unwrap_err().code()
}

#[test]
fn a_good_chain_keeps_each_rule() {
    for length in [2, 3, CHAIN_LIMIT] {
        let chain = testing::chain(length);
        for rule in &CHAIN_RULES {
            assert_eq!(rule.check(&chain), Ok(()), "{}", rule.name);
            assert_eq!(rule.advice(&chain), Vec::<String>::new(), "{}", rule.name);
        }
    }
}

#[test]
fn a_broken_rule_breaks_no_other() {
    let broken = |draft: Draft| issue(&[draft, Draft::ca("root")]);
    for (chain, name) in [
        (broken(Draft::leaf("leaf").with(key_usage(&[0, 2]))), "certificate-key-usage"),
        (
            broken(Draft {
                extensions: vec![key_usage(&[0]), basic_constraints(Some(true), None)],
                ..Draft::leaf("leaf")
            }),
            "certificate-basic-constraints",
        ),
    ] {
        let failed = CHAIN_RULES.iter().filter(|rule| rule.check(&chain).is_err());
        assert_eq!(failed.map(|rule| rule.name).collect::<Vec<_>>(), [name]);
    }
}
