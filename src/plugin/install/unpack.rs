//! The files of a source: those of a zip, those of a tar.gz, or itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive};

use super::staging::{create_folder, disk};
use super::{InstallError, SIZE_LIMIT};

/// What a source is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Zip,
    TarGz,
    Executable,
}

/// most entries of an archive; plugins have an executable, a licence and a few libraries
pub const ENTRY_LIMIT: usize = 10_000;

/// what an archive has beside its files: headers, padding, long names
const TAR_OVERHEAD: u64 = 16 * 1024 * 1024;

/// most permission bits a file is given
const MODE_MASK: u32 = 0o755;

/// the bit that makes an executable one
const OWNER_EXECUTE: u32 = 0o100;

const ZIP: &str = "zip";
const TAR_GZ: &str = "tar.gz";

/// Local file header of a zip; RFC 1952, 2.3.1 with the one method there is.
pub fn kind_of(path: &Path) -> Result<SourceKind, InstallError> {
    let mut beginning = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut beginning))
        .map_err(|error| disk("read", path, &error))?;
    Ok(match beginning.as_slice() {
        [b'P', b'K', 3, 4] => SourceKind::Zip,
        [0x1f, 0x8b, 8, ..] => SourceKind::TarGz,
        _ => SourceKind::Executable,
    })
}

/// A file of the plugin.
pub struct Unpacked {
    pub name: String,
    pub is_executable: bool,
}

/// Where files are written to, and what was written so far.
pub struct Files {
    folder: PathBuf,
    kind: &'static str,
    names: BTreeSet<String>,
    entries: usize,
    total: u64,
    files: Vec<Unpacked>,
}

impl Files {
    fn new(folder: &Path, kind: &'static str) -> Result<Self, InstallError> {
        create_folder(folder).map_err(|error| disk("mkdir", folder, &error))?;
        let folder = folder.to_owned();
        Ok(Self { folder, kind, names: BTreeSet::new(), entries: 0, total: 0, files: Vec::new() })
    }

    fn count(&mut self) -> Result<(), InstallError> {
        self.entries += 1;
        match self.entries > ENTRY_LIMIT {
            true => Err(InstallError::Entries { limit: ENTRY_LIMIT }),
            false => Ok(()),
        }
    }

    /// An entry's name as text that leads nowhere else.
    fn name(&self, name: &[u8]) -> Result<String, InstallError> {
        let kind = self.kind;
        let text = String::from_utf8_lossy(name);
        if text.contains("..") {
            return Err(InstallError::DotDot { kind, name: crate::fault::excerpt(&text, 200) });
        }
        let odd =
            |c: char| c.is_control() || c == '\u{fffd}' || (cfg!(windows) && "\\:".contains(c));
        match text.contains(odd) || text.len() > 1024 {
            true => Err(InstallError::FileName { kind, name: crate::fault::excerpt(&text, 200) }),
            false => Ok(text.into_owned()),
        }
    }

    /// Writes one file and counts the bytes that really are there; returns how many.
    fn add(&mut self, name: &str, mode: u32, content: &mut dyn Read) -> Result<u64, InstallError> {
        // some file systems know no case
        if !self.names.insert(name.to_lowercase()) {
            return Err(InstallError::Twice { kind: self.kind, name: name.to_owned() });
        }
        let path = self.folder.join(name);
        let failed = |error: io::Error| disk("write", &path, &error);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        let mut file = options.open(&path).map_err(|error| disk("open", &path, &error))?;
        let mut buffer = vec![0; 64 * 1024];
        let mut length = 0;
        loop {
            let read = content.read(&mut buffer).map_err(|error| self.malformed(&error))?;
            if read == 0 {
                break;
            }
            length += read as u64;
            self.total += read as u64;
            if self.total >= SIZE_LIMIT {
                return Err(InstallError::TotalSize);
            }
            file.write_all(&buffer[..read]).map_err(failed)?;
        }
        let mode = mode & MODE_MASK;
        set_mode(&file, mode).map_err(|error| disk("chmod", &path, &error))?;
        let is_executable = cfg!(windows) || mode & OWNER_EXECUTE != 0;
        self.files.push(Unpacked { name: name.to_owned(), is_executable });
        Ok(length)
    }

    fn malformed(&self, problem: &dyn std::fmt::Display) -> InstallError {
        InstallError::Archive { kind: self.kind, problem: problem.to_string() }
    }
}

/// The regular files at a zip's root; folders and what is in them are left out.
pub fn unzip(source: &Path, folder: &Path) -> Result<Vec<Unpacked>, InstallError> {
    let mut files = Files::new(folder, ZIP)?;
    let opened = fs::File::open(source).map_err(|error| disk("open", source, &error))?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(opened, &mut buffer);
    let archive = archive.map_err(|error| files.malformed(&error))?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| files.malformed(&error))? {
        files.count()?;
        let name = files.name(entry.file_path().as_bytes())?;
        let mode = entry.mode().value();
        // S_IFMT and S_IFREG of POSIX's <sys/stat.h>
        let is_regular = mode & 0o170_000 == 0o100_000 && !entry.is_dir();
        if name.contains('/') || !is_regular {
            continue;
        }
        if entry.flags().is_encrypted() {
            return Err(files.malformed(&format!("{name:?} is encrypted")));
        }
        let method = entry.compression_method();
        let found = archive.get_entry(entry.wayfinder()).map_err(|e| files.malformed(&e))?;
        let packed = BufReader::new(found.reader());
        let content: Box<dyn Read> = match method {
            CompressionMethod::STORE => Box::new(packed),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
            _ => return Err(files.malformed(&format!("{name:?} is packed by an unknown method"))),
        };
        files.add(&name, mode, &mut found.verifying_reader(content))?;
    }
    Ok(files.files)
}

/// Every regular file of a tar.gz by the last part of its name; links, devices and folders are left
/// out.
pub fn untar(source: &Path, folder: &Path) -> Result<Vec<Unpacked>, InstallError> {
    let mut files = Files::new(folder, TAR_GZ)?;
    let opened = fs::File::open(source).map_err(|error| disk("open", source, &error))?;
    // tools that compress in parallel write one member after the other (RFC 1952, 2.2)
    // names and attributes of entries are kept in memory: all of it has a bound
    let unpacked = MultiGzDecoder::new(BufReader::new(opened)).take(SIZE_LIMIT + TAR_OVERHEAD);
    let mut archive = tar::Archive::new(unpacked);
    let entries = archive.entries().map_err(|error| files.malformed(&error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| files.malformed(&error))?;
        files.count()?;
        let name = files.name(&entry.path_bytes())?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let Some(base) = name.rsplit('/').next().filter(|base| !matches!(*base, "" | ".")) else {
            continue;
        };
        let (base, size) = (base.to_owned(), entry.size());
        if files.total.saturating_add(size) >= SIZE_LIMIT {
            return Err(InstallError::TotalSize);
        }
        let mode = entry.header().mode().map_err(|error| files.malformed(&error))?;
        let length = files.add(&base, mode, &mut entry)?;
        if length != size {
            return Err(files.malformed(&format!("{base:?} is cut off")));
        }
    }
    Ok(files.files)
}

/// A source that is the executable itself.
pub fn copy(
    source: &Path,
    name: &str,
    mode: u32,
    folder: &Path,
) -> Result<Vec<Unpacked>, InstallError> {
    let mut files = Files::new(folder, "file")?;
    let mut opened = fs::File::open(source).map_err(|error| disk("open", source, &error))?;
    files.add(name, mode, &mut opened)?;
    Ok(files.files)
}

/// Lets the owner execute a file of the plugin.
pub fn make_executable(path: &Path) -> Result<(), InstallError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let failed = |error: io::Error| disk("chmod", path, &error);
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        let mode = fs::Permissions::from_mode((mode & MODE_MASK) | OWNER_EXECUTE);
        fs::set_permissions(path, mode).map_err(failed)?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _mode: u32) -> io::Result<()> {
    Ok(())
}
