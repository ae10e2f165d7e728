//! What a target cannot say as the policy says it, and which way it errs.

use std::fmt;

/// How the target differs from the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It accepts images that the policy refuses.
    Looser,
    /// It refuses images that the policy accepts.
    Stricter,
    /// Neither by itself; whoever applies it has to know.
    Different,
}

/// One such difference; in its statement, or in all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub effect: Effect,
    pub statement: Option<String>,
    pub text: String,
}

impl Note {
    pub fn of(effect: Effect, statement: &str, text: impl Into<String>) -> Self {
        Self { effect, statement: Some(statement.to_owned()), text: text.into() }
    }

    pub fn of_all(effect: Effect, text: impl Into<String>) -> Self {
        Self { effect, statement: None, text: text.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(statement) = &self.statement {
            write!(f, "statement {statement:?}: ")?;
        }
        match self.effect {
            Effect::Looser => f.write_str("looser: ")?,
            Effect::Stricter => f.write_str("stricter: ")?,
            Effect::Different => {}
        }
        f.write_str(&self.text)
    }
}
