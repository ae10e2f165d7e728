//! By handles: `openat` with `O_NOFOLLOW`, so that nothing can be exchanged between a look and a use.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::Unopened;

const OPEN: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// An open folder.
#[derive(Debug)]
pub(in crate::registry::layout) struct Folder(OwnedFd);

/// Held by one holder at a time, until it is dropped.
pub(in crate::registry::layout) struct Lock(#[allow(dead_code)] OwnedFd);

impl Folder {
    /// The folder the user names, which may be a link.
    pub fn open(path: &Path) -> Result<Self, Unopened> {
        let opened = fs::open(path, OFlags::CLOEXEC | FOLDER, Mode::empty());
        opened.map(Self).map_err(|errno| match errno {
            Errno::NOTDIR => Unopened::Kind,
            other => unopened(other),
        })
    }

    /// A folder in this one.
    pub fn folder(&self, name: &str) -> Result<Self, Unopened> {
        let opened = fs::openat(&self.0, name, OPEN | FOLDER, Mode::empty());
        opened.map(Self).map_err(|errno| match errno {
            Errno::NOTDIR if self.is_link(name) => Unopened::Link,
            Errno::NOTDIR => Unopened::Kind,
            other => unopened(other),
        })
    }

    /// A regular file in this folder, for reading. A pipe that nobody writes to does not hold it up.
    pub fn file(&self, name: &str) -> Result<File, Unopened> {
        let flags = OPEN | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            // a socket
            Err(Errno::NXIO | Errno::OPNOTSUPP) => return Err(Unopened::Kind),
            Err(errno) => return Err(unopened(errno)),
        };
        match file.metadata() {
            Ok(found) if found.is_file() => Ok(file),
            Ok(_) => Err(Unopened::Kind),
            Err(error) => Err(Unopened::Os(error)),
        }
    }

    /// A new file, which nothing had the name of.
    pub fn create(&self, name: &str) -> std::io::Result<File> {
        let flags = OPEN | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        Ok(File::from(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o600))?))
    }

    /// A new folder, or the one that is there.
    pub fn make(&self, name: &str) -> std::io::Result<()> {
        match fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Replaces what has the name `to`.
    pub fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub fn remove(&self, name: &str) -> std::io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// The folder's own lock; none while another holds it. Where the file system has no locks everybody
    /// gets it.
    pub fn try_lock(&self) -> std::io::Result<Option<Lock>> {
        // the lock belongs to the open handle: each holder has its own
        let own = fs::openat(&self.0, ".", OPEN | FOLDER, Mode::empty())?;
        match fs::flock(&own, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(None),
            Ok(()) | Err(_) => Ok(Some(Lock(own))),
        }
    }

    fn is_link(&self, name: &str) -> bool {
        fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink)
    }
}

/// Permissions of a blob: nobody changes it.
pub(in crate::registry::layout) fn make_read_only(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::fs::Permissions::from_mode(0o444))
}

/// Permissions of the file that is replaced, and its owner where that is allowed.
pub(in crate::registry::layout) fn make_alike(file: &File, old: &File) -> std::io::Result<()> {
    let found = old.metadata()?;
    let _ = std::os::unix::fs::fchown(file, Some(found.uid()), Some(found.gid()));
    file.set_permissions(std::fs::Permissions::from_mode(found.mode() & 0o777))
}

fn unopened(errno: Errno) -> Unopened {
    match errno {
        Errno::NOENT => Unopened::Missing,
        // the answer of O_NOFOLLOW to a link (open(2)); FreeBSD answers EMLINK
        Errno::LOOP | Errno::MLINK => Unopened::Link,
        other => Unopened::Os(other.into()),
    }
}
