//! One certificate's part of an answer (RFC 6960, 4.2.1).

use const_oid::db::{rfc5280, rfc5912};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Tag};
use spki::AlgorithmIdentifierOwned;
use time::OffsetDateTime;

use super::request::sha1;
use crate::crypto::Hash;
use crate::revocation::crl::reason as crl_reason;
use crate::revocation::fields::{self, Extensions, Fields, shortest};
use crate::revocation::{Revoked, Status};
use crate::x509::Certificate;

/// SingleResponse, as parsed.
#[derive(Debug, Clone)]
pub(super) struct Single {
    algorithm: ObjectIdentifier,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
    serial_number: Vec<u8>,
    pub status: Status,
    pub this_update: OffsetDateTime,
    pub next_update: Option<OffsetDateTime>,
    pub extensions: Extensions,
    pub invalid_since: Option<OffsetDateTime>,
}

impl Single {
    pub fn read(bytes: &[u8]) -> der::Result<Self> {
        let mut fields = Fields::of_sequence(bytes)?;
        let mut id = Fields::of_sequence(fields.raw()?)?;
        let algorithm: AlgorithmIdentifierOwned = id.read()?;
        let name: OctetStringRef<'_> = id.read()?;
        let key: OctetStringRef<'_> = id.read()?;
        let serial: der::asn1::AnyRef<'_> = id.read()?;
        der::Tagged::tag(&serial).assert_eq(Tag::Integer)?;
        id.end()?;
        let status = status(&mut fields)?;
        let this_update = fields::generalized_time(fields.raw()?)?;
        let next_update = match fields.content_if(0xa0)? {
            Some(time) => Some(fields::generalized_time(time)?),
            None => None,
        };
        let extensions = match fields.content_if(0xa1)? {
            Some(list) => Extensions::read(list)?,
            None => Extensions::default(),
        };
        fields.end()?;
        let invalid_since = match extensions.value(rfc5280::ID_CE_INVALIDITY_DATE) {
            Some(value) => Some(fields::generalized_time(value)?),
            None => None,
        };
        Ok(Self {
            algorithm: algorithm.oid,
            issuer_name_hash: name.as_bytes().to_vec(),
            issuer_key_hash: key.as_bytes().to_vec(),
            serial_number: serial.value().to_vec(),
            status,
            this_update,
            next_update,
            extensions,
            invalid_since,
        })
    }

    /// It names this certificate of this issuer: the serial number, and the hashes of the issuer's
    /// name and key.
    pub fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let hash: fn(&[u8]) -> Vec<u8> = match self.algorithm {
            SHA_1 => sha1,
            rfc5912::ID_SHA_256 => |bytes| Hash::Sha256.of(bytes),
            rfc5912::ID_SHA_384 => |bytes| Hash::Sha384.of(bytes),
            rfc5912::ID_SHA_512 => |bytes| Hash::Sha512.of(bytes),
            _ => return false,
        };
        shortest(&self.serial_number) == shortest(certificate.serial_number())
            && self.issuer_name_hash == hash(issuer.raw_subject())
            && self.issuer_key_hash == hash(&issuer.key_bits())
    }
}

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// CertStatus: good [0], revoked [1], unknown [2].
fn status(fields: &mut Fields<'_>) -> der::Result<Status> {
    let octet = fields.peek();
    let content = match octet {
        Some(octet @ (0x80 | 0xa1 | 0x82)) => fields.content_if(octet)?.unwrap_or_default(),
        _ => return Err(der::ErrorKind::Value { tag: Tag::Null }.into()),
    };
    if octet != Some(0xa1) {
        return match (content, octet) {
            ([], Some(0x80)) => Ok(Status::Good),
            ([], _) => Ok(Status::Unknown),
            _ => Err(der::ErrorKind::Value { tag: Tag::Null }.into()),
        };
    }
    let mut info = Fields::inside(content)?;
    let at = fields::generalized_time(info.raw()?)?;
    let reason = match info.content_if(0xa0)? {
        Some(reason) => Some(crl_reason(reason)?),
        None => None,
    };
    info.end()?;
    Ok(Status::Revoked(Revoked { at, reason }))
}

/// The ResponderID: by name [1] or by the SHA-1 of the key [2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResponderId {
    /// The Name in DER.
    Name(Vec<u8>),
    KeyHash(Vec<u8>),
}

impl ResponderId {
    pub fn read(fields: &mut Fields<'_>) -> der::Result<Self> {
        if let Some(name) = fields.content_if(0xa1)? {
            return Ok(Self::Name(name.to_vec()));
        }
        match fields.content_if(0xa2)? {
            Some(hash) => Ok(Self::KeyHash(OctetStringRef::from_der(hash)?.as_bytes().to_vec())),
            None => Err(der::ErrorKind::Value { tag: Tag::OctetString }.into()),
        }
    }

    pub fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => name == certificate.raw_subject(),
            Self::KeyHash(hash) => *hash == sha1(&certificate.key_bits()),
        }
    }
}
