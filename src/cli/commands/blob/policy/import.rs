//! `blob policy import`

use std::fs;
use std::io::Read as _;

use clap::ArgMatches;

use super::{CommandSpec, Done, may_write};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::blob_policy::{self, BlobImportError};
use crate::fault::{excerpt, os_reason};
use crate::trust::POLICY_LIMIT;

pub const IMPORT: CommandSpec = CommandSpec {
    path: &["blob", "policy", "import"],
    usage: "blob policy import [flags] <file_path>",
    build: |command| {
        command
            .about("Import blob trust policy configuration from a JSON file")
            .after_help("Example:\n  sealwright blob policy import my_policy.json")
            .arg(flags::switch(
                "force",
                "override the existing blob trust policy configuration without prompt",
            ))
            .arg(flags::positionals("file_path"))
    },
    check: |values| match flags::positionals_of(values).len() {
        1 => Ok(()),
        count => Err(CliError::Missing(format!(
            "requires 1 argument but received {count}.\nUsage: {PROGRAM} blob policy import <path-to-policy.json>\nPlease specify a trust policy configuration location as the argument"
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
    let draft = blob_policy::parse(&bytes)?;
    for name in draft.unknown_blob_members().into_iter().take(MOST_WARNINGS) {
        let name = excerpt(name, LONGEST_NAME);
        session.streams.warn(&format!("the policy's member {name:?} is unknown and has no effect"));
    }
    draft.validate_blob().map_err(BlobImportError::Invalid)?;
    if !may_write(values, &dirs, session)? {
        return Ok(());
    }
    let path = blob_policy::import(&dirs, &bytes)?;
    Ok(session.streams.line(&format!(
        "Successfully imported blob trust policy configuration to {}.",
        path.display()
    ))?)
}

/// The file, and one byte more than a policy may have, so that its size is found out later.
fn read(path: &str) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(POLICY_LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| CliError::File {
            what: "failed to read blob trust policy file".to_owned(),
            reason: format!("open {path}: {}", os_reason(&error)),
        })?;
    Ok(bytes)
}
