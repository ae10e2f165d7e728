//! One table of inputs and outputs: action.yml, task.json and the README are made from it.
//!
//! `SEALWRIGHT_UPDATE=1 cargo test --test table` writes what the tests expect.

#[path = "table/task.rs"]
mod task;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sealwright::ci::{ALIASES, INPUTS, OUTPUTS, Place, camel_case};

fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn file(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The file has this text; with `SEALWRIGHT_UPDATE` it gets it.
fn is(name: &str, expected: &str) {
    #[allow(clippy::disallowed_methods)]
    let update = std::env::var_os("SEALWRIGHT_UPDATE").is_some();
    if update {
        std::fs::write(path(name), expected).expect("written");
    }
    assert!(
        file(name) == expected,
        "{name} is not what the table says; write it with: SEALWRIGHT_UPDATE=1 cargo test --test table"
    );
}

/// YAML in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[test]
fn action_yml_is_the_tables() {
    let mut expected = String::from(
        "name: sealwright
description: Sign and verify container images in the Notary Project format, with keys in Azure Key Vault
author: sealwright
branding:
  icon: shield
  color: blue
inputs:
",
    );
    for input in INPUTS.iter().filter(|input| input.place != Place::AzurePipelines) {
        let default = input.default.map(|d| format!(" Default: `{d}`.")).unwrap_or_default();
        let description = quoted(&format!("{}{default}", input.description));
        // the program checks what is required, since it depends on the command
        let _ = writeln!(
            expected,
            "  {}:\n    description: {description}\n    required: false",
            input.name
        );
    }
    for alias in ALIASES.iter().filter(|a| a.place == Place::GitHub && a.name.contains('_')) {
        let (name, advice) = (alias.name, quoted(&alias.advice()));
        let _ = writeln!(
            expected,
            "  {name}:\n    description: Of notation-action.\n    required: false\n    deprecationMessage: {advice}"
        );
    }
    expected += "outputs:\n";
    for output in OUTPUTS {
        let description = quoted(output.description);
        let _ = writeln!(expected, "  {}:\n    description: {description}", output.name);
    }
    expected += "runs:\n  using: node24\n  main: dist/index.js\n  post: dist/post.js\n";
    // a runner refuses the whole action for an expression in a description
    assert!(!expected.contains("${{"), "{expected}");
    is("action.yml", &expected);
}

fn json(name: &str) -> serde_json::Value {
    serde_json::from_str(&file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn task_json_is_the_tables_and_as_the_published_schema_says() {
    let text = task::task_json();
    is("task.json", &text);
    let validator = jsonschema::draft4::new(&json("tests/fixtures/tasks.schema.json")).unwrap();
    let task = serde_json::from_str(&text).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&task)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_task_names_each_group_and_file_that_is_there() {
    let task: serde_json::Value = serde_json::from_str(&task::task_json()).unwrap();
    let names = |list: &serde_json::Value, key: &str| -> Vec<String> {
        let items = list.as_array().expect("a list");
        items.iter().filter_map(|item| Some(item[key].as_str()?.to_owned())).collect()
    };
    let groups = names(&task["groups"], "name");
    for group in names(&task["inputs"], "groupName") {
        assert!(groups.contains(&group), "{group}");
    }
    for phase in ["execution", "postjobexecution"] {
        for handler in task[phase].as_object().expect("handlers").values() {
            let target = handler["target"].as_str().expect("a path");
            assert!(path(target).is_file(), "{target}");
        }
    }
    // a restricted task may upload no summary
    assert_eq!(task["restrictions"]["commands"], serde_json::Value::Null);
    assert!(task["friendlyName"].as_str().unwrap().len() <= 40);
}

#[test]
fn the_extension_has_this_version_and_the_files_that_are_there() {
    let extension = json("vss-extension.json");
    assert_eq!(extension["version"], env!("CARGO_PKG_VERSION"));
    let folder = extension["contributions"][0]["properties"]["name"].as_str().expect("a folder");
    let files = extension["files"].as_array().expect("a list");
    for file in files {
        assert!(path(file["path"].as_str().unwrap()).exists(), "{file}");
    }
    for below in ["task.json", "dist"] {
        let packed = format!("{folder}/{below}");
        assert!(
            files.iter().any(|f| f["path"] == below && f["packagePath"] == packed.as_str()),
            "{packed}"
        );
    }
}

#[test]
fn the_readme_has_the_tables_rows() {
    const FIRST: &str = "| Input | Default | Meaning |\n";
    const BEHIND: &str = "\n\n`config` names a `sealwright.yml`";
    let mut rows = format!("{FIRST}|---|---|---|\n");
    for input in INPUTS {
        let default = input.default.map(|d| format!("`{d}`")).unwrap_or_default();
        let _ = writeln!(rows, "| `{}` | {default} | {} |", input.name, input.description);
    }
    rows += "\n| Output | In Azure Pipelines | Meaning |\n|---|---|---|\n";
    for output in OUTPUTS {
        let camel = camel_case(output.name);
        let _ = writeln!(rows, "| `{}` | `{camel}` | {} |", output.name, output.description);
    }
    let _ = writeln!(rows, "|  | `Status` | {} |", task::STATUS);
    let readme = file("README.md");
    let (before, rest) = readme.split_once(FIRST).expect("the table of inputs");
    let (_, behind) = rest.split_once(BEHIND).expect("what stands behind the tables");
    is("README.md", &format!("{before}{}{BEHIND}{behind}", rows.trim_end()));
}

/// A pipeline of the README.
#[derive(serde::Deserialize)]
struct Pipeline {
    steps: Vec<BTreeMap<String, serde_yaml::Value>>,
}

#[test]
fn the_readmes_pipeline_gives_inputs_of_the_task() {
    let readme = file("README.md");
    let (_, section) = readme.split_once("## In Azure Pipelines\n").expect("the section");
    let (_, rest) = section.split_once("```yaml\n").expect("a pipeline");
    let (text, _) = rest.split_once("```").expect("its end");
    let pipeline: Pipeline = serde_yaml::from_str(text).expect("YAML");
    let task: serde_json::Value = serde_json::from_str(&task::task_json()).unwrap();
    let known: Vec<&str> =
        task["inputs"].as_array().unwrap().iter().filter_map(|i| i["name"].as_str()).collect();
    let ours = |step: &&BTreeMap<String, serde_yaml::Value>| {
        step.get("task").and_then(|task| task.as_str()) == Some("sealwright@0")
    };
    let steps: Vec<_> = pipeline.steps.iter().filter(ours).collect();
    assert_eq!(steps.len(), 2);
    for step in steps {
        for name in step["inputs"].as_mapping().expect("inputs").keys() {
            assert!(known.contains(&name.as_str().expect("a name")), "{name:?}");
        }
    }
}

#[test]
fn the_launcher_downloads_this_version() {
    let checksums: serde_json::Value = serde_json::from_str(&file("dist/checksums.json")).unwrap();
    assert_eq!(checksums["version"], env!("CARGO_PKG_VERSION"));
}
