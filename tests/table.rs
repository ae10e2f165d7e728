//! One table of inputs and outputs: action.yml and the README are made from it.
//!
//! `SEALWRIGHT_UPDATE=1 cargo test --test table` writes what the tests expect.

use std::fmt::Write as _;

use sealwright::ci::{ALIASES, INPUTS, OUTPUTS, Place};

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
    expected += "runs:\n  using: node24\n  main: dist/index.js\n  post: dist/index.js\n";
    is("action.yml", &expected);
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
    rows += "\n| Output | Meaning |\n|---|---|\n";
    for output in OUTPUTS {
        let _ = writeln!(rows, "| `{}` | {} |", output.name, output.description);
    }
    let readme = file("README.md");
    let (before, rest) = readme.split_once(FIRST).expect("the table of inputs");
    let (_, behind) = rest.split_once(BEHIND).expect("what stands behind the tables");
    is("README.md", &format!("{before}{}{BEHIND}{behind}", rows.trim_end()));
}

#[test]
fn the_launcher_downloads_this_version() {
    let checksums: serde_json::Value = serde_json::from_str(&file("dist/checksums.json")).unwrap();
    assert_eq!(checksums["version"], env!("CARGO_PKG_VERSION"));
}
