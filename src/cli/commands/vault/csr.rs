//! `vault csr`: a new key in the vault, and the request that a CA is given for it.

use clap::ArgMatches;

use super::error::VaultError;
use super::{CommandSpec, DEFAULT_SUITE, Done, Place, subject_of, suite_of};
use crate::azure::{
    AzureError, CertificatePolicy, CertificateState, Certificates, ChainMode, Issuer,
    PendingRequest, Protection, SubjectName,
};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::crypto::Suite;
use crate::fault::BoxFault;
use crate::x509::CertificationRequest;

pub const CSR: CommandSpec = CommandSpec {
    path: &["vault", "csr"],
    usage: "vault csr [flags] --subject <subject> --vault <vault> --name <name>",
    build: |command| {
        let command = command
            .about("Make a key in the vault and write the certificate request for a CA")
            .long_about(
                "Make a key in the vault and write the certificate request for a CA\n\n\
                 The key never leaves the vault: it is not exportable. The certificate is for digital signatures\n\
                 and code signing alone, and its content type is PEM. A name that is there already gets a new\n\
                 version with a new key; the current version signs until the CA's answer is merged. Its subject\n\
                 and key type are the new one's, too, where none is given.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright vault csr --vault myvault --name wabbit-networks-io --out wabbit.csr --subject \\\n    \
                 'CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US'\n  \
                 sealwright vault csr --resume --id https://myvault.vault.azure.net/certificates/wabbit-networks-io",
            )
            .arg(flags::text("out", "path", "file for the request, PEM (default: standard output)"))
            .arg(flags::switch("resume", "write again the request that waits for its CA"))
            .arg(flags::switch(
                "force",
                "throw the request that waits for its CA away, with its key, and begin anew",
            ));
        super::with_certificate(super::with_key(command))
    },
    check: |values| {
        if flags::is_on(values, "resume") && flags::is_on(values, "force") {
            return Err(CliError::FlagGroup(
                "if any flags in the group [resume force] are set none of the others can be; [force resume] were all set"
                    .to_owned(),
            ));
        }
        // the request that waits has its subject and key
        let given = ["subject", "key-type"].map(|flag| flags::text_of(values, flag).is_some());
        if flags::is_on(values, "resume") && given.contains(&true) {
            return Err(CliError::Missing(
                "--resume writes the request that waits, with its own subject and key; another one begins with --force"
                    .to_owned(),
            ));
        }
        super::check_certificate(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let (subject, suite) = (subject_of(values)?, suite_of(values)?);
    let place = Place::of(values);
    let certificate = super::open(values, session, ChainMode::Managed)?;
    let id = certificate.id().unpinned();
    let waiting = super::waiting(&certificate).await?;
    let request = match (waiting, flags::is_on(values, "resume"), flags::is_on(values, "force")) {
        (Some(waiting), true, _) => {
            let request = super::for_ca(waiting)?;
            for rule in certificate.policy().await?.broken_rules() {
                session.streams.warn(&format!(
                    "{rule}; throw the request away and begin anew: {PROGRAM} vault csr --force"
                ));
            }
            request
        }
        (None, true, _) => return Err(VaultError::NothingPending { id }.into()),
        (Some(_), _, false) => return Err(VaultError::Pending { id }.into()),
        (waiting, _, _) => {
            let current = current(&certificate).await?;
            let policy = policy(values, subject, suite, current.as_ref())?;
            if waiting.is_some() {
                certificate.delete_pending().await?;
                place.note(session, "The request that waited was thrown away, with its key")?;
            }
            let made = create(&certificate, &policy).await?;
            let what = match current.and_then(|state| state.id.version().map(str::to_owned)) {
                Some(version) => format!(
                    "{} is there already: this is a new version with a new key; version {version} signs until the CA's answer is merged",
                    id.name()
                ),
                None => format!("A new certificate {} waits for its CA", id.name()),
            };
            place.note(session, &what)?;
            let made = super::for_ca(made)?;
            if !policy.subject.is(CertificationRequest::from_der(&made)?.subject()) {
                session.streams.warn(&format!(
                    "the vault wrote the subject otherwise than it was given: {}",
                    policy.subject.as_str()
                ));
            }
            made
        }
    };
    let request = CertificationRequest::from_der(&request)?;
    place.write(session, &request.pem())?;
    place.note(session, &format!("Subject: {}", request.subject()))?;
    if let Place::File(_) = place {
        place.note(session, &format!("Wrote the request to {}", place.shown()))?;
    }
    place.note(session, "Next: give the request to the CA, then put its answer, with every certificate up to the root, in the vault:")?;
    place.note(
        session,
        &format!("  {PROGRAM} vault merge --id {} <file>...", id.certificate_id()),
    )?;
    Ok(())
}

/// Begins the new version. Where a request waits that was not there before, the answer to a first attempt
/// was lost, or somebody was faster with the same: either way it serves if it is what was asked for.
async fn create(
    certificate: &Certificates,
    policy: &CertificatePolicy,
) -> Result<PendingRequest, BoxFault> {
    let refused = match certificate.create(policy).await {
        Err(refused @ AzureError::RequestPending { .. }) => refused,
        other => return Ok(other?),
    };
    if let Some(waiting) = super::waiting(certificate).await?
        && let Ok(request) = CertificationRequest::from_der(&waiting.request)
        && policy.subject.is(request.subject())
        && Suite::of_public_key(request.public_key()).ok() == Some(policy.suite)
        && certificate.policy().await?.broken_rules().is_empty()
    {
        return Ok(waiting);
    }
    Err(refused.into())
}

/// The version that signs now.
async fn current(certificate: &Certificates) -> Result<Option<CertificateState>, AzureError> {
    Ok(certificate.find().await?.filter(|state| state.leaf.is_some()))
}

fn policy(
    values: &ArgMatches,
    subject: Option<SubjectName>,
    suite: Option<Suite>,
    current: Option<&CertificateState>,
) -> Result<CertificatePolicy, BoxFault> {
    let leaf = current.and_then(|state| state.leaf.as_ref());
    let subject = match (subject, leaf) {
        (Some(subject), _) => subject,
        (None, Some(leaf)) => {
            SubjectName::parse(&leaf.subject().to_string()).map_err(VaultError::Subject)?
        }
        (None, None) => return Err(VaultError::SubjectAbsent.into()),
    };
    let as_before = || leaf.and_then(|leaf| leaf.suite().ok());
    Ok(CertificatePolicy {
        subject,
        suite: suite.or_else(as_before).unwrap_or(DEFAULT_SUITE),
        protection: protection(values, current),
        issuer: Issuer::Ca,
    })
}

/// A key stays in hardware where the current one is.
fn protection(values: &ArgMatches, current: Option<&CertificateState>) -> Protection {
    let before = current.and_then(|state| state.key_type.as_deref());
    match flags::switch_of(values, "hsm") {
        Some(true) => Protection::Hsm,
        None if before.is_some_and(|kind| kind.ends_with("-HSM")) => Protection::Hsm,
        _ => Protection::Software,
    }
}
