//! One table of inputs and outputs: action.yml and the README say the same.

use std::collections::BTreeMap;

use sealwright::ci::{INPUTS, OUTPUTS};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    name: String,
    description: String,
    author: String,
    #[serde(rename = "branding")]
    _branding: BTreeMap<String, String>,
    inputs: BTreeMap<String, ActionInput>,
    outputs: BTreeMap<String, ActionOutput>,
    runs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionInput {
    description: String,
    required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionOutput {
    description: String,
}

fn file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn action_yml_has_the_tables_inputs_and_outputs() {
    let action: Action = serde_yaml::from_str(&file("action.yml")).unwrap();
    assert_eq!((action.name.as_str(), action.author.as_str()), ("sealwright", "sealwright"));
    assert!(!action.description.is_empty());
    let expected: BTreeMap<&str, String> = INPUTS
        .iter()
        .map(|input| {
            let default = input.default.map(|d| format!(" Default: `{d}`.")).unwrap_or_default();
            (input.name, format!("{}{default}", input.description))
        })
        .collect();
    let found: BTreeMap<&str, String> = action
        .inputs
        .iter()
        .map(|(name, input)| {
            // the program checks what is required, since it depends on the command
            assert!(!input.required, "{name}");
            (name.as_str(), input.description.clone())
        })
        .collect();
    assert_eq!(found, expected);
    let expected: BTreeMap<&str, &str> = OUTPUTS.iter().map(|o| (o.name, o.description)).collect();
    let found: BTreeMap<&str, &str> =
        action.outputs.iter().map(|(n, o)| (n.as_str(), o.description.as_str())).collect();
    assert_eq!(found, expected);
    assert_eq!(action.runs["using"], "node24");
    assert_eq!(
        (action.runs["main"].as_str(), action.runs["post"].as_str()),
        ("dist/index.js", "dist/index.js")
    );
}

#[test]
fn the_readme_has_the_tables_rows() {
    let readme = file("README.md");
    let mut expected = String::from("| Input | Default | Meaning |\n|---|---|---|\n");
    for input in INPUTS {
        let default = input.default.map(|d| format!("`{d}`")).unwrap_or_default();
        expected += &format!("| `{}` | {default} | {} |\n", input.name, input.description);
    }
    expected += "\n| Output | Meaning |\n|---|---|\n";
    for output in OUTPUTS {
        expected += &format!("| `{}` | {} |\n", output.name, output.description);
    }
    assert!(readme.contains(&expected), "README.md needs these rows:\n{expected}");
}

#[test]
fn the_launcher_downloads_this_version() {
    let checksums: serde_json::Value = serde_json::from_str(&file("dist/checksums.json")).unwrap();
    assert_eq!(checksums["version"], env!("CARGO_PKG_VERSION"));
}
