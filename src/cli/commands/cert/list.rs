//! `cert list`, `cert ls`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::commands::unchecked;
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::render::table::table;
use crate::cli::session::Session;
use crate::trust::StoreType;

pub const LIST: CommandSpec = CommandSpec {
    path: &["cert", "list"],
    usage: "cert list [flags]",
    build: |command| {
        let command = command
            .visible_alias("ls")
            .about("List certificates in the trust store")
            .arg(flags::positionals("ignored").hide(true));
        flags::with_logging(flags::with_store(command))
    },
    check: unchecked,
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let given = |name| flags::text_of(values, name).filter(|text| !text.is_empty());
    let store = given("store");
    let kind = match given("type").map(StoreType::from_name) {
        // A type that does not exist holds nothing.
        Some(None) => return Ok(()),
        Some(kind) => kind,
        None => None,
    };
    let place = match (kind, store) {
        (None, None) => "in the trust store".to_owned(),
        (Some(kind), None) => format!("of type {}", kind.name()),
        (None, Some(store)) => format!("in the named store {store}"),
        (Some(kind), Some(store)) => format!("in the named store {store} of type {}", kind.name()),
    };
    let files = session.trust_store()?.list(kind, store).map_err(|error| {
        CliError::Certificates(format!(
            "failed to list all certificates stored {place}, with error: {error}"
        ))
    })?;
    if files.is_empty() {
        return Ok(());
    }
    let rows: Vec<[String; 3]> =
        files.into_iter().map(|f| [f.kind.name().to_owned(), f.store, f.file]).collect();
    Ok(session.streams.text(&table(["STORE TYPE", "STORE NAME", "CERTIFICATE"], &rows))?)
}
