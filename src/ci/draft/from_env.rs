//! The step's inputs as its host hands them over: `INPUT_*` variables.

use super::{Draft, InputError};
use crate::ci::aliases::{self, Alias, Meaning};
use crate::ci::host::{Level, system};
use crate::ci::table::{self, INPUTS, Input, Place, Shape};
use crate::env::{Env, name};

/// The host sets one variable per input: `INPUT_` and the name in capitals, hyphens kept.
const PREFIX: &str = "INPUT_";

/// Something to say about an input that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub level: Level,
    pub title: &'static str,
    pub text: String,
}

impl Draft {
    /// Reads the step's inputs, and says what is to be said about their names. An input that is
    /// refused by name is an error of [`Draft::validate`].
    pub fn from_env(env: &Env) -> (Self, Vec<Remark>) {
        let mut reading =
            Reading { env, place: system(env), draft: Draft::default(), remarks: Vec::new() };
        let mut aliases = Vec::new();
        for (variable, value) in env.with_prefix(PREFIX) {
            let name = variable[PREFIX.len()..].to_lowercase();
            let alias = reading.place.and_then(|place| aliases::alias(&name, place));
            match (reading.known(&name), alias) {
                (Some(input), _) => reading.put(input, value),
                (None, Some(alias)) => aliases.push((alias, value.trim())),
                (None, None) => reading.remark(Level::Warning, "Unknown input", unknown(&name)),
            }
        }
        for (alias, value) in aliases.into_iter().filter(|(_, value)| !value.is_empty()) {
            reading.take(alias, value);
        }
        // any job may have a variable of this name
        if reading.place == Some(Place::AzurePipelines) {
            reading.draft.uris = env.value(name::RESOURCE_URIS).map(str::to_owned);
        }
        (reading.draft, reading.remarks)
    }
}

struct Reading<'a> {
    env: &'a Env,
    place: Option<Place>,
    draft: Draft,
    remarks: Vec<Remark>,
}

impl Reading<'_> {
    /// The table's entry of this name. In Azure Pipelines names are in camelCase, of which
    /// capitals leave only the letters.
    fn known(&self, name: &str) -> Option<&'static Input> {
        match self.place {
            Some(Place::AzurePipelines) => {
                let letters = |name: &str| name.replace('-', "");
                INPUTS.iter().find(|input| letters(input.name) == letters(name))
            }
            _ => table::known(name),
        }
    }

    fn put(&mut self, input: &'static Input, value: &str) {
        let value = aliases::word(input.name, value.trim(), self.place);
        if self.place == Some(Place::AzurePipelines) {
            // The form of a task sends its defaults along; `sealwright.yml` goes before them.
            if input.default == Some(value) || input.shape == Shape::File && self.is_root(value) {
                return;
            }
        }
        self.draft.set(input.name, value);
    }

    /// An agent sets a `filePath` input that is not given to the root of the repository.
    fn is_root(&self, path: &str) -> bool {
        let bare = |path: &str| path.trim_end_matches(['/', '\\']).to_owned();
        [name::SYSTEM_DEFAULTWORKINGDIRECTORY, name::BUILD_SOURCESDIRECTORY]
            .iter()
            .filter_map(|variable| self.env.value(variable))
            .any(|root| bare(root) == bare(path))
    }

    fn take(&mut self, alias: &'static Alias, value: &str) {
        let old = alias.name;
        match alias.stands_for {
            Meaning::Input(new) => self.rename(old, new, value),
            Meaning::Words(new, words) => {
                match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)) {
                    Some((_, "")) => {}
                    Some((_, value)) => self.rename(old, new, value),
                    None => {
                        let known: Vec<String> =
                            words.iter().map(|(word, _)| format!("`{word}`")).collect();
                        self.refuse(invalid(old, value, known.join(" or ")));
                    }
                }
            }
            Meaning::Always(word) if word == value => {}
            Meaning::Always(word) => self.refuse(invalid(old, value, format!("`{word}`"))),
            Meaning::NoEffect(why) => {
                let text = format!("input `{old}` has no effect: {why}");
                self.remark(Level::Notice, "Input without effect", text);
            }
        }
    }

    fn rename(&mut self, old: &'static str, new: &'static str, value: &str) {
        let input = table::known(new).expect("aliases stand for inputs of the table");
        if self.draft.given(new).is_some() {
            let why = "one is the other's old name";
            return self.refuse(InputError::Together { one: old, other: new, why });
        }
        let spelled = match self.place {
            Some(Place::AzurePipelines) => aliases::camel_case(new),
            _ => new.to_owned(),
        };
        let text = format!("input `{old}` is deprecated; its name is `{spelled}`");
        self.put(input, value);
        if self.draft.given(new).is_some() {
            self.remark(Level::Warning, "Deprecated input", text);
        }
    }

    fn remark(&mut self, level: Level, title: &'static str, text: String) {
        self.remarks.push(Remark { level, title, text });
    }

    fn refuse(&mut self, error: InputError) {
        self.draft.refused.get_or_insert(error);
    }
}

fn invalid(name: &'static str, found: &str, expected: String) -> InputError {
    InputError::Invalid { name, found: found.to_owned(), expected }
}

fn unknown(name: &str) -> String {
    match table::nearest(name) {
        Some(nearest) => {
            format!("input `{name}` is unknown and has no effect; did you mean `{nearest}`?")
        }
        None => format!("input `{name}` is unknown and has no effect"),
    }
}

#[cfg(test)]
mod tests;
