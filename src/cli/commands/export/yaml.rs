//! YAML documents with comment lines before them, and the names of objects in a cluster.

use std::collections::HashSet;

use serde::Serialize;
use serde_yaml::Value;

use super::error::ExportError;
use crate::fault::{LINE_LIMIT, excerpt, printable};

/// largest document: 1 MiB; etcd takes 1.5 MiB with what the server adds
/// (etcd.io/docs, "System limits", "Request size limit").
const DOCUMENT_LIMIT: usize = 1024 * 1024;

/// longest name of an object: 63 characters, as some are labels too
/// (kubernetes.io/docs, "Object Names and IDs").
const NAME_LIMIT: usize = 63;

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    comments: Vec<String>,
    yaml: String,
}

impl Document {
    /// `name` is what an error calls it.
    pub fn new(
        name: &str,
        comments: Vec<String>,
        object: &impl Serialize,
    ) -> Result<Self, ExportError> {
        let yaml = text_of(object);
        let found = yaml.len();
        match found > DOCUMENT_LIMIT {
            true => {
                let name = name.to_owned();
                Err(ExportError::TooLarge { name, found, limit: DOCUMENT_LIMIT })
            }
            false => Ok(Self { comments, yaml }),
        }
    }
}

/// A file: comment lines about it, then its documents.
pub fn file(about: &[String], documents: &[Document]) -> String {
    let mut text = comment_lines(about);
    for document in documents {
        text += "---\n";
        text += &comment_lines(&document.comments);
        text += &document.yaml;
    }
    text
}

/// `# …`, each in one line whatever stands in it.
pub fn comment_lines(comments: &[String]) -> String {
    let line = |comment: &String| {
        let comment = printable(&excerpt(comment, LINE_LIMIT));
        format!("# {comment}").trim_end().to_owned() + "\n"
    };
    comments.iter().map(line).collect()
}

/// An object as YAML, ending in a newline. Clusters read YAML 1.1: what is no text there is quoted.
pub fn text_of(object: &impl Serialize) -> String {
    const YAML: &str = "structs of text, lists and maps are YAML";
    let mut value = serde_yaml::to_value(object).expect(YAML);
    let plain = serde_yaml::to_string(&value).expect(YAML);
    // text that begins with & is quoted; the mark is one that stands nowhere else
    let free = ('\u{e000}'..'\u{f8ff}').find(|c| !plain.contains(*c));
    let mark = format!("&{}", free.expect("no document has every private character"));
    quote(&mut value, &mark);
    serde_yaml::to_string(&value).expect(YAML).replace(&mark, "")
}

/// Marks each text that YAML 1.1 takes for something else.
fn quote(value: &mut Value, mark: &str) {
    match value {
        Value::String(text) if is_other_in_yaml_1_1(text) => text.insert_str(0, mark),
        Value::Sequence(values) => values.iter_mut().for_each(|value| quote(value, mark)),
        Value::Mapping(map) => {
            for (mut key, mut value) in std::mem::take(map) {
                quote(&mut key, mark);
                quote(&mut value, mark);
                map.insert(key, value);
            }
        }
        _ => {}
    }
}

/// yaml.org/type: bool, int and float with `_` and `:`, timestamp, merge and value. What is no text in
/// YAML 1.2 either is quoted anyway.
fn is_other_in_yaml_1_1(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "<<", "="];
    let digits = |b: u8| b.is_ascii_hexdigit() || b"_:.+-xXoOtTzZ ".contains(&b);
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && text.contains(['_', ':', '-'])
            && text.bytes().all(digits)
}

/// Names of objects that were given out.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// `<prefix>-<text>` in the letters that Kubernetes allows, told apart by a number where two
    /// texts come to the same.
    pub fn name(&mut self, prefix: &str, text: &str) -> String {
        let letters = text.chars().map(|c| c.to_ascii_lowercase());
        let letters = letters.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        let whole: String =
            prefix.chars().chain(['-']).chain(letters).take(NAME_LIMIT - 5).collect();
        let base = whole.trim_end_matches('-');
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut free = std::iter::once(base.to_owned()).chain(numbered);
        let name = free.find(|name| !self.0.contains(name)).expect("numbers do not end");
        self.0.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fault::Fault as _;

    #[test]
    fn names_have_the_letters_of_kubernetes_and_differ() {
        let mut names = Names::default();
        assert_eq!(names.name("p", "Wabbit_networks.io"), "p-wabbit-networks-io");
        assert_eq!(names.name("p", "wabbit-networks_io"), "p-wabbit-networks-io-2");
        assert_eq!(names.name("p", "é"), "p");
        assert!(names.name("p", &"a".repeat(300)).len() <= NAME_LIMIT);
        assert!(names.name("p", &"a".repeat(300)).ends_with("a-2"));
    }

    #[test]
    fn outside_text_stays_in_its_comment() {
        let comments = ["a\nkind: Secret\r\u{2028}---".to_owned()];
        assert_eq!(comment_lines(&comments).lines().count(), 1);
        assert!(comment_lines(&comments).starts_with("# a"));
    }

    #[test]
    fn a_document_that_no_cluster_takes_is_refused() {
        let refused = Document::new("Verifier v", Vec::new(), &"x".repeat(DOCUMENT_LIMIT + 1));
        let error = refused.expect_err("too large");
        assert_eq!(error.code(), "cli-export-too-large");
        assert!(error.hint().is_some());
    }

    /// A cluster reads YAML 1.1 (gopkg.in/yaml.v2), where these would be truths, numbers and nothing.
    #[test]
    fn text_stays_text_for_a_reader_of_yaml_1_1() {
        let others = [
            "y",
            "N",
            "yes",
            "No",
            "on",
            "OFF",
            "true",
            "~",
            "null",
            "012",
            "0o17",
            "0x1F",
            "0b101",
            "1_000",
            "0x1_F",
            "1e3",
            "1.",
            ".5",
            "+1",
            ".inf",
            "190:20",
            "2020-01-01",
            "=",
            "<<",
        ];
        for text in others {
            let yaml = text_of(&BTreeMap::from([(text, [text])]));
            assert_eq!(yaml, format!("'{text}':\n- '{text}'\n"));
        }
        for text in ["a\n---\nkind: Secret\n", "a #b", "&\u{e000}on", "'\"", "\u{85}x", " a", ""] {
            let map = BTreeMap::from([(text.to_owned(), text.to_owned())]);
            let back: BTreeMap<String, String> = serde_yaml::from_str(&text_of(&map)).unwrap();
            assert_eq!(back, map);
        }
        // what is read as text anyway stays as it was
        assert_eq!(
            text_of(&["1.0.0", "registry:5000/a", "yes.io"]),
            "- 1.0.0\n- registry:5000/a\n- yes.io\n"
        );
    }
}
