//! Every manifest a layout leads to: the entries of `index.json`, then what the indexes among them list.

use std::collections::{HashSet, VecDeque};

use super::LayoutError;
use super::store::{IndexFile, Store, manifest_of};
use crate::crypto::Digest;
use crate::registry::Child;
use crate::registry::children;

/// most manifests looked at
const MOST_MANIFESTS: usize = 20_000;
/// most bytes of manifests read for one question: 256 MiB; one of them is a few KiB
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// One walk; nothing that is listed by another is yielded before it.
pub(super) struct Walk<'a> {
    store: &'a Store,
    seen: HashSet<(String, Digest)>,
    queue: VecDeque<Child>,
    indexes: VecDeque<Child>,
    bytes: u64,
}

impl<'a> Walk<'a> {
    /// One entry that is no descriptor spoils the layout.
    pub fn new(store: &'a Store, index: &IndexFile) -> Result<Self, LayoutError> {
        let mut queue = VecDeque::new();
        for entry in &index.entries {
            let found = manifest_of(entry).map_err(|problem| LayoutError::Content {
                what: store.inside(super::store::INDEX),
                problem,
            })?;
            queue.extend(found);
        }
        Ok(Self { store, seen: HashSet::new(), queue, indexes: VecDeque::new(), bytes: 0 })
    }

    /// The next manifest, as the first to list it states it; not read yet.
    pub async fn next(&mut self) -> Result<Option<Child>, LayoutError> {
        loop {
            while let Some(child) = self.queue.pop_front() {
                if !self.seen.insert((child.media_type.clone(), child.digest.clone())) {
                    continue;
                }
                if self.seen.len() > MOST_MANIFESTS {
                    return Err(self.too_much(format!("more than {MOST_MANIFESTS} manifests")));
                }
                if children::is_index(&child.media_type) {
                    self.indexes.push_back(child.clone());
                }
                return Ok(Some(child));
            }
            let Some(index) = self.indexes.pop_front() else { return Ok(None) };
            if let Some(bytes) = self.read(&index).await? {
                let listed = children::read(&bytes, &index.media_type).map_err(|problem| {
                    LayoutError::Content { what: self.store.blob_path(&index.digest), problem }
                })?;
                self.queue.extend(listed.children);
            }
        }
    }

    /// The manifest's bytes; none when the layout does not have it, as a sparse one may not.
    pub async fn read(&mut self, child: &Child) -> Result<Option<Vec<u8>>, LayoutError> {
        // whoever limits the command's time gets a turn
        tokio::task::yield_now().await;
        self.bytes += child.size;
        if self.bytes > MOST_BYTES {
            return Err(self.too_much(format!("more than {MOST_BYTES} bytes of manifests")));
        }
        match self.store.blob(&child.digest, child.size) {
            Err(LayoutError::Missing { .. }) => Ok(None),
            read => read.map(Some),
        }
    }

    fn too_much(&self, what: String) -> LayoutError {
        LayoutError::TooMuch { path: self.store.path.clone(), what }
    }
}
