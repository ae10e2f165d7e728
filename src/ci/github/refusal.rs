//! Why GitHub was not told something.

use super::Channel;
use super::workflow::Origin;
use crate::fault::Fault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the {} is refused: {status} {message}", channel.noun())]
    Permission { channel: Channel, status: u16, message: String, origin: Origin },
    #[error("the {} is refused: {status} {message}", channel.noun())]
    Refused { channel: Channel, status: u16, message: String },
    #[error("the {} is put off by GitHub's rate limit: {status} {message}", channel.noun())]
    RateLimit { channel: Channel, status: u16, message: String },
    #[error("the {} did not arrive: {reason}", channel.noun())]
    Unanswered { channel: Channel, reason: String },
}

impl Fault for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Permission { .. } => "ci-github-permission",
            Refusal::Refused { .. } => "ci-github-refused",
            Refusal::RateLimit { .. } => "ci-github-rate-limit",
            Refusal::Unanswered { .. } => "ci-github-unanswered",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Refusal::Permission { origin: Origin::Fork, .. } => {
                vec!["the token of a pull request from a fork can only read".to_owned()]
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Refusal::Permission { channel: Channel::CheckRun, message, .. }
                if of_a_person(message) =>
            {
                Some(
                    "only apps make check runs; for this token: github-reports: commit-status"
                        .to_owned(),
                )
            }
            Refusal::Permission { channel, origin: Origin::Here, .. } => Some(format!(
                "give the job this permission, beside those it has:\npermissions:\n  {}",
                channel.permission()
            )),
            Refusal::Refused { status: 401, .. } => {
                Some("give a token that is valid: github-token: ${{ github.token }}".to_owned())
            }
            _ => None,
        }
    }
}

/// What GitHub says where a personal access token asks for what only apps may do.
fn of_a_person(message: &str) -> bool {
    message.contains("GitHub App") || message.contains("personal access token")
}
