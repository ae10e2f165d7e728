//! `plugin list`, `plugin ls`

use futures_util::future::join_all;

use super::{CommandSpec, Done, plugins};
use crate::cli::commands::unchecked;
use crate::cli::native_plugin::{NATIVE_PLUGINS, NativePlugin};
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::render::table::table;
use crate::cli::session::Session;
use crate::fault::excerpt;
use crate::plugin::{
    Metadata, Plugin as _, PluginConfig, PluginDir, PluginError, PluginName, platform,
};

/// Behind the description of a plugin that is built in.
const BUILT_IN: &str = "(built in)";
/// The same where one of that name is installed beside it.
const INSTALLED: &str = "(used with native=false)";

/// most characters of one cell
const CELL_LIMIT: usize = 300;

pub const LIST: CommandSpec = CommandSpec {
    path: &["plugin", "list"],
    usage: "plugin list [flags]",
    build: |command| {
        let command = command
            .visible_alias("ls")
            .about("List installed plugins")
            .arg(flags::positionals("ignored").hide(true));
        flags::with_logging(command)
    },
    check: unchecked,
    run: |_, session| Box::pin(run(session)),
};

async fn run(session: &mut Session) -> Done {
    let plugins = plugins(session)?;
    let names = plugins.names()?;
    // they wait for their processes side by side
    let asked = join_all(names.iter().map(|name| metadata(&plugins, name))).await;
    let mut rows: Vec<[String; 5]> = names
        .iter()
        .zip(asked)
        .map(|(name, asked)| match asked {
            Ok(told) => good_row(name, &told, beside_built_in(name)),
            Err(error) => row(name, "", "", "", in_a_cell(name, &error)),
        })
        .collect();
    // what wrappers read first is the version they installed
    for plugin in NATIVE_PLUGINS {
        rows.push(good_row(plugin.name, &plugin.metadata(), BUILT_IN));
    }
    rows.sort_by(|a, b| a[0].cmp(&b[0]));
    let header = ["NAME", "DESCRIPTION", "VERSION", "CAPABILITIES", "ERROR"];
    Ok(session.streams.text(&table(header, &rows))?)
}

async fn metadata(plugins: &PluginDir, name: &str) -> Result<Metadata, PluginError> {
    plugins.program(&PluginName::parse(name)?)?.metadata(&PluginConfig::new()).await
}

fn beside_built_in(name: &str) -> &'static str {
    NativePlugin::named(name).map_or("", |_| INSTALLED)
}

fn good_row(name: &str, told: &Metadata, remark: &str) -> [String; 5] {
    let description = format!("{} {remark}", told.description);
    let capabilities = told.capabilities.join(" ");
    row(name, description.trim_end(), &told.version, &capabilities, "<nil>".to_owned())
}

fn row(
    name: &str,
    description: &str,
    version: &str,
    capabilities: &str,
    error: String,
) -> [String; 5] {
    [name, description, version, &format!("[{capabilities}]"), &error]
        .map(|cell| excerpt(cell, CELL_LIMIT))
}

/// What is wrong, with what to do about it: there is no line below for a hint.
fn in_a_cell(name: &str, error: &PluginError) -> String {
    match error {
        PluginError::NotFound { .. } => format!(
            "plugin executable file `notation-{name}` not found. Use `{PROGRAM} plugin install` command to install the plugin"
        ),
        PluginError::Start { reason, .. } if reason == "exec format error" => format!(
            "plugin file `notation-{name}` is not executable. Use `{PROGRAM} plugin install` command to install the plugin. Please ensure that the plugin executable file is compatible with {}",
            platform()
        ),
        other => other.to_string(),
    }
}
