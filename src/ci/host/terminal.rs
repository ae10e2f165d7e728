//! No CI system: outputs and messages are lines.

use std::io::Write;

use super::{Host, HostError, Level};
use crate::fault::printable;
use crate::secret::Secret;

/// A person's terminal, or a log nobody interprets.
pub struct Terminal<W> {
    out: W,
}

impl<W: Write + Send> Terminal<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Host for Terminal<W> {
    fn line(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.out, "{}", printable(line));
        }
    }

    fn annotate(&mut self, level: Level, title: &str, message: &str) {
        let level = match level {
            Level::Notice => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        self.line(&format!("{level}: {title}: {message}"));
    }

    fn mask(&mut self, _secret: &Secret) {}

    fn output(&mut self, name: &str, value: &str) -> Result<(), HostError> {
        self.line(&format!("{name}={value}"));
        Ok(())
    }

    fn export(&mut self, name: &str, value: &str) -> Result<(), HostError> {
        self.line(&format!("export {name}={value}"));
        Ok(())
    }

    fn add_path(&mut self, folder: &str) -> Result<(), HostError> {
        self.line(&format!("add to PATH: {folder}"));
        Ok(())
    }

    fn keep(&mut self, _name: &str, _value: &str) -> Result<(), HostError> {
        Ok(())
    }

    fn summary(&mut self, _markdown: &str) -> Result<(), HostError> {
        Ok(())
    }
}
