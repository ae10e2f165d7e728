//! An OCI registry in memory (distribution-spec, "Endpoints").

mod auth;
mod blobs;
mod image;
mod manifests;
mod refusal;
mod store;

pub(super) use auth::Door;
pub(super) use store::{Digest, Store};

use http::{Method, StatusCode};
use serde_json::json;

use self::auth::Action;
use self::refusal::{Code, refuse};
use super::message::{Answer, Ask};
use super::options::{Blobs, Deletes, Filters, LabOptions, Referrers};
use super::server::Service;

/// The registry of a lab.
pub(super) struct Registry {
    pub store: Store,
    pub door: Door,
    pub rules: Rules,
}

/// The options that shape its answers.
#[derive(Clone)]
pub(super) struct Rules {
    pub referrers: Referrers,
    pub filters: Filters,
    pub referrers_page: Option<usize>,
    pub deletes: Deletes,
    pub blobs: Blobs,
}

impl From<&LabOptions> for Rules {
    fn from(options: &LabOptions) -> Self {
        Self {
            referrers: options.referrers,
            filters: options.filters,
            referrers_page: options.referrers_page,
            deletes: options.deletes,
            blobs: options.blobs,
        }
    }
}

/// An endpoint below `/v2/<name>/`.
enum Endpoint<'a> {
    Manifest(&'a str),
    Uploads,
    Upload(&'a str),
    Blob(&'a str),
    Referrers(&'a str),
    Tags,
}

impl Service for Registry {
    fn answer(&self, ask: &Ask) -> Answer {
        let mut answer = self.route(ask).unwrap_or_else(|refusal| refusal);
        if ask.method == Method::HEAD {
            let length = answer.body.len().to_string();
            answer = answer.with("content-length", length);
            answer.body.clear();
        }
        answer.with("docker-distribution-api-version", "registry/2.0")
    }
}

impl Registry {
    fn route(&self, ask: &Ask) -> Result<Answer, Answer> {
        if let Some(answer) = self.door.token_endpoint(ask) {
            return Ok(answer);
        }
        if let Some(rest) = ask.path.strip_prefix("/storage/") {
            return self.storage(ask, rest);
        }
        let rest = ask.path.strip_prefix("/v2/").or((ask.path == "/v2").then_some(""));
        let rest = rest.ok_or_else(|| Answer::empty(StatusCode::NOT_FOUND))?;
        if rest.is_empty() {
            self.door.check_ping(ask)?;
            return Ok(Answer::json(StatusCode::OK, &json!({})));
        }
        let (name, endpoint) = split(rest).ok_or_else(|| Answer::empty(StatusCode::NOT_FOUND))?;
        if !is_name(name) {
            return Err(refuse(Code::NameInvalid, name));
        }
        let action = match ask.method {
            Method::GET | Method::HEAD if !matches!(endpoint, Endpoint::Upload(_)) => Action::Pull,
            Method::DELETE if !matches!(endpoint, Endpoint::Upload(_)) => Action::Delete,
            _ => Action::Push,
        };
        if action == Action::Delete && self.rules.deletes == Deletes::Unsupported {
            return Err(refuse(Code::Unsupported, "deleting is not supported"));
        }
        self.door.check(ask, name, action)?;
        match endpoint {
            Endpoint::Manifest(reference) => self.manifest(ask, name, reference),
            Endpoint::Uploads => self.start_upload(ask, name),
            Endpoint::Upload(session) => self.upload(ask, name, session),
            Endpoint::Blob(digest) => self.blob(ask, name, digest),
            Endpoint::Referrers(subject) => self.referrers(ask, name, subject),
            Endpoint::Tags => self.tags(ask, name),
        }
    }
}

fn split(rest: &str) -> Option<(&str, Endpoint<'_>)> {
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Some((name, Endpoint::Tags));
    }
    if let Some((name, session)) = rest.rsplit_once("/blobs/uploads/") {
        let endpoint =
            if session.is_empty() { Endpoint::Uploads } else { Endpoint::Upload(session) };
        return Some((name, endpoint));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads") {
        return Some((name, Endpoint::Uploads));
    }
    let (name, kind, last) = {
        let (head, last) = rest.rsplit_once('/')?;
        let (name, kind) = head.rsplit_once('/')?;
        (name, kind, last)
    };
    let endpoint = match kind {
        "manifests" => Endpoint::Manifest(last),
        "blobs" => Endpoint::Blob(last),
        "referrers" => Endpoint::Referrers(last),
        _ => return None,
    };
    Some((name, endpoint))
}

/// distribution-spec, "Pulling manifests": lower-case components with single separators.
fn is_name(name: &str) -> bool {
    let component = |part: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(part.chars().next())
            && edge(part.chars().last())
            && part.chars().all(|c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
            })
    };
    name.len() <= 255 && name.split('/').all(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_are_lower_case_components() {
        for name in ["a", "a/b-c/d_e.f", "0"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "A", "a//b", "a/", "-a", "a b", &"a".repeat(256)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
