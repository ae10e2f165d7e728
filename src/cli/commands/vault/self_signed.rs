//! `vault self-signed`: a certificate that vouches for itself, for trying out.

use clap::ArgMatches;

use super::error::VaultError;
use super::{CommandSpec, DEFAULT_SUITE, Done, subject_of, suite_of};
use crate::azure::{AzureError, CertificatePolicy, ChainMode, Issuer, Protection};
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::x509::Chain;

/// the longest that Key Vault takes
const MOST_MONTHS: u32 = 1200;
const MONTHS: i64 = 12;

pub const SELF_SIGNED: CommandSpec = CommandSpec {
    path: &["vault", "self-signed"],
    usage: "vault self-signed [flags] --subject <subject> --vault <vault> --name <name>",
    build: |command| {
        let command = command
            .about("Make a self-signed certificate in the vault, for tests")
            .after_help(
                "Example:\n  \
                 sealwright vault self-signed --vault myvault --name wabbit-test --subject \\\n    \
                 'CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US'",
            )
            .arg(flags::integer("months", "how long it is valid (default 12)"));
        super::with_certificate(super::with_key(command))
    },
    check: super::check_certificate,
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let policy = policy(values)?;
    let certificate = super::open(values, session, ChainMode::Managed)?;
    let id = certificate.id().unpinned();
    if super::waiting(&certificate).await?.is_some() {
        return Err(VaultError::Pending { id }.into());
    }
    let current = certificate.find().await?.and_then(|state| state.leaf);
    if let Some(leaf) = current.filter(|leaf| !leaf.is_self_signed()) {
        let issuer = leaf.issuer().to_string();
        return Err(VaultError::IssuedByCa { id: id.certificate_id(), issuer }.into());
    }
    match certificate.create(&policy).await {
        // of a first attempt whose answer was lost
        Err(refused @ AzureError::RequestPending { .. }) => {
            let waiting = super::waiting(&certificate).await?;
            if waiting.is_some_and(|waiting| waiting.issuer != "Self") {
                return Err(refused.into());
            }
        }
        other => drop(other?),
    }
    let state = certificate.made().await?;
    let Some(leaf) = state.leaf else { return Err(VaultError::Waiting { id }.into()) };
    let chain = Chain::check(vec![leaf])?;
    session.streams.line(&format!("Made {}:", state.id.certificate_id()))?;
    super::tell_chain(session, &chain)?;
    super::next_steps(session, &certificate)?;
    session.streams.warn(
        "a self-signed certificate is for tests: nobody vouches for whose it is, and nobody can revoke it. \
         For production have a CA issue one: sealwright vault csr",
    );
    Ok(())
}

fn policy(values: &ArgMatches) -> Result<CertificatePolicy, VaultError> {
    let given = values.get_one::<i64>("months").copied().unwrap_or(MONTHS);
    let months = u32::try_from(given).ok().filter(|months| (1..=MOST_MONTHS).contains(months));
    Ok(CertificatePolicy {
        subject: subject_of(values)?.ok_or(VaultError::SubjectAbsent)?,
        suite: suite_of(values)?.unwrap_or(DEFAULT_SUITE),
        protection: match flags::is_on(values, "hsm") {
            true => Protection::Hsm,
            false => Protection::Software,
        },
        issuer: Issuer::Itself {
            months: months.ok_or(VaultError::Months { given, most: MOST_MONTHS })?,
        },
    })
}
