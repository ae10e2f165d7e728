//! Installing a trust policy and a trust store into a home of the step's own.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::config::write_atomic;
use crate::fault::Fault;
use crate::trust::{POLICY_LIMIT, Policy, PolicyError};

/// files in a trust store folder; real ones hold a handful
const FILE_LIMIT: usize = 1000;
/// largest certificate file copied: 1 MiB
const CERTIFICATE_FILE_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("input `{input}`: cannot read {path}: {problem}")]
    Unreadable { input: &'static str, path: String, problem: String },
    #[error("input `trust-policy`: {path}: {error}")]
    Policy { path: String, error: PolicyError },
    #[error("input `trust-policy`: {path} has {found} bytes; at most {POLICY_LIMIT} are read")]
    PolicyTooLarge { path: String, found: usize },
    #[error(
        "input `trust-store`: {path} holds no folder `x509`; expected x509/<type>/<store>/<certificate files> below it"
    )]
    NoX509 { path: String },
    #[error(
        "input `trust-store`: {path} is a symbolic link or something else that is neither file nor folder"
    )]
    NotAFile { path: String },
    #[error("input `trust-store`: {path} does not belong there: {expected}")]
    Misplaced { path: String, expected: &'static str },
    #[error(
        "input `trust-store`: more than {FILE_LIMIT} files, or one above {CERTIFICATE_FILE_LIMIT} bytes, at {path}"
    )]
    TooMuch { path: String },
    #[error("cannot write {path}: {problem}")]
    Unwritable { path: String, problem: String },
}

impl Fault for SetupError {
    fn code(&self) -> &'static str {
        match self {
            SetupError::Unreadable { .. } => "ci-setup-unreadable",
            SetupError::Policy { .. } => "ci-setup-policy",
            SetupError::PolicyTooLarge { .. } => "ci-setup-policy-too-large",
            SetupError::NoX509 { .. } => "ci-setup-no-x509",
            SetupError::NotAFile { .. } => "ci-setup-not-a-file",
            SetupError::Misplaced { .. } => "ci-setup-misplaced",
            SetupError::TooMuch { .. } => "ci-setup-too-much",
            SetupError::Unwritable { .. } => "ci-setup-unwritable",
        }
    }
}

/// A trust policy and the files of a trust store, read and checked, to be installed.
#[derive(Debug)]
pub struct Trust {
    policy: Option<(PathBuf, Vec<u8>)>,
    /// Each file with its path below the trust store.
    certificates: Option<Vec<(PathBuf, PathBuf)>>,
}

impl Trust {
    /// Reads what the inputs name. The policy is valid and the store has the folders it must have,
    /// or it is an error.
    pub fn read(policy: Option<&Path>, store: Option<&Path>) -> Result<Self, SetupError> {
        Ok(Self {
            policy: policy.map(read_policy).transpose()?,
            certificates: store.map(store_files).transpose()?,
        })
    }

    /// Writes `trustpolicy.json` and `truststore/` into `home`, notation's configuration folder.
    /// Tells what it did, in lines.
    pub fn install(&self, home: &Path) -> Result<Vec<String>, SetupError> {
        let mut done = Vec::new();
        if let Some((path, bytes)) = &self.policy {
            write(&home.join("trustpolicy.json"), bytes)?;
            done.push(format!("installed trust policy {}", path.display()));
        }
        if let Some(files) = &self.certificates {
            for (source, below) in files {
                let bytes = read("trust-store", source, CERTIFICATE_FILE_LIMIT)?;
                if bytes.len() as u64 > CERTIFICATE_FILE_LIMIT {
                    return Err(SetupError::TooMuch { path: source.display().to_string() });
                }
                write(&home.join("truststore").join(below), &bytes)?;
            }
            done.push(format!("installed {} files into the trust store", files.len()));
        }
        Ok(done)
    }
}

fn read_policy(path: &Path) -> Result<(PathBuf, Vec<u8>), SetupError> {
    let bytes = read("trust-policy", path, POLICY_LIMIT as u64)?;
    if bytes.len() > POLICY_LIMIT {
        let found = fs::metadata(path).map_or(bytes.len(), |file| file.len() as usize);
        return Err(SetupError::PolicyTooLarge { path: path.display().to_string(), found });
    }
    match Policy::from_json(&bytes) {
        Ok(_) => Ok((path.to_owned(), bytes)),
        Err(error) => Err(SetupError::Policy { path: path.display().to_string(), error }),
    }
}

/// Every certificate file of `<store>/x509/<type>/<name>/`, with its path below the store.
fn store_files(store: &Path) -> Result<Vec<(PathBuf, PathBuf)>, SetupError> {
    let root = store.join("x509");
    if !root.is_dir() {
        return Err(SetupError::NoX509 { path: store.display().to_string() });
    }
    let mut files = Vec::new();
    for kind in entries(&root)? {
        let name = kind.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if crate::trust::StoreType::from_name(name).is_none() || !kind.is_dir() {
            return Err(SetupError::Misplaced {
                path: kind.display().to_string(),
                expected: "below x509 only the folders ca, signingAuthority and tsa are expected",
            });
        }
        for named in entries(&kind)? {
            if !named.is_dir() {
                return Err(SetupError::Misplaced {
                    path: named.display().to_string(),
                    expected: "certificates stand in a folder named after the trust store: x509/<type>/<store>/",
                });
            }
            for file in entries(&named)? {
                let size = fs::symlink_metadata(&file).map_or(u64::MAX, |m| m.len());
                if file.is_dir() {
                    return Err(SetupError::Misplaced {
                        path: file.display().to_string(),
                        expected: "a trust store holds certificate files and no folders",
                    });
                }
                if files.len() >= FILE_LIMIT || size > CERTIFICATE_FILE_LIMIT {
                    return Err(SetupError::TooMuch { path: file.display().to_string() });
                }
                let below = file.strip_prefix(store).expect("listed below the store").to_owned();
                files.push((file, below));
            }
        }
    }
    Ok(files)
}

/// A folder's entries in order of name; symbolic links are refused.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, SetupError> {
    let failed = |error: std::io::Error| SetupError::Unreadable {
        input: "trust-store",
        path: folder.display().to_string(),
        problem: error.to_string(),
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(FILE_LIMIT + 1) {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(SetupError::NotAFile { path: entry.path().display().to_string() });
        }
        paths.push(entry.path());
    }
    paths.sort();
    Ok(paths)
}

/// At most `limit` bytes of a file, and one more where there are more.
fn read(input: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, SetupError> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(
        |error| SetupError::Unreadable {
            input,
            path: path.display().to_string(),
            problem: error.to_string(),
        },
    )?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), SetupError> {
    write_atomic(path, bytes, 0o600).map_err(|error| SetupError::Unwritable {
        path: path.display().to_string(),
        problem: error.to_string(),
    })
}
