//! `cert delete`

use clap::ArgMatches;

use super::{CommandSpec, Done, Store};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;

pub const DELETE: CommandSpec = CommandSpec {
    path: &["cert", "delete"],
    usage: "cert delete --type <type> --store <name> [flags] (--all | <cert_fileName>)",
    build: |command| {
        let command = command
            .about("Delete certificates from the trust store")
            .arg(flags::switch("all", "delete all certificates in the named store").short('a'))
            .arg(flags::switch("yes", "do not prompt for confirmation").short('y'))
            .arg(flags::positionals("cert_fileName"));
        flags::with_store(command)
    },
    check: |values| {
        let named = !flags::positionals_of(values).is_empty();
        match (flags::is_on(values, "all"), named) {
            (true, true) => Err(CliError::Missing(
                "cannot delete a single certificate file when --all flag is set. use --help flag for more details".to_owned(),
            )),
            (false, false) => Err(CliError::Missing(
                "delete requires either the certificate file name that needs to be deleted or --all flag to delete all certificates in the given named trust store".to_owned(),
            )),
            _ => flags::required(values, &["type", "store"]),
        }
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let store = Store::of(values)?;
    let (name, kind) = (store.name, store.kind.name());
    let trust_store = session.trust_store()?;
    let agreed = flags::is_on(values, "yes");
    if flags::is_on(values, "all") {
        let question = format!(
            "Are you sure you want to delete all certificates in {name:?} of type {kind:?}?"
        );
        if !agreed && !session.streams.confirm(&question)? {
            return Ok(());
        }
        let folder = trust_store.delete_store(store.kind, name).map_err(|error| {
            CliError::Certificates(format!("failed to delete the named trust store: {error}"))
        })?;
        return Ok(session.streams.line(&format!("Successfully deleted {}", folder.display()))?);
    }
    let file = flags::first_of(values);
    let question =
        format!("Are you sure you want to delete {file:?} in {name:?} of type {kind:?}?");
    if !agreed && !session.streams.confirm(&question)? {
        return Ok(());
    }
    trust_store.delete_file(store.kind, name, file).map_err(|error| {
        CliError::Certificates(format!("failed to delete the certificate file: {error}"))
    })?;
    Ok(session.streams.line(&format!("Successfully deleted {file}"))?)
}
