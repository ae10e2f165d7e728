//! The signed payload: `{"targetArtifact": {mediaType, digest, size, annotations}}`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use super::json::Members;
use super::{EnvelopeError, Format, Part};
use crate::crypto::Digest;

/// `application/vnd.cncf.notary.payload.v1+json`
pub const PAYLOAD_TYPE: &str = "application/vnd.cncf.notary.payload.v1+json";

const TARGET: &str = "targetArtifact";
/// OCI image-spec, "Content Descriptors": every member of one.
const DESCRIPTOR: [&str; 8] =
    ["mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType"];

/// The artifact a signature is about; `annotations` hold user metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetArtifact {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub target: TargetArtifact,
}

impl Payload {
    /// Reads the payload strictly: UTF-8, exact member names, none twice; unknown members are
    /// ignored (signature-specification.md, "Payload").
    pub(super) fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let part = Part::Payload;
        let outer = Members::read(part, bytes)?;
        let target = Members::of(part, outer.object(TARGET)?);
        let digest = Digest::parse(target.text("digest")?).map_err(EnvelopeError::PayloadDigest)?;
        let size = target.required("size")?.as_u64().ok_or_else(|| {
            EnvelopeError::of_type(part, "size", "an integer between 0 and 2^64 - 1")
        })?;
        let mut annotations = BTreeMap::new();
        if let Some(value) = target.value("annotations").filter(|value| !value.is_null()) {
            let refuse = || EnvelopeError::of_type(part, "annotations", "an object of strings");
            for (name, value) in value.as_object().ok_or_else(refuse)? {
                annotations.insert(name.clone(), value.as_str().ok_or_else(refuse)?.to_owned());
            }
        }
        let media_type = target.text("mediaType")?.to_owned();
        Ok(Self { target: TargetArtifact { media_type, digest, size, annotations } })
    }

    /// Members beyond `targetArtifact` and those of a descriptor (OCI image-spec, "Content
    /// Descriptors"), as they are written.
    pub(super) fn unknown_members(bytes: &[u8]) -> Result<Vec<String>, EnvelopeError> {
        let outer = Members::read(Part::Payload, bytes)?;
        let target = Members::of(Part::Payload, outer.object(TARGET)?);
        let foreign = outer.iter().filter(|(name, _)| name != TARGET);
        let beyond = target.iter().filter(|(name, _)| !DESCRIPTOR.contains(&name.as_str()));
        Ok(foreign.chain(beyond).map(|(name, _)| name.clone()).collect())
    }

    /// The bytes notation writes: struct order for COSE, sorted members for JWS.
    pub(super) fn bytes(&self, format: Format) -> Vec<u8> {
        let TargetArtifact { media_type, digest, size, annotations } = &self.target;
        let (media_type, digest, size) = (media_type.as_str(), digest.as_str(), *size);
        match format {
            Format::Cose => to_json(&Outer {
                target_artifact: StructOrder { media_type, digest, size, annotations },
            }),
            Format::Jws => to_json(&Outer {
                target_artifact: SortedOrder { annotations, digest, media_type, size },
            }),
        }
    }
}

/// Compact JSON as Go's encoder writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped.
pub(super) fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, HtmlSafe);
    value.serialize(&mut writer).expect("texts, numbers and text-keyed maps always serialize");
    bytes
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outer<T> {
    target_artifact: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StructOrder<'a> {
    media_type: &'a str,
    digest: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SortedOrder<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
    digest: &'a str,
    media_type: &'a str,
    size: u64,
}

struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        for c in fragment.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    write!(writer, "\\u{:04x}", u32::from(c))?;
                }
                _ => write!(writer, "{c}")?,
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> std::io::Result<()> {
        let text = match escape {
            CharEscape::Quote => "\\\"",
            CharEscape::ReverseSolidus => "\\\\",
            CharEscape::Solidus => "\\/",
            CharEscape::Backspace => "\\b",
            CharEscape::FormFeed => "\\f",
            CharEscape::LineFeed => "\\n",
            CharEscape::CarriageReturn => "\\r",
            CharEscape::Tab => "\\t",
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04x}"),
        };
        writer.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn payload() -> Payload {
        Payload {
            target: TargetArtifact {
                media_type: "application/vnd.oci.image.manifest.v1+json".into(),
                digest: Digest::parse(DIGEST).unwrap(),
                size: 942,
                annotations: [
                    ("b".to_string(), "<&>\u{2028}\u{2029}\"\\\n\u{1}é".to_string()),
                    ("a".into(), "1".into()),
                ]
                .into(),
            },
        }
    }

    #[test]
    fn cose_payloads_are_written_in_struct_order() {
        let expected = format!(
            r#"{{"targetArtifact":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":942,"annotations":{{"a":"1","b":"\u003c\u0026\u003e\u2028\u2029\"\\\n\u0001é"}}}}}}"#
        );
        assert_eq!(String::from_utf8(payload().bytes(Format::Cose)).unwrap(), expected);
    }

    #[test]
    fn jws_payloads_are_written_sorted() {
        let mut payload = payload();
        payload.target.annotations.remove("b");
        let expected = format!(
            r#"{{"targetArtifact":{{"annotations":{{"a":"1"}},"digest":"{DIGEST}","mediaType":"application/vnd.oci.image.manifest.v1+json","size":942}}}}"#
        );
        assert_eq!(String::from_utf8(payload.bytes(Format::Jws)).unwrap(), expected);
    }

    #[test]
    fn what_is_written_is_read() {
        for format in crate::envelope::FORMATS {
            assert_eq!(Payload::read(&payload().bytes(format)).unwrap(), payload());
        }
    }

    fn read(target: &str) -> Result<Payload, EnvelopeError> {
        Payload::read(format!(r#"{{"targetArtifact":{target}}}"#).as_bytes())
    }

    #[test]
    fn missing_members_and_other_cases_are_refused() {
        let missing =
            |name: &str| EnvelopeError::Missing { part: Part::Payload, name: name.into() };
        for (target, name) in [
            (r#"{"mediaType":"m","size":1}"#.to_string(), "digest"),
            (format!(r#"{{"mediaType":"m","digest":"{DIGEST}"}}"#), "size"),
            (format!(r#"{{"digest":"{DIGEST}","size":1}}"#), "mediaType"),
            (format!(r#"{{"MediaType":"m","digest":"{DIGEST}","size":1}}"#), "mediaType"),
        ] {
            assert_eq!(read(&target).unwrap_err(), missing(name), "{target}");
        }
        assert_eq!(Payload::read(b"{}").unwrap_err(), missing("targetArtifact"));
    }

    #[test]
    fn members_of_another_type_are_refused() {
        for (member, value) in [
            ("mediaType", "1"),
            ("digest", "null"),
            ("size", "1.0"),
            ("size", "-1"),
            ("size", "\"1\""),
            ("size", "18446744073709551616"),
            ("annotations", "[]"),
            ("annotations", "{\"a\":1}"),
        ] {
            let mut target = serde_json::json!({"mediaType": "m", "digest": DIGEST, "size": 1});
            target[member] = serde_json::from_str(value).unwrap();
            let error = read(&target.to_string()).unwrap_err();
            assert!(
                matches!(&error, EnvelopeError::Type { name, .. } if name == member),
                "{member} {value}: {error}"
            );
        }
    }

    #[test]
    fn digests_are_checked_and_unknown_members_ignored() {
        let target = |digest: &str| format!(r#"{{"mediaType":"m","digest":"{digest}","size":1}}"#);
        assert!(matches!(read(&target("sha256:00")), Err(EnvelopeError::PayloadDigest(_))));
        assert!(
            read(&format!(
                r#"{{"mediaType":"m","digest":"{DIGEST}","size":1,"annotations":null,"x":[1]}}"#
            ))
            .is_ok()
        );
    }
}
