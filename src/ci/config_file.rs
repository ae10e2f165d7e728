//! `sealwright.yml`: the inputs as keys of a YAML file.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

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
        let parsed: Option<FileDraft> = serde_yaml::from_str(text).map_err(|error| {
            ConfigFileError::Invalid { path: path.to_owned(), problem: error.to_string() }
        })?;
        Ok(parsed.map(|f| f.0).unwrap_or_default())
    }
}

struct FileDraft(Draft);

impl<'de> Deserialize<'de> for FileDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = FileDraft;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mapping of input names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FileDraft, A::Error> {
        let mut draft = Draft::default();
        let mut seen: Vec<&'static str> = Vec::new();
        while let Some(Key(name)) = map.next_key::<Key>()? {
            if seen.contains(&name) {
                return Err(A::Error::custom(format!("duplicate key `{name}`")));
            }
            seen.push(name);
            draft.set(name, &map.next_value::<Value>()?.0);
        }
        Ok(FileDraft(draft))
    }
}

/// A key of the table; its error carries the key's own line.
struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match table::known(&name) {
            Some(input) if input.name != "config" => Ok(Key(input.name)),
            Some(_) => Err(D::Error::custom("key `config` cannot stand in a configuration file")),
            None => Err(D::Error::custom(match table::nearest(&name) {
                Some(nearest) => format!("unknown key `{name}`; did you mean `{nearest}`?"),
                None => format!("unknown key `{name}`"),
            })),
        }
    }
}

/// A scalar, a list of scalars (joined by lines), or a mapping of scalars (`key=value` lines).
struct Value(String);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, a list of texts, or a mapping of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value(text.to_owned()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value(truth.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut lines = Vec::new();
        while let Some(Scalar(item)) = list.next_element::<Scalar>()? {
            lines.push(item);
        }
        Ok(Value(lines.join("\n")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut keys: Vec<String> = Vec::new();
        let mut lines = Vec::new();
        while let Some((key, Scalar(value))) = map.next_entry::<String, Scalar>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            lines.push(format!("{key}={value}"));
            keys.push(key);
        }
        Ok(Value(lines.join("\n")))
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
