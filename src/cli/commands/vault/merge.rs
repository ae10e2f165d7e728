//! `vault merge`: the CA's answer, with its whole chain, put to the key in the vault.

use clap::ArgMatches;

use super::error::{REQUEST, VaultError};
use super::{CommandSpec, Done, files};
use crate::azure::ChainMode;
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::fault::shell_word;
use crate::x509::CertificationRequest;

pub const MERGE: CommandSpec = CommandSpec {
    path: &["vault", "merge"],
    usage: "vault merge [flags] --vault <vault> --name <name> <file>...",
    build: |command| {
        let command = command
            .about("Put the CA's answer and its chain in the vault")
            .long_about(
                "Put the CA's answer and its chain in the vault\n\n\
                 The files hold the certificate that the CA issued and all above it up to the root, as PEM, DER\n\
                 or P7B, in any order. Nothing is sent unless the certificate has the key of the request that\n\
                 waits, keeps the rules for signing, and its chain is complete.",
            )
            .after_help(
                "Example:\n  \
                 sealwright vault merge --vault myvault --name wabbit-networks-io answer.p7b root.crt",
            )
            .arg(flags::positionals("file"));
        super::with_certificate(command)
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing("missing the file that the CA answered with".to_owned()));
        }
        super::check_certificate(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let paths = flags::positionals_of(values);
    let bag = files::certificates(&paths)?;
    let certificate = super::open(values, session, ChainMode::Managed)?;
    let id = certificate.id().unpinned();
    let Some(waiting) = super::waiting(&certificate).await? else {
        return Err(VaultError::NothingPending { id }.into());
    };
    let request = CertificationRequest::from_der(&super::for_ca(waiting)?)?;
    let given: Vec<String> = paths.iter().map(|path| shell_word(path)).collect();
    let again = format!(
        "{PROGRAM} vault merge --id {} {} <issuer.crt>",
        id.certificate_id(),
        given.join(" ")
    );
    let now = session.clock.now();
    let chain = super::chain_of_key(REQUEST, request.public_key(), &bag, &again, now)?;
    let state = certificate.merge(chain.certificates()).await?;
    if state.leaf.as_ref() != Some(chain.leaf()) {
        return Err(VaultError::Other.into());
    }
    session.streams.line(&format!("Merged into {}:", state.id.certificate_id()))?;
    super::tell_chain(session, &chain)?;
    super::next_steps(session, &certificate)?;
    Ok(())
}
