//! The test plugin, written to where a test wants it. What its settings do stands at its top.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SOURCE: &str = include_str!("notation-tester");

/// Python 3; none, and a word about it, where there is no such program. CI has one.
#[allow(clippy::disallowed_methods)] // the test's own environment, not the program's
pub fn python(title: &str) -> Option<PathBuf> {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let path = found.ok().filter(|output| output.status.success());
    let path = path.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if path.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI may not skip {title}: there is no python3");
        // the harness keeps what macros print to itself
        let words = format!("SKIPPED {title}: there is no python3\n");
        let _ = std::io::stderr().write_all(words.as_bytes());
    }
    path.map(PathBuf::from)
}

/// The plugin as a program with these settings, a JSON object of texts.
pub fn program(python: &Path, settings: &Value) -> String {
    // Python reads JSON's texts and objects as its own
    let first = format!("#!{} -IS", python.display());
    let body = SOURCE.split_once('\n').expect("the first line names the interpreter").1;
    let told = body.replacen("SETTINGS = {}", &format!("SETTINGS = {settings}"), 1);
    assert_ne!(told, body, "the program has a place for settings");
    format!("{first}\n{told}")
}

/// Writes it as an executable.
pub fn write(path: &Path, python: &Path, settings: &Value) {
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
    std::fs::write(path, program(python, settings)).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("its own");
    }
}

/// Installed by hand below a plugins directory, under this name.
pub fn place(plugins: &Path, name: &str, python: &Path, settings: &Value) -> PathBuf {
    let path = plugins.join(name).join(format!("notation-{name}"));
    write(&path, python, settings);
    path
}
