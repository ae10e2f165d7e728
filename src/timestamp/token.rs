//! A timestamp token: `Parsed` → `Verified` (RFC 3161, 2.4.2; RFC 5652, 5.6; RFC 5816).

use const_oid::db::rfc5912;
use der::asn1::{AnyRef, GeneralizedTime, ObjectIdentifier, OctetStringRef, UtcTime};
use der::{Decode, Reader, Tag, Tagged};
use spki::AlgorithmIdentifierRef;
use time::OffsetDateTime;

use super::cms::{self, IssuerAndSerial, SignedData, SignerInfo, inside};
use super::info::TstInfo;
use super::{Interval, TokenError, TokenPart, chain};
use crate::crypto::Hash;
use crate::x509::{Certificate, SignatureAlgorithm, TimestampingChain};

/// largest token accepted: 1 MiB, as notation's answers; real ones are under 10 KiB
pub const TOKEN_LIMIT: usize = 1024 * 1024;

/// A token taken apart; nothing in it is believed yet, and its TSTInfo is unread.
#[derive(Debug, Clone)]
pub struct Parsed {
    data: SignedData,
}

/// What a token says of the message it fits, with neither its signature nor its signer checked:
/// for looking at, never for trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub interval: Interval,
    /// Every certificate the token brought, in its order.
    pub certificates: Vec<Certificate>,
}

/// A token whose signature, signer, chain, and message hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    info: TstInfo,
    chain: TimestampingChain,
}

impl Parsed {
    /// Takes a token in BER or DER apart: size, syntax, content type. Bytes behind it are refused.
    pub fn read(token: &[u8]) -> Result<Self, TokenError> {
        if token.len() > TOKEN_LIMIT {
            return Err(TokenError::TooLarge { found: token.len(), limit: TOKEN_LIMIT });
        }
        Ok(Self { data: SignedData::read(token)? })
    }

    /// Verifies the token over `message`, with a chain to one of `roots` that was valid at the time the
    /// token names. The first signer for whom everything holds is enough.
    ///
    /// The signature comes first: until it holds, TSTInfo is bytes. Revocation is not looked at.
    pub fn verify(&self, message: &[u8], roots: &[Certificate]) -> Result<Verified, TokenError> {
        let mut failure = TokenError::SignerMissing;
        for signer in &self.data.signers {
            match self.verify_signer(signer, message, roots) {
                Ok(verified) => return Ok(verified),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// For `inspect`: the time for this message, unverified.
    pub fn claims(&self, message: &[u8]) -> Result<Claims, TokenError> {
        let info = TstInfo::read(&self.data.content)?;
        info.check_imprint(message)?;
        Ok(Claims { interval: info.interval, certificates: self.data.certificates.clone() })
    }

    /// The first signer's certificate, which its signed attribute names by hash, and its issuers as far as
    /// the token brought them, leaf first; empty where there is none. Nothing else is verified: for
    /// looking at, never for trust.
    pub fn authority(&self) -> Vec<Certificate> {
        let leaf = self.data.signers.iter().find_map(|s| self.signing_certificate(s).ok());
        leaf.map(|leaf| chain::upwards(leaf, &self.data.certificates)).unwrap_or_default()
    }

    fn verify_signer(
        &self,
        signer: &SignerInfo,
        message: &[u8],
        roots: &[Certificate],
    ) -> Result<Verified, TokenError> {
        if signer.version != [1] {
            return Err(TokenError::Version {
                part: TokenPart::SignerInfo,
                found: cms::decimal(&signer.version),
                expected: 1,
            });
        }
        let certificate = self.signing_certificate(signer)?;
        self.check_signature(signer, certificate)?;
        let info = TstInfo::read(&self.data.content)?;
        let at = info.interval.gen_time();
        let chain = chain::to_root(certificate, &self.data.certificates, roots, at)?;
        if let Some(at) = signing_time(signer)?
            && let Err(error) = chain.check_valid_at(at)
        {
            return Err(TokenError::SigningTime { subject: error.subject, at });
        }
        info.check_imprint(message)?;
        Ok(Verified { info, chain })
    }

    /// The certificate that the signer's signed attribute names by hash. The bag may hold others with the
    /// same issuer and serial number.
    fn signing_certificate(&self, signer: &SignerInfo) -> Result<&Certificate, TokenError> {
        let value = required(signer, SIGNING_CERTIFICATE_V2)?;
        let named = NamedCertificate::read(value).map_err(|error| {
            TokenError::unparsable(TokenPart::Attribute(SIGNING_CERTIFICATE_V2.1), error)
        })?;
        let hash = match named.hash {
            Some(oid) => cms::hash(oid, "certificate hash algorithm")?,
            None => Hash::Sha256,
        };
        let mut candidates = self
            .data
            .certificates
            .iter()
            .filter(|certificate| signer.sid.names(certificate))
            .filter(|certificate| named.reference.as_ref().is_none_or(|r| r.names(certificate)))
            .peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::SignerCertificateMissing);
        }
        candidates
            .find(|certificate| hash.of(certificate.der()) == named.certificate_hash)
            .ok_or(TokenError::CertificateHash)
    }

    /// RFC 5652, 5.4 and 5.6.
    fn check_signature(
        &self,
        signer: &SignerInfo,
        certificate: &Certificate,
    ) -> Result<(), TokenError> {
        let content_type = decode::<ObjectIdentifier>(signer, CONTENT_TYPE)?;
        if content_type != cms::TST_INFO {
            return Err(TokenError::ContentType { found: content_type.to_string() });
        }
        let digest = cms::hash(signer.digest, "digest algorithm")?;
        let expected = decode::<OctetStringRef<'_>>(signer, MESSAGE_DIGEST)?;
        if digest.of(&self.data.content) != expected.as_bytes() {
            return Err(TokenError::MessageDigest);
        }
        let algorithm = signature_algorithm(signer, digest)?;
        algorithm
            .verify(certificate.public_key(), &signer.signed, &signer.signature)
            .map_err(|_| TokenError::SignatureInvalid)
    }
}

impl Verified {
    /// When the signature existed, by the authority's word.
    pub fn interval(&self) -> Interval {
        self.info.interval
    }
    /// The authority's chain, leaf first.
    pub fn chain(&self) -> &TimestampingChain {
        &self.chain
    }
    /// The request's nonce, big-endian without leading zeros.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.info.nonce.as_deref()
    }
    /// The hash that was stamped.
    pub fn hash(&self) -> Hash {
        self.info.hash
    }
}

/// Either names the hash itself, or the key's kind only and leaves the hash to the digest algorithm
/// (RFC 3370, 3.2).
fn signature_algorithm(
    signer: &SignerInfo,
    digest: Hash,
) -> Result<SignatureAlgorithm, TokenError> {
    let algorithm = if signer.algorithm.oid == rfc5912::RSA_ENCRYPTION {
        SignatureAlgorithm::RsaPkcs1(digest)
    } else {
        SignatureAlgorithm::read(&signer.algorithm)
    };
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(_)
        | SignatureAlgorithm::RsaPss(_)
        | SignatureAlgorithm::Ecdsa(_) => Ok(algorithm),
        other => {
            Err(TokenError::Algorithm { what: "signature algorithm", found: other.to_string() })
        }
    }
}

fn signing_time(signer: &SignerInfo) -> Result<Option<OffsetDateTime>, TokenError> {
    let (kind, name) = SIGNING_TIME;
    let Some(value) = signer.attribute(kind, name)? else { return Ok(None) };
    let since_epoch = match value.first() {
        Some(0x17) => UtcTime::from_der(value).map(|time| time.to_unix_duration()),
        _ => GeneralizedTime::from_der(value).map(|time| time.to_unix_duration()),
    };
    let malformed = |reason: String| TokenError::unparsable(TokenPart::Attribute(name), reason);
    let seconds = since_epoch.map_err(|error| malformed(error.to_string()))?.as_secs();
    let at = i64::try_from(seconds).ok().and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    at.map(Some).ok_or_else(|| malformed("out of range".into()))
}

/// The first ESSCertIDv2 (RFC 5035, section 4).
struct NamedCertificate {
    hash: Option<ObjectIdentifier>,
    certificate_hash: Vec<u8>,
    reference: Option<IssuerAndSerial>,
}

impl NamedCertificate {
    fn read(der: &[u8]) -> der::Result<Self> {
        let mut attribute = inside(der, Tag::Sequence)?;
        let certificates = AnyRef::decode(&mut attribute)?;
        certificates.tag().assert_eq(Tag::Sequence)?;
        let first = cms::elements(certificates.value())?;
        let first = first.first().ok_or_else(|| Tag::Sequence.length_error())?;
        let mut reader = inside(first, Tag::Sequence)?;
        let hash = match reader.peek_tag()? {
            Tag::Sequence => Some(AlgorithmIdentifierRef::decode(&mut reader)?.oid),
            _ => None,
        };
        let certificate_hash = OctetStringRef::decode(&mut reader)?.as_bytes().to_vec();
        let reference = match reader.is_finished() {
            true => None,
            false => Some(issuer_serial(reader.tlv_bytes()?)?),
        };
        reader.finish(Self { hash, certificate_hash, reference })
    }
}

/// `IssuerSerial`, whose issuer is one directory name.
fn issuer_serial(der: &[u8]) -> der::Result<IssuerAndSerial> {
    let mut reader = inside(der, Tag::Sequence)?;
    let names = AnyRef::decode(&mut reader)?;
    names.tag().assert_eq(Tag::Sequence)?;
    let mut names = der::SliceReader::new(names.value())?;
    let issuer = cms::implicit(&mut names, DIRECTORY_NAME)?
        .ok_or_else(|| Tag::Sequence.value_error())?
        .to_vec();
    names.finish(())?;
    let serial = AnyRef::decode(&mut reader)?;
    serial.tag().assert_eq(Tag::Integer)?;
    reader.finish(IssuerAndSerial { issuer, serial: serial.value().to_vec() })
}

fn required<'a>(
    signer: &'a SignerInfo,
    (kind, name): (ObjectIdentifier, &'static str),
) -> Result<&'a [u8], TokenError> {
    signer.attribute(kind, name)?.ok_or(TokenError::AttributeMissing { name })
}

fn decode<'a, T: Decode<'a>>(
    signer: &'a SignerInfo,
    attribute: (ObjectIdentifier, &'static str),
) -> Result<T, TokenError> {
    T::from_der(required(signer, attribute)?)
        .map_err(|error| TokenError::unparsable(TokenPart::Attribute(attribute.1), error))
}

/// RFC 5280, 4.2.1.6: `directoryName [4]`.
const DIRECTORY_NAME: u8 = 4;
const CONTENT_TYPE: (ObjectIdentifier, &str) =
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3"), "contentType");
const MESSAGE_DIGEST: (ObjectIdentifier, &str) =
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4"), "messageDigest");
const SIGNING_TIME: (ObjectIdentifier, &str) =
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5"), "signingTime");
const SIGNING_CERTIFICATE_V2: (ObjectIdentifier, &str) =
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47"), "signingCertificateV2");
