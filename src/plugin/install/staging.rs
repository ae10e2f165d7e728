//! A folder inside the plugins directory in which a plugin is made ready, or taken apart.
//!
//! It stands there, and not among the temporary files of the system, because a plugin's metadata is
//! asked for before it is installed and that file system may forbid execution; and because a rename
//! then puts the plugin in its place.

use std::fs;
use std::io::{Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use super::leftovers::{self, Held, REPLACED};
use super::{InstallError, SIZE_LIMIT};
use crate::fault::os_reason;
use crate::plugin::STAGING;

/// Removed with all that is in it when it is dropped.
pub struct Staging {
    folder: tempfile::TempDir,
    _held: Held,
}

/// How often a folder is made anew that somebody took for a leftover before it was held.
const TRIES: usize = 5;

/// Bytes that were written down, and their SHA-256 in hexadecimal digits.
pub struct Copied {
    pub path: PathBuf,
    pub sha256: String,
}

impl Staging {
    /// Makes the plugins directory, too, where there is none, and clears away what killed processes left
    /// in it.
    pub fn new(plugins: &Path) -> Result<Self, InstallError> {
        let failed = |error: std::io::Error| disk("mkdir", plugins, &error);
        create_folder(plugins).map_err(failed)?;
        leftovers::clear(plugins);
        for _ in 0..TRIES {
            let made = tempfile::Builder::new().prefix(STAGING).tempdir_in(plugins);
            let folder = made.map_err(failed)?;
            if let Some(held) = leftovers::hold(folder.path()) {
                return Ok(Self { folder, _held: held });
            }
        }
        Err(failed(std::io::ErrorKind::ResourceBusy.into()))
    }

    /// The folder that is to become the plugin's.
    pub fn plugin(&self) -> PathBuf {
        self.folder.path().join("plugin")
    }

    /// Opens the file a source is written to.
    pub fn source(&self) -> Result<SourceFile, InstallError> {
        let path = self.folder.path().join("source");
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        let file = options.open(&path).map_err(|error| disk("open", &path, &error))?;
        Ok(SourceFile { file, path, hash: Context::new(&SHA256), length: 0 })
    }

    /// Puts the plugin's folder at `target`. What stood there is kept until the new one is in its
    /// place, and put back when that fails.
    pub fn put(&self, target: &Path) -> Result<(), InstallError> {
        let replaced = self.folder.path().join(REPLACED);
        fs::create_dir(&replaced).map_err(|error| disk("mkdir", &replaced, &error))?;
        let old = replaced.join(target.file_name().unwrap_or_default());
        let had_old = match fs::rename(target, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(disk("rename", target, &error)),
        };
        fs::rename(self.plugin(), target).map_err(|error| {
            if had_old {
                // nothing better can be done where this fails as well
                let _ = fs::rename(&old, target);
            }
            disk("rename", target, &error)
        })
    }

    /// Takes a plugin's folder out of the directory.
    pub fn take(&self, target: &Path) -> std::io::Result<()> {
        fs::rename(target, self.folder.path().join("old"))
    }
}

/// A source being written down: at most [`SIZE_LIMIT`] bytes, hashed on the way.
pub struct SourceFile {
    file: fs::File,
    path: PathBuf,
    hash: Context,
    length: u64,
}

impl SourceFile {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), InstallError> {
        self.length += bytes.len() as u64;
        if self.length >= SIZE_LIMIT {
            return Err(InstallError::SourceSize);
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(|error| disk("write", &self.path, &error))
    }

    /// What was written so far is void.
    pub fn restart(&mut self) -> Result<(), InstallError> {
        let failed = |error: std::io::Error| disk("truncate", &self.path, &error);
        self.file.set_len(0).map_err(failed)?;
        self.file.rewind().map_err(failed)?;
        (self.hash, self.length) = (Context::new(&SHA256), 0);
        Ok(())
    }

    /// How many bytes were written.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// All of a reader; `path` is where it reads from.
    pub fn copy(mut self, mut from: impl Read, path: &Path) -> Result<Copied, InstallError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match from.read(&mut buffer).map_err(|error| disk("read", path, &error))? {
                0 => return Ok(self.finish()),
                length => self.write(&buffer[..length])?,
            }
        }
    }

    pub fn finish(self) -> Copied {
        let digest = self.hash.finish();
        let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Copied { path: self.path, sha256 }
    }
}

/// With its parents, mode 0755 less the umask, as notation.
pub fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.create(folder)
}

pub fn disk(operation: &'static str, path: &Path, error: &std::io::Error) -> InstallError {
    InstallError::Disk { operation, path: path.display().to_string(), reason: os_reason(error) }
}
