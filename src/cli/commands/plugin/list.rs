//! `plugin list`, `plugin ls`

use futures_util::future::join_all;

use super::{CommandSpec, Done, plugins};
use crate::cli::commands::unchecked;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::render::table::table;
use crate::cli::session::Session;
use crate::fault::excerpt;
use crate::plugin::{
    Metadata, Plugin as _, PluginConfig, PluginDir, PluginError, PluginName, platform,
};

/// Name, description, version and capabilities of the plugins that are built in.
const NATIVE: &[[&str; 4]] = &[];

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
    let native = NATIVE.iter().map(|[name, description, version, capabilities]| {
        row(name, description, version, capabilities, "<nil>".to_owned())
    });
    let installed = names.iter().zip(asked).map(|(name, asked)| match asked {
        Ok(Metadata { description, version, capabilities, .. }) => {
            row(name, &description, &version, &capabilities.join(" "), "<nil>".to_owned())
        }
        Err(error) => row(name, "", "", "", in_a_cell(name, &error)),
    });
    let rows: Vec<[String; 5]> = native.chain(installed).collect();
    let header = ["NAME", "DESCRIPTION", "VERSION", "CAPABILITIES", "ERROR"];
    Ok(session.streams.text(&table(header, &rows))?)
}

async fn metadata(plugins: &PluginDir, name: &str) -> Result<Metadata, PluginError> {
    plugins.program(&PluginName::parse(name)?)?.metadata(&PluginConfig::new()).await
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
