//! `vault`: the certificate that signs, made and looked at in its vault.

mod csr;
mod error;
mod files;
mod import;
mod merge;
mod self_signed;
mod show;
mod shown;

pub use csr::CSR;
pub use import::IMPORT;
pub use merge::MERGE;
pub use self_signed::SELF_SIGNED;
pub use show::SHOW;

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};
use time::OffsetDateTime;

use super::{CommandSpec, Done};
use crate::azure::{Certificates, ChainMode, CredentialType, PendingRequest, Status, SubjectName};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::cli::world::NamedCertificate;
use crate::config::write_atomic;
use crate::crypto::Suite;
use crate::fault::{BoxFault, printable};
use crate::x509::{BAG_LIMIT, Certificate, Chain, ChainError, order};
use error::VaultError;

/// `--id`, or `--vault` and `--name`; who asks, and for how long.
fn with_certificate(command: Command) -> Command {
    let command = command
        .arg(flags::text("vault", "string", "key vault: its name, or https://<vault>.vault.azure.net"))
        .arg(flags::text("name", "string", "certificate in the vault").short('n'))
        .arg(flags::text(
            "id",
            "string",
            "certificate id, https://<vault>.vault.azure.net/certificates/<name>, instead of vault and name",
        ))
        .arg(flags::text(
            "credential-type",
            "string",
            "Entra credential: environment, workloadid, managedid or azurecli (default: the first of them that is there)",
        ))
        .arg(flags::duration(
            "timeout",
            "longest time for the whole command, retries included (default 10m)",
        ))
        .arg(flags::text(
            "azure-extra-hosts",
            "hosts",
            "further Azure hosts, https only: vault=HOST:PORT,authority=HOST:PORT",
        ));
    flags::with_logging(command)
}

/// What a new key is and whose.
fn with_key(command: Command) -> Command {
    command
        .arg(flags::text(
            "subject",
            "string",
            "subject with CN, O, ST and C, such as 'CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US'",
        ))
        .arg(flags::text(
            "key-type",
            "string",
            "rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521 (default rsa-3072)",
        ))
        .arg(flags::switch("hsm", "keep the key in a hardware security module (vaults of the premium tier)"))
}

fn check_certificate(values: &ArgMatches) -> Result<(), CliError> {
    flags::exclusive(values, &["id", "vault"])?;
    flags::exclusive(values, &["id", "name"])?;
    match flags::text_of(values, "id") {
        Some(_) => Ok(()),
        None => flags::required(values, &["vault", "name"]),
    }
}

/// The certificate that the flags name, with the identity they ask for.
fn open(values: &ArgMatches, session: &Session, mode: ChainMode) -> Result<Certificates, BoxFault> {
    let credential = flags::text_of(values, "credential-type");
    let credential = credential.map(CredentialType::parse).transpose()?;
    let world = session.world_with(values, credential)?;
    let given = |name| flags::text_of(values, name).unwrap_or_default();
    let named = match flags::text_of(values, "id") {
        Some(id) => NamedCertificate::Id(id),
        None => NamedCertificate::In { vault: given("vault"), name: given("name") },
    };
    Ok(world.certificates(named, mode)?)
}

/// `--key-type`, if given.
fn suite_of(values: &ArgMatches) -> Result<Option<Suite>, VaultError> {
    const TYPES: [(&str, Suite); 6] = [
        ("rsa-2048", Suite::RsaPss2048),
        ("rsa-3072", Suite::RsaPss3072),
        ("rsa-4096", Suite::RsaPss4096),
        ("ec-p256", Suite::EcdsaP256),
        ("ec-p384", Suite::EcdsaP384),
        ("ec-p521", Suite::EcdsaP521),
    ];
    let Some(given) = flags::text_of(values, "key-type") else { return Ok(None) };
    let found = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(given));
    found.map(|(_, suite)| Some(*suite)).ok_or_else(|| VaultError::KeyType(given.to_owned()))
}

/// CAs that issue code-signing certificates take RSA keys of 3072 bits and more (CA/Browser Forum,
/// "Baseline Requirements for Code-Signing Certificates", 6.1.5).
const DEFAULT_SUITE: Suite = Suite::RsaPss3072;

/// `--subject`, if given.
fn subject_of(values: &ArgMatches) -> Result<Option<SubjectName>, VaultError> {
    let given = flags::text_of(values, "subject");
    given.map(SubjectName::parse).transpose().map_err(VaultError::Subject)
}

/// The request that waits for its CA, if one does.
async fn waiting(certificate: &Certificates) -> Result<Option<PendingRequest>, BoxFault> {
    let pending = certificate.pending().await?;
    Ok(pending.filter(|pending| pending.status == Status::InProgress))
}

/// A request that the vault itself does not answer.
fn for_ca(request: PendingRequest) -> Result<Vec<u8>, VaultError> {
    match request.issuer.as_str() {
        "Unknown" => Ok(request.request),
        _ => Err(VaultError::OtherIssuer { issuer: request.issuer }),
    }
}

/// The chain of the certificate with this public key, checked by every rule and valid now. `key` is
/// whose key it is; `again` the command that is given what is missing.
fn chain_of_key(
    key: &'static str,
    public_key: &[u8],
    bag: &[Certificate],
    again: &str,
    now: OffsetDateTime,
) -> Result<Chain, BoxFault> {
    if bag.len() > BAG_LIMIT {
        let error = ChainError::BagTooLarge { found: bag.len(), limit: BAG_LIMIT };
        return Err(VaultError::Chain(error).into());
    }
    let of_key = bag.iter().filter(|c| c.public_key() == public_key);
    let Some(leaf) = of_key.max_by_key(|c| c.not_after()) else {
        let found = bag.iter().map(|c| c.subject().to_string()).collect();
        return Err(VaultError::NotOfKey { key, found }.into());
    };
    let ordered = order(leaf, bag).map_err(|error| match error {
        ChainError::IssuerNotFound { subject, issuer } => {
            VaultError::IssuerAbsent { subject, issuer, again: again.to_owned() }
        }
        other => VaultError::Chain(other),
    })?;
    let chain = Chain::check(ordered).map_err(VaultError::Chain)?;
    chain.check_valid_at(now)?;
    Ok(chain)
}

/// The certificates of a chain, one line each.
fn tell_chain(session: &mut Session, chain: &Chain) -> Result<(), CliError> {
    for (place, certificate) in (1..).zip(chain.certificates()) {
        session.streams.line(&format!("  {place}. {}", certificate.subject()))?;
    }
    for wish in chain.advice() {
        session.streams.warn(&wish);
    }
    Ok(())
}

/// Where a PEM text goes; what is said beside it goes to the other stream.
enum Place {
    Stdout,
    File(PathBuf),
}

impl Place {
    fn of(values: &ArgMatches) -> Self {
        match flags::text_of(values, "out") {
            None | Some("" | "-") => Self::Stdout,
            Some(path) => Self::File(path.into()),
        }
    }

    fn write(&self, session: &mut Session, text: &str) -> Done {
        match self {
            Self::Stdout => session.streams.text(text)?,
            Self::File(path) => write_atomic(path, text.as_bytes(), 0o644)?,
        }
        Ok(())
    }

    fn note(&self, session: &mut Session, line: &str) -> Result<(), CliError> {
        match self {
            Self::Stdout => session.streams.complain(&printable(line)),
            Self::File(_) => session.streams.advice(&format!("{}\n", printable(line)))?,
        }
        Ok(())
    }

    fn shown(&self) -> String {
        match self {
            Self::Stdout => "<file>".to_owned(),
            Self::File(path) => crate::fault::shell_word(&path_text(path)),
        }
    }
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}

/// The commands that show and use what was made.
fn next_steps(session: &mut Session, certificate: &Certificates) -> Result<(), CliError> {
    let id = certificate.id().unpinned().certificate_id();
    session.streams.advice(&format!(
        "Look at it:  {PROGRAM} vault show --id {id}\n\
         Trust it:    {PROGRAM} vault show --root --out root.crt --id {id}\n"
    ))
}
