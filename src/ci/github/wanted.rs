//! The inputs: whether GitHub is told, with which token, and how.

use crate::ci::draft::{Draft, InputError};
use crate::secret::Secret;

/// A way to tell GitHub something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    CheckRun,
    CommitStatus,
    PullRequestComment,
}

/// All of them, in the order in which they are used.
pub const CHANNELS: [Channel; 3] =
    [Channel::CheckRun, Channel::CommitStatus, Channel::PullRequestComment];

impl Channel {
    /// The word in the input.
    pub fn name(self) -> &'static str {
        match self {
            Channel::CheckRun => "check-run",
            Channel::CommitStatus => "commit-status",
            Channel::PullRequestComment => "pull-request-comment",
        }
    }

    /// In a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Channel::CheckRun => "check run",
            Channel::CommitStatus => "commit status",
            Channel::PullRequestComment => "comment on the pull request",
        }
    }

    /// The line below `permissions:` that it takes, and no other.
    pub fn permission(self) -> &'static str {
        match self {
            Channel::CheckRun => "checks: write",
            Channel::CommitStatus => "statuses: write",
            Channel::PullRequestComment => "pull-requests: write",
        }
    }
}

/// What the inputs `github-token` and `github-reports` ask for.
#[derive(Debug, Clone, Default)]
pub struct GitHubReports {
    /// Without it nobody is told.
    pub token: Option<Secret>,
    /// Each once, in the order of `CHANNELS`.
    pub channels: Vec<Channel>,
    /// The images as they were given: a step that cannot begin knows no others.
    pub images: Vec<String>,
}

impl Draft {
    /// What the inputs ask for; these alone are checked.
    pub fn github_reports(&self) -> Result<GitHubReports, InputError> {
        let mut channels = Vec::new();
        for word in self.list("github-reports") {
            let channel = CHANNELS.into_iter().find(|channel| channel.name() == word);
            channels.push(channel.ok_or_else(|| InputError::Invalid {
                name: "github-reports",
                found: word,
                expected: CHANNELS.map(|channel| format!("`{}`", channel.name())).join(" or "),
            })?);
        }
        let wanted = CHANNELS.into_iter().filter(|channel| channels.contains(channel));
        Ok(GitHubReports {
            token: self.text("github-token").map(Secret::new),
            channels: wanted.collect(),
            images: self.list("images"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::table::known;
    use crate::env::Env;
    use crate::fault::Fault;

    fn read(pairs: &[(&str, &str)]) -> Result<GitHubReports, InputError> {
        let env: Env = pairs.iter().map(|(k, v)| (format!("INPUT_{k}"), (*v).to_owned())).collect();
        Draft::from_env(&env).0.github_reports()
    }

    #[test]
    fn a_check_run_and_a_comment_are_told_unless_others_are_named() {
        let default = [Channel::CheckRun, Channel::PullRequestComment];
        assert_eq!(read(&[]).unwrap().channels, default);
        let named = read(&[("GITHUB-REPORTS", "pull-request-comment, commit-status")]).unwrap();
        assert_eq!(named.channels, [Channel::CommitStatus, Channel::PullRequestComment]);
        assert!(named.token.is_none());
    }

    #[test]
    fn a_word_that_is_no_channel_is_refused() {
        let error = read(&[("GITHUB-REPORTS", "check-run,comment")]).unwrap_err();
        assert_eq!(error.code(), "ci-input-invalid");
        assert!(error.to_string().contains("`pull-request-comment`"), "{error}");
    }

    #[test]
    fn the_description_names_every_word() {
        let described = known("github-reports").unwrap().description;
        for channel in CHANNELS {
            assert!(described.contains(channel.name()), "{described}");
            assert!(described.contains(channel.permission()), "{described}");
        }
    }
}
