//! `vault show`: the certificate, its chain and versions, and the root to trust.

use clap::ArgMatches;
use futures_util::join;

use super::error::VaultError;
use super::shown::{ChainPlace, Facts, Shown, fingerprint, pem};
use super::{CommandSpec, Done, Place};
use crate::azure::{AzureError, CertificateState, Certificates, ChainMode};
use crate::cli::error::CliError;
use crate::cli::parse::PROGRAM;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::session::Session;
use crate::fault::{BoxFault, Fault as _, details, printable};
use crate::x509::{Certificate, ChainError};

pub const SHOW: CommandSpec = CommandSpec {
    path: &["vault", "show"],
    usage: "vault show [flags] --vault <vault> --name <name>",
    build: |command| {
        let command = command
            .about("Show the certificate, its chain and versions, and how to sign with it")
            .long_about(
                "Show the certificate, its chain and versions, and how to sign with it\n\n\
                 With --root it writes the root of its chain as PEM, for the trust store of whoever verifies.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright vault show --vault myvault --name wabbit-networks-io\n  \
                 sealwright vault show --root --out root.crt --vault myvault --name wabbit-networks-io",
            )
            .arg(flags::switch("root", "write the root certificate, PEM"))
            .arg(flags::text("out", "path", "file for --root (default: standard output)"));
        flags::with_output(super::with_certificate(command))
    },
    check: |values| {
        flags::output_of(values)?;
        if flags::text_of(values, "out").is_some() && !flags::is_on(values, "root") {
            return Err(CliError::Missing(
                "--out is the file for the root certificate: give --root, too".to_owned(),
            ));
        }
        super::check_certificate(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let certificate = super::open(values, session, ChainMode::Shown)?;
    let state = certificate.state().await?;
    let Some(leaf) = &state.leaf else {
        return Err(VaultError::Waiting { id: certificate.id().unpinned() }.into());
    };
    match flags::is_on(values, "root") {
        true => {
            let chain = certificate.chain(&state).await?;
            root(&Place::of(values), &chain, session)
        }
        false => show(&certificate, &state, leaf, output, session).await,
    }
}

async fn show(
    certificate: &Certificates,
    state: &CertificateState,
    leaf: &Certificate,
    output: Output,
    session: &mut Session,
) -> Done {
    let (chain, versions, pending) =
        join!(certificate.chain(state), certificate.versions(), super::waiting(certificate));
    let (chain, place) = match chain {
        Ok(chain) => (Some(chain), ChainPlace::Vault),
        Err(AzureError::ChainMissing) => (None, ChainPlace::Elsewhere),
        Err(
            error @ (AzureError::Forbidden { .. }
            | AzureError::Chain(ChainError::IssuerNotFound { .. })),
        ) => {
            tell("the chain is not shown", &error, session);
            (None, ChainPlace::NotSeen)
        }
        Err(other) => return Err(other.into()),
    };
    let versions = match versions {
        Ok(versions) => Some(versions),
        Err(error @ AzureError::Forbidden { .. }) => {
            tell("the versions are not shown", &error, session);
            None
        }
        Err(other) => return Err(other.into()),
    };
    let shown = Shown::of(&Facts {
        state,
        leaf,
        chain: chain.as_deref(),
        chain_in_vault: place,
        versions: versions.as_deref(),
        request_waits: pending?.is_some(),
        now: session.clock.now(),
    });
    match output {
        Output::Json => session.streams.text(&json(&shown))?,
        Output::Text => {
            session.streams.advice(&shown.text())?;
            for warning in shown.warnings() {
                session.streams.warn(warning);
            }
        }
    }
    Ok(())
}

/// What was refused beside the certificate itself, with what would grant it.
fn tell(what: &str, error: &AzureError, session: &mut Session) {
    session.streams.warn(&format!("{what}: {error}"));
    session.streams.complain(details(error).trim_end_matches('\n'));
    tracing::debug!(target: "sealwright", "{}", error.code());
}

fn root(place: &Place, chain: &[Certificate], session: &mut Session) -> Done {
    let Some(root) = chain.last() else { return Err(BoxFault::from(ChainError::Empty)) };
    place.write(session, &pem(root))?;
    place.note(session, &format!("Root:    {}", printable(&root.subject().to_string())))?;
    place.note(session, &format!("SHA-256: {}", fingerprint(root)))?;
    place.note(
        session,
        "Compare this SHA-256 fingerprint with the one that the CA publishes before you trust it.",
    )?;
    place.note(
        session,
        &format!("Then:    {PROGRAM} cert add --type ca --store <store> {}", place.shown()),
    )?;
    Ok(())
}
