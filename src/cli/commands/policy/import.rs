//! `policy import`

use std::fs;
use std::io::Read as _;

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::Dirs;
use crate::config::trust_policy::{self, ImportError, LoadError};
use crate::fault::{excerpt, os_reason};
use crate::trust::{Draft, POLICY_LIMIT};

pub const IMPORT: CommandSpec = CommandSpec {
    path: &["policy", "import"],
    usage: "policy import [flags] <file_path>",
    build: |command| {
        command
            .about("Import trust policy configuration from a JSON file")
            .after_help("Example:\n  sealwright policy import my_policy.json")
            .arg(flags::switch(
                "force",
                "override the existing trust policy configuration, never prompt",
            ))
            .arg(flags::positionals("file_path"))
    },
    check: |values| match flags::positionals_of(values).len() {
        1 => Ok(()),
        count => Err(CliError::Missing(format!(
            "requires 1 argument but received {count}.\nUsage: {PROGRAM} policy import <path-to-policy.json>\nPlease specify a trust policy file location as the argument"
        ))),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

/// Unknown members that are told of; a document of many is no trust policy.
const MOST_WARNINGS: usize = 10;
/// Longest name of an unknown member that is repeated, in characters.
const LONGEST_NAME: usize = 64;

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let bytes = read(flags::first_of(values))?;
    let dirs = session.dirs()?;
    // Before the question: what is not valid is not worth asking about.
    let draft = Draft::parse(&bytes).map_err(ImportError::Malformed)?;
    for name in draft.unknown_members().into_iter().take(MOST_WARNINGS) {
        let name = excerpt(name, LONGEST_NAME);
        session.streams.warn(&format!("the policy's member {name:?} is unknown and has no effect"));
    }
    draft.validate().map_err(ImportError::Invalid)?;
    if flags::is_on(values, "force") {
        session.streams.warn("existing trust policy configuration file will be overwritten");
    } else if holds_a_policy(&dirs) {
        let question = "The trust policy file already exists, do you want to overwrite it?";
        if !session.streams.confirm(question)? {
            return Ok(());
        }
    }
    trust_policy::import(&dirs, &bytes)?;
    Ok(session.streams.line("Trust policy configuration imported successfully.")?)
}

/// There is one, valid or not, or something that may be one; what is no document at all is nobody's work.
fn holds_a_policy(dirs: &Dirs) -> bool {
    !matches!(trust_policy::load(dirs), Err(LoadError::NotPresent | LoadError::Malformed { .. }))
}

/// The file, and one byte more than a policy may have, so that its size is found out later.
fn read(path: &str) -> Result<Vec<u8>, CliError> {
    let failed = |action: &str, error: std::io::Error| CliError::File {
        what: "failed to read trust policy file".to_owned(),
        reason: format!("{action} {path}: {}", os_reason(&error)),
    };
    let file = fs::File::open(path).map_err(|error| failed("open", error))?;
    let mut bytes = Vec::new();
    file.take(POLICY_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed("read", error))?;
    Ok(bytes)
}
