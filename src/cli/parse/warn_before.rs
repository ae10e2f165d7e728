//! `--warn-before`

use clap::{ArgMatches, Command};

use super::super::error::CliError;
use super::GoDuration;
use super::flags;
use crate::lifetime::WarnBefore;

const NAME: &str = "warn-before";

pub fn with_flag(command: Command) -> Command {
    command.arg(flags::duration(
        NAME,
        "warn of a certificate, signature, timestamping certificate or kept CRL that ends within this time, 0 never (default 720h; the last third of what lasts 30 days or less)",
    ))
}

/// Zero means never.
pub fn warn_before_of(values: &ArgMatches) -> Result<WarnBefore, CliError> {
    let Some(given) = values.get_one::<GoDuration>(NAME) else { return Ok(WarnBefore::Usual) };
    let duration = given.to_std().ok_or(CliError::WarnBefore)?;
    Ok(WarnBefore::given(Some(duration)))
}
