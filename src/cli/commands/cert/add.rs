//! `cert add`

use std::path::Path;

use clap::ArgMatches;

use super::{CommandSpec, Done, Store};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::fault::printable;

pub const ADD: CommandSpec = CommandSpec {
    path: &["cert", "add"],
    usage: "cert add --type <type> --store <name> <cert_path>...",
    build: |command| {
        let command = command
            .about("Add certificates to the trust store")
            .after_help(
                "Example:\n  sealwright cert add --type ca --store acme-rockets acme-rockets.crt",
            )
            .arg(flags::positionals("cert_path"));
        flags::with_store(command)
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing("missing certificate path".to_owned()));
        }
        flags::required(values, &["type", "store"])
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let store = Store::of(values)?;
    let trust_store = session.trust_store()?;
    let mut added = Vec::new();
    let mut failed = Vec::new();
    for path in flags::positionals_of(values) {
        match trust_store.add(store.kind, store.name, Path::new(path)) {
            Ok(_) => added.push(path),
            Err(error) => {
                failed.push(format!("{}, with error {:?}", printable(path), error.to_string()));
            }
        }
    }
    let (name, kind) = (store.name, store.kind.name());
    if !added.is_empty() {
        session.streams.line(&format!(
            "Successfully added following certificates to named store {name} of type {kind}:"
        ))?;
        for path in added {
            session.streams.line(path)?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(CliError::Certificates(format!(
        "Failed to add following certificates to named store {name} of type {kind}:\n{}",
        failed.join("\n")
    ))
    .into())
}
