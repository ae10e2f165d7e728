//! Azure Pipelines: logging commands (learn.microsoft.com, "Logging commands") and what an agent
//! makes of a task's exit status.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use super::text::{MESSAGE_LIMIT, SUMMARY_LIMIT, cut, defang, lines_kept};
use super::{End, Host, HostError, Level, Place};
use crate::ci::aliases::camel_case;
use crate::config::write_atomic;
use crate::env::{Env, name};
use crate::fault::printable;
use crate::secret::Secret;

/// issues of one type that an agent shows for a task
const ISSUES_PER_TYPE: usize = 10;
/// bytes of a variable: later tasks get it by their environment, of which Windows holds no more
const VARIABLE_LIMIT: usize = 32_766;

/// A task of a job. Everything is told in lines of the log.
pub struct AzurePipelines<W> {
    out: W,
    env: Env,
    nonce: String,
    issues: BTreeMap<&'static str, usize>,
    summaries: usize,
}

impl<W: Write + Send> AzurePipelines<W> {
    /// `nonce` names the folder of the summary, which an agent reads later.
    pub fn new(env: &Env, out: W, nonce: &str) -> Self {
        Self {
            out,
            env: env.clone(),
            nonce: nonce.to_owned(),
            issues: BTreeMap::new(),
            summaries: 0,
        }
    }

    /// `##vso[area.action key=value;…]data`. An agent drops a property without a value.
    fn command(&mut self, name: &str, properties: &[(&str, &str)], data: &str) {
        let properties: Vec<String> =
            properties.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let space = if properties.is_empty() { "" } else { " " };
        let properties = properties.join(";");
        let _ = writeln!(self.out, "##vso[{name}{space}{properties}]{}", escape(data));
        let _ = self.out.flush();
    }

    /// Whether this is one of the issues that are shown.
    fn counted(&mut self, kind: &'static str) -> bool {
        let shown = self.issues.entry(kind).or_default();
        *shown += 1;
        *shown <= ISSUES_PER_TYPE
    }

    fn set_output(&mut self, variable: &str, value: &str) {
        self.command("task.setvariable", &[("variable", variable), ("isOutput", "true")], value);
    }
}

impl<W: Write + Send> Host for AzurePipelines<W> {
    fn place(&self) -> Option<Place> {
        Some(Place::AzurePipelines)
    }

    fn line(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.out, "{}", defang(line));
        }
        let _ = self.out.flush();
    }

    fn annotate(&mut self, level: Level, title: &str, message: &str) {
        let kind = match level {
            Level::Notice => return self.line(&format!("{title}: {message}")),
            Level::Warning => "warning",
            Level::Error => "error",
        };
        if !self.counted(kind) {
            return self.line(&format!("{kind}: {title}: {message}"));
        }
        let message: String = lines_kept(message).chars().take(MESSAGE_LIMIT).collect();
        let message = format!("{}: {message}", printable(title));
        self.command("task.logissue", &[("type", kind)], &message);
    }

    fn mask(&mut self, secret: &Secret) {
        // of several lines an agent would look for the whole only
        for line in secret.expose().lines().filter(|line| !line.trim().is_empty()) {
            self.command("task.setsecret", &[], line);
        }
    }

    fn output(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        let variable = camel_case(key);
        if variable.is_empty() || !variable.chars().all(|c| c.is_ascii_alphanumeric()) {
            let problem = "its name is not made of letters, digits and hyphens";
            return Err(HostError::Refused { what: "output", name: key.to_owned(), problem });
        }
        if value.len() > VARIABLE_LIMIT {
            let message = format!(
                "the output {variable} stays empty: it has {} bytes, and a variable holds {VARIABLE_LIMIT}; the report file has everything",
                value.len()
            );
            self.annotate(Level::Warning, "Output", &message);
            self.set_output(&variable, "");
        } else {
            self.set_output(&variable, value);
        }
        Ok(())
    }

    fn export(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.is_empty() || !key.chars().all(name) {
            let problem = "its name is not made of letters, digits and underscores";
            return Err(HostError::Refused { what: "variable", name: key.to_owned(), problem });
        }
        self.command("task.setvariable", &[("variable", key)], value);
        Ok(())
    }

    fn add_path(&mut self, folder: &str) -> Result<(), HostError> {
        if folder.is_empty() || folder.contains(['\n', '\r']) {
            let problem = "it is empty or holds a line break";
            return Err(HostError::Refused { what: "path", name: folder.to_owned(), problem });
        }
        self.command("task.prependpath", &[], folder);
        Ok(())
    }

    fn keep(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        self.command("task.settaskvariable", &[("variable", key)], value);
        Ok(())
    }

    fn summary(&mut self, markdown: &str) -> Result<(), HostError> {
        let Some(temporary) = self.env.value(name::AGENT_TEMPDIRECTORY) else { return Ok(()) };
        let temporary = PathBuf::from(temporary);
        // the file's name is the heading above it; its folder is this step's own
        self.summaries += 1;
        let file = match self.summaries {
            1 => "sealwright.md".to_owned(),
            number => format!("sealwright-{number}.md"),
        };
        let path = temporary.join(format!("sealwright-summary-{}", self.nonce)).join(file);
        let failed = |problem: String| HostError::Write {
            variable: name::AGENT_TEMPDIRECTORY,
            path: path.display().to_string(),
            problem,
        };
        if !temporary.is_absolute() || !temporary.is_dir() {
            return Err(failed("the agent's temporary folder does not exist".to_owned()));
        }
        let text = cut(markdown, SUMMARY_LIMIT);
        write_atomic(&path, text.as_bytes(), 0o600).map_err(|error| failed(error.to_string()))?;
        self.command("task.uploadsummary", &[], &path.to_string_lossy());
        Ok(())
    }

    /// A failure is told by a command; an exit status that is not zero means that the agent's own
    /// machinery failed. The words of `Status` are those of the task Notation@0.
    fn end(&mut self, end: End) -> u8 {
        let (status, result) = match end {
            End::Failed => ("Failed", "Failed"),
            End::Succeeded if self.issues.contains_key("warning") => {
                ("Warning", "SucceededWithIssues")
            }
            End::Succeeded => ("Succeeded", "Succeeded"),
        };
        self.set_output("Status", status);
        self.command("task.complete", &[("result", result)], "");
        0
    }
}

/// `%` first: an agent undoes it last.
fn escape(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace(']', "%5D")
        .replace(';', "%3B")
}

#[cfg(test)]
mod tests;
