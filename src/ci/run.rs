//! Running a step: log in, then every image; report, whatever became of them.

mod advice;
mod examine;
mod expand;
mod finish;
mod limit;
mod lists;
mod targets;
mod tell;

use std::collections::HashSet;

use super::files::Files;
use super::host::{Host, Level};
use super::report::{ErrorReport, ImageReport, Outcome, Report, announced};
use super::services::{Presence, Services, Written};
use super::step::{Command, Step};
use crate::batch;
use crate::clock::Clock;
use crate::credentials::Credential;
use crate::fault::{BoxFault, Fault};
use crate::lifetime::Lifetime;
use crate::registry::Reference;
use advice::advise_image;
use expand::expand;
use finish::finish;
use limit::Limit;
pub use limit::{JobCancelled, TimeOver};
use targets::targets;
use tell::tell;

/// The state in which `login` keeps what it wrote, for the clean-up at the end of the job.
pub(super) const LOGINS: &str = "sealwright_logins";

/// A step that has ended: everything is reported.
#[derive(Debug)]
pub struct Finished {
    pub report: Report,
    /// Exit status of the process.
    pub status: u8,
}

/// Runs `sign`, `verify`, `login` or `doctor`. `files` is where the reports go.
pub async fn run(
    step: &Step,
    services: &dyn Services,
    host: &mut dyn Host,
    clock: &dyn Clock,
    files: &Files,
) -> Finished {
    let limit = Limit::new(step.timeout, clock, services.cancelled());
    let report = match work(step, services, host, (&limit, clock)).await {
        Ok(report) => report,
        Err(fault) => refusal(step.command.name(), &*fault),
    };
    finish(report, host, files)
}

/// Ends a step that could not begin: an input, a file or the host refused.
pub fn refuse(
    command: &'static str,
    fault: &dyn Fault,
    host: &mut dyn Host,
    files: &Files,
) -> Finished {
    finish(refusal(command, fault), host, files)
}

/// Ends a step that had no images to work on and went well.
pub fn done(step: &Step, host: &mut dyn Host, files: &Files) -> Finished {
    finish(without_images(step), host, files)
}

fn refusal(command: &'static str, fault: &dyn Fault) -> Report {
    let mut report = Report::of(command, Vec::new(), Outcome::Failed);
    report.error = Some(ErrorReport::from(fault));
    report
}

fn without_images(step: &Step) -> Report {
    let outcome = if step.dry_run { Outcome::DryRun } else { Outcome::Skipped };
    Report::of(step.command.name(), Vec::new(), outcome)
}

async fn work(
    step: &Step,
    services: &dyn Services,
    host: &mut dyn Host,
    (limit, clock): (&Limit<'_>, &dyn Clock),
) -> Result<Report, BoxFault> {
    if step.command == Command::Login && !step.dry_run {
        let mut written = Vec::new();
        for registry in &step.registries {
            limit.hold(log_in_and_store(registry, services, host, &mut written)).await??;
        }
        return Ok(without_images(step));
    }
    if step.command == Command::Doctor {
        return examine::examine(step, services, host, limit).await;
    }
    let mut not_checked = Vec::new();
    if step.command != Command::Login {
        limit.hold(services.prepare()).await??;
    }
    for registry in &step.registries {
        match limit.hold(services.log_in(registry)).await? {
            Ok(found) => host.line(&format!("logged in to {} ({})", found.registry, found.source)),
            Err(fault) if step.dry_run && services.lacks_credentials(registry, &*fault) => {
                not_checked.push(format!("login to {registry}: {fault}"));
            }
            Err(fault) => return Err(fault),
        }
    }
    let targets = targets(step, services, limit).await;
    let mut images = Vec::new();
    let mut warned = HashSet::new();
    let items = expand(targets, step, services, limit).await;
    let items = items.as_slice();
    let job = |number: usize| async move {
        let item = &items[number];
        let (mut report, unknown) = match &item.manifest {
            Err(failed) => (failed.clone(), Vec::new()),
            Ok(image) => {
                let done = limit.hold(one(step, image, services, clock)).await;
                let (mut report, unknown) =
                    done.unwrap_or_else(|over| (ImageReport::failed(image, &*over), Vec::new()));
                report.used(services.provenance(image));
                (report, unknown)
            }
        };
        if let Some(member) = &item.member {
            report.found(member);
        }
        if let Some(named) = &item.named {
            report.named(named);
        }
        (report, unknown)
    };
    let throttled = || services.throttled();
    batch::in_order(items.len(), step.concurrency, throttled, job, |(mut report, unknown)| {
        advise_image(&mut report, host);
        tell(&report, &mut warned, host);
        images.push(report);
        not_checked.extend(unknown);
    })
    .await;
    for fact in announced(&images) {
        host.annotate(Level::Warning, "Ends soon", &fact.text);
    }
    for line in &not_checked {
        host.annotate(Level::Notice, "Not checked", line);
    }
    let mut report = match images.is_empty() {
        true => without_images(step),
        false => Report::of(step.command.name(), images, Outcome::Skipped),
    };
    report.not_checked = not_checked;
    Ok(report)
}

/// What is to be undone is kept before it is written: a job that is cancelled in between leaves
/// nothing behind, and neither does a later registry that refuses.
async fn log_in_and_store(
    registry: &str,
    services: &dyn Services,
    host: &mut dyn Host,
    written: &mut Vec<Written>,
) -> Result<(), BoxFault> {
    let login = services.prove_login(registry).await?;
    if let Credential::Basic { password: secret, .. }
    | Credential::RefreshToken(secret)
    | Credential::AccessToken(secret) = &login.credential
    {
        host.mask(secret);
    }
    host.line(&format!("logged in to {} ({})", login.entry.registry, login.source));
    if login.presence == Presence::Present {
        host.line("the credential is stored already; it stays when the job ends");
        return Ok(());
    }
    written.push(login.entry.clone());
    host.keep(LOGINS, &serde_json::to_string(written).expect("texts are JSON"))?;
    let place = services.store_login(&login).await?;
    host.line(&format!("written to {place}"));
    Ok(())
}

/// What became of an image, and what a dry run could not check.
async fn one(
    step: &Step,
    image: &Reference,
    services: &dyn Services,
    clock: &dyn Clock,
) -> (ImageReport, Vec<String>) {
    let mut not_checked = Vec::new();
    let (mut report, lifetime) = match (step.command, step.dry_run) {
        (Command::Verify, _) => verified(image, services).await,
        (_, false) => signed(image, services).await,
        (_, true) => rehearsed(image, services, &mut not_checked).await,
    };
    report.ending(&lifetime.endings(clock.now(), step.warn_before));
    (report, not_checked)
}

async fn signed(image: &Reference, services: &dyn Services) -> (ImageReport, Lifetime) {
    match services.sign(image).await {
        Ok(once) => (ImageReport::from(&once), once.lifetime().clone()),
        Err(error) => (ImageReport::not_signed(image, &error), Lifetime::default()),
    }
}

async fn verified(image: &Reference, services: &dyn Services) -> (ImageReport, Lifetime) {
    match services.verify(image).await {
        Ok(outcome) => (ImageReport::from(&outcome), outcome.lifetime.clone().unwrap_or_default()),
        Err(error) => (ImageReport::not_verified(image, &error), Lifetime::default()),
    }
}

/// Part by part: what passed, what failed, and what cannot be known here.
async fn rehearsed(
    image: &Reference,
    services: &dyn Services,
    not_checked: &mut Vec<String>,
) -> (ImageReport, Lifetime) {
    let rehearsal = match services.rehearse(image).await {
        Ok(rehearsal) => rehearsal,
        Err(error) => return (ImageReport::not_signed(image, &error), Lifetime::default()),
    };
    let mut report = ImageReport::rehearsed(image);
    report.told_of_revocation(rehearsal.revocation.as_ref());
    if let Ok((None, _)) = &rehearsal.signer {
        not_checked.push(format!(
            "{image}: signing certificate: the plugin tells it only with a signature"
        ));
    }
    let mut failures = Vec::new();
    let mut weigh = |part: &str, error: Box<dyn Fault>| {
        if services.lacks_credentials(image.registry(), &*error) {
            not_checked.push(format!("{image}: {part}: {error}"));
        } else {
            failures.push(error);
        }
    };
    match rehearsal.target {
        Ok(target) => {
            report.image = image.at(&target.digest).to_string();
            report.digest = Some(target.digest.to_string());
        }
        Err(error) => weigh("digest", error.into()),
    }
    match rehearsal.signer {
        Ok((Some(signer), advice)) => {
            report.signer = Some((&signer).into());
            report.warnings = advice;
        }
        Ok((None, _)) => {}
        Err(error) => weigh("signing certificate", error.into()),
    }
    if let Err(error) = rehearsal.push {
        weigh("push permission", error.into());
    }
    if let Some(first) = failures.first() {
        report.outcome = Outcome::Failed;
        let mut error = ErrorReport::from(&**first);
        error.because.extend(failures[1..].iter().map(|f| format!("also: {f}")));
        report.error = Some(error);
    }
    (report, rehearsal.lifetime)
}

#[cfg(test)]
mod tests;
