//! The README's workflows are the ones that are tested; actions are pinned by digest.
//!
//! `SEALWRIGHT_UPDATE=1 cargo test --test examples` copies the workflows into the README.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Stands before a block of the README: the rest of the file from the line that follows.
const MARK: &str = "<!-- from .github/workflows/";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn file(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Names and texts of the workflows, the private one included.
fn workflows() -> BTreeMap<String, String> {
    let folder = fs::read_dir(path(".github/workflows")).expect("the folder is there");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string().unwrap());
    let mut workflows: BTreeMap<String, String> = names
        .map(|name| {
            let text = file(&format!(".github/workflows/{name}"));
            (name, text)
        })
        .collect();
    workflows.insert(".ci/act/workflow.yml".to_owned(), file(".ci/act/workflow.yml"));
    workflows
}

/// The file from its line `first` on.
fn from_line<'a>(name: &str, text: &'a str, first: &str) -> &'a str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == first {
            return &text[at..];
        }
        at += line.len();
    }
    panic!("{name} has no line {first:?}");
}

/// The README with its marked blocks as the files have them, and the files' names.
fn with_blocks(readme: &str, workflows: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let mut expected = String::new();
    let mut shown = Vec::new();
    let mut rest = readme;
    while let Some(at) = rest.find(MARK) {
        let (before, marked) = rest.split_at(at);
        let (mark, behind) = marked.split_once('\n').expect("the block follows");
        let inner = mark.strip_prefix(MARK).and_then(|m| m.strip_suffix("` -->"));
        let (name, first) = inner.and_then(|m| m.split_once(", `")).unwrap_or_else(|| {
            panic!("{mark}: expected {MARK}example-….yml, `the first line of the block` -->")
        });
        let block = behind.strip_prefix("```yaml\n").expect("a YAML block");
        let (_, behind) = block.split_once("\n```\n").expect("its end");
        let text = workflows.get(name).unwrap_or_else(|| panic!("no workflow {name}"));
        let text = from_line(name, text, first).trim_end();
        expected.push_str(&format!("{before}{mark}\n```yaml\n{text}\n```\n"));
        shown.push(name.to_owned());
        rest = behind;
    }
    (expected + rest, shown)
}

#[test]
fn the_readme_shows_the_tested_examples() {
    let workflows = workflows();
    let readme = file("README.md");
    let (expected, shown) = with_blocks(&readme, &workflows);
    #[allow(clippy::disallowed_methods)]
    if std::env::var_os("SEALWRIGHT_UPDATE").is_some() {
        fs::write(path("README.md"), &expected).expect("written");
    } else if readme != expected {
        panic!("README.md differs; write it with: SEALWRIGHT_UPDATE=1 cargo test --test examples");
    }
    for name in workflows.keys().filter(|name| name.starts_with("example-")) {
        assert!(shown.contains(name), "README.md does not show {name}");
        let run = name.trim_start_matches("example-").trim_end_matches(".yml");
        let line = format!("\n  example {run}");
        assert!(file(".ci/act/examples").contains(&line), ".ci/act/examples does not run {name}");
    }
}

#[test]
fn actions_are_pinned_by_digest_and_everywhere_the_same() {
    let mut pins: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in workflows() {
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            if used == "./" || used.starts_with("sealwright/sealwright@v0") {
                continue;
            }
            let (action, pin) = used.split_once('@').unwrap_or_else(|| panic!("{name}: {used}"));
            let (digest, version) = pin.split_once(" # v").unwrap_or_else(|| {
                panic!("{name}: {used}: expected a digest and its version as a comment")
            });
            assert!(digest.len() == 40 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{used}");
            assert!(version.split('.').count() == 3, "{name}: {used}: expected a full version");
            let known = pins.entry(action.to_owned()).or_insert_with(|| pin.to_owned());
            assert_eq!(known, pin, "{name}: {action}");
        }
    }
    assert!(pins.len() >= 5, "{pins:?}");
}

#[test]
fn a_release_builds_what_the_launcher_asks_for() {
    let release = file(".github/workflows/release.yml");
    for asset in ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64.exe"] {
        assert!(release.contains(&format!("asset: sealwright-{asset},")), "{asset}");
    }
    assert!(file("dist/index.js").contains("`sealwright-${process.platform}-${process.arch}"));
}

#[test]
fn recorded_checksums_are_sha_256() {
    let checksums: serde_json::Value = serde_json::from_str(&file("dist/checksums.json")).unwrap();
    for (name, checksum) in checksums["files"].as_object().expect("files by name") {
        let hex = checksum.as_str().expect("a text");
        assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{name}: {hex}");
    }
}
