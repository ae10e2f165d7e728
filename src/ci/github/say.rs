//! The words: names, titles and texts, within GitHub's limits.

use serde_json::{Value, json};

use super::{GitHubReports, WorkflowRun};
use crate::ci::report::{Outcome, Report};
use crate::ci::summary::{code, headline, summary};
use crate::crypto::Digest;
use crate::fault::{excerpt, printable};

/// Characters of a check run's summary (docs.github.com, "Create a check run"); held in bytes.
const CHECK_LIMIT: usize = 65_535;
/// Characters of a comment are 65,536; held in bytes, less the marker and the last line.
const COMMENT_LIMIT: usize = 64_000;
/// Characters of a commit status's description (docs.github.com, "Create a commit status").
const DESCRIPTION_LIMIT: usize = 140;
/// Characters of a name or context.
const NAME_LIMIT: usize = 100;

/// What is said of one step's images.
pub struct Said {
    /// `sealwright sign: r.io/app and 2 more`
    pub name: String,
    /// The same for every run of this step for these repositories.
    identity: String,
    /// The same as `identity` for one attempt of one run only.
    pub external_id: String,
    command: &'static str,
    outcome: Outcome,
    title: String,
    summary: String,
    comment: String,
    description: String,
    sha: String,
    page: Option<String>,
}

impl Said {
    pub fn of(report: &Report, wanted: &GitHubReports, run: &WorkflowRun) -> Self {
        let given: Vec<&str> = match report.images.as_slice() {
            [] => wanted.images.iter().map(String::as_str).collect(),
            images => images.iter().map(|image| image.image.as_str()).collect(),
        };
        let mut repositories: Vec<&str> = Vec::new();
        for image in given {
            let repository = repository(image);
            if !repositories.contains(&repository) {
                repositories.push(repository);
            }
        }
        let first = repositories.first().map(|first| format!(": {}", printable(first)));
        let more = match repositories.len() {
            0 | 1 => String::new(),
            number => format!(" and {} more", number - 1),
        };
        let subject = excerpt(&first.unwrap_or_default(), NAME_LIMIT);
        repositories.sort_unstable();
        let parts = (&run.workflow, &run.job, &run.step, report.command, &repositories);
        let identity = hashed(&json!(parts));
        let page = run.page.as_ref().map(ToString::to_string);
        let title = headline(report);
        Self {
            name: format!("sealwright {}{subject}{more}", report.command),
            external_id: hashed(&json!([identity, run.run])),
            command: report.command,
            outcome: report.outcome,
            summary: summary(report, CHECK_LIMIT),
            comment: format!(
                "{}\n{}{}",
                marker(&identity),
                summary(report, COMMENT_LIMIT),
                last_line(report.command, run, page.as_deref())
            ),
            description: match &report.error {
                Some(error) => excerpt(
                    &printable(&format!("{title}: {}", error.message)),
                    DESCRIPTION_LIMIT - 1,
                ),
                None => title.clone(),
            },
            title,
            identity,
            sha: run.sha.clone(),
            page,
        }
    }

    /// How the comment begins that is this step's own; it renders as nothing.
    pub fn marker(&self) -> String {
        marker(&self.identity)
    }

    /// docs.github.com, "Create a check run"
    pub fn check_run(&self) -> Value {
        let conclusion = match self.outcome {
            Outcome::Signed | Outcome::Verified => "success",
            Outcome::Failed => "failure",
            // signed already is as good; a policy that skips has checked nothing
            Outcome::Skipped if self.command == "sign" => "success",
            Outcome::Skipped | Outcome::DryRun | Outcome::Passed => "neutral",
        };
        let mut body = json!({
            "name": self.name,
            "head_sha": self.sha,
            "status": "completed",
            "conclusion": conclusion,
            "external_id": self.external_id,
            "output": { "title": self.title, "summary": self.summary },
        });
        if let Some(page) = &self.page {
            body["details_url"] = page.as_str().into();
        }
        body
    }

    /// docs.github.com, "Create a commit status". None of a dry run or `doctor`: it would let a required status pass.
    pub fn commit_status(&self) -> Option<Value> {
        if matches!(self.outcome, Outcome::DryRun | Outcome::Passed) {
            return None;
        }
        let mut body = json!({
            "state": if self.outcome == Outcome::Failed { "failure" } else { "success" },
            "context": self.name,
            "description": self.description,
        });
        if let Some(page) = &self.page {
            body["target_url"] = page.as_str().into();
        }
        Some(body)
    }

    /// docs.github.com, "Create an issue comment"
    pub fn comment(&self) -> Value {
        json!({ "body": self.comment })
    }
}

fn marker(identity: &str) -> String {
    format!("<!-- sealwright {identity} -->")
}

/// Whose comment this is.
fn last_line(command: &str, run: &WorkflowRun, page: Option<&str>) -> String {
    let mut line = format!("\n<sub>sealwright {command} of {}", code(&run.sha[..12]));
    for (what, text) in [("workflow", &run.workflow), ("job", &run.job)] {
        if !text.is_empty() {
            line.push_str(&format!(", {what} {}", code(&excerpt(text, NAME_LIMIT))));
        }
    }
    if let Some(page) = page {
        line.push_str(&format!(" · [run]({page})"));
    }
    line + "</sub>\n"
}

fn hashed(value: &Value) -> String {
    Digest::sha256(value.to_string().as_bytes()).hex()[..32].to_owned()
}

/// A reference without digest and tag.
fn repository(image: &str) -> &str {
    let named = image.split('@').next().unwrap_or_default();
    match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}
