//! `blob policy show`

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::blob_policy;
use crate::fault::printable;
use crate::trust::BlobPolicy;

pub const SHOW: CommandSpec = CommandSpec {
    path: &["blob", "policy", "show"],
    usage: "blob policy show [flags]",
    build: |command| {
        command
            .about("Show blob trust policy configuration")
            .arg(flags::positionals("none").hide(true))
    },
    check: |values| match flags::positionals_of(values).first() {
        None => Ok(()),
        Some(word) => Err(CliError::UnknownCommand {
            name: (*word).to_owned(),
            path: format!("{PROGRAM} blob policy show"),
            near: Vec::new(),
        }),
    },
    run: |_, session| Box::pin(async move { run(session) }),
};

fn run(session: &mut Session) -> Done {
    let bytes = blob_policy::raw(&session.dirs()?)
        .map_err(|error| CliError::File {
            what: "failed to show blob trust policy".to_owned(),
            reason: error.to_string(),
        })?
        .ok_or_else(|| {
            CliError::PolicyAbsent(format!(
                "failed to show blob trust policy as the configuration does not exist.\nYou can import one using `{PROGRAM} blob policy import <path-to-policy.json>`"
            ))
        })?;
    if let Err(error) = BlobPolicy::from_json(&bytes) {
        session.streams.complain(&format!("Error: {}", printable(&error.to_string())));
        session.streams.complain(&format!(
            "Existing blob trust policy configuration is invalid, you may update or create a new one via `{PROGRAM} blob policy import <path-to-policy.json>`"
        ));
        // An invalid policy is shown all the same.
    }
    Ok(session.streams.write(&bytes)?)
}
