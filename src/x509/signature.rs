//! Signatures on certificates: which algorithms verify, and over which bytes.

use aws_lc_rs::signature::{self as algorithms, UnparsedPublicKey, VerificationAlgorithm};
use const_oid::db::{rfc5912, rfc8410::ID_ED_25519};
use der::asn1::ObjectIdentifier;
use der::{Decode, Sequence};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::crypto::{Hash, Suite, VerifyError};

/// The signature algorithm that a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    RsaPkcs1(Hash),
    /// MGF1 with the same hash, salt length = hash length.
    RsaPss(Hash),
    Ecdsa(Hash),
    Ed25519,
    /// MD5 or SHA-1: never verifies. The name is `SHA1-RSA`, `MD5-RSA` …
    Insecure(&'static str),
    /// Dotted object identifier: never verifies.
    Unknown(String),
}

impl SignatureAlgorithm {
    /// What an AlgorithmIdentifier names (RFC 4055, RFC 5758, RFC 8410).
    pub fn read(algorithm: &AlgorithmIdentifierOwned) -> Self {
        match algorithm.oid {
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Hash::Sha256),
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Hash::Sha384),
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Hash::Sha512),
            rfc5912::ECDSA_WITH_SHA_256 => Self::Ecdsa(Hash::Sha256),
            rfc5912::ECDSA_WITH_SHA_384 => Self::Ecdsa(Hash::Sha384),
            rfc5912::ECDSA_WITH_SHA_512 => Self::Ecdsa(Hash::Sha512),
            rfc5912::ID_RSASSA_PSS => pss(algorithm),
            ID_ED_25519 => Self::Ed25519,
            MD2_WITH_RSA => Self::Insecure("MD2-RSA"),
            MD5_WITH_RSA => Self::Insecure("MD5-RSA"),
            SHA1_WITH_RSA | SHA1_WITH_RSA_OIW => Self::Insecure("SHA1-RSA"),
            DSA_WITH_SHA1 => Self::Insecure("DSA-SHA1"),
            ECDSA_WITH_SHA1 => Self::Insecure("ECDSA-SHA1"),
            other => Self::Unknown(other.to_string()),
        }
    }

    /// Verifies `signature` over `tbs` under the key `spki` (SubjectPublicKeyInfo in DER): RSA keys of
    /// 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519.
    pub fn verify(&self, spki: &[u8], tbs: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let algorithm = self.verification(spki).ok_or(VerifyError)?;
        UnparsedPublicKey::new(algorithm, spki).verify(tbs, signature).map_err(|_| VerifyError)
    }

    fn verification(&self, spki: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
        let key = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
        match (self, key.algorithm.oid) {
            (Self::RsaPkcs1(hash), rfc5912::RSA_ENCRYPTION) => Some(match hash {
                Hash::Sha256 => &algorithms::RSA_PKCS1_2048_8192_SHA256,
                Hash::Sha384 => &algorithms::RSA_PKCS1_2048_8192_SHA384,
                Hash::Sha512 => &algorithms::RSA_PKCS1_2048_8192_SHA512,
            }),
            (Self::RsaPss(hash), rfc5912::RSA_ENCRYPTION) => Some(match hash {
                Hash::Sha256 => &algorithms::RSA_PSS_2048_8192_SHA256,
                Hash::Sha384 => &algorithms::RSA_PSS_2048_8192_SHA384,
                Hash::Sha512 => &algorithms::RSA_PSS_2048_8192_SHA512,
            }),
            (Self::Ecdsa(hash), rfc5912::ID_EC_PUBLIC_KEY) => {
                Some(match (Suite::of_public_key(spki).ok()?, hash) {
                    (Suite::EcdsaP256, Hash::Sha256) => &algorithms::ECDSA_P256_SHA256_ASN1,
                    (Suite::EcdsaP256, Hash::Sha384) => &algorithms::ECDSA_P256_SHA384_ASN1,
                    (Suite::EcdsaP256, Hash::Sha512) => &algorithms::ECDSA_P256_SHA512_ASN1,
                    (Suite::EcdsaP384, Hash::Sha256) => &algorithms::ECDSA_P384_SHA256_ASN1,
                    (Suite::EcdsaP384, Hash::Sha384) => &algorithms::ECDSA_P384_SHA384_ASN1,
                    (Suite::EcdsaP384, Hash::Sha512) => &algorithms::ECDSA_P384_SHA512_ASN1,
                    (Suite::EcdsaP521, Hash::Sha256) => &algorithms::ECDSA_P521_SHA256_ASN1,
                    (Suite::EcdsaP521, Hash::Sha384) => &algorithms::ECDSA_P521_SHA384_ASN1,
                    (Suite::EcdsaP521, Hash::Sha512) => &algorithms::ECDSA_P521_SHA512_ASN1,
                    (Suite::RsaPss2048 | Suite::RsaPss3072 | Suite::RsaPss4096, _) => return None,
                })
            }
            (Self::Ed25519, ID_ED_25519) => Some(&algorithms::ED25519),
            _ => None,
        }
    }
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RsaPkcs1(hash) => write!(f, "RSA PKCS#1 v1.5 with {}", hash.name()),
            Self::RsaPss(hash) => write!(f, "RSA-PSS with {}", hash.name()),
            Self::Ecdsa(hash) => write!(f, "ECDSA with {}", hash.name()),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Insecure(name) => f.write_str(name),
            Self::Unknown(oid) => f.write_str(oid),
        }
    }
}

/// RFC 8017, appendix A.2.3: only the forms of RFC 4055 with one hash throughout are known.
fn pss(algorithm: &AlgorithmIdentifierOwned) -> SignatureAlgorithm {
    let unknown = || SignatureAlgorithm::Unknown(algorithm.oid.to_string());
    let Some(Ok(parameters)) =
        algorithm.parameters.as_ref().map(|any| any.decode_as::<PssParameters<'_>>())
    else {
        return unknown();
    };
    let hash = match parameters.hash.map(|hash| hash.oid) {
        Some(rfc5912::ID_SHA_256) => Hash::Sha256,
        Some(rfc5912::ID_SHA_384) => Hash::Sha384,
        Some(rfc5912::ID_SHA_512) => Hash::Sha512,
        None | Some(SHA1) => return SignatureAlgorithm::Insecure("SHA1-RSAPSS"),
        Some(_) => return unknown(),
    };
    let mask_hash = parameters
        .mask
        .filter(|mask| mask.oid == rfc5912::ID_MGF_1)
        .and_then(|mask| mask.parameters)
        .and_then(|any| any.decode_as::<AlgorithmIdentifierRef<'_>>().ok());
    let fits = mask_hash.map(|mask| mask.oid) == parameters.hash.map(|hash| hash.oid)
        && usize::try_from(parameters.salt_length) == Ok(hash.length())
        && parameters.trailer == 1;
    if fits { SignatureAlgorithm::RsaPss(hash) } else { unknown() }
}

#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", default = "default_salt_length")]
    salt_length: u32,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", default = "default_trailer")]
    trailer: u8,
}

fn default_salt_length() -> u32 {
    20
}

fn default_trailer() -> u8 {
    1
}

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const MD2_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2");
const MD5_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
const SHA1_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const SHA1_WITH_RSA_OIW: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.29");
const DSA_WITH_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.3");
const ECDSA_WITH_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
