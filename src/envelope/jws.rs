//! JWS envelopes: RFC 7515 flattened JSON (signature-envelope-jws.md).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::attributes::{
    AUTHENTIC_SIGNING_TIME, Draft, EXPIRY, SIGNING_AGENT, SIGNING_SCHEME, SIGNING_TIME,
    TIMESTAMP_SIGNATURE, in_range,
};
use super::error::excerpt;
use super::json::Members;
use super::payload::to_json;
use super::read::{Pieces, check_count};
use super::write::{Signing, UnsignedAttributes};
use super::{AttributeKey, EnvelopeError, PAYLOAD_TYPE, Part};
use crate::crypto::{SUITES, Suite};

/// Takes the flattened JSON apart: strict base64, exact names, no member twice.
pub(super) fn read(bytes: &[u8]) -> Result<(Pieces, Header), EnvelopeError> {
    let outer = Members::read(Part::Envelope, bytes)?;
    let unprotected = Members::of(Part::UnprotectedHeader, outer.object("header")?);
    let protected = outer.text("protected")?;
    let payload = outer.text("payload")?;
    let signature = outer.text("signature")?;
    let pieces = Pieces {
        message: [protected, ".", payload].concat().into_bytes(),
        payload: decode_url(Part::Payload, payload)?,
        signature: decode_url(Part::Signature, signature)?,
        certificates: certificates(&unprotected)?,
        signing_agent: unprotected.value(SIGNING_AGENT).and_then(Value::as_str).map(Into::into),
        timestamp_token: timestamp_token(&unprotected)?,
    };
    let header = decode_url(Part::ProtectedHeader, protected)?;
    Ok((pieces, Header { members: Members::read(Part::ProtectedHeader, &header)? }))
}

/// The same envelope, which holds, with this token beside its signature.
pub(super) fn with_timestamp(bytes: &[u8], token: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let unparsable =
        |error: serde_json::Error| EnvelopeError::unparsable(Part::Envelope, error.to_string());
    let mut envelope: Value = serde_json::from_slice(bytes).map_err(unparsable)?;
    let header = envelope.get_mut("header").and_then(Value::as_object_mut);
    let header = header.ok_or_else(|| EnvelopeError::missing(Part::Envelope, "header"))?;
    header.insert(TIMESTAMP_SIGNATURE.to_owned(), STANDARD.encode(token).into());
    Ok(to_json(&envelope))
}

/// The protected header.
pub(super) struct Header {
    members: Members,
}

impl Header {
    /// The suite that `alg` names.
    pub fn suite(&self) -> Result<Suite, EnvelopeError> {
        let found = self.members.text("alg")?;
        SUITES
            .into_iter()
            .find(|suite| suite.jws_name() == found)
            .ok_or_else(|| EnvelopeError::Algorithm { found: excerpt(found) })
    }

    pub fn draft(&self) -> Result<Draft, EnvelopeError> {
        const OWN: [&str; 7] =
            ["alg", "cty", "crit", SIGNING_SCHEME, SIGNING_TIME, AUTHENTIC_SIGNING_TIME, EXPIRY];
        let (own, extended) = self
            .members
            .iter()
            .map(|(name, value)| (AttributeKey::Text(name.clone()), value.clone()))
            .partition::<Vec<_>, _>(
                |(key, _)| matches!(key, AttributeKey::Text(name) if OWN.contains(&name.as_str())),
            );
        Ok(Draft {
            content_type: self.members.text("cty")?.to_owned(),
            scheme: self.members.text(SIGNING_SCHEME)?.to_owned(),
            signing_time: self.time(SIGNING_TIME)?,
            authentic_signing_time: self.time(AUTHENTIC_SIGNING_TIME)?,
            expiry: self.time(EXPIRY)?,
            critical: self.critical()?,
            extended,
            own: own.into_iter().map(|(key, _)| key).collect(),
        })
    }

    fn critical(&self) -> Result<Vec<AttributeKey>, EnvelopeError> {
        let refuse = || EnvelopeError::CriticalType { expected: "string" };
        let Some(value) = self.members.value("crit") else { return Ok(Vec::new()) };
        let names = value.as_array().ok_or_else(refuse)?;
        names
            .iter()
            .map(|name| Ok(AttributeKey::Text(name.as_str().ok_or_else(refuse)?.to_owned())))
            .collect()
    }

    fn time(&self, name: &'static str) -> Result<Option<OffsetDateTime>, EnvelopeError> {
        let Some(value) = self.members.value(name) else { return Ok(None) };
        let refuse = |reason: String| EnvelopeError::Time { header: name, reason };
        let text = value.as_str().ok_or_else(|| refuse("not a string".into()))?;
        let time =
            parse_time(text).map_err(|reason| refuse(format!("{:?}: {reason}", excerpt(text))))?;
        in_range(time).map(Some).ok_or_else(|| refuse("out of range".into()))
    }
}

/// An envelope that waits for its signature.
pub(super) struct Unsigned {
    protected: String,
    payload: String,
}

impl Unsigned {
    pub fn new(signing: &Signing, payload: &[u8]) -> Self {
        let expiry = signing.expiry.map(rfc3339);
        let mut crit = vec![SIGNING_SCHEME];
        crit.extend(expiry.is_some().then_some(EXPIRY));
        let protected = to_json(&ProtectedDraft {
            alg: signing.suite.jws_name(),
            crit,
            cty: PAYLOAD_TYPE,
            expiry,
            signing_scheme: signing.scheme.name(),
            signing_time: rfc3339(signing.scheme.time()),
        });
        Self {
            protected: URL_SAFE_NO_PAD.encode(protected),
            payload: URL_SAFE_NO_PAD.encode(payload),
        }
    }

    /// The bytes to sign (RFC 7515 section 5.1).
    pub fn message(&self) -> Vec<u8> {
        [self.protected.as_str(), ".", self.payload.as_str()].concat().into_bytes()
    }

    pub fn finish(&self, signature: &[u8], unsigned: &UnsignedAttributes<'_>) -> Vec<u8> {
        let certificates = unsigned.chain.certificates();
        to_json(&EnvelopeDraft {
            payload: &self.payload,
            protected: &self.protected,
            header: HeaderDraft {
                timestamp: unsigned.timestamp.map(|token| STANDARD.encode(token)),
                x5c: certificates.iter().map(|c| STANDARD.encode(c.der())).collect(),
                signing_agent: unsigned.agent,
            },
            signature: URL_SAFE_NO_PAD.encode(signature),
        })
    }
}

/// Members sorted by name, as notation writes them.
#[derive(Serialize)]
struct ProtectedDraft {
    alg: &'static str,
    crit: Vec<&'static str>,
    cty: &'static str,
    #[serde(rename = "io.cncf.notary.expiry", skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    #[serde(rename = "io.cncf.notary.signingScheme")]
    signing_scheme: &'static str,
    #[serde(rename = "io.cncf.notary.signingTime")]
    signing_time: String,
}

#[derive(Serialize)]
struct EnvelopeDraft<'a> {
    payload: &'a str,
    protected: &'a str,
    header: HeaderDraft<'a>,
    signature: String,
}

#[derive(Serialize)]
struct HeaderDraft<'a> {
    #[serde(rename = "io.cncf.notary.timestampSignature", skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    x5c: Vec<String>,
    #[serde(rename = "io.cncf.notary.signingAgent")]
    signing_agent: &'a str,
}

fn certificates(unprotected: &Members) -> Result<Vec<Vec<u8>>, EnvelopeError> {
    let list = match unprotected.value("x5c") {
        None | Some(Value::Null) => return Err(EnvelopeError::ChainMissing),
        Some(value) => value.as_array().ok_or_else(|| {
            EnvelopeError::of_type(Part::UnprotectedHeader, "x5c", "an array of strings")
        })?,
    };
    check_count(list.len())?;
    list.iter()
        .map(|item| {
            let text = item.as_str().ok_or_else(|| {
                EnvelopeError::of_type(Part::UnprotectedHeader, "x5c", "an array of strings")
            })?;
            // RFC 7515 section 4.1.6: standard base64 with padding.
            STANDARD.decode(text).map_err(|_| EnvelopeError::Base64 { part: Part::Certificate })
        })
        .collect()
}

fn timestamp_token(unprotected: &Members) -> Result<Option<Vec<u8>>, EnvelopeError> {
    unprotected
        .value(TIMESTAMP_SIGNATURE)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(|text| {
            STANDARD.decode(text).map_err(|_| EnvelopeError::Base64 { part: Part::Timestamp })
        })
        .transpose()
}

/// RFC 7515 section 2: base64url without padding, line breaks or loose trailing bits.
fn decode_url(part: Part, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EnvelopeError::Base64 { part })
}

/// RFC 3339 section 5.6 without its liberties: no space for `T`, no lower case, no leap second.
fn parse_time(text: &str) -> Result<OffsetDateTime, String> {
    if text.as_bytes().get(10) != Some(&b'T') || text.contains('z') {
        return Err("not of the form 2006-01-02T15:04:05Z".into());
    }
    if text.get(17..19) == Some("60") {
        return Err("a leap second".into());
    }
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())
}

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).expect("`seal` admits UTC times of the years 1 to 9999 only")
}
