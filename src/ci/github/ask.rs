//! The requests behind each channel, and the patience with which they are made.

use std::time::Duration;

use serde::Deserialize;

use super::say::Said;
use super::workflow::{Origin, Pull};
use super::{Answer, Api, Call, Channel, Refusal, WorkflowRun};
use crate::clock::Clock;

/// How often something is asked.
const TRIES: u32 = 3;
/// The wait before the second try, where GitHub names none; then twice that.
const PAUSE: Duration = Duration::from_secs(1);
/// Entries of one page of a list: GitHub's most.
const PER_PAGE: usize = 100;
/// Pages of comments looked through: a pull request with more has other troubles.
const PAGES: usize = 20;

/// Everything a request needs.
pub struct Asking<'a> {
    pub api: &'a dyn Api,
    pub clock: &'a dyn Clock,
    /// When no further try begins, as [`Clock::elapsed`] counts.
    pub end: Duration,
    pub run: &'a WorkflowRun,
}

/// A try that told nothing.
enum Failed {
    /// Worth another try, after what GitHub asked for.
    Passing(Refusal, Option<Duration>),
    Final(Refusal),
}

impl Asking<'_> {
    /// Tells it by this channel, within a few tries; what was told, or that there is nobody to tell.
    pub async fn tell(&self, channel: Channel, said: &Said) -> Result<String, Refusal> {
        let mut tries = 0;
        loop {
            let tried = match (channel, &self.run.pull) {
                (Channel::CheckRun, _) => self.check_run(said, tries).await,
                (Channel::CommitStatus, _) => self.commit_status(said).await,
                (Channel::PullRequestComment, Some(pull)) => self.comment(said, pull).await,
                (Channel::PullRequestComment, None) => {
                    return Ok("no comment: this workflow does not run for a pull request".into());
                }
            };
            let (refusal, asked) = match tried {
                Ok(line) => return Ok(line),
                Err(Failed::Final(refusal)) => return Err(refusal),
                Err(Failed::Passing(refusal, asked)) => (refusal, asked),
            };
            let wait = asked.unwrap_or(PAUSE * (1 << tries));
            tries += 1;
            if tries >= TRIES || self.clock.elapsed().saturating_add(wait) >= self.end {
                return Err(refusal);
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Makes a check run, once: a try whose answer was lost is looked for first.
    async fn check_run(&self, said: &Said, tries: u32) -> Result<String, Failed> {
        if tries == 0 || !self.has_check_run(said).await {
            let call = Call::post(self.path("check-runs"), said.check_run());
            self.sent(Channel::CheckRun, call).await?;
        }
        Ok(format!("told GitHub: check run {}", said.name))
    }

    /// Sets a commit status: the same again changes nothing.
    async fn commit_status(&self, said: &Said) -> Result<String, Failed> {
        let Some(body) = said.commit_status() else {
            return Ok("a dry run sets no commit status".to_owned());
        };
        let path = self.path(&format!("statuses/{}", self.run.sha));
        self.sent(Channel::CommitStatus, Call::post(path, body)).await?;
        Ok(format!("told GitHub: commit status {}", said.name))
    }

    /// Writes over this step's own comment, or makes it where there is none; each try looks anew.
    async fn comment(&self, said: &Said, pull: &Pull) -> Result<String, Failed> {
        let comments = self.path(&format!("issues/{}/comments", pull.number));
        let (call, word) = match self.own_comment(&comments, &said.marker()).await? {
            Some(id) => {
                let path = self.path(&format!("issues/comments/{id}"));
                (Call::patch(path, said.comment()), "updated")
            }
            None => (Call::post(comments, said.comment()), "made"),
        };
        self.sent(Channel::PullRequestComment, call).await?;
        Ok(format!("told GitHub: comment on pull request {} {word}", pull.number))
    }

    /// The comment that begins with the marker and that the token's owner wrote: anyone may write the
    /// marker.
    async fn own_comment(&self, comments: &str, marker: &str) -> Result<Option<u64>, Failed> {
        let channel = Channel::PullRequestComment;
        for page in 1..=PAGES {
            let path = format!("{comments}?per_page={PER_PAGE}&page={page}");
            let answer = self.sent(channel, Call::get(path)).await?;
            let Some(list) = answer.read::<Vec<CommentDraft>>() else {
                return Err(Failed::Final(Refusal::Refused {
                    channel,
                    status: answer.status,
                    message: "the list of comments cannot be read".to_owned(),
                }));
            };
            for comment in &list {
                if comment.begins_with(marker) && self.wrote(comment).await {
                    return Ok(Some(comment.id));
                }
            }
            if list.len() < PER_PAGE {
                break;
            }
        }
        Ok(None)
    }

    /// The job's own token and those of apps write as bots, which no outsider is; a personal token
    /// writes as its owner.
    async fn wrote(&self, comment: &CommentDraft) -> bool {
        let Some(author) = &comment.user else { return false };
        if author.kind == "Bot" {
            return true;
        }
        let answer = self.api.call(Call::get("/user".to_owned())).await.ok();
        let owner = answer.filter(|answer| answer.status == 200).and_then(|answer| answer.read());
        owner.is_some_and(|owner: UserDraft| owner.login == author.login)
    }

    async fn has_check_run(&self, said: &Said) -> bool {
        let path = format!("commits/{}/check-runs?filter=latest&per_page={PER_PAGE}", self.run.sha);
        let Ok(answer) = self.api.call(Call::get(self.path(&path))).await else { return false };
        let list: Option<CheckRunsDraft> = answer.read();
        list.is_some_and(|list| {
            list.check_runs.iter().any(|run| run.external_id.as_ref() == Some(&said.external_id))
        })
    }

    /// The answer, where it is a good one.
    async fn sent(&self, channel: Channel, call: Call) -> Result<Answer, Failed> {
        let answer = self.api.call(call).await.map_err(|unanswered| {
            let reason = unanswered.to_string();
            Failed::Passing(Refusal::Unanswered { channel, reason }, None)
        })?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(self.sorted(channel, &answer))
    }

    /// docs.github.com, "Rate limits for the REST API": 403 or 429, with `Retry-After` or without.
    fn sorted(&self, channel: Channel, answer: &Answer) -> Failed {
        let (status, message) = (answer.status, answer.message());
        let lower = message.to_ascii_lowercase();
        let limited = status == 429
            || (status == 403
                && (answer.exhausted
                    || answer.retry_after.is_some()
                    || lower.contains("rate limit")));
        match status {
            _ if limited => {
                let refusal = Refusal::RateLimit { channel, status, message };
                match answer.retry_after {
                    Some(wait) => Failed::Passing(refusal, Some(wait)),
                    // a minute at least: longer than a report is worth
                    None => Failed::Final(refusal),
                }
            }
            408 | 500..=599 => {
                Failed::Passing(Refusal::Refused { channel, status, message }, answer.retry_after)
            }
            403 | 404 if !lower.contains("locked") => {
                let origin = self.run.pull.as_ref().map_or(Origin::Here, |pull| pull.origin);
                Failed::Final(Refusal::Permission { channel, status, message, origin })
            }
            _ => Failed::Final(Refusal::Refused { channel, status, message }),
        }
    }

    fn path(&self, below: &str) -> String {
        format!("/repos/{}/{below}", self.run.repository)
    }
}

#[derive(Deserialize)]
struct CommentDraft {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    /// None when the account is gone.
    user: Option<UserDraft>,
}

impl CommentDraft {
    fn begins_with(&self, marker: &str) -> bool {
        self.body.as_deref().is_some_and(|body| body.starts_with(marker))
    }
}

#[derive(Deserialize)]
struct UserDraft {
    login: String,
    /// `Bot` or `User`
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct CheckRunsDraft {
    check_runs: Vec<CheckRunDraft>,
}

#[derive(Deserialize)]
struct CheckRunDraft {
    external_id: Option<String>,
}
