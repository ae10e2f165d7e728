//! The plugins directory: which plugins it holds, and the one of a name.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::process::{Launcher, ProcessGroup};
use super::program::ProgramPlugin;
use super::{Plugin, PluginError, PluginName, Plugins};
use crate::clock::Clock;
use crate::env::Env;
use crate::fault::os_reason;

/// `{libexec}/plugins`: each plugin is an executable `<name>/notation-<name>` below it.
///
/// One of these serves a whole command: a plugin that was found is kept, and with it the metadata it
/// answered.
pub struct PluginDir {
    folder: PathBuf,
    launcher: Arc<Launcher>,
    found: Mutex<BTreeMap<PluginName, Arc<ProgramPlugin>>>,
}

impl PluginDir {
    /// `libexec` is notation's directory of that name, `env` the environment this program was given.
    /// What plugins see of it: all but `NOTATION_*`, `INPUT_*`, the tokens and connections that CI
    /// hosts hand to a step, and `SEALWRIGHT_PFX_PASSWORD` ([`Env::for_child`]).
    pub fn new(libexec: &Path, env: &Env, clock: Arc<dyn Clock>, group: ProcessGroup) -> Self {
        Self {
            folder: libexec.join("plugins"),
            launcher: Arc::new(Launcher::new(env, clock, group)),
            found: Mutex::default(),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the plugin of this name belongs.
    pub fn folder_of(&self, name: &PluginName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// The names of the real folders below the directory, in order; none without a directory.
    pub fn names(&self) -> Result<Vec<String>, PluginError> {
        let failed = |operation, error: std::io::Error| PluginError::List {
            operation,
            path: self.folder.display().to_string(),
            reason: os_reason(&error),
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("open", error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed("readdir", error))?;
            // notation's own and ours have no leading dot: those are folders in the making
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && !name.starts_with(super::STAGING) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// The plugin of this name, when its folder is real and its executable a regular file.
    pub fn program(&self, name: &PluginName) -> Result<Arc<ProgramPlugin>, PluginError> {
        let mut found = self.found.lock().expect("no panic holds this lock");
        if let Some(plugin) = found.get(name) {
            return Ok(plugin.clone());
        }
        let plugin = Arc::new(self.at(name.clone(), self.executable(name)?));
        found.insert(name.clone(), plugin.clone());
        Ok(plugin)
    }

    /// A plugin at another place, run as those of the directory.
    pub fn at(&self, name: PluginName, path: PathBuf) -> ProgramPlugin {
        ProgramPlugin::new(name, path, self.launcher.clone())
    }

    fn executable(&self, name: &PluginName) -> Result<PathBuf, PluginError> {
        let folder = self.folder_of(name);
        let path = folder.join(name.executable());
        let shown = || path.display().to_string();
        let missing = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => PluginError::NotFound { path: shown() },
            _ => PluginError::Inaccessible { path: shown(), reason: os_reason(&error) },
        };
        if !fs::symlink_metadata(&folder).map_err(missing)?.is_dir() {
            return Err(PluginError::NotFolder { path: folder.display().to_string() });
        }
        // a package manager may keep the executable elsewhere and link to it
        match fs::metadata(&path).map_err(missing)?.is_file() {
            true => Ok(path),
            false => Err(PluginError::NotRegular { path: shown() }),
        }
    }
}

#[async_trait::async_trait]
impl Plugins for PluginDir {
    async fn find(&self, name: &PluginName) -> Result<Arc<dyn Plugin>, PluginError> {
        Ok(self.program(name)?)
    }
}

#[cfg(all(test, unix))]
#[path = "host_tests.rs"]
mod tests;
