//! Processes: the peer, sealwright, and the registries the peer serves.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a process that ended left behind.
pub struct Answer {
    command: String,
    code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn succeeds(self) -> Result<Self, String> {
        if self.code == Some(0) { Ok(self) } else { Err(self.to_string()) }
    }

    /// Standard output is exactly this.
    pub fn prints(&self, expected: &str) -> Result<(), String> {
        if self.stdout == expected {
            return Ok(());
        }
        Err(format!("expected on stdout:\n{expected}{self}"))
    }

    /// Exit status 1, nothing on standard output, and the parts on standard error: the first at its
    /// beginning, the others anywhere below.
    pub fn fails_saying(&self, parts: &[&str]) -> Result<(), String> {
        let starts = parts.first().is_none_or(|first| self.stderr.starts_with(first));
        let contains = parts.iter().skip(1).all(|part| self.stderr.contains(part));
        if self.code == Some(1) && self.stdout.is_empty() && starts && contains {
            return Ok(());
        }
        Err(format!("expected exit 1 and on stderr {parts:?}:\n{self}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "$ {}\n[exit {:?}]\n[stdout]\n{}[stderr]\n{}",
            self.command, self.code, self.stdout, self.stderr
        )
    }
}

/// Runs to the end. The environment is only what is given here.
pub fn run<S: AsRef<str>>(
    program: &Path,
    arguments: &[S],
    environment: &[(&str, &Path)],
) -> Result<Answer, String> {
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let command = format!("{} {}", program.display(), arguments.join(" "));
    let output = Command::new(program)
        .args(&arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{command}: {e}"))?;
    Ok(Answer {
        command,
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The peer's program, if it has been built.
pub fn program() -> Option<PathBuf> {
    let name = format!("peer{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(name);
    path.is_file().then_some(path)
}

/// A registry that ends with this value: it watches its standard input.
pub struct Served {
    /// `localhost:PORT`
    pub address: String,
    child: Child,
}

impl Served {
    pub fn start(program: &Path, flags: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(program)
            .args(["registry", "--while-stdin"])
            .args(flags)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let stdout = child.stdout.take().ok_or("the registry has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
        match line.trim_end().strip_prefix("ready ") {
            Some(address) => Ok(Self { address: address.to_owned(), child }),
            None => Err(format!("the registry said {line:?} instead of ready")),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Prints although the test passes: the harness captures only what macros print.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
