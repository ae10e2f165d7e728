//! Repositories in memory: manifests, tags, blobs, uploads.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use bytes::Bytes;
use serde_json::Value;

use crate::lab::pki::hex;

/// distribution-spec, "Pushing Manifests": at least 4 MiB; here exactly.
pub(super) const MANIFEST_LIMIT: usize = 4 << 20;

/// The most a blob may have, in bytes.
pub(super) const BLOB_LIMIT: usize = 64 << 20;

/// The most the whole registry holds, in bytes of blobs, uploads and manifests.
const STORE_LIMIT: usize = 1 << 30;

/// A digest of a kind the registry knows: `sha256:` or `sha512:` and lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::lab) struct Digest(String);

impl Digest {
    pub(in crate::lab) fn parse(text: &str) -> Option<Self> {
        let (algorithm, value) = text.split_once(':')?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return None,
        };
        let is_hex = value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (value.len() == length && is_hex).then(|| Self(text.to_owned()))
    }

    /// SHA-256 of the bytes.
    pub(in crate::lab) fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(digest(&SHA256, bytes).as_ref())))
    }

    /// Whether the bytes have this digest.
    pub(super) fn fits(&self, bytes: &[u8]) -> bool {
        let algorithm = if self.0.starts_with("sha512:") { &SHA512 } else { &SHA256 };
        self.0.split_once(':').is_some_and(|(_, v)| v == hex(digest(algorithm, bytes).as_ref()))
    }

    pub(in crate::lab) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A manifest as it was pushed.
#[derive(Clone)]
pub(super) struct Manifest {
    pub media_type: String,
    pub bytes: Bytes,
    pub document: Value,
}

#[derive(Default)]
pub(super) struct Repository {
    pub manifests: BTreeMap<Digest, Manifest>,
    pub tags: BTreeMap<String, Digest>,
    pub blobs: HashMap<Digest, Bytes>,
    pub uploads: HashMap<String, Vec<u8>>,
    /// Subject → referrers, in order of arrival.
    pub referrers: HashMap<Digest, Vec<Digest>>,
}

impl Repository {
    /// The digest a tag or digest stands for.
    pub fn find(&self, reference: &str) -> Option<(Digest, &Manifest)> {
        let digest = match Digest::parse(reference) {
            Some(digest) => digest,
            None => self.tags.get(reference)?.clone(),
        };
        let manifest = self.manifests.get(&digest)?;
        Some((digest, manifest))
    }
}

#[derive(Default)]
pub(super) struct Contents {
    pub repositories: BTreeMap<String, Repository>,
    used: usize,
}

impl Contents {
    /// Makes room for that many bytes; false when the registry is full.
    pub fn take(&mut self, bytes: usize) -> bool {
        let fits = self.used.saturating_add(bytes) <= STORE_LIMIT;
        if fits {
            self.used += bytes;
        }
        fits
    }
}

/// The registry's memory.
#[derive(Default)]
pub(in crate::lab) struct Store {
    contents: Mutex<Contents>,
}

impl Store {
    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("no panic holds this lock")
    }

    /// A manifest's media type and bytes.
    pub(in crate::lab) fn manifest(&self, name: &str, reference: &str) -> Option<(String, Bytes)> {
        let contents = self.lock();
        let (_, manifest) = contents.repositories.get(name)?.find(reference)?;
        Some((manifest.media_type.clone(), manifest.bytes.clone()))
    }

    /// Digests of the manifests whose subject is this digest, in order of arrival.
    pub(in crate::lab) fn referrers(&self, name: &str, subject: &str) -> Vec<String> {
        let contents = self.lock();
        let found = Digest::parse(subject)
            .and_then(|subject| contents.repositories.get(name)?.referrers.get(&subject));
        found.into_iter().flatten().map(|digest| digest.as_str().to_owned()).collect()
    }

    pub(in crate::lab) fn tags(&self, name: &str) -> Vec<String> {
        let contents = self.lock();
        contents.repositories.get(name).map_or_else(Vec::new, |r| r.tags.keys().cloned().collect())
    }

    /// Makes a repository lose a blob, as a replica that is behind has not got it yet.
    pub(in crate::lab) fn lose_blob(&self, name: &str, digest: &str) -> bool {
        let mut contents = self.lock();
        Digest::parse(digest)
            .and_then(|digest| contents.repositories.get_mut(name)?.blobs.remove(&digest))
            .is_some()
    }
}
