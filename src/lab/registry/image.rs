//! A small real image, put straight into the store.

use serde_json::json;

use super::Registry;
use super::store::Digest;
use crate::lab::LabError;
use crate::lab::message::Answer;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

impl Registry {
    /// Puts an image there and returns its manifest's digest. Name and tag make it one of its own.
    pub(in crate::lab) fn push_image(&self, name: &str, tag: &str) -> Result<String, LabError> {
        let layer = tar_file("motd", format!("{name}:{tag} of the lab\n").as_bytes());
        let layer_digest = Digest::of(&layer);
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": [layer_digest.as_str()] },
        })
        .to_string()
        .into_bytes();
        let config_digest = Digest::of(&config);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": CONFIG, "digest": config_digest.as_str(), "size": config.len(),
            },
            "layers": [{
                "mediaType": LAYER, "digest": layer_digest.as_str(), "size": layer.len(),
            }],
        })
        .to_string();
        let refused = |answer: Answer| LabError::Refused {
            path: format!("{name}:{tag}"),
            status: answer.status.as_u16(),
        };
        if !super::is_name(name) {
            return Err(LabError::Refused { path: name.to_owned(), status: 400 });
        }
        self.keep_blob(name, layer_digest.as_str(), layer.into()).map_err(refused)?;
        self.keep_blob(name, config_digest.as_str(), config.into()).map_err(refused)?;
        self.put_manifest(name, tag, MANIFEST, manifest.as_bytes()).map_err(refused)?;
        Ok(Digest::of(manifest.as_bytes()).as_str().to_owned())
    }
}

impl Registry {
    /// Puts an index there with an image for each platform; its digest, and those of the images.
    pub(in crate::lab) fn push_index(
        &self,
        name: &str,
        tag: &str,
        platforms: &[&str],
    ) -> Result<(String, Vec<String>), LabError> {
        let mut entries = Vec::new();
        let mut digests = Vec::new();
        for platform in platforms {
            let own = format!("{tag}-{}", platform.replace('/', "-"));
            let digest = self.push_image(name, &own)?;
            let bytes = self.store.manifest(name, &digest).map_or(0, |(_, bytes)| bytes.len());
            let mut parts = platform.split('/');
            let mut entry = json!({
                "mediaType": MANIFEST, "digest": digest, "size": bytes,
                "platform": { "os": parts.next(), "architecture": parts.next() },
            });
            if let Some(variant) = parts.next() {
                entry["platform"]["variant"] = variant.into();
            }
            entries.push(entry);
            digests.push(digest);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        let index = index.to_string();
        self.put_manifest(name, tag, INDEX, index.as_bytes()).map_err(|answer| {
            LabError::Refused { path: format!("{name}:{tag}"), status: answer.status.as_u16() }
        })?;
        Ok((Digest::of(index.as_bytes()).as_str().to_owned(), digests))
    }
}

/// A ustar archive of one file with mode 0644 (POSIX.1-1988 tar).
fn tar_file(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = content.len().next_multiple_of(512) - content.len();
    // Two empty blocks end an archive.
    [header.as_slice(), content, &vec![0; padding + 1024]].concat()
}
