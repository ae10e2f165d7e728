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
    self, CONFIG_FILE_LIMIT, Command, ConfigFileError, Draft, Files, Finished, GitHub, Host, Level,
    Step, Terminal, Trust,
};
use crate::cli::error::CliError;
use crate::cli::log;
use crate::cli::parse::flags::{self, Verbosity};
use crate::cli::session::Session;
use crate::cli::step_services::{LoginStores, StepServices, TrustDirs, nonce};
use crate::cli::world::{World, WorldOptions};
use crate::config::Dirs;
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
    if !session.env.is_one(name::RUNNER_DEBUG) {
        return work(values, session, &mut *host).await;
    }
    let log = log::dispatch(Verbosity::Debug, session.streams.shared_stderr(), ci::defang);
    work(values, session, &mut *host).with_subscriber(log).await
}

/// The host this process runs on.
fn host(session: &Session) -> Box<dyn Host> {
    let out = session.streams.shared_stdout();
    match session.env.value(name::GITHUB_ACTIONS) {
        Some("true") => Box::new(GitHub::new(&session.env, out, &nonce())),
        _ => Box::new(Terminal::new(out)),
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
    let finished = match begin(&session.env, host, &mut files) {
        Ok(step) => match perform(&step, session, &temporary, host, &files).await {
            Ok(finished) => finished,
            Err(fault) => ci::refuse(step.command.name(), &*fault, host, &files),
        },
        Err((command, fault)) => ci::refuse(command, &*fault, host, &files),
    };
    match finished.status {
        0 => Ok(()),
        _ => Err(CliError::StepFailed.into()),
    }
}

/// Emptied by the host before and after each job.
fn temporary(env: &Env) -> PathBuf {
    env.value(name::RUNNER_TEMP).or(env.value(name::TMPDIR)).unwrap_or("/tmp").into()
}

/// The inputs over the configuration file, checked; or the command's name and what is wrong.
fn begin(
    env: &Env,
    host: &mut dyn Host,
    files: &mut Files,
) -> Result<Step, (&'static str, BoxFault)> {
    let (draft, warnings) = Draft::from_env(env);
    for warning in &warnings {
        host.annotate(Level::Warning, "Unknown input", warning);
    }
    let command = draft.command_name();
    files.junit = draft.junit();
    let draft = with_file(draft).map_err(|error| (command, error.into()))?;
    files.junit = draft.junit();
    if let Some(password) = draft.given("registry-password") {
        host.mask(&Secret::new(password));
    }
    draft.validate().map_err(|error| (draft.command_name(), error.into()))
}

fn with_file(draft: Draft) -> Result<Draft, ConfigFileError> {
    let Some(path) = draft.given("config") else { return Ok(draft) };
    let text = read_bounded(Path::new(path), CONFIG_FILE_LIMIT).map_err(|error| {
        ConfigFileError::Unreadable { path: path.to_owned(), problem: os_reason(&error) }
    })?;
    let file = Draft::from_yaml(path, &text)?;
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
    if step.command == Command::Setup {
        set_up(step, &temporary.join("sealwright"), host)?;
        return Ok(ci::done(step, host, files));
    }
    let identity = identity(step, session);
    let kind = step.credential_type.as_deref().map(CredentialType::parse).transpose()?;
    let cloud = match configured(&identity, kind, step, &session.env) {
        Ok(cloud) => cloud,
        // what is public can be verified by anyone, and a dry run tells what it could not check
        Err(fault) if step.dry_run || step.command == Command::Verify => {
            let message = format!("{fault}\n{}", details(&fault));
            host.annotate(Level::Warning, "No Azure identity", &message);
            None
        }
        Err(fault) => return Err(fault.into()),
    };
    let step = &completed(step, cloud, &session.env);
    // goes with what is in it when the step ends
    let home = tempfile::Builder::new().prefix("sealwright-").tempdir_in(temporary);
    let home = home.map_err(|error| CliError::File {
        what: temporary.display().to_string(),
        reason: os_reason(&error),
    })?;
    let trust = trust_dirs(step, &session.env, home.path(), host)?;
    let services = StepServices::new(step, world(step, identity, session)?, trust, session);
    let clock = session.clock.clone();
    Ok(ci::run(step, &services, host, &*clock, files).await)
}

/// What the inputs name is installed in the step's own home; else notation's own directories serve.
fn trust_dirs(
    step: &Step,
    env: &Env,
    home: &Path,
    host: &mut dyn Host,
) -> Result<TrustDirs, BoxFault> {
    let own = Dirs::from_env(env)?;
    let mut dirs = TrustDirs { policy: own.clone(), store: own };
    if step.command != Command::Verify {
        return Ok(dirs);
    }
    let home = Dirs::below(home.join("notation"));
    for line in read_trust(step)?.install(home.config())? {
        host.line(&line);
    }
    if step.trust_policy.is_some() {
        dirs.policy = home.clone();
    }
    if step.trust_store.is_some() {
        dirs.store = home;
    }
    Ok(dirs)
}

fn read_trust(step: &Step) -> Result<Trust, BoxFault> {
    Ok(Trust::read(step.trust_policy.as_deref(), step.trust_store.as_deref())?)
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
        scheme: None,
        extra_hosts: extra_hosts(step)?,
        auth_realms: step.auth_realms.clone(),
        credential_type,
        named,
        registry_connection: registry_connection(step),
    })
}

/// Installs policy and store where later steps find them, and puts this binary on their PATH.
fn set_up(step: &Step, shared: &Path, host: &mut dyn Host) -> Result<(), BoxFault> {
    let trust = read_trust(step)?;
    if step.dry_run {
        host.line("Dry run: nothing was installed");
        return Ok(());
    }
    let home = shared.join("notation");
    for line in trust.install(&home)? {
        host.line(&line);
    }
    host.export(name::NOTATION_CONFIG, &home.to_string_lossy())?;
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        host.add_path(&folder.to_string_lossy())?;
    }
    Ok(())
}

/// A text file, bounded; one byte more tells that there is more.
fn read_bounded(path: &Path, limit: u64) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    Ok(text)
}
