//! Trusted identities: `*`, or `x509.subject` distinguished names (trust-store-trust-policy.md, "Trusted identities").

use super::distinguished_name::{DistinguishedName, DistinguishedNameError};
use super::policy_error::PolicyError;
use crate::fault::Fault;
use crate::x509::{Certificate, Name};

/// A statement's valid identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identities {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// `*`: every subject a trusted certificate vouches for.
    Any,
    /// The `x509.subject` names; other prefixes are left to verification plugins.
    Subjects(Vec<DistinguishedName>),
}

/// Why a signing certificate is not a trusted identity; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("no x509 trusted identities are configured in the trust policy {statement:?}")]
    NoneConfigured { statement: String },
    #[error(
        "error while parsing the certificate subject from the digital signature. error : {:?}",
        reason.to_string()
    )]
    Subject { reason: DistinguishedNameError },
    #[error(
        "signing certificate from the digital signature does not match the X.509 trusted identities [{identities}] defined in the trust policy {statement:?}"
    )]
    NoMatch { identities: String, statement: String },
}

impl Fault for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            IdentityError::NoneConfigured { .. } => "trust-identity-none",
            IdentityError::Subject { .. } => "trust-identity-subject",
            IdentityError::NoMatch { .. } => "trust-identity-mismatch",
        }
    }
}

/// most identities in one statement: 1,000; each is compared with each for overlaps.
pub const IDENTITIES_LIMIT: usize = 1000;

const WILDCARD: &str = "*";
const X509_SUBJECT: &str = "x509.subject";

impl Identities {
    /// Checks a statement's `trustedIdentities` in notation's order.
    pub(super) fn validate(statement: &str, identities: &[String]) -> Result<Self, PolicyError> {
        let statement = || statement.to_owned();
        let any = identities.iter().any(|identity| identity == WILDCARD);
        if any && identities.len() > 1 {
            return Err(PolicyError::IdentityWildcard { statement: statement() });
        }
        if identities.len() > IDENTITIES_LIMIT {
            return Err(PolicyError::IdentityCount {
                statement: statement(),
                found: identities.len(),
                limit: IDENTITIES_LIMIT,
            });
        }
        if any {
            return Ok(Self { kind: Kind::Any });
        }
        let mut subjects = Vec::new();
        for identity in identities {
            if identity.is_empty() {
                return Err(PolicyError::IdentityEmpty { statement: statement() });
            }
            let identity = || identity.clone();
            let text = identity();
            let Some((prefix, value)) = text.split_once(':') else {
                let (statement, identity) = (statement(), identity());
                return Err(PolicyError::IdentitySeparator { statement, identity });
            };
            if prefix != X509_SUBJECT {
                continue;
            }
            if value.is_empty() {
                let (statement, identity) = (statement(), identity());
                return Err(PolicyError::IdentityValue { statement, identity });
            }
            let name = DistinguishedName::parse(value).map_err(|reason| {
                PolicyError::IdentityName { statement: statement(), identity: identity(), reason }
            })?;
            subjects.push((identity(), name));
        }
        check_overlaps(&statement(), &subjects)?;
        let subjects = subjects.into_iter().map(|(_, name)| name).collect();
        Ok(Self { kind: Kind::Subjects(subjects) })
    }

    /// A statement of level `skip` has none.
    pub(super) fn none() -> Self {
        Self { kind: Kind::Subjects(Vec::new()) }
    }

    /// The leaf's subject against the statement; the error text is notation's.
    pub fn check(&self, leaf: &Certificate, statement_name: &str) -> Result<(), IdentityError> {
        self.check_subject(leaf.subject(), statement_name)
    }

    /// `*`: identities are not compared.
    pub fn is_any(&self) -> bool {
        self.kind == Kind::Any
    }

    fn check_subject(&self, subject: &Name, statement: &str) -> Result<(), IdentityError> {
        let Kind::Subjects(trusted) = &self.kind else { return Ok(()) };
        let statement = statement.to_owned();
        if trusted.is_empty() {
            return Err(IdentityError::NoneConfigured { statement });
        }
        let subject = DistinguishedName::of_subject(subject)
            .map_err(|reason| IdentityError::Subject { reason })?;
        if trusted.iter().any(|name| name.is_subset_of(&subject)) {
            return Ok(());
        }
        let names: Vec<String> = trusted.iter().map(|name| format!("{name:?}")).collect();
        Err(IdentityError::NoMatch { identities: names.join(" "), statement })
    }
}

/// trust-store-trust-policy.md: identities must not overlap; a name that is part of another does.
fn check_overlaps(
    statement: &str,
    subjects: &[(String, DistinguishedName)],
) -> Result<(), PolicyError> {
    for (i, (text, name)) in subjects.iter().enumerate() {
        for (j, (other_text, other)) in subjects.iter().enumerate() {
            if i != j && name.is_subset_of(other) {
                return Err(PolicyError::IdentityOverlap {
                    statement: statement.to_owned(),
                    identity: text.clone(),
                    other: other_text.clone(),
                });
            }
        }
    }
    Ok(())
}
