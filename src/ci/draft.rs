//! Inputs as they arrive: `INPUT_*` variables over `sealwright.yml`, not checked yet.

mod from_env;

use std::collections::BTreeMap;

use super::pushed::PushedError;
use super::step::Command;
use super::table::{self, INPUTS};
use crate::fault::Fault;

pub use from_env::Remark;

/// Input name → text. Empty and blank values are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    values: BTreeMap<&'static str, String>,
    /// Defaults that the names used bring along, before the table's.
    defaults: BTreeMap<&'static str, &'static str>,
    /// What Docker@2 pushed in this job of Azure Pipelines.
    pub(super) uris: Option<String>,
    /// The first input that is refused by its name.
    pub(super) refused: Option<InputError>,
}

/// An input that cannot be used. The value is shown only where it is no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error("input `{name}` is missing: {expected}")]
    Missing { name: &'static str, expected: String },
    #[error("input `{name}` is {found:?}; expected {expected}")]
    Invalid { name: &'static str, found: String, expected: String },
    #[error("inputs `{one}` and `{other}` cannot be given together: {why}")]
    Together { one: &'static str, other: &'static str, why: &'static str },
    /// What was pushed cannot be told.
    #[error(transparent)]
    Pushed(#[from] PushedError),
}

impl Fault for InputError {
    fn code(&self) -> &'static str {
        match self {
            InputError::Missing { .. } => "ci-input-missing",
            InputError::Invalid { .. } => "ci-input-invalid",
            InputError::Together { .. } => "ci-input-together",
            InputError::Pushed(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            InputError::Pushed(error) => error.hint(),
            _ => None,
        }
    }
}

impl Draft {
    /// The command's name where it is one, for the report of a step that cannot begin.
    pub fn command_name(&self) -> &'static str {
        self.text("command").and_then(Command::named).map_or("run", Command::name)
    }

    /// Sets a value; a blank one leaves the input absent.
    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        let value = value.trim();
        if !value.is_empty() {
            self.values.insert(name, value.to_owned());
        }
    }

    /// Takes over what `file` has and this draft has not.
    #[must_use]
    pub fn over(mut self, file: Draft) -> Self {
        for (name, value) in file.values {
            self.values.entry(name).or_insert(value);
        }
        self
    }

    /// The value given, or the table's default.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        debug_assert!(table::known(name).is_some(), "{name} is not in the table");
        self.values
            .get(name)
            .map(String::as_str)
            .or_else(|| self.defaults.get(name).copied())
            .or_else(|| INPUTS.iter().find(|i| i.name == name).and_then(|i| i.default))
    }

    /// The value given, without the table's default.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// `true` and `false` in the three spellings that GitHub's toolkit accepts.
    pub(super) fn truth(&self, name: &'static str) -> Result<bool, InputError> {
        match self.text(name) {
            None | Some("false" | "False" | "FALSE") => Ok(false),
            Some("true" | "True" | "TRUE") => Ok(true),
            Some(other) => Err(InputError::Invalid {
                name,
                found: other.to_owned(),
                expected: "`true` or `false`".to_owned(),
            }),
        }
    }

    /// Lines or commas, trimmed, empty ones dropped, each once.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let mut items: Vec<String> = Vec::new();
        for item in self.text(name).unwrap_or_default().split(['\n', ',']).map(str::trim) {
            if !item.is_empty() && !items.iter().any(|i| i == item) {
                items.push(item.to_owned());
            }
        }
        items
    }

    /// `key=value` lines, split at the first `=`.
    pub(super) fn pairs(&self, name: &'static str) -> Result<BTreeMap<String, String>, InputError> {
        let mut pairs = BTreeMap::new();
        for line in self.text(name).unwrap_or_default().lines() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            match line.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
                    let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
                    if pairs.insert(key, value).is_some() {
                        return Err(InputError::Invalid {
                            name,
                            found: line.to_owned(),
                            expected: "each key once".to_owned(),
                        });
                    }
                }
                _ => {
                    return Err(InputError::Invalid {
                        name,
                        found: line.to_owned(),
                        expected: "`key=value`, one per line".to_owned(),
                    });
                }
            }
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_step_goes_before_the_file_and_the_file_before_the_default() {
        let (step, _) = Draft::from_env(&env(&[("INPUT_TIMEOUT", "1m")]));
        let mut file = Draft::default();
        file.set("timeout", "2m");
        file.set("signature-format", "jws");
        let draft = step.over(file);
        assert_eq!(draft.text("timeout"), Some("1m"));
        assert_eq!(draft.text("signature-format"), Some("jws"));
        assert_eq!(draft.text("dry-run"), Some("false"));
    }

    #[test]
    fn lists_split_at_lines_and_commas_and_keep_each_item_once() {
        let (draft, _) = Draft::from_env(&env(&[("INPUT_IMAGES", "a, b\n\n  c,\na\r\n")]));
        assert_eq!(draft.list("images"), ["a", "b", "c"]);
    }

    #[test]
    fn truth_takes_the_toolkits_spellings_only() {
        for (text, expected) in [("True", Some(true)), ("FALSE", Some(false)), ("yes", None)] {
            let (draft, _) = Draft::from_env(&env(&[("INPUT_DRY-RUN", text)]));
            assert_eq!(draft.truth("dry-run").ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_pair_without_a_separator_or_given_twice_is_refused() {
        for text in ["a=b=c\nnope", "a=1\na=2"] {
            let (draft, _) = Draft::from_env(&env(&[("INPUT_USER-METADATA", text)]));
            assert_eq!(draft.pairs("user-metadata").unwrap_err().code(), "ci-input-invalid");
        }
    }
}
