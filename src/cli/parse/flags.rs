//! Flags that several commands share, their rules, and the reading of them.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::super::error::CliError;
use super::value::{go_bool, go_duration, go_int};
use super::{GoDuration, PROGRAM};
use crate::batch::{CONCURRENCY, MOST_CONCURRENCY, Reach};

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Text,
    Json,
}

/// How much is logged on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    Silent,
    Verbose,
    Debug,
}

/// `--name <value>`; a value may begin with a hyphen.
pub fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).allow_hyphen_values(true)
}

/// `--name <value>`, as often as wanted.
pub fn texts(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    text(name, value, help).action(ArgAction::Append)
}

/// `--name` or `--name=false`; absent means false.
pub fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .hide_possible_values(true)
        .value_name("bool")
        .value_parser(go_bool)
}

pub fn integer(name: &'static str, help: &'static str) -> Arg {
    text(name, "int", help).value_parser(go_int)
}

pub fn duration(name: &'static str, help: &'static str) -> Arg {
    text(name, "duration", help).value_parser(go_duration)
}

/// The positional arguments; how many are wanted is the command's own check.
pub fn positionals(name: &'static str) -> Arg {
    // the usage line names it; a list of one without a word of help says nothing more
    Arg::new("arguments").value_name(name).num_args(0..).action(ArgAction::Append).hide(true)
}

/// `-d` and `-v`.
pub fn with_logging(command: Command) -> Command {
    command
        .arg(switch("debug", "debug mode").short('d'))
        .arg(switch("verbose", "verbose mode").short('v'))
}

/// `-u`, `-p`, `--insecure-registry`, `--timeout`.
pub fn with_registry(command: Command) -> Command {
    command
        .arg(
            text(
                "username",
                "string",
                "username for registry operations (default to $NOTATION_USERNAME if not specified)",
            )
            .short('u'),
        )
        .arg(
            text(
                "password",
                "string",
                "password for registry operations (default to $NOTATION_PASSWORD if not specified)",
            )
            .short('p'),
        )
        .arg(switch(
            "insecure-registry",
            "use HTTP protocol while connecting to registries. Should be used only for testing",
        ))
        .arg(timeout())
        .arg(text(
            "ca-file",
            "path",
            "PEM file with the CA of a registry's own PKI; trusted for registries alone, beside the system's roots",
        ))
        .arg(text(
            "auth-realms",
            "hosts",
            "token servers of other hosts that belong to the registry and may have its credentials: HOST[:PORT],…",
        ))
        .arg(azure_extra_hosts())
}

/// `--timeout`, as [`timeout_of`] reads it.
pub fn timeout() -> Arg {
    duration("timeout", "longest time for the whole command, retries included (default 10m)")
}

pub fn azure_extra_hosts() -> Arg {
    text(
        "azure-extra-hosts",
        "hosts",
        "further Azure hosts, https only: vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT,artifact-signing=HOST:PORT",
    )
}

pub fn with_max_signatures(command: Command) -> Command {
    command.arg(integer(
        "max-signatures",
        "maximum number of signatures to evaluate or examine (default 100)",
    ))
}

/// `--file` and `--concurrency`: many references at once.
pub fn with_many(command: Command) -> Command {
    command
        .arg(text(
            "file",
            "path",
            "file with further references, one per line; blank lines and # comments are left out, - is the standard input",
        ))
        .arg(integer("concurrency", "references worked on side by side (default 4)"))
}

/// `--recursive`: what lies below an index too.
pub fn with_recursive(command: Command) -> Command {
    command.arg(switch(
        "recursive",
        "also every manifest below an index or a manifest list, its platforms and attestations",
    ))
}

/// `--recursive`, off by default.
pub fn reach_of(values: &ArgMatches) -> Reach {
    match is_on(values, "recursive") {
        true => Reach::Recursive,
        false => Reach::Itself,
    }
}

pub fn with_output(command: Command) -> Command {
    command.arg(text("output", "string", "output format, options: 'json', 'text'").short('o'))
}

/// `-t` and `-s` of the `cert` commands.
pub fn with_store(command: Command) -> Command {
    command
        .arg(
            text("type", "string", "specify trust store type, options: ca, signingAuthority, tsa")
                .short('t'),
        )
        .arg(text("store", "string", "specify named store").short('s'))
}

/// A text flag's value, when it was given.
pub fn text_of<'a>(values: &'a ArgMatches, name: &str) -> Option<&'a str> {
    values.try_get_one::<String>(name).ok().flatten().map(String::as_str)
}

/// All values of a repeated text flag.
pub fn texts_of<'a>(values: &'a ArgMatches, name: &str) -> Vec<&'a String> {
    values.get_many::<String>(name).map(Iterator::collect).unwrap_or_default()
}

pub fn positionals_of(values: &ArgMatches) -> Vec<&str> {
    texts_of(values, "arguments").into_iter().map(String::as_str).collect()
}

/// The first positional argument; the command's own check has seen that there is one.
pub fn first_of(values: &ArgMatches) -> &str {
    positionals_of(values).first().copied().unwrap_or_default()
}

/// The items of a list between commas.
pub fn list_of(values: &ArgMatches, name: &str) -> Vec<String> {
    let items = text_of(values, name).unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Whether a switch is on; absent means off.
pub fn is_on(values: &ArgMatches, name: &str) -> bool {
    switch_of(values, name).unwrap_or(false)
}

/// A switch as it was given.
pub fn switch_of(values: &ArgMatches, name: &str) -> Option<bool> {
    values.try_get_one::<bool>(name).ok().flatten().copied()
}

/// The whole command's time: `--timeout`, 10 minutes by default; none for a command without it.
pub fn timeout_of(values: &ArgMatches) -> Result<Option<Duration>, CliError> {
    const DEFAULT: Duration = Duration::from_secs(600);
    match values.try_get_one::<GoDuration>("timeout") {
        Err(_) => Ok(None),
        Ok(None) => Ok(Some(DEFAULT)),
        Ok(Some(given)) => {
            given.to_std().filter(|t| !t.is_zero()).map(Some).ok_or(CliError::Timeout)
        }
    }
}

/// `--max-signatures`, 100 by default.
pub fn max_signatures_of(values: &ArgMatches) -> Result<usize, CliError> {
    let given = values.get_one::<i64>("max-signatures").copied().unwrap_or(100);
    usize::try_from(given).ok().filter(|limit| *limit > 0).ok_or(CliError::MaxSignatures { given })
}

/// `--concurrency`, 4 by default.
pub fn concurrency_of(values: &ArgMatches) -> Result<NonZeroUsize, CliError> {
    let Some(given) = values.get_one::<i64>("concurrency").copied() else { return Ok(CONCURRENCY) };
    let limit = usize::try_from(given).ok().and_then(NonZeroUsize::new);
    limit
        .filter(|limit| *limit <= MOST_CONCURRENCY)
        .ok_or(CliError::Concurrency { given, most: MOST_CONCURRENCY.get() })
}

pub fn output_of(values: &ArgMatches) -> Result<Output, CliError> {
    match text_of(values, "output") {
        None | Some("text") => Ok(Output::Text),
        Some("json") => Ok(Output::Json),
        Some(other) => Err(CliError::OutputFormat(other.to_owned())),
    }
}

pub fn verbosity_of(values: &ArgMatches) -> Verbosity {
    if is_on(values, "debug") {
        Verbosity::Debug
    } else if is_on(values, "verbose") {
        Verbosity::Verbose
    } else {
        Verbosity::Silent
    }
}

/// There is a reference among the positional arguments, or a file that names some.
pub fn needs_reference(command: &'static str, values: &ArgMatches) -> Result<(), CliError> {
    if positionals_of(values).is_empty() && text_of(values, "file").is_none() {
        return Err(CliError::Missing(format!(
            "missing reference to the artifact: use `{PROGRAM} {command} --help` to see what parameters are required"
        )));
    }
    Ok(())
}

/// Every one of these flags was given.
pub fn required(values: &ArgMatches, names: &[&'static str]) -> Result<(), CliError> {
    let mut missing: Vec<&str> =
        names.iter().copied().filter(|name| text_of(values, name).is_none()).collect();
    missing.sort_unstable();
    if missing.is_empty() { Ok(()) } else { Err(CliError::required(&missing)) }
}

/// All of these flags or none.
pub fn together(values: &ArgMatches, group: &[&'static str]) -> Result<(), CliError> {
    let mut missing: Vec<&str> =
        group.iter().copied().filter(|name| text_of(values, name).is_none()).collect();
    if missing.is_empty() || missing.len() == group.len() {
        return Ok(());
    }
    missing.sort_unstable();
    Err(incomplete(group, &missing))
}

/// Some flags of a group without the others.
pub fn incomplete(group: &[&str], missing: &[&str]) -> CliError {
    CliError::FlagGroup(format!(
        "if any flags in the group [{}] are set they must all be set; missing [{}]",
        group.join(" "),
        missing.join(" ")
    ))
}

/// At most one of these flags.
pub fn exclusive(values: &ArgMatches, group: &[&'static str]) -> Result<(), CliError> {
    let mut set: Vec<&str> =
        group.iter().copied().filter(|name| text_of(values, name).is_some()).collect();
    if set.len() <= 1 {
        return Ok(());
    }
    set.sort_unstable();
    Err(not_beside(group, &set))
}

/// Several flags of a group of which one may be given.
pub fn not_beside(group: &[&str], set: &[&str]) -> CliError {
    CliError::FlagGroup(format!(
        "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
        group.join(" "),
        set.join(" ")
    ))
}
