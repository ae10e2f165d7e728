//! By paths, where handles of folders are not to be had: each part is looked at before it is opened.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use super::Unopened;

/// A folder that was there.
#[derive(Debug)]
pub(in crate::registry::layout) struct Folder(PathBuf);

/// Held by one holder at a time, until it is dropped.
pub(in crate::registry::layout) struct Lock(#[allow(dead_code)] File);

/// The file that is held while the index is replaced.
const LOCK: &str = ".index.json.lock";

impl Folder {
    /// The folder the user names, which may be a link.
    pub fn open(path: &Path) -> Result<Self, Unopened> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Ok(Self(path.to_owned())),
            Ok(_) => Err(Unopened::Kind),
            Err(error) => Err(unopened(error)),
        }
    }

    /// A folder in this one.
    pub fn folder(&self, name: &str) -> Result<Self, Unopened> {
        let path = self.0.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => Err(Unopened::Link),
            Ok(found) if found.is_dir() => Ok(Self(path)),
            Ok(_) => Err(Unopened::Kind),
            Err(error) => Err(unopened(error)),
        }
    }

    /// A regular file in this folder, for reading.
    pub fn file(&self, name: &str) -> Result<File, Unopened> {
        let path = self.0.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => return Err(Unopened::Link),
            Ok(found) if !found.is_file() => return Err(Unopened::Kind),
            Ok(_) => {}
            Err(error) => return Err(unopened(error)),
        }
        File::open(path).map_err(unopened)
    }

    /// A new file, which nothing had the name of.
    pub fn create(&self, name: &str) -> std::io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// A new folder, or the one that is there.
    pub fn make(&self, name: &str) -> std::io::Result<()> {
        match fs::create_dir(self.0.join(name)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    /// Replaces what has the name `to`.
    pub fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub fn remove(&self, name: &str) -> std::io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// The folder's own lock; none while another holds it: a file that one process may have open at a
    /// time and that goes when it is closed.
    pub fn try_lock(&self) -> std::io::Result<Option<Lock>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        #[cfg(windows)]
        {
            use std::os::windows::fs::OpenOptionsExt as _;
            const GENERIC_WRITE_AND_DELETE: u32 = 0x4001_0000;
            const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
            options.access_mode(GENERIC_WRITE_AND_DELETE).share_mode(0);
            options.custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
        }
        match options.open(self.0.join(LOCK)) {
            Ok(file) => Ok(Some(Lock(file))),
            // ERROR_SHARING_VIOLATION, and ERROR_ACCESS_DENIED while the last one's file goes
            Err(error) if matches!(error.raw_os_error(), Some(32 | 5)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A blob's file is left as it is.
pub(in crate::registry::layout) fn make_read_only(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// Rights are inherited from the folder.
pub(in crate::registry::layout) fn make_alike(_file: &File, _old: &File) -> std::io::Result<()> {
    Ok(())
}

fn unopened(error: std::io::Error) -> Unopened {
    match error.kind() {
        std::io::ErrorKind::NotFound => Unopened::Missing,
        _ => Unopened::Os(error),
    }
}
