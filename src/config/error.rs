//! What is wrong with a configuration file.

use crate::fault::Fault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{path:?} is not a regular file (symlinks are not supported)")]
    NotRegular { path: String },
    /// `open /a/b: permission denied`.
    #[error("{operation} {path}: {reason}")]
    File { operation: &'static str, path: String, reason: String },
    #[error("{path} has more than {limit} bytes")]
    TooLarge { path: String, limit: usize },
    #[error("malformed {path}: {reason}")]
    Malformed { path: String, reason: String },
}

impl Fault for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            ConfigError::NotRegular { .. } => "config-not-a-regular-file",
            ConfigError::File { .. } => "config-file",
            ConfigError::TooLarge { .. } => "config-too-large",
            ConfigError::Malformed { .. } => "config-malformed",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ConfigError::NotRegular { path } => Some(format!("put a regular file at {path}")),
            _ => None,
        }
    }
}
