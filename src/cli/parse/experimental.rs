//! Flags that notation calls experimental: `NOTATION_EXPERIMENTAL=1` lets them in, with a warning.

use clap::{ArgMatches, Command};

use super::{PROGRAM, flags};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::env::name::NOTATION_EXPERIMENTAL;
use crate::fault::{BoxFault, Fault};
use crate::trust::{PolicyError, check_scope};

/// In notation's order.
const EXPERIMENTAL: [&str; 3] = ["allow-referrers-api", "oci-layout", "scope"];

/// notation's words.
const WARNING: &str = "This feature is experimental and may not be fully tested or completed and may be deprecated. Report any issues to \"https://github/notaryproject/notation\"";

/// An experimental flag without the variable that lets it in; the wording is notation's.
#[derive(Debug, thiserror::Error)]
#[error(
    "flag(s) {flags} in \"{PROGRAM} {command}\" is experimental and not enabled by default. To use, please set {NOTATION_EXPERIMENTAL}=1 environment variable"
)]
pub struct NotEnabled {
    /// `--oci-layout,--scope`
    flags: String,
    command: &'static str,
}

impl Fault for NotEnabled {
    fn code(&self) -> &'static str {
        "cli-experimental"
    }
}

/// A scope that no statement can have; the wording is notation's.
#[derive(Debug, thiserror::Error)]
#[error("signature verification failed: {0}")]
pub struct InvalidScope(#[from] PolicyError);

impl Fault for InvalidScope {
    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn because(&self) -> Vec<String> {
        self.0.because()
    }
}

/// `--oci-layout`, and `--allow-referrers-api`, which notation has still and hides.
pub fn with_layout(command: Command, help: &'static str) -> Command {
    command.arg(flags::switch("oci-layout", help)).arg(
        flags::switch("allow-referrers-api", "[Experimental] use the Referrers API; deprecated")
            .hide(true),
    )
}

/// `--scope`, which `verify` takes with `--oci-layout`.
pub fn with_scope(command: Command) -> Command {
    command.arg(flags::text(
        "scope",
        "string",
        "[Experimental] set trust policy scope for artifact verification, required and can only be used when flag \"--oci-layout\" is set",
    ))
}

/// `--scope`, where it is one repository's.
pub fn check_scope_of(values: &ArgMatches) -> Result<(), InvalidScope> {
    flags::text_of(values, "scope").map_or(Ok(()), |scope| Ok(check_scope(scope)?))
}

/// Lets a command with experimental flags go on, or not; then holds the flags against each other and
/// says what is deprecated.
pub fn admit(
    command: &'static str,
    values: &ArgMatches,
    session: &mut Session,
) -> Result<(), BoxFault> {
    let given: Vec<String> = EXPERIMENTAL
        .into_iter()
        .filter(|name| is_given(values, name))
        .map(|name| format!("--{name}"))
        .collect();
    if !given.is_empty() {
        if !session.env.is_one(NOTATION_EXPERIMENTAL) {
            return Err(NotEnabled { flags: given.join(","), command }.into());
        }
        session.streams.warn(WARNING);
    }
    match command {
        "sign" => exclusive(values)?,
        "verify" => together(values)?,
        _ => {}
    }
    if is_given(values, "allow-referrers-api") {
        let instead = match command == "sign" && flags::is_on(values, "allow-referrers-api") {
            true => ", use '--force-referrers-tag=false' instead",
            false => "",
        };
        session.streams.warn(&format!(
            "flag '--allow-referrers-api' is deprecated and will be removed in future versions{instead}."
        ));
    }
    Ok(())
}

/// Flags about a registry beside a layout.
fn exclusive(values: &ArgMatches) -> Result<(), CliError> {
    let group = ["oci-layout", "force-referrers-tag", "allow-referrers-api"];
    let mut set: Vec<&str> = group.into_iter().filter(|name| is_given(values, name)).collect();
    set.sort_unstable();
    match set.len() {
        0 | 1 => Ok(()),
        _ => Err(flags::not_beside(&group, &set)),
    }
}

fn together(values: &ArgMatches) -> Result<(), CliError> {
    let group = ["oci-layout", "scope"];
    let missing: Vec<&str> = group.into_iter().filter(|name| !is_given(values, name)).collect();
    match missing.len() {
        1 => Err(flags::incomplete(&group, &missing)),
        _ => Ok(()),
    }
}

/// Given at all, `--name=false` included.
fn is_given(values: &ArgMatches, name: &str) -> bool {
    values.try_contains_id(name).unwrap_or(false)
}
