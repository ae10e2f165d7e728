//! Plugin names: what may become part of a path.

use super::{PluginError, STAGING};

/// `[A-Za-z0-9_.-]+`, neither `.` nor `..`, nor named as a folder in the making: it names a folder and
/// a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(String);

impl PluginName {
    /// longest name: 128 bytes; the executable's file name is `notation-` longer
    const LIMIT: usize = 128;

    pub fn parse(name: &str) -> Result<Self, PluginError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        let fits = !name.is_empty() && name.len() <= Self::LIMIT && name.bytes().all(allowed);
        match fits && name != "." && name != ".." && !name.starts_with(STAGING) {
            true => Ok(Self(name.to_owned())),
            false => Err(PluginError::Name(name.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `notation-<name>`, with the platform's suffix of executables.
    pub fn executable(&self) -> String {
        format!("notation-{}{}", self.0, std::env::consts::EXE_SUFFIX)
    }
}

impl std::fmt::Display for PluginName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for good in ["azure-kv", "com.example.Signer_2", "..."] {
            assert_eq!(PluginName::parse(good).expect(good).as_str(), good);
        }
        let long = "x".repeat(129);
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "../x",
            "a\\b",
            "a b",
            "ä",
            "a\0",
            ".sealwright-x",
            long.as_str(),
        ] {
            assert!(matches!(PluginName::parse(bad), Err(PluginError::Name(_))), "{bad:?}");
        }
    }
}
