//! `plugin serve`: its help, and what is not served. A call itself is answered before flags are parsed:
//! a host reads nothing but the protocol's JSON.

use super::CommandSpec;
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};

pub const SERVE: CommandSpec = CommandSpec {
    path: &["plugin", "serve"],
    usage: "plugin serve azure-kv <command>",
    build: |command| {
        command
            .about("Be a plugin: answer one request of a host of notation's plugins")
            .after_help(format!(
                "The request is one line of JSON on standard input. A copy or link of this program named\n\
                 notation-azure-kv does the same:\n  \
                 ln -s \"$(command -v {PROGRAM})\" notation-azure-kv\n  \
                 notation plugin install --file ./notation-azure-kv"
            ))
            .arg(flags::positionals("plugin_name"))
    },
    check: |values| match flags::positionals_of(values).first() {
        None => Err(CliError::Missing("plugin name is required".to_owned())),
        Some(name) => Err(CliError::NotServed((*name).to_owned())),
    },
    run: |values, _| {
        Box::pin(async move { Err(CliError::NotServed(flags::first_of(values).to_owned()).into()) })
    },
};
