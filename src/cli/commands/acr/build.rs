//! `acr build`

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use clap::ArgMatches;

use crate::azure::{
    BuildRequest, BuiltImage, ImageName, Logs, ManagedRegistry, Packed, Place, Platform, Progress,
    RunId, Source, Tasks, TasksError, pack,
};
use crate::cli::cancelled::cancelled;
use crate::cli::commands::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::GoDuration;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::session::Session;
use crate::cli::streams::Streams;
use crate::fault::{BoxFault, LINE_LIMIT, excerpt, printable, shell_word};
use crate::http::Deadline;
use crate::secret::Secret;

pub const BUILD: CommandSpec = CommandSpec {
    path: &["acr", "build"],
    usage: "acr build [flags] <source>",
    build: |command| {
        let command = command
            .about("Build an image in the registry and print its digest")
            .long_about(
                "Build an image in an Azure container registry and print its digest\n\n\
                 The registry builds and pushes by itself: a quick run of ACR Tasks. <source> is a git repository,\n\
                 https://<host>/<repository>.git#<branch>:<folder>, or a folder, which is packed and uploaded.\n\
                 .dockerignore is honoured, and .git stays out unless it says otherwise.\n\n\
                 The log goes to standard error, the image by digest to standard output.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright acr build -r myregistry -t net-monitor:v1 https://github.com/wabbit-networks/net-monitor.git#main\n  \
                 sealwright acr build -r myregistry -t net-monitor:v1 --build-arg VERSION=1 .\n  \
                 IMAGE=$(sealwright acr build -r myregistry -t net-monitor:v1 --no-logs .) && sealwright sign $IMAGE",
            )
            .arg(flags::text("registry", "name", "registry that builds, by name or login server").short('r'))
            .arg(
                flags::texts("image", "repository:tag", "what is pushed, such as net-monitor:v1; may be repeated")
                    .short('t'),
            )
            .arg(
                flags::text("file", "path", "Dockerfile (default <source>/Dockerfile); of a git repository, its path there")
                    .short('f'),
            )
            .arg(flags::text("platform", "os/arch", "what is built for, such as linux/arm64/v8 (default linux/amd64)"))
            .arg(flags::texts("build-arg", "name=value", "build argument; may be repeated"))
            .arg(
                flags::text("resource-group", "name", "resource group of the registry (default: it is looked for)")
                    .short('g'),
            )
            .arg(flags::text(
                "subscription",
                "id or name",
                "subscription of the registry (default: every one this identity sees)",
            ))
            .arg(flags::text(
                "source-acr-auth-id",
                "identity",
                "whose permissions the run has where repository permissions (ABAC) are enabled: [caller]",
            ))
            .arg(flags::switch("no-logs", "do not show the log of the build"))
            .arg(
                flags::duration("timeout", "longest time for the whole command; a run that takes longer is cancelled (default 1h)")
                    .id(TIMEOUT),
            )
            .arg(flags::text(
                "azure-extra-hosts",
                "hosts",
                "further Azure hosts, https only: registry=HOST:PORT,authority=HOST:PORT,management=HOST:PORT,storage=HOST:PORT",
            ))
            .arg(flags::positionals("source"));
        flags::with_logging(flags::with_output(command))
    },
    check,
    run: |values, session| Box::pin(run(values, session)),
};

/// Not the name by which a command's time is cut off: a run that was queued is cancelled first.
const TIMEOUT: &str = "build-timeout";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);
/// time for cancelling a run
const GRACE: Duration = Duration::from_secs(10);

fn check(values: &ArgMatches) -> Result<(), CliError> {
    flags::required(values, &["registry", "image"])?;
    match flags::positionals_of(values).len() {
        1 => Ok(()),
        0 => Err(CliError::Missing(
            "missing source: the address of a git repository or a folder, such as .".to_owned(),
        )),
        _ => Err(CliError::Missing("more than one source".to_owned())),
    }
}

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let limit = timeout(values)?;
    session.limit(limit);
    let deadline = session.deadline();
    let world = session.world(values)?;
    let given = flags::text_of(values, "registry").unwrap_or_default();
    let asked = Asked::of(values, world.registry_name(given)?, limit)?;
    let tasks = world.tasks(given);
    let signals = cancelled();
    let queued = OnceLock::new();
    let work = asked.build(&tasks, deadline, &queued, &mut session.streams);
    let ended = tokio::select! {
        biased;
        signal = signals => Err(TasksError::Cancelled { signal }),
        done = work => done,
    };
    let built = match ended {
        Ok(built) => built,
        Err(error) => {
            if let Some((registry, run)) = queued.get() {
                let grace = Deadline(session.clock.elapsed() + GRACE);
                let tasks = tasks.with_deadline(grace);
                give_up(&tasks, registry, run, &error, &mut session.streams).await;
            }
            return Err(error.into());
        }
    };
    Ok(tell(&built, queued.get().map(|(_, run)| run), output, &mut session.streams)?)
}

/// What the flags ask for.
struct Asked {
    registry: String,
    place: Place,
    images: Vec<ImageName>,
    platform: Platform,
    source: Source,
    dockerfile: Option<String>,
    arguments: Vec<(String, Secret)>,
    source_identity: Option<String>,
    logs: Logs,
    limit: Duration,
}

impl Asked {
    fn of(values: &ArgMatches, registry: String, limit: Duration) -> Result<Self, BoxFault> {
        let text = |name| flags::text_of(values, name).filter(|t| !t.is_empty()).map(str::to_owned);
        let images = flags::texts_of(values, "image").into_iter();
        let images = images.map(|image| ImageName::parse(image)).collect::<Result<_, _>>()?;
        let arguments = flags::texts_of(values, "build-arg").into_iter().map(|pair| {
            let (name, value) = pair.split_once('=').filter(|(name, _)| !name.is_empty())?;
            Some((name.to_owned(), Secret::new(value)))
        });
        let arguments = arguments.collect::<Option<Vec<_>>>();
        Ok(Self {
            registry,
            place: Place {
                subscription: text("subscription"),
                resource_group: text("resource-group"),
            },
            images,
            platform: Platform::parse(&text("platform").unwrap_or_else(|| "linux".to_owned()))?,
            source: Source::parse(flags::first_of(values))?,
            dockerfile: text("file"),
            arguments: arguments.ok_or(CliError::KeyValue { flag: "build-arg" })?,
            source_identity: text("source-acr-auth-id"),
            logs: if flags::is_on(values, "no-logs") { Logs::Hidden } else { Logs::Shown },
            limit,
        })
    }

    /// From the source to the images; what is queued is noted, for whoever has to cancel it.
    async fn build(
        &self,
        tasks: &Tasks,
        deadline: Deadline,
        queued: &OnceLock<(ManagedRegistry, RunId)>,
        streams: &mut Streams,
    ) -> Result<Vec<BuiltImage>, TasksError> {
        // what is wrong with a folder is known before anything is asked
        let packed = match &self.source {
            Source::Folder(folder) => Some(packed(folder, self.dockerfile.as_deref()).await?),
            Source::Git(_) => None,
        };
        let registry = tasks.find(&self.registry, &self.place).await?;
        for image in &self.images {
            image.check_host(registry.login_server())?;
        }
        let (location, dockerfile) = match (&self.source, packed) {
            (_, Some(packed)) => {
                note_packed(&packed, streams);
                let dockerfile = packed.dockerfile.clone();
                (tasks.upload(&registry, packed).await?, dockerfile)
            }
            (Source::Git(address), None) => (address.clone(), self.git_dockerfile()),
            (Source::Folder(_), None) => unreachable!("a folder is packed above"),
        };
        let request = BuildRequest {
            images: self.images.clone(),
            platform: self.platform.clone(),
            location,
            dockerfile,
            arguments: self.arguments.clone(),
            source_identity: self.source_identity.clone(),
            timeout: self.limit,
        };
        let run = tasks.queue(&registry, &request).await?;
        streams.complain(&format!("Queued the build {run} in {}", registry.name()));
        let (registry, run) = queued.get_or_init(|| (registry, run));
        let line = |told: Progress<'_>| match told {
            // a line of a log must not begin as a command of a CI system does
            Progress::Line(text) => {
                streams.complain(&format!("{run} | {}", printable(&excerpt(text, LINE_LIMIT))));
            }
            Progress::NoLog(error) => {
                streams.warn(&format!("the log of {run} cannot be shown: {error}"));
            }
        };
        tasks.follow(registry, run, &self.images, self.logs, deadline, line).await
    }

    fn git_dockerfile(&self) -> String {
        self.dockerfile.clone().unwrap_or_else(|| "Dockerfile".to_owned())
    }
}

async fn packed(folder: &std::path::Path, dockerfile: Option<&str>) -> Result<Packed, TasksError> {
    let (folder, dockerfile) = (folder.to_owned(), dockerfile.map(PathBuf::from));
    let packing = tokio::task::spawn_blocking(move || pack(&folder, dockerfile.as_deref()));
    packing.await.unwrap_or_else(|end| std::panic::resume_unwind(end.into_panic()))
}

fn note_packed(packed: &Packed, streams: &mut Streams) {
    /// most names in one warning
    const NAMED: usize = 10;
    let (entries, size) = (packed.entries, packed.size);
    streams.complain(&format!("Uploading {entries} files and folders, {size} bytes packed"));
    for path in packed.skipped.iter().take(NAMED) {
        let path = path.display();
        streams.warn(&format!("{path} is neither file, folder nor link: it is left out"));
    }
    if packed.skipped.len() > NAMED {
        streams.warn(&format!("{} others are left out, too", packed.skipped.len() - NAMED));
    }
}

/// A run that nobody waits for any more is cancelled. One that ended needs nothing.
async fn give_up(
    tasks: &Tasks,
    registry: &ManagedRegistry,
    run: &RunId,
    error: &TasksError,
    streams: &mut Streams,
) {
    if matches!(error, TasksError::Run { .. } | TasksError::Untold { .. }) {
        return;
    }
    match tasks.cancel(registry, run).await {
        Ok(()) => streams.complain(&format!("Cancelled the build {run}")),
        Err(error) => streams.warn(&format!(
            "the build {run} may go on ({error}): az acr task cancel-run -r {} --run-id {run}",
            shell_word(registry.name())
        )),
    }
}

/// As `az acr build --no-logs` tells it, so that `metadata` of the step takes either.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildReport<'a> {
    run_id: String,
    status: &'static str,
    output_images: &'a [BuiltImage],
    /// By digest, one for each repository.
    images: Vec<String>,
}

fn tell(
    built: &[BuiltImage],
    run: Option<&RunId>,
    output: Output,
    streams: &mut Streams,
) -> Result<(), CliError> {
    let mut images: Vec<String> = Vec::new();
    for image in built.iter().map(BuiltImage::reference) {
        if !images.contains(&image) {
            images.push(image);
        }
    }
    match output {
        Output::Text => images.iter().try_for_each(|image| streams.line(image)),
        Output::Json => streams.text(&json(&BuildReport {
            run_id: run.map(RunId::to_string).unwrap_or_default(),
            status: "Succeeded",
            output_images: built,
            images,
        })),
    }
}

fn timeout(values: &ArgMatches) -> Result<Duration, CliError> {
    match values.get_one::<GoDuration>(TIMEOUT) {
        None => Ok(DEFAULT_TIMEOUT),
        Some(given) => given.to_std().filter(|t| !t.is_zero()).ok_or(CliError::Timeout),
    }
}
