//! Whom the step trusts: policy and certificates from wherever the inputs say, checked before
//! anything is installed into a home of the step's own.

mod certificates;
mod download;
mod error;
mod folder;
mod found;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use url::Url;

use crate::config::write_atomic;
use crate::fault::{BoxFault, os_reason};
use crate::trust::{POLICY_LIMIT, Policy, Statement};
use crate::x509::Certificate;

pub use error::TrustError;
pub use found::{Found, found_below_github};
pub use source::{CertificatePlace, Download, NoSource, PolicySource, TrustInputs, TrustedSource};

/// How a PEM block begins.
const PEM_BEGIN: &str = "-----BEGIN ";

/// What the reading of trust needs from the rest of the program; the command line wires it.
#[async_trait::async_trait]
pub trait TrustServices: Send + Sync {
    /// Gets a file over https, at most `limit` bytes, without any credential. Redirects are followed
    /// by the rules of the one HTTP client.
    async fn download(&self, url: &Url, limit: u64) -> Result<Downloaded, BoxFault>;

    /// A Key Vault certificate's public part, with the step's Azure identity.
    async fn vault_certificate(&self, id: &str) -> Result<VaultCertificate, BoxFault>;
}

/// What a server answered.
pub struct Downloaded {
    pub status: u16,
    pub body: Vec<u8>,
}

/// A certificate as a vault shows it.
pub struct VaultCertificate {
    /// With its version, for messages.
    pub id: String,
    pub certificate: Certificate,
}

/// A trust policy and the files of a trust store, read and checked, to be installed.
pub struct Trust {
    policy: Option<(String, Vec<u8>)>,
    store: Option<Store>,
    warnings: Vec<String>,
}

struct Store {
    /// Paths below the trust store.
    files: Vec<(PathBuf, Vec<u8>)>,
    lines: Vec<String>,
}

impl Trust {
    /// Reads what the inputs name. The policy is valid, a folder has the folders it must have, and
    /// each certificate may stand in its store; or it is an error.
    pub async fn read(
        inputs: &TrustInputs,
        services: &dyn TrustServices,
    ) -> Result<Self, TrustError> {
        let (mut policy, mut warnings) = (None, Vec::new());
        if let Some(source) = &inputs.policy {
            let (bytes, valid) = read_policy(source, services).await?;
            warnings = unnamed(&inputs.certificates, &valid);
            policy = Some((source.to_string(), bytes));
        }
        let mut store = None;
        if let Some(folder) = &inputs.store {
            let files = folder::read(folder)?;
            let line = format!("installed {} files into the trust store", files.len());
            store = Some(Store { files, lines: vec![line] });
        }
        if !inputs.certificates.is_empty() {
            let store = store.get_or_insert(Store { files: Vec::new(), lines: Vec::new() });
            let taken: Vec<PathBuf> = store.files.iter().map(|(below, _)| below.clone()).collect();
            let read = certificates::read(&inputs.certificates, &taken, services).await?;
            store.files.extend(read.files);
            store.lines.extend(read.lines);
        }
        Ok(Self { policy, store, warnings })
    }

    /// Whether there is a policy to install.
    pub fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// Whether there are certificates to install.
    pub fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// What is no error and yet hardly meant.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Writes `trustpolicy.json` and `truststore/` into `home`, notation's configuration folder; a
    /// store that stood there goes first. Tells what it did, in lines.
    pub fn install(&self, home: &Path) -> Result<Vec<String>, TrustError> {
        let mut done = Vec::new();
        if let Some((place, bytes)) = &self.policy {
            write(&home.join("trustpolicy.json"), bytes)?;
            done.push(format!("installed trust policy {place}"));
        }
        if let Some(store) = &self.store {
            let root = home.join("truststore");
            match fs::remove_dir_all(&root) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unwritable(&root, os_reason(&error)));
                }
                _ => {}
            }
            for (below, bytes) in &store.files {
                write(&root.join(below), bytes)?;
            }
            done.extend(store.lines.iter().cloned());
        }
        Ok(done)
    }
}

async fn read_policy(
    source: &PolicySource,
    services: &dyn TrustServices,
) -> Result<(Vec<u8>, Policy), TrustError> {
    const INPUT: &str = "trust-policy";
    let limit = POLICY_LIMIT as u64;
    let place = || source.to_string();
    let bytes = match source {
        PolicySource::File(path) => read_file(INPUT, path, limit)?,
        PolicySource::Inline(text) => text.clone().into_bytes(),
        PolicySource::Download(from) => download::download(INPUT, from, limit, services).await?,
    };
    match Policy::from_json(&bytes) {
        Ok(policy) => Ok((bytes, policy)),
        Err(error) => Err(TrustError::Policy { place: place(), error }),
    }
}

/// Sentences about stores that get certificates and that no statement of the policy names.
fn unnamed(sources: &[TrustedSource], policy: &Policy) -> Vec<String> {
    let named = |source: &TrustedSource| {
        let stores =
            |statement: &Statement| statement.stores(source.kind).contains(&&*source.store);
        policy.statements().iter().any(stores)
    };
    let stores: BTreeSet<String> =
        sources.iter().filter(|source| !named(source)).map(TrustedSource::named).collect();
    stores
        .iter()
        .map(|store| {
            format!(
                "no statement of the trust policy names {store}; its certificates count for nothing"
            )
        })
        .collect()
}

/// A regular file's bytes, at most `limit`.
fn read_file(input: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, TrustError> {
    let place = || path.display().to_string();
    let unreadable = |problem| TrustError::Unreadable { input, place: place(), problem };
    // looked at before opening: opening a pipe would wait for its other end
    match fs::metadata(path) {
        Err(error) => return Err(unreadable(os_reason(&error))),
        Ok(found) if !found.is_file() => return Err(unreadable("not a regular file".to_owned())),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(os_reason(&error)))?;
    match bytes.len() as u64 > limit {
        true => Err(TrustError::TooLarge { input, place: place(), limit }),
        false => Ok(bytes),
    }
}

/// The PEM blocks that a text begins with, each with its line ends restored where YAML folded them
/// into spaces; and what follows. None where a block does not end.
fn pem_blocks(text: &str) -> Option<(String, &str)> {
    let (mut blocks, mut rest) = (String::new(), text);
    while rest.starts_with(PEM_BEGIN) {
        let (label, behind) = rest[PEM_BEGIN.len()..].split_once("-----")?;
        let end = format!("-----END {label}-----");
        let (body, behind) = behind.split_once(end.as_str())?;
        blocks.push_str(&format!("{PEM_BEGIN}{label}-----\n"));
        for line in body.split_whitespace() {
            blocks.push_str(line);
            blocks.push('\n');
        }
        blocks.push_str(&end);
        blocks.push('\n');
        rest = behind.trim_start();
    }
    Some((blocks, rest))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TrustError> {
    write_atomic(path, bytes, 0o600).map_err(|error| unwritable(path, error.to_string()))
}

fn unwritable(path: &Path, problem: String) -> TrustError {
    TrustError::Unwritable { path: path.display().to_string(), problem }
}
