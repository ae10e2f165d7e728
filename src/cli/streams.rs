//! Standard input, output and error as parameters, and what is asked on them.

use std::io::{BufRead, Read, Write};
use std::sync::{Arc, Mutex};

use super::called_as::CalledAs;
use super::error::CliError;
use crate::fault::printable;
use crate::secret::Secret;

/// largest input read from a pipe: 1 MiB; credentials are far smaller.
const INPUT_LIMIT: u64 = 1024 * 1024;

/// What stands behind a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Terminal,
    Pipe,
}

/// The three streams of a command.
pub struct Streams {
    stdin: Box<dyn BufRead + Send>,
    stdin_kind: Kind,
    stdout_kind: Kind,
    stdout: SharedWriter,
    stderr: SharedWriter,
    stderr_kind: Kind,
    called_as: CalledAs,
}

/// An output written from several places: by the command, its log and its host.
#[derive(Clone)]
pub struct SharedWriter(Arc<Mutex<Box<dyn Write + Send>>>);

impl SharedWriter {
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(writer))))
    }
}

impl Write for SharedWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(|held| held.into_inner()).write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap_or_else(|held| held.into_inner()).flush()
    }
}

impl Streams {
    /// The process's own streams.
    pub fn of_process() -> Self {
        use std::io::IsTerminal;
        let kind = |is_terminal| if is_terminal { Kind::Terminal } else { Kind::Pipe };
        Self {
            stdin_kind: kind(std::io::stdin().is_terminal()),
            stdin: Box::new(std::io::BufReader::new(std::io::stdin())),
            stdout_kind: kind(std::io::stdout().is_terminal()),
            stdout: SharedWriter::new(std::io::stdout()),
            stderr_kind: kind(std::io::stderr().is_terminal()),
            stderr: SharedWriter::new(std::io::stderr()),
            called_as: CalledAs::default(),
        }
    }

    /// Streams that are pipes, for tests and for commands run by commands.
    pub fn piped(
        stdin: impl BufRead + Send + 'static,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        Self {
            stdin: Box::new(stdin),
            stdin_kind: Kind::Pipe,
            stdout_kind: Kind::Pipe,
            stdout: SharedWriter::new(stdout),
            stderr: SharedWriter::new(stderr),
            stderr_kind: Kind::Pipe,
            called_as: CalledAs::default(),
        }
    }

    /// Whoever reads the standard input is asked as at a terminal.
    #[must_use]
    pub fn at_terminal(self) -> Self {
        Self { stdin_kind: Kind::Terminal, ..self }
    }

    /// The program's own words name it so.
    #[must_use]
    pub fn called(self, called_as: CalledAs) -> Self {
        Self { called_as, ..self }
    }

    pub fn called_as(&self) -> CalledAs {
        self.called_as
    }

    /// Whether there is someone to ask.
    pub fn stdin_kind(&self) -> Kind {
        self.stdin_kind
    }

    /// Whether standard output is read by someone.
    pub fn stdout_kind(&self) -> Kind {
        self.stdout_kind
    }

    /// Standard error for the log.
    pub fn shared_stderr(&self) -> SharedWriter {
        self.stderr.clone()
    }

    /// Standard output for a host.
    pub fn shared_stdout(&self) -> SharedWriter {
        self.stdout.clone()
    }

    /// Writes bytes as they are. A reader that went away is no failure.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.stdout.write_all(bytes).and_then(|()| self.stdout.flush());
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(CliError::Output(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// One line on standard output; outside text in it cannot command the terminal.
    pub fn line(&mut self, text: &str) -> Result<(), CliError> {
        self.write(format!("{}\n", printable(text)).as_bytes())
    }

    /// Lines of the program's own on standard output: commands to type begin with the name it was
    /// started by.
    pub fn advice(&mut self, text: &str) -> Result<(), CliError> {
        let reworded = self.called_as.reword(text).into_owned();
        self.write(reworded.as_bytes())
    }

    /// Several lines on standard output, made by `render`.
    pub fn text(&mut self, text: &str) -> Result<(), CliError> {
        self.write(text.as_bytes())
    }

    /// `Warning: …` on standard error.
    pub fn warn(&mut self, text: &str) {
        self.complain(&format!("Warning: {}", printable(text)));
    }

    /// One line on standard error; commands to type begin with the name the program was started by.
    /// Nothing can be done when that fails.
    pub fn complain(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{}", self.called_as.reword(line));
    }

    /// A turning line on a terminal; nothing elsewhere.
    pub fn spinner(&self, text: &str) -> indicatif::ProgressBar {
        if self.stderr_kind == Kind::Pipe {
            return indicatif::ProgressBar::hidden();
        }
        let spinner = indicatif::ProgressBar::new_spinner().with_message(printable(text));
        spinner.enable_steady_tick(std::time::Duration::from_millis(100));
        spinner
    }

    /// Asks ` [y/N] `; the end of the input means no, silently.
    pub fn confirm(&mut self, question: &str) -> Result<bool, CliError> {
        self.write(format!("{} [y/N] ", printable(question)).as_bytes())?;
        let Some(answer) = self.read_line("the answer")? else { return Ok(false) };
        match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            _ => {
                self.line("Operation cancelled.")?;
                Ok(false)
            }
        }
    }

    /// Asks for one line of text.
    pub fn ask(&mut self, prompt: &str, what: &'static str) -> Result<String, CliError> {
        self.write(prompt.as_bytes())?;
        match self.read_line(what)? {
            Some(answer) => Ok(answer.trim().to_owned()),
            None => Err(CliError::Input { what, reason: "EOF".to_owned() }),
        }
    }

    /// Asks for a secret: unseen on a terminal, the rest of the input otherwise.
    pub fn ask_secret(&mut self, prompt: &str, what: &'static str) -> Result<Secret, CliError> {
        self.write(prompt.as_bytes())?;
        let secret = match self.stdin_kind {
            Kind::Terminal => rpassword::read_password()
                .map(Secret::new)
                .map_err(|error| CliError::Input { what, reason: error.to_string() })?,
            Kind::Pipe => self.rest_as_secret(what)?,
        };
        self.line("")?;
        Ok(secret)
    }

    /// All of the input without the line end after it.
    pub fn rest_as_secret(&mut self, what: &'static str) -> Result<Secret, CliError> {
        let mut text = String::new();
        (&mut self.stdin)
            .take(INPUT_LIMIT)
            .read_to_string(&mut text)
            .map_err(|error| CliError::Input { what, reason: error.to_string() })?;
        let end = text.strip_suffix('\n').unwrap_or(&text);
        let end = end.strip_suffix('\r').unwrap_or(end).len();
        text.truncate(end);
        Ok(Secret::new(text))
    }

    /// At most this many bytes of the input.
    pub fn rest(&mut self, limit: u64, what: &'static str) -> Result<String, CliError> {
        let mut text = String::new();
        (&mut self.stdin)
            .take(limit)
            .read_to_string(&mut text)
            .map_err(|error| CliError::Input { what, reason: error.to_string() })?;
        Ok(text)
    }

    fn read_line(&mut self, what: &'static str) -> Result<Option<String>, CliError> {
        self.line_within(INPUT_LIMIT, what)
    }

    /// A line without its end, which is cut after `limit` bytes; nothing at the end of the input.
    pub fn line_within(
        &mut self,
        limit: u64,
        what: &'static str,
    ) -> Result<Option<String>, CliError> {
        let mut line = String::new();
        let read = (&mut self.stdin)
            .take(limit)
            .read_line(&mut line)
            .map_err(|error| CliError::Input { what, reason: error.to_string() })?;
        Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }
}
