//! Keys from files and certificates made on the spot, valid from 2020 to 2040.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sealwright::crypto::{PrivateKey, Suite};
use sealwright::envelope::LocalSigner;
use sealwright::x509::Certificate;
use time::OffsetDateTime;
use time::macros::datetime;

/// The moment of signing in these tests, as seconds 1735689600 or hexadecimal 67748580.
pub const NOW: OffsetDateTime = datetime!(2025-01-01 0:00 UTC);

/// How many certificates stand in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    SelfSigned,
    Two,
    Three,
}

pub const LENGTHS: [Length; 3] = [Length::SelfSigned, Length::Two, Length::Three];

pub fn pem(suite: Suite) -> &'static str {
    match suite {
        Suite::RsaPss2048 => include_str!("../fixtures/envelope/rsa-2048.pem"),
        Suite::RsaPss3072 => include_str!("../fixtures/envelope/rsa-3072.pem"),
        Suite::RsaPss4096 => include_str!("../fixtures/envelope/rsa-4096.pem"),
        Suite::EcdsaP256 => include_str!("../fixtures/envelope/p256.pem"),
        Suite::EcdsaP384 => include_str!("../fixtures/envelope/p384.pem"),
        Suite::EcdsaP521 => include_str!("../fixtures/envelope/p521.pem"),
    }
}

pub fn key(suite: Suite) -> PrivateKey {
    PrivateKey::from_pem(&pem(suite).to_owned().into()).unwrap()
}

/// DER, leaf first; the leaf holds the fixture key of `suite`.
pub fn chain(suite: Suite, length: Length) -> Vec<Vec<u8>> {
    let leaf = KeyPair::from_pem(pem(suite)).unwrap();
    let root_key = KeyPair::from_pem(include_str!("../fixtures/envelope/root.pem")).unwrap();
    let middle_key =
        KeyPair::from_pem(include_str!("../fixtures/envelope/intermediate.pem")).unwrap();
    if length == Length::SelfSigned {
        return vec![leaf_params().self_signed(&leaf).unwrap().der().to_vec()];
    }
    let root = authority("root").self_signed(&root_key).unwrap().der().to_vec();
    let root_params = authority("root");
    let root_issuer = Issuer::from_params(&root_params, &root_key);
    if length == Length::Two {
        return vec![leaf_params().signed_by(&leaf, &root_issuer).unwrap().der().to_vec(), root];
    }
    let middle_params = authority("intermediate");
    let middle = middle_params.signed_by(&middle_key, &root_issuer).unwrap().der().to_vec();
    let middle_issuer = Issuer::from_params(&middle_params, &middle_key);
    vec![leaf_params().signed_by(&leaf, &middle_issuer).unwrap().der().to_vec(), middle, root]
}

/// An authority's own certificate: never fit to sign an image.
pub fn authority_alone() -> (PrivateKey, Vec<Vec<u8>>) {
    let pem = include_str!("../fixtures/envelope/root.pem");
    let pair = KeyPair::from_pem(pem).unwrap();
    let der = authority("root").self_signed(&pair).unwrap().der().to_vec();
    (PrivateKey::from_pem(&pem.to_owned().into()).unwrap(), vec![der])
}

pub fn signer(suite: Suite, length: Length) -> LocalSigner {
    LocalSigner::new(key(suite), certificates(&chain(suite, length))).unwrap()
}

pub fn certificates(chain: &[Vec<u8>]) -> Vec<Certificate> {
    chain.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
}

fn leaf_params() -> CertificateParams {
    let mut params = params("signer");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = datetime!(2020-01-01 0:00 UTC);
    params.not_after = datetime!(2040-01-01 0:00 UTC);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "US");
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
