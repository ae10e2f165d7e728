//! The step's inputs as its host hands them over: `INPUT_*` variables.

use std::collections::BTreeMap;

use super::{Draft, InputError};
use crate::ci::aliases::{self, Alias, Meaning, OLD_DEFAULTS};
use crate::ci::host::{Level, system};
use crate::ci::table::{self, INPUTS, Input, Place, Shape};
use crate::env::{Env, name};

/// The host sets one variable per input: `INPUT_` and the name in capitals, hyphens kept.
const PREFIX: &str = "INPUT_";

const DEPRECATED: &str = "Deprecated input";
const NO_EFFECT: &str = "Input without effect";

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
        // at a terminal names are GitHub's
        let place = system(env).unwrap_or(Place::GitHub);
        let mut reading = Reading {
            env,
            place,
            draft: Draft::default(),
            aliased: BTreeMap::new(),
            remarks: Vec::new(),
        };
        let mut aliases = Vec::new();
        for (variable, value) in env.with_prefix(PREFIX) {
            let name = variable[PREFIX.len()..].to_lowercase();
            let alias = aliases::alias(&name, place);
            let foreign = reading.is_foreign(&variable[PREFIX.len()..]);
            match (reading.known(&name), alias) {
                (None, None) => reading.remark(Level::Warning, "Unknown input", unknown(&name)),
                _ if foreign => {
                    reading.remark(Level::Warning, "Unknown input", misspelled(variable));
                }
                (Some(input), _) => reading.put(input, value),
                (None, alias) => aliases.extend(alias.map(|alias| (alias, value.trim()))),
            }
        }
        aliases.retain(|(_, value)| !value.is_empty());
        // the input's other spelling goes before what is more than a spelling
        let spelled =
            |new| aliases.iter().any(|(alias, _)| alias.stands_for == Meaning::Input(new));
        let (later, first): (Vec<_>, Vec<_>) = aliases.iter().partition(
            |(alias, _)| matches!(alias.stands_for, Meaning::Words(new, _) if spelled(new)),
        );
        for (alias, value) in first.into_iter().chain(later) {
            reading.take(alias, value);
        }
        // any job may have a variable of this name
        if place == Place::AzurePipelines {
            reading.draft.uris = env.value(name::RESOURCE_URIS).map(str::to_owned);
        }
        if !aliases.is_empty() {
            reading.keep_defaults();
        }
        (reading.draft, together(reading.remarks, place))
    }
}

struct Reading<'a> {
    env: &'a Env,
    place: Place,
    draft: Draft,
    /// Inputs that an alias gave, and which.
    aliased: BTreeMap<&'static str, &'static str>,
    remarks: Vec<Remark>,
}

impl Reading<'_> {
    /// The table's entry of this name. In Azure Pipelines names are in camelCase, of which
    /// capitals leave only the letters.
    fn known(&self, name: &str) -> Option<&'static Input> {
        match self.place {
            Place::AzurePipelines => {
                let letters = |name: &str| name.replace('-', "");
                INPUTS.iter().find(|input| letters(input.name) == letters(name))
            }
            _ => table::known(name),
        }
    }

    /// No host writes a name so: whoever set the variable must not speak for the step's author.
    fn is_foreign(&self, name: &str) -> bool {
        let plain = format!("{PREFIX}{}", name.replace('-', ""));
        let twice = self.place == Place::AzurePipelines
            && name.contains('-')
            && self.env.with_prefix(PREFIX).any(|(variable, _)| variable == plain);
        twice || name.contains(char::is_lowercase)
    }

    fn put(&mut self, input: &'static Input, value: &str) {
        let value = aliases::word(input.name, value.trim(), Some(self.place));
        if self.place == Place::AzurePipelines {
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
                    Some(_) if self.aliased.contains_key(new) => {
                        let text = format!(
                            "input `{old}` has no effect: `{}` goes before it",
                            self.aliased[new]
                        );
                        self.remark(Level::Notice, NO_EFFECT, text);
                    }
                    Some((_, value)) => self.rename(old, new, value),
                    None => {
                        let known: Vec<String> =
                            words.iter().map(|(word, _)| format!("`{word}`")).collect();
                        self.refuse(invalid(old, value, known.join(" or ")));
                    }
                }
            }
            Meaning::NoEffect(why) => {
                let text = format!("input `{old}` has no effect: {why}");
                self.remark(Level::Notice, NO_EFFECT, text);
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
            Place::AzurePipelines => aliases::camel_case(new),
            _ => new.to_owned(),
        };
        let text = format!("input `{old}` is deprecated; its name is `{spelled}`");
        self.put(input, value);
        if self.draft.given(new).is_some() {
            self.aliased.insert(new, old);
            self.remark(Level::Warning, DEPRECATED, text);
        }
    }

    /// The defaults of the tool whose names are used.
    fn keep_defaults(&mut self) {
        let place = self.place;
        for old in OLD_DEFAULTS.iter().filter(|old| old.place == place) {
            self.draft.defaults.insert(old.input, old.value);
            let means = table::known(old.input)
                .is_some_and(|input| input.commands.contains(&self.draft.command_name()));
            if means && self.draft.given(old.input).is_none() {
                let text = format!(
                    "beside these names `{}` is `{}` unless it is given",
                    old.input, old.value
                );
                self.remark(Level::Warning, DEPRECATED, text);
            }
        }
    }

    fn remark(&mut self, level: Level, title: &'static str, text: String) {
        self.remarks.push(Remark { level, title, text });
    }

    fn refuse(&mut self, error: InputError) {
        self.draft.refused.get_or_insert(error);
    }
}

/// On GitHub one annotation for all names, since a step may have ten; an agent takes lines.
fn together(remarks: Vec<Remark>, place: Place) -> Vec<Remark> {
    let mut joined: Vec<Remark> = Vec::new();
    for remark in remarks {
        let same = |other: &&mut Remark| {
            place == Place::GitHub
                && [DEPRECATED, NO_EFFECT].contains(&remark.title)
                && other.title == remark.title
        };
        match joined.iter_mut().find(same) {
            Some(first) => first.text.push_str(&format!("\n{}", remark.text)),
            None => joined.push(remark),
        }
    }
    joined
}

fn invalid(name: &'static str, found: &str, expected: String) -> InputError {
    InputError::Invalid { name, found: found.to_owned(), expected }
}

fn misspelled(variable: &str) -> String {
    format!("the variable `{variable}` has no effect: the host writes an input's name otherwise")
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
