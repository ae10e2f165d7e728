//! `plugin`: real plugins, archives and addresses, in a fresh home.

mod archives;
mod download;
mod install;
mod list;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::support::Home;
use super::tester;

/// A home, and the test plugin to put into it.
struct Desk {
    home: Home,
    python: PathBuf,
}

impl Desk {
    /// None, and a word about it, where there is no Python.
    fn new() -> Option<Self> {
        let python = tester::python("the tests of `plugin`")?;
        Some(Self { home: Home::new(), python })
    }

    /// The test plugin as `$HOME/p/notation-<name>`, or what stands there of it.
    fn source(&self, name: &str, settings: Value) {
        let path = self.home.path("p").join(format!("notation-{name}"));
        tester::write(&path, &self.python, &settings);
    }

    /// The plugin's bytes.
    fn program(&self, settings: &Value) -> Vec<u8> {
        tester::program(&self.python, settings).into_bytes()
    }

    /// Version 1.0.0 below the plugins directory.
    fn place(&self, name: &str, settings: Value) {
        tester::place(&self.home.config("plugins"), name, &self.python, &settings);
    }

    fn run(&self, line: &str) -> String {
        self.home.run(line)
    }

    /// The paths below the plugins directory, with their permission bits.
    fn installed(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.home.config("plugins"), "", &mut found);
        found.sort();
        found
    }
}

fn walk(folder: &std::path::Path, above: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        found.push(format!("{name} {:o}", super::support::mode(&entry.path())));
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), found);
        }
    }
}

/// The settings of a version.
fn version(version: &str) -> Value {
    json!({ "version": version })
}
