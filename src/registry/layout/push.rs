//! Writing a signature: blobs beside their places and renamed, then the entry of `index.json`, as
//! notation's library leaves them.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use super::folder::{self, Folder, make_alike, make_read_only};
use super::store::{INDEX, IndexFile};
use super::{Layout, LayoutError, splice};
use crate::crypto::{Digest, random_bytes};
use crate::registry::index::{Entry, INDEX_LIMIT};
use crate::registry::manifest::{self, CONFIG};
use crate::registry::{PushPermission, Pushed, SignaturePush};
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

/// between two tries to get the lock
const PAUSE: Duration = Duration::from_millis(10);
/// Tries to get the lock: 30 s of pauses; a holder needs milliseconds.
const MOST_TRIES: u32 = 3_000;
/// Rounds beside writers that do not take the lock.
const MOST_ROUNDS: u32 = 10;

impl Layout {
    pub(super) async fn push(&self, push: SignaturePush<'_>) -> Result<Pushed, LayoutError> {
        let store = &self.store;
        let envelope = Digest::sha256(push.envelope);
        let size = i64::try_from(push.envelope.len()).expect("memory is smaller than an i64");
        let layer = manifest::descriptor(push.format.media_type(), &envelope, size);
        let bytes = manifest::write(push.subject, layer, push.annotations.clone())
            .map_err(|problem| LayoutError::Content { what: store.path.clone(), problem })?;
        let digest = Digest::sha256(&bytes);
        self.keep(&envelope, push.envelope)?;
        self.keep(&Digest::sha256(CONFIG), CONFIG)?;
        self.keep(&digest, &bytes)?;
        let entry = Entry {
            media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
            digest: digest.to_string(),
            size: bytes.len() as i64,
            annotations: Some(push.annotations),
            ..Entry::default()
        };
        self.list(&entry).await?;
        Ok(Pushed { manifest_digest: digest, warnings: Vec::new() })
    }

    /// Whether files can be made where a signature's would be; they are removed again.
    pub(super) fn try_push(&self) -> Result<PushPermission, LayoutError> {
        let store = &self.store;
        let of = Digest::sha256(CONFIG);
        let blobs = store.algorithm(&of)?;
        for (folder, path) in [(&blobs, store.blob_path(&of)), (&store.root, store.inside(INDEX))] {
            let (name, _) = self.new_file(folder, &path)?;
            folder.remove(&name).map_err(|error| folder::failed("remove", &path, &error))?;
        }
        Ok(PushPermission::Tried)
    }

    /// Keeps a blob. One that is there already is held against the bytes.
    fn keep(&self, digest: &Digest, bytes: &[u8]) -> Result<(), LayoutError> {
        let path = self.store.blob_path(digest);
        match self.store.blob(digest, bytes.len() as u64) {
            Err(LayoutError::Missing { .. }) => {}
            found => return found.map(drop),
        }
        let folder = self.store.made_algorithm(digest)?;
        self.replace(&folder, digest.hex(), &path, bytes, make_read_only)
    }

    /// Adds an entry to `index.json`, beside others who do the same, and reads it back.
    async fn list(&self, entry: &Entry) -> Result<(), LayoutError> {
        let path = self.store.inside(INDEX);
        let _lock = self.lock(&path).await?;
        for _ in 0..MOST_ROUNDS {
            let found = self.store.index()?;
            if lists(&found, entry) {
                return Ok(());
            }
            let bytes = with_entry(&found, entry, &path)?;
            let old = self.store.root.file(INDEX);
            let old = old.map_err(|unopened| unopened.about(&path, folder::Wanted::File))?;
            // who writes without the lock is not overwritten, as far as can be seen
            if self.store.index()?.bytes != found.bytes {
                continue;
            }
            // closed before it is replaced
            let alike = move |file: &File| make_alike(file, &old);
            self.replace(&self.store.root, INDEX, &path, &bytes, alike)?;
        }
        Err(LayoutError::Contended { path })
    }

    async fn lock(&self, path: &str) -> Result<folder::Lock, LayoutError> {
        for _ in 0..MOST_TRIES {
            let tried = self.store.root.try_lock();
            if let Some(lock) = tried.map_err(|error| folder::failed("lock", path, &error))? {
                return Ok(lock);
            }
            self.clock.sleep(PAUSE).await;
        }
        Err(LayoutError::Contended { path: path.to_owned() })
    }

    /// Writes a file beside `name` and gives it that name.
    fn replace(
        &self,
        folder: &Folder,
        name: &str,
        path: &str,
        bytes: &[u8],
        permissions: impl FnOnce(&File) -> std::io::Result<()>,
    ) -> Result<(), LayoutError> {
        let (draft, mut file) = self.new_file(folder, path)?;
        let written = file.write_all(bytes).and_then(|()| permissions(&file));
        drop(file);
        let done = written.and_then(|()| folder.rename(&draft, name));
        done.map_err(|error| {
            // what cannot be removed does no harm either
            let _ = folder.remove(&draft);
            folder::failed("write", path, &error)
        })
    }

    /// A new file, and its name, which nobody else has.
    fn new_file(&self, folder: &Folder, path: &str) -> Result<(String, File), LayoutError> {
        // without random numbers the process's own number keeps processes apart
        let random = random_bytes().unwrap_or(u64::from(std::process::id()).to_be_bytes());
        let name = format!(".{:016x}.tmp", u64::from_be_bytes(random));
        let made = folder.create(&name);
        let file = made.map_err(|error| folder::failed("create", path, &error))?;
        Ok((name, file))
    }
}

fn lists(index: &IndexFile, entry: &Entry) -> bool {
    index.entries.iter().any(|known| known.identity() == entry.identity())
}

/// The index's bytes with one entry more.
fn with_entry(index: &IndexFile, entry: &Entry, path: &str) -> Result<Vec<u8>, LayoutError> {
    let text = serde_json::to_vec(entry).expect("texts and numbers are JSON");
    let what = || path.to_owned();
    let bytes = splice::append(&index.bytes, &text).ok_or_else(|| LayoutError::Content {
        what: what(),
        problem: "has no list of manifests to add to".into(),
    })?;
    match bytes.len() as u64 > INDEX_LIMIT {
        true => {
            let actual = bytes.len() as u64;
            Err(LayoutError::TooLarge { path: what(), limit: INDEX_LIMIT, actual })
        }
        false => Ok(bytes),
    }
}
