//! User metadata: what a signer may add to the payload's annotations.

use std::collections::BTreeMap;

use crate::fault::Fault;

/// signature-specification.md, "Payload": keys below this prefix are the specification's own.
const RESERVED_PREFIX: &str = "io.cncf.notary";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("metadata key {key} has reserved prefix {RESERVED_PREFIX}")]
    Reserved { key: String },
    #[error("metadata with key {key:?} and value {value:?} has an empty part")]
    Empty { key: String, value: String },
}

impl Fault for MetadataError {
    fn code(&self) -> &'static str {
        match self {
            MetadataError::Reserved { .. } => "sign-metadata-reserved",
            MetadataError::Empty { .. } => "sign-metadata-empty",
        }
    }
}

/// Checks keys and values given by the user.
pub(super) fn check(metadata: &BTreeMap<String, String>) -> Result<(), MetadataError> {
    for (key, value) in metadata {
        if key.starts_with(RESERVED_PREFIX) {
            return Err(MetadataError::Reserved { key: key.clone() });
        }
        if key.is_empty() || value.is_empty() {
            return Err(MetadataError::Empty { key: key.clone(), value: value.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(key: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_specifications_own_keys_are_refused() {
        for key in ["io.cncf.notary.x", "io.cncf.notaryx", "io.cncf.notary"] {
            let error = check(&metadata(key, "y")).unwrap_err();
            assert_eq!(error.code(), "sign-metadata-reserved");
            assert_eq!(
                error.to_string(),
                format!("metadata key {key} has reserved prefix io.cncf.notary")
            );
        }
    }

    #[test]
    fn empty_parts_are_refused_and_other_keys_pass() {
        assert_eq!(check(&metadata("", "y")).unwrap_err().code(), "sign-metadata-empty");
        assert_eq!(check(&metadata("k", "")).unwrap_err().code(), "sign-metadata-empty");
        assert_eq!(check(&metadata("io.cncf", "<&>")), Ok(()));
    }
}
