//! A folder packed as tar.gz: what .dockerignore leaves, and the Dockerfile.

use std::fs::{File, Metadata};
use std::io::{Read as _, Seek as _};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::TasksError;
use super::ignore::{self, Ignore, Malformed};
use crate::fault::os_reason;

/// A packed folder.
pub struct Packed {
    /// At its beginning.
    pub file: File,
    /// Bytes.
    pub size: u64,
    /// The Dockerfile's path inside.
    pub dockerfile: String,
    /// How many entries it has.
    pub entries: u64,
    /// What is neither file, folder nor symbolic link, and so is not in it.
    pub skipped: Vec<PathBuf>,
}

/// bytes of all files before they are packed
const SIZE: u64 = 4 * 1024 * 1024 * 1024;
const ENTRIES: u64 = 500_000;
const DEPTH: usize = 200;
/// largest Dockerfile read
const DOCKERFILE_SIZE: u64 = 4 * 1024 * 1024;

/// What version control keeps beside the files, at any depth, is left out unless .dockerignore takes it
/// back: among it are credentials, such as the token of a checkout in a folder below.
const LEFT_OUT: [&str; 4] = ["**/.git", "**/.hg", "**/.svn", "**/.bzr"];

/// Packs `folder` with the Dockerfile, by default the one at its root. Symbolic links are packed as links.
pub fn pack(folder: &Path, dockerfile: Option<&Path>) -> Result<Packed, TasksError> {
    let root = folder.canonicalize().map_err(|error| cannot(folder, &error))?;
    let dockerfile = Dockerfile::find(&root, folder, dockerfile)?;
    let ignore = rules(&root, &dockerfile)?;
    let file = tempfile::tempfile().map_err(|error| cannot(folder, &error))?;
    let mut packing = Packing {
        root: &root,
        ignore,
        dockerfile: &dockerfile,
        tar: Builder::new(GzEncoder::new(file, Compression::default())),
        entries: 0,
        bytes: 0,
        skipped: Vec::new(),
    };
    packing.folder(&root, "", 0)?;
    packing.dockerfile()?;
    let Packing { tar, entries, skipped, .. } = packing;
    let finished = tar.into_inner().and_then(GzEncoder::finish);
    let mut file = finished.map_err(|error| cannot(folder, &error))?;
    let size = file.stream_position().and_then(|size| file.rewind().map(|()| size));
    let size = size.map_err(|error| cannot(folder, &error))?;
    Ok(Packed { file, size, dockerfile: dockerfile.inside, entries, skipped })
}

/// The Dockerfile, read once.
struct Dockerfile {
    /// Its path in the archive.
    inside: String,
    /// Where its own .dockerignore would be.
    path: PathBuf,
    content: Vec<u8>,
    metadata: Metadata,
}

impl Dockerfile {
    fn find(root: &Path, folder: &Path, given: Option<&Path>) -> Result<Self, TasksError> {
        let path = given.map_or_else(|| folder.join("Dockerfile"), Path::to_owned);
        let wrong = |problem: &str| TasksError::Dockerfile {
            path: path.clone(),
            problem: problem.to_owned(),
        };
        let reason = |error: std::io::Error| wrong(&os_reason(&error));
        let real = path.canonicalize().map_err(reason)?;
        // by the folder it is in, which may be reached by a link, but itself as it is named
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = match (parent.canonicalize(), path.file_name()) {
            (Ok(parent), Some(name)) => parent.join(name),
            _ => real.clone(),
        };
        let below = slashed(named.strip_prefix(root).ok());
        let meant = std::path::absolute(&path).ok();
        let outer = std::path::absolute(folder).ok();
        let climbs = path.components().any(|part| part == Component::ParentDir);
        let said_inside =
            !climbs && matches!((&meant, &outer), (Some(m), Some(o)) if m.starts_with(o));
        if (said_inside || below.is_some()) && !real.starts_with(root) {
            return Err(wrong("it is a link that leads out of the folder"));
        }
        let mut content = Vec::new();
        let file = File::open(&real).map_err(reason)?;
        let metadata = file.metadata().map_err(reason)?;
        if !metadata.is_file() {
            return Err(wrong("it is no file"));
        }
        file.take(DOCKERFILE_SIZE + 1).read_to_end(&mut content).map_err(reason)?;
        if content.len() as u64 > DOCKERFILE_SIZE {
            return Err(wrong("it is too large"));
        }
        let inside = below.unwrap_or_else(|| free_name(root));
        Ok(Self { inside, path: named, content, metadata })
    }
}

/// A name at the root that no file has, for a Dockerfile from elsewhere.
fn free_name(root: &Path) -> String {
    let names = std::iter::once("Dockerfile.given".to_owned())
        .chain((1..).map(|n: u64| format!("Dockerfile.given{n}")));
    let free = |name: &String| root.join(name).symlink_metadata().is_err();
    names.into_iter().find(free).expect("a folder has an end")
}

/// `<Dockerfile>.dockerignore` beside the Dockerfile, else the folder's `.dockerignore`.
fn rules(root: &Path, dockerfile: &Dockerfile) -> Result<Ignore, TasksError> {
    let mut own = dockerfile.path.clone().into_os_string();
    own.push(".dockerignore");
    for path in [PathBuf::from(own), root.join(".dockerignore")] {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(cannot(&path, &error)),
        };
        let mut text = Vec::new();
        let read = file.take(ignore::SIZE + 1).read_to_end(&mut text);
        read.map_err(|error| cannot(&path, &error))?;
        if text.len() as u64 > ignore::SIZE {
            let (what, limit) = ("bytes of .dockerignore", ignore::SIZE);
            return Err(TasksError::TooLarge { path, what, limit });
        }
        let text = String::from_utf8_lossy(&text);
        // what the registry builds from must not be filtered a second time, by other rules
        let mut first = LEFT_OUT.to_vec();
        first.extend((path != root.join(".dockerignore")).then_some(".dockerignore"));
        return Ignore::parse(&text, &first).map_err(|malformed| {
            let Malformed { line, pattern, problem } = malformed;
            TasksError::Ignore { path, line, pattern, problem }
        });
    }
    Ok(Ignore::parse("", &LEFT_OUT).expect("these are plain names"))
}

struct Packing<'a> {
    root: &'a Path,
    ignore: Ignore,
    dockerfile: &'a Dockerfile,
    tar: Builder<GzEncoder<File>>,
    entries: u64,
    bytes: u64,
    skipped: Vec<PathBuf>,
}

impl Packing<'_> {
    /// What is in a folder, in the order of names; `inside` is its path in the archive.
    fn folder(&mut self, path: &Path, inside: &str, depth: usize) -> Result<(), TasksError> {
        if depth > DEPTH {
            return Err(self.too_large("folders in each other", DEPTH as u64));
        }
        let failed = |error: std::io::Error| cannot(path, &error);
        let entries = std::fs::read_dir(path).map_err(failed)?;
        let mut names = Vec::new();
        for entry in entries {
            if names.len() as u64 > ENTRIES {
                return Err(self.too_large("entries", ENTRIES));
            }
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort_unstable();
        for name in names {
            let path = path.join(&name);
            let Some(name) = name.to_str() else {
                let problem = "its name is no UTF-8".to_owned();
                return Err(TasksError::Pack { path, problem });
            };
            let inside = match inside {
                "" => name.to_owned(),
                inside => format!("{inside}/{name}"),
            };
            self.entry(&path, &inside, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, inside: &str, depth: usize) -> Result<(), TasksError> {
        if inside == self.dockerfile.inside {
            return Ok(());
        }
        let left_out = self.ignore.leaves_out(inside);
        if left_out && !self.ignore.takes_back() {
            return Ok(());
        }
        let metadata = path.symlink_metadata().map_err(|error| cannot(path, &error))?;
        if metadata.is_dir() {
            if !left_out {
                self.append(path, inside, EntryType::Directory, &metadata)?;
            }
            return self.folder(path, inside, depth + 1);
        }
        match left_out {
            true => Ok(()),
            false if metadata.is_symlink() => {
                self.append(path, inside, EntryType::Symlink, &metadata)
            }
            false if metadata.is_file() => self.append(path, inside, EntryType::Regular, &metadata),
            false => {
                self.skipped.push(path.to_owned());
                Ok(())
            }
        }
    }

    fn append(
        &mut self,
        path: &Path,
        inside: &str,
        kind: EntryType,
        metadata: &Metadata,
    ) -> Result<(), TasksError> {
        let failed = |error: std::io::Error| cannot(path, &error);
        self.count()?;
        let mut header = header(metadata, kind);
        match kind {
            EntryType::Symlink => {
                let target = path.read_link().map_err(failed)?;
                self.tar.append_link(&mut header, inside, target).map_err(failed)
            }
            EntryType::Directory => {
                let inside = format!("{inside}/");
                self.tar.append_data(&mut header, inside, std::io::empty()).map_err(failed)
            }
            _ => {
                let size = metadata.len();
                self.bytes = self.bytes.saturating_add(size);
                if self.bytes > SIZE {
                    return Err(self.too_large("bytes", SIZE));
                }
                header.set_size(size);
                let file = File::open(path).map_err(failed)?;
                let before = file.metadata().map_err(failed)?;
                let mut content = file.take(size);
                self.tar.append_data(&mut header, inside, &mut content).map_err(failed)?;
                match content.limit() == 0 && before.is_file() && before.len() == size {
                    true => Ok(()),
                    false => Err(TasksError::Pack {
                        path: path.to_owned(),
                        problem: "it changed while it was packed".to_owned(),
                    }),
                }
            }
        }
    }

    /// The Dockerfile as it was read, whatever .dockerignore says.
    fn dockerfile(&mut self) -> Result<(), TasksError> {
        self.count()?;
        let mut header = header(&self.dockerfile.metadata, EntryType::Regular);
        header.set_size(self.dockerfile.content.len() as u64);
        let (inside, content) = (&self.dockerfile.inside, self.dockerfile.content.as_slice());
        let appended = self.tar.append_data(&mut header, inside, content);
        appended.map_err(|error| cannot(&self.dockerfile.path, &error))
    }

    fn count(&mut self) -> Result<(), TasksError> {
        self.entries += 1;
        match self.entries > ENTRIES {
            true => Err(self.too_large("entries", ENTRIES)),
            false => Ok(()),
        }
    }

    fn too_large(&self, what: &'static str, limit: u64) -> TasksError {
        TasksError::TooLarge { path: self.root.to_owned(), what, limit }
    }
}

/// Mode and time of the file; nobody's name.
fn header(metadata: &Metadata, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_metadata(metadata);
    header.set_entry_type(kind);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

/// A path below the root as archives write it; none for the root itself.
fn slashed(below: Option<&Path>) -> Option<String> {
    let parts = below?.components().map(|part| part.as_os_str().to_str());
    let parts = parts.collect::<Option<Vec<_>>>()?;
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn cannot(path: &Path, error: &std::io::Error) -> TasksError {
    TasksError::Pack { path: path.to_owned(), problem: os_reason(error) }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
