//! TSTInfo: what a time-stamping authority says (RFC 3161, 2.4.2).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use spki::AlgorithmIdentifierRef;
use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::cms::{self, inside};
use super::{TokenError, TokenPart};
use crate::crypto::Hash;

/// A time and how far off it may be: the moment lies in `from()..=to()`, both in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    gen_time: OffsetDateTime,
    accuracy: Duration,
    from: OffsetDateTime,
    to: OffsetDateTime,
}

impl Interval {
    pub fn gen_time(&self) -> OffsetDateTime {
        self.gen_time
    }
    pub fn accuracy(&self) -> Duration {
        self.accuracy
    }
    pub fn from(&self) -> OffsetDateTime {
        self.from
    }
    pub fn to(&self) -> OffsetDateTime {
        self.to
    }

    fn around(gen_time: OffsetDateTime, accuracy: Duration) -> Option<Self> {
        let from = gen_time.checked_sub(accuracy)?;
        let to = gen_time.checked_add(accuracy)?;
        Some(Self { gen_time, accuracy, from, to })
    }
}

/// A TSTInfo of version 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TstInfo {
    pub hash: Hash,
    pub imprint: Vec<u8>,
    pub interval: Interval,
    /// Content bytes without leading zeros.
    pub nonce: Option<Vec<u8>>,
}

impl TstInfo {
    pub(super) fn read(der: &[u8]) -> Result<Self, TokenError> {
        let draft =
            Draft::read(der).map_err(|error| TokenError::unparsable(TokenPart::TstInfo, error))?;
        draft.validate()
    }

    pub(super) fn check_imprint(&self, message: &[u8]) -> Result<(), TokenError> {
        if self.hash.of(message) == self.imprint { Ok(()) } else { Err(TokenError::Imprint) }
    }
}

struct Draft<'a> {
    version: &'a [u8],
    policy: ObjectIdentifier,
    hash: AlgorithmIdentifierRef<'a>,
    imprint: &'a [u8],
    gen_time: &'a [u8],
    /// Seconds, milliseconds, microseconds.
    accuracy: [Option<u32>; 3],
    nonce: Option<Vec<u8>>,
    critical_extension: Option<ObjectIdentifier>,
}

impl<'a> Draft<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = inside(der, Tag::Sequence)?;
        let version = UintRef::decode(&mut reader)?.as_bytes();
        let policy = ObjectIdentifier::decode(&mut reader)?;
        let (hash, imprint) = message_imprint(reader.tlv_bytes()?)?;
        AnyRef::decode(&mut reader)?.tag().assert_eq(Tag::Integer)?;
        let gen_time = AnyRef::decode(&mut reader)?;
        gen_time.tag().assert_eq(Tag::GeneralizedTime)?;
        let mut accuracy = [None; 3];
        if next_is(&reader, Tag::Sequence) {
            accuracy = read_accuracy(reader.tlv_bytes()?)?;
        }
        if next_is(&reader, Tag::Boolean) {
            bool::decode(&mut reader)?;
        }
        let nonce = match next_is(&reader, Tag::Integer) {
            true => Some(UintRef::decode(&mut reader)?.as_bytes().to_vec()),
            false => None,
        };
        cms::implicit(&mut reader, 0)?;
        let critical_extension = match cms::implicit(&mut reader, 1)? {
            Some(extensions) => critical(extensions)?,
            None => None,
        };
        let gen_time = gen_time.value();
        reader.finish(Self {
            version,
            policy,
            hash,
            imprint,
            gen_time,
            accuracy,
            nonce,
            critical_extension,
        })
    }

    fn validate(self) -> Result<TstInfo, TokenError> {
        let malformed = |reason: &str| TokenError::unparsable(TokenPart::TstInfo, reason);
        if self.version != [1] {
            return Err(TokenError::Version {
                part: TokenPart::TstInfo,
                found: cms::decimal(self.version),
                expected: 1,
            });
        }
        let hash = cms::hash(self.hash.oid, "hash algorithm")?;
        if self.hash.parameters.is_some_and(|parameters| !parameters.is_null()) {
            return Err(malformed("the hash algorithm has parameters"));
        }
        if let Some(found) = self.critical_extension {
            return Err(TokenError::Algorithm {
                what: "critical extension",
                found: found.to_string(),
            });
        }
        let gen_time = generalized(self.gen_time)
            .ok_or_else(|| malformed("genTime is not of the form YYYYMMDDhhmmss[.s…]Z"))?;
        let interval = Interval::around(gen_time, self.accuracy())
            .ok_or_else(|| malformed("genTime and accuracy leave the calendar"))?;
        Ok(TstInfo { hash, imprint: self.imprint.to_vec(), interval, nonce: self.nonce })
    }

    /// trust-store-trust-policy.md, "Steps": a baseline policy without accuracy means one second.
    fn accuracy(&self) -> Duration {
        let [seconds, millis, micros] = self.accuracy.map(Option::unwrap_or_default);
        if (seconds, millis, micros) == (0, 0, 0) && self.policy == BASELINE_POLICY {
            return Duration::SECOND;
        }
        Duration::seconds(seconds.into())
            + Duration::milliseconds(millis.into())
            + Duration::microseconds(micros.into())
    }
}

/// `MessageImprint`: the hash algorithm and the hash.
fn message_imprint(der: &[u8]) -> der::Result<(AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut reader = inside(der, Tag::Sequence)?;
    let hash = AlgorithmIdentifierRef::decode(&mut reader)?;
    let imprint = OctetStringRef::decode(&mut reader)?.as_bytes();
    reader.finish((hash, imprint))
}

fn read_accuracy(der: &[u8]) -> der::Result<[Option<u32>; 3]> {
    let mut reader = inside(der, Tag::Sequence)?;
    let seconds = match next_is(&reader, Tag::Integer) {
        true => Some(u32::decode(&mut reader)?),
        false => None,
    };
    let millis = fraction(cms::implicit(&mut reader, 0)?)?;
    let micros = fraction(cms::implicit(&mut reader, 1)?)?;
    reader.finish([seconds, millis, micros])
}

/// `INTEGER (1..999)`; 0 is in use and harmless.
fn fraction(content: Option<&[u8]>) -> der::Result<Option<u32>> {
    match content {
        None => Ok(None),
        Some(&[small]) if small < 0x80 => Ok(Some(small.into())),
        Some(&[high, low]) if u16::from_be_bytes([high, low]) <= 999 => {
            Ok(Some(u16::from_be_bytes([high, low]).into()))
        }
        Some(_) => Err(Tag::Integer.value_error()),
    }
}

/// The first extension that is critical: none is known here.
fn critical(extensions: &[u8]) -> der::Result<Option<ObjectIdentifier>> {
    for extension in cms::elements(extensions)? {
        let mut reader = inside(extension, Tag::Sequence)?;
        let kind = ObjectIdentifier::decode(&mut reader)?;
        if next_is(&reader, Tag::Boolean) && bool::decode(&mut reader)? {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

fn next_is(reader: &SliceReader<'_>, tag: Tag) -> bool {
    reader.peek_tag() == Ok(tag)
}

/// RFC 3161, 2.4.2: in UTC, with seconds; a fraction has no trailing zero. Digits below the
/// nanosecond are dropped.
fn generalized(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((_, fraction)) if fraction.is_empty() || fraction.ends_with('0') => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let part = |from: usize, to: usize| whole[from..to].parse::<u8>().ok();
    let date = Date::from_calendar_date(
        whole[..4].parse().ok()?,
        Month::try_from(part(4, 6)?).ok()?,
        part(6, 8)?,
    );
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let time = Time::from_hms_nano(hour, minute, second, nanos.parse().ok()?);
    Some(date.ok()?.with_time(time.ok()?).assume_utc())
}

/// ETSI EN 319 421, baseline time-stamp policy.
const BASELINE_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2023.1.1");

#[cfg(test)]
mod tests;
