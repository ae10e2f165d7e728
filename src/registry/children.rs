//! What an image index lists (OCI image-spec, "Image Index"; docker's "Manifest List").

use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};

use super::Child;
use super::manifest::{ARTIFACT_MANIFEST_MEDIA_TYPE, MANIFEST_LIMIT};
use crate::crypto::Digest;
use crate::fault::excerpt;

const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The media types of entries that are manifests, those of `manifest::ACCEPT`.
const MANIFESTS: [&str; 5] = [
    OCI_IMAGE_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    DOCKER_MANIFEST,
    DOCKER_LIST,
    ARTIFACT_MANIFEST_MEDIA_TYPE,
];

/// Whether content of this type is a manifest.
pub(super) fn is_manifest(media_type: &str) -> bool {
    MANIFESTS.contains(&media_type)
}

/// Whether a manifest of this type lists others.
pub(super) fn is_index(media_type: &str) -> bool {
    [OCI_IMAGE_INDEX_MEDIA_TYPE, DOCKER_LIST].contains(&media_type)
}

/// most characters shown of a media type, or of one part of a platform
const WORD_LIMIT: usize = 64;

/// What an index lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub children: Vec<Child>,
    /// Media types of entries that are no manifests, cut to 64 characters.
    pub left_out: Vec<String>,
}

/// Reads the entries of a manifest whose bytes were already compared with its digest; nothing for
/// what is no index. One entry that cannot be fetched safely spoils the whole: what covers an index
/// covers all of it. Addresses elsewhere (`urls`) and embedded `data` are not looked at.
pub(super) fn read(bytes: &[u8], media_type: &str) -> Result<Listed, String> {
    if !is_index(media_type) {
        return Ok(Listed::default());
    }
    let draft: Draft =
        serde_json::from_slice(bytes).map_err(|error| format!("is no image index: {error}"))?;
    let mut listed = Listed::default();
    for entry in draft.manifests.unwrap_or_default() {
        if !is_manifest(&entry.media_type) {
            // runtimes choose by platform, and ask the registry for the type
            if entry.platform.is_some() || entry.media_type.is_empty() {
                let [digest, media_type] =
                    [&entry.digest, &entry.media_type].map(|text| excerpt(text, WORD_LIMIT));
                return Err(format!("lists {digest:?} to be run, of type {media_type:?}"));
            }
            listed.left_out.push(excerpt(&entry.media_type, WORD_LIMIT));
            continue;
        }
        let digest = Digest::parse(&entry.digest)
            .map_err(|error| format!("lists {:?}: {error}", excerpt(&entry.digest, WORD_LIMIT)))?;
        let size = u64::try_from(entry.size).ok().filter(|size| *size <= MANIFEST_LIMIT);
        let size = size.ok_or_else(|| {
            format!("lists {digest} with {} bytes, not from 0 to {MANIFEST_LIMIT}", entry.size)
        })?;
        let platform = entry.platform.and_then(Platform::into_text);
        listed.children.push(Child { media_type: entry.media_type, digest, size, platform });
    }
    Ok(listed)
}

#[derive(serde::Deserialize)]
struct Draft {
    manifests: Option<Vec<Entry>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: i64,
    platform: Option<Platform>,
}

#[derive(serde::Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, rename = "os.version")]
    os_version: String,
}

impl Platform {
    /// `linux/arm64/v8`, `windows(10.0.20348.169)/amd64`; none where nothing is said.
    fn into_text(self) -> Option<String> {
        let os = match self.os_version.as_str() {
            "" => excerpt(&self.os, WORD_LIMIT),
            version => {
                format!("{}({})", excerpt(&self.os, WORD_LIMIT), excerpt(version, WORD_LIMIT))
            }
        };
        let parts = [self.architecture, self.variant].map(|part| excerpt(&part, WORD_LIMIT));
        let parts: Vec<String> =
            std::iter::once(os).chain(parts).filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn digest(of: &str) -> String {
        Digest::sha256(of.as_bytes()).to_string()
    }

    fn of(entries: Value) -> Result<Listed, String> {
        let index = json!({ "schemaVersion": 2, "manifests": entries });
        read(index.to_string().as_bytes(), OCI_IMAGE_INDEX_MEDIA_TYPE)
    }

    fn entry(name: &str) -> Value {
        json!({ "mediaType": OCI_IMAGE_MEDIA_TYPE, "digest": digest(name), "size": 7 })
    }

    #[test]
    fn platforms_are_written_as_containerd_writes_them() {
        for (platform, expected) in [
            (
                json!({ "os": "linux", "architecture": "arm64", "variant": "v8" }),
                Some("linux/arm64/v8"),
            ),
            (
                json!({ "os": "windows", "architecture": "amd64", "os.version": "10.0.1" }),
                Some("windows(10.0.1)/amd64"),
            ),
            (json!({ "os": "unknown", "architecture": "unknown" }), Some("unknown/unknown")),
            (json!({}), None),
            (Value::Null, None),
        ] {
            let mut one = entry("a");
            one["platform"] = platform;
            let listed = of(json!([one])).expect("an index");
            assert_eq!(listed.children[0].platform.as_deref(), expected);
        }
    }

    #[test]
    fn lists_of_docker_are_read_and_plain_manifests_list_nothing() {
        let mut one = entry("a");
        one["mediaType"] = DOCKER_MANIFEST.into();
        let list = json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [one] });
        let listed = read(list.to_string().as_bytes(), DOCKER_LIST).expect("a list");
        assert_eq!(listed.children[0].digest.as_str(), digest("a"));
        let none = read(list.to_string().as_bytes(), OCI_IMAGE_MEDIA_TYPE);
        assert_eq!(none, Ok(Listed::default()));
        assert_eq!(of(Value::Null), Ok(Listed::default()));
    }

    #[test]
    fn entries_that_are_no_manifests_are_named_and_left_out() {
        let mut blob = entry("b");
        blob["mediaType"] = "application/vnd.oci.image.layer.v1.tar".into();
        let long = json!({ "mediaType": "x".repeat(1000) });
        let listed = of(json!([blob, entry("a"), long])).expect("an index");
        assert_eq!(listed.children.len(), 1);
        assert_eq!(listed.left_out[0], "application/vnd.oci.image.layer.v1.tar");
        assert_eq!(listed.left_out[1].chars().count(), WORD_LIMIT + 1);
    }

    #[test]
    fn an_entry_to_be_run_is_not_left_out_for_its_type() {
        let mut one = entry("b");
        one["mediaType"] = "application/x".into();
        one["platform"] = json!({ "os": "linux", "architecture": "amd64" });
        assert!(of(json!([entry("a"), one])).is_err());
        let mut one = entry("b");
        one["mediaType"] = Value::Null;
        assert!(of(json!([entry("a"), one.clone()])).is_err());
        one["mediaType"] = "".into();
        assert!(of(json!([entry("a"), one])).is_err());
    }

    #[test]
    fn an_entry_without_a_digest_or_with_a_mad_size_spoils_the_index() {
        type Change = fn(&mut Value);
        let changes: [Change; 8] = [
            |e| e["digest"] = "".into(),
            |e| e["digest"] = "sha256:../../x".into(),
            |e| e["digest"] = Value::Null,
            |e| e["size"] = (-1).into(),
            |e| e["size"] = (MANIFEST_LIMIT + 1).into(),
            |e| e["size"] = (1u64 << 63).into(),
            |e| e["size"] = "7".into(),
            |e| e["platform"] = "linux".into(),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut bad = entry("a");
            change(&mut bad);
            assert!(of(json!([entry("b"), bad])).is_err(), "change {at}");
        }
        assert!(of(json!({})).is_err());
    }

    #[test]
    fn foreign_addresses_and_embedded_data_are_not_looked_at() {
        let mut one = entry("a");
        one["urls"] = json!(["http://169.254.169.254/"]);
        one["data"] = "e30=".into();
        assert_eq!(of(json!([one])), of(json!([entry("a")])));
    }
}
