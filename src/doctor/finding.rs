//! What a check found, in one line, and the command that mends it.

use super::asked::{Asked, Told};
use super::checks::Group;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Passed,
    /// Signing or verifying would fail for it.
    Failed,
    /// They would work, and something is to be known.
    Noted,
    /// It does not apply, or rests on one that failed.
    NotAsked,
}

impl Mark {
    /// `passed`, `failed`, `noted`, `not-asked`.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Failed => "failed",
            Mark::Noted => "noted",
            Mark::NotAsked => "not-asked",
        }
    }

    /// `✔`, `✖`, `!`, `–`.
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Passed => "✔",
            Mark::Failed => "✖",
            Mark::Noted => "!",
            Mark::NotAsked => "–",
        }
    }
}

pub const MARKS: [Mark; 4] = [Mark::Passed, Mark::Failed, Mark::Noted, Mark::NotAsked];

/// One check's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable: `vault-key-sign`.
    pub check: &'static str,
    pub group: Group,
    pub mark: Mark,
    /// One line; of a failure, what signing or verifying says.
    pub text: String,
    pub because: Vec<String>,
    /// The command that mends it.
    pub hint: Option<String>,
    /// The fault's, where there is one.
    pub code: Option<&'static str>,
}

/// The name and the place of a check, from which its findings are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub check: &'static str,
    pub group: Group,
}

impl Line {
    pub fn passed(self, text: impl Into<String>) -> Finding {
        self.made(Mark::Passed, text.into())
    }

    pub fn noted(self, text: impl Into<String>) -> Finding {
        self.made(Mark::Noted, text.into())
    }

    pub fn not_asked(self, subject: &str, why: &str) -> Finding {
        self.made(Mark::NotAsked, format!("{subject}: not asked, {why}"))
    }

    pub fn failed(self, told: &Told) -> Finding {
        self.told(Mark::Failed, told)
    }

    pub fn told(self, mark: Mark, told: &Told) -> Finding {
        Finding {
            because: told.because.clone(),
            hint: told.hint.clone(),
            code: Some(told.code),
            ..self.made(mark, told.text.clone())
        }
    }

    /// The answer's finding, the refusal as a failure, or why it was not asked.
    pub fn judged<T>(
        self,
        subject: &str,
        asked: &Asked<T>,
        judge: impl FnOnce(&T) -> Finding,
    ) -> Finding {
        match asked {
            Asked::Answered(answer) => judge(answer),
            Asked::Refused(told) => self.failed(told),
            Asked::Not(why) => self.not_asked(subject, why),
        }
    }

    fn made(self, mark: Mark, text: String) -> Finding {
        let Self { check, group } = self;
        Finding { check, group, mark, text, because: Vec::new(), hint: None, code: None }
    }
}

impl Finding {
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn because(self, because: Vec<String>) -> Self {
        Self { because, ..self }
    }
}
