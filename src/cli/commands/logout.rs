//! `logout`

use std::sync::Arc;

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::cli::world;

pub const LOGOUT: CommandSpec = CommandSpec {
    path: &["logout"],
    usage: "logout [flags] <server>",
    build: |command| {
        let command = command
            .about("Log out from the logged in registries")
            .arg(flags::positionals("server"));
        flags::with_logging(command)
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("no hostname specified".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let host = flags::first_of(values);
    let stores = world::stores(session.dirs()?, &session.env, Arc::clone(&session.clock));
    stores
        .erase(host)
        .await
        .map_err(|error| CliError::Logout { host: host.to_owned(), fault: error.into() })?;
    Ok(session.streams.line("Logout Succeeded")?)
}
