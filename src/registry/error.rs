//! What goes wrong with a registry.

use super::reference::{Reference, Version};
use crate::azure::{ExtraHosts, RegistryHost};
use crate::fault::{BoxFault, Fault, printable, shell_word};
use crate::http::{HttpError, Response};

/// What was wanted from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Pull,
    Push,
    Delete,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Action::Pull => "pull",
            Action::Push => "push",
            Action::Delete => "delete",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("invalid registry {host:?}")]
    Host { host: String },
    #[error("{reference}: not found")]
    NotFound { reference: String },
    /// A part of a signature that the registry lists, yet does not have.
    #[error("{what}: not found")]
    ContentNotFound { what: String },
    #[error("{host}/{repository}: the repository is not known to the registry")]
    RepositoryUnknown { host: String, repository: String },
    /// 401 or 403, after whatever credentials there are were used. `repository` is empty at login.
    #[error("{host}/{repository}: {action} was refused with status {status}{detail}")]
    Denied {
        host: String,
        repository: String,
        action: Action,
        status: u16,
        /// The registry's own words, led by `: `, or empty.
        detail: String,
    },
    /// Deleting is switched off, or what is to be deleted is locked.
    #[error(
        "{host}/{repository}@{digest}: the registry does not let it be deleted (status {status})"
    )]
    DeleteUnsupported { host: String, repository: String, digest: String, status: u16 },
    /// Credentials exist but may not go to the realm the registry names.
    #[error(
        "{host} asks for credentials at {realm}, which is not its own address; they were not sent"
    )]
    Realm {
        host: String,
        realm: String,
        /// Whether the setting `auth-realms` may name it.
        nameable: bool,
    },
    #[error("{host}: {problem}")]
    Challenge { host: String, problem: String },
    #[error("{url}: no token: {problem}")]
    Token { url: String, problem: String },
    #[error("{method} {url}: response status code {status}{detail}")]
    Status { method: String, url: String, status: u16, detail: String },
    #[error("{what}: digest {expected} was expected, but the registry answered {actual}")]
    Digest { what: String, expected: String, actual: String },
    #[error("{what}: {expected} bytes were expected, but the registry answered {actual}")]
    Size { what: String, expected: i64, actual: u64 },
    #[error("{what}: {problem}")]
    Manifest { what: String, problem: String },
    #[error("{host} sent the upload to {location}, which is not its own address; refused")]
    UploadLocation { host: String, location: String },
    #[error("{host}: the list of referrers {problem}")]
    Paging { host: String, problem: String },
    #[error("the referrers index {tag} {problem}")]
    Index { tag: String, problem: String },
    #[error("the referrers index {tag} did not settle after {rounds} updates beside others")]
    Contended { tag: String, rounds: u32 },
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("{0}")]
    Credential(BoxFault),
}

impl Fault for RegistryError {
    fn code(&self) -> &'static str {
        match self {
            RegistryError::Host { .. } => "registry-host",
            RegistryError::NotFound { .. } | RegistryError::ContentNotFound { .. } => {
                "registry-not-found"
            }
            RegistryError::RepositoryUnknown { .. } => "registry-repository-unknown",
            RegistryError::Denied { .. } => "registry-denied",
            RegistryError::DeleteUnsupported { .. } => "registry-delete-unsupported",
            RegistryError::Realm { .. } => "registry-realm",
            RegistryError::Challenge { .. } => "registry-challenge",
            RegistryError::Token { .. } => "registry-token",
            RegistryError::Status { .. } => "registry-status",
            RegistryError::Digest { .. } => "registry-digest-mismatch",
            RegistryError::Size { .. } => "registry-size-mismatch",
            RegistryError::Manifest { .. } => "registry-manifest",
            RegistryError::UploadLocation { .. } => "registry-upload-location",
            RegistryError::Paging { .. } => "registry-paging",
            RegistryError::Index { .. } => "registry-index",
            RegistryError::Contended { .. } => "registry-index-contended",
            RegistryError::Http(error) => error.code(),
            RegistryError::Credential(fault) => fault.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            RegistryError::Credential(fault) => fault.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            RegistryError::Denied { host, repository, status: 401, .. }
                if repository.is_empty() =>
            {
                Some(format!(
                    "check the user name and the password: sealwright login -u <user> --password-stdin {host}"
                ))
            }
            RegistryError::Denied { host, status: 401, .. } => {
                Some(format!("log in: sealwright login {host}"))
            }
            RegistryError::Realm { realm, nameable: true, .. } => Some(format!(
                "if that address belongs to the registry, name it: --auth-realms {realm} (the step's input auth-realms)"
            )),
            RegistryError::DeleteUnsupported { host, repository, digest, .. } => {
                Some(why_not_deleted(host, repository, digest))
            }
            RegistryError::NotFound { reference } => where_to_look(reference),
            RegistryError::Contended { .. } => Some("run it again when the others are done".into()),
            RegistryError::Http(error) if error.is_unknown_issuer() => Some(
                "if the registry has a CA of its own, name its PEM file: --ca-file <path> (the step's input ca-file); \
                 without any system roots install the package ca-certificates"
                    .to_owned(),
            ),
            RegistryError::Http(error) => error.hint(),
            RegistryError::Credential(fault) => fault.hint(),
            _ => None,
        }
    }
}

/// What tells whether the artifact was pushed, and under which digest. An Azure registry lists what it
/// has; elsewhere a tag may be missing, while a digest is most often that of a local image.
fn where_to_look(reference: &str) -> Option<String> {
    let reference = Reference::parse(reference).ok()?;
    let repository = shell_word(reference.repository());
    let azure = RegistryHost::parse(reference.registry(), &ExtraHosts::default()).ok();
    Some(match (azure.as_ref().and_then(RegistryHost::name), reference.version()) {
        (Some(name), _) => format!(
            "see which digests and tags are there: az acr manifest list-metadata --registry {name} --name {repository}"
        ),
        (None, Version::Tag(_)) => {
            format!("push it first: docker push {}", shell_word(&reference.to_string()))
        }
        (None, Version::Digest(_)) => format!(
            "give the digest that the registry has, which the push printed: docker buildx imagetools inspect {}:<tag>",
            shell_word(&reference.scope())
        ),
    })
}

/// An Azure registry answers so where a manifest, a repository or the registry is locked.
fn why_not_deleted(host: &str, repository: &str, digest: &str) -> String {
    let azure = RegistryHost::parse(host, &ExtraHosts::default()).ok();
    match azure.as_ref().and_then(RegistryHost::name) {
        Some(name) => format!(
            "see whether it is locked: az acr manifest show-metadata --registry {name} --name {}",
            shell_word(&format!("{repository}@{digest}"))
        ),
        None => format!("whoever runs {host} can tell whether it deletes manifests"),
    }
}

/// Longest text of a registry that is repeated in a message, in characters.
const LONGEST_DETAIL: usize = 256;
/// Most errors of one answer that are read.
const MOST_ERRORS: usize = 8;

/// The errors in an answer's body (distribution-spec, "Error Codes"): code and message.
pub(super) fn codes(response: &Response) -> Vec<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Draft {
        #[serde(default)]
        errors: Vec<One>,
    }
    #[derive(serde::Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let draft: Draft = serde_json::from_slice(&response.body).unwrap_or(Draft { errors: vec![] });
    draft.errors.into_iter().take(MOST_ERRORS).map(|e| (e.code, e.message)).collect()
}

pub(super) fn has_code(response: &Response, code: &str) -> bool {
    codes(response).iter().any(|(found, _)| found == code)
}

/// `: denied: requested access …`, bounded and without control characters; empty when unknown.
pub(super) fn detail(response: &Response) -> String {
    let words: Vec<String> = codes(response)
        .into_iter()
        .map(|(code, message)| {
            let code = code.to_ascii_lowercase().replace('_', " ");
            if message.is_empty() { code } else { format!("{code}: {message}") }
        })
        .filter(|words| !words.is_empty())
        .collect();
    if words.is_empty() {
        return String::new();
    }
    let text: String = words.join("; ").chars().take(LONGEST_DETAIL).collect();
    format!(": {}", printable(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(reference: &str) -> Option<String> {
        RegistryError::NotFound { reference: reference.to_owned() }.hint()
    }

    #[test]
    fn what_is_not_found_tells_where_to_look() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let azure = Some(
            "see which digests and tags are there: az acr manifest list-metadata --registry contoso --name team/app"
                .to_owned(),
        );
        assert_eq!(hint(&format!("contoso.azurecr.io/team/app@{digest}")), azure);
        assert_eq!(hint("contoso.azurecr.us/team/app:v1"), azure);
        assert_eq!(hint("r.io/app:v1").as_deref(), Some("push it first: docker push r.io/app:v1"));
        let other = hint(&format!("r.io/app@{digest}")).unwrap();
        assert!(other.ends_with(": docker buildx imagetools inspect r.io/app:<tag>"), "{other}");
        // the user cannot push what is missing of a signature
        assert_eq!(RegistryError::ContentNotFound { what: "r.io/app:v1".into() }.hint(), None);
    }
}
