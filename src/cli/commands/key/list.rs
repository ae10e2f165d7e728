//! `key list`, `key ls`

use super::{CommandSpec, Done};
use crate::cli::commands::unchecked;
use crate::cli::parse::flags;
use crate::cli::render::table::table;
use crate::cli::session::Session;
use crate::config::{KeySource, SigningKeys};

pub const LIST: CommandSpec = CommandSpec {
    path: &["key", "list"],
    usage: "key list",
    build: |command| {
        command
            .visible_alias("ls")
            .about("List keys used for signing")
            .arg(flags::positionals("ignored").hide(true))
    },
    check: unchecked,
    run: |_, session| Box::pin(async move { run(session) }),
};

fn run(session: &mut Session) -> Done {
    let keys = SigningKeys::load(&session.dirs()?)?;
    let rows: Vec<[String; 5]> = keys
        .keys()
        .iter()
        .map(|key| {
            let is_default = keys.default_name() == Some(key.name());
            let name = format!("{}{}", if is_default { "* " } else { "" }, key.name());
            let empty = String::new;
            match key.source() {
                KeySource::Local { key_path, cert_path } => {
                    [name, key_path.to_owned(), cert_path.to_owned(), empty(), empty()]
                }
                KeySource::Plugin { plugin, id, .. } => {
                    [name, empty(), empty(), id.to_owned(), plugin.to_owned()]
                }
                KeySource::Nowhere => [name, empty(), empty(), empty(), empty()],
            }
        })
        .collect();
    let header = ["NAME", "KEY PATH", "CERTIFICATE PATH", "ID", "PLUGIN NAME"];
    Ok(session.streams.text(&table(header, &rows))?)
}
