//! notation's directories and files, and docker's config.json.

mod auth_file;
pub mod blob_policy;
mod dirs;
mod error;
mod files;
mod notation_config;
mod signing_keys;
pub mod trust_policy;

pub use auth_file::{AuthEntry, AuthFile, docker_config};
pub use dirs::{DirError, Dirs, Platform};
pub use error::ConfigError;
pub use files::{FILE_LIMIT, Links, write_atomic};
pub use notation_config::NotationConfig;
pub use signing_keys::{KeySource, KeysError, MarkDefault, RemovedKey, SigningKey, SigningKeys};
