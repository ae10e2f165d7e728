//! Which suite a public key calls for.

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Sequence};
use spki::SubjectPublicKeyInfoRef;

use super::Suite;

/// A public key that no suite takes; the text says what it is: `rsa key size 1024 bits`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not supported")]
pub struct UnsupportedKey(pub String);

impl Suite {
    /// The suite that a SubjectPublicKeyInfo in DER calls for: RSA by modulus bytes × 8, or a named
    /// curve (signature-specification.md, "Signature Algorithm Requirements").
    pub fn of_public_key(spki: &[u8]) -> Result<Self, UnsupportedKey> {
        let malformed = || UnsupportedKey("malformed public key".into());
        let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| malformed())?;
        match info.algorithm.oid {
            RSA_ENCRYPTION => {
                let bits = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
                let key = RsaPublicKey::from_der(bits).map_err(|_| malformed())?;
                match key.modulus.as_bytes().len() * 8 {
                    2048 => Ok(Self::RsaPss2048),
                    3072 => Ok(Self::RsaPss3072),
                    4096 => Ok(Self::RsaPss4096),
                    other => Err(UnsupportedKey(format!("rsa key size {other} bits"))),
                }
            }
            EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid().map_err(|_| malformed())?;
                match curve {
                    P256 => Ok(Self::EcdsaP256),
                    P384 => Ok(Self::EcdsaP384),
                    P521 => Ok(Self::EcdsaP521),
                    P224 => Err(UnsupportedKey("ecdsa key size 224 bits".into())),
                    other => Err(UnsupportedKey(format!("ecdsa curve {other}"))),
                }
            }
            other => Err(UnsupportedKey(format!("public key algorithm {other}"))),
        }
    }
}

/// RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    #[allow(dead_code, reason = "part of the structure")]
    public_exponent: UintRef<'a>,
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.33");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_key_name_no_suite() {
        for bytes in [&b""[..], b"\x30\x00", b"\x30\x84\xff\xff\xff\xff", &[0x30; 4096]] {
            assert!(Suite::of_public_key(bytes).is_err());
        }
    }

    #[test]
    fn a_key_of_another_kind_is_named() {
        // Ed25519 (RFC 8410, section 10.1)
        let mut ed25519 =
            vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        ed25519.extend([7; 32]);
        let error = Suite::of_public_key(&ed25519).unwrap_err();
        assert_eq!(error.to_string(), "public key algorithm 1.3.101.112 is not supported");
    }
}
