//! SignedData taken apart, its original bytes kept (RFC 5652, section 5).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use spki::AlgorithmIdentifierOwned;

use super::ber;
use super::{TokenError, TokenPart};
use crate::crypto::Hash;
use crate::x509::{BAG_LIMIT, Certificate};

/// What a token holds; nothing of it is believed.
#[derive(Debug, Clone)]
pub(super) struct SignedData {
    /// The TSTInfo, unread.
    pub content: Vec<u8>,
    pub certificates: Vec<Certificate>,
    pub signers: Vec<SignerInfo>,
}

/// RFC 5652, 5.3.
#[derive(Debug, Clone)]
pub(super) struct SignerInfo {
    pub version: Vec<u8>,
    /// Empty where the signer is named by key identifier.
    pub sid: IssuerAndSerial,
    pub digest: ObjectIdentifier,
    pub attributes: Vec<Attribute>,
    /// The signed attributes as they are signed: a SET OF in DER (RFC 5652, 5.4).
    pub signed: Vec<u8>,
    pub algorithm: AlgorithmIdentifierOwned,
    pub signature: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct IssuerAndSerial {
    /// DER of the Name.
    pub issuer: Vec<u8>,
    /// Content bytes of the INTEGER.
    pub serial: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub kind: ObjectIdentifier,
    /// DER of each value.
    pub values: Vec<Vec<u8>>,
}

/// most signers looked at; RFC 3161, 2.4.2 knows one
const SIGNER_LIMIT: usize = 8;
/// most signed attributes of one signer; real ones have four to six
const ATTRIBUTE_LIMIT: usize = 32;

impl SignedData {
    /// Reads a ContentInfo in BER.
    pub(super) fn read(token: &[u8]) -> Result<Self, TokenError> {
        let outside = |reason: String| TokenError::unparsable(TokenPart::ContentInfo, reason);
        let der = ber::to_der(token).map_err(|reason| outside(reason.into()))?;
        let (kind, content) = content_info(&der).map_err(|error| outside(error.to_string()))?;
        if kind != SIGNED_DATA {
            return Err(TokenError::NotSignedData { found: kind.to_string() });
        }
        let inside = |error: der::Error| TokenError::unparsable(TokenPart::SignedData, error);
        let fields = Fields::read(content).map_err(inside)?;
        if fields.version != [3] {
            return Err(TokenError::Version {
                part: TokenPart::SignedData,
                found: decimal(fields.version),
                expected: 3,
            });
        }
        if fields.content_type != TST_INFO {
            return Err(TokenError::ContentType { found: fields.content_type.to_string() });
        }
        let certificates = elements(fields.certificates).map_err(inside)?;
        bounded("certificates", certificates.len(), BAG_LIMIT)?;
        let signers = elements(fields.signers).map_err(inside)?;
        bounded("signers", signers.len(), SIGNER_LIMIT)?;
        Ok(Self {
            content: fields.content.to_vec(),
            certificates: certificates
                .into_iter()
                .map(|der| Certificate::from_der(der).map_err(TokenError::Certificate))
                .collect::<Result<_, _>>()?,
            signers: signers.into_iter().map(SignerInfo::read).collect::<Result<_, _>>()?,
        })
    }
}

impl SignerInfo {
    fn read(der: &[u8]) -> Result<Self, TokenError> {
        let info = Self::decode(der)
            .map_err(|error| TokenError::unparsable(TokenPart::SignerInfo, error))?;
        bounded("signed attributes", info.attributes.len(), ATTRIBUTE_LIMIT)?;
        Ok(info)
    }

    fn decode(der: &[u8]) -> der::Result<Self> {
        let mut reader = inside(der, Tag::Sequence)?;
        let version = UintRef::decode(&mut reader)?.as_bytes().to_vec();
        let sid = match AnyRef::decode(&mut reader)? {
            any if any.tag() == Tag::Sequence => IssuerAndSerial::read(any.value())?,
            _ => IssuerAndSerial::default(),
        };
        let digest = AlgorithmIdentifierOwned::decode(&mut reader)?.oid;
        let mut attributes = Vec::new();
        let mut signed = Vec::new();
        if let Some(set) = implicit(&mut reader, 0)? {
            let mut sorted = elements(set)?;
            attributes =
                sorted.iter().map(|der| Attribute::read(der)).collect::<der::Result<_>>()?;
            sorted.sort_unstable();
            signed = ber::wrap(ber::SET, &sorted.concat());
        }
        let algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
        let signature = OctetStringRef::decode(&mut reader)?.as_bytes().to_vec();
        implicit(&mut reader, 1)?;
        reader.finish(())?;
        Ok(Self { version, sid, digest, attributes, signed, algorithm, signature })
    }

    /// The one value of an attribute; none when the attribute is absent.
    pub(super) fn attribute(
        &self,
        kind: ObjectIdentifier,
        name: &'static str,
    ) -> Result<Option<&[u8]>, TokenError> {
        let mut found = self.attributes.iter().filter(|attribute| attribute.kind == kind);
        let Some(attribute) = found.next() else { return Ok(None) };
        match (attribute.values.as_slice(), found.next()) {
            ([value], None) => Ok(Some(value)),
            _ => Err(TokenError::AttributeRepeated { name: name.into() }),
        }
    }
}

impl IssuerAndSerial {
    /// `content`: of the SEQUENCE.
    pub(super) fn read(content: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(content)?;
        let issuer = reader.tlv_bytes()?.to_vec();
        let serial = AnyRef::decode(&mut reader)?;
        serial.tag().assert_eq(Tag::Integer)?;
        reader.finish(Self { issuer, serial: serial.value().to_vec() })
    }

    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        certificate.raw_issuer() == self.issuer && certificate.serial_number() == self.serial
    }
}

impl Attribute {
    fn read(der: &[u8]) -> der::Result<Self> {
        let mut reader = inside(der, Tag::Sequence)?;
        let kind = ObjectIdentifier::decode(&mut reader)?;
        let values = AnyRef::decode(&mut reader)?;
        values.tag().assert_eq(Tag::Set)?;
        let values = elements(values.value())?.into_iter().map(<[u8]>::to_vec).collect();
        reader.finish(Self { kind, values })
    }
}

/// SHA-256, SHA-384 or SHA-512 by its identifier.
pub(super) fn hash(oid: ObjectIdentifier, what: &'static str) -> Result<Hash, TokenError> {
    match HASHES.iter().find(|(known, _)| *known == oid) {
        Some((_, hash)) => Ok(*hash),
        None => Err(TokenError::Algorithm { what, found: oid.to_string() }),
    }
}

/// The identifier of a hash.
pub(super) fn oid(hash: Hash) -> ObjectIdentifier {
    HASHES[hash as usize].0
}

/// A reader of the content of one element with this tag, which must be all there is.
pub(super) fn inside(der: &[u8], tag: Tag) -> der::Result<SliceReader<'_>> {
    let any = AnyRef::from_der(der)?;
    any.tag().assert_eq(tag)?;
    SliceReader::new(any.value())
}

/// The content of a context-specific element with this number, if it is next.
pub(super) fn implicit<'a>(
    reader: &mut SliceReader<'a>,
    number: u8,
) -> der::Result<Option<&'a [u8]>> {
    let expected = TagNumber::new(number);
    match reader.peek_tag() {
        Ok(Tag::ContextSpecific { number, .. }) if number == expected => {
            Ok(Some(AnyRef::decode(reader)?.value()))
        }
        _ => Ok(None),
    }
}

/// An unsigned number in decimal where it is short, else its length.
pub(super) fn decimal(bytes: &[u8]) -> String {
    match bytes {
        [] => "0".into(),
        bytes if bytes.len() <= 8 => {
            bytes.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte)).to_string()
        }
        bytes => format!("a number of {} bytes", bytes.len()),
    }
}

struct Fields<'a> {
    version: &'a [u8],
    content_type: ObjectIdentifier,
    content: &'a [u8],
    certificates: &'a [u8],
    signers: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = inside(der, Tag::Sequence)?;
        let version = UintRef::decode(&mut reader)?.as_bytes();
        AnyRef::decode(&mut reader)?.tag().assert_eq(Tag::Set)?;
        let encapsulated = reader.tlv_bytes()?;
        let mut inner = inside(encapsulated, Tag::Sequence)?;
        let content_type = ObjectIdentifier::decode(&mut inner)?;
        let content = match implicit(&mut inner, 0)? {
            Some(explicit) => OctetStringRef::from_der(explicit)?.as_bytes(),
            None => &[],
        };
        inner.finish(())?;
        let certificates = implicit(&mut reader, 0)?.unwrap_or_default();
        implicit(&mut reader, 1)?;
        let signers = AnyRef::decode(&mut reader)?;
        signers.tag().assert_eq(Tag::Set)?;
        let signers = signers.value();
        reader.finish(Self { version, content_type, content, certificates, signers })
    }
}

fn content_info(der: &[u8]) -> der::Result<(ObjectIdentifier, &[u8])> {
    let mut reader = inside(der, Tag::Sequence)?;
    let kind = ObjectIdentifier::decode(&mut reader)?;
    let content = implicit(&mut reader, 0)?.ok_or_else(|| Tag::Sequence.value_error())?;
    reader.finish((kind, content))
}

/// The elements that stand one behind the other, with their headers.
pub(super) fn elements(content: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut reader = SliceReader::new(content)?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(reader.tlv_bytes()?);
    }
    Ok(found)
}

fn bounded(what: &'static str, found: usize, limit: usize) -> Result<(), TokenError> {
    if found > limit { Err(TokenError::TooMany { what, found, limit }) } else { Ok(()) }
}

const HASHES: [(ObjectIdentifier, Hash); 3] = [
    (const_oid::db::rfc5912::ID_SHA_256, Hash::Sha256),
    (const_oid::db::rfc5912::ID_SHA_384, Hash::Sha384),
    (const_oid::db::rfc5912::ID_SHA_512, Hash::Sha512),
];
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-ct-TSTInfo (RFC 3161, 2.4.2).
pub(super) const TST_INFO: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
