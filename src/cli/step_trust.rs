//! A step's trust: read through the clients of `world`, and installed where the step or later ones
//! look for it.

use std::path::Path;

use url::Url;

use super::error::CliError;
use super::step_services::TrustDirs;
use super::world::World;
use crate::ci::{
    Command, Downloaded, Host, Level, Step, Trust, TrustInputs, TrustServices, VaultCertificate,
    found_below_github, put_on_path,
};
use crate::config::Dirs;
use crate::env::{Env, name};
use crate::fault::{BoxFault, os_reason};
use crate::http::{Redirects, Request};

/// most redirects followed for one file: a release's address has two
const HOPS: u8 = 5;

#[async_trait::async_trait]
impl TrustServices for World {
    async fn download(&self, url: &Url, limit: u64) -> Result<Downloaded, BoxFault> {
        let request = Request::new(http::Method::GET, url.clone(), limit);
        let response = self.http().send(request.redirects(Redirects::Follow(HOPS))).await?;
        Ok(Downloaded { status: response.status.as_u16(), body: response.body.to_vec() })
    }

    async fn vault_certificate(&self, id: &str) -> Result<VaultCertificate, BoxFault> {
        let found = self.public_certificate(id).await?;
        let (vault, name) = (found.id.vault().as_str(), found.id.name());
        let version = found.id.version().unwrap_or_default();
        Ok(VaultCertificate {
            id: format!("https://{vault}/certificates/{name}/{version}"),
            certificate: found.certificate,
        })
    }
}

/// Where a `verify` or `doctor` step finds policy and store: what the inputs name, or what lies below `.github`,
/// is installed in the step's own `home`; else notation's own directories serve.
pub async fn for_this_step(
    step: &Step,
    world: &World,
    env: &Env,
    home: &Path,
    host: &mut dyn Host,
) -> Result<TrustDirs, BoxFault> {
    let own = Dirs::from_env(env)?;
    let mut dirs = TrustDirs { policy: own.clone(), store: own };
    if !matches!(step.command, Command::Verify | Command::Doctor) {
        return Ok(dirs);
    }
    let trust = read(step, world, env, host).await?;
    let home = Dirs::below(home.join("notation"));
    for line in trust.install(home.config())? {
        host.line(&line);
    }
    if trust.has_policy() {
        dirs.policy = home.clone();
    }
    if trust.has_store() {
        dirs.store = home;
    }
    Ok(dirs)
}

/// `setup`: installs policy and store where later steps find them, when there are any, and puts this
/// program on their PATH. `shared` is this program's folder among the job's temporary files.
pub async fn for_later_steps(
    step: &Step,
    world: &World,
    env: &Env,
    shared: &Path,
    host: &mut dyn Host,
) -> Result<(), BoxFault> {
    let trust = read(step, world, env, host).await?;
    if step.dry_run {
        host.line("Dry run: nothing was installed");
        return Ok(());
    }
    if trust.has_policy() || trust.has_store() {
        let home = shared.join("notation");
        for line in trust.install(&home)? {
            host.line(&line);
        }
        host.export(name::NOTATION_CONFIG, &home.to_string_lossy())?;
        let dirs = Dirs::below(home);
        warn_of_a_missing_half(&dirs, host);
    } else {
        host.line("no trust policy and no trust store to install");
    }
    let program = std::env::current_exe().map_err(|error| CliError::File {
        what: "this program".to_owned(),
        reason: os_reason(&error),
    })?;
    let bin = shared.join("bin");
    put_on_path(&program, &bin, step.binary_names)?;
    host.add_path(&bin.to_string_lossy())?;
    host.line(&format!("on PATH for later steps: {}", step.binary_names.names().join(", ")));
    Ok(())
}

async fn read(
    step: &Step,
    world: &World,
    env: &Env,
    host: &mut dyn Host,
) -> Result<Trust, BoxFault> {
    let trust = Trust::read(&inputs(step, env, host)?, world).await?;
    for warning in trust.warnings() {
        host.annotate(Level::Warning, "Trust store that no policy names", warning);
    }
    Ok(trust)
}

/// The inputs, else what lies below `.github`, unless somebody imported a policy: a pull request can
/// write there, and does not choose whom such a policy trusts.
fn inputs(step: &Step, env: &Env, host: &mut dyn Host) -> Result<TrustInputs, BoxFault> {
    if !step.trust.is_empty() {
        return Ok(step.trust.clone());
    }
    let found = found_below_github(env)?;
    let own = Dirs::from_env(env)?.trust_policy();
    if found.inputs.policy.is_some() && own.exists() {
        let message = format!(
            "{} is taken, not the trust policy below .github; give `trust-policy` to say which one counts",
            own.display()
        );
        host.annotate(Level::Warning, "Two trust policies", &message);
        return Ok(TrustInputs::default());
    }
    for line in &found.lines {
        host.line(line);
    }
    if let Some(warning) = &found.warning {
        host.annotate(Level::Warning, "Half of the trust configuration", warning);
    }
    Ok(found.inputs)
}

/// Later steps look for both halves where `NOTATION_CONFIG` says.
fn warn_of_a_missing_half(dirs: &Dirs, host: &mut dyn Host) {
    let missing = match (dirs.trust_policy().exists(), dirs.trust_store().exists()) {
        (false, _) => "trust policy: give `trust-policy`",
        (_, false) => "trust store: give `trust-store` or `trusted-certificates`",
        _ => return,
    };
    let message = format!("later steps will find no {missing}");
    host.annotate(Level::Warning, "Half of the trust configuration", &message);
}
