//! What is asked of a time-stamping authority, and its answer taken apart (RFC 3161, 2.4).

use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode, Encode, Reader, Sequence, SliceReader, Tag, Tagged, asn1::UintRef};
use spki::AlgorithmIdentifierRef;

use super::cms::{self, elements, inside};
use super::{StampError, TOKEN_LIMIT, ber};
use crate::crypto::{Hash, random_bytes};
use crate::fault::excerpt;

/// A request for one message, with a nonce that nobody can foresee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    hash: Hash,
    imprint: Vec<u8>,
    nonce: Vec<u8>,
}

/// Length in bytes of a nonce.
const NONCE: usize = 16;

impl Request {
    /// Asks for the time of `message`, of which only the hash is sent. None without randomness.
    pub fn new(hash: Hash, message: &[u8]) -> Option<Self> {
        let mut nonce: [u8; NONCE] = random_bytes()?;
        // positive, and of one length
        nonce[0] = nonce[0] & 0x7f | 0x40;
        Some(Self { hash, imprint: hash.of(message), nonce: nonce.to_vec() })
    }

    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Big-endian, without leading zeros.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// `TimeStampReq`: version 1, no policy, certReq TRUE, no extensions.
    pub fn der(&self) -> Vec<u8> {
        let draft = TimeStampReq {
            version: 1,
            message_imprint: MessageImprint {
                hash_algorithm: AlgorithmIdentifierRef {
                    oid: cms::oid(self.hash),
                    parameters: Some(AnyRef::NULL),
                },
                hashed_message: OctetStringRef::new(&self.imprint).expect("a hash is short"),
            },
            nonce: UintRef::new(&self.nonce).expect("a nonce is short"),
            cert_req: true,
        };
        draft.to_der().expect("a short structure has DER")
    }
}

#[derive(Sequence)]
struct TimeStampReq<'a> {
    version: u8,
    message_imprint: MessageImprint<'a>,
    nonce: UintRef<'a>,
    cert_req: bool,
}

#[derive(Sequence)]
struct MessageImprint<'a> {
    hash_algorithm: AlgorithmIdentifierRef<'a>,
    hashed_message: OctetStringRef<'a>,
}

/// The token in a `TimeStampResp`, in DER, unread.
pub fn token_of_reply(reply: &[u8]) -> Result<Vec<u8>, StampError> {
    if reply.len() > TOKEN_LIMIT {
        return Err(StampError::unparsable(format!("{} bytes", reply.len())));
    }
    let der = ber::to_der(reply).map_err(StampError::unparsable)?;
    let reply = Reply::read(&der).map_err(StampError::unparsable)?;
    if !GRANTED.contains(&reply.status) {
        return Err(StampError::Refused {
            status: status_name(reply.status),
            reasons: reply.reasons,
        });
    }
    reply.token.map(<[u8]>::to_vec).ok_or(StampError::TokenMissing)
}

struct Reply<'a> {
    status: u8,
    /// What the authority says, and the failure bits by name.
    reasons: Vec<String>,
    token: Option<&'a [u8]>,
}

impl<'a> Reply<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = inside(der, Tag::Sequence)?;
        let mut info = inside(reader.tlv_bytes()?, Tag::Sequence)?;
        let status = u8::decode(&mut info)?;
        let mut reasons = Vec::new();
        if info.peek_tag() == Ok(Tag::Sequence) {
            reasons = free_text(AnyRef::decode(&mut info)?.value())?;
        }
        if info.peek_tag() == Ok(Tag::BitString) {
            let bits = BitStringRef::decode(&mut info)?;
            let set = |number: usize| {
                bits.raw_bytes()
                    .get(number / 8)
                    .is_some_and(|byte| byte >> (7 - number % 8) & 1 == 1)
            };
            let named = FAILURES.iter().filter(|(number, _)| set(*number));
            reasons.extend(named.map(|(_, name)| (*name).to_owned()));
        }
        info.finish(())?;
        let token = if reader.is_finished() { None } else { Some(reader.tlv_bytes()?) };
        reader.finish(Self { status, reasons, token })
    }
}

/// most texts of one refusal that are shown
const REASONS_LIMIT: usize = 8;
/// longest text of a refusal shown
const REASON_LIMIT: usize = 200;

fn free_text(content: &[u8]) -> der::Result<Vec<String>> {
    let mut texts = Vec::new();
    for text in elements(content)?.into_iter().take(REASONS_LIMIT) {
        let any = AnyRef::decode(&mut SliceReader::new(text)?)?;
        any.tag().assert_eq(Tag::Utf8String)?;
        texts.push(excerpt(&String::from_utf8_lossy(any.value()), REASON_LIMIT));
    }
    Ok(texts)
}

/// granted, grantedWithMods
const GRANTED: [u8; 2] = [0, 1];

fn status_name(status: u8) -> String {
    const NAMES: [&str; 6] = [
        "granted",
        "granted with modifications",
        "rejection",
        "waiting",
        "revocation warning",
        "revocation notification",
    ];
    NAMES.get(usize::from(status)).map_or_else(|| status.to_string(), |name| (*name).to_owned())
}

/// `PKIFailureInfo` (RFC 3161, 2.4.2).
const FAILURES: [(usize, &str); 8] = [
    (0, "unrecognized or unsupported algorithm"),
    (2, "transaction not permitted or supported"),
    (5, "the data submitted has the wrong format"),
    (14, "the TSA's time source is not available"),
    (15, "the requested TSA policy is not supported by the TSA"),
    (16, "the requested extension is not supported by the TSA"),
    (17, "the additional information requested could not be understood or is not available"),
    (25, "the request cannot be handled due to system failure"),
];
