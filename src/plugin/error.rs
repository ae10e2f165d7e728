//! What goes wrong with a plugin.

use crate::fault::{Fault, excerpt};

/// most characters quoted of what is no name
const NAME_LIMIT: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    #[error("invalid plugin name {:?}: expected letters, digits, '_', '.' and '-'", excerpt(.0, NAME_LIMIT))]
    Name(String),
    /// No such executable below the plugins directory.
    #[error(
        "plugin executable file is either not found or inaccessible: stat {path}: no such file or directory"
    )]
    NotFound { path: String },
    /// The plugin's own error (plugin-extensibility.md, "Error"): `<code>: <message>`.
    #[error("{code}: {message}")]
    Refused { code: String, message: String },
}

impl Fault for PluginError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "plugin-name",
            Self::NotFound { .. } => "plugin-not-found",
            Self::Refused { .. } => "plugin-refused",
        }
    }
}
