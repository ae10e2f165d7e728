//! `blob policy`: the trust policy of files.

mod import;
mod init;
mod show;

pub use import::IMPORT;
pub use init::INIT;
pub use show::SHOW;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::config::{Dirs, blob_policy};
use clap::ArgMatches;

/// Whether the policy is to be written where there is one already: `--force` says so, or the user does.
fn may_write(values: &ArgMatches, dirs: &Dirs, session: &mut Session) -> Result<bool, CliError> {
    let there = !matches!(blob_policy::raw(dirs), Ok(None));
    if !there {
        return Ok(true);
    }
    if flags::is_on(values, "force") {
        session.streams.warn("existing blob trust policy configuration will be overwritten");
        return Ok(true);
    }
    session
        .streams
        .confirm("The blob trust policy configuration already exists, do you want to overwrite it?")
}
