//! One reference or several: what `sign` and `verify` do with each, printed alike.

use std::collections::VecDeque;
use std::fs;
use std::io::Read as _;
use std::num::NonZeroUsize;

use clap::ArgMatches;

use super::Done;
use crate::batch::{self, Distinct};
use crate::ci::{ImageReport, Outcome, Report};
use crate::cli::error::CliError;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::render::table::table;
use crate::cli::report;
use crate::cli::session::Session;
use crate::cli::world::World;
use crate::fault::{BoxFault, excerpt, os_reason};
use crate::registry::{Access, Reference, Version};

/// largest list read: 1 MiB; 10,000 references by digest are less
const LIST_SIZE: u64 = 1024 * 1024;
/// most references of one command
const LIST_LENGTH: usize = 10_000;

/// most characters of a message in the table; the whole message stands above it
const DETAIL_LENGTH: usize = 100;

/// What a command is to work on.
pub enum Asked {
    /// The only positional argument: everything printed is notation's.
    One(String),
    /// Each once, in the order given.
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

/// What a command does with one reference.
#[async_trait::async_trait]
pub trait Work: Send + Sync {
    /// What its registry is asked for.
    fn access(&self) -> Access;

    async fn one(&self, reference: &Reference) -> Finished;
}

impl Asked {
    /// The positional arguments and the lines of `--file`.
    pub fn of(values: &ArgMatches, session: &mut Session) -> Result<Self, CliError> {
        let mut asked = Vec::new();
        let mut seen = std::collections::HashSet::new();
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
            (1, None) => Ok(Asked::One(asked.remove(0))),
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
    (output, limit): (Output, NonZeroUsize),
    session: &mut Session,
) -> Done {
    let (images, mut lost) = targets(references, work.access(), world, limit).await;
    let mut reports = Vec::new();
    let mut unwritten = None;
    let job = |number: usize| {
        let image = &images[number];
        async move {
            let named = image.as_ref()?;
            let mut finished = work.one(&named.reference).await;
            finished.warnings.splice(0..0, named.warnings());
            finished.report.named(named);
            Some(finished)
        }
    };
    batch::in_order(
        images.len(),
        limit,
        || world.throttled(),
        job,
        |finished: Option<Finished>| {
            let finished = finished.or_else(|| lost.pop_front()).expect("one for each failure");
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
    if let Some(error) = unwritten {
        return Err(error.into());
    }
    let failed = reports.iter().filter(|image| image.outcome == Outcome::Failed).count();
    let total = reports.len();
    match output {
        Output::Text => {
            let rows: Vec<[String; 3]> = reports.iter().map(row).collect();
            let table = table(["REFERENCE", "OUTCOME", "DETAIL"], &rows);
            session.streams.text(&format!("\n{table}"))?;
        }
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

/// Each artifact once, by digest, and in the places left free those that failed before: text that is
/// no reference, tags that cannot be resolved.
async fn targets(
    references: &[String],
    access: Access,
    world: &World,
    limit: NonZeroUsize,
) -> (Vec<Option<Distinct>>, VecDeque<Finished>) {
    let resolve = |number: usize| async move {
        let text = &references[number];
        let asked = match world.reference(text).await {
            Ok(reference) => reference,
            Err(error) => return Err(failed(ImageReport::unreadable(text, &error), error.into())),
        };
        match by_digest(&asked, access, world).await {
            Ok(now) => Ok((asked, now)),
            Err(fault) => {
                let mut report = ImageReport::failed(&asked, &*fault);
                report.used(world.provenance(&asked));
                Err(failed(report, fault))
            }
        }
    };
    let mut resolved = Vec::new();
    batch::in_order(
        references.len(),
        limit,
        || world.throttled(),
        resolve,
        |answer| {
            resolved.push(answer);
        },
    )
    .await;
    let mut lost = VecDeque::new();
    let images = batch::distinct(resolved).into_iter().map(|answer| match answer {
        Ok(named) => Some(named),
        Err(finished) => {
            lost.push_back(finished);
            None
        }
    });
    (images.collect(), lost)
}

/// The one place where a tag is asked for.
async fn by_digest(
    reference: &Reference,
    access: Access,
    world: &World,
) -> Result<Reference, BoxFault> {
    if let Version::Digest(_) = reference.version() {
        return Ok(reference.clone());
    }
    let registry = world.registry(reference, access)?;
    let target = registry.resolve(reference).await.map_err(CliError::Resolve)?;
    Ok(reference.at(&target.digest))
}

fn failed(report: ImageReport, fault: BoxFault) -> Finished {
    Finished { report, warnings: Vec::new(), text: String::new(), fault: Some(fault) }
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
