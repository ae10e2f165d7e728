//! The image index that lists referrers (OCI image-spec, "Image Index").

use std::collections::BTreeMap;

use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OciDescriptor};

use super::SIGNATURE_ARTIFACT_TYPE;

/// Largest index or page of a listing: 4 MiB (reference section 2.5).
pub(super) const INDEX_LIMIT: u64 = 4 * 1024 * 1024;

/// One entry, with all its members kept.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default)]
    pub media_type: String,
    #[serde(default)]
    pub digest: String,
    #[serde(default)]
    pub size: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, serde_json::Value>,
}

impl Entry {
    /// Two entries are the same when mediaType, digest and size are.
    pub fn identity(&self) -> (&str, &str, i64) {
        (&self.media_type, &self.digest, self.size)
    }

    pub fn is_empty(&self) -> bool {
        self.identity() == ("", "", 0)
    }

    pub fn is_signature(&self) -> bool {
        self.artifact_type.as_deref() == Some(SIGNATURE_ARTIFACT_TYPE)
    }

    pub fn from_descriptor(descriptor: OciDescriptor) -> Self {
        Self {
            media_type: descriptor.media_type,
            digest: descriptor.digest,
            size: descriptor.size,
            annotations: descriptor.annotations,
            artifact_type: descriptor.artifact_type,
            rest: BTreeMap::new(),
        }
    }

    pub fn into_descriptor(self) -> OciDescriptor {
        OciDescriptor {
            media_type: self.media_type,
            digest: self.digest,
            size: self.size,
            urls: None,
            annotations: self.annotations,
            artifact_type: self.artifact_type,
        }
    }
}

/// An index as it was read.
#[derive(Debug)]
pub(super) struct Index {
    pub entries: Vec<Entry>,
    pub annotations: BTreeMap<String, String>,
}

/// Most entries of an index: one with a digest and a media type takes more than 84 of its bytes.
const MOST_ENTRIES: usize = 50_000;

/// Entries, counted while they are read: an empty one takes three bytes and much more in memory.
struct Bounded(Vec<Entry>);

impl<'de> serde::Deserialize<'de> for Bounded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bounded;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "at most {MOST_ENTRIES} entries")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut entries: A,
            ) -> Result<Bounded, A::Error> {
                let mut read = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    if read.len() == MOST_ENTRIES {
                        return Err(serde::de::Error::invalid_length(read.len() + 1, &self));
                    }
                    read.push(entry);
                }
                Ok(Bounded(read))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}

/// Reads an index; the problem is worded to follow its name.
pub(super) fn parse(bytes: &[u8]) -> Result<Index, String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Draft {
        media_type: Option<String>,
        manifests: Option<Bounded>,
        layers: Option<serde::de::IgnoredAny>,
        annotations: Option<BTreeMap<String, String>>,
    }
    let draft: Draft =
        serde_json::from_slice(bytes).map_err(|error| format!("is not an image index: {error}"))?;
    if let Some(found) = draft.media_type.filter(|t| t != OCI_IMAGE_INDEX_MEDIA_TYPE) {
        return Err(format!("is not an image index but {found:?}"));
    }
    if draft.layers.is_some() {
        return Err("has both layers and manifests".into());
    }
    Ok(Index {
        entries: draft.manifests.map(|entries| entries.0).unwrap_or_default(),
        annotations: draft.annotations.unwrap_or_default(),
    })
}

/// The bytes of an index, compact, members in the order notation writes them.
pub(super) fn write(entries: &[Entry]) -> Vec<u8> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Draft<'a> {
        schema_version: u8,
        media_type: &'static str,
        manifests: &'a [Entry],
    }
    serde_json::to_vec(&Draft {
        schema_version: 2,
        media_type: OCI_IMAGE_INDEX_MEDIA_TYPE,
        manifests: entries,
    })
    .expect("texts, numbers and JSON values are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_every_member_when_rewritten() {
        let text = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"m","digest":"d","size":-1,"annotations":{"a":"b"},"artifactType":"t","data":"e30=","platform":{"architecture":"arm64","os":"linux"}},{"mediaType":"","digest":"","size":0}]}"#;
        let index = parse(text.as_bytes()).expect("an index");
        assert_eq!(String::from_utf8(write(&index.entries)).expect("text"), text);
        assert!(index.entries[1].is_empty());
        assert!(parse(br#"{"manifests":[{}]}"#).expect("an index").entries[0].is_empty());
        assert!(parse(br#"{"manifests":null}"#).expect("an index").entries.is_empty());
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"manifests":{}}"#,
            r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#,
            r#"{"manifests":[],"layers":[]}"#,
            r#"{"manifests":[{"size":"1"}]}"#,
            r#"{"manifests":[],"manifests":[]}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn entries_are_counted_while_they_are_read() {
        let index = |entries: usize| {
            let list = vec!["{}"; entries].join(",");
            parse(format!(r#"{{"manifests":[{list}]}}"#).as_bytes())
        };
        assert_eq!(index(MOST_ENTRIES).expect("an index").entries.len(), MOST_ENTRIES);
        let problem = index(MOST_ENTRIES + 1).expect_err("too many");
        assert!(problem.contains("at most 50000 entries"), "{problem}");
    }
}
