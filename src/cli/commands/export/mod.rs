//! `export`: the local trust policy and trust stores as the configuration of a cluster.

mod connaisseur;
mod error;
mod gatekeeper;
mod kyverno;
mod notes;
mod ratify;
mod target;
mod trusted;
mod yaml;

use std::path::Path;

use clap::{ArgMatches, Command};

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::write_atomic;
use error::ExportError;
use notes::{Effect, Note};
use ratify::Variant;
use target::Export;
use trusted::Trusted;

pub const RATIFY: CommandSpec = CommandSpec {
    path: &["export", "ratify"],
    usage: "export ratify [flags]",
    build: |command| {
        let command = command
            .about("Write the resources with which Ratify enforces the trust policy on a cluster")
            .arg(flags::text(
                "variant",
                "string",
                "what asks Ratify, options: 'gatekeeper', 'azure-policy', 'image-integrity' (default gatekeeper)",
            ))
            .after_help("Example:\n  sealwright export ratify --variant azure-policy -o ratify.yaml");
        with_flags(command)
    },
    check: |values| {
        variant_of(values).map_err(|error| CliError::Other(error.into()))?;
        no_arguments("ratify", values)
    },
    run: |values, session| {
        Box::pin(async move {
            let variant = variant_of(values)?;
            run(values, session, &|trusted| ratify::export(trusted, variant))
        })
    },
};

pub const KYVERNO: CommandSpec = CommandSpec {
    path: &["export", "kyverno"],
    usage: "export kyverno [flags]",
    build: |command| {
        let command = command
            .about("Write the policies with which Kyverno enforces the trust policy on a cluster")
            .after_help("Example:\n  sealwright export kyverno -o kyverno.yaml");
        with_flags(command)
    },
    check: |values| no_arguments("kyverno", values),
    run: |values, session| Box::pin(async move { run(values, session, &kyverno::export) }),
};

pub const CONNAISSEUR: CommandSpec = CommandSpec {
    path: &["export", "connaisseur"],
    usage: "export connaisseur [flags]",
    build: |command| {
        let command = command
            .about("Write the values with which Connaisseur enforces the trust policy on a cluster")
            .after_help("Example:\n  sealwright export connaisseur -o values.yaml");
        with_flags(command)
    },
    check: |values| no_arguments("connaisseur", values),
    run: |values, session| Box::pin(async move { run(values, session, &connaisseur::export) }),
};

fn with_flags(command: Command) -> Command {
    command
        .arg(
            flags::text("output", "file", "file to write instead of the standard output")
                .short('o'),
        )
        .arg(flags::switch(
            "accept-looser",
            "write the configuration although it accepts images that the trust policy refuses",
        ))
        .arg(flags::positionals("none").hide(true))
}

fn no_arguments(command: &str, values: &ArgMatches) -> Result<(), CliError> {
    match flags::positionals_of(values).first() {
        None => Ok(()),
        Some(word) => Err(CliError::UnknownCommand {
            name: (*word).to_owned(),
            path: format!("{PROGRAM} export {command}"),
            near: Vec::new(),
        }),
    }
}

fn variant_of(values: &ArgMatches) -> Result<Variant, ExportError> {
    flags::text_of(values, "variant").map_or(Ok(Variant::Gatekeeper), Variant::parse)
}

/// Mode of the written file: certificates and rules are no secret, and a cluster's tools read it.
const MODE: u32 = 0o644;

fn run(
    values: &ArgMatches,
    session: &mut Session,
    export: &(dyn Fn(&Trusted) -> Result<Export, ExportError> + Sync),
) -> Done {
    let trusted = Trusted::read(session)?;
    let made = export(&trusted)?;
    let looser = || made.notes.iter().filter(|note| note.effect == Effect::Looser).cloned();
    let notes: Vec<Note> = looser().collect();
    if !notes.is_empty() && !flags::is_on(values, "accept-looser") {
        let (target, elsewhere) = (made.target, made.elsewhere);
        return Err(ExportError::Looser { target, notes, elsewhere }.into());
    }
    for note in &made.notes {
        session.streams.warn(&format!("{}: {note}", made.target));
    }
    let head = format!("Written by {PROGRAM} export from the local trust policy and trust stores.");
    let about: Vec<String> = std::iter::once(head).chain(made.about.iter().cloned()).collect();
    let text = yaml::file(&about, &made.documents);
    match flags::text_of(values, "output") {
        None => session.streams.text(&text)?,
        Some(path) => write_atomic(Path::new(path), text.as_bytes(), MODE)?,
    }
    Ok(())
}
