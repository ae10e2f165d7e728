//! The program in a folder of the job's own, which later steps find on their PATH.

use std::fs;
use std::path::Path;

use super::step::BinaryNames;
use crate::fault::{Fault, os_reason};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot put {path} on PATH: {problem}")]
pub struct OnPathError {
    pub path: String,
    pub problem: String,
}

impl Fault for OnPathError {
    fn code(&self) -> &'static str {
        "ci-on-path"
    }
}

/// Makes `folder` hold `program` under these names. A hard link, where the file system has them and
/// lets us; else a copy. No symbolic link: on Windows it would need rights of its own.
pub fn put_on_path(program: &Path, folder: &Path, names: BinaryNames) -> Result<(), OnPathError> {
    let failed = |path: &Path, error: &std::io::Error| OnPathError {
        path: path.display().to_string(),
        problem: os_reason(error),
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for name in names.names() {
        let target = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        // whatever way leads to it: once removed, there is nothing left to link to
        let same = target.canonicalize().ok().zip(program.canonicalize().ok());
        if same.is_some_and(|(target, program)| target == program) {
            continue;
        }
        match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&target, &error));
            }
            _ => {}
        }
        fs::hard_link(program, &target)
            .or_else(|_| fs::copy(program, &target).map(|_| ()))
            .map_err(|error| failed(&target, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_holds_the_program_under_its_names_again_and_again() {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("sealwright-linux-x64");
        fs::write(&program, "program").unwrap();
        let bin = home.path().join("a/bin");
        let held = || {
            let mut names: Vec<_> =
                fs::read_dir(&bin).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        put_on_path(&program, &bin, BinaryNames::Own).unwrap();
        assert_eq!(held().len(), 1);
        put_on_path(&program, &bin, BinaryNames::AndNotation).unwrap();
        assert_eq!(held().len(), 2);
        for name in held() {
            assert_eq!(fs::read_to_string(bin.join(name)).unwrap(), "program");
        }
        // the program that runs from there does not remove itself
        let own = bin.join(format!("sealwright{}", std::env::consts::EXE_SUFFIX));
        let roundabout = home.path().join("a/../a/bin").join(own.file_name().unwrap());
        for own in [&own, &roundabout] {
            put_on_path(own, &bin, BinaryNames::AndNotation).unwrap();
            assert_eq!(fs::read_to_string(own).unwrap(), "program");
        }
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("program");
        fs::write(&program, "program").unwrap();
        let bin = home.path().join("bin");
        fs::write(&bin, "in the way").unwrap();
        let error = put_on_path(&program, &bin, BinaryNames::Own).unwrap_err();
        assert_eq!((error.code(), error.path), ("ci-on-path", bin.display().to_string()));
    }
}
