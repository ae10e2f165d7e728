//! Azure Resource Manager with one registry, and the storage account where sources and logs are.

mod runs;
mod storage;

pub use runs::{Ending, Queueing, RunPlan};
pub use storage::STORAGE_SIGNATURE;
pub(super) use storage::Storage;

use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::entra::{Issued, MANAGEMENT_AUDIENCE};
use super::message::{Answer, Ask};
use super::registry::Registry;
use super::server::Service;
use super::{Identity, Lab};
use crate::clock::Clock;
use runs::Runs;

/// The registry's name in Azure Resource Manager.
pub const MANAGED_REGISTRY: &str = "labregistry";
/// The one subscription, and the resource group of the registry.
pub const SUBSCRIPTION: &str = "00000000-0000-4000-8000-0000000000a5";
pub const RESOURCE_GROUP: &str = "lab-rg";

/// What an identity may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builds {
    Allowed,
    /// The registry is seen; its tasks are refused.
    Refused,
    /// Nothing is seen of it.
    Hidden,
}

pub(super) struct Arm {
    pub identity: Identity,
    pub issued: Arc<Issued>,
    pub clock: Arc<dyn Clock>,
    pub registry: Arc<Registry>,
    pub login_server: String,
    pub storage: Arc<Storage>,
    state: Mutex<State>,
}

struct State {
    builds: Builds,
    runs: Runs,
}

impl Lab {
    /// `localhost:PORT`, https: Azure Resource Manager.
    pub fn management_host(&self) -> &str {
        &self.management_host
    }

    /// From now on.
    pub fn builds(&self, builds: Builds) {
        self.arm.state().builds = builds;
    }

    /// How the runs that are queued from now on go.
    pub fn plan_runs(&self, plan: RunPlan) {
        self.arm.state().runs.plan = plan;
    }

    /// The bodies of the build requests so far.
    pub fn build_requests(&self) -> Vec<Value> {
        self.arm.state().runs.requests()
    }

    /// How many runs were cancelled.
    pub fn cancelled_runs(&self) -> usize {
        self.arm.state().runs.cancelled()
    }

    /// The names in the source that was uploaded last, sorted; none before there is one.
    pub fn uploaded(&self) -> Option<Vec<String>> {
        names(&self.arm.storage.last_upload()?)
    }
}

impl Arm {
    pub(super) fn new(
        identity: Identity,
        issued: Arc<Issued>,
        clock: Arc<dyn Clock>,
        registry: Arc<Registry>,
        login_server: String,
        storage: Arc<Storage>,
    ) -> Arc<Self> {
        let state = Mutex::new(State { builds: Builds::Allowed, runs: Runs::default() });
        Arc::new(Self { identity, issued, clock, registry, login_server, storage, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds this lock")
    }
}

impl Service for Arm {
    fn answer(&self, ask: &Ask) -> Answer {
        self.route(ask).unwrap_or_else(|refusal| refusal)
    }
}

impl Arm {
    fn route(&self, ask: &Ask) -> Result<Answer, Answer> {
        let token = ask.bearer().and_then(|token| self.issued.find(token, MANAGEMENT_AUDIENCE));
        let Some(token) = token else {
            return Err(error(
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                "The access token is invalid.",
            ));
        };
        if ask.query("api-version").is_none_or(str::is_empty) {
            return Err(error(
                StatusCode::BAD_REQUEST,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            ));
        }
        let builds = self.state().builds;
        let path: Vec<&str> = ask.path.trim_start_matches('/').split('/').collect();
        match (&ask.method, path.as_slice()) {
            (&Method::GET, ["subscriptions"]) => Ok(ok(&json!({ "value": [{
                "subscriptionId": SUBSCRIPTION, "displayName": "Lab", "state": "Enabled",
            }] }))),
            (&Method::GET, ["subscriptions", SUBSCRIPTION, "resources"]) => {
                let filter = ask.query("$filter").unwrap_or_default();
                let asked = filter.contains(&format!("name eq '{MANAGED_REGISTRY}'"));
                let seen = asked && builds != Builds::Hidden;
                let found = seen.then(|| json!({ "id": self.id(), "name": MANAGED_REGISTRY }));
                Ok(ok(&json!({ "value": found.into_iter().collect::<Vec<_>>() })))
            }
            (method, ["subscriptions", SUBSCRIPTION, "resourceGroups", group, rest @ ..]) => {
                let ["providers", "Microsoft.ContainerRegistry", "registries", name, rest @ ..] =
                    rest
                else {
                    return Err(Answer::empty(StatusCode::NOT_FOUND));
                };
                if *name != MANAGED_REGISTRY || *group != RESOURCE_GROUP {
                    return Err(error(
                        StatusCode::NOT_FOUND,
                        "ResourceNotFound",
                        "The Resource was not found.",
                    ));
                }
                if builds == Builds::Hidden || (builds == Builds::Refused && !rest.is_empty()) {
                    let action =
                        rest.first().map_or("read".into(), |verb| format!("{verb}/action"));
                    return Err(self.forbidden(&action, token.principal.object_id()));
                }
                self.below_registry(method, rest, ask)
            }
            _ => Err(Answer::empty(StatusCode::NOT_FOUND)),
        }
    }

    fn below_registry(&self, method: &Method, rest: &[&str], ask: &Ask) -> Result<Answer, Answer> {
        let mut state = self.state();
        let now = self.clock.elapsed();
        match (method, rest) {
            (&Method::GET, []) => Ok(ok(&json!({
                "id": self.id(), "name": MANAGED_REGISTRY,
                "properties": { "loginServer": self.login_server },
            }))),
            (&Method::POST, ["listBuildSourceUploadUrl"]) => {
                let (path, url) = self.storage.new_upload();
                Ok(ok(&json!({ "relativePath": path, "uploadUrl": url })))
            }
            (&Method::POST, ["scheduleRun"]) => {
                let request: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
                self.check(&request)?;
                let number = state.runs.queue(request, now);
                match state.runs.plan.queueing {
                    Queueing::AtOnce => Ok(ok(&state.runs.told(number, now, self)?)),
                    Queueing::Later => {
                        let run =
                            format!("https://{}{}/runs/{}", ask.host, self.id(), runs::id(number));
                        let place = format!("{run}?api-version=2019-06-01-preview");
                        Ok(Answer::empty(StatusCode::ACCEPTED).with("location", place))
                    }
                }
            }
            (&Method::GET, ["runs", id]) => {
                let number = runs::number(id).ok_or_else(not_found)?;
                Ok(ok(&state.runs.told(number, now, self)?))
            }
            (&Method::POST, ["runs", id, "listLogSasUrl"]) => {
                let number = runs::number(id).ok_or_else(not_found)?;
                let (log, takes) = state.runs.log(number).ok_or_else(not_found)?;
                Ok(ok(&json!({ "logLink": self.storage.new_log(id, log, now, takes) })))
            }
            (&Method::POST, ["runs", id, "cancel"]) => {
                let number = runs::number(id).ok_or_else(not_found)?;
                state.runs.cancel(number).ok_or_else(not_found)?;
                Ok(Answer::empty(StatusCode::ACCEPTED))
            }
            _ => Err(not_found()),
        }
    }

    /// A git address, or an upload that is a tar.gz with the Dockerfile in it.
    fn check(&self, request: &Value) -> Result<(), Answer> {
        let bad = |message: &str| Err(error(StatusCode::BAD_REQUEST, "InvalidRunRequest", message));
        if request["type"] != "DockerBuildRequest" || request["isPushEnabled"] != true {
            return bad("a build that pushes is expected");
        }
        let source = request["sourceLocation"].as_str().unwrap_or_default();
        if source.starts_with("https://") {
            return Ok(());
        }
        let Some(bytes) = self.storage.upload_at(source) else {
            return bad("nothing was uploaded there");
        };
        let dockerfile = request["dockerFilePath"].as_str().unwrap_or_default();
        match names(&bytes) {
            Some(names) if names.iter().any(|name| name == dockerfile) => Ok(()),
            Some(_) => bad("the source has no such Dockerfile"),
            None => bad("the source is no tar.gz"),
        }
    }

    fn id(&self) -> String {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}/providers/\
             Microsoft.ContainerRegistry/registries/{MANAGED_REGISTRY}"
        )
    }

    fn forbidden(&self, action: &str, object_id: &str) -> Answer {
        let message = format!(
            "The client '{}' with object id '{object_id}' does not have authorization to perform action \
             'Microsoft.ContainerRegistry/registries/{action}' over scope '{}' or the scope is \
             invalid. If access was recently granted, please refresh your credentials.",
            self.identity.client_id,
            self.id()
        );
        error(StatusCode::FORBIDDEN, "AuthorizationFailed", &message)
    }
}

/// Names in a tar.gz, sorted; none where it is no such archive.
fn names(bytes: &[u8]) -> Option<Vec<String>> {
    /// most that is unpacked
    const LIMIT: u64 = 256 << 20;
    let unpacked = flate2::read::GzDecoder::new(bytes).take(LIMIT);
    let mut archive = tar::Archive::new(unpacked);
    let mut names = Vec::new();
    for entry in archive.entries().ok()? {
        names.push(entry.ok()?.path().ok()?.to_str()?.to_owned());
    }
    names.sort();
    Some(names)
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body).with("cache-control", "no-cache")
}

fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "RunNotFound", "The run was not found.")
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}
