//! Listing, adding, showing and deleting certificates of the trust store (`cert` commands).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::store::{self, FILES_LIMIT, STORE_TYPES};
use super::{StoreError, StoreType, TrustStoreDir};
use crate::fault::os_reason;
use crate::x509::{Certificate, certificates_from_pem_or_der};

/// One certificate file of the trust store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub kind: StoreType,
    pub store: String,
    pub file: String,
}

impl TrustStoreDir {
    /// The certificate files of all stores, or of one type, or of one name, in the order type,
    /// store, file. A file that does not parse is an error; one without certificates is left out.
    /// A trust store that does not exist lists nothing.
    pub fn list(
        &self,
        kind: Option<StoreType>,
        store: Option<&str>,
    ) -> Result<Vec<StoredFile>, StoreError> {
        let mut listed = Vec::new();
        for kind in STORE_TYPES.into_iter().filter(|k| kind.is_none_or(|wanted| wanted == *k)) {
            let stores = match store {
                Some(name) => vec![name.to_owned()],
                None => names_in(&self.type_folder(kind), |found| found.is_dir())?,
            };
            for store in stores.into_iter().filter(|name| store::is_name(name)) {
                let folder = self.store_folder(kind, &store)?;
                for file in names_in(&folder, |found| found.is_file())? {
                    if !parsed(&folder.join(&file))?.is_empty() {
                        listed.push(StoredFile { kind, store: store.clone(), file });
                    }
                }
            }
        }
        Ok(listed)
    }

    /// Copies a certificate file to `<store>/<its own name>`, mode 0600, folders 0700. A name that
    /// is taken is refused. Returns where the copy is.
    pub fn add(&self, kind: StoreType, store: &str, source: &Path) -> Result<PathBuf, StoreError> {
        self.store_folder(kind, store)?;
        let bytes = store::read(source)?;
        if certificates_of(&bytes)?.is_empty() {
            return Err(StoreError::NoCertificate(source.display().to_string()));
        }
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        self.add_bytes(kind, store, &name, &bytes)
    }

    /// The same for the bytes of a file that is to have this name.
    pub fn add_bytes(
        &self,
        kind: StoreType,
        store: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<PathBuf, StoreError> {
        let folder = self.store_folder(kind, store)?;
        if certificates_of(bytes)?.is_empty() {
            return Err(StoreError::NoCertificate(name.to_owned()));
        }
        let target = folder.join(file_name(name)?);
        let failed = |operation, path: &Path, error: &std::io::Error| StoreError::File {
            operation,
            path: path.display().to_string(),
            reason: os_reason(error),
        };
        create_private(&folder).map_err(|error| failed("mkdir", &folder, &error))?;
        // written beside the store, not in it: every file of a store must be a certificate
        let beside = self.type_folder(kind);
        let mut draft = tempfile::NamedTempFile::new_in(&beside)
            .map_err(|error| failed("open", &beside, &error))?;
        draft.write_all(bytes).map_err(|error| failed("write", &target, &error))?;
        match draft.persist_noclobber(&target) {
            Ok(_) => Ok(target),
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(StoreError::Exists)
            }
            Err(e) => Err(failed("open", &target, &e.error)),
        }
    }

    /// The certificates of one file.
    pub fn show(
        &self,
        kind: StoreType,
        store: &str,
        file: &str,
    ) -> Result<Vec<Certificate>, StoreError> {
        parsed(&self.store_folder(kind, store)?.join(file_name(file)?))
    }

    /// Removes one file of a store.
    pub fn delete_file(&self, kind: StoreType, store: &str, file: &str) -> Result<(), StoreError> {
        let path = self.store_folder(kind, store)?.join(file_name(file)?);
        removal(&path, |path| fs::remove_file(path))
    }

    /// Removes a named store with all its files; returns the folder that was removed.
    pub fn delete_store(&self, kind: StoreType, store: &str) -> Result<PathBuf, StoreError> {
        let folder = self.store_folder(kind, store)?;
        removal(&folder, |folder| fs::remove_dir_all(folder))?;
        Ok(folder)
    }
}

/// A base name: no separator, no parent, no control character.
fn file_name(name: &str) -> Result<&str, StoreError> {
    let outside = |c: char| c == '/' || c == '\\' || c.is_control() || c == '\u{fffd}';
    match matches!(name, "" | "." | "..") || name.contains(outside) {
        true => Err(StoreError::FileName(name.to_owned())),
        false => Ok(name),
    }
}

fn parsed(path: &Path) -> Result<Vec<Certificate>, StoreError> {
    certificates_of(&store::read(path)?)
}

fn certificates_of(bytes: &[u8]) -> Result<Vec<Certificate>, StoreError> {
    certificates_from_pem_or_der(bytes).map_err(|error| StoreError::Malformed(error.to_string()))
}

/// The wanted names in a folder, in order; none when the folder does not exist.
fn names_in(
    folder: &Path,
    wanted: impl Fn(&fs::FileType) -> bool,
) -> Result<Vec<String>, StoreError> {
    let failed = |error: std::io::Error| StoreError::File {
        operation: "open",
        path: folder.display().to_string(),
        reason: os_reason(&error),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if names.len() == FILES_LIMIT {
            return Err(failed(std::io::Error::other(format!("more than {FILES_LIMIT} entries"))));
        }
        if wanted(&entry.file_type().map_err(failed)?) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn removal(path: &Path, remove: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), StoreError> {
    let failed = |operation, error: std::io::Error| StoreError::File {
        operation,
        path: path.display().to_string(),
        reason: os_reason(&error),
    };
    fs::symlink_metadata(path).map_err(|error| failed("stat", error))?;
    remove(path).map_err(|error| failed("remove", error))
}

fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
#[path = "store_edit_tests.rs"]
mod tests;
