//! `run`: the step of a CI system, started by the launcher of `action.yml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use tokio::sync::OnceCell;

use super::{CommandSpec, Done, unchecked};
use crate::azure::{CredentialType, ExtraHosts, full_registry_name};
use crate::ci::{
    self, CONFIG_FILE_LIMIT, Command, ConfigFileError, Draft, Finished, GitHub, Host, Level, Step,
    Terminal,
};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::cli::step_services::{StepServices, nonce, read_bounded};
use crate::cli::world::{World, WorldOptions};
use crate::clock::Clock;
use crate::config::Dirs;
use crate::credentials::{Credential, Found};
use crate::env::{Env, name};
use crate::fault::BoxFault;
use crate::http::Deadline;

pub const RUN: CommandSpec = CommandSpec {
    path: &["run"],
    usage: "run",
    build: |command| {
        command
            .about("Run as the step of a CI system: inputs from INPUT_*, outputs to the host")
            .arg(flags::switch("post", "clean up at the end of the job what this step wrote"))
    },
    check: unchecked,
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let mut host = host(session);
    if flags::is_on(values, "post") {
        return clean_up(session, &mut *host).await;
    }
    let place = Place::new(session)?;
    let report = place.report.clone();
    let (draft, warnings) = Draft::from_env(&session.env);
    for warning in &warnings {
        host.annotate(Level::Warning, "Unknown input", warning);
    }
    let command = match draft.given("command") {
        Some("verify") => "verify",
        Some("login") => "login",
        Some("setup") => "setup",
        _ => "sign",
    };
    let finished = match step(draft) {
        Ok(step) => match within_time(session, step, place, &mut *host).await {
            Ok(finished) => finished,
            Err(fault) => ci::refuse(command, &*fault, &mut *host, &report),
        },
        Err(fault) => ci::refuse(command, &*fault, &mut *host, &report),
    };
    match finished.status {
        0 => Ok(()),
        _ => Err(CliError::StepFailed.into()),
    }
}

/// The host this process runs on; nothing but its log is written before a step begins.
fn host(session: &Session) -> Box<dyn Host> {
    let out = session.streams.shared_stdout();
    match session.env.value(name::GITHUB_ACTIONS) {
        Some("true") => Box::new(GitHub::new(&session.env, out, &nonce())),
        _ => Box::new(Terminal::new(out)),
    }
}

/// The inputs over the configuration file, checked.
fn step(draft: Draft) -> Result<Step, BoxFault> {
    let draft = match draft.given("config") {
        Some(path) => {
            let unreadable = |error: std::io::Error| ConfigFileError::Unreadable {
                path: path.to_owned(),
                problem: error.to_string(),
            };
            let text = read_bounded(Path::new(path), CONFIG_FILE_LIMIT).map_err(unreadable)?;
            let file = Draft::from_yaml(path, &text)?;
            draft.over(file)
        }
        None => draft,
    };
    Ok(draft.validate()?)
}

/// Where a step works: a home of its own that goes when the step ends, and the report that stays.
struct Place {
    home: tempfile::TempDir,
    /// Kept for later steps; used by `setup`.
    shared: PathBuf,
    report: PathBuf,
}

impl Place {
    fn new(session: &Session) -> Result<Self, CliError> {
        let folder = match session.env.value(name::RUNNER_TEMP) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(session.env.value(name::TMPDIR).unwrap_or("/tmp")),
        };
        let failed = |error: std::io::Error| CliError::File {
            what: folder.display().to_string(),
            reason: error.to_string(),
        };
        let home =
            tempfile::Builder::new().prefix("sealwright-").tempdir_in(&folder).map_err(failed)?;
        Ok(Self {
            home,
            shared: folder.join("sealwright"),
            report: folder.join(format!("sealwright-report-{}.json", nonce())),
        })
    }
}

/// What a step's clients are made from.
struct Base {
    env: Env,
    clock: Arc<dyn Clock>,
    deadline: Deadline,
}

impl Base {
    /// Of this session, with this much time from now on.
    fn of(session: &mut Session, limit: Duration) -> Self {
        session.limit(limit);
        let (env, clock) = (session.env.clone(), session.clock.clone());
        Self { env, clock, deadline: session.deadline() }
    }
}

async fn within_time(
    session: &mut Session,
    step: Step,
    place: Place,
    host: &mut dyn Host,
) -> Result<Finished, BoxFault> {
    let limit = step.timeout;
    let base = Base::of(session, limit);
    let clock = session.clock.clone();
    tokio::select! {
        biased;
        finished = work(&base, step, place, host) => finished,
        () = clock.sleep(limit) => Err(CliError::TimeOver { seconds: limit.as_secs() }.into()),
    }
}

async fn work(
    base: &Base,
    step: Step,
    place: Place,
    host: &mut dyn Host,
) -> Result<Finished, BoxFault> {
    if let Some((_, password)) = &step.registry_login {
        host.mask(password);
    }
    if step.command == Command::Setup {
        set_up(&step, &place, host)?;
        return Ok(ci::done(step.command, host, &place.report));
    }
    let own = Dirs::from_env(&base.env)?;
    let home = Dirs::below(place.home.path().join("notation"));
    for line in
        ci::install(home.config(), step.trust_policy.as_deref(), step.trust_store.as_deref())?
    {
        host.line(&line);
    }
    let services = StepServices {
        world: world(base, &step)?,
        policy_dirs: if step.trust_policy.is_some() { home.clone() } else { own.clone() },
        store_dirs: if step.trust_store.is_some() { home } else { own },
        clock: base.clock.clone(),
        env: base.env.clone(),
        step: step.clone(),
        policy: OnceCell::new(),
        signer: OnceCell::new(),
    };
    Ok(ci::run(&step, &services, host, &place.report).await)
}

fn world(base: &Base, step: &Step) -> Result<World, BoxFault> {
    let given = step.registry_login.as_ref().and_then(|(username, password)| {
        let credential = Credential::given(username, password.clone())?;
        Some(Found { credential, source: "inputs".to_owned() })
    });
    let credential_type = step.credential_type.as_deref().map(CredentialType::parse).transpose()?;
    World::new(WorldOptions {
        env: base.env.clone(),
        clock: base.clock.clone(),
        deadline: base.deadline,
        given,
        given_host: step.login_host().map(|host| full_registry_name(&host)),
        scheme: None,
        extra_hosts: ExtraHosts::parse(step.azure_extra_hosts.as_deref().unwrap_or_default())?,
        auth_realms: Vec::new(),
        credential_type,
    })
}

/// Installs policy and store where later steps find them, and puts this binary on their PATH.
fn set_up(step: &Step, place: &Place, host: &mut dyn Host) -> Result<(), BoxFault> {
    let home = place.shared.join("notation");
    let lines = ci::install(&home, step.trust_policy.as_deref(), step.trust_store.as_deref())?;
    for line in lines {
        host.line(&line);
    }
    host.export(name::NOTATION_CONFIG, &home.to_string_lossy())?;
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        host.add_path(&folder.to_string_lossy())?;
    }
    Ok(())
}

/// The end of the job. Nothing here changes the job's result.
async fn clean_up(session: &mut Session, host: &mut dyn Host) -> Done {
    let step = Draft::post().validate()?;
    let base = Base::of(session, step.timeout);
    let dirs = Dirs::from_env(&base.env)?;
    let services = StepServices {
        world: world(&base, &step)?,
        policy_dirs: dirs.clone(),
        store_dirs: dirs,
        clock: base.clock.clone(),
        env: base.env.clone(),
        step,
        policy: OnceCell::new(),
        signer: OnceCell::new(),
    };
    ci::clean_up(&base.env, &services, host).await;
    Ok(())
}
