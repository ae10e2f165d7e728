//! `sealwright.yml`: the inputs as keys of a YAML file.

mod sources;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::aliases;
use super::draft::Draft;
use super::table::{self, Input, Place, Shape};
use crate::fault::Fault;
use sources::Sources;

/// largest configuration file read: 1 MiB; real ones are a screen long
pub const CONFIG_FILE_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFileError {
    #[error("cannot read {path}: {problem}")]
    Unreadable { path: String, problem: String },
    #[error("{path} has more than {CONFIG_FILE_LIMIT} bytes")]
    TooLarge { path: String },
    /// The problem names key, line and the nearest valid key.
    #[error("{path}: {problem}")]
    Invalid { path: String, problem: String },
}

impl Fault for ConfigFileError {
    fn code(&self) -> &'static str {
        match self {
            ConfigFileError::Unreadable { .. } => "ci-config-unreadable",
            ConfigFileError::TooLarge { .. } => "ci-config-too-large",
            ConfigFileError::Invalid { .. } => "ci-config-invalid",
        }
    }
}

impl Draft {
    /// Parses the text of a `sealwright.yml`; `path` is for messages.
    pub fn from_yaml(path: &str, text: &str) -> Result<Self, ConfigFileError> {
        let path = path.to_owned();
        if text.len() as u64 > CONFIG_FILE_LIMIT {
            return Err(ConfigFileError::TooLarge { path });
        }
        let text = text.trim_start_matches('\u{feff}');
        let file: Option<File> = serde_yaml::from_str(text)
            .map_err(|error| ConfigFileError::Invalid { path, problem: with_line(&error) })?;
        Ok(file.unwrap_or_default().0)
    }
}

/// The parser leaves out the place of what stands at the very beginning.
fn with_line(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match error.location() {
        Some(place) if place.index() == 0 && !text.contains(" at line ") => {
            format!("{text} at line 1 column 1")
        }
        _ => text,
    }
}

/// The file's keys as inputs. What is wrong is refused where it stands, so that the parser tells
/// the line.
#[derive(Default)]
struct File(Draft);

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FileVisitor)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of input names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
        let mut draft = Draft::default();
        let mut seen = Vec::new();
        while let Some(input) = map.next_key_seed(InputName { seen: &seen })? {
            let value = match input.shape {
                Shape::Sources => map.next_value::<Sources>()?.0,
                _ => map.next_value::<Value>()?.0,
            };
            if input.shape == Shape::File && value.trim_end().contains('\n') {
                return Err(A::Error::custom(format!("`{}` is one file", input.name)));
            }
            draft.set(input.name, &value);
            seen.push(input.name);
        }
        Ok(File(draft))
    }
}

/// A key of the file: an input of the table that did not stand there before.
struct InputName<'a> {
    seen: &'a [&'static str],
}

impl<'de> DeserializeSeed<'de> for InputName<'_> {
    type Value = &'static Input;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for InputName<'_> {
    type Value = &'static Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an input")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        if let Some(alias) = aliases::alias(key, Place::GitHub) {
            return Err(E::custom(format!("unknown key `{key}`; {}", alias.advice())));
        }
        match (table::known(key), table::nearest(key)) {
            (Some(input), _) if input.name == "config" => {
                Err(E::custom(format!("key `{key}` cannot stand in this file")))
            }
            (Some(input), _) if self.seen.contains(&input.name) => {
                Err(E::custom(format!("duplicate key `{key}`")))
            }
            (Some(input), _) => Ok(input),
            (None, Some(nearest)) => {
                Err(E::custom(format!("unknown key `{key}`; did you mean `{nearest}`?")))
            }
            (None, None) => Err(E::custom(format!("unknown key `{key}`"))),
        }
    }
}

/// A text, a list of texts, or a mapping of texts, as an input's text: items by lines, pairs as
/// `key=value` lines.
struct Value(String);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or a mapping of texts")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value(String::new()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value(truth.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut lines = Vec::new();
        while let Some(Line(item)) = items.next_element()? {
            lines.push(item);
        }
        Ok(Value(lines.join("\n")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut seen = Vec::new();
        let mut lines = Vec::new();
        while let Some(key) = pairs.next_key_seed(NewKey { seen: &seen })? {
            let Line(value) = pairs.next_value()?;
            lines.push(format!("{key}={value}"));
            seen.push(key);
        }
        Ok(Value(lines.join("\n")))
    }
}

/// A key of a mapping that did not stand there before.
struct NewKey<'a> {
    seen: &'a [String],
}

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        match self.seen.iter().any(|seen| seen == key) {
            true => Err(E::custom(format!("duplicate key `{key}`"))),
            false => Ok(key.to_owned()),
        }
    }
}

/// One line of text. A number with a point is refused: `1.10` and `1.1` are the same number.
struct Line(String);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LineVisitor)
    }
}

struct LineVisitor;

impl Visitor<'_> for LineVisitor {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text of one line, in quotes where it is a number with a point")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Line, E> {
        match text.trim_end().contains(['\n', '\r']) {
            true => Err(E::custom("a text of one line is expected here")),
            false => Ok(Line(text.trim_end().to_owned())),
        }
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Line, E> {
        Ok(Line(truth.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Line, E> {
        Ok(Line(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Line, E> {
        Ok(Line(number.to_string()))
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
        let urls = "timestamp-url:\n  - http://a\n  - http://b\ntimestamp-root-cert: tsa.pem\n";
        let draft = Draft::from_yaml("sealwright.yml", urls).unwrap();
        assert_eq!(draft.given("timestamp-url"), Some("http://a\nhttp://b"));
        assert_eq!(draft.given("timestamp-root-cert"), Some("tsa.pem"));
    }

    #[test]
    fn keys_of_other_tools_are_refused_by_name() {
        for (text, message) in [
            ("timestamp_url: http://t\n", "unknown key `timestamp_url`; use `timestamp-url`"),
            ("plugin_name: p\n", "unknown key `plugin_name`; use `plugin`"),
            ("key_id: k\n", "unknown key `key_id`; use `key`"),
        ] {
            let text = problem(text);
            assert!(text.contains(message) && text.contains("line 1"), "{text}");
        }
        let draft = Draft::from_yaml("f", "plugin: other\nplugin-config:\n  a: b\n").unwrap();
        assert_eq!(draft.given("plugin"), Some("other"));
        assert_eq!(draft.given("plugin-config"), Some("a=b"));
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
        let text = problem("image: x\n");
        assert!(text.contains("`images`? at line 1"), "{text}");
    }

    #[test]
    fn a_byte_order_mark_and_crlf_are_no_part_of_the_file() {
        let plain = Draft::from_yaml("f", "command: sign\nimages: [a, b]\n");
        assert_eq!(Draft::from_yaml("f", "\u{feff}command: sign\r\nimages: [a, b]\r\n"), plain);
    }

    #[test]
    fn a_duplicate_key_names_its_line() {
        let text = problem("command: sign\ntimeout: 1m\ntimeout: 2m\n");
        assert!(text.contains("duplicate key `timeout`"), "{text}");
        assert!(text.contains("line 3"), "{text}");
        let text = problem("user-metadata:\n  a: b\n  a: c\n");
        assert!(text.contains("duplicate key `a`") && text.contains("line 3"), "{text}");
        // the line of the key that stands there twice, whatever stands below another key
        let text = problem("user-metadata:\n  timeout: b\ntimeout: 1m\nexpiry: 1h\ntimeout: 2m\n");
        assert!(text.contains("duplicate key `timeout`") && text.contains("line 5"), "{text}");
    }

    #[test]
    fn a_file_cannot_name_another_file_nor_be_huge_nor_nest() {
        assert!(problem("config: other.yml\n").contains("cannot stand"));
        assert!(problem("images: [[a]]\n").contains("expected a text"));
        assert!(problem("timestamp-root-cert: [a, b]\n").contains("` is one file at line 1"));
        assert!(problem("user-metadata:\n  a: 1.10\n").contains("in quotes"));
        assert!(problem("user-metadata:\n  a: \"b\\nc=d\"\n").contains("one line"));
        let huge = "#".repeat(CONFIG_FILE_LIMIT as usize + 1);
        assert_eq!(Draft::from_yaml("f", &huge).unwrap_err().code(), "ci-config-too-large");
        assert_eq!(Draft::from_yaml("f", "[a]").unwrap_err().code(), "ci-config-invalid");
    }
}
