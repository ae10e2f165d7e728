//! The run of a workflow: its repository, the commit that is told about, its pull request.

use std::fs::File;
use std::io::Read as _;

use serde::Deserialize;
use url::Url;

use crate::env::{Env, name};

/// The largest event: webhook payloads are capped at 25 MB (docs.github.com, "Webhook events and
/// payloads").
const EVENT_LIMIT: u64 = 25 << 20;

/// Where a run's results belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// `https://api.github.com`, or `https://HOST/api/v3` of GitHub Enterprise.
    pub api: Url,
    /// `owner/name`
    pub repository: String,
    /// The commit people look at: of a pull request its head, not the merge that was built.
    pub sha: String,
    pub pull: Option<Pull>,
    /// The page of the run.
    pub page: Option<Url>,
    /// `GITHUB_RUN_ID` and `GITHUB_RUN_ATTEMPT`.
    pub run: (String, String),
    pub workflow: String,
    pub job: String,
    /// `GITHUB_ACTION`: which step of the job.
    pub step: String,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub number: u64,
    pub origin: Origin,
}

/// Where a pull request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Here,
    /// The job's token can only read then.
    Fork,
}

/// Why there is nobody to tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NobodyToTell {
    #[error("github-token: this is no GitHub workflow, so there is no GitHub to tell")]
    NoGitHub,
    #[error("github-token: under act there is no GitHub to tell")]
    Act,
    #[error(
        "github-token: there is no GitHub to tell, {variable} is {found:?}; expected {expected}"
    )]
    Variable { variable: &'static str, found: String, expected: &'static str },
}

impl WorkflowRun {
    /// The run this process is a step of.
    pub fn from_env(env: &Env) -> Result<Self, NobodyToTell> {
        if env.value(name::GITHUB_ACTIONS) != Some("true") {
            return Err(NobodyToTell::NoGitHub);
        }
        if env.value(name::ACT).is_some() {
            return Err(NobodyToTell::Act);
        }
        let text = |variable: &'static str| env.value(variable).unwrap_or_default().to_owned();
        let refused =
            |variable, found, expected| Err(NobodyToTell::Variable { variable, found, expected });
        let api = text(name::GITHUB_API_URL);
        let Some(api_url) = https(&api) else {
            return refused(name::GITHUB_API_URL, api, "an https address");
        };
        let repository = text(name::GITHUB_REPOSITORY);
        if !is_repository(&repository) {
            return refused(name::GITHUB_REPOSITORY, repository, "`owner/name`");
        }
        let event = env.value(name::GITHUB_EVENT_PATH).and_then(read_event);
        let pull = event.and_then(|event| event.pull_request);
        let head = pull.as_ref().map(|pull| pull.head.sha.clone());
        let sha = head.filter(|sha| is_sha(sha)).unwrap_or_else(|| text(name::GITHUB_SHA));
        if !is_sha(&sha) {
            return refused(name::GITHUB_SHA, sha, "a commit");
        }
        let run = (text(name::GITHUB_RUN_ID), text(name::GITHUB_RUN_ATTEMPT));
        let page = https(&text(name::GITHUB_SERVER_URL))
            .filter(|_| !run.0.is_empty() && run.0.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|server| server.join(&format!("/{repository}/actions/runs/{}", run.0)).ok());
        Ok(Self {
            api: api_url,
            pull: match pull {
                Some(pull) => Some(pull.validate(&repository)),
                None => pull_of_ref(&text(name::GITHUB_REF)),
            },
            repository,
            sha,
            page,
            run,
            workflow: text(name::GITHUB_WORKFLOW),
            job: text(name::GITHUB_JOB),
            step: text(name::GITHUB_ACTION),
        })
    }
}

/// The part of an event that matters here.
#[derive(Deserialize)]
struct EventDraft {
    pull_request: Option<PullDraft>,
}

#[derive(Deserialize)]
struct PullDraft {
    number: u64,
    head: HeadDraft,
}

#[derive(Deserialize)]
struct HeadDraft {
    sha: String,
    /// Gone when the fork was deleted.
    repo: Option<RepositoryDraft>,
}

#[derive(Deserialize)]
struct RepositoryDraft {
    full_name: String,
}

impl PullDraft {
    fn validate(self, repository: &str) -> Pull {
        let here = self.head.repo.is_some_and(|from| from.full_name == repository);
        Pull { number: self.number, origin: if here { Origin::Here } else { Origin::Fork } }
    }
}

/// None where there is no event that can be read: the variables serve then.
fn read_event(path: &str) -> Option<EventDraft> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(EVENT_LIMIT + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > EVENT_LIMIT {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

/// `refs/pull/12/merge`
fn pull_of_ref(reference: &str) -> Option<Pull> {
    let number = reference.strip_prefix("refs/pull/")?.split('/').next()?;
    Some(Pull { number: number.parse().ok()?, origin: Origin::Here })
}

fn https(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    let bare = url.query().is_none() && url.fragment().is_none();
    (url.scheme() == "https" && plain && bare).then_some(url)
}

fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !part.is_empty() && part.bytes().all(allowed) && part.bytes().any(|b| b != b'.')
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

/// SHA-1 or SHA-256, as git writes them.
fn is_sha(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
