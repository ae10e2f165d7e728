//! Reading a configuration file with a bound, and replacing one in a single step.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::fault::os_reason;

/// largest configuration file read: 1 MiB; real ones are a few KiB.
pub const FILE_LIMIT: usize = 1024 * 1024;

/// What to do where a path is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// notation's own files: a link is refused.
    Refuse,
    /// docker's config.json: often a link into a mounted secret.
    Follow,
}

/// Replaces `path` with `bytes`: written to a file beside it with the Unix permission bits `mode`,
/// then renamed, so that a reader sees the old content or the new. Missing folders are made with
/// mode 0700.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ConfigError> {
    let failed = |operation, error: std::io::Error| file_error(operation, path, &error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    create_private(folder).map_err(|error| file_error("mkdir", folder, &error))?;
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed("open", e))?;
    set_mode(draft.as_file(), mode).map_err(|error| failed("chmod", error))?;
    draft.write_all(bytes).map_err(|error| failed("write", error))?;
    draft.as_file().sync_all().map_err(|error| failed("sync", error))?;
    draft.persist(path).map_err(|error| failed("rename", error.error))?;
    Ok(())
}

/// The content of a regular file of at most [`FILE_LIMIT`] bytes; `None` when there is none.
pub(super) fn read(path: &Path, links: Links) -> Result<Option<Vec<u8>>, ConfigError> {
    let shown = || path.display().to_string();
    let found = match links {
        Links::Refuse => fs::symlink_metadata(path),
        Links::Follow => fs::metadata(path),
    };
    match found {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(ConfigError::NotRegular { path: shown() }),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("lstat", path, &error)),
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| file_error("open", path, &error))?;
    match bytes.len() > FILE_LIMIT {
        true => Err(ConfigError::TooLarge { path: shown(), limit: FILE_LIMIT }),
        false => Ok(Some(bytes)),
    }
}

/// The file a write must replace: the end of the links for a path that is one.
pub(super) fn write_target(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
        }
        _ => path.to_owned(),
    }
}

fn file_error(operation: &'static str, path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::File { operation, path: path.display().to_string(), reason: os_reason(error) }
}

fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[cfg(unix)]
    #[test]
    fn a_write_makes_private_folders_and_sets_the_mode() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("a/b/c.json");
        write_atomic(&path, b"1", 0o600).expect("written");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&home.path().join("a")), 0o700);
        assert_eq!(mode(&home.path().join("a/b")), 0o700);
        write_atomic(&path, b"2", 0o644).expect("replaced");
        assert_eq!(mode(&path), 0o644);
        assert_eq!(fs::read(&path).expect("there"), b"2");
        let names = fs::read_dir(home.path().join("a/b")).expect("listed").count();
        assert_eq!(names, 1, "nothing is left beside the file");
    }

    #[test]
    fn a_failed_write_names_the_path_and_leaves_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("taken");
        fs::create_dir_all(target.join("x")).expect("made");
        let error = write_atomic(&target, b"1", 0o600).expect_err("a folder is there");
        assert!(matches!(&error, ConfigError::File { operation: "rename", .. }), "{error}");
        assert_eq!(error.code(), "config-file");
        assert_eq!(fs::read_dir(home.path()).expect("listed").count(), 1);
    }

    #[test]
    fn reading_is_bounded_and_takes_regular_files_only() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("f");
        assert_eq!(read(&path, Links::Refuse), Ok(None));
        fs::write(&path, vec![b' '; FILE_LIMIT + 1]).expect("written");
        let error = read(&path, Links::Refuse).expect_err("too large");
        assert_eq!(error.code(), "config-too-large");
        let error = read(home.path(), Links::Follow).expect_err("a folder");
        assert_eq!(error.code(), "config-not-a-regular-file");
        assert_eq!(
            error.to_string(),
            format!("{:?} is not a regular file (symlinks are not supported)", home.path())
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_or_followed_as_asked() {
        let home = tempfile::tempdir().expect("a folder");
        let (file, link) = (home.path().join("f"), home.path().join("l"));
        fs::write(&file, "x").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        assert!(matches!(read(&link, Links::Refuse), Err(ConfigError::NotRegular { .. })));
        assert_eq!(read(&link, Links::Follow), Ok(Some(b"x".to_vec())));
        assert_eq!(write_target(&link), fs::canonicalize(&file).expect("there"));
        assert_eq!(write_target(&file), file);
    }
}
