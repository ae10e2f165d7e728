//! Installing a plugin and taking it away again (plugin-extensibility.md, "Installation").

mod error;
mod leftovers;
mod staging;
mod unpack;

use std::fs;
use std::path::Path;

use semver::Version;

use super::{Metadata, Plugin as _, PluginConfig, PluginDir, PluginError, PluginName};
use crate::fault::{excerpt, os_reason};

pub use error::InstallError;
pub use staging::{Copied, SourceFile, Staging};

/// Sources, and the files of a plugin together, are smaller: 256 MiB, as notation.
pub const SIZE_LIMIT: u64 = 256 * 1024 * 1024;

/// What may happen to a plugin of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced when its version is lower.
    Outdated,
    /// It is replaced, whatever its version and whether or not it works.
    Any,
}

/// A SHA-256 checksum as somebody typed it: 64 hexadecimal digits of either case.
#[derive(Debug, Clone)]
pub struct Checksum(String);

impl Checksum {
    pub fn parse(text: &str) -> Result<Self, InstallError> {
        match text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            true => Ok(Self(text.to_owned())),
            false => Err(InstallError::NoChecksum(excerpt(text, 100))),
        }
    }

    pub fn check(&self, copied: &Copied) -> Result<(), InstallError> {
        match self.0.eq_ignore_ascii_case(&copied.sha256) {
            true => Ok(()),
            false => Err(InstallError::Checksum {
                expected: self.0.clone(),
                found: copied.sha256.clone(),
            }),
        }
    }
}

/// A source in its staging folder.
pub struct Source<'a> {
    pub staging: &'a Staging,
    pub copied: &'a Copied,
    /// For a source that is the executable itself: the last part of its path or address.
    pub file_name: &'a str,
    /// And its permission bits.
    pub mode: u32,
    /// The only plugin that it may hold.
    pub wanted: Option<&'a PluginName>,
}

/// A plugin that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub name: String,
    pub version: String,
    /// The version it replaced.
    pub replaced: Option<String>,
    /// The executable without the permission to be executed, which it was given.
    pub made_executable: Option<String>,
}

/// Reads a file into a staging folder. Returns what was copied and the file's permission bits.
pub fn stage_file(path: &Path, staging: &Staging) -> Result<(Copied, u32), InstallError> {
    let opened = fs::File::open(path).map_err(|error| staging::disk("open", path, &error))?;
    let mode = mode_of(&opened).map_err(|error| staging::disk("stat", path, &error))?;
    Ok((staging.source()?.copy(opened, path)?, mode))
}

/// A source is a regular file, or a link to one.
pub fn check_file(path: &Path) -> Result<(), InstallError> {
    let found = fs::metadata(path).map_err(|error| staging::disk("stat", path, &error))?;
    match found.is_file() {
        true => Ok(()),
        false => Err(InstallError::NotAFile { path: path.display().to_string() }),
    }
}

/// Unpacks a source, asks the plugin in it for its metadata, compares it with the one that is there, and
/// puts it in its place.
pub async fn install(
    plugins: &PluginDir,
    source: Source<'_>,
    existing: Existing,
) -> Result<Installed, InstallError> {
    let folder = source.staging.plugin();
    let path = &source.copied.path;
    let (name, made_executable) = match unpack::kind_of(path)? {
        unpack::SourceKind::Zip => executable_of(&folder, unpack::unzip(path, &folder)?)?,
        unpack::SourceKind::TarGz => executable_of(&folder, unpack::untar(path, &folder)?)?,
        unpack::SourceKind::Executable => {
            let name = plugin_name(source.file_name).ok_or_else(|| {
                InstallError::ExecutableName { name: excerpt(source.file_name, 200) }
            })?;
            let files = unpack::copy(path, source.file_name, source.mode, &folder)?;
            if files.iter().any(|file| !file.is_executable) {
                return Err(InstallError::NotExecutable { name: source.file_name.to_owned() });
            }
            (name, None)
        }
    };
    if let Some(wanted) = source.wanted.filter(|wanted| **wanted != name) {
        let (wanted, found) = (wanted.to_string(), name.to_string());
        return Err(InstallError::OtherPlugin { wanted, found });
    }
    let new = plugins.at(name.clone(), folder.join(name.executable()));
    let new = new.metadata(&PluginConfig::new()).await.map_err(InstallError::NewMetadata)?;
    let replaced = replaced_by(plugins, &name, &new, existing).await?;
    source.staging.put(&plugins.folder_of(&name))?;
    Ok(Installed { name: new.name, version: new.version, replaced, made_executable })
}

/// Takes a plugin away: its whole folder, or nothing.
pub fn uninstall(plugins: &PluginDir, name: &PluginName) -> Result<(), InstallError> {
    let folder = plugins.folder_of(name);
    let staging = Staging::new(plugins.folder())?;
    staging.take(&folder).map_err(|error| InstallError::Disk {
        operation: "rename",
        path: folder.display().to_string(),
        reason: os_reason(&error),
    })
}

/// The version that a new plugin may take the place of.
async fn replaced_by(
    plugins: &PluginDir,
    name: &PluginName,
    new: &Metadata,
    existing: Existing,
) -> Result<Option<String>, InstallError> {
    let old = match plugins.program(name) {
        Ok(plugin) => plugin,
        Err(PluginError::NotFound { .. }) => return Ok(None),
        Err(_) if existing == Existing::Any => return Ok(None),
        Err(error) => return Err(InstallError::Existing(error)),
    };
    let old = match old.metadata(&PluginConfig::new()).await {
        Ok(metadata) => metadata.version,
        Err(_) if existing == Existing::Any => return Ok(None),
        Err(error) => return Err(InstallError::ExistingMetadata(error)),
    };
    if existing == Existing::Outdated {
        let parsed = |version: &str| {
            Version::parse(version).map_err(|_| InstallError::Version(excerpt(version, 200)))
        };
        let (name, version) = (name.to_string(), new.version.clone());
        match parsed(&version)?.cmp_precedence(&parsed(&old)?) {
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                return Err(InstallError::SameVersion { name, version: old });
            }
            std::cmp::Ordering::Less => {
                return Err(InstallError::LowerVersion { name, version, existing: old });
            }
        }
    }
    Ok(Some(old))
}

/// The one executable named as a plugin's; where none is executable, the one candidate there is
/// becomes it.
fn executable_of(
    folder: &Path,
    files: Vec<unpack::Unpacked>,
) -> Result<(PluginName, Option<String>), InstallError> {
    let named = |file: &unpack::Unpacked| Some((plugin_name(&file.name)?, file.is_executable));
    let candidates: Vec<(PluginName, bool)> = files.iter().filter_map(named).collect();
    let executable: Vec<&PluginName> =
        candidates.iter().filter(|(_, executable)| *executable).map(|(name, _)| name).collect();
    match (executable.as_slice(), candidates.as_slice()) {
        ([one], _) => Ok(((*one).clone(), None)),
        ([], [(one, _)]) => {
            let file = one.executable();
            unpack::make_executable(&folder.join(&file))?;
            Ok((one.clone(), Some(file)))
        }
        ([], _) => Err(InstallError::NoExecutable),
        (several, _) => Err(InstallError::SeveralExecutables {
            names: several.iter().map(|name| name.executable()).collect(),
        }),
    }
}

/// `x` of `notation-x`, with the platform's suffix of executables.
fn plugin_name(file: &str) -> Option<PluginName> {
    let name = file.strip_prefix("notation-")?.strip_suffix(std::env::consts::EXE_SUFFIX)?;
    PluginName::parse(name).ok()
}

#[cfg(unix)]
fn mode_of(file: &fs::File) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode())
}

#[cfg(not(unix))]
fn mode_of(_file: &fs::File) -> std::io::Result<u32> {
    Ok(0o755)
}
