//! `sealwright.yml`: the inputs as keys of a YAML file.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::draft::Draft;
use super::table;
use crate::fault::Fault;

/// largest configuration file read: 1 MiB; real ones are a screen long
pub const CONFIG_FILE_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFileError {
    #[error("cannot read {path}: {problem}")]
    Unreadable { path: String, problem: String },
    #[error("{path} has {found} bytes; at most {CONFIG_FILE_LIMIT} are read")]
    TooLarge { path: String, found: u64 },
    /// The problem names line, key and the nearest valid key.
    #[error("{path}: {problem}")]
    Invalid { path: String, problem: String },
}

impl Fault for ConfigFileError {
    fn code(&self) -> &'static str {
        match self {
            ConfigFileError::Unreadable { .. } => "config-unreadable",
            ConfigFileError::TooLarge { .. } => "config-too-large",
            ConfigFileError::Invalid { .. } => "config-invalid",
        }
    }
}

impl Draft {
    /// Parses the text of a `sealwright.yml`; `path` is for messages.
    pub fn from_yaml(path: &str, text: &str) -> Result<Self, ConfigFileError> {
        if text.len() as u64 > CONFIG_FILE_LIMIT {
            let found = text.len() as u64;
            return Err(ConfigFileError::TooLarge { path: path.to_owned(), found });
        }
        let invalid = |problem: String| ConfigFileError::Invalid { path: path.to_owned(), problem };
        let parsed: Option<Entries> =
            serde_yaml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let mut draft = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        let entries = parsed.unwrap_or_default().0;
        for (key, value) in &entries {
            let again = seen.contains(&key.as_str());
            let at = place(text, key, usize::from(again));
            let name = match table::known(key) {
                Some(_) if again => return Err(invalid(format!("duplicate key `{key}`{at}"))),
                Some(input) if input.name != "config" => input.name,
                Some(_) => {
                    return Err(invalid(format!("key `{key}` cannot stand in this file{at}")));
                }
                None => return Err(invalid(format!("{}{at}", unknown(key)))),
            };
            seen.push(key);
            draft.set(
                name,
                &value.lines().map_err(|key| {
                    invalid(format!("duplicate key `{key}` below `{name}`{}", place(text, key, 1)))
                })?,
            );
        }
        Ok(draft)
    }
}

fn unknown(key: &str) -> String {
    match table::nearest(key) {
        Some(nearest) => format!("unknown key `{key}`; did you mean `{nearest}`?"),
        None => format!("unknown key `{key}`"),
    }
}

/// ` at line N`, where the key stands for the nth time (counted from 0) at the start of a line.
fn place(text: &str, key: &str, nth: usize) -> String {
    let stands = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    };
    match text.lines().enumerate().filter(|(_, line)| stands(line)).nth(nth) {
        Some((index, _)) => format!(" at line {}", index + 1),
        None => String::new(),
    }
}

/// The file's keys in order, none dropped.
#[derive(Default)]
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Entries;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mapping of input names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// A scalar, a list of scalars, or a mapping of scalars.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, a list of texts, or a mapping of texts")]
enum Value {
    One(Scalar),
    List(Vec<Scalar>),
    Map(Pairs),
    Nothing(()),
}

impl Value {
    /// As an input's text: items by lines, pairs as `key=value` lines. The error is a key given twice.
    fn lines(&self) -> Result<String, &str> {
        match self {
            Value::Nothing(()) => Ok(String::new()),
            Value::One(Scalar(text)) => Ok(text.clone()),
            Value::List(items) => {
                Ok(items.iter().map(|i| i.0.as_str()).collect::<Vec<_>>().join("\n"))
            }
            Value::Map(Pairs(pairs)) => {
                let mut lines: Vec<String> = Vec::new();
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if pairs[..index].iter().any(|(earlier, _)| earlier == key) {
                        return Err(key);
                    }
                    lines.push(format!("{key}={}", value.0));
                }
                Ok(lines.join("\n"))
            }
        }
    }
}

/// A mapping's pairs in order, none dropped.
struct Pairs(Vec<(String, Scalar)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mapping of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// One line of text.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text, a number, true or false")]
        enum Any {
            Text(String),
            Truth(bool),
            Number(i64),
        }
        Ok(Scalar(match Any::deserialize(deserializer)? {
            Any::Text(text) => text,
            Any::Truth(truth) => truth.to_string(),
            Any::Number(number) => number.to_string(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Draft::from_yaml("sealwright.yml", text).unwrap_err().to_string()
    }

    #[test]
    fn keys_mirror_the_inputs() {
        let draft = Draft::from_yaml(
            "sealwright.yml",
            "images:\n  - a@sha256:1\n  - b@sha256:2\ndry-run: true\nuser-metadata:\n  build: 7\n  on: main\nexpiry: 24h\n",
        )
        .unwrap();
        assert_eq!(draft.given("images"), Some("a@sha256:1\nb@sha256:2"));
        assert_eq!(draft.given("dry-run"), Some("true"));
        assert_eq!(draft.given("user-metadata"), Some("build=7\non=main"));
        assert_eq!(draft.given("expiry"), Some("24h"));
    }

    #[test]
    fn an_empty_file_gives_nothing() {
        assert_eq!(Draft::from_yaml("f", ""), Ok(Draft::default()));
        assert_eq!(Draft::from_yaml("f", "# nothing\n"), Ok(Draft::default()));
    }

    #[test]
    fn an_unknown_key_names_file_line_and_neighbour() {
        let text = problem("command: sign\nimage: x\n");
        assert!(text.starts_with("sealwright.yml: "), "{text}");
        assert!(text.contains("unknown key `image`; did you mean `images`?"), "{text}");
        assert!(text.contains("line 2"), "{text}");
    }

    #[test]
    fn a_duplicate_key_names_its_line() {
        let text = problem("command: sign\ntimeout: 1m\ntimeout: 2m\n");
        assert!(text.contains("duplicate key `timeout`"), "{text}");
        assert!(text.contains("line 3"), "{text}");
        let text = problem("user-metadata:\n  a: b\n  a: c\n");
        assert!(text.contains("duplicate key `a`"), "{text}");
    }

    #[test]
    fn a_file_cannot_name_another_file_nor_be_huge_nor_nest() {
        assert!(problem("config: other.yml\n").contains("cannot stand"));
        assert!(problem("images: [[a]]\n").contains("expected a text"));
        let huge = "#".repeat(CONFIG_FILE_LIMIT as usize + 1);
        assert_eq!(Draft::from_yaml("f", &huge).unwrap_err().code(), "config-too-large");
        assert_eq!(Draft::from_yaml("f", "[a]").unwrap_err().code(), "config-invalid");
    }
}
