//! Manifests: the signature manifest written and read, and what is checked of any other
//! (signature-specification.md, "OCI Signatures"; OCI image-spec, "Image Manifest").

use std::collections::BTreeMap;

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};

use super::SIGNATURE_ARTIFACT_TYPE;
use crate::crypto::Digest;
use crate::envelope::{ENVELOPE_LIMIT, TargetArtifact};

/// Largest manifest: 4 MiB (distribution-spec, "Pushing Manifests"; reference section 2.5).
pub(super) const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// The config blob of every signature manifest.
pub(super) const CONFIG: &[u8] = b"{}";

/// OCI image-spec 1.1 release candidates; read only.
pub(super) const ARTIFACT_MANIFEST_MEDIA_TYPE: &str =
    "application/vnd.oci.artifact.manifest.v1+json";
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// The media types a signature manifest may have.
pub(super) const SIGNATURE_MANIFESTS: [&str; 2] =
    [OCI_IMAGE_MEDIA_TYPE, ARTIFACT_MANIFEST_MEDIA_TYPE];

/// Media types accepted when resolving, in notation's order.
pub(super) const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.artifact.manifest.v1+json";

/// The bytes of a signature manifest, member by member as notation writes them: no `artifactType`.
pub(super) fn write(
    subject: &TargetArtifact,
    envelope: OciDescriptor,
    annotations: BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    let size = i64::try_from(subject.size).map_err(|_| "the subject's size is out of range")?;
    let manifest = OciImageManifest {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(SIGNATURE_ARTIFACT_TYPE, &Digest::sha256(CONFIG), CONFIG.len() as i64),
        layers: vec![envelope],
        subject: Some(descriptor(&subject.media_type, &subject.digest, size)),
        artifact_type: None,
        annotations: Some(annotations),
    };
    let bytes = serde_json::to_vec(&manifest).expect("texts and numbers are JSON");
    if bytes.len() as u64 > MANIFEST_LIMIT {
        return Err(format!("the signature manifest is larger than {MANIFEST_LIMIT} bytes"));
    }
    Ok(bytes)
}

pub(super) fn descriptor(media_type: &str, digest: &Digest, size: i64) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: digest.to_string(),
        size,
        urls: None,
        annotations: None,
        artifact_type: None,
    }
}

/// The one layer of a signature manifest: envelope type, digest and size, size within its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnvelopeLayer {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
}

/// A descriptor's digest and size, the size held to `limit` before anything is fetched.
pub(super) fn within(
    descriptor: &OciDescriptor,
    limit: u64,
    what: &str,
) -> Result<(Digest, u64), String> {
    let digest = Digest::parse(&descriptor.digest)
        .map_err(|error| format!("the digest of {what} is invalid: {error}"))?;
    match u64::try_from(descriptor.size) {
        Ok(size) if size <= limit => Ok((digest, size)),
        _ => Err(format!("the size of {what}, {}, is not from 0 to {limit}", descriptor.size)),
    }
}

/// Reads a signature manifest whose bytes were already compared with its digest: type ours, subject
/// the one asked for, exactly one layer.
pub(super) fn read(
    bytes: &[u8],
    media_type: &str,
    subject: &Digest,
) -> Result<EnvelopeLayer, String> {
    let draft = draft(bytes, media_type)?;
    let artifact_type = draft.artifact_type.as_deref().unwrap_or_default();
    let config_type = draft.config.as_ref().map(|c| c.media_type.as_str()).unwrap_or_default();
    let layers = if media_type == ARTIFACT_MANIFEST_MEDIA_TYPE {
        if artifact_type != SIGNATURE_ARTIFACT_TYPE {
            return Err(format!("is of type {artifact_type:?}, not a signature"));
        }
        draft.blobs
    } else {
        match (artifact_type, config_type) {
            ("", SIGNATURE_ARTIFACT_TYPE) | (SIGNATURE_ARTIFACT_TYPE, EMPTY_MEDIA_TYPE) => {}
            ("", other) => return Err(format!("is of type {other:?}, not a signature")),
            (SIGNATURE_ARTIFACT_TYPE, other) => {
                return Err(format!("has the config type {other:?}, not {EMPTY_MEDIA_TYPE:?}"));
            }
            (other, _) => return Err(format!("is of type {other:?}, not a signature")),
        }
        draft.layers
    };
    let named = draft.subject.map(|s| s.digest).unwrap_or_default();
    if named != subject.as_str() {
        return Err(format!("its subject is {named:?}, not {subject}"));
    }
    let layers = layers.unwrap_or_default();
    let [layer] = layers.as_slice() else {
        return Err(format!("has {} envelopes, not one", layers.len()));
    };
    let (digest, size) = within(layer, ENVELOPE_LIMIT, "its envelope")?;
    Ok(EnvelopeLayer { media_type: layer.media_type.clone(), digest, size })
}

/// Whether a manifest is listed as a signature of the subject: then its annotations, which may be none.
/// Whether it is a good one is for `read` to say.
pub(super) fn signature_of(
    bytes: &[u8],
    media_type: &str,
    subject: &Digest,
) -> Result<Option<Option<BTreeMap<String, String>>>, String> {
    let draft = draft(bytes, media_type)?;
    // a manifest without a type of its own has its config's (OCI image-spec, "Image Manifest")
    let config = draft.config.as_ref().map(|config| config.media_type.as_str());
    let own = draft.artifact_type.as_deref().filter(|own| !own.is_empty()).or(config);
    let about = draft.subject.is_some_and(|found| found.digest == subject.as_str());
    Ok((about && own == Some(SIGNATURE_ARTIFACT_TYPE)).then_some(draft.annotations))
}

/// What holds for every manifest: JSON, its own media type equal to the one it was sent as, not both
/// an image and an index.
pub(super) fn check(bytes: &[u8], media_type: &str) -> Result<(), String> {
    draft(bytes, media_type).map(|_| ())
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<OciDescriptor>,
    layers: Option<Vec<OciDescriptor>>,
    blobs: Option<Vec<OciDescriptor>>,
    manifests: Option<serde::de::IgnoredAny>,
    subject: Option<OciDescriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

fn draft(bytes: &[u8], media_type: &str) -> Result<Draft, String> {
    let draft: Draft =
        serde_json::from_slice(bytes).map_err(|error| format!("is not a manifest: {error}"))?;
    if let Some(own) = draft.media_type.as_deref().filter(|own| *own != media_type) {
        return Err(format!("says it is {own:?}, but was sent as {media_type:?}"));
    }
    let kinds = [draft.layers.is_some(), draft.manifests.is_some(), draft.blobs.is_some()];
    if kinds.into_iter().filter(|there| *there).count() > 1 {
        return Err("has more than one of layers, manifests and blobs".into());
    }
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> TargetArtifact {
        TargetArtifact {
            media_type: OCI_IMAGE_MEDIA_TYPE.into(),
            digest: Digest::sha256(b"image"),
            size: 401,
            annotations: BTreeMap::new(),
        }
    }

    fn good() -> serde_json::Value {
        let envelope = descriptor("application/cose", &Digest::sha256(b"envelope"), 8);
        let bytes = write(&target(), envelope, BTreeMap::new()).expect("a manifest");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn of(value: &serde_json::Value) -> Result<EnvelopeLayer, String> {
        let media_type = value["mediaType"].as_str().unwrap_or(OCI_IMAGE_MEDIA_TYPE);
        read(&serde_json::to_vec(value).expect("JSON"), media_type, &target().digest)
    }

    #[test]
    fn what_is_asked_for_is_what_no_file_is_signed_as() {
        let mut asked: Vec<&str> = ACCEPT.split(',').map(str::trim).collect();
        let mut known = crate::envelope::MANIFEST_MEDIA_TYPES;
        asked.sort_unstable();
        known.sort_unstable();
        assert_eq!(asked, known);
    }

    #[test]
    fn the_signature_manifest_is_written_byte_for_byte() {
        let envelope = descriptor("application/jose+json", &Digest::sha256(b"envelope"), 8);
        let annotations = BTreeMap::from([
            ("org.opencontainers.image.created".to_owned(), "2026-11-22T12:00:00Z".to_owned()),
            ("io.cncf.notary.x509chain.thumbprint#S256".to_owned(), "[\"ab\"]".to_owned()),
        ]);
        let bytes = write(&target(), envelope, annotations).expect("a manifest");
        let expected = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.cncf.notary.signature","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}},"layers":[{{"mediaType":"application/jose+json","digest":"{}","size":8}}],"subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":401}},"annotations":{{"io.cncf.notary.x509chain.thumbprint#S256":"[\"ab\"]","org.opencontainers.image.created":"2026-11-22T12:00:00Z"}}}}"#,
            Digest::sha256(b"envelope"),
            target().digest
        );
        assert_eq!(String::from_utf8(bytes).expect("text"), expected);
    }

    #[test]
    fn the_three_forms_of_a_signature_manifest_are_read() {
        let written = good();
        let layer = of(&written).expect("the written form");
        assert_eq!((layer.media_type.as_str(), layer.size), ("application/cose", 8));

        let mut later = good();
        later["artifactType"] = SIGNATURE_ARTIFACT_TYPE.into();
        later["config"]["mediaType"] = EMPTY_MEDIA_TYPE.into();
        later["config"]["data"] = "e30=".into();
        assert_eq!(of(&later), Ok(layer.clone()));

        let legacy = serde_json::json!({
            "mediaType": ARTIFACT_MANIFEST_MEDIA_TYPE,
            "artifactType": SIGNATURE_ARTIFACT_TYPE,
            "blobs": written["layers"],
            "subject": written["subject"],
        });
        assert_eq!(of(&legacy), Ok(layer));
    }

    #[test]
    fn manifests_that_are_not_our_signature_are_refused() {
        type Change = fn(&mut serde_json::Value);
        let changes: [Change; 13] = [
            |m| m["config"]["mediaType"] = "application/x".into(),
            |m| m["artifactType"] = "application/x".into(),
            |m| m["artifactType"] = SIGNATURE_ARTIFACT_TYPE.into(),
            |m| m["subject"]["digest"] = Digest::sha256(b"other").as_str().into(),
            |m| m["subject"] = serde_json::Value::Null,
            |m| m["layers"] = serde_json::json!([]),
            |m| m["layers"] = serde_json::json!([m["layers"][0], m["layers"][0]]),
            |m| m["layers"][0]["size"] = (-1).into(),
            |m| m["layers"][0]["size"] = (1i64 << 62).into(),
            |m| m["layers"][0]["size"] = (ENVELOPE_LIMIT + 1).into(),
            |m| m["layers"][0]["digest"] = "sha256:../../x".into(),
            |m| m["manifests"] = serde_json::json!([]),
            |m| m["layers"] = "x".into(),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut manifest = good();
            change(&mut manifest);
            assert!(of(&manifest).is_err(), "change {at}");
        }
        let bytes = serde_json::to_vec(&good()).expect("JSON");
        let sent_as = "application/vnd.oci.image.index.v1+json";
        assert!(check(&bytes, sent_as).expect_err("refused").contains("was sent as"));
        assert!(check(b"\x00", OCI_IMAGE_MEDIA_TYPE).is_err());
    }
}
