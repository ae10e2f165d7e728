//! A run: queued, followed to its end, cancelled.

use std::time::Duration;

use http::{Method, StatusCode};

use super::arm::{Again, Call, json_of};
use super::log::Log;
use super::request::{BuildRequest, ImageName, is_plain_tag};
use super::storage::SignedUrl;
use super::{ManagedRegistry, Tasks, TasksError};
use crate::azure::error::{NO_CODE, one_line};
use crate::crypto::Digest;
use crate::http::Deadline;

/// Every cloud serves it (learn.microsoft.com, "Azure Container Registry", Tasks).
pub(super) const TASKS_API: &str = "2019-06-01-preview";
/// The first that knows whose permissions a run has.
const IDENTITY_API: &str = "2025-03-01-preview";

/// waits between two looks, while something is new and while nothing is
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// looks at the log after the run's end; ACR writes its last lines late
const LAST_LOOKS: usize = 6;
/// looks for a run that is being queued
const QUEUE_LOOKS: usize = 60;
const ACCEPTED: StatusCode = StatusCode::ACCEPTED;
/// images that a run tells
const IMAGES: usize = 100;

/// A queued run's id, such as `ca1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

/// What a run built.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BuiltImage {
    /// The login server.
    pub registry: String,
    pub repository: String,
    pub tag: Option<String>,
    pub digest: String,
}

/// Whether the log is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    Shown,
    Hidden,
}

/// What is told of a run while it goes on.
pub enum Progress<'a> {
    /// A line of the log, as the build wrote it.
    Line(&'a str),
    /// The log cannot be shown; the run goes on.
    NoLog(&'a TasksError),
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl BuiltImage {
    /// `myregistry.azurecr.io/app@sha256:…`
    pub fn reference(&self) -> String {
        format!("{}/{}@{}", self.registry, self.repository, self.digest)
    }
}

#[derive(serde::Deserialize)]
struct RunDraft {
    properties: RunProperties,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties {
    run_id: String,
    status: String,
    #[serde(default)]
    output_images: Option<Vec<ImageDraft>>,
    #[serde(default)]
    run_error_message: Option<String>,
}

#[derive(serde::Deserialize)]
struct ImageDraft {
    registry: Option<String>,
    repository: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogDraft {
    log_link: Option<String>,
}

impl Tasks {
    /// Queues the build. It is asked for once: a second run would push over the first.
    pub async fn queue(
        &self,
        registry: &ManagedRegistry,
        request: &BuildRequest,
    ) -> Result<RunId, TasksError> {
        let what = "queueing the build";
        let api = request.source_identity.as_ref().map_or(TASKS_API, |_| IDENTITY_API);
        let body = request.body();
        let call = Call {
            what,
            method: Method::POST,
            url: self.arm.url(&registry.below(&["scheduleRun"]), api, &[]),
            body: Some(&body),
            again: Again::UnlessDone,
            registry: registry.name(),
        };
        let mut answer = self.arm.call(call).await?;
        for _ in 0..QUEUE_LOOKS {
            // a long-running operation tells where its result will be
            let Some(place) = answer.header("location").filter(|_| answer.status == ACCEPTED)
            else {
                break;
            };
            let url = self.arm.own(what, place)?;
            self.arm.http.clock().sleep(SHORTEST_WAIT).await;
            let call = Call { method: Method::GET, ..self.post(what, url, registry) };
            answer = self.arm.call(call).await?;
        }
        let draft: RunDraft = json_of(what, &answer)?;
        let id = draft.properties.run_id;
        let plain = (1..=50).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        match plain {
            true => Ok(RunId(id)),
            false => Err(TasksError::Answer { what, problem: "its run has no plain id".into() }),
        }
    }

    /// Follows the run to its end, at most until `deadline`; the images it built, in the order asked for.
    pub async fn follow(
        &self,
        registry: &ManagedRegistry,
        run: &RunId,
        images: &[ImageName],
        logs: Logs,
        deadline: Deadline,
        mut tell: impl FnMut(Progress<'_>),
    ) -> Result<Vec<BuiltImage>, TasksError> {
        let clock = self.arm.http.clock().clone();
        let begun = clock.elapsed();
        let mut log = match logs {
            Logs::Hidden => None,
            Logs::Shown => match self.log_url(registry, run).await {
                Ok(url) => Some(Log::new(url)),
                Err(error) => {
                    tell(Progress::NoLog(&error));
                    None
                }
            },
        };
        let mut wait = SHORTEST_WAIT;
        let ended = loop {
            let over = || TasksError::TimeOver {
                run: run.0.clone(),
                seconds: deadline.0.saturating_sub(begun).as_secs(),
            };
            let state = match self.state(registry, run).await {
                Err(TasksError::Http { .. }) if deadline.left(clock.elapsed()).is_none() => {
                    return Err(over());
                }
                state => state?,
            };
            let news = self.read_log((registry, run), &mut log, &mut tell).await;
            if is_final(&state.status) {
                break state;
            }
            if deadline.left(clock.elapsed()).is_none_or(|left| left <= wait) {
                return Err(over());
            }
            wait = if news { SHORTEST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            clock.sleep(wait).await;
        };
        self.read_rest((registry, run), log, &mut tell).await;
        match ended.status.as_str() {
            "Succeeded" => built(registry, run, ended, images),
            _ => Err(TasksError::Run {
                registry: registry.name().to_owned(),
                run: run.0.clone(),
                status: one_line(&ended.status),
                message: match ended.run_error_message.filter(|text| !text.trim().is_empty()) {
                    Some(message) => one_line(&message),
                    None => NO_CODE.to_owned(),
                },
            }),
        }
    }

    /// Asks for the end of a run.
    pub async fn cancel(&self, registry: &ManagedRegistry, run: &RunId) -> Result<(), TasksError> {
        let url = self.arm.url(&registry.below(&["runs", &run.0, "cancel"]), TASKS_API, &[]);
        self.arm.call(self.post("cancelling the run", url, registry)).await.map(drop)
    }

    async fn state(
        &self,
        registry: &ManagedRegistry,
        run: &RunId,
    ) -> Result<RunProperties, TasksError> {
        let what = "reading the run";
        let url = self.arm.url(&registry.below(&["runs", &run.0]), TASKS_API, &[]);
        let call = Call { method: Method::GET, ..self.post(what, url, registry) };
        let draft: RunDraft = self.arm.json(call).await?;
        match draft.properties.run_id == run.0 {
            true => Ok(draft.properties),
            false => Err(TasksError::Answer { what, problem: "it is of another run".into() }),
        }
    }

    async fn log_url(
        &self,
        registry: &ManagedRegistry,
        run: &RunId,
    ) -> Result<SignedUrl, TasksError> {
        let what = "asking for the log";
        let url = self.arm.url(&registry.below(&["runs", &run.0, "listLogSasUrl"]), TASKS_API, &[]);
        let draft: LogDraft = self.arm.json(self.post(what, url, registry)).await?;
        SignedUrl::parse(what, &draft.log_link.unwrap_or_default(), &self.extra_hosts)
    }

    /// Whether there was anything new. A log that cannot be read is given up: the run matters more.
    async fn read_log(
        &self,
        (registry, run): (&ManagedRegistry, &RunId),
        log: &mut Option<Log>,
        tell: &mut impl FnMut(Progress<'_>),
    ) -> bool {
        let Some(reading) = log else { return false };
        let mut news = false;
        let read = reading.follow(&self.arm.http, |line| {
            news = true;
            tell(Progress::Line(line));
        });
        match read.await {
            Ok(()) => {}
            // signed addresses end after a while
            Err(TasksError::Storage { status: 403, .. }) if reading.may_renew() => {
                match self.log_url(registry, run).await {
                    Ok(url) => reading.renew(url),
                    Err(error) => {
                        tell(Progress::NoLog(&error));
                        *log = None;
                    }
                }
            }
            Err(error) => {
                tell(Progress::NoLog(&error));
                *log = None;
            }
        }
        news
    }

    async fn read_rest(
        &self,
        of: (&ManagedRegistry, &RunId),
        mut log: Option<Log>,
        tell: &mut impl FnMut(Progress<'_>),
    ) {
        for _ in 0..LAST_LOOKS {
            self.read_log(of, &mut log, tell).await;
            let Some(reading) = &mut log else { return };
            if reading.is_done(&self.arm.http).await.unwrap_or(true) {
                break;
            }
            self.arm.http.clock().sleep(SHORTEST_WAIT).await;
        }
        if let Some(mut log) = log {
            log.end(|line| tell(Progress::Line(line)));
        }
    }
}

/// learn.microsoft.com, "Runs - Get", `RunStatus`
fn is_final(status: &str) -> bool {
    !matches!(status, "Queued" | "Started" | "Running")
}

/// What the run says it pushed, checked against what was asked for.
fn built(
    registry: &ManagedRegistry,
    id: &RunId,
    run: RunProperties,
    images: &[ImageName],
) -> Result<Vec<BuiltImage>, TasksError> {
    let all: Vec<BuiltImage> = run
        .output_images
        .unwrap_or_default()
        .into_iter()
        .take(IMAGES)
        .filter_map(|image| told(registry.login_server(), image))
        .collect();
    images
        .iter()
        .map(|asked| {
            let of = |told: &&BuiltImage| asked.is_told_by(&told.repository, told.tag.as_deref());
            all.iter().find(of).cloned().ok_or_else(|| TasksError::Untold {
                registry: registry.name().to_owned(),
                run: id.0.clone(),
                image: asked.repository().to_owned(),
            })
        })
        .collect()
}

/// An image of this registry; none where the answer says it in other letters than names have.
fn told(login_server: &str, image: ImageDraft) -> Option<BuiltImage> {
    let registry = image.registry?.to_ascii_lowercase();
    let tag = image.tag.filter(|tag| !tag.is_empty());
    let digest = image.digest.filter(|digest| Digest::parse(digest).is_ok())?;
    let plain = tag.as_deref().is_none_or(is_plain_tag);
    (plain && registry == login_server).then_some(BuiltImage {
        registry,
        repository: image.repository?,
        tag,
        digest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_told_in_other_letters_is_none() {
        let image = |registry: &str, tag: &str, digest: &str| {
            let text = |text: &str| Some(text.to_owned());
            let (registry, repository) = (text(registry), text("app"));
            told(
                "r.azurecr.io",
                ImageDraft { registry, repository, tag: text(tag), digest: text(digest) },
            )
        };
        let digest = Digest::sha256(b"").to_string();
        let found = image("R.azurecr.io", "ca1", &digest).unwrap();
        assert_eq!(found.reference(), format!("r.azurecr.io/app@{digest}"));
        assert_eq!(image("r.azurecr.io", "", &digest).unwrap().tag, None);
        assert_eq!(image("r.azurecr.io", "##vso[task.complete]", &digest), None);
        assert_eq!(image("other.azurecr.io", "ca1", &digest), None);
        assert_eq!(image("r.azurecr.io", "ca1", "sha256:x"), None);
    }
}
