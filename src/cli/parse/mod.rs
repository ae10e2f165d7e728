//! Arguments in, a command and its values out; what is wrong is said in cobra's words.

pub mod experimental;
pub mod flags;
mod refusal;
pub mod revocation;
pub mod value;
pub mod warn_before;

use clap::{ArgMatches, Command};

pub use crate::clock::{DurationError, GoDuration};

use super::called_as::CalledAs;
use super::commands::{COMMANDS, CommandSpec, GROUPS, GroupSpec};
use super::error::CliError;

/// The name the program goes by in its own texts.
pub const PROGRAM: &str = "sealwright";

/// What the arguments ask for.
pub enum Asked {
    /// Run this command with these values.
    Run(&'static CommandSpec, ArgMatches),
    /// Print this text.
    Help(String),
}

/// Parses the arguments after the program's name, which is this one.
pub fn parse(arguments: &[String], called_as: CalledAs) -> Result<Asked, CliError> {
    let arguments = join_referrers_tag(arguments);
    let mut root = root(called_as);
    let words = std::iter::once(called_as.name().to_owned()).chain(arguments.iter().cloned());
    let matches = match root.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => {
            return Ok(Asked::Help(error.render().to_string()));
        }
        Err(error) => return Err(refusal::in_cobras_words(&error, &root, &arguments)),
    };
    let mut path = Vec::new();
    let mut values = matches;
    while let Some((name, inner)) = values.remove_subcommand() {
        path.push(name);
        values = inner;
    }
    match COMMANDS.iter().find(|spec| spec.path == path) {
        Some(spec) => {
            (spec.check)(&values)?;
            Ok(Asked::Run(spec, values))
        }
        // A group alone, or the program alone.
        None => Ok(Asked::Help(help_of(&mut root, &path))),
    }
}

/// The whole command line as clap sees it. Its texts say [`PROGRAM`] where they name a command.
pub fn root(called_as: CalledAs) -> Command {
    let mut root = Command::new(called_as.name())
        .about("Signs and verifies container images in the Notary Project format")
        .override_usage(format!("{PROGRAM} [command]"))
        .disable_version_flag(true)
        .args_override_self(true)
        .term_width(0) // as wide as the text: one line per flag
        .color(clap::ColorChoice::Never);
    for spec in COMMANDS.iter().filter(|spec| spec.path.len() == 1) {
        root = root.subcommand(leaf(spec));
    }
    for spec in GROUPS.iter().filter(|group| !group.name.contains(' ')) {
        root = root.subcommand(group(spec));
    }
    root
}

/// A group with its commands, and with the groups inside of it: theirs begin with its name.
fn group(spec: &GroupSpec) -> Command {
    let path: Vec<&str> = spec.name.split(' ').collect();
    let mut command = Command::new(*path.last().expect("a group has a name"))
        .visible_aliases(spec.aliases)
        .about(spec.about)
        .override_usage(format!("{PROGRAM} {} [command]", spec.name));
    for spec in COMMANDS.iter().filter(|spec| spec.path.split_last().is_some_and(|s| s.1 == path)) {
        command = command.subcommand(leaf(spec));
    }
    let inside =
        |group: &&GroupSpec| group.name.rsplit_once(' ').map(|(of, _)| of) == Some(spec.name);
    for inner in GROUPS.iter().filter(inside) {
        command = command.subcommand(group(inner));
    }
    command
}

const ONE_LINE_PER_FLAG: &str = "{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

fn leaf(spec: &CommandSpec) -> Command {
    let mut command = (spec.build)(Command::new(*spec.path.last().expect("a command has a name")))
        .args_override_self(true)
        .override_usage(format!("{PROGRAM} {}", spec.usage));
    if let Some(whole) = command.get_long_about().cloned() {
        // A long text about the command, and still one line per flag: clap spreads both or none.
        command = command.long_about(None).before_help(whole).help_template(ONE_LINE_PER_FLAG);
    }
    command
}

fn help_of(root: &mut Command, path: &[String]) -> String {
    root.build();
    let mut command = &*root;
    for name in path {
        match command.find_subcommand(name) {
            Some(inner) => command = inner,
            None => break,
        }
    }
    let mut command = command.clone();
    command.render_long_help().to_string()
}

/// `--force-referrers-tag false` with a space: a bare `true` or `false` after this flag is its value.
fn join_referrers_tag(arguments: &[String]) -> Vec<String> {
    const FLAG: &str = "--force-referrers-tag";
    let mut joined = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            joined.push(argument.clone());
            joined.extend(rest.cloned());
            break;
        }
        match rest.as_slice().first() {
            Some(value) if argument == FLAG && (value == "true" || value == "false") => {
                joined.push(format!("{FLAG}={value}"));
                rest.next();
            }
            _ => joined.push(argument.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
