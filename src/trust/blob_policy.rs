//! trustpolicy.blob.json once valid: for files instead of images, chosen by a statement's name.

use super::Statement;
use super::draft::Draft;
use super::policy_error::PolicyError;
use crate::fault::Fault;

/// A valid blob trust policy document (trust-store-trust-policy.md, "Blob Trust Policy").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPolicy {
    statements: Vec<Statement>,
    /// The place of the statement that applies where none is named.
    global: Option<usize>,
}

/// What is wrong with a blob trust policy document, in notation's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobPolicyError {
    /// A rule that policies for images have as well.
    #[error("{}", of_blobs(.0))]
    Shared(PolicyError),
    #[error(
        "multiple blob trust policy statements have globalPolicy set to true. Only one trust policy statement can be marked as global policy"
    )]
    SeveralGlobal,
    #[error("global blob trust policy statement cannot have verification level set to skip")]
    GlobalSkip,
    #[error(
        "blob trust policy: trust policy statement {statement:?} has a globalPolicy that is neither true nor false"
    )]
    GlobalType { statement: String },
}

/// No statement is for the blob; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBlobStatement {
    #[error("no applicable blob trust policy with name {name:?}")]
    Named {
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    #[error("policy name cannot be empty")]
    NameEmpty,
    #[error("no global blob trust policy")]
    Global {
        /// The names there are.
        known: Vec<String>,
    },
}

impl BlobPolicy {
    /// Parses and validates; the first violation is reported, those of globalPolicy last.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BlobPolicyError> {
        Draft::parse(bytes).map_err(BlobPolicyError::Shared)?.validate_blob()
    }

    /// The statement with this name, in exact case; without a name the global one.
    pub fn applicable(&self, name: Option<&str>) -> Result<&Statement, NoBlobStatement> {
        let known = || self.statements.iter().map(|s| s.name().to_owned()).collect();
        let Some(name) = name else {
            let global = self.global.and_then(|at| self.statements.get(at));
            return global.ok_or_else(|| NoBlobStatement::Global { known: known() });
        };
        if name.trim().is_empty() {
            return Err(NoBlobStatement::NameEmpty);
        }
        let found = self.statements.iter().find(|statement| statement.name() == name);
        found.ok_or_else(|| NoBlobStatement::Named { name: name.to_owned(), known: known() })
    }
}

impl Draft {
    /// Applies every rule of a document about blobs. A statement for everything may not skip the
    /// verification, and there is one at most.
    pub fn validate_blob(self) -> Result<BlobPolicy, BlobPolicyError> {
        let marked: Vec<_> = self.statements.iter().map(|s| s.global_policy.clone()).collect();
        let statements = self.validate_statements().map_err(BlobPolicyError::Shared)?;
        let mut global = None;
        for (at, (mark, statement)) in marked.iter().zip(&statements).enumerate() {
            match mark.as_ref().map(serde_json::Value::as_bool) {
                None | Some(Some(false)) => {}
                Some(None) => {
                    let statement = statement.name().to_owned();
                    return Err(BlobPolicyError::GlobalType { statement });
                }
                Some(Some(true)) if global.is_some() => return Err(BlobPolicyError::SeveralGlobal),
                Some(Some(true)) if statement.level().is_skip() => {
                    return Err(BlobPolicyError::GlobalSkip);
                }
                Some(Some(true)) => global = Some(at),
            }
        }
        Ok(BlobPolicy { statements, global })
    }
}

impl BlobPolicyError {
    /// The bytes are no policy document at all; every other error is a rule that one breaks.
    pub fn is_malformed(&self) -> bool {
        matches!(self, Self::Shared(error) if error.is_malformed())
    }
}

impl Fault for BlobPolicyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shared(error) => error.code(),
            Self::SeveralGlobal | Self::GlobalSkip | Self::GlobalType { .. } => {
                "trust-policy-global"
            }
        }
    }

    fn hint(&self) -> Option<String> {
        Some("correct the file, then: sealwright blob policy import <file>".to_owned())
    }
}

impl Fault for NoBlobStatement {
    fn code(&self) -> &'static str {
        "trust-no-blob-statement"
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Named { known, .. } | Self::Global { known } => {
                let names: Vec<String> = known.iter().map(|name| format!("{name:?}")).collect();
                vec![format!("the policy's statements are {}", names.join(", "))]
            }
            Self::NameEmpty => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Named { .. } | Self::NameEmpty => "sealwright blob policy show".to_owned(),
            Self::Global { .. } => {
                "name the statement: sealwright blob verify --policy-name <name> --signature <signature_path> <blob_path>"
                    .to_owned()
            }
        })
    }
}

/// notation puts "blob" before the first words "trust policy"; nothing of the document stands before
/// them.
fn of_blobs(error: &PolicyError) -> String {
    let text = error.to_string();
    if error.is_malformed() { text } else { text.replacen("trust policy", "blob trust policy", 1) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn statement(name: &str, level: &str, global: Value) -> Value {
        let mut statement = json!({ "name": name, "signatureVerification": { "level": level }, "globalPolicy": global });
        if level != "skip" {
            statement["trustStores"] = json!(["ca:x"]);
            statement["trustedIdentities"] = json!(["*"]);
        }
        statement
    }

    fn read(statements: &[Value]) -> Result<BlobPolicy, BlobPolicyError> {
        let document = json!({ "version": "1.0", "trustPolicies": statements });
        BlobPolicy::from_json(document.to_string().as_bytes())
    }

    fn refusal(statements: &[Value]) -> (String, &'static str) {
        let error = read(statements).expect_err("refused");
        assert!(error.hint().is_some_and(|hint| hint.contains("blob policy import")));
        (error.to_string(), error.code())
    }

    #[test]
    fn a_statement_is_chosen_by_its_name_else_the_global_one() {
        let policy = read(&[
            statement("a", "strict", json!(false)),
            statement("b", "audit", json!(true)),
            statement("c", "skip", Value::Null),
        ])
        .expect("valid");
        let chosen = |name| policy.applicable(name).map(Statement::name);
        assert_eq!(chosen(None), Ok("b"));
        for name in ["a", "b", "c"] {
            assert_eq!(chosen(Some(name)), Ok(name));
        }
        for (name, text) in [
            ("A", r#"no applicable blob trust policy with name "A""#),
            ("", "policy name cannot be empty"),
            (" ", "policy name cannot be empty"),
        ] {
            let error = chosen(Some(name)).expect_err("none");
            assert_eq!(error.to_string(), text);
            assert_eq!(error.code(), "trust-no-blob-statement");
            assert_eq!(error.hint().as_deref(), Some("sealwright blob policy show"));
        }
    }

    #[test]
    fn without_a_global_statement_a_name_is_wanted() {
        let policy = read(&[statement("a", "strict", Value::Null)]).expect("valid");
        let error = policy.applicable(None).expect_err("no global one");
        assert_eq!(error.to_string(), "no global blob trust policy");
        assert_eq!(error.because(), [r#"the policy's statements are "a""#]);
        assert!(error.hint().is_some_and(|hint| hint.contains("--policy-name")));
    }

    #[test]
    fn one_statement_is_global_at_most_and_it_verifies() {
        let code = "trust-policy-global";
        let global = |name| statement(name, "strict", json!(true));
        assert_eq!(
            refusal(&[global("a"), global("b")]),
            ("multiple blob trust policy statements have globalPolicy set to true. Only one trust policy statement can be marked as global policy".to_owned(), code)
        );
        assert_eq!(
            refusal(&[statement("a", "skip", json!(true))]),
            (
                "global blob trust policy statement cannot have verification level set to skip"
                    .to_owned(),
                code
            )
        );
        for odd in [json!("true"), json!(1), json!([])] {
            let (text, found) = refusal(&[statement("a", "strict", odd)]);
            assert!(text.contains(r#"statement "a" has a globalPolicy"#), "{text}");
            assert_eq!(found, code);
        }
    }

    #[test]
    fn the_rules_of_policies_for_images_hold_with_blob_in_their_words() {
        let cases = [
            (json!({}), "blob trust policy document has empty version, version must be specified"),
            (
                json!({ "version": "2.0" }),
                r#"blob trust policy document uses unsupported version "2.0""#,
            ),
            (
                json!({ "version": "1.0" }),
                "blob trust policy document can not have zero trust policy statements",
            ),
            (
                json!({ "version": "1.0", "trustPolicies": [statement("a", "strict", Value::Null), statement("a", "strict", Value::Null)] }),
                r#"multiple blob trust policy statements use the same name "a", statement names must be unique"#,
            ),
            (
                json!({ "version": "1.0", "trustPolicies": [statement("", "strict", Value::Null)] }),
                "blob trust policy: a trust policy statement is missing a name, every statement requires a name",
            ),
            (
                json!({ "version": "1.0", "trustPolicies": [statement("a", "", Value::Null)] }),
                r#"blob trust policy: trust policy statement "a" has invalid signatureVerification: signature verification level is empty or missing in the trust policy statement"#,
            ),
        ];
        for (document, text) in cases {
            let error = BlobPolicy::from_json(document.to_string().as_bytes()).expect_err(text);
            assert_eq!(error.to_string(), text);
            assert!(!error.is_malformed());
        }
        let error = BlobPolicy::from_json(b"{").expect_err("truncated");
        assert_eq!(error.to_string(), "unexpected end of JSON input");
        assert!(error.is_malformed());
    }

    #[test]
    fn members_of_the_other_kind_of_document_are_unknown() {
        let mut both = statement("a", "strict", json!(true));
        both["registryScopes"] = json!(["*"]);
        let document = json!({ "version": "1.0", "trustPolicies": [both], "x": 1 }).to_string();
        let draft = Draft::parse(document.as_bytes()).expect("a draft");
        assert_eq!(draft.unknown_members(), ["x", "globalPolicy"]);
        assert_eq!(draft.unknown_blob_members(), ["x", "registryScopes"]);
        let other_case = document.replace("globalPolicy", "GlobalPolicy");
        let error = BlobPolicy::from_json(other_case.as_bytes()).expect_err("another case");
        assert!(error.to_string().contains(r#"must be written "globalPolicy""#), "{error}");
    }
}
