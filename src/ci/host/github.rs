//! GitHub Actions: file commands and workflow commands (docs.github.com, "Workflow commands for
//! GitHub Actions").

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use super::text::{MESSAGE_LIMIT, SUMMARY_LIMIT, cut, defang, lines_kept};
use super::{Host, HostError, Level, Place};
use crate::env::{Env, name};
use crate::fault::printable;
use crate::secret::Secret;

/// annotations of one type that a step may show
const ANNOTATIONS_PER_LEVEL: usize = 10;

/// A step of a workflow. File commands are appended; log lines and commands go to `out`.
pub struct GitHub<W> {
    out: W,
    env: Env,
    delimiter: String,
    annotations: BTreeMap<&'static str, Annotations>,
    summarised: usize,
}

/// What was annotated at one level.
#[derive(Default)]
struct Annotations {
    count: usize,
    /// Properties and message of the last one that may be shown: it waits for the end, where it
    /// gives way to the number of those that may not.
    last: Option<(String, String)>,
}

impl<W: Write + Send> GitHub<W> {
    /// `nonce` makes the delimiter of multi-line values unguessable.
    pub fn new(env: &Env, out: W, nonce: &str) -> Self {
        Self {
            out,
            env: env.clone(),
            delimiter: format!("ghadelimiter_{nonce}"),
            annotations: BTreeMap::new(),
            summarised: 0,
        }
    }

    fn command(&mut self, name: &str, properties: &str, data: &str) {
        let space = if properties.is_empty() { "" } else { " " };
        let _ = writeln!(self.out, "::{name}{space}{properties}::{}", escape_data(data));
        let _ = self.out.flush();
    }

    /// Appends `text` to the file a variable names. Without the variable there is nobody to tell.
    fn append(&self, variable: &'static str, text: &str) -> Result<(), HostError> {
        let Some(path) = self.env.value(variable) else { return Ok(()) };
        let failed = |error: std::io::Error| HostError::Write {
            variable,
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)
    }

    /// A record `name<<delimiter`, whatever the value holds.
    fn record(&self, what: &'static str, key: &str, value: &str) -> Result<String, HostError> {
        let refused = |problem| Err(HostError::Refused { what, name: key.to_owned(), problem });
        if key.is_empty() || key.contains(['\n', '\r', '=']) || key.contains("<<") {
            return refused("its name is empty or holds a line break, `=` or `<<`");
        }
        if key.contains(&self.delimiter) || value.contains(&self.delimiter) {
            return refused("it holds the delimiter");
        }
        Ok(format!("{key}<<{0}\n{value}\n{0}\n", self.delimiter))
    }
}

impl<W: Write + Send> Host for GitHub<W> {
    fn place(&self) -> Option<Place> {
        Some(Place::GitHub)
    }

    fn line(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.out, "{}", defang(line));
        }
        let _ = self.out.flush();
    }

    fn annotate(&mut self, level: Level, title: &str, message: &str) {
        let command = match level {
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let text: String = lines_kept(message).chars().take(MESSAGE_LIMIT).collect();
        let properties = format!("title={}", escape_property(&printable(title)));
        let shown = self.annotations.entry(command).or_default();
        shown.count += 1;
        if shown.count < ANNOTATIONS_PER_LEVEL {
            return self.command(command, &properties, &text);
        }
        if shown.count == ANNOTATIONS_PER_LEVEL {
            shown.last = Some((properties, text));
        }
        self.line(&format!("{command}: {title}: {message}"));
    }

    fn close(&mut self) {
        for (command, shown) in std::mem::take(&mut self.annotations) {
            let more = (shown.count + 1).saturating_sub(ANNOTATIONS_PER_LEVEL);
            match shown.last {
                Some((properties, text)) if more == 1 => self.command(command, &properties, &text),
                Some(_) => {
                    let text = format!("and {more} more: see the job summary and the log");
                    self.command(command, "title=sealwright", &text);
                }
                None => {}
            }
        }
    }

    fn mask(&mut self, secret: &Secret) {
        // `act` prints a mask that holds `::`; the program itself prints no secret anywhere
        let parsed = self.env.value(name::ACT).is_none() || !secret.expose().contains("::");
        if !secret.is_empty() && parsed {
            self.command("add-mask", "", secret.expose());
        }
    }

    fn output(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        self.append(name::GITHUB_OUTPUT, &self.record("output", key, value)?)
    }

    fn export(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        self.append(name::GITHUB_ENV, &self.record("variable", key, value)?)
    }

    fn add_path(&mut self, folder: &str) -> Result<(), HostError> {
        if folder.contains(['\n', '\r']) {
            let problem = "it holds a line break";
            return Err(HostError::Refused { what: "path", name: folder.to_owned(), problem });
        }
        self.append(name::GITHUB_PATH, &format!("{folder}\n"))
    }

    fn keep(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        self.append(name::GITHUB_STATE, &self.record("state", key, value)?)
    }

    fn summary(&mut self, markdown: &str) -> Result<(), HostError> {
        let room = SUMMARY_LIMIT.saturating_sub(self.summarised);
        let text = cut(markdown, room);
        // nothing follows a cut
        self.summarised += if text.len() < markdown.len() { room } else { text.len() };
        self.append(name::GITHUB_STEP_SUMMARY, &text)
    }
}

/// Escapes a command's data; `%` first, since the runner undoes it last.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
