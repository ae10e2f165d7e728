//! What an agent makes of a task: inputs in, commands read back line by line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use sealwright::ci::camel_case;
use tempfile::TempDir;

use crate::commands::Command;
use crate::task;

/// A machine with an empty home, a checkout and a temporary folder, and one job on it.
pub struct Agent {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// A step that is being written down.
pub struct Task<'a> {
    agent: &'a Agent,
    arguments: Vec<&'static str>,
    inputs: Vec<(String, String)>,
    variables: BTreeMap<String, String>,
}

/// A step that ended.
#[derive(Default)]
pub struct Done {
    pub status: i32,
    /// Everything, as the program wrote it.
    pub raw: String,
    /// Lines that are shown, secrets masked.
    pub shown: String,
    pub result: String,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    pub outputs: BTreeMap<String, String>,
    pub variables: BTreeMap<String, String>,
    pub task_variables: BTreeMap<String, String>,
    pub paths: Vec<String>,
    pub secrets: Vec<String>,
    pub summary: String,
}

impl Agent {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for below in ["home", "work", "temp"] {
            std::fs::create_dir(folder.path().join(below)).expect("made");
        }
        Self { folder, variables: BTreeMap::new() }
    }

    /// For every step from now on, as a variable of the job.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub fn home(&self, below: &str) -> PathBuf {
        self.folder.path().join("home").join(below)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the checkout; its path there.
    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join("work").join(below);
        std::fs::create_dir_all(path.parent().expect("below the checkout")).expect("made");
        std::fs::write(&path, content).expect("written");
        below.to_owned()
    }

    /// `task: sealwright@0` with these inputs, spelled as a pipeline does.
    pub fn uses(&self, inputs: &[(&str, &str)]) -> Task<'_> {
        let inputs = inputs.iter().map(|(n, v)| (camel_case(n), (*v).to_owned())).collect();
        Task { agent: self, arguments: vec!["run"], inputs, variables: BTreeMap::new() }
    }

    /// The end of the job for a step that ended.
    pub fn post(&self, step: &Done) -> Done {
        let mut post = self.uses(&[]);
        post.arguments.push("--post");
        for (name, value) in &step.task_variables {
            post = post.env(&format!("VSTS_TASKVARIABLE_{}", name.to_uppercase()), value);
        }
        post.done()
    }
}

impl Task<'_> {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs it to its end.
    pub fn done(self) -> Done {
        let home = self.agent.home("");
        let [work, temp] = ["work", "temp"].map(|below| self.agent.folder.path().join(below));
        let output = Process::new(env!("CARGO_BIN_EXE_sealwright"))
            .args(&self.arguments)
            .current_dir(&work)
            .env_clear()
            .env("HOME", &home)
            .env("PATH", home.join("bin"))
            .env("TF_BUILD", "True")
            .env("AGENT_TEMPDIRECTORY", &temp)
            .env("SYSTEM_DEFAULTWORKINGDIRECTORY", &work)
            .env("BUILD_SOURCESDIRECTORY", &work)
            .env("SECRET_PIPELINE", "s3cret-of-the-pipeline")
            .envs(task::inputs(&self.inputs, &work))
            .envs(&self.agent.variables)
            .envs(&self.variables)
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        let mut done = Done { status: output.status.code().expect("no signal"), ..Done::default() };
        // an agent reads commands on both streams
        for stream in [output.stdout, output.stderr] {
            let text = String::from_utf8(stream).expect("UTF-8");
            text.lines().for_each(|line| done.read(line));
            done.raw += &text;
        }
        assert!(!done.raw.contains("s3cret-of-the-pipeline"), "{}", done.raw);
        done
    }
}

impl Done {
    fn read(&mut self, line: &str) {
        let Some(command) = Command::of(line) else {
            self.show(line);
            return;
        };
        let data = command.data.clone();
        match command.name.as_str() {
            "task.setvariable" => {
                let name = command.property("variable").to_owned();
                assert!(task::may_be_set(&name), "{name} is not settable");
                let set = if command.is_output() { &mut self.outputs } else { &mut self.variables };
                assert_eq!(set.insert(name, data), None, "set twice: {line}");
            }
            "task.settaskvariable" => {
                self.task_variables.insert(command.property("variable").to_owned(), data);
            }
            "task.setsecret" => {
                assert!(!data.is_empty() && !data.contains('\n'), "{line}");
                self.secrets.push(data);
            }
            "task.logissue" => {
                let issues = match command.property("type") {
                    "error" => &mut self.errors,
                    "warning" => &mut self.warnings,
                    other => panic!("no issue is a {other}"),
                };
                issues.push(data.clone());
                assert!(issues.len() <= 10, "the eleventh is not shown");
                self.show(&data);
            }
            "task.complete" => {
                let result = command.property("result");
                let known = ["Succeeded", "SucceededWithIssues", "Failed"];
                assert!(known.contains(&result), "{line}");
                assert_eq!(self.result, "", "told twice");
                self.result = result.to_owned();
            }
            "task.uploadsummary" => {
                let path = Path::new(&data);
                assert!(path.is_absolute() && path.is_file(), "{line}");
                self.summary = std::fs::read_to_string(path).expect("UTF-8");
            }
            "task.prependpath" => {
                assert!(task::may_be_set("PATH"));
                self.paths.push(data);
            }
            other => panic!("{other} is no command of this task: {line}"),
        }
    }

    fn show(&mut self, text: &str) {
        let masked = self.secrets.iter().fold(text.to_owned(), |t, s| t.replace(s, "***"));
        self.shown += &masked;
        self.shown.push('\n');
    }

    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The JSON report.
    pub fn report(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.output("report")).expect("the report is there");
        serde_json::from_str(&text).expect("the report is JSON")
    }

    /// A status that is not zero is the agent's own failure.
    pub fn ends(self, status: &str, result: &str) -> Self {
        assert_eq!(self.status, 0, "{}", self.raw);
        assert_eq!((self.output("Status"), self.result.as_str()), (status, result), "{}", self.raw);
        self
    }

    pub fn succeeded(self) -> Self {
        self.ends("Succeeded", "Succeeded")
    }

    pub fn warned(self) -> Self {
        self.ends("Warning", "SucceededWithIssues")
    }

    pub fn failed(self) -> Self {
        let done = self.ends("Failed", "Failed");
        assert_eq!(done.output("outcome"), "failed", "{}", done.raw);
        done
    }
}
