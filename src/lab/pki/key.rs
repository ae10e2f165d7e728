//! Private keys of the lab, signing digests as a key vault does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, RsaKeySize, SignatureAlgorithm};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::lab::LabError;

/// The six kinds of key of signature-specification.md, "Algorithm Selection".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum KeySpec {
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
    EcP256,
    EcP384,
    EcP521,
}

impl KeySpec {
    pub const ALL: [KeySpec; 6] = [
        KeySpec::Rsa2048,
        KeySpec::Rsa3072,
        KeySpec::Rsa4096,
        KeySpec::EcP256,
        KeySpec::EcP384,
        KeySpec::EcP521,
    ];

    /// `rsa-2048` … `ec-p521`, as command lines and certificate names have it.
    pub fn name(self) -> &'static str {
        match self {
            KeySpec::Rsa2048 => "rsa-2048",
            KeySpec::Rsa3072 => "rsa-3072",
            KeySpec::Rsa4096 => "rsa-4096",
            KeySpec::EcP256 => "ec-p256",
            KeySpec::EcP384 => "ec-p384",
            KeySpec::EcP521 => "ec-p521",
        }
    }

    /// `RSA` or `EC`, the bits, and the curve: the `key_props` of a vault certificate's policy.
    pub(in crate::lab) fn properties(self) -> (&'static str, u16, Option<&'static str>) {
        match self {
            KeySpec::Rsa2048 => ("RSA", 2048, None),
            KeySpec::Rsa3072 => ("RSA", 3072, None),
            KeySpec::Rsa4096 => ("RSA", 4096, None),
            KeySpec::EcP256 => ("EC", 256, Some("P-256")),
            KeySpec::EcP384 => ("EC", 384, Some("P-384")),
            KeySpec::EcP521 => ("EC", 521, Some("P-521")),
        }
    }

    pub(super) fn is_rsa(self) -> bool {
        self.properties().0 == "RSA"
    }

    /// How a certificate is signed with such a key.
    fn certificate_algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            KeySpec::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
            KeySpec::Rsa3072 => &rcgen::PKCS_RSA_SHA384,
            KeySpec::Rsa4096 => &rcgen::PKCS_RSA_SHA512,
            KeySpec::EcP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeySpec::EcP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            KeySpec::EcP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
        }
    }
}

/// A private key.
pub struct LabKey {
    pub spec: KeySpec,
    pub(super) pair: KeyPair,
    signer: Signer,
}

enum Signer {
    Rsa(RsaKeyPair),
    /// With the vault's name of the one algorithm the curve allows.
    Ec(EcdsaKeyPair, &'static str, &'static digest::Algorithm),
}

/// Why a digest was not signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::lab) enum SignRefusal {
    #[error("Key and signing algorithm are incompatible. Key has kty {kty}, algorithm {alg}.")]
    Algorithm { kty: &'static str, alg: String },
    #[error("Invalid length of value: {given} bytes, the algorithm wants {wanted}.")]
    Length { given: usize, wanted: usize },
}

impl LabKey {
    /// Signs a digest as `keys/sign` does: RSASSA-PSS, or ECDSA as `R‖S`. `alg` is `PS256` … `ES512`.
    pub(in crate::lab) fn sign_digest(
        &self,
        alg: &str,
        value: &[u8],
    ) -> Result<Vec<u8>, SignRefusal> {
        let refused = || SignRefusal::Algorithm {
            kty: self.spec.properties().0,
            alg: alg.chars().take(16).collect(),
        };
        let import = |algorithm: &'static digest::Algorithm| {
            Digest::import_less_safe(value, algorithm).map_err(|_| SignRefusal::Length {
                given: value.len(),
                wanted: algorithm.output_len(),
            })
        };
        match &self.signer {
            Signer::Rsa(pair) => {
                let (padding, hash): (&'static dyn RsaEncoding, _) = match alg {
                    "PS256" => (&RSA_PSS_SHA256, &digest::SHA256),
                    "PS384" => (&RSA_PSS_SHA384, &digest::SHA384),
                    "PS512" => (&RSA_PSS_SHA512, &digest::SHA512),
                    _ => return Err(refused()),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(padding, &import(hash)?, &mut signature).map_err(|_| refused())?;
                Ok(signature)
            }
            Signer::Ec(pair, name, hash) if *name == alg => {
                let signature = pair.sign_digest(&import(hash)?).map_err(|_| refused())?;
                Ok(signature.as_ref().to_vec())
            }
            Signer::Ec(..) => Err(refused()),
        }
    }

    /// The private key as PKCS#8 PEM: everything in a lab is a throw-away.
    pub fn private_key_pem(&self) -> String {
        pem("PRIVATE KEY", self.pair.serialized_der())
    }

    /// SubjectPublicKeyInfo in DER.
    pub(in crate::lab) fn public_key_der(&self) -> Vec<u8> {
        rcgen::PublicKeyData::subject_public_key_info(&self.pair)
    }

    /// A PKCS#10 request in DER, signed with this key.
    pub(in crate::lab) fn request(
        &self,
        params: &rcgen::CertificateParams,
    ) -> Result<Vec<u8>, LabError> {
        Ok(params.serialize_request(&self.pair)?.der().to_vec())
    }

    /// A private key of that kind in PKCS#8.
    pub(in crate::lab) fn from_pkcs8(spec: KeySpec, der: &[u8]) -> Result<Self, LabError> {
        let der = PrivatePkcs8KeyDer::from(der.to_vec());
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, spec.certificate_algorithm())?;
        Self::new(spec, pair)
    }

    pub(in crate::lab) fn private_key_der(&self) -> &[u8] {
        self.pair.serialized_der()
    }

    fn new(spec: KeySpec, pair: KeyPair) -> Result<Self, LabError> {
        let der = pair.serialized_der();
        let rejected = |error: aws_lc_rs::error::KeyRejected| LabError::Key(error.to_string());
        let ec = |algorithm: &'static EcdsaSigningAlgorithm, name, hash| {
            EcdsaKeyPair::from_pkcs8(algorithm, der).map(|pair| Signer::Ec(pair, name, hash))
        };
        let signer = match spec {
            KeySpec::EcP256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256", &digest::SHA256),
            KeySpec::EcP384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "ES384", &digest::SHA384),
            KeySpec::EcP521 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING, "ES512", &digest::SHA512),
            _ => RsaKeyPair::from_pkcs8(der).map(Signer::Rsa),
        }
        .map_err(rejected)?;
        Ok(Self { spec, pair, signer })
    }
}

/// Gives out keys. The first of each RSA size is a public test key of `keys/`, because making one
/// takes long without optimization; every later one is made.
#[derive(Default)]
pub(in crate::lab) struct KeyRing {
    given: Mutex<BTreeSet<KeySpec>>,
}

impl KeyRing {
    pub(in crate::lab) fn key(&self, spec: KeySpec) -> Result<Arc<LabKey>, LabError> {
        let first = self.given.lock().expect("no panic holds this lock").insert(spec);
        let pair = match (fixture(spec), rsa_size(spec)) {
            (Some(pem), _) if first => from_pem(pem, spec)?,
            (_, Some(size)) => KeyPair::generate_rsa_for(spec.certificate_algorithm(), size)?,
            _ => KeyPair::generate_for(spec.certificate_algorithm())?,
        };
        Ok(Arc::new(LabKey::new(spec, pair)?))
    }
}

/// An authority's key: of the leaf's family, so that a chain is all RSA or all ECDSA.
pub(super) fn authority_key(level: Level, leaf: KeySpec) -> Result<KeyPair, LabError> {
    if !leaf.is_rsa() {
        return Ok(KeyPair::generate_for(leaf.certificate_algorithm())?);
    }
    let pem = match level {
        Level::Root => include_str!("../keys/authority-root.pem"),
        Level::Issuing => include_str!("../keys/authority-issuing.pem"),
    };
    from_pem(pem, KeySpec::Rsa3072)
}

/// Which authority of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Root,
    Issuing,
}

/// RFC 7468 text with 64 characters a line.
pub(in crate::lab) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&b| char::from(b)));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

fn from_pem(pem: &str, spec: KeySpec) -> Result<KeyPair, LabError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| LabError::Key(error.to_string()))?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der, spec.certificate_algorithm())?)
}

fn fixture(spec: KeySpec) -> Option<&'static str> {
    match spec {
        KeySpec::Rsa2048 => Some(include_str!("../keys/rsa-2048.pem")),
        KeySpec::Rsa3072 => Some(include_str!("../keys/rsa-3072.pem")),
        KeySpec::Rsa4096 => Some(include_str!("../keys/rsa-4096.pem")),
        _ => None,
    }
}

fn rsa_size(spec: KeySpec) -> Option<RsaKeySize> {
    match spec {
        KeySpec::Rsa2048 => Some(RsaKeySize::_2048),
        KeySpec::Rsa3072 => Some(RsaKeySize::_3072),
        KeySpec::Rsa4096 => Some(RsaKeySize::_4096),
        _ => None,
    }
}

/// Random bytes for serial numbers, versions and tokens.
pub(in crate::lab) fn random<const N: usize>() -> Result<[u8; N], LabError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut bytes)
        .map_err(|_| LabError::Key("no random bytes".to_owned()))?;
    Ok(bytes)
}

/// Lower-case hexadecimal.
pub(in crate::lab) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_only_with_its_own_algorithms_and_whole_digests() {
        let ring = KeyRing::default();
        let ec = ring.key(KeySpec::EcP384).unwrap();
        assert_eq!(ec.sign_digest("ES384", &[1; 48]).unwrap().len(), 96);
        let wrong = SignRefusal::Algorithm { kty: "EC", alg: "ES256".into() };
        assert_eq!(ec.sign_digest("ES256", &[1; 32]), Err(wrong));
        let short = SignRefusal::Length { given: 32, wanted: 48 };
        assert_eq!(ec.sign_digest("ES384", &[1; 32]), Err(short));
        let rsa = ring.key(KeySpec::Rsa2048).unwrap();
        assert_eq!(rsa.sign_digest("PS512", &[1; 64]).unwrap().len(), 256);
        assert!(rsa.sign_digest("RS256", &[1; 32]).is_err());
    }

    #[test]
    fn the_second_rsa_key_of_a_size_is_another_one() {
        let ring = KeyRing::default();
        let [one, two] = [(); 2].map(|()| ring.key(KeySpec::Rsa2048).unwrap());
        assert_ne!(one.private_key_pem(), two.private_key_pem());
    }
}
