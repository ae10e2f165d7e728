//! Why a plugin was not installed, in notation's words.

use super::SIZE_LIMIT;
use crate::fault::Fault;
use crate::plugin::{PluginError, platform};

const MIB: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// `stat /a/b: no such file or directory`, of the source or of what is made of it.
    #[error("{operation} {path}: {reason}")]
    Disk { operation: &'static str, path: String, reason: String },
    #[error("{path} is not a valid file")]
    NotAFile { path: String },
    #[error("sha256sum {0:?} is no SHA-256 checksum: 64 hexadecimal digits")]
    NoChecksum(String),
    #[error("plugin SHA-256 checksum does not match user input. Expecting {expected}")]
    Checksum { expected: String, found: String },
    #[error("file size reached the {} MiB size limit", SIZE_LIMIT / MIB)]
    SourceSize,
    #[error("total file size reached the {} MiB size limit", SIZE_LIMIT / MIB)]
    TotalSize,
    #[error("the archive has more than {limit} entries")]
    Entries { limit: usize },
    /// `kind` is `zip` or `tar.gz`.
    #[error("file name in {kind} cannot contain '..', but found {name:?}")]
    DotDot { kind: &'static str, name: String },
    #[error("file name in {kind} {name:?} cannot be one of a file")]
    FileName { kind: &'static str, name: String },
    /// Names that differ in nothing, or in case alone.
    #[error("two files in {kind} are named {name:?}")]
    Twice { kind: &'static str, name: String },
    #[error("malformed {kind}: {problem}")]
    Archive { kind: &'static str, problem: String },
    #[error("failed to read plugin from input directory: no plugin executable file was found")]
    NoExecutable,
    #[error(
        "failed to read plugin from input directory: found more than one plugin executable files"
    )]
    SeveralExecutables { names: Vec<String> },
    #[error(
        "failed to read plugin name from input file {name}: invalid plugin executable file name. Plugin file name requires format notation-{{plugin-name}}, but got {name}"
    )]
    ExecutableName { name: String },
    /// Neither run nor installed.
    #[error("the source holds the plugin {found}; {wanted} is the one asked for")]
    OtherPlugin { wanted: String, found: String },
    #[error("input file {name} is not executable")]
    NotExecutable { name: String },
    #[error("{}", of_metadata("new", .0))]
    NewMetadata(PluginError),
    #[error("failed to check plugin existence: {0}")]
    Existing(PluginError),
    #[error("{}", of_metadata("existing", .0))]
    ExistingMetadata(PluginError),
    #[error("failed to compare plugin versions: {0} is not a valid semantic version")]
    Version(String),
    #[error("plugin {name} with version {version} already exists")]
    SameVersion { name: String, version: String },
    #[error(
        "failed to install plugin {name}. The installing plugin version {version} is lower than the existing plugin version {existing}.\nIt is not recommended to install an older version. To force the installation, use the \"--force\" option"
    )]
    LowerVersion { name: String, version: String, existing: String },
}

/// What notation makes of an executable that cannot be run, and of one that answers nonsense.
enum Flaw {
    Executable,
    Malformed,
    Other,
}

fn flaw(error: &PluginError) -> Flaw {
    match error {
        PluginError::Start { .. } | PluginError::Silent { .. } => Flaw::Executable,
        PluginError::MalformedError { .. }
        | PluginError::MalformedAnswer { .. }
        | PluginError::Metadata { .. } => Flaw::Malformed,
        _ => Flaw::Other,
    }
}

fn of_metadata(which: &str, error: &PluginError) -> String {
    match flaw(error) {
        Flaw::Malformed => error.to_string(),
        Flaw::Executable | Flaw::Other => {
            format!("failed to get metadata of {which} plugin: {error}")
        }
    }
}

impl Fault for InstallError {
    fn code(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "plugin-install-file",
            Self::NotAFile { .. } => "plugin-install-not-a-file",
            Self::NoChecksum(_) => "plugin-install-no-checksum",
            Self::Checksum { .. } => "plugin-install-checksum",
            Self::SourceSize | Self::TotalSize => "plugin-install-size",
            Self::Entries { .. } => "plugin-install-entries",
            Self::DotDot { .. } | Self::FileName { .. } => "plugin-install-file-name",
            Self::Twice { .. } => "plugin-install-twice",
            Self::Archive { .. } => "plugin-install-archive",
            Self::NoExecutable => "plugin-install-no-executable",
            Self::SeveralExecutables { .. } => "plugin-install-several-executables",
            Self::ExecutableName { .. } => "plugin-install-executable-name",
            Self::OtherPlugin { .. } => "plugin-install-other-plugin",
            Self::NotExecutable { .. } => "plugin-install-not-executable",
            Self::NewMetadata(error) | Self::Existing(error) | Self::ExistingMetadata(error) => {
                error.code()
            }
            Self::Version(_) => "plugin-install-version",
            Self::SameVersion { .. } => "plugin-install-same-version",
            Self::LowerVersion { .. } => "plugin-install-lower-version",
        }
    }

    /// Where notation ends a line, we do; text of the plugin's stays in its line.
    fn lines(&self) -> Vec<String> {
        let text = self.to_string();
        match self {
            Self::NewMetadata(error) | Self::ExistingMetadata(error) => {
                let advice = match flaw(error) {
                    Flaw::Executable => format!(
                        "Please ensure that the plugin executable file is compatible with {} and has appropriate permissions.",
                        platform()
                    ),
                    Flaw::Malformed => format!(
                        "Please ensure that the plugin executable file is intact and compatible with {}. Contact the plugin publisher for further assistance.",
                        platform()
                    ),
                    Flaw::Other => return vec![text],
                };
                vec![format!("{text}."), advice]
            }
            Self::LowerVersion { .. } => text.split('\n').map(str::to_owned).collect(),
            _ => vec![text],
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Checksum { found, .. } => vec![format!("the file's SHA-256 is {found}")],
            Self::SeveralExecutables { names } => {
                names.iter().map(|name| format!("{name} is executable")).collect()
            }
            Self::NewMetadata(error) | Self::Existing(error) | Self::ExistingMetadata(error) => {
                error.because()
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotExecutable { name } => {
                Some(format!("chmod u+x {}", crate::fault::shell_word(name)))
            }
            Self::ExistingMetadata(_) | Self::Existing(_) => {
                Some("to install over a plugin that does not work, use --force".to_owned())
            }
            _ => None,
        }
    }
}
