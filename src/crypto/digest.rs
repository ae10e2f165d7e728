//! Hashes, and digests in the registry's form `sha256:<hex>`.

/// The hashes of the six suites and of content digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of `bytes`: 32, 48 or 64 bytes.
    pub fn of(self, _bytes: &[u8]) -> Vec<u8> {
        todo!()
    }
}

/// A content digest, `<algorithm>:<lower-case hex>`, checked (OCI image-spec, "Digests").
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    text: String,
}

/// A text that is no digest; the wording is notation's: `invalid checksum digest format` and so on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    #[error("invalid checksum digest format")]
    Format,
    #[error("unsupported digest algorithm")]
    Algorithm,
    #[error("invalid checksum digest length")]
    Length,
}

impl Digest {
    /// Checks a text: known algorithm (sha256, sha384, sha512), right length, lower-case hex.
    pub fn parse(_text: &str) -> Result<Self, DigestError> {
        todo!()
    }

    /// The SHA-256 digest of `bytes`.
    pub fn sha256(_bytes: &[u8]) -> Self {
        todo!()
    }

    /// The digest of `bytes` under this digest's own algorithm: for comparing.
    pub fn of_same_kind(&self, _bytes: &[u8]) -> Self {
        todo!()
    }

    pub fn hash(&self) -> Hash {
        todo!()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The hex part.
    pub fn hex(&self) -> &str {
        todo!()
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
