//! A walk through commands: each is shown, run, and followed by what it printed.

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::cli::error::CliError;
use crate::cli::{Streams, run_at};
use crate::clock::Clock;
use crate::env::Env;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Success,
    Failure,
}

/// Runs the program's own commands and shows them.
pub(super) struct Tour<'a> {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub streams: &'a mut Streams,
    /// Long values and the names they are shown by.
    pub names: Vec<(String, &'static str)>,
}

impl Tour<'_> {
    pub fn say(&mut self, text: &str) -> Result<(), CliError> {
        self.streams.line(text)
    }

    pub fn title(&mut self, text: &str) -> Result<(), CliError> {
        self.say(&format!("# {text}"))
    }

    pub fn set(&mut self, variable: &str, value: &str) -> Result<(), CliError> {
        self.say(&format!("$ {variable}={value}"))
    }

    /// A file's path below a folder, shown by this name from now on.
    pub fn file(&mut self, folder: &Path, name: &str, shown: &'static str) -> String {
        let path = folder.join(name).display().to_string();
        self.names.push((path.clone(), shown));
        path
    }

    /// Shows a command, runs it, shows what it printed.
    pub async fn step(&mut self, arguments: &[&str], expect: Expect) -> Result<(), CliError> {
        let shown: Vec<&str> = arguments.iter().map(|a| self.shown(a)).collect();
        let command = format!("$ sealwright {}", shown.join(" "));
        self.say(&command)?;
        let progress = self.streams.spinner(&command);
        let output = Captured::default();
        let streams = Streams::piped(Cursor::new(Vec::new()), output.clone(), output.clone());
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        let code = run_at(arguments, self.env.clone(), streams, self.clock.clone()).await;
        progress.finish_and_clear();
        for line in output.text().lines() {
            self.say(line)?;
        }
        self.say("")?;
        match (code, expect) {
            (0, Expect::Success) | (1.., Expect::Failure) => Ok(()),
            _ => Err(CliError::Lab(format!(
                "`{command}` ended with {code}, which is not what it should"
            ))),
        }
    }

    fn shown<'b>(&'b self, argument: &'b str) -> &'b str {
        self.names.iter().find(|(value, _)| value == argument).map_or(argument, |(_, name)| name)
    }
}

/// The arguments, and which hosts are the lab's.
pub(super) fn with_hosts<'a>(arguments: &[&'a str], hosts: &'a str) -> Vec<&'a str> {
    [arguments, &["--azure-extra-hosts", hosts]].concat()
}

/// What a command printed, on both streams.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic holds this lock")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic holds this lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
