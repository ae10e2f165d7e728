//! `vault import`: a certificate with its private key, checked before it is sent.

use std::fmt::Write as _;

use clap::ArgMatches;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::files::Found;
use super::{CommandSpec, Done};
use crate::azure::ChainMode;
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::cli::streams::Kind;
use crate::crypto::PrivateKey;
use crate::env::name;
use crate::fault::{BoxFault, shell_word};
use crate::secret::Secret;
use crate::x509::Chain;

pub const IMPORT: CommandSpec = CommandSpec {
    path: &["vault", "import"],
    usage: "vault import [flags] --vault <vault> --name <name> <file>...",
    build: |command| {
        let command = command
            .about("Import a certificate with its private key and chain")
            .long_about(
                "Import a certificate with its private key and chain\n\n\
                 The files hold the private key, the certificate and all above it up to the root, as PFX or PEM,\n\
                 in any order. Nothing is sent unless the certificate keeps the rules for signing and its chain\n\
                 is complete. In the vault the key is not exportable, and the content type is PEM.\n\n\
                 The password of a PFX is asked for at a terminal, or taken from SEALWRIGHT_PFX_PASSWORD or,\n\
                 with --password-stdin, from the standard input. It is not sent.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright vault import --vault myvault --name wabbit-networks-io signing.pfx\n  \
                 sealwright vault import --vault myvault --name wabbit-networks-io key.pem leaf.pem issuing.crt root.crt",
            )
            .arg(flags::switch("password-stdin", "take the PFX's password from stdin"))
            .arg(flags::positionals("file"));
        super::with_certificate(command)
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing("missing the file to import".to_owned()));
        }
        super::check_certificate(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let paths = flags::positionals_of(values);
    let certificate = super::open(values, session, ChainMode::Managed)?;
    let id = certificate.id().unpinned();
    let mut found = Found::default();
    let mut known: Option<Secret> = None;
    for path in &paths {
        found.add(path, &mut |file| {
            if known.is_none() {
                known = Some(password(values, session, file)?);
            }
            Ok(known.clone().unwrap_or_else(|| Secret::new("")))
        })?;
    }
    let (key_file, key, bag) = found.key(&paths)?;
    let given: Vec<String> = paths.iter().map(|path| shell_word(path)).collect();
    let again = format!(
        "{PROGRAM} vault import --id {} {} <issuer.crt>",
        id.certificate_id(),
        given.join(" ")
    );
    let now = session.clock.now();
    let chain = super::chain_of_key("the private key", &key.public_key(), &bag, &again, now)?;
    let state = certificate.import(&pem(&key, &chain)?, chain.suite()).await?;
    if state.leaf.as_ref() != Some(chain.leaf()) {
        return Err(VaultError::Other.into());
    }
    session.streams.line(&format!("Imported as {}:", state.id.certificate_id()))?;
    super::tell_chain(session, &chain)?;
    super::next_steps(session, &certificate)?;
    session.streams.warn(&format!(
        "{key_file} still holds the private key, which cannot leave the vault: keep it offline, or delete it"
    ));
    Ok(())
}

/// From the standard input, the environment, or whoever sits at the terminal.
fn password(values: &ArgMatches, session: &mut Session, file: &str) -> Result<Secret, BoxFault> {
    if flags::is_on(values, "password-stdin") {
        return Ok(session.streams.rest_as_secret("password")?);
    }
    if let Some(given) = session.env.value(name::SEALWRIGHT_PFX_PASSWORD) {
        return Ok(Secret::new(given));
    }
    match session.streams.stdin_kind() {
        Kind::Terminal => Ok(session.streams.ask_secret("Password of the PFX: ", "password")?),
        Kind::Pipe => Err(VaultError::PasswordAbsent { file: file.to_owned() }.into()),
    }
}

/// The key as PKCS#8 and the chain, leaf first.
fn pem(key: &PrivateKey, chain: &Chain) -> Result<Secret, BoxFault> {
    let key = key.pkcs8_pem()?;
    let mut text = Zeroizing::new(String::with_capacity(128 * 1024));
    text.push_str(key.expose());
    for certificate in chain.certificates() {
        let _ = write!(text, "{}", super::shown::pem(certificate));
    }
    Ok(Secret::new(text.as_str()))
}
