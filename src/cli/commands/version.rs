//! `version`

use super::{CommandSpec, unchecked};
use crate::cli::parse::PROGRAM;

pub const VERSION: CommandSpec = CommandSpec {
    path: &["version"],
    usage: "version",
    build: |command| command.about("Show the version information"),
    check: unchecked,
    run: |_, session| {
        Box::pin(async move {
            // Scripts read the line that begins with `Version:`.
            Ok(session.streams.text(&format!(
                "{PROGRAM} - a tool to sign and verify artifacts.\n\nVersion:     {}\n",
                env!("CARGO_PKG_VERSION")
            ))?)
        })
    },
};
