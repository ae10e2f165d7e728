//! `policy show`

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::trust_policy;
use crate::fault::printable;
use crate::trust::Policy;

pub const SHOW: CommandSpec = CommandSpec {
    path: &["policy", "show"],
    usage: "policy show [flags]",
    build: |command| {
        command.about("Show trust policy configuration").arg(flags::positionals("none").hide(true))
    },
    check: |values| match flags::positionals_of(values).len() {
        0 => Ok(()),
        given => Err(CliError::Arguments(format!("accepts 0 arg(s), received {given}"))),
    },
    run: |_, session| Box::pin(async move { run(session) }),
};

fn run(session: &mut Session) -> Done {
    let bytes = trust_policy::raw(&session.dirs()?)
        .map_err(|error| CliError::File {
            what: "failed to show trust policy".to_owned(),
            reason: error.to_string(),
        })?
        .ok_or_else(|| {
            CliError::PolicyAbsent(format!(
                "failed to show trust policy as the trust policy file does not exist.\nYou can import one using `{PROGRAM} policy import <path-to-policy.json>`"
            ))
        })?;
    if let Err(error) = Policy::from_json(&bytes) {
        session.streams.complain(&format!("Error: {}", printable(&error.to_string())));
        session.streams.complain(&format!(
            "Existing trust policy configuration is invalid, you may update or create a new one via `{PROGRAM} policy import <path-to-policy.json>`"
        ));
        // An invalid policy is shown all the same.
    }
    Ok(session.streams.write(&bytes)?)
}
