//! Where configuration, plugins and caches live (reference 9.1).

use std::path::{Path, PathBuf};

use crate::env::Env;

/// notation's directories, decided once from the environment.
#[derive(Debug, Clone)]
pub struct Dirs {
    config: PathBuf,
    libexec: PathBuf,
    cache: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum DirError {
    #[error("no home directory: HOME is not set, and neither is NOTATION_CONFIG")]
    NoHome,
}

impl Dirs {
    pub fn from_env(_env: &Env) -> Result<Self, DirError> {
        todo!()
    }
    pub fn config(&self) -> &Path {
        &self.config
    }
    pub fn libexec(&self) -> &Path {
        &self.libexec
    }
    pub fn cache(&self) -> &Path {
        &self.cache
    }
    pub fn trust_store(&self) -> PathBuf {
        self.config.join("truststore")
    }
    pub fn trust_policy(&self) -> PathBuf {
        self.config.join("trustpolicy.json")
    }
    pub fn signing_keys(&self) -> PathBuf {
        self.config.join("signingkeys.json")
    }
    pub fn local_keys(&self) -> PathBuf {
        self.config.join("localkeys")
    }
    pub fn config_json(&self) -> PathBuf {
        self.config.join("config.json")
    }
}
