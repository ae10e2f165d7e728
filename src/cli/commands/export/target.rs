//! What an export comes to.

use super::notes::Note;
use super::yaml::Document;

/// A target's configuration, and how it differs from the policy.
#[derive(Debug)]
pub struct Export {
    /// As it is named in messages.
    pub target: &'static str,
    /// The arguments of `export` for a target that takes what this one does not.
    pub elsewhere: &'static str,
    /// Comment lines before the first document.
    pub about: Vec<String>,
    pub documents: Vec<Document>,
    pub notes: Vec<Note>,
}
