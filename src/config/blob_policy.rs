//! trustpolicy.blob.json on disk: reading it for `blob verify`, writing it, showing it.

use std::path::PathBuf;

use super::files::write_atomic;
use super::trust_policy::{LoadError, raw_at};
use super::{ConfigError, Dirs};
use crate::fault::Fault;
use crate::trust::{BlobPolicy, BlobPolicyError, Draft};

/// Why there is no policy to verify blobs with; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobLoadError {
    /// notation's words about its policy, with "blob" before them.
    #[error("{}", .0.to_string().replacen("trust policy", "blob trust policy", 1))]
    File(LoadError),
    #[error("{0}")]
    Invalid(BlobPolicyError),
}

/// Why a policy was not written; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobImportError {
    #[error("failed to parse blob trust policy configuration: {0}")]
    Malformed(BlobPolicyError),
    #[error("failed to validate blob trust policy configuration: {0}")]
    Invalid(BlobPolicyError),
    #[error("failed to write blob trust policy configuration: {0}")]
    File(ConfigError),
}

/// Reads and validates the policy `blob verify` uses.
pub fn load(dirs: &Dirs) -> Result<BlobPolicy, BlobLoadError> {
    let bytes = raw(dirs)?.ok_or(BlobLoadError::File(LoadError::NotPresent))?;
    BlobPolicy::from_json(&bytes).map_err(|error| match error.is_malformed() {
        true => BlobLoadError::File(LoadError::Malformed { reason: error.to_string() }),
        false => BlobLoadError::Invalid(error),
    })
}

/// The file as it is, for `blob policy show`; `None` when there is none.
pub fn raw(dirs: &Dirs) -> Result<Option<Vec<u8>>, BlobLoadError> {
    raw_at(&dirs.blob_trust_policy()).map_err(BlobLoadError::File)
}

/// A draft as `blob policy import` takes it.
pub fn parse(bytes: &[u8]) -> Result<Draft, BlobImportError> {
    let draft = Draft::parse(bytes).map_err(BlobPolicyError::Shared);
    draft.map_err(BlobImportError::Malformed)
}

/// Validates a policy and writes it byte for byte, mode 0600, in one step. Returns the file's path.
pub fn import(dirs: &Dirs, bytes: &[u8]) -> Result<PathBuf, BlobImportError> {
    parse(bytes)?.validate_blob().map_err(BlobImportError::Invalid)?;
    let path = dirs.blob_trust_policy();
    write_atomic(&path, bytes, 0o600).map_err(BlobImportError::File)?;
    Ok(path)
}

impl Fault for BlobLoadError {
    fn code(&self) -> &'static str {
        match self {
            BlobLoadError::File(error) => error.code(),
            BlobLoadError::Invalid(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            BlobLoadError::File(error) => error.because(),
            BlobLoadError::Invalid(_) => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            BlobLoadError::File(LoadError::NotPresent) => Some(
                "sealwright blob policy init --global --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'"
                    .to_owned(),
            ),
            BlobLoadError::File(LoadError::NotRegular | LoadError::Malformed { .. }) => {
                Some("sealwright blob policy import <trustpolicy.blob.json>".to_owned())
            }
            BlobLoadError::File(error) => error.hint(),
            BlobLoadError::Invalid(error) => error.hint(),
        }
    }
}

impl Fault for BlobImportError {
    fn code(&self) -> &'static str {
        match self {
            BlobImportError::Malformed(error) | BlobImportError::Invalid(error) => error.code(),
            BlobImportError::File(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            BlobImportError::Malformed(error) | BlobImportError::Invalid(error) => error.hint(),
            BlobImportError::File(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "p", "globalPolicy": true, "signatureVerification": {"level": "strict"}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}]}"#;

    fn home() -> (tempfile::TempDir, Dirs) {
        let home = tempfile::tempdir().expect("a folder");
        let dirs = Dirs::below(home.path().join("notation"));
        (home, dirs)
    }

    fn refusal(dirs: &Dirs, code: &str, text: &str) {
        let error = load(dirs).expect_err(text);
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), text);
        assert!(error.hint().is_some_and(|hint| hint.contains("blob policy")));
    }

    #[test]
    fn an_imported_policy_is_read_back_byte_for_byte() {
        let (_home, dirs) = home();
        assert_eq!(raw(&dirs), Ok(None));
        let path = import(&dirs, POLICY.as_bytes()).expect("valid");
        assert_eq!(path, dirs.blob_trust_policy());
        assert_eq!(raw(&dirs), Ok(Some(POLICY.as_bytes().to_vec())));
        assert!(load(&dirs).expect("valid").applicable(None).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let found = fs::metadata(path).expect("there");
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
            "failed to parse blob trust policy configuration: unexpected end of JSON input"
        );
        let error = import(&dirs, b"{}").expect_err("no version");
        assert_eq!(error.code(), "trust-policy-version");
        assert_eq!(
            error.to_string(),
            "failed to validate blob trust policy configuration: blob trust policy document has empty version, version must be specified"
        );
        assert_eq!(raw(&dirs), Ok(None));
        fs::create_dir_all(dirs.blob_trust_policy().join("x")).expect("made");
        let error = import(&dirs, POLICY.as_bytes()).expect_err("a folder is there");
        assert_eq!(error.code(), "config-file");
    }

    #[test]
    fn what_is_no_policy_is_worded_as_that_of_images_with_blob_before_it() {
        let (_home, dirs) = home();
        refusal(
            &dirs,
            "config-trust-policy-missing",
            "blob trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy",
        );
        for malformed in ["{".to_owned(), format!("\u{feff}{POLICY}")] {
            write_atomic(&dirs.blob_trust_policy(), malformed.as_bytes(), 0o600).expect("written");
            refusal(
                &dirs,
                "config-trust-policy-malformed",
                "malformed blob trust policy. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy",
            );
        }
        write_atomic(&dirs.blob_trust_policy(), b"{}", 0o600).expect("written");
        refusal(
            &dirs,
            "trust-policy-version",
            "blob trust policy document has empty version, version must be specified",
        );
    }

    #[test]
    fn a_folder_or_a_link_is_not_a_policy() {
        let text = "blob trust policy is not a regular file (symlinks are not supported). To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy";
        let code = "config-trust-policy-not-a-regular-file";
        let (_home, dirs) = home();
        fs::create_dir_all(dirs.blob_trust_policy()).expect("made");
        refusal(&dirs, code, text);
        #[cfg(unix)]
        {
            let (home, dirs) = self::home();
            fs::create_dir_all(dirs.config()).expect("made");
            fs::write(home.path().join("elsewhere"), POLICY).expect("written");
            std::os::unix::fs::symlink(home.path().join("elsewhere"), dirs.blob_trust_policy())
                .expect("linked");
            refusal(&dirs, code, text);
        }
    }
}
