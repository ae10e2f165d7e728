//! Runs the program in a fresh home and writes down status, stdout and stderr.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A home directory with nothing in it, and what is replaced in outputs.
pub struct Home {
    folder: TempDir,
    replaced: Vec<(String, String)>,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let replaced = vec![(folder.path().display().to_string(), "$HOME".to_owned())];
        Self { folder, replaced, variables: Vec::new() }
    }

    /// A path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// A file below notation's configuration directory.
    pub fn config(&self, below: &str) -> PathBuf {
        self.path(".config/notation").join(below)
    }

    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below the home")).expect("made");
        std::fs::write(&path, content).expect("written");
        path.display().to_string()
    }

    /// Outputs show `name` in place of `text`.
    pub fn replace(&mut self, text: &str, name: &str) {
        self.replaced.insert(0, (text.to_owned(), name.to_owned()));
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// Runs a command line, split at spaces; words in single quotes stay together.
    pub fn run(&self, line: &str) -> String {
        self.run_with(line, "")
    }

    /// The same with this standard input.
    pub fn run_with(&self, line: &str, stdin: &str) -> String {
        let mut child = self
            .command(&words(line))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        let output = child.wait_with_output().expect("the program ends");
        let mut shown = String::new();
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let text = String::from_utf8(bytes.clone()).expect("text");
                let end = if text.ends_with('\n') { "" } else { "⏎\n" };
                shown.push_str(&format!("[{name}]\n{text}{end}"));
            }
        }
        shown.push_str(&format!("[exit] {}", output.status.code().expect("no signal")));
        self.cleaned(&shown)
    }

    /// Starts a command line and returns its standard error and itself.
    pub fn start(&self, line: &str) -> (std::process::ChildStderr, std::process::Child) {
        let mut child = self
            .command(&words(line))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        (child.stderr.take().expect("piped"), child)
    }

    /// Standard output alone, as it is.
    pub fn stdout(&self, line: &str) -> String {
        let output = self.command(&words(line)).stdin(Stdio::null()).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    }

    fn command(&self, words: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command
            .args(words.iter().map(|w| w.replace("$HOME", &self.folder.path().to_string_lossy())))
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", self.path("bin"))
            .envs(self.variables.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Paths replaced; spaces before a line end made visible.
    fn cleaned(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (found, name) in &self.replaced {
            text = text.replace(found, name);
        }
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                let kept = line.trim_end_matches(' ');
                format!("{kept}{}", "·".repeat(line.len() - kept.len()))
            })
            .collect();
        lines.join("\n")
    }
}

/// The permission bits of a file.
#[cfg(unix)]
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut quoted = false;
    for part in line.split('\'') {
        if quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
        quoted = !quoted;
    }
    words
}

/// What `--output json` prints is an image of the report, as the published schema says.
pub fn assert_image_of_the_report(printed: &serde_json::Value) {
    let mut schema = sealwright::ci::report_schema();
    let definitions = schema["$defs"].take();
    let schema = serde_json::json!({ "$ref": "#/$defs/ImageReport", "$defs": definitions });
    if let Err(error) = jsonschema::validate(&schema, printed) {
        panic!("{error} at {}: {printed:#}", error.instance_path());
    }
}
