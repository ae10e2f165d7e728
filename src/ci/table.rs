//! The one table of inputs and outputs; the inputs stand in one file for each heading.

mod advanced;
mod azure;
mod key;
mod main;
mod registry;
mod reports;
mod trust;

/// An input of the step, a key of `sealwright.yml`, a row of the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    pub name: &'static str,
    pub shape: Shape,
    /// Used when neither the step nor the configuration file gives a value. It stands in the
    /// description, not in `default:` of `action.yml`, so that the file can be told from a default.
    pub default: Option<&'static str>,
    pub description: &'static str,
    /// Under which heading a form shows it: that of its file.
    pub group: Group,
    /// The commands it means something to; for the others a form hides it.
    pub commands: &'static [&'static str],
    pub place: Place,
}

/// The headings of a form, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Above all headings.
    Main,
    Key,
    Azure,
    Registry,
    Trust,
    Reports,
    Advanced,
}

/// Which CI systems know an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    GitHub,
    AzurePipelines,
}

/// What an input's text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
    /// Items in lines or between commas.
    List,
    /// `key=value` lines.
    Pairs,
    /// `<type>:<store>=<source>` lines, with PEM text among them.
    Sources,
    /// A duration of Go, such as `24h` or `1m30s`.
    Duration,
    /// Path of a file.
    File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    pub name: &'static str,
    pub description: &'static str,
}

/// All inputs: one file for each heading, in the order of the headings.
pub const INPUTS: &[Input] = &all_inputs();

pub const OUTPUTS: &[Output] = &[
    Output { name: "image", description: "The first image, by digest." },
    Output { name: "digest", description: "The digest of the first image." },
    Output {
        name: "signature",
        description: "The digest of the first image's signature manifest.",
    },
    Output {
        name: "signatures",
        description: "JSON list of all signatures pushed or found, `[\"myregistry.azurecr.io/app@sha256:…\"]`, for `fromJSON`; empty text where it would pass 100,000 bytes: then read `report`.",
    },
    Output {
        name: "images",
        description: "JSON list of all images, `[{\"image\": \"myregistry.azurecr.io/app@sha256:…\", \"outcome\": \"signed\", \"signature\": \"sha256:…\"}]`, for `fromJSON`; empty text where it would pass 100,000 bytes: then read `report`.",
    },
    Output {
        name: "outcome",
        description: "`signed`, `verified`, `skipped`, `dry-run`, `passed` (`doctor`) or `failed`.",
    },
    Output { name: "report", description: "Path of the JSON report that holds all images." },
];

/// The table's entry of this name.
pub(super) fn known(name: &str) -> Option<&'static Input> {
    INPUTS.iter().find(|i| i.name == name)
}

/// The table's name nearest to a mistyped one, when it is near enough to be meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    INPUTS
        .iter()
        .map(|i| (strsim::jaro_winkler(name, i.name), i.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

const HEADINGS: [(Group, &[Input]); 7] = [
    (Group::Main, main::INPUTS),
    (Group::Key, key::INPUTS),
    (Group::Azure, azure::INPUTS),
    (Group::Registry, registry::INPUTS),
    (Group::Trust, trust::INPUTS),
    (Group::Reports, reports::INPUTS),
    (Group::Advanced, advanced::INPUTS),
];

const fn count() -> usize {
    let (mut count, mut heading) = (0, 0);
    while heading < HEADINGS.len() {
        count += HEADINGS[heading].1.len();
        heading += 1;
    }
    count
}

const fn all_inputs() -> [Input; count()] {
    let mut all = [main::INPUTS[0]; count()];
    let (mut next, mut heading) = (0, 0);
    while heading < HEADINGS.len() {
        let (group, inputs) = HEADINGS[heading];
        let mut row = 0;
        while row < inputs.len() {
            all[next] = inputs[row];
            all[next].group = group;
            (next, row) = (next + 1, row + 1);
        }
        heading += 1;
    }
    all
}

const EVERY: &[&str] = &["sign", "verify", "login", "setup", "doctor"];
const IMAGES: &[&str] = &["sign", "verify"];
const NAMED: &[&str] = &["sign", "verify", "doctor"];
const KEY: &[&str] = &["sign", "doctor"];
const SIGN: &[&str] = &["sign"];
const SETUP: &[&str] = &["setup"];
const TRUST: &[&str] = &["verify", "setup", "doctor"];
const REGISTRY: &[&str] = &["sign", "verify", "login", "doctor"];

impl Input {
    const fn on(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    const fn of(mut self, commands: &'static [&'static str]) -> Self {
        self.commands = commands;
        self
    }
}

const fn input(
    name: &'static str,
    shape: Shape,
    default: Option<&'static str>,
    description: &'static str,
) -> Input {
    Input {
        name,
        shape,
        default,
        description,
        group: Group::Main,
        commands: EVERY,
        place: Place::Everywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::{CLOUDS, CREDENTIAL_TYPES, Cloud, CredentialType};
    use crate::ci::step::{COMMANDS, Command};
    use crate::envelope::FORMATS;

    fn words(name: &str) -> &'static [&'static str] {
        match known(name).map(|input| input.shape) {
            Some(Shape::OneOf(words)) => words,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn the_words_of_an_input_are_those_the_program_knows() {
        assert_eq!(words("command"), COMMANDS.map(Command::name));
        let mut credentials =
            vec![CredentialType::GitHub.name(), CredentialType::AzurePipelines.name()];
        credentials.extend(CREDENTIAL_TYPES.map(CredentialType::name));
        assert_eq!(words("credential-type"), credentials);
        assert_eq!(words("azure-cloud"), CLOUDS.map(Cloud::name));
        let mut formats = FORMATS.map(|format| format.name());
        formats.sort();
        assert_eq!(words("signature-format"), formats);
    }

    #[test]
    fn a_mistyped_name_finds_its_neighbour() {
        assert_eq!(nearest("image"), Some("images"));
        assert_eq!(nearest("trust_policy"), Some("trust-policy"));
        assert_eq!(nearest("signatureformat"), Some("signature-format"));
        assert_eq!(nearest("zebra"), None);
    }
}
