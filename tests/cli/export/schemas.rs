//! What is exported holds against the definitions that the projects ship: the folders of the Go modules
//! github.com/ratify-project/ratify and github.com/kyverno/kyverno in SEALWRIGHT_RATIFY and
//! SEALWRIGHT_KYVERNO. Unset, the tests say so and pass; with CI=true they fail. Connaisseur ships none.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{documents, home, rich, statement};

#[test]
fn ratifys_own_definitions_take_what_is_exported() {
    let Some(module) = module("SEALWRIGHT_RATIFY") else { return };
    let home = home(rich());
    let mut checked = 0;
    for variant in ["gatekeeper", "azure-policy", "image-integrity"] {
        let text = home.stdout(&format!("export ratify --variant {variant} --accept-looser"));
        for document in documents(&text) {
            if document["apiVersion"] != "config.ratify.deislabs.io/v1beta1" {
                continue;
            }
            let kind = document["kind"].as_str().expect("a kind").to_lowercase();
            let file = format!("charts/ratify/crds/{kind}-customresourcedefinition.yaml");
            holds(&schema(&module.join(file), "v1beta1"), &document);
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn kyvernos_own_definition_takes_what_is_exported() {
    let Some(module) = module("SEALWRIGHT_KYVERNO") else { return };
    let schema = schema(&module.join("config/crds/kyverno/kyverno.io_clusterpolicies.yaml"), "v1");
    let pinned = statement("pinned", "registry.example.com/app", json!({}));
    for home in [home(rich()), home(json!([pinned]))] {
        let documents = documents(&home.stdout("export kyverno --accept-looser"));
        assert_eq!(documents.len(), 2);
        documents.iter().for_each(|document| holds(&schema, document));
    }
}

/// The folder of a Go module that ships the schemas; in CI it has to be there.
#[allow(clippy::disallowed_methods)] // the test's own environment, not the program's
fn module(variable: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(variable) {
        return Some(PathBuf::from(folder));
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{variable} is not set");
    eprintln!("SKIPPED: {variable} is not set");
    None
}

/// The schema of one version in a custom resource definition. A cluster drops members that it does
/// not know; here they are errors.
fn schema(definition: &Path, version: &str) -> Value {
    let text = std::fs::read_to_string(definition).expect("a definition");
    let definition = documents(&text).remove(0);
    let versions = definition["spec"]["versions"].as_array().expect("versions").clone();
    let found = versions.into_iter().find(|one| one["name"] == version).expect("the version");
    let mut schema = found["schema"]["openAPIV3Schema"].clone();
    schema["properties"]["metadata"] = json!({ "type": "object" });
    closed(&mut schema);
    schema
}

fn closed(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut()
        && object.contains_key("properties")
        && !object.contains_key("x-kubernetes-preserve-unknown-fields")
    {
        object.entry("additionalProperties").or_insert(json!(false));
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(closed),
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

fn holds(schema: &Value, document: &Value) {
    if let Err(error) = jsonschema::validate(schema, document) {
        panic!("{error} at {}: {document:#}", error.instance_path());
    }
}
