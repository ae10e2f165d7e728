//! Staging folders that a killed process left behind.
//!
//! Whoever has a staging folder holds a lock on it, which the system lifts when the process ends,
//! however it ends. A folder whose lock is free belongs to nobody. Where a file system has no locks,
//! nothing is removed.

use std::path::Path;

/// Held for as long as a staging folder is needed.
pub struct Held(
    #[cfg(unix)]
    #[allow(dead_code)]
    Option<std::os::fd::OwnedFd>,
);

/// In this folder of a staging folder stands the plugin that is being replaced, under its name.
pub const REPLACED: &str = "replaced";

/// Holds a staging folder that was just made; none when somebody took it for a leftover already.
#[cfg(unix)]
pub fn hold(folder: &Path) -> Option<Held> {
    use rustix::fs::fstat;
    use rustix::io::Errno;

    let opened = match lock(folder) {
        Ok(locked) => locked,
        Err(Errno::NOENT | Errno::WOULDBLOCK) => return None,
        Err(_) => return Some(Held(None)),
    };
    // what was locked is what the name still leads to
    let same = match (fstat(&opened), rustix::fs::lstat(folder)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
        _ => false,
    };
    same.then_some(Held(Some(opened)))
}

/// Removes the staging folders that nobody holds. A plugin that was to be replaced, and was not, is put
/// back. What fails is left to the next one.
#[cfg(unix)]
pub fn clear(plugins: &Path) {
    for entry in std::fs::read_dir(plugins).into_iter().flatten().flatten() {
        let is_staging = entry.file_name().to_string_lossy().starts_with(crate::plugin::STAGING);
        if !is_staging {
            continue;
        }
        // a link is not followed
        let Ok(_held) = lock(&entry.path()) else { continue };
        put_back(&entry.path().join(REPLACED), plugins);
        let _ = std::fs::remove_dir_all(entry.path());
    }
}

/// A folder is never put in the place of one that has something in it (rename(2)).
#[cfg(unix)]
fn put_back(replaced: &Path, plugins: &Path) {
    for entry in std::fs::read_dir(replaced).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if crate::plugin::PluginName::parse(&name.to_string_lossy()).is_ok() {
            let target = plugins.join(&name);
            if std::fs::symlink_metadata(&target).is_err() {
                let _ = std::fs::rename(entry.path(), target);
            }
        }
    }
}

#[cfg(unix)]
fn lock(folder: &Path) -> rustix::io::Result<std::os::fd::OwnedFd> {
    use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = open(folder, flags, Mode::empty())?;
    flock(&opened, FlockOperation::NonBlockingLockExclusive)?;
    Ok(opened)
}

#[cfg(not(unix))]
pub fn hold(_folder: &Path) -> Option<Held> {
    Some(Held())
}

#[cfg(not(unix))]
pub fn clear(_plugins: &Path) {}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::super::Staging;

    #[test]
    fn what_a_killed_install_left_is_removed_and_what_one_at_work_holds_stays() {
        let plugins = tempfile::tempdir().expect("a folder");
        let at_work = Staging::new(plugins.path()).expect("made");
        fs::create_dir(at_work.plugin()).expect("made");
        let left = plugins.path().join(".sealwright-left/plugin");
        fs::create_dir_all(&left).expect("made");
        fs::write(left.join("notation-x"), "half").expect("written");
        let elsewhere = tempfile::tempdir().expect("a folder");
        fs::write(elsewhere.path().join("kept"), "").expect("written");
        let link = plugins.path().join(".sealwright-link");
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("linked");
        fs::create_dir(plugins.path().join("y")).expect("made");

        let next = Staging::new(plugins.path()).expect("made");

        assert!(!left.parent().expect("a parent").exists());
        assert!(at_work.plugin().is_dir());
        assert!(elsewhere.path().join("kept").exists() && link.is_symlink());
        assert!(plugins.path().join("y").is_dir());
        drop((at_work, next));
        let count = fs::read_dir(plugins.path()).expect("readable").count();
        assert_eq!(count, 2, "y and the link");
    }

    #[test]
    fn a_plugin_that_was_not_replaced_after_all_is_put_back() {
        let plugins = tempfile::tempdir().expect("a folder");
        for name in ["x", "y"] {
            let folder = plugins.path().join(".sealwright-left/replaced").join(name);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join(format!("notation-{name}")), format!("old {name}"))
                .expect("written");
        }
        fs::create_dir(plugins.path().join("y")).expect("made");
        fs::write(plugins.path().join("y/notation-y"), "new y").expect("written");

        Staging::new(plugins.path()).expect("made");

        let read = |path: &str| fs::read_to_string(plugins.path().join(path)).expect("there");
        assert_eq!(read("x/notation-x"), "old x");
        assert_eq!(read("y/notation-y"), "new y");
        assert_eq!(fs::read_dir(plugins.path()).expect("readable").count(), 2);
    }
}
