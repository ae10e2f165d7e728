//! `key update`, `key set`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::config::SigningKeys;

pub const UPDATE: CommandSpec = CommandSpec {
    path: &["key", "update"],
    usage: "key update [flags] <key_name>",
    build: |command| {
        let command = command
            .visible_alias("set")
            .about("Update key in the signing key list")
            .arg(flags::switch("default", "mark as default"))
            .arg(flags::positionals("key_name"));
        flags::with_logging(command)
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("missing key name".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    if !flags::is_on(values, "default") {
        tracing::warn!(target: "sealwright", "--default flag is not set, command did not take effect");
        return Ok(());
    }
    let name = flags::first_of(values);
    let mut keys = SigningKeys::load(&session.dirs()?)?;
    keys.set_default(name)?;
    keys.save()?;
    Ok(session.streams.line(&format!("{name}: marked as default"))?)
}
