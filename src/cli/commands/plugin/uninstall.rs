//! `plugin uninstall`, `plugin remove`, `plugin rm`

use clap::ArgMatches;

use super::{CommandSpec, Done, plugins};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::plugin::{PluginError, PluginName, uninstall};

pub const UNINSTALL: CommandSpec = CommandSpec {
    path: &["plugin", "uninstall"],
    usage: "plugin uninstall [flags] <plugin_name>",
    build: |command| {
        let command = command
            .visible_aliases(["remove", "rm"])
            .about("Uninstall a plugin")
            .after_help(format!("Example:\n  {PROGRAM} plugin uninstall wabbit-plugin"))
            .arg(flags::switch("yes", "do not prompt for confirmation").short('y'))
            .arg(flags::positionals("plugin_name"));
        flags::with_logging(command)
    },
    check: |values| match flags::positionals_of(values).len() {
        0 => Err(CliError::Missing("plugin name is required".to_owned())),
        1 => Ok(()),
        _ => Err(CliError::Missing("only one plugin can be removed at a time".to_owned())),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let given = flags::first_of(values);
    let plugins = plugins(session)?;
    let found = PluginName::parse(given).and_then(|name| plugins.program(&name).map(|_| name));
    let name = match found {
        Ok(name) => name,
        Err(PluginError::NotFound { .. }) => {
            return Err(CliError::PluginUnknown(given.to_owned()).into());
        }
        Err(error) => {
            let action = "failed to check plugin existence".to_owned();
            return Err(CliError::Plugin { action, fault: error.into() }.into());
        }
    };
    let question = format!("Are you sure you want to uninstall plugin {given:?}?");
    if !flags::is_on(values, "yes") && !session.streams.confirm(&question)? {
        return Ok(());
    }
    uninstall(&plugins, &name).map_err(|error| CliError::Plugin {
        action: format!("failed to uninstall plugin {given}"),
        fault: error.into(),
    })?;
    Ok(session.streams.line(&format!("Successfully uninstalled plugin {given}"))?)
}
