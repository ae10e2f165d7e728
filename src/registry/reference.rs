//! `<registry>/<repository>:<tag>` and `<registry>/<repository>@<digest>` (reference 2.6).

use crate::crypto::Digest;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Version {
    Tag(String),
    Digest(Digest),
}

/// A checked reference. There is no default registry, no `library/`, no default tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    version: Version,
}

/// The wording is notation's: `"x": invalid reference: …. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?}: invalid reference: {problem}. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>"
)]
pub struct ReferenceError {
    pub text: String,
    pub problem: String,
}

impl Reference {
    /// Parses; `…:tag@digest` keeps the digest. Without tag and digest it is an error.
    pub fn parse(_text: &str) -> Result<Self, ReferenceError> {
        todo!()
    }
    /// Host, with port if any.
    pub fn registry(&self) -> &str {
        &self.registry
    }
    pub fn repository(&self) -> &str {
        &self.repository
    }
    pub fn version(&self) -> &Version {
        &self.version
    }
    /// `<registry>/<repository>`: the trust policy's scope.
    pub fn scope(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
    /// The same repository at a digest.
    pub fn at(&self, digest: &Digest) -> Self {
        Self { version: Version::Digest(digest.clone()), ..self.clone() }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Version::Tag(tag) => write!(f, "{}/{}:{tag}", self.registry, self.repository),
            Version::Digest(digest) => write!(f, "{}/{}@{digest}", self.registry, self.repository),
        }
    }
}
