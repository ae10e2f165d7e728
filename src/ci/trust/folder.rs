//! The trust store as a folder: `x509/<type>/<store>/<certificate files>`.

use std::fs;
use std::path::{Path, PathBuf};

use super::certificates::{self, CERTIFICATE_LIMIT};
use super::{TrustError, read_file};
use crate::fault::os_reason;
use crate::trust::{CERTIFICATE_FILE_LIMIT, StoreType};

const INPUT: &str = "trust-store";
/// files in a trust store folder; real ones hold a handful
const FILE_LIMIT: usize = 1000;
/// all files together: 16 MiB; bundles of all public roots are under 300 KiB
const TOTAL_LIMIT: u64 = 16 * 1024 * 1024;

/// Every certificate file with its path below the store, read and parsed.
pub(super) fn read(store: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, TrustError> {
    let (mut files, mut total, mut count) = (Vec::new(), 0, 0);
    for path in list(store)? {
        let place = path.display().to_string();
        let bytes = read_file(INPUT, &path, CERTIFICATE_FILE_LIMIT as u64)?;
        total += bytes.len() as u64;
        if total > TOTAL_LIMIT {
            let place = store.display().to_string();
            return Err(TrustError::TooLarge { input: INPUT, place, limit: TOTAL_LIMIT });
        }
        // whether each may be trusted is for the check of a signature that needs its store
        count += certificates::parse(INPUT, &place, &bytes)?.len();
        if count > CERTIFICATE_LIMIT {
            let (what, limit) = ("certificates", CERTIFICATE_LIMIT);
            return Err(TrustError::TooMany { input: INPUT, place, what, limit });
        }
        let below = path.strip_prefix(store).expect("listed below the store").to_owned();
        files.push((below, bytes));
    }
    Ok(files)
}

fn list(store: &Path) -> Result<Vec<PathBuf>, TrustError> {
    let root = store.join("x509");
    match fs::symlink_metadata(&root) {
        Ok(found) if found.is_dir() => {}
        Ok(found) if found.is_symlink() => return Err(not_a_file(&root)),
        _ => return Err(TrustError::NoX509 { path: store.display().to_string() }),
    }
    let mut files = Vec::new();
    for kind in entries(&root)? {
        let name = kind.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if StoreType::from_name(name).is_none() || !kind.is_dir() {
            let expected = "below x509 only the folders ca, signingAuthority and tsa are expected";
            return Err(misplaced(&kind, expected));
        }
        for named in entries(&kind)? {
            let name = named.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if !named.is_dir() || !crate::trust::is_store_name(name) {
                let expected = "certificates stand in a folder named after the trust store, of letters, digits, `_`, `.` and `-`: x509/<type>/<store>/";
                return Err(misplaced(&named, expected));
            }
            for file in entries(&named)? {
                if file.is_dir() {
                    let expected = "a trust store holds certificate files and no folders";
                    return Err(misplaced(&file, expected));
                }
                if files.len() == FILE_LIMIT {
                    return Err(too_many(&file));
                }
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// A folder's entries in order of name; symbolic links are refused.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, TrustError> {
    let failed = |error: std::io::Error| TrustError::Unreadable {
        input: INPUT,
        place: folder.display().to_string(),
        problem: os_reason(&error),
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(not_a_file(&entry.path()));
        }
        if paths.len() == FILE_LIMIT {
            return Err(too_many(folder));
        }
        paths.push(entry.path());
    }
    paths.sort();
    Ok(paths)
}

fn not_a_file(path: &Path) -> TrustError {
    TrustError::NotAFile { path: path.display().to_string() }
}

fn misplaced(path: &Path, expected: &'static str) -> TrustError {
    TrustError::Misplaced { path: path.display().to_string(), expected }
}

fn too_many(at: &Path) -> TrustError {
    let place = at.display().to_string();
    TrustError::TooMany { input: INPUT, place, what: "files", limit: FILE_LIMIT }
}
