//! `key delete`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::config::SigningKeys;

pub const DELETE: CommandSpec = CommandSpec {
    path: &["key", "delete"],
    usage: "key delete [flags] <key_name>...",
    build: |command| {
        let command = command
            .about("Remove key from the signing key list")
            .arg(flags::positionals("key_name"));
        flags::with_logging(command)
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("missing key names".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let mut keys = SigningKeys::load(&session.dirs()?)?;
    let removed = keys.remove(&flags::positionals_of(values))?;
    keys.save()?;
    if let [only] = removed.as_slice() {
        let which = if only.was_default { "default key " } else { "" };
        return Ok(session.streams.line(&format!(
            "Removed {which}{} from Notation signing key list. The source key still exists.",
            only.name
        ))?);
    }
    session.streams.line(
        "Removed the following keys from Notation signing key list. The source keys still exist.",
    )?;
    for key in removed {
        let which = if key.was_default { " (default)" } else { "" };
        session.streams.line(&format!("{}{which}", key.name))?;
    }
    Ok(())
}
