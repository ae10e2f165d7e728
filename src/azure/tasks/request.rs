//! What is to be built: images, platform, source, arguments; checked before anything is asked.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::TasksError;
use crate::azure::{ExtraHosts, RegistryHost};
use crate::fault::excerpt;
use crate::secret::Secret;

/// A build as Azure Resource Manager takes it (learn.microsoft.com, "Registries - Schedule Run",
/// `DockerBuildRequest`).
pub struct BuildRequest {
    /// One at least.
    pub images: Vec<ImageName>,
    pub platform: Platform,
    /// A git address, or where the packed folder was uploaded.
    pub location: Secret,
    /// Its path in the source.
    pub dockerfile: String,
    /// Build arguments, by name.
    pub arguments: Vec<(String, Secret)>,
    /// Who the run is for the registry, such as `[caller]`, where repository permissions (ABAC) govern it.
    pub source_identity: Option<String>,
    /// How long the run may take.
    pub timeout: Duration,
}

/// `repository:tag`, perhaps with the registry before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    host: Option<String>,
    repository: String,
    tag: String,
}

/// `linux/arm64/v8`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    os: &'static str,
    architecture: &'static str,
    variant: Option<&'static str>,
}

/// Where the source is.
pub enum Source {
    /// A git address with `#branch:folder` or without; it may hold a token.
    Git(Secret),
    Folder(PathBuf),
}

/// seconds that a run may be given (`DockerBuildRequest`, `timeout`)
const TIMEOUT: (u64, u64) = (300, 28_800);

impl BuildRequest {
    pub(super) fn body(&self) -> Value {
        let names: Vec<String> = self.images.iter().map(ImageName::name).collect();
        let arguments: Vec<Value> = self
            .arguments
            .iter()
            .map(
                |(name, value)| json!({ "name": name, "value": value.expose(), "isSecret": false }),
            )
            .collect();
        let mut body = json!({
            "type": "DockerBuildRequest",
            "imageNames": names,
            "isPushEnabled": true,
            "sourceLocation": self.location.expose(),
            "dockerFilePath": self.dockerfile,
            "platform": {
                "os": self.platform.os,
                "architecture": self.platform.architecture,
                "variant": self.platform.variant,
            },
            "arguments": arguments,
            "timeout": self.timeout.as_secs().clamp(TIMEOUT.0, TIMEOUT.1),
        });
        if let Some(identity) = &self.source_identity {
            body["credentials"] = json!({ "sourceRegistry": { "identity": identity } });
        }
        body
    }
}

impl ImageName {
    /// `net-monitor:v1`, `myregistry.azurecr.io/team/app:{{.Run.ID}}`
    pub fn parse(given: &str) -> Result<Self, TasksError> {
        let wrong = |problem: &str| TasksError::Image {
            given: excerpt(given, 300),
            problem: problem.to_owned(),
        };
        if given.contains('@') {
            return Err(wrong("has a digest: a build makes a new one"));
        }
        let (host, rest) = match given.split_once('/') {
            Some((host, rest)) if is_host(host) => (Some(host.to_ascii_lowercase()), rest),
            _ => (None, given),
        };
        let (repository, tag) = rest.split_once(':').ok_or_else(|| wrong("has no tag"))?;
        if !is_repository(repository) {
            return Err(wrong("has no repository name: lower-case letters, digits and ._-/"));
        }
        if !is_tag(tag) {
            return Err(wrong("has no valid tag: at most 128 letters, digits and ._-"));
        }
        Ok(Self { host, repository: repository.to_owned(), tag: tag.to_owned() })
    }

    /// That it is of this registry, if it says of which.
    pub fn check_host(&self, login_server: &str) -> Result<(), TasksError> {
        match &self.host {
            Some(host) if host != login_server => Err(TasksError::Image {
                given: self.name(),
                problem: format!("is of {host}, and the registry that builds is {login_server}"),
            }),
            _ => Ok(()),
        }
    }

    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// As the registry takes it: its own name goes without saying.
    fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    /// Whether the registry fills something in, such as `{{.Run.ID}}`.
    fn is_template(&self) -> bool {
        self.tag.contains("{{")
    }

    /// Whether a run that tells these names tells of this image.
    pub(super) fn is_told_by(&self, repository: &str, tag: Option<&str>) -> bool {
        self.repository == repository
            && (self.is_template() || tag.is_none_or(|tag| tag == self.tag))
    }
}

impl Platform {
    /// `os[/architecture[/variant]]`
    pub fn parse(given: &str) -> Result<Self, TasksError> {
        let wrong = || TasksError::Platform { given: excerpt(given, 100) };
        let lower = given.to_ascii_lowercase();
        let mut parts = lower.split('/');
        let mut one = |known: &[&'static str]| {
            let part = parts.next()?;
            Some(known.iter().find(|word| **word == part).copied().ok_or_else(wrong))
        };
        let os = one(&["linux", "windows"]).ok_or_else(wrong)??;
        let architecture = one(&["amd64", "x86", "386", "arm", "arm64"]).transpose()?;
        let variant = one(&["v6", "v7", "v8"]).transpose()?;
        match parts.next() {
            Some(_) => Err(wrong()),
            None => Ok(Self { os, architecture: architecture.unwrap_or("amd64"), variant }),
        }
    }
}

impl Source {
    /// A folder that is there, else a git address.
    pub fn parse(given: &str) -> Result<Self, TasksError> {
        let wrong =
            |problem: &str| TasksError::Source { given: shown(given), problem: problem.to_owned() };
        let path = PathBuf::from(given);
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => return Ok(Self::Folder(path)),
            Ok(_) => return Err(wrong("is a file; a folder is packed whole")),
            Err(_) => {}
        }
        let lower = given.to_ascii_lowercase();
        if lower.starts_with("git@") || lower.starts_with("github.com/") {
            return Ok(Self::Git(Secret::new(given)));
        }
        match Url::parse(given) {
            Ok(url) if url.scheme() == "https" && is_git(&url) => Ok(Self::Git(Secret::new(given))),
            Ok(url) if url.scheme() == "https" => {
                Err(wrong("is no git address: it ends in .git, then #<branch>"))
            }
            Ok(url) if matches!(url.scheme(), "http" | "git") => {
                Err(wrong("is fetched without encryption; write https"))
            }
            _ => Err(wrong("is not there: no such folder, and no git address")),
        }
    }
}

/// The registry's name in `given`, which is that or its login server.
pub fn registry_name(given: &str, extra: &ExtraHosts) -> Result<String, TasksError> {
    let wrong = || TasksError::Registry { given: excerpt(given, 200) };
    let name = match RegistryHost::parse(given, extra) {
        Ok(host) => host.name().map(str::to_owned).ok_or_else(wrong)?,
        Err(_) => given.to_owned(),
    };
    let fits = (5..=50).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(name).ok_or_else(wrong)
}

/// An address for messages, without user, token and query.
fn shown(given: &str) -> String {
    match Url::parse(given) {
        Ok(url) if url.has_host() => crate::http::redacted(&url),
        _ => format!("{:?}", excerpt(given, 300)),
    }
}

/// Azure DevOps does not end its addresses in `.git`.
fn is_git(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.path().trim_end_matches('/').ends_with(".git")
        || host == "dev.azure.com"
        || host.ends_with(".visualstudio.com")
}

/// As docker tells a registry from a part of a name.
fn is_host(text: &str) -> bool {
    (text.contains(['.', ':']) || text == "localhost") && !text.starts_with(['.', ':'])
}

fn is_repository(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 255
        && text.split('/').all(|part| {
            part.bytes().all(|b| plain(b) || b"._-".contains(&b))
                && part.bytes().next().is_some_and(plain)
                && part.bytes().last().is_some_and(plain)
        })
}

/// Templates are the registry's to read: nothing here that ends a line or a quotation.
fn is_tag(text: &str) -> bool {
    let template = |b: u8| b.is_ascii_alphanumeric() || b"._-{}$".contains(&b);
    match text.contains("{{") {
        true => text.len() <= 300 && text.bytes().all(template),
        false => is_plain_tag(text),
    }
}

/// distribution-spec, "Pulling manifests": at most 128 characters.
pub(super) fn is_plain_tag(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=128).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with(['.', '-'])
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
