//! trustpolicy.json once valid (trust-store-trust-policy.md, "Trust policy").

use std::collections::HashSet;

use super::draft::{Draft, StatementDraft};
use super::policy_error::PolicyError;
use super::{Identities, Level, StoreType, scope, store};

/// A valid OCI trust policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// One statement: which repositories it speaks for (a blob statement: none), and whom they trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    name: String,
    level: Level,
    timestamp_rule: TimestampRule,
    stores: Vec<(StoreType, String)>,
    identities: Identities,
    scopes: Vec<String>,
}

/// When a signature's timestamp is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampRule {
    Always,
    AfterCertExpiry,
}

/// largest policy file read: 1 MiB; real ones are a few KiB.
pub const POLICY_LIMIT: usize = 1024 * 1024;

const VERSION: &str = "1.0";

impl Policy {
    /// Parses and validates; the first violation in notation's order is reported.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PolicyError> {
        Draft::parse(bytes)?.validate()
    }
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
    /// The statement for `<registry>/<repository>`: exact scope first, then `*`. Case counts.
    pub fn applicable(&self, repository: &str) -> Option<&Statement> {
        let with_scope = |wanted: &str| {
            self.statements.iter().find(|s| s.scopes.iter().any(|scope| scope == wanted))
        };
        with_scope(repository).or_else(|| with_scope(scope::WILDCARD))
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
    pub fn stores(&self, kind: StoreType) -> Vec<&str> {
        let of_kind = self.stores.iter().filter(|(found, _)| *found == kind);
        of_kind.map(|(_, name)| name.as_str()).collect()
    }
    pub fn identities(&self) -> &Identities {
        &self.identities
    }
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

impl Draft {
    /// Applies every rule of the specification; the first violation in notation's order is
    /// reported.
    pub fn validate(self) -> Result<Policy, PolicyError> {
        let statements = self.validate_statements()?;
        check_scopes(&statements)?;
        Ok(Policy { statements })
    }

    /// The rules of statements of any kind.
    pub(super) fn validate_statements(self) -> Result<Vec<Statement>, PolicyError> {
        if self.version.is_empty() {
            return Err(PolicyError::VersionMissing);
        }
        if self.version != VERSION {
            return Err(PolicyError::VersionUnsupported(self.version));
        }
        if self.statements.is_empty() {
            return Err(PolicyError::NoStatements);
        }
        let mut names = HashSet::new();
        let mut statements = Vec::with_capacity(self.statements.len());
        for draft in self.statements {
            if names.contains(&draft.name) {
                return Err(PolicyError::NameRepeated(draft.name));
            }
            names.insert(draft.name.clone());
            statements.push(validate_statement(draft)?);
        }
        Ok(statements)
    }
}

/// All rules but those of the scopes, which are checked once all statements are.
fn validate_statement(draft: StatementDraft) -> Result<Statement, PolicyError> {
    if draft.name.is_empty() {
        return Err(PolicyError::NameMissing);
    }
    let name = || draft.name.clone();
    let verification = &draft.signature_verification;
    let level = Level::validate(&verification.level, &verification.overrides)
        .map_err(|reason| PolicyError::Level { statement: name(), reason })?;
    let timestamp_rule = match verification.verify_timestamp.as_str() {
        "" | "always" => TimestampRule::Always,
        "afterCertExpiry" => TimestampRule::AfterCertExpiry,
        other => {
            return Err(PolicyError::Timestamp { statement: name(), found: other.to_owned() });
        }
    };
    let (stores, identities) = (&draft.trust_stores, &draft.trusted_identities);
    let (stores, identities) = if level.is_skip() {
        if !stores.is_empty() || !identities.is_empty() {
            return Err(PolicyError::SkipWithTrust { statement: name() });
        }
        (Vec::new(), Identities::none())
    } else {
        if stores.is_empty() || identities.is_empty() {
            return Err(PolicyError::TrustMissing { statement: name() });
        }
        (validate_stores(&draft.name, stores)?, Identities::validate(&draft.name, identities)?)
    };
    let (name, scopes) = (draft.name, draft.registry_scopes);
    Ok(Statement { name, level, timestamp_rule, stores, identities, scopes })
}

fn validate_stores(
    statement: &str,
    values: &[String],
) -> Result<Vec<(StoreType, String)>, PolicyError> {
    let mut stores = Vec::new();
    let mut seen = HashSet::new();
    for value in values {
        let (statement, value) = (statement.to_owned(), value.clone());
        let Some((kind, name)) = value.split_once(':') else {
            return Err(PolicyError::StoreMalformed { statement, value });
        };
        let Some(known) = StoreType::from_name(kind) else {
            let kind = kind.to_owned();
            return Err(PolicyError::StoreType { statement, kind, value });
        };
        if !store::is_name(name) {
            let name = name.to_owned();
            return Err(PolicyError::StoreName { statement, name, value });
        }
        let store = (known, name.to_owned());
        if seen.insert(store.clone()) {
            stores.push(store);
        }
    }
    Ok(stores)
}

fn check_scopes(statements: &[Statement]) -> Result<(), PolicyError> {
    for statement in statements {
        let name = || statement.name.clone();
        if statement.scopes.is_empty() {
            return Err(PolicyError::NoScopes { statement: name() });
        }
        if statement.scopes.len() > 1 && statement.scopes.iter().any(|s| s == scope::WILDCARD) {
            return Err(PolicyError::ScopeWildcard { statement: name() });
        }
        statement.scopes.iter().try_for_each(|scope| scope::validate(scope))?;
    }
    let mut seen = HashSet::new();
    for scope in statements.iter().flat_map(|statement| &statement.scopes) {
        if !seen.insert(scope) {
            return Err(PolicyError::ScopeRepeated(scope.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
