//! What a layout's folder holds: `oci-layout`, `index.json` and `blobs/` (OCI image-spec, "Image Layout").

use std::path::Path;

use super::LayoutError;
use super::folder::{self, Folder, Unopened, Wanted};
use crate::crypto::Digest;
use crate::registry::Child;
use crate::registry::children;
use crate::registry::index::{self, Entry, INDEX_LIMIT};
use crate::registry::manifest::MANIFEST_LIMIT;

pub(super) const INDEX: &str = "index.json";
const VERSION: &str = "oci-layout";
const BLOBS: &str = "blobs";
/// largest `oci-layout` read: 4 KiB; it has one member
const VERSION_LIMIT: u64 = 4096;

/// OCI image-spec, "Pre-Defined Annotation Keys": a tag, on an entry of `index.json`.
const TAG: &str = "org.opencontainers.image.ref.name";

/// The folder of a layout, its version known.
#[derive(Debug)]
pub(super) struct Store {
    pub root: Folder,
    /// As the user named it.
    pub path: String,
}

/// `index.json` as it was read.
pub(super) struct IndexFile {
    pub bytes: Vec<u8>,
    pub entries: Vec<Entry>,
}

impl Store {
    /// Opens a folder whose `oci-layout` says version 1.
    pub fn open(path: &str) -> Result<Self, LayoutError> {
        let named = || path.to_owned();
        let root = Folder::open(Path::new(path)).map_err(|unopened| match unopened {
            Unopened::Missing => LayoutError::Absent { path: named() },
            Unopened::Kind => LayoutError::NotAFolder { path: named() },
            other => other.about(path, Wanted::Folder),
        })?;
        let store = Self { root, path: named() };
        store.check_version().map_err(|error| LayoutError::Version(Box::new(error)))?;
        store.index()?;
        Ok(store)
    }

    /// `<path>/index.json`
    pub fn inside(&self, name: &str) -> String {
        Path::new(&self.path).join(name).display().to_string()
    }

    pub fn index(&self) -> Result<IndexFile, LayoutError> {
        let path = self.inside(INDEX);
        let read = folder::read(&self.root, INDEX, &path, INDEX_LIMIT).and_then(|bytes| {
            let parsed = index::parse(&bytes);
            let index = parsed.map_err(|problem| LayoutError::Content { what: path, problem })?;
            Ok(IndexFile { bytes, entries: index.entries })
        });
        read.map_err(|error| LayoutError::Index(Box::new(error)))
    }

    /// Opens the folder of a digest's algorithm.
    pub fn algorithm(&self, digest: &Digest) -> Result<Folder, LayoutError> {
        let (algorithm, _) = halves(digest);
        let blobs = self.root.folder(BLOBS);
        let blobs =
            blobs.map_err(|unopened| unopened.about(&self.inside(BLOBS), Wanted::Folder))?;
        let path = self.inside(&format!("{BLOBS}/{algorithm}"));
        blobs.folder(algorithm).map_err(|unopened| unopened.about(&path, Wanted::Folder))
    }

    /// The same, made where it is not there.
    pub fn made_algorithm(&self, digest: &Digest) -> Result<Folder, LayoutError> {
        let (algorithm, _) = halves(digest);
        match self.algorithm(digest) {
            Err(LayoutError::Missing { path }) => {
                let made = self.root.make(BLOBS).and_then(|()| match self.root.folder(BLOBS) {
                    Ok(blobs) => blobs.make(algorithm),
                    // said by the second look
                    Err(_) => Ok(()),
                });
                made.map_err(|error| folder::failed("mkdir", &path, &error))?;
                self.algorithm(digest)
            }
            found => found,
        }
    }

    /// `<path>/blobs/sha256/<hex>`
    pub fn blob_path(&self, digest: &Digest) -> String {
        let (algorithm, hex) = halves(digest);
        self.inside(&format!("{BLOBS}/{algorithm}/{hex}"))
    }

    /// A blob of exactly `size` bytes whose hash is the digest. The caller has bounded `size`.
    pub fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, LayoutError> {
        let path = self.blob_path(digest);
        let folder = self.algorithm(digest)?;
        let bytes = match folder::read(&folder, digest.hex(), &path, size) {
            Err(LayoutError::TooLarge { actual, .. }) => {
                return Err(LayoutError::Size { path, expected: size, actual });
            }
            other => other?,
        };
        let actual = bytes.len() as u64;
        if actual != size {
            return Err(LayoutError::Size { path, expected: size, actual });
        }
        let found = digest.of_same_kind(&bytes);
        if found != *digest {
            let (expected, actual) = (digest.to_string(), found.to_string());
            return Err(LayoutError::Digest { path, expected, actual });
        }
        Ok(bytes)
    }

    fn check_version(&self) -> Result<(), LayoutError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Draft {
            image_layout_version: String,
        }
        let path = self.inside(VERSION);
        let bytes = folder::read(&self.root, VERSION, &path, VERSION_LIMIT)?;
        let problem = match serde_json::from_slice::<Draft>(&bytes) {
            Ok(draft) if draft.image_layout_version.starts_with("1.") => return Ok(()),
            Ok(draft) => format!("version {:?} is not supported", draft.image_layout_version),
            Err(error) => format!("says no version: {error}"),
        };
        Err(LayoutError::Content { what: path, problem })
    }
}

impl IndexFile {
    /// The tags, in the index's order.
    pub fn tags(&self) -> Vec<String> {
        self.entries.iter().filter_map(tag_of).map(str::to_owned).collect()
    }

    /// The entries that have a tag, each digest once.
    pub fn tagged(&self, tag: &str) -> Vec<&Entry> {
        let mut found: Vec<&Entry> = Vec::new();
        for entry in self.entries.iter().filter(|entry| tag_of(entry) == Some(tag)) {
            if found.iter().all(|known| known.digest != entry.digest) {
                found.push(entry);
            }
        }
        found
    }
}

/// The manifest that an entry of `index.json` states; none for other content.
pub(super) fn manifest_of(entry: &Entry) -> Result<Option<Child>, String> {
    if !children::is_manifest(&entry.media_type) {
        return Ok(None);
    }
    let digest = Digest::parse(&entry.digest).map_err(|error| {
        format!("lists {:?}: {error}", crate::fault::excerpt(&entry.digest, 64))
    })?;
    let size = u64::try_from(entry.size).ok().filter(|size| *size <= MANIFEST_LIMIT);
    let size = size.ok_or_else(|| {
        format!("lists {digest} with {} bytes, not from 0 to {MANIFEST_LIMIT}", entry.size)
    })?;
    Ok(Some(Child { media_type: entry.media_type.clone(), digest, size, platform: None }))
}

fn tag_of(entry: &Entry) -> Option<&str> {
    entry.annotations.as_ref()?.get(TAG).map(String::as_str).filter(|tag| !tag.is_empty())
}

/// `sha256` and the hex digits: both are checked, so that neither leads out of its folder.
fn halves(digest: &Digest) -> (&str, &str) {
    digest.as_str().split_once(':').expect("a digest has a colon")
}
