//! `cert add`

use std::path::Path;

use clap::ArgMatches;

use super::download::{CertificateAddress, DownloadError};
use super::{CommandSpec, Done, Store};
use crate::cli::error::CliError;
use crate::cli::http_client::http_client;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::fault::{BoxFault, details, printable};

pub const ADD: CommandSpec = CommandSpec {
    path: &["cert", "add"],
    usage: "cert add --type <type> --store <name> <cert_path>...",
    build: |command| {
        let command = command
            .about("Add certificates to the trust store")
            .after_help(
                "Examples:\n  sealwright cert add --type ca --store acme-rockets acme-rockets.crt\n  sealwright cert add --type ca --store acme-rockets 'https://pki.example.com/root.crt#sha256=<checksum>'",
            )
            .arg(flags::positionals("cert_path"))
            .arg(flags::text(
                "sha256sum",
                "string",
                "SHA-256 checksum of the one https address to fetch a certificate from",
            ))
            .arg(flags::duration("timeout", "longest time for fetching certificates (default 10m)"));
        flags::with_logging(flags::with_store(command))
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing("missing certificate path".to_owned()));
        }
        flags::required(values, &["type", "store"])
    },
    run: |values, session| Box::pin(run(values, session)),
};

/// Where a certificate comes from.
enum Source<'a> {
    File(&'a str),
    Address(CertificateAddress),
}

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let store = Store::of(values)?;
    let (name, kind) = (store.name, store.kind.name());
    let sources = sources(values, &store)?;
    let trust_store = session.trust_store()?;
    let mut http = None;
    let mut added = Vec::new();
    let mut failed = Vec::new();
    for source in sources {
        match source {
            Source::File(path) => match trust_store.add(store.kind, name, Path::new(path)) {
                Ok(_) => added.push(path.to_owned()),
                Err(error) => failed.push(failure(path, &error.to_string(), "")),
            },
            Source::Address(address) => {
                let client = match http.take() {
                    Some(client) => client,
                    None => http_client(&session.env, session.clock.clone(), session.deadline())?,
                };
                let fetched = address.fetch(&client).await;
                http = Some(client);
                let done = fetched.and_then(|bytes| {
                    let added = trust_store.add_bytes(store.kind, name, address.name(), &bytes);
                    added.map_err(BoxFault::from)
                });
                let shown = address.to_string();
                match done {
                    Ok(_) => added.push(shown),
                    Err(fault) => {
                        failed.push(failure(&shown, &fault.to_string(), &details(&*fault)));
                    }
                }
            }
        }
    }
    if !added.is_empty() {
        session.streams.line(&format!(
            "Successfully added following certificates to named store {name} of type {kind}:"
        ))?;
        for path in added {
            session.streams.line(&path)?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(CliError::Certificates(format!(
        "Failed to add following certificates to named store {name} of type {kind}:\n{}",
        failed.join("\n")
    ))
    .into())
}

/// What the arguments name; nothing is added where one of the addresses cannot be used.
fn sources<'a>(
    values: &'a ArgMatches,
    store: &Store<'_>,
) -> Result<Vec<Source<'a>>, DownloadError> {
    let arguments = flags::positionals_of(values);
    let sha256sum = flags::text_of(values, "sha256sum");
    if sha256sum.is_some() && arguments.len() != 1 {
        return Err(DownloadError::OneAddress { given: arguments.len() });
    }
    let flags = format!("--type {} --store {}", store.kind.name(), store.name);
    let source = |argument: &'a str| {
        let address = CertificateAddress::parse(argument, sha256sum, &flags)?;
        Ok(address.map_or(Source::File(argument), Source::Address))
    };
    arguments.into_iter().map(source).collect()
}

/// notation's line, and what stands behind an address that did not serve.
fn failure(shown: &str, error: &str, details: &str) -> String {
    let mut line = format!("{}, with error {error:?}", printable(shown));
    for detail in details.lines() {
        line.push('\n');
        line.push_str(detail);
    }
    line
}
