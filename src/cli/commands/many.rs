//! One reference or several: what `sign` and `verify` do with each, printed alike.

mod items;

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::num::NonZeroUsize;

use clap::ArgMatches;

use super::Done;
use crate::batch::{self, Reach};
use crate::ci::{ImageReport, Outcome, Report, announced};
use crate::cli::error::CliError;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::render::table::table;
use crate::cli::report;
use crate::cli::session::Session;
use crate::cli::world::World;
use crate::fault::{BoxFault, excerpt, os_reason};
use crate::registry::{Access, Reference};
use items::items;

/// largest list read: 1 MiB; 10,000 references by digest are less
const LIST_SIZE: u64 = 1024 * 1024;
/// most references of one command
const LIST_LENGTH: usize = 10_000;

/// most characters of a message in the table; the whole message stands above it
const DETAIL_LENGTH: usize = 100;

/// How several references are worked on and printed.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub output: Output,
    /// References side by side.
    pub limit: NonZeroUsize,
    pub reach: Reach,
}

impl Manner {
    /// `--output`, `--concurrency` and `--recursive`.
    pub fn of(values: &ArgMatches) -> Result<Self, CliError> {
        Ok(Self {
            output: flags::output_of(values)?,
            limit: flags::concurrency_of(values)?,
            reach: flags::reach_of(values),
        })
    }
}

/// What a command is to work on.
pub enum Asked {
    /// The only positional argument: everything printed is notation's.
    One(String),
    /// Each once, in the order given; with `--recursive` also when there is one.
    Several(Vec<String>),
}

/// What became of one reference.
pub struct Finished {
    pub report: ImageReport,
    /// For standard error.
    pub warnings: Vec<String>,
    /// For standard output, unless it is to be JSON; nothing when it failed.
    pub text: String,
    pub fault: Option<BoxFault>,
}

impl Finished {
    fn failed(report: ImageReport, fault: BoxFault) -> Self {
        Self { report, warnings: Vec::new(), text: String::new(), fault: Some(fault) }
    }
}

/// What a command does with one reference.
#[async_trait::async_trait]
pub trait Work: Send + Sync {
    /// What the registries are wanted for.
    fn access(&self) -> Access;

    async fn one(&self, reference: &Reference) -> Finished;
}

impl Asked {
    /// The positional arguments and the lines of `--file`.
    pub fn of(values: &ArgMatches, session: &mut Session) -> Result<Self, CliError> {
        let mut asked = Vec::new();
        let mut seen = HashSet::new();
        let positionals = flags::positionals_of(values).into_iter().map(str::to_owned);
        let file = flags::text_of(values, "file");
        let listed = match file {
            Some(path) => read_list(path, session)?,
            None => Vec::new(),
        };
        for reference in positionals.chain(listed) {
            if seen.insert(reference.clone()) {
                asked.push(reference);
            }
        }
        if asked.len() > LIST_LENGTH {
            let what = file.map_or_else(|| "the command line".to_owned(), named);
            return Err(CliError::ListLength { what, limit: LIST_LENGTH });
        }
        match (asked.len(), file) {
            (0, Some(path)) => {
                Err(CliError::Missing(format!("{} names no reference", named(path))))
            }
            (1, None) if flags::reach_of(values) == Reach::Itself => {
                Ok(Asked::One(asked.remove(0)))
            }
            _ => Ok(Asked::Several(asked)),
        }
    }
}

/// Works on each reference and prints the lines of each in order, then a table, or one JSON report.
pub async fn run(
    command: &'static str,
    references: &[String],
    work: &dyn Work,
    world: &World,
    Manner { output, limit, reach }: Manner,
    session: &mut Session,
) -> Done {
    let items = items(references, work.access(), world, (limit, reach)).await;
    let items = items.as_slice();
    let mut reports = Vec::new();
    let mut unwritten = None;
    let mut warned = HashSet::new();
    let job = |number: usize| async move { items[number].finish(work).await };
    batch::in_order(
        items.len(),
        limit,
        || world.throttled(),
        job,
        |mut finished: Finished| {
            // what is said of the chain or the cache is the same for every image
            finished.warnings.retain(|warning| warned.insert(warning.clone()));
            if let Some(fault) = say(&finished, output, session).err() {
                unwritten.get_or_insert(fault);
            }
            if let Some(fault) = &finished.fault {
                report(&mut session.streams, &**fault);
            }
            reports.push(finished.report);
        },
    )
    .await;
    say_endings(&reports, session);
    if let Some(error) = unwritten {
        return Err(error.into());
    }
    let failed = reports.iter().filter(|image| image.outcome == Outcome::Failed).count();
    let total = reports.len();
    match output {
        Output::Text => session.streams.text(&format!("\n{}", overview(&reports)))?,
        Output::Json => {
            let report = Report::of(command, reports, Outcome::Skipped);
            session.streams.text(&json(&report))?;
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(CliError::SomeFailed { failed, total }.into()),
    }
}

/// Prints a finished reference but not its fault; JSON is for the caller.
pub fn say(finished: &Finished, output: Output, session: &mut Session) -> Result<(), CliError> {
    for warning in &finished.warnings {
        session.streams.warn(warning);
    }
    match output {
        Output::Text => session.streams.text(&finished.text),
        Output::Json => Ok(()),
    }
}

/// What ends soon, each fact once.
pub fn say_endings(reports: &[ImageReport], session: &mut Session) {
    for fact in announced(reports) {
        session.streams.warn(&fact.text);
    }
}

/// A row for each; a column for platforms where one is known.
fn overview(reports: &[ImageReport]) -> String {
    let rows = reports.iter().map(row);
    if reports.iter().all(|image| image.platform.is_none()) {
        return table(["REFERENCE", "OUTCOME", "DETAIL"], &rows.collect::<Vec<_>>());
    }
    let platforms = reports.iter().map(|image| image.platform.clone().unwrap_or_default());
    let rows = rows
        .zip(platforms)
        .map(|([image, outcome, detail], platform)| [image, platform, outcome, detail]);
    table(["REFERENCE", "PLATFORM", "OUTCOME", "DETAIL"], &rows.collect::<Vec<_>>())
}

fn row(image: &ImageReport) -> [String; 3] {
    let detail = match (&image.error, &image.signature) {
        (Some(error), _) => {
            let line = error.message.lines().next().unwrap_or_default();
            format!("{}: {}", error.code, excerpt(line, DETAIL_LENGTH))
        }
        (None, Some(signature)) => format!("signature {signature}"),
        (None, None) => String::new(),
    };
    [image.image.clone(), image.outcome.name().to_owned(), detail]
}

fn read_list(path: &str, session: &mut Session) -> Result<Vec<String>, CliError> {
    let text = match path {
        "-" => session.streams.rest(LIST_SIZE + 1, "the list of references")?,
        path => {
            let mut text = String::new();
            fs::File::open(path)
                .and_then(|file| file.take(LIST_SIZE + 1).read_to_string(&mut text))
                .map_err(|error| CliError::File {
                    what: format!("open {path}"),
                    reason: os_reason(&error),
                })?;
            text
        }
    };
    if text.len() as u64 > LIST_SIZE {
        return Err(CliError::ListSize { what: named(path), limit: LIST_SIZE });
    }
    let lines = text.lines().map(str::trim);
    Ok(lines.filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect())
}

fn named(path: &str) -> String {
    match path {
        "-" => "the list on standard input".to_owned(),
        path => format!("the list {path}"),
    }
}
