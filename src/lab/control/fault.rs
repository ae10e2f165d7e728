//! What can go wrong on a route, and how often.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Which service of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Registry,
    Vault,
    Entra,
    /// The OCSP responder and the CRL server.
    Status,
    GitHub,
    /// Azure Resource Manager.
    Management,
    Storage,
    Tsa,
    ArtifactSigning,
}

/// Requests that a fault meets; each part left out matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    pub(super) role: Option<Role>,
    pub(super) method: Option<String>,
    pub(super) path: String,
}

impl Route {
    pub fn any() -> Self {
        Self::default()
    }

    pub fn on(role: Role) -> Self {
        Self { role: Some(role), ..Self::default() }
    }

    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// A part of the path, as `/manifests/`.
    pub fn path(mut self, part: &str) -> Self {
        self.path = part.to_owned();
        self
    }

    fn matches(&self, role: Role, method: &str, path: &str) -> bool {
        self.role.is_none_or(|wanted| wanted == role)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path.contains(&self.path)
    }
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status and these headers, an empty body; nothing is done.
    Status(u16, Vec<(String, String)>),
    /// This status and this JSON body; nothing is done.
    Error(u16, String),
    /// The connection is cut; nothing is done.
    Reset,
    /// What was asked is done, then the connection is cut before the answer.
    LostAnswer,
    /// The answer comes later, by at most 50 ms.
    Delay(Duration),
    /// The answer's body never ends before 128 MiB.
    Huge,
    /// The true answer with another body.
    Body(Bytes),
    /// The true answer with one header set.
    Header(String, String),
}

impl Fault {
    /// 429 with `Retry-After` in seconds.
    pub fn throttled(seconds: u32) -> Self {
        Fault::Status(429, vec![("Retry-After".to_owned(), seconds.to_string())])
    }

    /// 503 without a word.
    pub fn unavailable() -> Self {
        Fault::Status(503, Vec::new())
    }
}

/// A fault waiting for its requests.
pub(super) struct Rule {
    pub route: Route,
    pub fault: Fault,
    pub skip: usize,
    pub times: usize,
}

/// The fault for this request, of the first rule that has one; every rule that matches and still
/// skips counts it.
pub(super) fn take(rules: &mut [Rule], role: Role, method: &str, path: &str) -> Option<Fault> {
    for rule in rules.iter_mut().filter(|rule| rule.times > 0) {
        if !rule.route.matches(role, method, path) {
            continue;
        }
        if rule.skip > 0 {
            rule.skip -= 1;
            continue;
        }
        rule.times -= 1;
        return Some(rule.fault.clone());
    }
    None
}
