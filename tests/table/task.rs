//! task.json: the table as a task of Azure Pipelines.

use std::collections::BTreeMap;

use sealwright::ci::{
    ALIASES, Group, INPUTS, Input, Meaning, OUTPUTS, Place, Shape, WORDS, camel_case,
};
use serde::Serialize;

/// Never another: an organisation knows the task by it.
const ID: &str = "3df5162b-ed54-4d3c-9a85-2cabd5521017";
const HELP: &str = "https://github.com/sealwright/sealwright#in-azure-pipelines";
/// The first agent that is sure to have Node 20 (azure-pipelines-tasks, docs/migrateNode24.md); an
/// older one is brought up to date before it runs the task.
const AGENT: &str = "4.248.0";
/// The highest handler that an agent has is taken.
const HANDLERS: [&str; 2] = ["Node24", "Node20_1"];
/// What `setup` sets beside the outputs; for a folder on PATH an agent asks whether PATH may be set.
const SET_FOR_LATER_STEPS: [&str; 2] = ["NOTATION_CONFIG", "PATH"];
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    #[serde(rename = "$schema")]
    schema: &'static str,
    id: &'static str,
    name: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    help_url: &'static str,
    help_mark_down: String,
    category: &'static str,
    visibility: [&'static str; 2],
    runs_on: [&'static str; 2],
    author: &'static str,
    version: Version,
    minimum_agent_version: &'static str,
    instance_name_format: &'static str,
    groups: Vec<FormGroup>,
    inputs: Vec<FormInput>,
    output_variables: Vec<OutputVariable>,
    execution: BTreeMap<&'static str, Handler>,
    postjobexecution: BTreeMap<&'static str, Handler>,
    restrictions: Restrictions,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FormGroup {
    name: &'static str,
    display_name: &'static str,
    is_expanded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FormInput {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'static str>,
    r#type: &'static str,
    label: String,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<&'static str>,
    help_mark_down: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visible_rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<BTreeMap<&'static str, &'static str>>,
}

#[derive(Serialize)]
struct OutputVariable {
    name: String,
    description: String,
}

#[derive(Serialize)]
struct Handler {
    target: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Restrictions {
    settable_variables: Settable,
}

#[derive(Serialize)]
struct Settable {
    allowed: Vec<String>,
}

/// What the output variable `Status` says, as Notation@0 sets it.
pub const STATUS: &str = "`Succeeded`, `Warning` or `Failed`.";
const GROUPS: [Group; 7] = [
    Group::Main,
    Group::Key,
    Group::Azure,
    Group::Registry,
    Group::Trust,
    Group::Reports,
    Group::Advanced,
];

/// The whole file.
pub fn task_json() -> String {
    let outputs = output_variables();
    let mut allowed: Vec<String> = outputs.iter().map(|o| o.name.clone()).collect();
    allowed.extend(SET_FOR_LATER_STEPS.map(str::to_owned));
    let task = Task {
        schema: "https://raw.githubusercontent.com/Microsoft/azure-pipelines-task-lib/master/tasks.schema.json",
        id: ID,
        name: "sealwright",
        friendly_name: "Sign and verify container images",
        description: "Signs and verifies container images in the Notary Project format, with keys in Azure Key Vault",
        help_url: HELP,
        help_mark_down: format!("[Inputs, outputs, examples]({HELP})"),
        category: "Utility",
        visibility: ["Build", "Release"],
        runs_on: ["Agent", "DeploymentGroup"],
        author: "sealwright",
        version: version(env!("CARGO_PKG_VERSION")),
        minimum_agent_version: AGENT,
        instance_name_format: "sealwright $(command)",
        groups: GROUPS.iter().filter_map(|group| form_group(*group)).collect(),
        inputs: INPUTS.iter().filter(|i| i.place != Place::GitHub).map(form_input).collect(),
        output_variables: outputs,
        execution: handlers("dist/index.js"),
        postjobexecution: handlers("dist/post.js"),
        restrictions: Restrictions { settable_variables: Settable { allowed } },
    };
    format!("{}\n", serde_json::to_string_pretty(&task).expect("texts are JSON"))
}

/// The inputs above all headings are in no group.
fn form_group(group: Group) -> Option<FormGroup> {
    let (name, display_name, is_expanded) = match group {
        Group::Main => return None,
        Group::Key => ("key", "Signing key", true),
        Group::Azure => ("azure", "Azure identity", true),
        Group::Registry => ("registryCredentials", "Registry credentials", false),
        Group::Trust => ("trust", "Trust", true),
        Group::Reports => ("reports", "Reports", false),
        Group::Advanced => ("advanced", "Advanced", false),
    };
    Some(FormGroup { name, display_name, is_expanded })
}

fn form_input(input: &Input) -> FormInput {
    let stands_for = |meaning| matches!(meaning, Meaning::Input(name) if name == input.name);
    let aliases = ALIASES.iter().filter(|a| a.place == Place::AzurePipelines);
    FormInput {
        name: camel_case(input.name),
        aliases: aliases.filter(|a| stands_for(a.stands_for)).map(|a| a.name).collect(),
        r#type: kind(input),
        label: label(input.name),
        // the program checks what else is required, since it depends on the command
        required: input.name == "command",
        default_value: input.default,
        help_mark_down: in_camel_case(input.description),
        group_name: form_group(input.group).map(|group| group.name),
        visible_rule: visible_rule(input),
        options: options(input),
    }
}

fn kind(input: &Input) -> &'static str {
    match (input.name, input.shape) {
        ("azure-subscription", _) => "connectedService:AzureRM",
        ("container-registry", _) => "connectedService:dockerregistry",
        (_, Shape::Text | Shape::Duration) => "string",
        (_, Shape::OneOf(_)) => "pickList",
        (_, Shape::Truth) => "boolean",
        (_, Shape::List | Shape::Pairs | Shape::Sources) => "multiLine",
        (_, Shape::File) => "filePath",
    }
}

/// `ca-certs` is "CA certs".
fn label(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .enumerate()
        .map(|(i, word)| match (i, word) {
            (_, "ca" | "crl" | "id" | "ocsp" | "url") => word.to_uppercase(),
            (_, "junit") => "JUnit".to_owned(),
            (_, "azure") => "Azure".to_owned(),
            (0, word) => word[..1].to_uppercase() + &word[1..],
            (_, word) => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

/// A description with the names of inputs as a pipeline spells them.
fn in_camel_case(description: &str) -> String {
    INPUTS.iter().fold(description.to_owned(), |text, input| {
        text.replace(&format!("`{}`", input.name), &format!("`{}`", camel_case(input.name)))
    })
}

/// Shown for the commands it means something to.
fn visible_rule(input: &Input) -> Option<String> {
    let Some(Shape::OneOf(all)) =
        INPUTS.iter().find(|i| i.name == "command").map(|command| command.shape)
    else {
        panic!("`command` is one of some words");
    };
    let rules: Vec<String> = input.commands.iter().map(|c| format!("command = {c}")).collect();
    (input.commands.len() < all.len()).then(|| rules.join(" || "))
}

fn options(input: &Input) -> Option<BTreeMap<&'static str, &'static str>> {
    let Shape::OneOf(words) = input.shape else { return None };
    let old = WORDS.iter().filter(|w| w.place == Place::AzurePipelines && w.input == input.name);
    let words = words.iter().map(|word| (*word, *word));
    Some(words.chain(old.map(|w| (w.word, w.word))).collect())
}

/// The table's, and the one of Notation@0.
fn output_variables() -> Vec<OutputVariable> {
    let status = OutputVariable { name: "Status".to_owned(), description: STATUS.to_owned() };
    let output = |o: &sealwright::ci::Output| OutputVariable {
        name: camel_case(o.name),
        description: o.description.to_owned(),
    };
    OUTPUTS.iter().map(output).chain([status]).collect()
}

fn handlers(target: &'static str) -> BTreeMap<&'static str, Handler> {
    HANDLERS.map(|name| (name, Handler { target })).into()
}

fn version(text: &str) -> Version {
    let mut numbers = text.split('.').map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("three numbers");
    Version { major: next(), minor: next(), patch: next() }
}
