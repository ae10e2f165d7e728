//! `cert show`

use clap::ArgMatches;

use super::{CommandSpec, Done, Store};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::render::text::go_time;
use crate::cli::session::Session;

const RULE: &str =
    "--------------------------------------------------------------------------------";

pub const SHOW: CommandSpec = CommandSpec {
    path: &["cert", "show"],
    usage: "cert show --type <type> --store <name> <cert_fileName>",
    build: |command| {
        let command = command
            .about("Show certificate details given trust store type, named store, and certificate file name")
            .arg(flags::positionals("cert_fileName"));
        flags::with_logging(flags::with_store(command))
    },
    check: |values| {
        match flags::positionals_of(values).len() {
            0 => return Err(CliError::Missing("missing certificate file name".to_owned())),
            1 => {}
            _ => {
                return Err(CliError::Missing(
                    "show only supports single certificate file".to_owned(),
                ));
            }
        }
        flags::required(values, &["type", "store"])
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let store = Store::of(values)?;
    let file = flags::first_of(values);
    let failed = |reason: String| {
        CliError::Certificates(format!(
            "failed to show details of certificate {file}, with error: {reason}"
        ))
    };
    let certificates = session
        .trust_store()?
        .show(store.kind, store.name, file)
        .map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("no valid certificate found in the file".to_owned()).into());
    }
    session.streams.line("Certificate details")?;
    for certificate in certificates {
        session.streams.line(RULE)?;
        session.streams.line(&format!("Issuer: {}", certificate.issuer()))?;
        session.streams.line(&format!("Subject: {}", certificate.subject()))?;
        session.streams.line(&format!("Valid from: {}", go_time(certificate.not_before())))?;
        session.streams.line(&format!("Valid to: {}", go_time(certificate.not_after())))?;
        session.streams.line(&format!("IsCA: {}", certificate.is_ca()))?;
        session.streams.line(&format!("SHA256 Thumbprint: {}", certificate.thumbprint()))?;
    }
    Ok(())
}
