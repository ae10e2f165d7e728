//! GitHub's REST API as a job's own token sees it: check runs, commit statuses, comments on pull
//! requests. It answers below `/api/v3`, as GitHub Enterprise does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::message::{Answer, Ask};
use super::server::Service;
use super::{Identity, Lab};

/// The one repository.
pub const GITHUB_REPOSITORY: &str = "octo-org/octo-repo";
/// Who the job's own token writes as.
const BOT: &str = "github-actions[bot]";
/// Characters of a check run's summary and title.
const SUMMARY_LIMIT: usize = 65_535;
/// Characters of a commit status's description.
const DESCRIPTION_LIMIT: usize = 140;
/// Characters of a comment.
const COMMENT_LIMIT: usize = 65_536;

/// What the job's token may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GitHubPermission {
    /// `checks: write`
    Checks,
    /// `statuses: write`
    Statuses,
    /// `pull-requests: write`
    PullRequests,
}

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub pull: u64,
    pub author: String,
    pub body: String,
}

/// The API and what was written through it.
pub(super) struct GitHub {
    identity: Identity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    withheld: BTreeSet<GitHubPermission>,
    check_runs: Vec<Value>,
    statuses: Vec<Value>,
    comments: Vec<Comment>,
    last_id: u64,
}

impl Lab {
    /// For `GITHUB_API_URL`.
    pub fn github_api_url(&self) -> String {
        format!("https://{}/api/v3", self.github_host)
    }

    /// Takes a permission from the job's token.
    pub fn withhold(&self, permission: GitHubPermission) {
        self.github.state().withheld.insert(permission);
    }

    /// The bodies of the check runs made so far.
    pub fn check_runs(&self) -> Vec<Value> {
        self.github.state().check_runs.clone()
    }

    /// The bodies of the commit statuses set so far, each with its `sha`.
    pub fn commit_statuses(&self) -> Vec<Value> {
        self.github.state().statuses.clone()
    }

    pub fn comments(&self) -> Vec<Comment> {
        self.github.state().comments.clone()
    }

    /// Puts a comment straight onto a pull request; an author that ends in `[bot]` is one.
    pub fn comment(&self, pull: u64, author: &str, body: &str) {
        self.github.state().comment(pull, author, body);
    }
}

impl GitHub {
    pub(super) fn new(identity: Identity) -> Arc<Self> {
        Arc::new(Self { identity, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds this lock")
    }
}

impl State {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn comment(&mut self, pull: u64, author: &str, body: &str) -> Comment {
        let id = self.next_id();
        let comment = Comment { id, pull, author: author.to_owned(), body: body.to_owned() };
        self.comments.push(comment.clone());
        comment
    }

    fn may(&self, permission: GitHubPermission) -> Result<(), Answer> {
        match self.withheld.contains(&permission) {
            true => Err(refused(StatusCode::FORBIDDEN, "Resource not accessible by integration")),
            false => Ok(()),
        }
    }
}

impl Service for GitHub {
    fn answer(&self, ask: &Ask) -> Answer {
        self.route(ask).unwrap_or_else(|refusal| refusal)
    }
}

impl GitHub {
    fn route(&self, ask: &Ask) -> Result<Answer, Answer> {
        if ask.bearer() != Some(self.identity.github_token.expose()) {
            return Err(refused(StatusCode::UNAUTHORIZED, "Bad credentials"));
        }
        if ask.header("user-agent").is_none() {
            return Err(refused(
                StatusCode::FORBIDDEN,
                "Request forbidden by administrative rules",
            ));
        }
        let not_found = || refused(StatusCode::NOT_FOUND, "Not Found");
        let path = ask.path.strip_prefix("/api/v3").ok_or_else(not_found)?;
        if path == "/user" {
            // an app's token is nobody's
            return Err(refused(StatusCode::FORBIDDEN, "Resource not accessible by integration"));
        }
        let below = path.strip_prefix("/repos/").and_then(|p| p.strip_prefix(GITHUB_REPOSITORY));
        let parts: Vec<&str> = below.ok_or_else(not_found)?.trim_matches('/').split('/').collect();
        let mut state = self.state();
        match (&ask.method, parts.as_slice()) {
            (&Method::POST, ["check-runs"]) => check_run(&mut state, ask),
            (&Method::GET, ["commits", sha, "check-runs"]) => {
                let of = |run: &&Value| run["head_sha"] == *sha;
                let runs: Vec<&Value> = state.check_runs.iter().filter(of).collect();
                Ok(Answer::json(StatusCode::OK, &json!({ "check_runs": runs })))
            }
            (&Method::POST, ["statuses", sha]) => status(&mut state, sha, ask),
            (&Method::GET, ["issues", number, "comments"]) => {
                state.may(GitHubPermission::PullRequests)?;
                Ok(page(&state.comments, number, ask))
            }
            (&Method::POST, ["issues", number, "comments"]) => {
                state.may(GitHubPermission::PullRequests)?;
                let pull = number.parse().map_err(|_| not_found())?;
                let made = state.comment(pull, BOT, &comment_body(ask)?);
                Ok(Answer::json(StatusCode::CREATED, &shown(&made)))
            }
            (&Method::PATCH, ["issues", "comments", id]) => {
                state.may(GitHubPermission::PullRequests)?;
                let body = comment_body(ask)?;
                let mut comments = state.comments.iter_mut();
                let comment = comments.find(|comment| comment.id.to_string() == *id);
                let comment = comment.ok_or_else(not_found)?;
                comment.body = body;
                Ok(Answer::json(StatusCode::OK, &shown(comment)))
            }
            _ => Err(not_found()),
        }
    }
}

fn check_run(state: &mut State, ask: &Ask) -> Result<Answer, Answer> {
    state.may(GitHubPermission::Checks)?;
    let mut body = read(ask)?;
    let conclusions = ["success", "failure", "neutral"];
    let good = text(&body, "name").is_some()
        && text(&body, "head_sha").is_some_and(is_sha)
        && text(&body, "conclusion").is_some_and(|word| conclusions.contains(&word))
        && ["title", "summary"].iter().all(|member| {
            let text = text(&body["output"], member);
            text.is_some_and(|text| text.chars().count() <= SUMMARY_LIMIT)
        });
    if !good {
        return Err(invalid());
    }
    body["id"] = state.next_id().into();
    state.check_runs.push(body.clone());
    Ok(Answer::json(StatusCode::CREATED, &body))
}

fn status(state: &mut State, sha: &str, ask: &Ask) -> Result<Answer, Answer> {
    state.may(GitHubPermission::Statuses)?;
    let mut body = read(ask)?;
    let description = text(&body, "description").unwrap_or_default();
    let good = is_sha(sha)
        && text(&body, "state").is_some_and(|word| ["success", "failure"].contains(&word))
        && text(&body, "context").is_some()
        && description.chars().count() <= DESCRIPTION_LIMIT;
    if !good {
        return Err(invalid());
    }
    body["sha"] = sha.into();
    state.statuses.push(body.clone());
    Ok(Answer::json(StatusCode::CREATED, &body))
}

fn comment_body(ask: &Ask) -> Result<String, Answer> {
    let body = read(ask)?;
    let body = text(&body, "body").filter(|body| body.chars().count() <= COMMENT_LIMIT);
    body.map(str::to_owned).ok_or_else(invalid)
}

/// `?per_page=30&page=1`, oldest first.
fn page(comments: &[Comment], pull: &str, ask: &Ask) -> Answer {
    let number = |name, default: usize| {
        ask.query(name).and_then(|text| text.parse().ok()).unwrap_or(default).clamp(1, 100)
    };
    let (size, page) = (number("per_page", 30), number("page", 1));
    let of_pull = comments.iter().filter(|comment| comment.pull.to_string() == pull);
    let list: Vec<Value> = of_pull.skip((page - 1) * size).take(size).map(shown).collect();
    Answer::json(StatusCode::OK, &json!(list))
}

fn shown(comment: &Comment) -> Value {
    let kind = if comment.author.ends_with("[bot]") { "Bot" } else { "User" };
    json!({
        "id": comment.id,
        "body": comment.body,
        "user": { "login": comment.author, "type": kind },
    })
}

fn read(ask: &Ask) -> Result<Value, Answer> {
    serde_json::from_slice(&ask.body)
        .map_err(|_| refused(StatusCode::BAD_REQUEST, "Problems parsing JSON"))
}

fn text<'a>(body: &'a Value, member: &str) -> Option<&'a str> {
    body.get(member)?.as_str().filter(|text| !text.is_empty())
}

fn is_sha(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn invalid() -> Answer {
    refused(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed")
}

fn refused(status: StatusCode, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }),
    )
}
