//! notation's config.json: what `sign` and `verify` take from it.

use serde::Deserialize;

use super::files::{self, Links};
use super::{ConfigError, Dirs};

/// The settings of notation's config.json; credentials in it are read by [`super::AuthFile`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotationConfig {
    insecure_registries: Vec<String>,
    signature_format: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Draft {
    insecure_registries: Option<Vec<String>>,
    signature_format: Option<String>,
}

impl NotationConfig {
    /// Reads the file; one that does not exist or is empty sets nothing. A folder or a link is an
    /// error, as it is for notation.
    pub fn load(dirs: &Dirs) -> Result<Self, ConfigError> {
        let path = dirs.config_json();
        let Some(bytes) = files::read(&path, Links::Refuse)? else { return Ok(Self::default()) };
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let draft: Draft = serde_json::from_slice(&bytes).map_err(|error| {
            ConfigError::Malformed { path: path.display().to_string(), reason: error.to_string() }
        })?;
        Ok(Self {
            insecure_registries: draft.insecure_registries.unwrap_or_default(),
            signature_format: draft.signature_format.filter(|format| !format.is_empty()),
        })
    }

    /// Registries (`host` or `host:port`) that are spoken to in plain HTTP.
    pub fn insecure_registries(&self) -> &[String] {
        &self.insecure_registries
    }

    /// `jws` or `cose` as written; whoever uses it checks it.
    pub fn signature_format(&self) -> Option<&str> {
        self.signature_format.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    fn with(text: &str) -> Result<NotationConfig, ConfigError> {
        let home = tempfile::tempdir().expect("a folder");
        let dirs = Dirs::below(home.path());
        std::fs::write(dirs.config_json(), text).expect("written");
        NotationConfig::load(&dirs)
    }

    #[test]
    fn settings_are_read_and_the_rest_is_ignored() {
        let config = with(
            r#"{"insecureRegistries":["a:5000"],"signatureFormat":"cose","auths":{},"x":[1]}"#,
        )
        .expect("valid");
        assert_eq!(config.insecure_registries(), ["a:5000"]);
        assert_eq!(config.signature_format(), Some("cose"));
    }

    #[test]
    fn absent_empty_and_null_set_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let none = NotationConfig::load(&Dirs::below(home.path())).expect("absent");
        assert_eq!(none, NotationConfig::default());
        for text in ["", "{}", r#"{"insecureRegistries":null,"signatureFormat":""}"#] {
            assert_eq!(with(text), Ok(NotationConfig::default()));
        }
    }

    #[test]
    fn malformed_text_is_an_error() {
        for text in ["{", "{} {}", r#"{"insecureRegistries":"a"}"#] {
            assert_eq!(with(text).expect_err("malformed").code(), "config-malformed");
        }
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let home = tempfile::tempdir().expect("a folder");
        let dirs = Dirs::below(home.path());
        std::fs::create_dir(dirs.config_json()).expect("made");
        let error = NotationConfig::load(&dirs).expect_err("a folder");
        assert_eq!(
            error.to_string(),
            format!("{:?} is not a regular file (symlinks are not supported)", dirs.config_json())
        );
    }
}
