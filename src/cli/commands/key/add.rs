//! `key add`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::{flags, value};
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey as Found;
use crate::config::{MarkDefault, SigningKey, SigningKeys};

pub const ADD: CommandSpec = CommandSpec {
    path: &["key", "add"],
    usage: "key add --plugin <plugin_name> [flags] <key_name>",
    build: |command| {
        let command = command
            .about("Add key to the signing key list")
            .after_help("Example:\n  sealwright key add --plugin azure-kv --id <key_id> <key_name>")
            .arg(flags::text("plugin", "string", "signing plugin name: azure-kv, or one that is installed"))
            .arg(flags::text("id", "string", "key id (required if --plugin is set)"))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "{key}={value} pairs for the plugin; azure-kv: ca_certs=<file>, self_signed=true, credential_type=<type>",
            ))
            .arg(flags::switch("default", "mark as default"))
            .arg(flags::positionals("key_name"));
        flags::with_logging(command)
    },
    check: |values| {
        if flags::positionals_of(values).len() != 1 {
            return Err(CliError::Missing(
                "either missing key name or unnecessary parameters passed".to_owned(),
            ));
        }
        flags::required(values, &["plugin"])
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let config = value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
    let dirs = session.dirs()?;
    let name = flags::first_of(values);
    let id = flags::text_of(values, "id").unwrap_or_default();
    let plugin = flags::text_of(values, "plugin").unwrap_or_default();
    let mut keys = SigningKeys::load(&dirs)?;
    if id.is_empty() {
        return Err(CliError::Arguments("missing key id".to_owned()).into());
    }
    if plugin.is_empty() {
        return Err(CliError::Arguments("plugin name cannot be empty".to_owned()).into());
    }
    let found = Found::of_plugin(plugin, id, config.clone())?;
    session.world(values)?.check_signs(&found).await?;
    for sentence in found.ignored_settings() {
        session.streams.warn(&sentence);
    }
    let is_default = flags::is_on(values, "default");
    let mark = if is_default { MarkDefault::Yes } else { MarkDefault::No };
    keys.add(SigningKey::plugin(name, plugin, id, config), mark)?;
    keys.save()?;
    if is_default {
        session.streams.line(&format!("{name}: marked as default"))?;
    } else {
        session.streams.line(name)?;
    }
    Ok(())
}
