//! Names that other tools give to inputs of the table: accepted, and the new name is told.

use super::table::Place;

/// An input of another tool that workflows and pipelines already have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// Where that tool runs.
    pub place: Place,
    /// As its users write it.
    pub name: &'static str,
    pub stands_for: Meaning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The same value under the table's name.
    Input(&'static str),
    /// Each word sets this input to its value; with an empty one the input stays absent. Another
    /// word is refused.
    Words(&'static str, &'static [(&'static str, &'static str)]),
    /// There is nothing left to do, and why.
    NoEffect(&'static str),
}

/// A value of another tool's input that has the same name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub place: Place,
    pub input: &'static str,
    pub word: &'static str,
    pub stands_for: &'static str,
}

/// A default that another tool's names bring along, before the table's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldDefault {
    pub place: Place,
    pub input: &'static str,
    pub value: &'static str,
}

impl Alias {
    /// What to write in its place on GitHub, or why nothing.
    pub fn advice(&self) -> String {
        match self.stands_for {
            Meaning::Input(new) | Meaning::Words(new, _) => format!("use `{new}`"),
            Meaning::NoEffect(why) => format!("no effect: {why}"),
        }
    }
}

const fn github(name: &'static str, stands_for: Meaning) -> Alias {
    Alias { place: Place::GitHub, name, stands_for }
}

const fn pipelines(name: &'static str, stands_for: Meaning) -> Alias {
    Alias { place: Place::AzurePipelines, name, stands_for }
}

const NOTHING_TO_INSTALL: Meaning = Meaning::NoEffect("the step brings its own program");

/// Names of the task Notation@0 that differ from the table's in camelCase (learn.microsoft.com,
/// "Notation@0 - Notation v0 task"), names of notation-action (github.com/notaryproject/notation-action,
/// sign/action.yml and verify/action.yml).
pub const ALIASES: &[Alias] = &[
    github("target_artifact_reference", Meaning::Input("images")),
    github("key_id", Meaning::Input("key")),
    github("plugin_name", Meaning::Input("plugin")),
    github("plugin_url", Meaning::Input("plugin-url")),
    github("plugin_checksum", Meaning::Input("plugin-checksum")),
    github("plugin_config", Meaning::Input("plugin-config")),
    github("signature_format", Meaning::Input("signature-format")),
    github("force_referrers_tag", Meaning::Input("force-referrers-tag")),
    github(
        "allow_referrers_api",
        Meaning::Words("force-referrers-tag", &[("true", "false"), ("false", "")]),
    ),
    github("trust_policy", Meaning::Input("trust-policy")),
    github("trust_store", Meaning::Input("trust-store")),
    github("timestamp_url", Meaning::Input("timestamp-url")),
    github("timestamp_root_cert", Meaning::Input("timestamp-root-cert")),
    pipelines("artifactRefs", Meaning::Input("images")),
    pipelines("keyid", Meaning::Input("key")),
    pipelines("caCertBundle", Meaning::Input("ca-certs")),
    pipelines("azurekvServiceConection", Meaning::Input("azure-subscription")),
    pipelines(
        "allowReferrersAPI",
        Meaning::Words("force-referrers-tag", &[("true", "false"), ("false", "")]),
    ),
    pipelines("akvPluginVersion", Meaning::NoEffect("the step needs no plugin")),
    pipelines("isCustomVersion", NOTHING_TO_INSTALL),
    pipelines("version", NOTHING_TO_INSTALL),
    pipelines("url", NOTHING_TO_INSTALL),
    pipelines("checksum", NOTHING_TO_INSTALL),
];

pub const WORDS: &[Word] = &[
    Word { place: Place::AzurePipelines, input: "command", word: "install", stands_for: "setup" },
    Word {
        place: Place::AzurePipelines,
        input: "plugin",
        word: "azureKeyVault",
        stands_for: "azure-kv",
    },
];

/// notation-action signs in JWS (sign/action.yml, "signature_format").
pub const OLD_DEFAULTS: &[OldDefault] =
    &[OldDefault { place: Place::GitHub, input: "signature-format", value: "jws" }];

/// An input's or output's name where names are letters and digits: `trust-policy` is `trustPolicy`
/// in Azure Pipelines (tasks.schema.json, "inputs").
pub fn camel_case(name: &str) -> String {
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

/// The alias of this name on this CI system; hosts write names in capitals.
pub(super) fn alias(name: &str, place: Place) -> Option<&'static Alias> {
    ALIASES.iter().find(|a| a.place == place && a.name.eq_ignore_ascii_case(name))
}

/// What a value of an input is called here.
pub(super) fn word<'a>(input: &str, value: &'a str, place: Option<Place>) -> &'a str {
    WORDS
        .iter()
        .find(|w| Some(w.place) == place && w.input == input && w.word == value)
        .map_or(value, |w| w.stands_for)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ci::table::{INPUTS, OUTPUTS, known};

    #[test]
    fn names_with_hyphens_have_a_second_spelling() {
        assert_eq!(camel_case("images"), "images");
        assert_eq!(camel_case("azure-client-id"), "azureClientId");
    }

    #[test]
    fn each_name_is_one_input_also_without_hyphens_and_capitals() {
        let inputs = INPUTS.iter().map(|i| camel_case(i.name));
        let aliases = ALIASES.iter().filter(|a| a.place == Place::AzurePipelines);
        let names: Vec<String> =
            inputs.chain(aliases.map(|a| a.name.to_owned())).map(|n| n.to_lowercase()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let outputs = OUTPUTS.iter().map(|o| camel_case(o.name));
        for name in outputs.chain(INPUTS.iter().map(|i| camel_case(i.name))) {
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        }
    }

    #[test]
    fn aliases_stand_for_inputs_of_the_table() {
        for alias in ALIASES {
            let names = match alias.stands_for {
                Meaning::Input(name) | Meaning::Words(name, _) => vec![name],
                _ => vec![],
            };
            assert!(names.iter().all(|name| known(name).is_some()), "{alias:?}");
            assert!(known(alias.name).is_none(), "{alias:?}");
        }
        for old in OLD_DEFAULTS {
            assert!(known(old.input).is_some(), "{old:?}");
        }
        for word in WORDS {
            assert!(known(word.input).is_some(), "{word:?}");
        }
    }
}
