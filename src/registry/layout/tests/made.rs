//! A layout in a temporary folder, made by hand.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::SystemClock;
use crate::crypto::Digest;
use crate::envelope::TargetArtifact;
use crate::fault::BoxFault;
use crate::registry::*;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

/// An image with the tag `v1`.
pub struct Made {
    folder: tempfile::TempDir,
    pub image: Value,
}

impl Made {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("blobs/sha256")).expect("made");
        let mut made = Self { folder, image: Value::Null };
        made.write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        made.image = made.put(MANIFEST, &json!({ "mediaType": MANIFEST, "layers": [] }));
        made.index(&[made.tagged("v1", &made.image)]);
        made
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn text(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(below), content).expect("written");
    }

    /// Stores a blob; its descriptor.
    pub fn put(&self, media_type: &str, content: &Value) -> Value {
        self.put_bytes(media_type, content.to_string().as_bytes())
    }

    pub fn put_bytes(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::sha256(bytes);
        self.write(&format!("blobs/sha256/{}", digest.hex()), bytes);
        json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() })
    }

    /// The file of a descriptor.
    pub fn blob(&self, descriptor: &Value) -> PathBuf {
        self.path("blobs/sha256").join(&descriptor["digest"].as_str().expect("a digest")[7..])
    }

    pub fn index(&self, entries: &[Value]) {
        let index = json!({ "schemaVersion": 2, "manifests": entries });
        self.write("index.json", index.to_string());
    }

    pub fn tagged(&self, tag: &str, descriptor: &Value) -> Value {
        let mut entry = descriptor.clone();
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        entry
    }

    /// Stores a signature of the image with this envelope; its descriptor.
    pub fn signature(&self, envelope: &[u8]) -> Value {
        self.put(MANIFEST, &self.signature_manifest(envelope))
    }

    pub fn signature_manifest(&self, envelope: &[u8]) -> Value {
        json!({
            "mediaType": MANIFEST,
            "config": { "mediaType": SIGNATURE_ARTIFACT_TYPE, "digest": Digest::sha256(b"{}").as_str(), "size": 2 },
            "layers": [self.put_bytes("application/cose", envelope)],
            "subject": self.image,
        })
    }

    pub fn open(&self) -> Result<Layout, LayoutError> {
        Layout::open(&self.text(), Arc::new(SystemClock::new()))
    }

    /// Resolves `:v1` or `@sha256:…`.
    pub async fn resolve(&self, version: &str) -> Result<TargetArtifact, BoxFault> {
        self.open()?.resolve(&self.reference(version)).await
    }

    pub fn reference(&self, version: &str) -> Reference {
        Reference::in_layout(&format!("{}{version}", self.text()), None).expect("a reference")
    }

    pub fn image_digest(&self) -> Digest {
        digest(&self.image)
    }

    pub async fn list(&self) -> Result<Listing, BoxFault> {
        self.open()?.signatures(&self.image_digest(), 100).await
    }

    /// The digests of the image's signatures.
    pub async fn listed(&self) -> Vec<String> {
        let listing = self.list().await.expect("listed");
        listing.signatures.into_iter().map(|signature| signature.digest).collect()
    }
}

pub fn digest(descriptor: &Value) -> Digest {
    Digest::parse(descriptor["digest"].as_str().expect("a text")).expect("a digest")
}

pub fn texts(descriptors: &[&Value]) -> Vec<String> {
    descriptors.iter().map(|d| digest(d).to_string()).collect()
}

pub fn code<T>(answer: Result<T, BoxFault>) -> &'static str {
    match answer {
        Ok(_) => "none",
        Err(fault) => fault.code(),
    }
}
