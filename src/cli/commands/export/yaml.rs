//! YAML documents with comment lines before them, and the names of objects in a cluster.

use std::collections::HashSet;

use serde::Serialize;

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

/// An object as YAML, ending in a newline.
pub fn text_of(object: &impl Serialize) -> String {
    serde_yaml::to_string(object).expect("structs of text, lists and maps are YAML")
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
}
