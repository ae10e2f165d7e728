//! What a runner makes of a step: fresh command files in, outputs, state and log out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A machine with an empty home, a workspace and a temporary folder, and one job on it.
pub struct Runner {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// A step that is being written down.
pub struct Step<'a> {
    runner: &'a Runner,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// A step that ended.
pub struct Done {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub outputs: BTreeMap<String, String>,
    pub variables: BTreeMap<String, String>,
    pub paths: Vec<String>,
    pub state: BTreeMap<String, String>,
    pub summary: String,
}

const COMMAND_FILES: [&str; 5] =
    ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];

impl Runner {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for below in ["home", "work", "temp"] {
            std::fs::create_dir(folder.path().join(below)).expect("made");
        }
        Self { folder, variables: BTreeMap::new() }
    }

    /// For every step from now on, as `$GITHUB_ENV` does it.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub fn home(&self, below: &str) -> PathBuf {
        self.folder.path().join("home").join(below)
    }

    pub fn temp(&self) -> PathBuf {
        self.folder.path().join("temp")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the workspace; its path there.
    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join("work").join(below);
        std::fs::create_dir_all(path.parent().expect("below the workspace")).expect("made");
        std::fs::write(&path, content).expect("written");
        below.to_owned()
    }

    /// `uses: ./` with these inputs.
    pub fn uses(&self, inputs: &[(&str, &str)]) -> Step<'_> {
        let variables = inputs.iter().map(|(n, v)| (input(n), (*v).to_owned())).collect();
        Step { runner: self, arguments: vec!["run".to_owned()], variables }
    }

    /// `run: sealwright …`
    pub fn runs(&self, line: &str) -> Step<'_> {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Step { runner: self, arguments, variables: BTreeMap::new() }
    }

    /// The end of the job for a step that ended.
    pub fn post(&self, step: &Done) -> Done {
        let mut post = self.uses(&[]);
        post.arguments.push("--post".to_owned());
        for (name, value) in &step.state {
            post = post.env(&format!("STATE_{name}"), value);
        }
        post.done()
    }
}

impl Step<'_> {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs it to its end.
    pub fn done(self) -> Done {
        self.run(|child| child.wait_with_output())
    }

    /// Sends a signal (`TERM`) once a line of the log starts with `line`.
    #[cfg(unix)]
    pub fn until(self, line: &str, signal: &str) -> Done {
        use std::io::{BufRead as _, BufReader, Read as _};
        self.run(|mut child| {
            let mut log = BufReader::new(child.stdout.take().expect("piped"));
            let mut seen = String::new();
            while !seen.lines().last().is_some_and(|last| last.starts_with(line)) {
                assert_ne!(log.read_line(&mut seen)?, 0, "the program ended: {seen}");
            }
            let kill = format!("kill -{signal} {}", child.id());
            assert!(Command::new("/bin/sh").args(["-c", &kill]).status()?.success());
            log.read_to_string(&mut seen)?;
            let ended = child.wait_with_output()?;
            Ok(Output { stdout: seen.into_bytes(), ..ended })
        })
    }

    fn run(self, wait: impl FnOnce(Child) -> std::io::Result<Output>) -> Done {
        let files = tempfile::tempdir().expect("a temporary folder");
        let home = self.runner.home("");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command
            .args(&self.arguments)
            .current_dir(self.runner.folder.path().join("work"))
            .env_clear()
            .env("HOME", &home)
            .env("PATH", home.join("bin"))
            .env("RUNNER_TEMP", self.runner.temp())
            .env("GITHUB_ACTIONS", "true")
            .env("CI", "true")
            .envs(COMMAND_FILES.map(|name| (name, files.path().join(name))))
            .envs(&self.runner.variables)
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in COMMAND_FILES {
            std::fs::write(files.path().join(name), "").expect("written");
        }
        let output = command.spawn().and_then(wait).expect("the program runs");
        let file = |name: &str| {
            let bytes = std::fs::read(files.path().join(name)).expect("read");
            String::from_utf8(bytes).expect("UTF-8")
        };
        Done {
            status: output.status.code().expect("no signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
            outputs: records(&file("GITHUB_OUTPUT")),
            variables: records(&file("GITHUB_ENV")),
            paths: file("GITHUB_PATH").lines().map(str::to_owned).collect(),
            state: records(&file("GITHUB_STATE")),
            summary: file("GITHUB_STEP_SUMMARY"),
        }
    }
}

impl Done {
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The JSON report, which is as the published schema says.
    pub fn report(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.output("report")).expect("the report is there");
        let report = serde_json::from_str(&text).expect("the report is JSON");
        let schema = sealwright::ci::report_schema();
        if let Err(error) = jsonschema::validate(&schema, &report) {
            panic!("{error} at {}: {report:#}", error.instance_path());
        }
        report
    }

    /// Lines of the log that are commands of this name.
    pub fn commands(&self, name: &str) -> Vec<&str> {
        let is = |l: &&str| {
            l.strip_prefix("::")
                .and_then(|l| l.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(' ') || rest.starts_with("::"))
        };
        self.stdout.lines().filter(is).collect()
    }

    /// Everything that was printed, for assertions that show it.
    pub fn log(&self) -> String {
        format!("{}{}[exit] {}", self.stdout, self.stderr, self.status)
    }

    pub fn succeeded(self) -> Self {
        assert_eq!(self.status, 0, "{}", self.log());
        self
    }

    pub fn failed(self) -> Self {
        assert_eq!(self.status, 1, "{}", self.log());
        assert_eq!(self.output("outcome"), "failed", "{}", self.log());
        self
    }
}

/// The variable of an input: capitals, hyphens kept, spaces replaced.
fn input(name: &str) -> String {
    format!("INPUT_{}", name.to_uppercase().replace(' ', "_"))
}

/// A command file as the runner reads it: `NAME=VALUE`, or `NAME<<DELIMITER`, lines, `DELIMITER`,
/// whichever of `=` and `<<` comes first. A record that does not end fails the step.
fn records(text: &str) -> BTreeMap<String, String> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last record ends: {text:?}");
    assert!(!text.contains('\r') && !text.starts_with('\u{feff}'), "{text:?}");
    let mut records = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), other) if other.is_none_or(|other| at < other) => {
                records.insert(line[..at].to_owned(), line[at + 1..].to_owned());
            }
            (_, Some(at)) => {
                let delimiter = &line[at + 2..];
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == delimiter => break,
                        Some(line) => value.push(line),
                        None => panic!("the record {line:?} does not end"),
                    }
                }
                records.insert(line[..at].to_owned(), value.join("\n"));
            }
            _ => panic!("no record: {line:?}"),
        }
    }
    records
}
