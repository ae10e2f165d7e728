//! Why no credential could be read, stored or erased.

use crate::config::{ConfigError, DirError};
use crate::fault::Fault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("{0:?} is not the name of a registry host")]
    Host(String),
    #[error(
        "{0:?} is not the name of a credential helper; it needs to follow [A-Za-z0-9_.-]+ format"
    )]
    HelperName(String),
    #[error("the credential of {server:?} in {path} is malformed: {reason}")]
    Entry { server: String, path: String, reason: &'static str },
    #[error("a user name with a colon cannot be stored in {path}")]
    Username { path: String },
    #[error("this kind of credential cannot be stored")]
    NotStorable,
    #[error("{0}")]
    Helper(HelperError),
    #[error("{0}")]
    Config(ConfigError),
    #[error("{0}")]
    Dirs(DirError),
}

/// What a credential helper did wrong. `helper` is the program's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelperError {
    /// The helper works and holds nothing for this server.
    #[error("credentials not found in native keychain")]
    NoCredentials,
    #[error("credential helper {helper:?} not found in $PATH")]
    NotFound { helper: String },
    #[error("credential helper {helper:?} could not be started: {reason}")]
    Start { helper: String, reason: String },
    #[error("`{helper} {action}` did not answer within {seconds} seconds")]
    TimedOut { helper: String, action: &'static str, seconds: u64 },
    #[error("`{helper} {action}` answered more than {limit} bytes")]
    TooLarge { helper: String, action: &'static str, limit: usize },
    #[error("`{helper} {action}` failed: {reason}")]
    Failed { helper: String, action: &'static str, reason: String },
    #[error("`{helper} {action}` answered something that is no credential")]
    Answer { helper: String, action: &'static str },
}

impl From<HelperError> for CredentialError {
    fn from(error: HelperError) -> Self {
        CredentialError::Helper(error)
    }
}

impl From<ConfigError> for CredentialError {
    fn from(error: ConfigError) -> Self {
        CredentialError::Config(error)
    }
}

impl Fault for CredentialError {
    fn code(&self) -> &'static str {
        match self {
            CredentialError::Host(_) => "credentials-host",
            CredentialError::HelperName(_) => "credentials-helper-name",
            CredentialError::Entry { .. } => "credentials-entry",
            CredentialError::Username { .. } => "credentials-username",
            CredentialError::NotStorable => "credentials-not-storable",
            CredentialError::Helper(error) => error.code(),
            CredentialError::Config(error) => error.code(),
            CredentialError::Dirs(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            CredentialError::Entry { server, .. } => Some(format!("sealwright login {server}")),
            CredentialError::Helper(error) => error.hint(),
            CredentialError::Config(error) => error.hint(),
            CredentialError::Dirs(_) => Some("export DOCKER_CONFIG=<folder>".to_owned()),
            _ => None,
        }
    }
}

impl Fault for HelperError {
    fn code(&self) -> &'static str {
        match self {
            HelperError::NoCredentials => "credentials-none",
            HelperError::NotFound { .. } => "credentials-helper-missing",
            HelperError::Start { .. } => "credentials-helper-start",
            HelperError::TimedOut { .. } => "credentials-helper-timeout",
            HelperError::TooLarge { .. } => "credentials-helper-too-large",
            HelperError::Failed { .. } => "credentials-helper-failed",
            HelperError::Answer { .. } => "credentials-helper-answer",
        }
    }

    fn hint(&self) -> Option<String> {
        let try_it = |helper: &str, action: &str| {
            Some(format!("try it by hand: echo <registry> | {helper} {action}"))
        };
        match self {
            HelperError::NotFound { helper } => Some(format!(
                "put {helper} on PATH, or take it out of credsStore and credHelpers in config.json"
            )),
            HelperError::TimedOut { helper, action: "get", .. }
            | HelperError::Failed { helper, action: "get", .. }
            | HelperError::Answer { helper, .. } => try_it(helper, "get"),
            _ => None,
        }
    }
}
