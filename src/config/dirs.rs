//! Where configuration, plugins and caches live (notation's directory structure).

use std::path::{Path, PathBuf};

use crate::env::{Env, name};
use crate::fault::{Fault, shell_word};

/// notation's directories, decided once from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    config: PathBuf,
    libexec: PathBuf,
    cache: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirError {
    #[error("no home directory: {variable} is not set, and neither is NOTATION_CONFIG")]
    NoHome { variable: &'static str },
    #[error("path in ${variable} is relative: {value:?}")]
    Relative { variable: &'static str, value: String },
}

impl Fault for DirError {
    fn code(&self) -> &'static str {
        match self {
            DirError::NoHome { .. } => "config-no-home",
            DirError::Relative { .. } => "config-relative-directory",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            DirError::NoHome { .. } => "export NOTATION_CONFIG=<folder>".to_owned(),
            DirError::Relative { variable, value } => {
                format!("export {variable}=\"$PWD\"/{}", shell_word(value))
            }
        })
    }
}

/// Whose rules decide the default directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Linux,
    Mac,
    Windows,
}

impl Platform {
    /// The platform this program was built for; other Unix systems follow Linux.
    pub const CURRENT: Self = if cfg!(windows) {
        Platform::Windows
    } else if cfg!(target_os = "macos") {
        Platform::Mac
    } else {
        Platform::Linux
    };
}

const NOTATION: &str = "notation";

impl Dirs {
    /// `NOTATION_CONFIG`, `NOTATION_LIBEXEC` and `NOTATION_CACHE` are the directories themselves;
    /// without them the platform's user directories are used. There is no fallback to the current
    /// directory: without a home it is an error.
    pub fn from_env(env: &Env) -> Result<Self, DirError> {
        Self::on(Platform::CURRENT, env)
    }

    /// All of it below one folder, which is the configuration directory: a home of its own.
    pub fn below(folder: impl Into<PathBuf>) -> Self {
        let config = folder.into();
        Self { libexec: config.clone(), cache: config.join("cache"), config }
    }

    pub fn config(&self) -> &Path {
        &self.config
    }
    pub fn libexec(&self) -> &Path {
        &self.libexec
    }
    pub fn cache(&self) -> &Path {
        &self.cache
    }
    pub fn trust_store(&self) -> PathBuf {
        self.config.join("truststore")
    }
    pub fn trust_policy(&self) -> PathBuf {
        self.config.join("trustpolicy.json")
    }
    pub fn blob_trust_policy(&self) -> PathBuf {
        self.config.join("trustpolicy.blob.json")
    }
    pub fn signing_keys(&self) -> PathBuf {
        self.config.join("signingkeys.json")
    }
    pub fn local_keys(&self) -> PathBuf {
        self.config.join("localkeys")
    }
    pub fn config_json(&self) -> PathBuf {
        self.config.join("config.json")
    }

    fn on(platform: Platform, env: &Env) -> Result<Self, DirError> {
        let given = |variable| env.value(variable).map(PathBuf::from);
        let config_given = given(name::NOTATION_CONFIG);
        let config = match config_given.clone() {
            Some(folder) => folder,
            None => default_config(platform, env)?.join(NOTATION),
        };
        let cache = match (given(name::NOTATION_CACHE), default_cache(platform, env)) {
            (Some(folder), _) => folder,
            (None, Ok(folder)) => folder.join(NOTATION),
            // a configuration directory is enough to work: nothing needs a cache
            (None, Err(DirError::NoHome { .. })) if config_given.is_some() => config.join("cache"),
            (None, Err(error)) => return Err(error),
        };
        let libexec = given(name::NOTATION_LIBEXEC).unwrap_or_else(|| config.clone());
        Ok(Self { config, libexec, cache })
    }
}

/// The user's home directory.
pub(super) fn home(platform: Platform, env: &Env) -> Result<PathBuf, DirError> {
    let variable = match platform {
        Platform::Windows => name::USERPROFILE,
        Platform::Linux | Platform::Mac => name::HOME,
    };
    env.value(variable).map(PathBuf::from).ok_or(DirError::NoHome { variable })
}

fn default_config(platform: Platform, env: &Env) -> Result<PathBuf, DirError> {
    match platform {
        Platform::Linux => xdg(name::XDG_CONFIG_HOME, ".config", env),
        Platform::Mac => Ok(home(platform, env)?.join("Library/Application Support")),
        Platform::Windows => application_data(name::APPDATA, env),
    }
}

fn default_cache(platform: Platform, env: &Env) -> Result<PathBuf, DirError> {
    match platform {
        Platform::Linux => xdg(name::XDG_CACHE_HOME, ".cache", env),
        Platform::Mac => Ok(home(platform, env)?.join("Library/Caches")),
        Platform::Windows => application_data(name::LOCALAPPDATA, env),
    }
}

/// XDG base directory specification: the variable, which must be absolute, else below the home.
fn xdg(variable: &'static str, below_home: &str, env: &Env) -> Result<PathBuf, DirError> {
    match env.value(variable) {
        Some(folder) if Path::new(folder).is_absolute() => Ok(PathBuf::from(folder)),
        Some(folder) => Err(DirError::Relative { variable, value: folder.to_owned() }),
        None => Ok(home(Platform::Linux, env)?.join(below_home)),
    }
}

fn application_data(variable: &'static str, env: &Env) -> Result<PathBuf, DirError> {
    env.value(variable).map(PathBuf::from).ok_or(DirError::NoHome { variable })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn on(platform: Platform, variables: &[(&str, &str)]) -> Result<[String; 3], DirError> {
        let dirs = Dirs::on(platform, &env(variables))?;
        let shown = |path: &Path| path.display().to_string();
        Ok([shown(dirs.config()), shown(dirs.libexec()), shown(dirs.cache())])
    }

    #[test]
    fn linux_uses_the_home_or_the_xdg_directories() {
        assert_eq!(
            on(Platform::Linux, &[("HOME", "/h")]).expect("a home"),
            ["/h/.config/notation", "/h/.config/notation", "/h/.cache/notation"]
        );
        assert_eq!(
            on(Platform::Linux, &[("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "/k")])
                .expect("absolute"),
            ["/c/notation", "/c/notation", "/k/notation"]
        );
    }

    #[test]
    fn the_overrides_are_the_directories_themselves() {
        assert_eq!(
            on(
                Platform::Linux,
                &[("NOTATION_CONFIG", "/c"), ("NOTATION_LIBEXEC", "/l"), ("NOTATION_CACHE", "/k")]
            )
            .expect("given"),
            ["/c", "/l", "/k"]
        );
        assert_eq!(
            on(Platform::Linux, &[("NOTATION_CONFIG", "/c")]).expect("enough"),
            ["/c", "/c", "/c/cache"]
        );
        let relative = [("NOTATION_CONFIG", "/c"), ("XDG_CONFIG_HOME", "r"), ("HOME", "/h")];
        assert_eq!(on(Platform::Linux, &relative).expect("not looked at")[0], "/c");
    }

    #[test]
    fn macs_and_windows_use_their_own_directories() {
        let library = ["/h/Library/Application Support/notation", "/h/Library/Caches/notation"];
        let found = on(Platform::Mac, &[("HOME", "/h"), ("XDG_CONFIG_HOME", "r")]).expect("a home");
        assert_eq!([&found[0], &found[2]], library);
        let data = [("APPDATA", "/roaming"), ("LOCALAPPDATA", "/local")];
        let found = on(Platform::Windows, &data).expect("both are set");
        assert_eq!([&found[0], &found[2]], ["/roaming/notation", "/local/notation"]);
    }

    #[test]
    fn no_home_is_an_error_and_never_the_current_directory() {
        for (platform, variable) in
            [(Platform::Linux, "HOME"), (Platform::Mac, "HOME"), (Platform::Windows, "APPDATA")]
        {
            let error = on(platform, &[("HOME", "")]).expect_err("no home");
            assert_eq!(error, DirError::NoHome { variable });
            assert_eq!(error.code(), "config-no-home");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_relative_xdg_directory_is_an_error() {
        for variable in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            let error = on(Platform::Linux, &[("HOME", "/h"), (variable, "r")]).expect_err("r");
            assert_eq!(error.code(), "config-relative-directory");
            assert_eq!(error.to_string(), format!("path in ${variable} is relative: \"r\""));
            let odd = on(Platform::Linux, &[("HOME", "/h"), (variable, "$(id)")]).expect_err("odd");
            let hint = format!("export {variable}=\"$PWD\"/'$(id)'");
            assert_eq!(odd.hint(), Some(hint));
        }
    }

    #[test]
    fn the_files_have_notations_names() {
        let dirs = Dirs::below("/c");
        let files = [
            dirs.trust_store(),
            dirs.trust_policy(),
            dirs.blob_trust_policy(),
            dirs.signing_keys(),
            dirs.local_keys(),
            dirs.config_json(),
        ];
        let names = files.map(|path| path.display().to_string());
        assert_eq!(
            names,
            [
                "/c/truststore",
                "/c/trustpolicy.json",
                "/c/trustpolicy.blob.json",
                "/c/signingkeys.json",
                "/c/localkeys",
                "/c/config.json"
            ]
        );
    }
}
