//! Hosts: where a step's outputs, annotations, masks and summary go.

mod azure_pipelines;
mod github;
mod terminal;
mod text;

pub use azure_pipelines::AzurePipelines;
pub use github::GitHub;
pub use terminal::Terminal;
pub use text::defang;

use super::table::Place;
use crate::env::{Env, name};
use crate::fault::Fault;

/// The CI system this process runs on; none at a terminal.
pub fn system(env: &Env) -> Option<Place> {
    let says = |variable| env.value(variable).is_some_and(|v| v.eq_ignore_ascii_case("true"));
    match (says(name::GITHUB_ACTIONS), says(name::TF_BUILD)) {
        (true, _) => Some(Place::GitHub),
        (false, true) => Some(Place::AzurePipelines),
        (false, false) => None,
    }
}

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Notice,
    Warning,
    Error,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Succeeded,
    Failed,
}

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("cannot write {variable} ({path}): {problem}")]
    Write { variable: &'static str, path: String, problem: String },
    #[error("{what} {name:?} cannot be handed to the host: {problem}")]
    Refused { what: &'static str, name: String, problem: &'static str },
}

impl Fault for HostError {
    fn code(&self) -> &'static str {
        match self {
            HostError::Write { .. } => "ci-host-write",
            HostError::Refused { .. } => "ci-host-refused",
        }
    }
}

/// A CI system, or a terminal. Whatever text comes in, it cannot command the host.
pub trait Host: Send {
    /// The CI system; none at a terminal.
    fn place(&self) -> Option<Place> {
        None
    }

    /// A line of the log.
    fn line(&mut self, text: &str);

    /// A message shown beside the job; `title` is short.
    fn annotate(&mut self, level: Level, title: &str, message: &str);

    /// Nothing more is annotated: what was held back for want of room is said.
    fn close(&mut self) {}

    /// Hides a value from the log from now on. Called before anything that could print it.
    fn mask(&mut self, secret: &crate::secret::Secret);

    /// An output for later steps.
    fn output(&mut self, name: &str, value: &str) -> Result<(), HostError>;

    /// An environment variable for later steps.
    fn export(&mut self, name: &str, value: &str) -> Result<(), HostError>;

    /// A folder for later steps' PATH.
    fn add_path(&mut self, folder: &str) -> Result<(), HostError>;

    /// A value for this step's own clean-up at the end of the job.
    fn keep(&mut self, name: &str, value: &str) -> Result<(), HostError>;

    /// Markdown shown on the job's page.
    fn summary(&mut self, markdown: &str) -> Result<(), HostError>;

    /// Tells how the step ended, last of all; the exit status of the process.
    fn end(&mut self, end: End) -> u8 {
        u8::from(end == End::Failed)
    }
}
