//! The trust store: `<config>/truststore/x509/<type>/<name>/` (reference 3.5).

use std::path::PathBuf;

use crate::x509::Certificate;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreType {
    Ca,
    SigningAuthority,
    Tsa,
}

pub const STORE_TYPES: [StoreType; 3] =
    [StoreType::Ca, StoreType::SigningAuthority, StoreType::Tsa];

impl StoreType {
    /// `ca`, `signingAuthority`, `tsa`.
    pub fn name(self) -> &'static str {
        todo!()
    }
    pub fn from_name(_name: &str) -> Option<Self> {
        todo!()
    }
}

/// Where trusted certificates come from.
pub trait TrustStore: Send + Sync {
    /// Every certificate of one named store, checked as the reference says.
    fn certificates(&self, kind: StoreType, name: &str) -> Result<Vec<Certificate>, StoreError>;
}

/// Wording is notation's (reference 3.5); `is_missing` decides the `cert add` sentence of `verify`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the trust store {name:?} of type {kind:?} does not exist")]
    Missing { kind: String, name: String },
    // the owner of this room adds the others
}

/// The trust store below a folder that holds `x509/`.
#[derive(Debug, Clone)]
pub struct TrustStoreDir {
    root: PathBuf,
}

impl TrustStoreDir {
    /// `root` is the folder that contains `x509/` (notation: `<config>/truststore`).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl TrustStore for TrustStoreDir {
    fn certificates(&self, _kind: StoreType, _name: &str) -> Result<Vec<Certificate>, StoreError> {
        let _ = &self.root;
        todo!()
    }
}
