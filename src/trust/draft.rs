//! trustpolicy.json and trustpolicy.blob.json as written: names in exact case, each once; nothing else checked yet.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::policy::POLICY_LIMIT;
use super::policy_error::PolicyError;

/// A policy document with its values as given; unknown members are ignored.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Draft {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub(super) version: String,
    #[serde(default, deserialize_with = "null_is_absent", rename = "trustPolicies")]
    pub(super) statements: Vec<StatementDraft>,
    // a flattened member makes serde take objects only, never arrays, for a struct
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatementDraft {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub registry_scopes: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub signature_verification: VerificationDraft,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub trust_stores: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub trusted_identities: Vec<String>,
    /// Of blob statements alone; elsewhere a member without a meaning.
    pub global_policy: Option<serde_json::Value>,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationDraft {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub level: String,
    #[serde(default, deserialize_with = "null_is_absent", rename = "override")]
    pub overrides: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub verify_timestamp: String,
    #[serde(flatten)]
    unknown: Unknown,
}

impl Draft {
    /// Reads one JSON object of at most [`POLICY_LIMIT`] bytes. A member that appears twice, a byte
    /// order mark and text after the object are errors, since two readers could disagree on them.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_LIMIT {
            return Err(PolicyError::TooLarge { found: bytes.len(), limit: POLICY_LIMIT });
        }
        if bytes.starts_with(BYTE_ORDER_MARK) {
            let problem =
                "a byte order mark stands before the first `{`; save the file as UTF-8 without one";
            return Err(PolicyError::Json(problem.to_owned()));
        }
        serde_json::from_slice::<UniqueMembers>(bytes).map_err(worded)?;
        serde_json::from_slice(bytes).map_err(worded)
    }

    /// Members without a meaning, such as `trustPolicys`, in the document and in its statements.
    pub fn unknown_members(&self) -> Vec<&str> {
        let of_blobs = self.statements.iter().filter(|s| s.global_policy.is_some());
        self.of_no_kind().chain(of_blobs.map(|_| "globalPolicy")).collect()
    }

    /// The same in a document about blobs.
    pub fn unknown_blob_members(&self) -> Vec<&str> {
        let of_images = self.statements.iter().filter(|s| !s.registry_scopes.is_empty());
        self.of_no_kind().chain(of_images.map(|_| "registryScopes")).collect()
    }

    /// Members without a meaning in a document of any kind.
    fn of_no_kind(&self) -> impl Iterator<Item = &str> {
        let of_statements = self
            .statements
            .iter()
            .flat_map(|statement| [&statement.unknown, &statement.signature_verification.unknown]);
        let all = std::iter::once(&self.unknown).chain(of_statements);
        all.flat_map(|unknown| &unknown.0).map(String::as_str)
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn worded(error: serde_json::Error) -> PolicyError {
    PolicyError::Json(match error.is_eof() {
        true => "unexpected end of JSON input".to_owned(),
        false => error.to_string(),
    })
}

fn null_is_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Members of no meaning here. A known name in another case is none of them: other readers take it
/// for the known one, and an `Override` passed over could loosen what the policy says.
#[derive(Debug, Clone, Default)]
pub(super) struct Unknown(Vec<String>);

const NAMES: [&str; 11] = [
    "version",
    "trustPolicies",
    "name",
    "registryScopes",
    "signatureVerification",
    "level",
    "override",
    "verifyTimestamp",
    "trustStores",
    "trustedIdentities",
    "globalPolicy",
];

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Unknown::default())
    }
}

impl<'de> Visitor<'de> for Unknown {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Self, A::Error> {
        while let Some((name, IgnoredAny)) = members.next_entry::<String, _>()? {
            let same = |known: &&&str| **known != name && folded(known) == folded(&name);
            if let Some(known) = NAMES.iter().find(same) {
                let problem = format_args!("member {name:?} must be written {known:?}");
                return Err(A::Error::custom(problem));
            }
            self.0.push(name);
        }
        Ok(self)
    }
}

/// Case folded as JSON readers of other languages do: ASCII, and the two letters that fold into it.
fn folded(name: &str) -> String {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}

/// Any JSON value in which no object has the same member twice.
struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueMembers)
    }
}

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self, A::Error> {
        while sequence.next_element::<UniqueMembers>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<UniqueMembers>()?;
            if let Some(twice) = seen.replace(name) {
                return Err(A::Error::custom(format_args!("member {twice:?} appears twice")));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        match Draft::parse(text.as_bytes()) {
            Err(error) => {
                assert!(error.is_malformed());
                error.to_string()
            }
            Ok(draft) => panic!("accepted as {draft:?}"),
        }
    }

    #[test]
    fn truncated_text_reads_as_notation_words_it() {
        for text in ["", " ", "{", r#"{"version": "1.0", "trust"#] {
            assert_eq!(reason(text), "unexpected end of JSON input");
        }
    }

    #[test]
    fn a_member_twice_is_refused_at_any_depth_known_or_not() {
        for text in [
            r#"{"version":"1.0","version":"1.0"}"#,
            r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
            r#"{"trustPolicies":[{"signatureVerification":{"override":{"expiry":"log","expiry":"enforce"}}}]}"#,
            r#"{"version":"1.0","\u0076ersion":"1.0"}"#,
        ] {
            assert!(reason(text).contains("appears twice"), "{}", reason(text));
        }
    }

    #[test]
    fn arrays_are_no_objects_and_wrong_types_are_refused() {
        for text in [
            r#"["1.0", []]"#,
            r#"{"trustPolicies":[["p"]]}"#,
            r#"{"trustPolicies":[{"signatureVerification":["strict"]}]}"#,
            r#"{"version":1.0}"#,
            r#"{"trustPolicies":[{"trustStores":"ca:x"}]}"#,
        ] {
            assert!(reason(text).contains("invalid type"), "{}", reason(text));
        }
    }

    #[test]
    fn a_byte_order_mark_and_trailing_text_are_malformed() {
        assert!(reason("\u{feff}{}").contains("byte order mark"));
        assert!(reason("{} {}").contains("trailing characters"));
    }

    #[test]
    fn deep_nesting_ends_in_an_error() {
        assert!(reason(&"[".repeat(100_000)).contains("recursion limit"));
    }

    #[test]
    fn null_is_absent_and_unknown_members_are_ignored() {
        let text = r#"{"version":null,"trustPolicies":[{"name":null,"trustStores":null,"x":{}}],"y":"1.0"}"#;
        let draft = Draft::parse(text.as_bytes()).expect("a draft");
        assert_eq!(draft.version, "");
        assert_eq!(draft.unknown_members(), ["y", "x"]);
        assert!(draft.statements[0].trust_stores.is_empty());
    }

    #[test]
    fn a_document_over_the_limit_is_not_read() {
        let found = POLICY_LIMIT + 1;
        let error = Draft::parse(&vec![b' '; found]).expect_err("too large");
        assert_eq!(error, PolicyError::TooLarge { found, limit: POLICY_LIMIT });
        assert!(error.is_malformed());
    }
}
