//! trustpolicy.json: a draft as read, a policy once valid (reference 3.1–3.3).

use super::{Identities, Level, StoreType};

/// A valid OCI trust policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) name: String,
    pub(super) level: Level,
    pub(super) timestamp_rule: TimestampRule,
    pub(super) stores: Vec<(StoreType, String)>,
    pub(super) identities: Identities,
    pub(super) scopes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampRule {
    Always,
    AfterCertExpiry,
}

/// Wording as in the transcripts (reference/notation-transcripts.md, "trust policy").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("placeholder: the owner words each refusal")]
    Placeholder,
}

/// largest policy file read: 1 MiB; real ones are a few KiB.
pub const POLICY_LIMIT: usize = 1024 * 1024;

impl Policy {
    /// Parses and validates; the first violation in the reference's order is reported.
    pub fn from_json(_bytes: &[u8]) -> Result<Self, PolicyError> {
        todo!()
    }
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
    /// The statement for `<registry>/<repository>`: exact scope first, then `*`.
    pub fn applicable(&self, _repository: &str) -> Option<&Statement> {
        todo!()
    }
}

impl Statement {
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn level(&self) -> &Level {
        &self.level
    }
    pub fn timestamp_rule(&self) -> TimestampRule {
        self.timestamp_rule
    }
    /// Store names of one type, each once, in policy order.
    pub fn stores(&self, _kind: StoreType) -> Vec<&str> {
        todo!()
    }
    pub fn identities(&self) -> &Identities {
        &self.identities
    }
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}
