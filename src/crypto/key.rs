//! Private keys held in memory: local signing keys and tests.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::{Suite, UnsupportedKey};
use crate::fault::Fault;
use crate::secret::Secret;

/// A private key fit for one of the six suites.
pub struct PrivateKey {
    suite: Suite,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "no private key was found; expected an unencrypted PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    Missing,
    #[error("the private key is encrypted; expected an unencrypted PKCS#8, PKCS#1 or SEC 1 key")]
    Encrypted,
    #[error("malformed private key")]
    Malformed,
    #[error("{0} is not supported")]
    Unsupported(String),
    #[error("the {0} key could not be used")]
    Operation(&'static str),
}

impl Fault for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "crypto-key-missing",
            Self::Encrypted => "crypto-key-encrypted",
            Self::Malformed => "crypto-key-malformed",
            Self::Unsupported(_) => "crypto-key-unsupported",
            Self::Operation(_) => "crypto-key-operation",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Encrypted => {
                Some("openssl pkcs8 -topk8 -nocrypt -in KEY.pem -out PLAIN.pem".into())
            }
            Self::Unsupported(_) => {
                Some("use an RSA key of 2048, 3072 or 4096 bits, or P-256, P-384 or P-521".into())
            }
            Self::Missing | Self::Malformed | Self::Operation(_) => None,
        }
    }
}

impl From<UnsupportedKey> for KeyError {
    fn from(UnsupportedKey(what): UnsupportedKey) -> Self {
        Self::Unsupported(what)
    }
}

impl PrivateKey {
    /// Reads an unencrypted PEM key: PKCS#8, PKCS#1 or SEC 1. Of several PEM blocks the first
    /// private key counts; other blocks (certificates, `EC PARAMETERS`) are passed over.
    pub fn from_pem(pem: &Secret) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(pem.expose()).map_err(|_| KeyError::Malformed)?;
        let mut found = None;
        for block in blocks {
            let form = match block.tag() {
                "ENCRYPTED PRIVATE KEY" => Form::Encrypted,
                _ if block.headers().get("Proc-Type").is_some() => Form::Encrypted,
                "PRIVATE KEY" => Form::Pkcs8,
                "RSA PRIVATE KEY" => Form::Pkcs1,
                "EC PRIVATE KEY" => Form::Sec1,
                _ => continue,
            };
            let der = Zeroizing::new(block.into_contents());
            found.get_or_insert((form, der));
        }
        match found {
            None => Err(KeyError::Missing),
            Some((Form::Encrypted, _)) => Err(KeyError::Encrypted),
            Some((Form::Pkcs1, der)) => Self::from_rsa(RsaKeyPair::from_der(&der)),
            Some((Form::Sec1, der)) => Self::from_ec_der(&der),
            Some((Form::Pkcs8, der)) => match Self::from_rsa(RsaKeyPair::from_pkcs8(&der)) {
                Err(KeyError::Malformed) => Self::from_ec_der(&der),
                rsa => rsa,
            },
        }
    }

    /// A new key for `suite`.
    pub fn generate(suite: Suite) -> Result<Self, KeyError> {
        let failed = KeyError::Operation(suite.key_spec());
        let pair = match Algorithm::of(suite) {
            Algorithm::Rsa { size, .. } => RsaKeyPair::generate(size).map(Pair::Rsa),
            Algorithm::Ecdsa(algorithm) => EcdsaKeyPair::generate(algorithm).map(Pair::Ecdsa),
        };
        pair.map(|pair| Self { suite, pair }).map_err(|_| failed)
    }

    /// A new RSA key of 2048, 3072 or 4096 bits.
    pub fn generate_rsa(bits: u32) -> Result<Self, KeyError> {
        match bits {
            2048 => Self::generate(Suite::RsaPss2048),
            3072 => Self::generate(Suite::RsaPss3072),
            4096 => Self::generate(Suite::RsaPss4096),
            other => Err(KeyError::Unsupported(format!("rsa key size {other} bits"))),
        }
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> Vec<u8> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
        };
        der.expect("a key pair that was read or generated has an encodable public key")
            .as_ref()
            .to_vec()
    }

    /// The key as one PEM block `PRIVATE KEY` (PKCS#8, unencrypted).
    pub fn pkcs8_pem(&self) -> Result<Secret, KeyError> {
        let failed = |_| KeyError::Operation(self.suite.key_spec());
        let der = Zeroizing::new(match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
        });
        let block = pem::Pem::new("PRIVATE KEY", der.as_slice());
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let text = pem::encode_config(&block, config);
        drop(Zeroizing::new(block.into_contents()));
        Ok(Secret::new(text))
    }

    /// Signs `message`: RSA-PSS with salt length = hash length, ECDSA as raw R‖S.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Operation(self.suite.key_spec());
        let random = SystemRandom::new();
        match (&self.pair, Algorithm::of(self.suite)) {
            (Pair::Rsa(pair), Algorithm::Rsa { padding, .. }) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            (Pair::Ecdsa(pair), _) => {
                Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            (Pair::Rsa(_), Algorithm::Ecdsa(_)) => Err(KeyError::Operation(self.suite.key_spec())),
        }
    }

    fn from_rsa(pair: Result<RsaKeyPair, KeyRejected>) -> Result<Self, KeyError> {
        Self::checked(Pair::Rsa(pair.map_err(|rejected| match rejected.description_() {
            "TooSmall" => KeyError::Unsupported("an rsa key of less than 2048 bits".into()),
            "TooLarge" => KeyError::Unsupported("an rsa key of more than 8192 bits".into()),
            _ => KeyError::Malformed,
        })?))
    }

    /// SEC 1, or PKCS#8 around it.
    fn from_ec_der(der: &[u8]) -> Result<Self, KeyError> {
        [Suite::EcdsaP256, Suite::EcdsaP384, Suite::EcdsaP521]
            .into_iter()
            .find_map(|suite| match Algorithm::of(suite) {
                Algorithm::Ecdsa(curve) => EcdsaKeyPair::from_private_key_der(curve, der).ok(),
                Algorithm::Rsa { .. } => None,
            })
            .ok_or(KeyError::Malformed)
            .and_then(|pair| Self::checked(Pair::Ecdsa(pair)))
    }

    fn checked(pair: Pair) -> Result<Self, KeyError> {
        let mut key = Self { suite: Suite::RsaPss2048, pair };
        key.suite = Suite::of_public_key(&key.public_key())?;
        Ok(key)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({})", self.suite.key_spec())
    }
}

#[derive(Clone, Copy)]
enum Form {
    Encrypted,
    Pkcs8,
    Pkcs1,
    Sec1,
}

enum Algorithm {
    Rsa { size: KeySize, padding: &'static dyn RsaEncoding },
    Ecdsa(&'static EcdsaSigningAlgorithm),
}

impl Algorithm {
    fn of(suite: Suite) -> Self {
        match suite {
            Suite::RsaPss2048 => {
                Self::Rsa { size: KeySize::Rsa2048, padding: &signature::RSA_PSS_SHA256 }
            }
            Suite::RsaPss3072 => {
                Self::Rsa { size: KeySize::Rsa3072, padding: &signature::RSA_PSS_SHA384 }
            }
            Suite::RsaPss4096 => {
                Self::Rsa { size: KeySize::Rsa4096, padding: &signature::RSA_PSS_SHA512 }
            }
            Suite::EcdsaP256 => Self::Ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Suite::EcdsaP384 => Self::Ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Suite::EcdsaP521 => Self::Ecdsa(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SUITES;

    #[test]
    fn a_key_written_as_pkcs8_reads_back() {
        for suite in SUITES {
            let key = PrivateKey::generate(suite).unwrap();
            let pem = key.pkcs8_pem().unwrap();
            assert!(pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
            let back = PrivateKey::from_pem(&pem).unwrap();
            assert_eq!((back.suite(), back.public_key()), (suite, key.public_key()));
            let signature = back.sign(b"m").unwrap();
            suite.verify(&key.public_key(), b"m", &signature).unwrap();
        }
    }

    #[test]
    fn pkcs1_and_sec1_keys_are_read() {
        for (suite, label) in
            [(Suite::RsaPss2048, "RSA PRIVATE KEY"), (Suite::EcdsaP384, "EC PRIVATE KEY")]
        {
            let key = PrivateKey::generate(suite).unwrap();
            let inner = inner_key(&key);
            let text = format!(
                "Bag Attributes\n{}{}{}",
                block("EC PARAMETERS", b"\x06\x05\x2b\x81\x04\x00\x22"),
                block(label, &inner),
                PrivateKey::generate(Suite::EcdsaP256).unwrap().pkcs8_pem().unwrap().expose()
            );
            let back = PrivateKey::from_pem(&Secret::new(text)).unwrap();
            assert_eq!((back.suite(), back.public_key()), (suite, key.public_key()));
        }
    }

    #[test]
    fn keys_that_openssl_wrote_are_read() {
        for (pem, suite) in [
            (include_str!("../../tests/fixtures/keys/rsa-2048-pkcs1.pem"), Suite::RsaPss2048),
            (include_str!("../../tests/fixtures/keys/rsa-3072-pkcs8.pem"), Suite::RsaPss3072),
            (
                include_str!("../../tests/fixtures/keys/p521-sec1-with-parameters.pem"),
                Suite::EcdsaP521,
            ),
        ] {
            assert_eq!(PrivateKey::from_pem(&Secret::new(pem)).unwrap().suite(), suite);
        }
        let encrypted = include_str!("../../tests/fixtures/keys/p521-encrypted.pem");
        let error = PrivateKey::from_pem(&Secret::new(encrypted)).unwrap_err();
        assert_eq!(error.code(), "crypto-key-encrypted");
    }

    #[test]
    fn what_is_no_usable_key_is_refused_by_kind() {
        let encrypted = block("ENCRYPTED PRIVATE KEY", b"\x30\x00");
        let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for (pem, code) in [
            (String::new(), "crypto-key-missing"),
            (block("CERTIFICATE", b"\x30\x00"), "crypto-key-missing"),
            (encrypted.clone(), "crypto-key-encrypted"),
            (legacy.to_owned(), "crypto-key-encrypted"),
            (legacy.replace('\n', "\r\n"), "crypto-key-encrypted"),
            (block("PRIVATE KEY", b"\x30\x00"), "crypto-key-malformed"),
            (block("RSA PRIVATE KEY", b"\x30\x84\xff\xff\xff\xff"), "crypto-key-malformed"),
            (block("EC PRIVATE KEY", b""), "crypto-key-malformed"),
            (encrypted.replace("MAA=", "M!!="), "crypto-key-malformed"),
        ] {
            assert_eq!(
                PrivateKey::from_pem(&Secret::new(&*pem)).unwrap_err().code(),
                code,
                "{pem}"
            );
        }
        let odd = PrivateKey::generate_rsa(1024).unwrap_err();
        assert_eq!(odd.code(), "crypto-key-unsupported");
        assert_eq!(odd.to_string(), "rsa key size 1024 bits is not supported");
    }

    #[test]
    fn a_key_that_cannot_sign_says_so() {
        let pair = PrivateKey::generate(Suite::RsaPss2048).unwrap().pair;
        let odd = PrivateKey { suite: Suite::EcdsaP256, pair };
        assert_eq!(odd.sign(b"m").unwrap_err().code(), "crypto-key-operation");
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = PrivateKey::generate(Suite::EcdsaP256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(EC-256)");
    }

    fn block(label: &str, der: &[u8]) -> String {
        pem::encode_config(
            &pem::Pem::new(label, der),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        )
    }

    /// The PKCS#1 or SEC 1 structure inside the PKCS#8 form.
    fn inner_key(key: &PrivateKey) -> Vec<u8> {
        use der::{Decode, Reader, asn1::OctetStringRef};
        let pem = key.pkcs8_pem().unwrap();
        let der = pem::parse(pem.expose()).unwrap().into_contents();
        let outer = der::asn1::AnyRef::from_der(&der).unwrap();
        outer
            .sequence(|reader| {
                reader.tlv_bytes()?;
                reader.tlv_bytes()?;
                let inner: OctetStringRef<'_> = reader.decode()?;
                Ok(inner.as_bytes().to_vec())
            })
            .unwrap()
    }
}
