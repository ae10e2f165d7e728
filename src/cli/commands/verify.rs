//! `verify`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::ci::ImageReport;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::value;
use crate::cli::render::json::json;
use crate::cli::render::table::table;
use crate::cli::render::text::tag_warning;
use crate::cli::session::Session;
use crate::config::trust_policy;
use crate::registry::Access;
use crate::verify::{Outcome, Verdict, VerifyError, VerifyRequest, verify};

pub const VERIFY: CommandSpec = CommandSpec {
    path: &["verify"],
    usage: "verify [flags] <reference>",
    build: |command| {
        let command = command
            .about("Verify OCI artifacts")
            .long_about(
                "Verify OCI artifacts\n\n\
                 Prerequisite: added a certificate into trust store and created a trust policy.",
            )
            .after_help("Example:\n  sealwright verify <registry>/<repository>@<digest>")
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "{key}={value} pairs for a verification plugin; there is none, so they are only checked for their form",
            ))
            .arg(
                flags::texts(
                    "user-metadata",
                    "key=value",
                    "user defined {key}={value} pairs that must be present in the signature for successful verification if provided",
                )
                .short('m'),
            );
        flags::with_logging(flags::with_max_signatures(flags::with_output(flags::with_registry(
            command.arg(flags::positionals("reference")),
        ))))
    },
    check: |values| flags::needs_reference("verify", values),
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let max_signatures = flags::max_signatures_of(values)?;
    let output = flags::output_of(values)?;
    let policy = trust_policy::load(&session.dirs()?)?;
    let store = session.trust_store()?;
    let world = session.world(values)?;
    value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
    let user_metadata = value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?;
    let reference = world.reference(flags::first_of(values)).await?;
    let registry = world.registry(&reference, Access::Pull)?;
    let request = VerifyRequest { reference: &reference, max_signatures, user_metadata };
    let progress = session.streams.spinner(&format!("Verifying {reference}"));
    let result = verify(&*registry, &policy, &store, &*session.clock, &request).await;
    progress.finish_and_clear();
    let resolved = !matches!(result, Err(VerifyError::Resolve(_)));
    if let Some(warning) = tag_warning("verify", &reference).filter(|_| resolved) {
        session.streams.warn(&warning);
    }
    match (result, output) {
        (Ok(outcome), Output::Text) => print(session, &outcome),
        (Ok(outcome), Output::Json) => {
            warn(session, &outcome);
            let mut report = ImageReport::from(&outcome);
            report.used(world.provenance(&reference));
            Ok(session.streams.text(&json(&report))?)
        }
        (Err(error), Output::Text) => Err(error.into()),
        (Err(error), Output::Json) => {
            let mut report = ImageReport::not_verified(&reference, &error);
            report.used(world.provenance(&reference));
            session.streams.text(&json(&report))?;
            Err(error.into())
        }
    }
}

fn print(session: &mut Session, outcome: &Outcome) -> Done {
    warn(session, outcome);
    let reference = &outcome.reference;
    match outcome.verdict {
        Verdict::Skipped => session.streams.line(&format!(
            "Trust policy is configured to skip signature verification for {reference}"
        ))?,
        Verdict::Verified(_) => {
            session.streams.line(&format!("Successfully verified signature for {reference}"))?;
            let metadata = ImageReport::from(outcome).user_metadata;
            let rows: Vec<[String; 2]> = metadata.into_iter().map(|(k, v)| [k, v]).collect();
            if !rows.is_empty() {
                session.streams.text(&format!(
                    "\nThe artifact was signed with the following user metadata.\n\n{}",
                    table(["KEY", "VALUE"], &rows)
                ))?;
            }
        }
    }
    Ok(())
}

fn warn(session: &mut Session, outcome: &Outcome) {
    for warning in outcome.warnings() {
        session.streams.warn(&warning);
    }
}
