//! `version`

use super::{CommandSpec, unchecked};
use crate::cli::called_as::CalledAs;
use crate::cli::parse::PROGRAM;

pub const VERSION: CommandSpec = CommandSpec {
    path: &["version"],
    usage: "version",
    build: |command| command.about("Show the version information"),
    check: unchecked,
    run: |_, session| {
        Box::pin(async move {
            let text = version(session.streams.called_as());
            Ok(session.streams.text(&text)?)
        })
    },
};

/// the notation whose command line this is
const NOTATION: &str = "1.3.2";

const OWN: &str = env!("CARGO_PKG_VERSION");

/// Scripts read the line that begins with `Version:`: whoever asks `notation` is told notation's.
fn version(called_as: CalledAs) -> String {
    const WHAT: &str = "a tool to sign and verify artifacts.";
    match called_as {
        CalledAs::Sealwright => {
            format!("{PROGRAM} - {WHAT}\n\nVersion:     {OWN}\nNotation:    {NOTATION}\n")
        }
        CalledAs::Notation => {
            format!("Notation - {WHAT}\n\nVersion:     {NOTATION}\nSealwright:  {OWN}\n")
        }
    }
}
