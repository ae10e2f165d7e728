//! `run`: the step of a CI system, started by the launcher of `action.yml`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use clap::ArgMatches;
use tracing::instrument::WithSubscriber as _;

use super::{CommandSpec, Done, unchecked};
use crate::azure::{
    AzureError, Cloud, ConnectionName, CredentialType, ExtraHosts, Listener, NamedIdentity,
    RegistryConnection, full_registry_name,
};
use crate::ci::{
    self, AzurePipelines, CONFIG_FILE_LIMIT, Command, ConfigFileError, Draft, Files, Finished,
    GitHub, GitHubReports, Host, Level, Place, Step, Terminal, TimeOver,
};
use crate::cli::error::CliError;
use crate::cli::log;
use crate::cli::parse::flags::{self, Verbosity};
use crate::cli::session::Session;
use crate::cli::step_github;
use crate::cli::step_plugin;
use crate::cli::step_services::{LoginStores, StepServices, nonce};
use crate::cli::step_trust;
use crate::cli::world::{World, WorldOptions};
use crate::credentials::{Credential, Found};
use crate::env::{Env, name};
use crate::fault::{BoxFault, details, os_reason};
use crate::secret::Secret;

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
    let done = if asks_for_debug(&session.env) {
        let log = log::dispatch(
            Verbosity::Debug,
            session.streams.shared_stderr(),
            ci::defang,
            session.clock.clone(),
        );
        work(values, session, &mut *host).with_subscriber(log).await
    } else {
        work(values, session, &mut *host).await
    };
    host.close();
    done
}

/// The host this process runs on.
fn host(session: &Session) -> Box<dyn Host> {
    let out = session.streams.shared_stdout();
    match ci::system(&session.env) {
        Some(Place::GitHub) => Box::new(GitHub::new(&session.env, out, &nonce())),
        Some(Place::AzurePipelines) => Box::new(AzurePipelines::new(&session.env, out, &nonce())),
        _ => Box::new(Terminal::new(out)),
    }
}

/// Each host has its own switch for a log of everything.
fn asks_for_debug(env: &Env) -> bool {
    let agent = env.value(name::SYSTEM_DEBUG).is_some_and(|v| v.eq_ignore_ascii_case("true"));
    match ci::system(env) {
        Some(Place::AzurePipelines) => agent,
        _ => env.is_one(name::RUNNER_DEBUG),
    }
}

async fn work(values: &ArgMatches, session: &mut Session, host: &mut dyn Host) -> Done {
    if flags::is_on(values, "post") {
        let stores = LoginStores { env: session.env.clone(), clock: session.clock.clone() };
        ci::clean_up(&session.env, &stores, host).await;
        return Ok(());
    }
    let temporary = temporary(&session.env);
    let report = temporary.join(format!("sealwright-report-{}.json", nonce()));
    let mut files = Files { report, junit: None };
    let mut github = GitHubReports::default();
    let finished = match begin(&session.env, host, &mut files, &mut github) {
        Ok(step) => match perform(&step, session, &temporary, host, &files).await {
            Ok(finished) => finished,
            Err(fault) => ci::refuse(step.command.name(), &*fault, host, &files),
        },
        Err((command, fault)) => ci::refuse(command, &*fault, host, &files),
    };
    step_github::tell(&finished.report, &github, &session.env, &session.clock, host).await;
    match finished.status {
        0 => Ok(()),
        _ => Err(CliError::StepFailed.into()),
    }
}

/// Emptied by the host before and after each job.
fn temporary(env: &Env) -> PathBuf {
    let job = match ci::system(env) {
        Some(Place::AzurePipelines) => name::AGENT_TEMPDIRECTORY,
        _ => name::RUNNER_TEMP,
    };
    env.value(job).or(env.value(name::TMPDIR)).unwrap_or("/tmp").into()
}

/// The inputs over the configuration file, checked; or the command's name and what is wrong.
fn begin(
    env: &Env,
    host: &mut dyn Host,
    files: &mut Files,
    github: &mut GitHubReports,
) -> Result<Step, (&'static str, BoxFault)> {
    let (draft, remarks) = Draft::from_env(env);
    mask(&draft, host);
    for remark in &remarks {
        host.annotate(remark.level, remark.title, &remark.text);
    }
    let command = draft.command_name();
    files.junit = draft.junit();
    let mut draft = with_file(draft, host).map_err(|error| (command, error.into()))?;
    files.junit = draft.junit();
    *github = draft.github_reports().map_err(|error| (draft.command_name(), error.into()))?;
    if github.token.is_none() && draft.given("github-reports").is_some() {
        let message = "`github-reports` has no effect without `github-token`";
        host.annotate(Level::Warning, "GitHub was not told", message);
    }
    draft.read_metadata().map_err(|error| (draft.command_name(), error.into()))?;
    draft.validate().map_err(|error| (draft.command_name(), error.into()))
}

/// Before anything that could print them.
fn mask(draft: &Draft, host: &mut dyn Host) {
    for name in ["registry-password", "github-token"] {
        if let Some(secret) = draft.given(name) {
            host.mask(&Secret::new(secret));
        }
    }
}

fn with_file(draft: Draft, host: &mut dyn Host) -> Result<Draft, ConfigFileError> {
    let Some(path) = draft.given("config") else { return Ok(draft) };
    let text = read_bounded(Path::new(path), CONFIG_FILE_LIMIT).map_err(|error| {
        ConfigFileError::Unreadable { path: path.to_owned(), problem: os_reason(&error) }
    })?;
    let file = Draft::from_yaml(path, &text)?;
    mask(&file, host);
    Ok(draft.over(file))
}

async fn perform(
    step: &Step,
    session: &mut Session,
    temporary: &Path,
    host: &mut dyn Host,
    files: &Files,
) -> Result<Finished, BoxFault> {
    session.limit(step.timeout);
    let identity = identity(step, session);
    let cloud = check_identity(step, &identity, &session.env, host)?;
    let step = &completed(step, cloud, &session.env);
    let world = world(step, identity, session)?;
    let clock = session.clock.clone();
    let over = || TimeOver::Step { seconds: step.timeout.as_secs() };
    if step.command == Command::Setup {
        let shared = temporary.join("sealwright");
        tokio::select! {
            done = step_trust::for_later_steps(step, &world, &session.env, &shared, host) => done?,
            () = clock.sleep(step.timeout) => return Err(over().into()),
        }
        return Ok(ci::done(step, host, files));
    }
    // goes with what is in it when the step ends
    let home = tempfile::Builder::new().prefix("sealwright-").tempdir_in(temporary);
    let home = home.map_err(|error| CliError::File {
        what: temporary.display().to_string(),
        reason: os_reason(&error),
    })?;
    let trust = tokio::select! {
        trust = step_trust::for_this_step(step, &world, &session.env, home.path(), host) => trust?,
        () = clock.sleep(step.timeout) => return Err(over().into()),
    };
    if matches!(step.command, Command::Sign | Command::Verify) {
        step_plugin::tell(&step.plugin, host);
    }
    let services = StepServices::new(step, world, trust, session);
    Ok(ci::run(step, &services, host, &*clock, files).await)
}

/// The identity that the inputs name must be there to be used; its absence is the first thing said.
/// Its cloud, where it has one.
fn check_identity(
    step: &Step,
    identity: &NamedIdentity,
    env: &Env,
    host: &mut dyn Host,
) -> Result<Option<Cloud>, BoxFault> {
    let kind = step.credential_type.as_deref().map(CredentialType::parse).transpose()?;
    match configured(identity, kind, step, env) {
        Ok(cloud) => Ok(cloud),
        // only trust that lies in a vault needs one, and says so then
        Err(_) if step.command == Command::Setup => Ok(None),
        // what is public can be verified by anyone, and a dry run tells what it could not check
        Err(fault) if step.dry_run || matches!(step.command, Command::Verify | Command::Doctor) => {
            let message = format!("{fault}\n{}", details(&fault));
            host.annotate(Level::Warning, "No Azure identity", &message);
            Ok(None)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Where the search for a credential speaks: the step's own host.
struct Aside(Mutex<Box<dyn Host>>);

impl Aside {
    fn host(&self) -> MutexGuard<'_, Box<dyn Host>> {
        self.0.lock().expect("no panic holds this lock")
    }
}

impl Listener for Aside {
    fn line(&self, text: &str) {
        self.host().line(text);
    }

    fn mask(&self, secret: &Secret) {
        self.host().mask(secret);
    }
}

/// Whether the identity that the inputs name can be used at all; its cloud, where it has one.
fn configured(
    identity: &NamedIdentity,
    kind: Option<CredentialType>,
    step: &Step,
    env: &Env,
) -> Result<Option<Cloud>, AzureError> {
    identity.needs_oidc(kind, env)?;
    identity.connection_cloud(kind, env, &extra_hosts(step)?)
}

/// The step with what its service connections say where the inputs say nothing.
fn completed(step: &Step, cloud: Option<Cloud>, env: &Env) -> Step {
    let mut step = Step { azure_cloud: step.azure_cloud.or(cloud), ..step.clone() };
    if step.command == Command::Login && step.registries.is_empty() {
        let connection = registry_connection(&step);
        step.registries
            .extend(connection.and_then(|name| RegistryConnection::registry(&name, env)));
    }
    step
}

fn registry_connection(step: &Step) -> Option<ConnectionName> {
    let id = step.container_registry.clone()?;
    Some(ConnectionName { input: "container-registry", id })
}

fn extra_hosts(step: &Step) -> Result<ExtraHosts, AzureError> {
    ExtraHosts::parse(step.azure_extra_hosts.as_deref().unwrap_or_default())
}

fn identity(step: &Step, session: &Session) -> NamedIdentity {
    let connection = step.azure_subscription.clone();
    NamedIdentity {
        connection: connection.map(|id| ConnectionName { input: "azure-subscription", id }),
        tenant: step.azure_tenant_id.clone(),
        client: step.azure_client_id.clone(),
        cloud: step.azure_cloud,
        listener: Some(Arc::new(Aside(Mutex::new(host(session))))),
    }
}

fn world(step: &Step, named: NamedIdentity, session: &Session) -> Result<World, BoxFault> {
    let given = step.registry_login.as_ref().and_then(|(username, password)| {
        let credential = Credential::given(username, password.clone())?;
        Some(Found { credential, source: "inputs".to_owned() })
    });
    let credential_type = step.credential_type.as_deref().map(CredentialType::parse).transpose()?;
    World::new(WorldOptions {
        env: session.env.clone(),
        clock: session.clock.clone(),
        deadline: session.deadline(),
        given,
        given_host: step.login_host().map(|host| full_registry_name(&host, step.cloud())),
        ca_file: step.ca_file.clone(),
        scheme: None,
        extra_hosts: extra_hosts(step)?,
        auth_realms: step.auth_realms.clone(),
        credential_type,
        named,
        registry_connection: registry_connection(step),
    })
}

/// A text file, bounded; one byte more tells that there is more.
fn read_bounded(path: &Path, limit: u64) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    Ok(text)
}
