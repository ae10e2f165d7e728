//! What goes wrong with a plugin.

use std::collections::BTreeMap;

use crate::fault::{Fault, excerpt, shell_word};

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
    #[error("plugin executable file is either not found or inaccessible: stat {path}: {reason}")]
    Inaccessible { path: String, reason: String },
    /// The plugin's folder is a link or no folder at all.
    #[error("plugin folder {path} is not a folder (symlinks are not supported)")]
    NotFolder { path: String },
    #[error("plugin executable file is not a regular file")]
    NotRegular { path: String },
    /// The plugins directory cannot be read.
    #[error("failed to list plugin: {operation} {path}: {reason}")]
    List { operation: &'static str, path: String, reason: String },
    /// It does not run, or the pipes to it break.
    #[error("fork/exec {path}: {reason}")]
    Start { plugin: String, path: String, reason: String },
    #[error(
        "failed to execute the {command} command for plugin {plugin}: no answer within {seconds} seconds"
    )]
    TimedOut { plugin: String, command: &'static str, seconds: u64 },
    #[error(
        "failed to execute the {command} command for plugin {plugin}: the answer is larger than {limit} bytes"
    )]
    TooLarge { plugin: String, command: &'static str, limit: usize },
    /// It failed without a word. `status` in Go's words: `exit status 3`, `signal: killed`.
    #[error("{status}")]
    Silent { plugin: String, command: &'static str, path: String, status: String },
    /// It failed, and what it said is not the error object of the protocol.
    #[error("failed to execute the {command} command for plugin {plugin}: {said}")]
    MalformedError { plugin: String, command: &'static str, said: String, problem: String },
    #[error("failed to unmarshal the response of {command} command for plugin {plugin}")]
    MalformedAnswer { plugin: String, command: &'static str, problem: String },
    #[error("metadata validation failed for plugin {plugin}: {problem}")]
    Metadata { plugin: String, problem: String },
    /// It goes by another name than its file.
    #[error("plugin executable file name must be {should:?} instead of {is:?}")]
    OtherName { should: String, is: String },
    /// `member` and `answer` in notation's words: `keyID`, `describeKey`.
    #[error("{member} in {answer} response {answered:?} does not match request {asked:?}")]
    Echo { member: &'static str, answer: &'static str, answered: String, asked: String },
    #[error("plugin {plugin} answered verify-signature without a result for {capability}")]
    NoResult { plugin: String, capability: &'static str },
    /// The plugin's own error (plugin-extensibility.md, "Error"): its message, else its code.
    #[error("{}", worded(.code, .message))]
    Refused {
        code: String,
        message: String,
        /// What the plugin adds, by name.
        metadata: BTreeMap<String, String>,
    },
}

/// Either may be missing.
fn worded<'a>(code: &'a str, message: &'a str) -> &'a str {
    match message.is_empty() {
        true => code,
        false => message,
    }
}

/// Operating system and architecture in Go's words, which plugins are published by: `linux/amd64`.
pub fn platform() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    format!("{system}/{architecture}")
}

impl Fault for PluginError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "plugin-name",
            Self::NotFound { .. } => "plugin-not-found",
            Self::Inaccessible { .. } => "plugin-inaccessible",
            Self::NotFolder { .. } => "plugin-not-a-folder",
            Self::NotRegular { .. } => "plugin-not-a-regular-file",
            Self::List { .. } => "plugin-list",
            Self::Start { .. } => "plugin-start",
            Self::TimedOut { .. } => "plugin-timeout",
            Self::TooLarge { .. } => "plugin-too-large",
            Self::Silent { .. } => "plugin-silent",
            Self::MalformedError { .. } => "plugin-malformed-error",
            Self::MalformedAnswer { .. } => "plugin-malformed-answer",
            Self::Metadata { .. } => "plugin-metadata",
            Self::OtherName { .. } => "plugin-other-name",
            Self::Echo { .. } => "plugin-echo",
            Self::NoResult { .. } => "plugin-no-result",
            Self::Refused { .. } => "plugin-refused",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::NotRegular { path } => vec![format!("of {path}")],
            Self::Silent { plugin, command, .. } => {
                vec![format!("plugin {plugin} failed at {command} and did not say why")]
            }
            Self::MalformedError { problem, .. } => {
                vec![format!("its standard error is not the protocol's error object: {problem}")]
            }
            Self::MalformedAnswer { problem, .. } => vec![problem.clone()],
            Self::Refused { code, message, metadata } => {
                let told = !code.is_empty() && !message.is_empty();
                let code = told.then(|| format!("the plugin's error code is {code}"));
                let added = metadata.iter().map(|(name, value)| format!("{name}: {value}"));
                code.into_iter().chain(added).collect()
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some(
                "see the plugins there are: sealwright plugin list; azure-kv is built in"
                    .to_owned(),
            ),
            Self::Start { .. } => Some(format!("is the plugin built for {}?", platform())),
            Self::Silent { command, path, .. } => {
                Some(format!("see what it says: echo '{{}}' | {} {command}", shell_word(path)))
            }
            _ => None,
        }
    }
}
