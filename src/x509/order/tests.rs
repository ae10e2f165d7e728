//! Bags of certificates in every disorder.

use super::*;
use crate::fault::Fault as _;
use crate::x509::testing::{self, Draft, Key, tlv};

#[test]
fn any_order_and_copies_become_one_chain() {
    let chain = testing::chain(4);
    let mut bag = chain.clone();
    for _ in 0..bag.len() {
        bag.rotate_left(1);
        assert_eq!(order(&chain[0], &bag), Ok(chain.clone()));
        let doubled = [&bag[..], &bag].concat();
        assert_eq!(order(&chain[0], &doubled), Ok(chain.clone()));
    }
    assert_eq!(order(&chain[0], &chain[1..]), Ok(chain));
}

#[test]
fn a_self_signed_leaf_stands_alone() {
    let leaf = Draft::leaf("leaf").self_signed(&Key::new());
    assert_eq!(order(&leaf, &[]), Ok(vec![leaf.clone()]));
    let error = order(&leaf, &testing::chain(2)[1..]).unwrap_err();
    assert_eq!(error.code(), "x509-certificates-left-over");
    assert_eq!(
        error.to_string(),
        "obtained 2 certificates but the certificate chain only needs 1: \"CN=ca 1,O=Example,ST=WA,C=US\" left over"
    );
}

#[test]
fn a_missing_issuer_is_named() {
    let chain = testing::chain(3);
    for (bag, subject) in [
        (&chain[2..], "CN=leaf,O=Example,ST=WA,C=US"),
        (&chain[1..2], "CN=ca 1,O=Example,ST=WA,C=US"),
    ] {
        let error = order(&chain[0], bag).unwrap_err();
        assert_eq!(error.code(), "x509-issuer-not-found");
        assert!(error.to_string().ends_with(&format!("of {subject:?} is not found")), "{error}");
        assert!(error.hint().unwrap().contains("`ca_certs`"));
    }
}

#[test]
fn a_ca_of_the_same_name_and_another_key_is_not_the_issuer() {
    let (old, new, root) = (Key::new(), Key::new(), Key::new());
    let root_certificate = Draft::ca("root").self_signed(&root);
    let ca = |key: &Key| Draft::ca("ca").issued_by(key, root_certificate.raw_subject(), &root);
    let (old_ca, new_ca) = (ca(&old), ca(&new));
    let leaf = Draft::leaf("leaf").issued_by(&Key::new(), new_ca.raw_subject(), &new);
    let expected = vec![leaf.clone(), new_ca.clone(), root_certificate.clone()];
    let bag = [old_ca.clone(), root_certificate.clone(), new_ca];
    assert_eq!(order(&leaf, &bag), Ok(expected));
    let error = order(&leaf, &[old_ca, root_certificate]).unwrap_err();
    assert_eq!(error.code(), "x509-issuer-not-found");
}

#[test]
fn of_cross_signed_certificates_the_one_valid_longest_leads() {
    let (ca, old_root) = (Key::new(), Key::new());
    let short = Draft { not_after: tlv(0x17, b"260101000000Z"), ..Draft::ca("ca") };
    let root = Draft::ca("old root").self_signed(&old_root);
    let own = Draft::ca("ca").self_signed(&ca);
    let cross = short.issued_by(&ca, root.raw_subject(), &old_root);
    let leaf = Draft::leaf("leaf").issued_by(&Key::new(), own.raw_subject(), &ca);
    let bag = [cross.clone(), root.clone(), own.clone()];
    assert_eq!(order(&leaf, &bag), Ok(vec![leaf.clone(), own]));
    assert_eq!(order(&leaf, &bag[..2]), Ok(vec![leaf.clone(), cross.clone(), root]));
    assert_eq!(order(&leaf, &[cross]).unwrap_err().code(), "x509-issuer-not-found");
}

#[test]
fn certificates_that_sign_each_other_end_the_search() {
    let (a, b) = (Key::new(), Key::new());
    let (name_a, name_b) = (testing::name("a"), testing::name("b"));
    let first = Draft::ca("a").issued_by(&a, &name_b, &b);
    let second = Draft::ca("b").issued_by(&b, &name_a, &a);
    let leaf = Draft::leaf("leaf").issued_by(&Key::new(), &name_a, &a);
    assert_eq!(order(&leaf, &[first, second]).unwrap_err().code(), "x509-issuer-not-found");
}

#[test]
fn a_bag_is_bounded() {
    let chain = testing::chain(2);
    let bag = vec![chain[1].clone(); BAG_LIMIT + 1];
    assert_eq!(order(&chain[0], &bag).unwrap_err().code(), "x509-too-many-certificates");
}
