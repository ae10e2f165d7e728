//! Hashes, and digests in the registry's form `sha256:<hex>`.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::fault::Fault;

/// The hashes of the six suites and of content digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of `bytes`: 32, 48 or 64 bytes.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), bytes).as_ref().to_vec()
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// Length of the hash in bytes.
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// `SHA-256`, `SHA-384`, `SHA-512`: the names of the plugin protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// `sha256`, `sha384`, `sha512`: the algorithm part of a content digest.
    fn digest_prefix(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// A content digest, `<algorithm>:<lower-case hex>`, checked (OCI image-spec, "Digests").
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    text: String,
    hash: Hash,
}

/// The digest of bytes that come piece by piece.
pub struct Hasher {
    hash: Hash,
    context: digest::Context,
    length: u64,
}

impl Hasher {
    pub fn new(hash: Hash) -> Self {
        Self { hash, context: digest::Context::new(hash.algorithm()), length: 0 }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// The digest of all the bytes, and how many they were.
    pub fn finish(self) -> (Digest, u64) {
        (Digest::written(self.hash, self.context.finish().as_ref()), self.length)
    }
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

impl Fault for DigestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "crypto-digest-format",
            Self::Algorithm => "crypto-digest-algorithm",
            Self::Length => "crypto-digest-length",
        }
    }

    fn hint(&self) -> Option<String> {
        Some("a digest is sha256:<64 lower-case hex digits>".into())
    }
}

impl Digest {
    /// Checks a text: known algorithm (sha256, sha384, sha512), right length, lower-case hex.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::Format)?;
        if algorithm.is_empty() || hex.is_empty() {
            return Err(DigestError::Format);
        }
        let Some(hash) = [Hash::Sha256, Hash::Sha384, Hash::Sha512]
            .into_iter()
            .find(|hash| hash.digest_prefix() == algorithm)
        else {
            let well_formed = is_algorithm(algorithm) && is_encoded(hex);
            return Err(if well_formed { DigestError::Algorithm } else { DigestError::Format });
        };
        if hex.len() != 2 * hash.length() {
            return Err(DigestError::Length);
        }
        if !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::Format);
        }
        Ok(Self { text: text.to_owned(), hash })
    }

    /// The SHA-256 digest of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Hash::Sha256, bytes)
    }

    /// The digest of `bytes` under `hash`.
    pub fn of(hash: Hash, bytes: &[u8]) -> Self {
        Self::written(hash, &hash.of(bytes))
    }

    fn written(hash: Hash, value: &[u8]) -> Self {
        let mut text = format!("{}:", hash.digest_prefix());
        for byte in value {
            let _ = write!(text, "{byte:02x}");
        }
        Self { text, hash }
    }

    /// The digest of `bytes` under this digest's own algorithm: for comparing.
    pub fn of_same_kind(&self, bytes: &[u8]) -> Self {
        Self::of(self.hash, bytes)
    }

    pub fn hash(&self) -> Hash {
        self.hash
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The hex part.
    pub fn hex(&self) -> &str {
        &self.text[self.hash.digest_prefix().len() + 1..]
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// OCI image-spec, "Digests": `[a-z0-9]+ ([+._-] [a-z0-9]+)*`.
fn is_algorithm(text: &str) -> bool {
    text.split(['+', '.', '_', '-']).all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// OCI image-spec, "Digests": `[a-zA-Z0-9=_-]+`.
fn is_encoded(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_prints_as_it_was_parsed() {
        let digest = Digest::parse(EMPTY).unwrap();
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(digest.hex(), &EMPTY[7..]);
        assert_eq!(digest, Digest::sha256(b""));
        assert_eq!(digest.hash(), Hash::Sha256);
    }

    #[test]
    fn a_digest_compares_under_its_own_algorithm() {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let digest = Digest::of(hash, b"abc");
            assert_eq!(hash.of(b"abc").len(), hash.length());
            assert_eq!(Digest::parse(digest.as_str()).unwrap(), digest);
            assert_eq!(digest.of_same_kind(b"abc"), digest);
            assert_ne!(digest.of_same_kind(b"abd"), digest);
        }
    }

    #[test]
    fn pieces_have_the_digest_of_the_whole() {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let mut hasher = Hasher::new(hash);
            for piece in ["a", "", "bc"] {
                hasher.update(piece.as_bytes());
            }
            assert_eq!(hasher.finish(), (Digest::of(hash, b"abc"), 3));
        }
    }

    #[test]
    fn texts_that_are_no_digest_are_refused_by_kind() {
        let upper = EMPTY.replace('e', "E");
        for (text, code) in [
            ("", "crypto-digest-format"),
            ("sha256", "crypto-digest-format"),
            ("sha256:", "crypto-digest-format"),
            (":abc", "crypto-digest-format"),
            (upper.as_str(), "crypto-digest-format"),
            ("Sha256:abc", "crypto-digest-format"),
            ("md5:a b", "crypto-digest-format"),
            ("sha+:abc", "crypto-digest-format"),
            ("md5:d41d8cd98f00b204e9800998ecf8427e", "crypto-digest-algorithm"),
            (
                "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
                "crypto-digest-algorithm",
            ),
            ("sha256:abc", "crypto-digest-length"),
            (
                "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "crypto-digest-length",
            ),
        ] {
            assert_eq!(Digest::parse(text).unwrap_err().code(), code, "{text}");
        }
    }
}
