//! COSE envelopes: RFC 9052 COSE_Sign1, tagged (signature-envelope-cose.md).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value;
use coset::{
    CoseSign1, CoseSign1Builder, HeaderBuilder, ProtectedHeader, RegisteredLabelWithPrivate,
    SignatureContext, TaggedCborSerializable as _, iana, iana::EnumI64 as _,
};
use serde_json::json;
use time::OffsetDateTime;

use super::attributes::{
    AUTHENTIC_SIGNING_TIME, Draft, EXPIRY, SIGNING_AGENT, SIGNING_SCHEME, SIGNING_TIME,
    TIMESTAMP_SIGNATURE, in_range,
};
use super::cbor::{self, Tags};
use super::error::excerpt;
use super::read::{Pieces, check_count};
use super::write::{Signing, UnsignedAttributes};
use super::{
    AttributeKey, EnvelopeError, PAYLOAD_TYPE, Part, VERIFICATION_PLUGIN,
    VERIFICATION_PLUGIN_MIN_VERSION,
};
use crate::crypto::{SUITES, Suite};

const ALG: i64 = 1;
const CRIT: i64 = 2;
const CONTENT_TYPE: i64 = 3;
const X5CHAIN: i64 = 33;

/// Tag 18 in one byte, array of four in one byte.
const PREFIX: [u8; 2] = [0xd2, 0x84];

/// Takes a COSE_Sign1 apart.
pub(super) fn read(bytes: &[u8]) -> Result<(Pieces, Header), EnvelopeError> {
    let untagged = bytes.strip_prefix(&PREFIX[..1]).filter(|rest| rest.starts_with(&PREFIX[1..]));
    let outer =
        cbor::read(Part::Envelope, Tags::Refused, untagged.ok_or(EnvelopeError::Untagged)?)?;
    let items = outer.into_array().ok().and_then(|items| <[Value; 4]>::try_from(items).ok());
    let [protected, unprotected, payload, signature] = items.ok_or(EnvelopeError::Untagged)?;
    let protected = byte_string(Part::ProtectedHeader, protected)?;
    let unprotected = Labels::of(Part::UnprotectedHeader, unprotected)?;
    if payload.is_null() {
        return Err(EnvelopeError::Detached);
    }
    let payload = byte_string(Part::Payload, payload)?;
    // RFC 9052 section 3.1: crit lives in the protected header.
    if unprotected.integer(CRIT).is_some() {
        let reason = "the crit header is not allowed";
        return Err(EnvelopeError::unparsable(Part::UnprotectedHeader, reason));
    }
    let header = Header {
        labels: Labels::of(
            Part::ProtectedHeader,
            cbor::read(Part::ProtectedHeader, Tags::Allowed, &protected)?,
        )?,
    };
    let body = ProtectedHeader { original_data: Some(protected), ..Default::default() };
    let pieces = Pieces {
        message: coset::sig_structure_data(SignatureContext::CoseSign1, body, None, &[], &payload),
        payload,
        signature: byte_string(Part::Signature, signature)?,
        certificates: certificates(&unprotected)?,
        signing_agent: unprotected.text(SIGNING_AGENT).and_then(Value::as_text).map(Into::into),
        timestamp_token: unprotected.text(TIMESTAMP_SIGNATURE).and_then(Value::as_bytes).cloned(),
    };
    Ok((pieces, header))
}

/// The same envelope, which holds, with this token beside its signature.
pub(super) fn with_timestamp(bytes: &[u8], token: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let unparsable = |reason: String| EnvelopeError::unparsable(Part::Envelope, reason);
    let mut sign1 =
        CoseSign1::from_tagged_slice(bytes).map_err(|error| unparsable(error.to_string()))?;
    let label = coset::Label::Text(TIMESTAMP_SIGNATURE.into());
    sign1.unprotected.rest.retain(|(present, _)| *present != label);
    sign1.unprotected.rest.push((label, Value::Bytes(token.into())));
    sign1.to_tagged_vec().map_err(|error| unparsable(error.to_string()))
}

/// The protected header.
pub(super) struct Header {
    labels: Labels,
}

impl Header {
    /// The suite that label 1 names.
    pub fn suite(&self) -> Result<Suite, EnvelopeError> {
        let value = self
            .labels
            .integer(ALG)
            .ok_or_else(|| EnvelopeError::missing(Part::ProtectedHeader, "alg"))?;
        let label = value.as_integer().and_then(|integer| i64::try_from(integer).ok());
        SUITES
            .into_iter()
            .find(|suite| Some(suite.cose_label()) == label)
            .ok_or_else(|| EnvelopeError::Algorithm { found: excerpt(&json_of(value).to_string()) })
    }

    pub fn draft(&self) -> Result<Draft, EnvelopeError> {
        // as JSON a byte string would be a text too, and name another plugin
        for name in [VERIFICATION_PLUGIN, VERIFICATION_PLUGIN_MIN_VERSION] {
            if self.labels.text(name).is_some() {
                self.required_text(self.labels.text(name), name)?;
            }
        }
        let (own, extended) = self
            .labels
            .list
            .iter()
            .map(|(key, value)| (key.clone(), json_of(value)))
            .partition::<Vec<_>, _>(|(key, _)| is_own(key));
        Ok(Draft {
            content_type: self.required_text(self.labels.integer(CONTENT_TYPE), "content type")?,
            scheme: self.required_text(self.labels.text(SIGNING_SCHEME), SIGNING_SCHEME)?,
            signing_time: self.time(SIGNING_TIME)?,
            authentic_signing_time: self.time(AUTHENTIC_SIGNING_TIME)?,
            expiry: self.time(EXPIRY)?,
            critical: self.critical()?,
            extended,
            own: own.into_iter().map(|(key, _)| key).collect(),
        })
    }

    fn required_text(&self, value: Option<&Value>, name: &str) -> Result<String, EnvelopeError> {
        let part = Part::ProtectedHeader;
        value
            .ok_or_else(|| EnvelopeError::missing(part, name))?
            .as_text()
            .map(Into::into)
            .ok_or_else(|| EnvelopeError::of_type(part, name, "a text string"))
    }

    fn critical(&self) -> Result<Vec<AttributeKey>, EnvelopeError> {
        let refuse = || EnvelopeError::CriticalType { expected: "label (text string or integer)" };
        let Some(value) = self.labels.integer(CRIT) else { return Ok(Vec::new()) };
        value
            .as_array()
            .ok_or_else(refuse)?
            .iter()
            .map(|label| key_of(label).ok_or_else(refuse))
            .collect()
    }

    // RFC 8949 section 3.4.2: tag 1, integer or float.
    fn time(&self, name: &'static str) -> Result<Option<OffsetDateTime>, EnvelopeError> {
        let Some(value) = self.labels.text(name) else { return Ok(None) };
        let refuse = |reason: &str| EnvelopeError::Time { header: name, reason: reason.into() };
        let Value::Tag(1, epoch) = value else {
            return Err(refuse("only a tag 1 date/time is supported"));
        };
        let nanoseconds = match epoch.as_ref() {
            Value::Integer(seconds) => i128::from(*seconds) * 1_000_000_000,
            Value::Float(seconds) if seconds.is_finite() => {
                // Casts saturate; what they cut is out of range below.
                i128::from(seconds.trunc() as i64) * 1_000_000_000 + (seconds.fract() * 1e9) as i128
            }
            _ => return Err(refuse("neither an integer nor a finite number")),
        };
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .ok()
            .and_then(in_range)
            .map(Some)
            .ok_or_else(|| refuse("out of range"))
    }
}

/// An envelope that waits for its signature.
pub(super) struct Unsigned {
    sign1: CoseSign1,
}

impl Unsigned {
    /// Labels go in in core deterministic order (RFC 8949 section 4.2.1): bytewise by encoded label.
    pub fn new(signing: &Signing, payload: &[u8]) -> Self {
        let algorithm = iana::Algorithm::from_i64(signing.suite.cose_label())
            .expect("the six suites are registered");
        let mut header =
            HeaderBuilder::new().algorithm(algorithm).content_type(PAYLOAD_TYPE.into());
        if let Some(expiry) = signing.expiry {
            header = header.text_value(EXPIRY.into(), epoch(expiry));
        }
        let mut header = header
            .text_value(SIGNING_TIME.into(), epoch(signing.scheme.time()))
            .text_value(SIGNING_SCHEME.into(), signing.scheme.name().into())
            .build();
        header.crit.push(RegisteredLabelWithPrivate::Text(SIGNING_SCHEME.into()));
        if signing.expiry.is_some() {
            header.crit.push(RegisteredLabelWithPrivate::Text(EXPIRY.into()));
        }
        let sign1 = CoseSign1Builder::new().protected(header).payload(payload.into()).build();
        Self { sign1 }
    }

    /// The bytes to sign: the Sig_structure (RFC 9052 section 4.4).
    pub fn message(&self) -> Vec<u8> {
        self.sign1.tbs_data(&[])
    }

    pub fn finish(mut self, signature: &[u8], unsigned: &UnsignedAttributes<'_>) -> Vec<u8> {
        let certificates = unsigned.chain.certificates().iter().map(|c| c.der().into()).collect();
        let mut header = HeaderBuilder::new()
            .value(X5CHAIN, Value::Array(certificates))
            .text_value(SIGNING_AGENT.into(), unsigned.agent.into());
        if let Some(token) = unsigned.timestamp {
            header = header.text_value(TIMESTAMP_SIGNATURE.into(), Value::Bytes(token.into()));
        }
        self.sign1.unprotected = header.build();
        self.sign1.signature = signature.into();
        self.sign1.to_tagged_vec().expect("a built message always serializes")
    }
}

/// A map of labels (RFC 9052 section 1.5), in its order.
struct Labels {
    list: Vec<(AttributeKey, Value)>,
}

impl Labels {
    fn of(part: Part, value: Value) -> Result<Self, EnvelopeError> {
        let map =
            value.into_map().map_err(|_| EnvelopeError::unparsable(part, "require map type"))?;
        let list = map
            .into_iter()
            .map(|(label, value)| match key_of(&label) {
                Some(key) => Ok((key, value)),
                None => Err(EnvelopeError::unparsable(part, "a label is beyond 64 bits")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { list })
    }

    fn integer(&self, label: i64) -> Option<&Value> {
        let found = |key: &AttributeKey| *key == AttributeKey::Integer(label);
        self.list.iter().find(|(key, _)| found(key)).map(|(_, value)| value)
    }

    fn text(&self, label: &str) -> Option<&Value> {
        let found = |key: &AttributeKey| matches!(key, AttributeKey::Text(text) if text == label);
        self.list.iter().find(|(key, _)| found(key)).map(|(_, value)| value)
    }
}

fn is_own(key: &AttributeKey) -> bool {
    match key {
        AttributeKey::Integer(label) => [ALG, CRIT, CONTENT_TYPE].contains(label),
        AttributeKey::Text(name) => {
            [SIGNING_SCHEME, SIGNING_TIME, AUTHENTIC_SIGNING_TIME, EXPIRY].contains(&name.as_str())
        }
    }
}

fn key_of(label: &Value) -> Option<AttributeKey> {
    match label {
        Value::Text(text) => Some(AttributeKey::Text(text.clone())),
        Value::Integer(integer) => i64::try_from(*integer).ok().map(AttributeKey::Integer),
        _ => None,
    }
}

fn certificates(unprotected: &Labels) -> Result<Vec<Vec<u8>>, EnvelopeError> {
    // An array even for one certificate.
    let list = unprotected
        .integer(X5CHAIN)
        .and_then(Value::as_array)
        .ok_or(EnvelopeError::ChainMissing)?;
    check_count(list.len())?;
    list.iter()
        .map(|item| {
            item.as_bytes().cloned().ok_or_else(|| {
                EnvelopeError::of_type(Part::UnprotectedHeader, "x5chain", "an array of bstr")
            })
        })
        .collect()
}

fn byte_string(part: Part, value: Value) -> Result<Vec<u8>, EnvelopeError> {
    value.into_bytes().map_err(|_| EnvelopeError::unparsable(part, "require bstr type"))
}

fn epoch(time: OffsetDateTime) -> Value {
    Value::Tag(1, Box::new(time.unix_timestamp().into()))
}

/// A CBOR value as JSON: byte strings as base64, labels as text, tags dropped.
fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Integer(integer) => {
            let integer = i128::from(*integer);
            i64::try_from(integer)
                .map(Into::into)
                .or_else(|_| u64::try_from(integer).map(Into::into))
                .unwrap_or_else(|_| json!(integer.to_string()))
        }
        Value::Bytes(bytes) => json!(STANDARD.encode(bytes)),
        Value::Float(float) => json!(float),
        Value::Text(text) => json!(text),
        Value::Bool(bool) => json!(bool),
        Value::Tag(_, inner) => json_of(inner),
        Value::Array(items) => items.iter().map(json_of).collect(),
        Value::Map(pairs) => pairs
            .iter()
            .map(|(label, value)| {
                let label = key_of(label).map_or_else(|| format!("{label:?}"), |k| k.to_string());
                (label, json_of(value))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => serde_json::Value::Null,
    }
}
