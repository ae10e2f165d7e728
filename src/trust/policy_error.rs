//! What is wrong with a trust policy document, in notation's words.

use super::distinguished_name::DistinguishedNameError;
use super::level::LevelError;
use crate::fault::Fault;

/// The text is what notation prints after `failed to validate trust policy: ` (or, for the first
/// two, after `failed to parse trust policy configuration: `).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("{0}")]
    Json(String),
    #[error("trust policy has {found} bytes; at most {limit} are read")]
    TooLarge { found: usize, limit: usize },

    #[error("trust policy document has empty version, version must be specified")]
    VersionMissing,
    #[error("trust policy document uses unsupported version {0:?}")]
    VersionUnsupported(String),
    #[error("trust policy document can not have zero trust policy statements")]
    NoStatements,
    #[error(
        "multiple trust policy statements use the same name {0:?}, statement names must be unique"
    )]
    NameRepeated(String),
    #[error(
        "trust policy: a trust policy statement is missing a name, every statement requires a name"
    )]
    NameMissing,
    #[error(
        "trust policy: trust policy statement {statement:?} has invalid signatureVerification: {reason}"
    )]
    Level { statement: String, reason: LevelError },
    #[error(
        "trust policy: trust policy statement {statement:?} has invalid signatureVerification: verifyTimestamp must be \"always\" or \"afterCertExpiry\", but got {found:?}"
    )]
    Timestamp { statement: String, found: String },
    #[error(
        "trust policy: trust policy statement {statement:?} is set to skip signature verification but configured with trust stores and/or trusted identities, remove them if signature verification needs to be skipped"
    )]
    SkipWithTrust { statement: String },
    #[error(
        "trust policy: trust policy statement {statement:?} is either missing trust stores or trusted identities, both must be specified"
    )]
    TrustMissing { statement: String },

    #[error(
        "trust policy: trust policy statement {statement:?} has malformed trust store value {value:?}. The required format is <TrustStoreType>:<TrustStoreName>"
    )]
    StoreMalformed { statement: String, value: String },
    #[error(
        "trust policy: trust policy statement {statement:?} uses an unsupported trust store type {kind:?} in trust store value {value:?}"
    )]
    StoreType { statement: String, kind: String, value: String },
    #[error(
        "trust policy: trust policy statement {statement:?} uses an unsupported trust store name {name:?} in trust store value {value:?}. Named store name needs to follow [a-zA-Z0-9_.-]+ format"
    )]
    StoreName { statement: String, name: String, value: String },

    #[error(
        "trust policy: trust policy statement {statement:?} uses a wildcard trusted identity '*', a wildcard identity cannot be used in conjunction with other values"
    )]
    IdentityWildcard { statement: String },
    #[error(
        "trust policy: trust policy statement {statement:?} has {found} trusted identities; at most {limit} are accepted"
    )]
    IdentityCount { statement: String, found: usize, limit: usize },
    #[error("trust policy: trust policy statement {statement:?} has an empty trusted identity")]
    IdentityEmpty { statement: String },
    #[error(
        "trust policy: trust policy statement {statement:?} has trusted identity {identity:?} missing separator"
    )]
    IdentitySeparator { statement: String, identity: String },
    #[error(
        "trust policy: trust policy statement {statement:?} has trusted identity {identity:?} without an identity value"
    )]
    IdentityValue { statement: String, identity: String },
    #[error(
        "trust policy: trust policy statement {statement:?} has trusted identity {identity:?} with invalid identity value: {reason}"
    )]
    IdentityName { statement: String, identity: String, reason: Box<DistinguishedNameError> },
    #[error(
        "trust policy: trust policy statement {statement:?} has overlapping x509 trustedIdentities, {identity:?} overlaps with {other:?}"
    )]
    IdentityOverlap { statement: String, identity: String, other: String },

    #[error(
        "trust policy statement {statement:?} has zero registry scopes, it must specify registry scopes with at least one value"
    )]
    NoScopes { statement: String },
    #[error(
        "trust policy statement {statement:?} uses wildcard registry scope '*', a wildcard scope cannot be used in conjunction with other scope values"
    )]
    ScopeWildcard { statement: String },
    #[error(
        "registry scope {0:?} with wild card(s) is not valid, make sure it is a fully qualified repository without the scheme, protocol or tag. For example domain.com/my/repository or a local scope like local/myOCILayout"
    )]
    ScopePattern(String),
    #[error(
        "registry scope {0:?} is not valid, make sure it is a fully qualified repository without the scheme, protocol or tag. For example domain.com/my/repository or a local scope like local/myOCILayout"
    )]
    Scope(String),
    #[error(
        "registry scope {0:?} is present in multiple trust policy statements, one registry scope value can only be associated with one statement"
    )]
    ScopeRepeated(String),
}

impl PolicyError {
    /// The bytes are no policy document at all; every other error is a rule that one breaks.
    pub fn is_malformed(&self) -> bool {
        matches!(self, PolicyError::Json(_) | PolicyError::TooLarge { .. })
    }
}

impl Fault for PolicyError {
    fn code(&self) -> &'static str {
        use PolicyError as E;
        match self {
            E::Json(_) => "trust-policy-json",
            E::TooLarge { .. } => "trust-policy-too-large",
            E::VersionMissing | E::VersionUnsupported(_) => "trust-policy-version",
            E::NoStatements => "trust-policy-no-statements",
            E::NameMissing | E::NameRepeated(_) => "trust-policy-name",
            E::Level { .. } => "trust-policy-level",
            E::Timestamp { .. } => "trust-policy-timestamp",
            E::SkipWithTrust { .. } | E::TrustMissing { .. } => "trust-policy-trust",
            E::StoreMalformed { .. } | E::StoreType { .. } | E::StoreName { .. } => {
                "trust-policy-store"
            }
            E::IdentityWildcard { .. }
            | E::IdentityCount { .. }
            | E::IdentityEmpty { .. }
            | E::IdentitySeparator { .. }
            | E::IdentityValue { .. }
            | E::IdentityName { .. }
            | E::IdentityOverlap { .. } => "trust-policy-identity",
            E::NoScopes { .. }
            | E::ScopeWildcard { .. }
            | E::ScopePattern(_)
            | E::Scope(_)
            | E::ScopeRepeated(_) => "trust-policy-scope",
        }
    }

    fn hint(&self) -> Option<String> {
        let how = "correct the file, then: sealwright policy import <file>";
        Some(match self {
            PolicyError::Level { reason: LevelError::Unknown(_), .. } => {
                format!("a level is strict, permissive, audit or skip; {how}")
            }
            _ => how.to_owned(),
        })
    }
}
