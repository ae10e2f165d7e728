//! Policy and store that a repository keeps below `.github`, found without an input.

use std::fs;
use std::path::{Path, PathBuf};

use super::TrustError;
use super::source::{PolicySource, TrustInputs};
use crate::env::{Env, name};
use crate::fault::os_reason;

const POLICY: &str = ".github/trustpolicy";
const POLICY_FILE: &str = "trustpolicy.json";
const STORE: &str = ".github/truststore";
/// names looked at in the policy's folder
const NAMES_LIMIT: usize = 1000;

/// What was found, and what to say of it.
#[derive(Debug, Default)]
pub struct Found {
    pub inputs: TrustInputs,
    /// For the log.
    pub lines: Vec<String>,
    /// One half is there and the other is not.
    pub warning: Option<String>,
}

/// Looks below the workspace; finds nothing where the host names none. Symbolic links on the way are
/// refused: they could lead out of the workspace.
///
/// `NOTATION_CONFIG` is a choice somebody made, an earlier `setup` for one: what a pull request can
/// write does not go before it. A store alone is no choice: it would serve a policy from elsewhere.
pub fn found_below_github(env: &Env) -> Result<Found, TrustError> {
    let Some(workspace) = workspace(env) else { return Ok(Found::default()) };
    let policy = policy(workspace)?;
    let store = below(workspace, STORE)?.filter(|path| path.is_dir());
    if policy.is_none() && store.is_none() {
        return Ok(Found::default());
    }
    if env.value(name::NOTATION_CONFIG).is_some() {
        let line = "NOTATION_CONFIG is set: the trust below .github is left aside";
        return Ok(Found { lines: vec![line.to_owned()], ..Found::default() });
    }
    let Some(policy) = policy else {
        return Ok(Found { warning: Some(no_policy()), ..Found::default() });
    };
    let mut lines = vec![format!("found the trust policy {}", shown(workspace, &policy))];
    if let Some(path) = &store {
        lines.push(format!("found the trust store {}", shown(workspace, path)));
    }
    let warning = store.is_none().then(no_store);
    let policy = Some(PolicySource::File(policy));
    Ok(Found { inputs: TrustInputs { policy, store, certificates: Vec::new() }, lines, warning })
}

fn no_store() -> String {
    format!(
        "a trust policy was found below .github and no trust store ({STORE}): notation's own store serves beside it; give the input `trust-store` to choose another"
    )
}

fn no_policy() -> String {
    format!(
        "the trust store below .github is left aside, since there is no trust policy beside it ({POLICY}); give the input `trust-store` to choose it"
    )
}

fn workspace(env: &Env) -> Option<&Path> {
    let names = [
        name::GITHUB_WORKSPACE,
        name::BUILD_SOURCESDIRECTORY,
        name::SYSTEM_DEFAULTWORKINGDIRECTORY,
    ];
    names.into_iter().find_map(|name| env.value(name)).map(Path::new)
}

/// `trustpolicy.json`, else the only `.json` file there.
fn policy(workspace: &Path) -> Result<Option<PathBuf>, TrustError> {
    if let Some(path) = below(workspace, &format!("{POLICY}/{POLICY_FILE}"))? {
        return Ok(Some(path));
    }
    let Some(folder) = below(workspace, POLICY)?.filter(|path| path.is_dir()) else {
        return Ok(None);
    };
    let failed = |error: std::io::Error| TrustError::Unreadable {
        input: "trust-policy",
        place: folder.display().to_string(),
        problem: os_reason(&error),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)?.take(NAMES_LIMIT) {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            files.push(name);
        }
    }
    files.sort();
    match &files[..] {
        [] => Ok(None),
        [only] => below(workspace, &format!("{POLICY}/{only}")),
        _ => {
            files.truncate(5);
            Err(TrustError::Ambiguous { folder: POLICY.to_owned(), files })
        }
    }
}

/// A path below the workspace, when it is there and no part of it is a symbolic link.
fn below(workspace: &Path, path: &str) -> Result<Option<PathBuf>, TrustError> {
    let mut at = workspace.to_owned();
    for part in path.split('/') {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_file() || found.is_dir() => {}
            Ok(_) => return Err(TrustError::NotAFile { path: shown(workspace, &at) }),
            // not there, or below something that is no folder
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn shown(workspace: &Path, path: &Path) -> String {
    path.strip_prefix(workspace).unwrap_or(path).display().to_string()
}
