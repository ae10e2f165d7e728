//! The one place where clap's errors become cobra's texts.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::super::error::CliError;

/// What is wrong with the arguments, as notation's command line words it.
pub fn in_cobras_words(error: &clap::Error, root: &Command, arguments: &[String]) -> CliError {
    let (command, path) = command_of(root, arguments);
    let text = |kind| context(error, kind).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(&text(ContextKind::InvalidArg), arguments, &path),
        ErrorKind::InvalidSubcommand => CliError::UnknownCommand {
            near: suggestions(command, &text(ContextKind::InvalidSubcommand)),
            name: text(ContextKind::InvalidSubcommand),
            path,
        },
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue);
            let named = long_name(&text(ContextKind::InvalidArg));
            let source = std::error::Error::source(error).map(ToString::to_string);
            match source {
                Some(problem) => {
                    CliError::InvalidValue { value, flag: flag_label(command, &named), problem }
                }
                // clap words `--flag` without a value as an empty one
                None if value.is_empty() => CliError::FlagNeedsValue(needing(&named, arguments)),
                None => CliError::InvalidValue {
                    value,
                    flag: flag_label(command, &named),
                    problem: format!("expected {}", known_values(error)),
                },
            }
        }
        // `--flag` at the very end.
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals => {
            let named = long_name(&text(ContextKind::InvalidArg));
            CliError::FlagNeedsValue(needing(&named, arguments))
        }
        _ => CliError::Arguments(
            error.to_string().trim_start_matches("error: ").lines().next().unwrap_or("").to_owned(),
        ),
    }
}

/// The innermost command that the arguments name, and the words that lead to it.
fn command_of<'a>(root: &'a Command, arguments: &[String]) -> (&'a Command, String) {
    let mut command = root;
    let mut path = root.get_name().to_owned();
    for argument in arguments {
        match command.find_subcommand(argument) {
            // `help frobnicate` is about the command that `frobnicate` would be
            Some(inner) if inner.get_name() == "help" => {}
            Some(inner) => {
                command = inner;
                path = format!("{path} {}", inner.get_name());
            }
            None => break,
        }
    }
    (command, path)
}

fn unknown(argument: &str, arguments: &[String], path: &str) -> CliError {
    if argument.starts_with("--") {
        let name = argument.split('=').next().unwrap_or(argument);
        return CliError::UnknownFlag(name.to_owned());
    }
    match argument.strip_prefix('-').and_then(|rest| rest.chars().next()) {
        Some(letter) => {
            // the letters before it are known, and gone when it is met
            let cluster = arguments
                .iter()
                .filter(|a| a.starts_with('-') && !a.starts_with("--"))
                .find_map(|a| a.find(letter).map(|at| &a[at..]))
                .map_or(argument.to_owned(), |rest| format!("-{rest}"));
            CliError::UnknownShorthand { letter, cluster }
        }
        None => CliError::Arguments(format!("unknown command {argument:?} for {path:?}")),
    }
}

/// `--key`, or `'k' in -k` when the last argument is a cluster of letters.
fn needing(named: &str, arguments: &[String]) -> String {
    match arguments.last() {
        Some(last) if last.starts_with('-') && !last.starts_with("--") => {
            let letter = last.chars().last().unwrap_or('-');
            format!("'{letter}' in -{letter}")
        }
        _ => format!("--{named}"),
    }
}

/// `expiry` of `--expiry <duration>` and of `--force-referrers-tag[=<bool>]`.
fn long_name(shown: &str) -> String {
    shown
        .trim_start_matches('-')
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect()
}

/// `-e, --expiry` or `--max-signatures`.
fn flag_label(command: &Command, long: &str) -> String {
    let short = command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(long))
        .and_then(Arg::get_short);
    match short {
        Some(short) => format!("-{short}, --{long}"),
        None => format!("--{long}"),
    }
}

/// `open, basic, bearer or acr`
fn known_values(error: &clap::Error) -> String {
    let Some(ContextValue::Strings(known)) = error.get(ContextKind::ValidValue) else {
        return "another value".into();
    };
    match known.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "no value".into(),
    }
}

/// Commands that begin with what was typed, or differ from it by two letters at most.
fn suggestions(command: &Command, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    command
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .filter(|name| name.starts_with(&typed) || distance(name, &typed) <= 2)
        .collect()
}

/// Insertions, deletions and replacements that make one word the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    // A word from outside may be long; names of commands are not.
    let other: Vec<char> = other.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}
