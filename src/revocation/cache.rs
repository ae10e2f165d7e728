//! ★ CRLs kept between runs, in notation's layout: `{cache}/crl/<SHA-256 of the URL, hex>`.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::CRL_LIMIT;
use crate::crypto::Digest;
use crate::fault::{Fault, os_reason};

/// The folder of kept CRLs. Whoever may write there may delay news, no more: what is read is verified
/// like what is fetched.
#[derive(Debug, Clone)]
pub struct CrlCache {
    folder: PathBuf,
}

/// A CRL and its delta as DER; nothing is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedCrl {
    pub base: Bytes,
    pub delta: Option<Bytes>,
}

/// Never fatal: the CRL is fetched instead, or not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    #[error("failed to create crl file cache: {operation} {path}: {reason}")]
    Folder { operation: &'static str, path: String, reason: String },
    #[error("{operation} {path}: {reason}")]
    File { operation: &'static str, path: String, reason: String },
    #[error("{path} holds no CRL: {reason}")]
    Corrupt { path: String, reason: String },
}

impl Fault for CacheError {
    fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "revocation-cache-folder",
            Self::File { .. } => "revocation-cache-file",
            Self::Corrupt { .. } => "revocation-cache-corrupt",
        }
    }
}

impl CacheError {
    /// notation's words for it.
    pub(super) fn warning(&self) -> String {
        match self {
            Self::Folder { .. } => self.to_string(),
            Self::File { .. } | Self::Corrupt { .. } => "CRL cache error discarded. Enable debug \
                 log through '-d' for error details."
                .to_owned(),
        }
    }
}

/// The file, as notation writes it.
#[derive(Serialize, Deserialize)]
struct Draft {
    #[serde(rename = "baseCRL")]
    base: String,
    #[serde(rename = "deltaCRL", default, skip_serializing_if = "Option::is_none")]
    delta: Option<String>,
}

/// largest file read: two CRLs of the largest size in base64, and their names
const FILE_LIMIT: u64 = 2 * (CRL_LIMIT as u64 / 3 * 4 + 4) + 1024;

impl CrlCache {
    /// `{cache}/crl` of notation's cache folder; it is made when something is kept.
    pub fn below(cache: &Path) -> Self {
        Self { folder: cache.join("crl") }
    }

    /// What is kept for an address, however old it is.
    pub fn load(&self, url: &str) -> Result<Option<CachedCrl>, CacheError> {
        let path = self.path(url);
        let mut text = Vec::new();
        let read =
            fs::File::open(&path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file("read", &path, &error)),
        }
        let corrupt = |reason: String| CacheError::Corrupt { path: shown(&path), reason };
        if text.len() as u64 > FILE_LIMIT {
            return Err(corrupt(format!("it has more than {FILE_LIMIT} bytes")));
        }
        let draft: Draft = serde_json::from_slice(&text).map_err(|e| corrupt(e.to_string()))?;
        let decode = |text: String| STANDARD.decode(text).map(Bytes::from);
        let base = decode(draft.base).map_err(|e| corrupt(e.to_string()))?;
        let delta = draft.delta.filter(|text| !text.is_empty()).map(decode).transpose();
        let delta = delta.map_err(|e| corrupt(e.to_string()))?;
        Ok(Some(CachedCrl { base, delta }))
    }

    /// Keeps a CRL: written beside its place and renamed, so that a reader sees the old one or the new,
    /// and so that the system's folder for temporary files may be on another disk.
    pub fn store(&self, url: &str, base: &[u8], delta: Option<&[u8]>) -> Result<(), CacheError> {
        create(&self.folder)?;
        let path = self.path(url);
        let draft = Draft { base: STANDARD.encode(base), delta: delta.map(|d| STANDARD.encode(d)) };
        let text = serde_json::to_vec(&draft)
            .map_err(|e| CacheError::Corrupt { path: shown(&path), reason: e.to_string() })?;
        let mut beside = tempfile::Builder::new()
            .prefix("notation-")
            .tempfile_in(&self.folder)
            .map_err(|error| file("create", &path, &error))?;
        beside.write_all(&text).map_err(|error| file("write", &path, &error))?;
        beside.as_file().sync_all().map_err(|error| file("sync", &path, &error))?;
        beside.persist(&path).map_err(|error| file("rename", &path, &error.error))?;
        Ok(())
    }

    fn path(&self, url: &str) -> PathBuf {
        self.folder.join(Digest::sha256(url.as_bytes()).hex())
    }
}

fn create(folder: &Path) -> Result<(), CacheError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| CacheError::Folder {
        operation: "mkdir",
        path: shown(folder),
        reason: os_reason(&error),
    })
}

fn file(operation: &'static str, path: &Path, error: &std::io::Error) -> CacheError {
    CacheError::File { operation, path: shown(path), reason: os_reason(error) }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://crl.example/ca.crl";

    fn cache() -> (tempfile::TempDir, CrlCache) {
        let home = tempfile::tempdir().unwrap();
        let cache = CrlCache::below(home.path());
        (home, cache)
    }

    #[test]
    fn a_crl_is_kept_as_notation_keeps_it() {
        let (home, cache) = cache();
        assert_eq!(cache.load(URL), Ok(None));
        cache.store(URL, b"base", None).unwrap();
        let name = "20461efca10fc3c2c01d0f2b8b1b4e3cbb26";
        let path = cache.path(URL);
        assert_eq!(path.file_name().unwrap().len(), 64, "{name}");
        assert_eq!(path.parent().unwrap(), home.path().join("crl"));
        assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"baseCRL":"YmFzZQ=="}"#);
        let base = Bytes::from_static(b"base");
        assert_eq!(cache.load(URL), Ok(Some(CachedCrl { base: base.clone(), delta: None })));
        cache.store(URL, b"base", Some(b"delta")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, r#"{"baseCRL":"YmFzZQ==","deltaCRL":"ZGVsdGE="}"#);
        let delta = Some(Bytes::from_static(b"delta"));
        assert_eq!(cache.load(URL), Ok(Some(CachedCrl { base, delta })));
        assert_eq!(fs::read_dir(home.path().join("crl")).unwrap().count(), 1, "nothing beside it");
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_the_users_own() {
        use std::os::unix::fs::PermissionsExt as _;
        let (home, cache) = cache();
        cache.store(URL, b"base", None).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.path().join("crl")), 0o700);
        assert_eq!(mode(&cache.path(URL)), 0o600);
    }

    #[test]
    fn what_is_corrupt_is_said() {
        let (_home, cache) = cache();
        cache.store(URL, b"base", None).unwrap();
        for text in ["", "{", "[]", r#"{"deltaCRL":""}"#, r#"{"baseCRL":"%"}"#, r#"{"baseCRL":1}"#]
        {
            fs::write(cache.path(URL), text).unwrap();
            let error = cache.load(URL).unwrap_err();
            assert_eq!(error.code(), "revocation-cache-corrupt", "{text}");
            assert!(error.warning().starts_with("CRL cache error discarded."));
        }
    }

    #[test]
    fn a_place_that_cannot_be_used_is_said() {
        let (home, cache) = cache();
        fs::write(home.path().join("crl"), "a file").unwrap();
        let error = cache.store(URL, b"base", None).unwrap_err();
        assert_eq!(error.code(), "revocation-cache-folder");
        assert!(error.warning().starts_with("failed to create crl file cache: mkdir "), "{error}");
        fs::remove_file(home.path().join("crl")).unwrap();
        fs::create_dir_all(cache.path(URL).join("taken")).unwrap();
        assert_eq!(cache.store(URL, b"b", None).unwrap_err().code(), "revocation-cache-file");
        assert_eq!(cache.load(URL).unwrap_err().code(), "revocation-cache-file");
    }
}
