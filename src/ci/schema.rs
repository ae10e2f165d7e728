//! JSON Schemas (draft 2020-12) of the JSON report and of `sealwright.yml`, made from the types and
//! the table themselves.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::report::Report;
use super::step::{COMMANDS, Command};
use super::table::{INPUTS, Input, Shape};
use crate::doctor::{GROUPS, Group, MARKS, Mark};
use crate::lifetime;
use crate::plugin::Capability;
use crate::trust::{Action, CHECKS, Check};

/// Of the report file. `$defs/ImageReport` is what `--output json` of `sign` and `verify` prints.
pub fn report_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert("title".to_owned(), json!("sealwright report"));
    let mut schema = schema.to_value();
    without_null(&mut schema);
    schema
}

/// Of `sealwright.yml`: what the step makes sense of, each key an input of the table.
pub fn config_schema() -> Value {
    let keys: Map<String, Value> = INPUTS
        .iter()
        // a file cannot name another file
        .filter(|input| input.name != "config")
        .map(|input| (input.name.to_owned(), key(input)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sealwright.yml",
        "description": "The inputs of the sealwright step as keys of a YAML file; what the step gives goes before it.",
        // an empty file is null
        "type": ["object", "null"],
        "properties": keys,
        "additionalProperties": false,
        "$defs": {
            "line": {
                "description": "A text of one line; a number with a point stands in quotes.",
                "anyOf": [
                    { "type": "string", "pattern": ONE_LINE },
                    { "type": ["boolean", "integer"] }
                ]
            }
        }
    })
}

/// trailing space is trimmed, so that the last line may end
const ONE_LINE: &str = r"^[^\r\n]*\s*$";
/// type and name of a trust store
const STORE: &str = r"^(ca|signingAuthority|tsa):[A-Za-z0-9_.-]+$";
/// the durations of Go without a minus; that they are whole seconds, and where 0 is allowed, is for the
/// step to tell
const DURATION: &str = r"^\s*\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)\s*$";

/// A key without a value is an absent input, whatever its shape.
fn key(input: &Input) -> Value {
    let line = || json!({ "$ref": "#/$defs/line" });
    let text = || json!({ "type": "string" });
    let mut shapes = match input.shape {
        Shape::Text | Shape::File => vec![json!({ "type": ["string", "boolean", "integer"] })],
        Shape::OneOf(words) => vec![json!({ "enum": words })],
        Shape::Truth => vec![
            json!({ "type": "boolean" }),
            json!({ "enum": ["true", "True", "TRUE", "false", "False", "FALSE"] }),
        ],
        Shape::List => vec![text(), json!({ "type": "array", "items": line() })],
        Shape::Pairs => vec![
            json!({ "type": "object", "additionalProperties": line() }),
            text(),
            json!({ "type": "array", "items": line() }),
        ],
        Shape::Sources => vec![
            json!({
                "type": "object",
                "propertyNames": { "pattern": STORE },
                "additionalProperties": { "anyOf": [text(), json!({ "type": "array", "items": text() })] }
            }),
            text(),
            json!({ "type": "array", "items": text() }),
        ],
        Shape::Duration => {
            vec![json!({ "type": "string", "pattern": DURATION }), json!({ "const": 0 })]
        }
    };
    shapes.push(json!({ "type": "null" }));
    let mut key = json!({ "description": input.description, "anyOf": shapes });
    if let Some(default) = input.default {
        key["default"] = match input.shape {
            Shape::Truth => json!(default == "true"),
            _ => json!(default),
        };
    }
    key
}

/// A field without a value is left out of a report; none is `null`.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(shapes)) = fields.get_mut("anyOf") {
                shapes.retain(|shape| shape["type"] != "null");
                if let [Value::Object(only)] = &shapes[..] {
                    let only = only.clone();
                    fields.remove("anyOf");
                    fields.extend(only);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// The commands of a report: those of the step, and `run` for one that names none.
pub(super) fn commands(_: &mut SchemaGenerator) -> Schema {
    let mut words = COMMANDS.map(Command::name).to_vec();
    words.push("run");
    one_of(&words)
}

pub(super) fn checks(_: &mut SchemaGenerator) -> Schema {
    one_of(&CHECKS.map(Check::name))
}

pub(super) fn actions(_: &mut SchemaGenerator) -> Schema {
    one_of(&[Action::Enforce, Action::Log, Action::Skip].map(Action::name))
}

pub(super) fn plugin_decisions(_: &mut SchemaGenerator) -> Schema {
    let decisions = [Capability::TrustedIdentity, Capability::RevocationCheck];
    let one = one_of(&decisions.map(Capability::as_str));
    json_schema!({ "type": "array", "items": one })
}

pub(super) fn ending_codes(_: &mut SchemaGenerator) -> Schema {
    one_of(&lifetime::CODES)
}

pub(super) fn ending_kinds(_: &mut SchemaGenerator) -> Schema {
    one_of(&lifetime::KINDS)
}

pub(super) fn check_outcomes(_: &mut SchemaGenerator) -> Schema {
    one_of(&["passed", "failed", "skipped"])
}

pub(super) fn finding_groups(_: &mut SchemaGenerator) -> Schema {
    one_of(&GROUPS.map(Group::name))
}

pub(super) fn finding_marks(_: &mut SchemaGenerator) -> Schema {
    one_of(&MARKS.map(Mark::name))
}

fn one_of(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

#[cfg(test)]
#[path = "schema/tests.rs"]
mod tests;
