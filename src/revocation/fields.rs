//! DER elements read in order, times, and extension lists: what OCSP answers and CRLs have in common.

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use spki::AlgorithmIdentifierOwned;
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::time::Time;

use super::RevocationError;
use crate::x509::{Certificate, SignatureAlgorithm};

/// The elements inside one constructed element.
pub(super) struct Fields<'a> {
    reader: SliceReader<'a>,
}

impl<'a> Fields<'a> {
    /// `bytes` is exactly one SEQUENCE.
    pub fn of_sequence(bytes: &'a [u8]) -> der::Result<Self> {
        let any = AnyRef::from_der(bytes)?;
        any.tag().assert_eq(Tag::Sequence)?;
        Self::inside(any.value())
    }

    /// The content of a constructed element.
    pub fn inside(content: &'a [u8]) -> der::Result<Self> {
        Ok(Self { reader: SliceReader::new(content)? })
    }

    /// The next element with its head.
    pub fn raw(&mut self) -> der::Result<&'a [u8]> {
        self.reader.tlv_bytes()
    }

    pub fn read<T: Decode<'a>>(&mut self) -> der::Result<T> {
        T::from_der(self.raw()?)
    }

    /// The content of the next element when it has this identifier octet.
    pub fn content_if(&mut self, octet: u8) -> der::Result<Option<&'a [u8]>> {
        match self.reader.peek_byte() {
            Some(found) if found == octet => Ok(Some(AnyRef::from_der(self.raw()?)?.value())),
            _ => Ok(None),
        }
    }

    /// The identifier octet of the next element.
    pub fn peek(&self) -> Option<u8> {
        self.reader.peek_byte()
    }

    pub fn is_finished(&self) -> bool {
        self.reader.is_finished()
    }

    /// Nothing may follow.
    pub fn end(self) -> der::Result<()> {
        self.reader.finish(())
    }
}

/// Bytes that someone signed.
#[derive(Debug, Clone)]
pub(super) struct Signed<B> {
    pub tbs: B,
    pub algorithm: SignatureAlgorithm,
    /// The AlgorithmIdentifier in DER.
    pub raw_algorithm: B,
    pub signature: B,
}

impl<'a> Signed<&'a [u8]> {
    /// The first three fields of a signed structure.
    pub fn read(fields: &mut Fields<'a>) -> der::Result<Self> {
        let tbs = fields.raw()?;
        let raw_algorithm = fields.raw()?;
        let algorithm = AlgorithmIdentifierOwned::from_der(raw_algorithm)?;
        let signature: BitStringRef<'a> = fields.read()?;
        let signature =
            signature.as_bytes().ok_or(der::ErrorKind::Value { tag: Tag::BitString })?;
        Ok(Self { tbs, algorithm: SignatureAlgorithm::read(&algorithm), raw_algorithm, signature })
    }
}

impl<B: AsRef<[u8]>> Signed<B> {
    /// The signature under a certificate's key. SHA-1 and older hashes never verify.
    pub fn verify(&self, what: &'static str, signer: &Certificate) -> Result<(), RevocationError> {
        let wrong = |reason: String| RevocationError::Signature { what, reason };
        match &self.algorithm {
            SignatureAlgorithm::Insecure(_) | SignatureAlgorithm::Unknown(_) => {
                return Err(wrong(format!("{} is not accepted", self.algorithm)));
            }
            _ => {}
        }
        let key = signer.public_key();
        let verified = self.algorithm.verify(key, self.tbs.as_ref(), self.signature.as_ref());
        verified.map_err(|_| wrong(format!("not with the key of {:?}", name_of(signer))))
    }
}

/// The subject, for messages.
pub(super) fn name_of(certificate: &Certificate) -> String {
    certificate.subject().to_string()
}

/// UTCTime or GeneralizedTime.
pub(super) fn either_time(bytes: &[u8]) -> der::Result<OffsetDateTime> {
    instant(Time::from_der(bytes)?.to_unix_duration())
}

pub(super) fn generalized_time(bytes: &[u8]) -> der::Result<OffsetDateTime> {
    instant(GeneralizedTime::from_der(bytes)?.to_unix_duration())
}

fn instant(since_epoch: std::time::Duration) -> der::Result<OffsetDateTime> {
    let overflow = || der::Error::from(der::ErrorKind::DateTime);
    let seconds = i64::try_from(since_epoch.as_secs()).map_err(|_| overflow())?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| overflow())
}

/// most extensions of one list; real ones are under ten
const EXTENSIONS: usize = 32;

/// largest value of one extension, in bytes; real ones are under 1 KiB. What is read from it takes many times
/// its room, before any signature is verified.
const EXTENSION_VALUE: usize = 16 * 1024;

/// Extensions, each at most once.
#[derive(Debug, Clone, Default)]
pub(super) struct Extensions(Vec<Extension>);

impl Extensions {
    /// `bytes` is one SEQUENCE OF Extension.
    pub fn read(bytes: &[u8]) -> der::Result<Self> {
        let mut fields = Fields::of_sequence(bytes)?;
        let mut list: Vec<Extension> = Vec::new();
        while !fields.is_finished() {
            let raw = fields.raw()?;
            if raw.len() > EXTENSION_VALUE {
                return Err(Tag::OctetString.length_error());
            }
            let extension = Extension::from_der(raw)?;
            let known = list.iter().any(|other| other.extn_id == extension.extn_id);
            if known || list.len() == EXTENSIONS {
                return Err(der::ErrorKind::Value { tag: Tag::Sequence }.into());
            }
            list.push(extension);
        }
        Ok(Self(list))
    }

    pub fn value(&self, oid: der::asn1::ObjectIdentifier) -> Option<&[u8]> {
        self.0.iter().find(|e| e.extn_id == oid).map(|e| e.extn_value.as_bytes())
    }

    /// Refuses a critical extension other than these.
    pub fn check_critical(
        &self,
        what: &'static str,
        known: &[der::asn1::ObjectIdentifier],
    ) -> Result<(), RevocationError> {
        match self.0.iter().find(|e| e.critical && !known.contains(&e.extn_id)) {
            Some(e) => Err(RevocationError::CriticalExtension { what, oid: e.extn_id.to_string() }),
            None => Ok(()),
        }
    }
}

/// An INTEGER's content without the zeros that redundantly lead it, so that equal numbers are equal.
pub(super) fn shortest(mut integer: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = integer
        && let [next, ..] = rest
    {
        if next & 0x80 != 0 {
            break;
        }
        integer = rest;
    }
    integer
}

/// Compares two INTEGERs that are not negative; none where one is.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Option<std::cmp::Ordering> {
    let strip = |content: &[u8]| -> Option<Vec<u8>> {
        let first = *content.first()?;
        (first & 0x80 == 0).then(|| content.iter().copied().skip_while(|b| *b == 0).collect())
    };
    let (a, b) = (strip(a)?, strip(b)?);
    Some(a.len().cmp(&b.len()).then_with(|| a.cmp(&b)))
}

/// How far ahead of this machine's clock a server's may be.
pub(super) const SKEW: time::Duration = time::Duration::minutes(5);

/// `this_update` has come and `next_update` has not passed.
pub(super) fn check_fresh(
    what: &'static str,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, RevocationError> {
    if this_update > now + SKEW {
        return Err(RevocationError::Future { what, from: this_update });
    }
    match next_update {
        Some(end) if now <= end => Ok(end),
        other => Err(RevocationError::Stale { what, next_update: other }),
    }
}
