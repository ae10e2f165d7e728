//! trustpolicy.json on disk: reading it for `verify`, importing it, showing it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::files::{self, Links, write_atomic};
use super::{ConfigError, Dirs};
use crate::fault::{Fault, shell_word};
use crate::trust::{Draft, Policy, PolicyError};

/// Why there is no policy to verify with; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error(
        "trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy"
    )]
    NotPresent,
    #[error(
        "trust policy is not a regular file (symlinks are not supported). To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy"
    )]
    NotRegular,
    #[error(
        "unable to read trust policy due to file permissions, please verify the permissions of {path}"
    )]
    Permission { path: String },
    #[error(
        "malformed trust policy. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy"
    )]
    Malformed { reason: String },
    #[error("{0}")]
    Invalid(PolicyError),
    #[error("{0}")]
    File(ConfigError),
}

/// Why a policy was not imported; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("failed to parse trust policy configuration: {0}")]
    Malformed(PolicyError),
    #[error("failed to validate trust policy: {0}")]
    Invalid(PolicyError),
    #[error("failed to write trust policy file: {0}")]
    File(ConfigError),
}

/// Reads and validates the policy `verify` uses.
pub fn load(dirs: &Dirs) -> Result<Policy, LoadError> {
    load_with_bytes(dirs).map(|(policy, _)| policy)
}

/// The same with the bytes it was read from.
pub fn load_with_bytes(dirs: &Dirs) -> Result<(Policy, Vec<u8>), LoadError> {
    let bytes = raw(dirs)?.ok_or(LoadError::NotPresent)?;
    match Policy::from_json(&bytes) {
        Ok(policy) => Ok((policy, bytes)),
        Err(error) if error.is_malformed() => {
            Err(LoadError::Malformed { reason: error.to_string() })
        }
        Err(error) => Err(LoadError::Invalid(error)),
    }
}

/// The file as it is, for `policy show`; `None` when there is none.
pub fn raw(dirs: &Dirs) -> Result<Option<Vec<u8>>, LoadError> {
    raw_at(&dirs.trust_policy())
}

/// The same of any policy file.
pub(super) fn raw_at(path: &Path) -> Result<Option<Vec<u8>>, LoadError> {
    // told apart here because notation words a lack of permission by itself
    let denied = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => fs::File::open(path).map(drop),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    if denied.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        return Err(LoadError::Permission { path: path.display().to_string() });
    }
    files::read(path, Links::Refuse).map_err(|error| match error {
        ConfigError::NotRegular { .. } => LoadError::NotRegular,
        ConfigError::TooLarge { .. } => LoadError::Malformed { reason: error.to_string() },
        other => LoadError::File(other),
    })
}

/// Validates a policy and writes it byte for byte, mode 0600, in one step.
pub fn import(dirs: &Dirs, bytes: &[u8]) -> Result<Policy, ImportError> {
    let draft = Draft::parse(bytes).map_err(ImportError::Malformed)?;
    let policy = draft.validate().map_err(ImportError::Invalid)?;
    write_atomic(&dirs.trust_policy(), bytes, 0o600).map_err(ImportError::File)?;
    Ok(policy)
}

impl Fault for LoadError {
    fn code(&self) -> &'static str {
        match self {
            LoadError::NotPresent => "config-trust-policy-missing",
            LoadError::NotRegular => "config-trust-policy-not-a-regular-file",
            LoadError::Permission { .. } => "config-trust-policy-permission",
            LoadError::Malformed { .. } => "config-trust-policy-malformed",
            LoadError::Invalid(error) => error.code(),
            LoadError::File(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            LoadError::Malformed { reason } => vec![reason.clone()],
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            LoadError::NotPresent | LoadError::NotRegular | LoadError::Malformed { .. } => {
                Some("sealwright policy import <trustpolicy.json>".to_owned())
            }
            LoadError::Permission { path } => Some(format!("chmod u+r {}", shell_word(path))),
            LoadError::Invalid(error) => error.hint(),
            LoadError::File(error) => error.hint(),
        }
    }
}

impl Fault for ImportError {
    fn code(&self) -> &'static str {
        match self {
            ImportError::Malformed(error) | ImportError::Invalid(error) => error.code(),
            ImportError::File(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ImportError::Malformed(error) | ImportError::Invalid(error) => error.hint(),
            ImportError::File(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "p", "registryScopes": ["*"], "signatureVerification": {"level": "strict"}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}]}"#;

    fn home() -> (tempfile::TempDir, Dirs) {
        let home = tempfile::tempdir().expect("a folder");
        let dirs = Dirs::below(home.path().join("notation"));
        (home, dirs)
    }

    fn written(bytes: impl AsRef<[u8]>) -> Result<Policy, LoadError> {
        let (_home, dirs) = home();
        write_atomic(&dirs.trust_policy(), bytes.as_ref(), 0o600).expect("written");
        load(&dirs)
    }

    fn refusal(error: LoadError, code: &str, text: &str) {
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), text);
        assert!(error.hint().is_some());
    }

    #[test]
    fn an_imported_policy_is_read_back_byte_for_byte() {
        let (_home, dirs) = home();
        assert_eq!(raw(&dirs), Ok(None));
        let imported = import(&dirs, POLICY.as_bytes()).expect("valid");
        assert_eq!(raw(&dirs), Ok(Some(POLICY.as_bytes().to_vec())));
        assert_eq!(load(&dirs), Ok(imported));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let found = fs::metadata(dirs.trust_policy()).expect("there");
            assert_eq!(found.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_invalid_policy_is_not_imported() {
        let (_home, dirs) = home();
        let error = import(&dirs, b"{").expect_err("truncated");
        assert_eq!(error.code(), "trust-policy-json");
        assert_eq!(
            error.to_string(),
            "failed to parse trust policy configuration: unexpected end of JSON input"
        );
        let error = import(&dirs, b"{}").expect_err("no version");
        assert_eq!(error.code(), "trust-policy-version");
        assert_eq!(
            error.to_string(),
            "failed to validate trust policy: trust policy document has empty version, version must be specified"
        );
        assert_eq!(raw(&dirs), Ok(None));
        fs::create_dir_all(dirs.trust_policy().join("x")).expect("made");
        let error = import(&dirs, POLICY.as_bytes()).expect_err("a folder is there");
        assert_eq!(error.code(), "config-file");
    }

    #[test]
    fn a_missing_policy_is_worded_as_notation_words_it() {
        let (_home, dirs) = home();
        refusal(
            load(&dirs).expect_err("missing"),
            "config-trust-policy-missing",
            "trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy",
        );
    }

    #[test]
    fn malformed_bytes_and_a_byte_order_mark_are_malformed() {
        let large = vec![b' '; files::FILE_LIMIT + 1];
        for bytes in [b"{".to_vec(), format!("\u{feff}{POLICY}").into_bytes(), large] {
            let error = written(bytes).expect_err("malformed");
            assert!(!error.because().is_empty());
            refusal(
                error,
                "config-trust-policy-malformed",
                "malformed trust policy. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy",
            );
        }
    }

    #[test]
    fn a_violated_rule_is_printed_as_it_is() {
        refusal(
            written("{}").expect_err("no version"),
            "trust-policy-version",
            "trust policy document has empty version, version must be specified",
        );
    }

    #[test]
    fn a_folder_or_a_link_is_not_a_policy() {
        let text = "trust policy is not a regular file (symlinks are not supported). To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy";
        let code = "config-trust-policy-not-a-regular-file";
        let (_home, dirs) = home();
        fs::create_dir_all(dirs.trust_policy()).expect("made");
        refusal(load(&dirs).expect_err("a folder"), code, text);
        #[cfg(unix)]
        {
            let (home, dirs) = self::home();
            fs::create_dir_all(dirs.config()).expect("made");
            fs::write(home.path().join("elsewhere"), POLICY).expect("written");
            std::os::unix::fs::symlink(home.path().join("elsewhere"), dirs.trust_policy())
                .expect("linked");
            refusal(load(&dirs).expect_err("a link"), code, text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_permission_says_which_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_home, dirs) = home();
        write_atomic(&dirs.trust_policy(), POLICY.as_bytes(), 0o600).expect("written");
        let path = dirs.trust_policy();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("changed");
        if fs::File::open(&path).is_ok() {
            return; // an administrator may read everything
        }
        refusal(
            load(&dirs).expect_err("denied"),
            "config-trust-policy-permission",
            &format!(
                "unable to read trust policy due to file permissions, please verify the permissions of {}",
                path.display()
            ),
        );
    }
}
