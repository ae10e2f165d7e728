//! What the `vault` commands refuse themselves, before or beside the service.

use crate::azure::{KeyId, SubjectError, pending_request};
use crate::cli::parse::PROGRAM;
use crate::crypto::KeyError;
use crate::fault::Fault;
use crate::x509::ChainError;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("{0}")]
    Subject(SubjectError),
    #[error("a new certificate needs a subject")]
    SubjectAbsent,
    #[error(
        "unsupported key type {0:?}: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521"
    )]
    KeyType(String),
    #[error("months value {given} must be a number from 1 to {most}")]
    Months { given: i64, most: u32 },
    #[error("a certificate request of this name waits for its CA already")]
    Pending { id: KeyId },
    #[error("no certificate request of this name waits for its CA")]
    NothingPending { id: KeyId },
    #[error(
        "the certificate that is being made comes from the issuer {issuer:?}, not from a request"
    )]
    OtherIssuer { issuer: String },
    #[error("{files}: there is no certificate in it")]
    NoCertificate { files: String },
    #[error(
        "none of the {} given has the key of {key}: {}",
        certificates(found.len()),
        quoted(found)
    )]
    NotOfKey { key: &'static str, found: Vec<String> },
    #[error(
        "the chain is not complete: {issuer:?}, which issued {subject:?}, is not among the certificates given"
    )]
    IssuerAbsent { subject: String, issuer: String, again: String },
    #[error("{0}")]
    Chain(ChainError),
    #[error("{file}: there is no private key in it")]
    NoKey { file: String },
    #[error("{files}: there are {found} private keys in it; one is imported")]
    Keys { files: String, found: usize },
    #[error("{file}: {error}")]
    Key { file: String, error: KeyError },
    #[error("{file}: the private key is encrypted")]
    EncryptedKey { file: String },
    #[error("{file}: it needs a password")]
    PasswordAbsent { file: String },
    #[error("{file}: it cannot be opened: {reason}")]
    Pfx { file: String, reason: String },
    #[error(
        "the certificate {id} is issued by {issuer:?}: a self-signed version would sign in its place"
    )]
    IssuedByCa { id: String, issuer: String },
    #[error("the certificate is not there yet: its request waits for its CA")]
    Waiting { id: KeyId },
    #[error("the vault answered another certificate than it was given")]
    Other,
}

impl Fault for VaultError {
    fn code(&self) -> &'static str {
        match self {
            Self::Subject(_) | Self::SubjectAbsent => "cli-vault-subject",
            Self::KeyType(_) => "cli-vault-key-type",
            Self::Months { .. } => "cli-vault-months",
            Self::Pending { .. } => "cli-vault-pending",
            Self::NothingPending { .. } => "cli-vault-nothing-pending",
            Self::OtherIssuer { .. } => "cli-vault-other-issuer",
            Self::NoCertificate { .. } => "cli-vault-no-certificate",
            Self::NotOfKey { .. } => "cli-vault-not-of-key",
            Self::IssuerAbsent { .. } => "cli-vault-issuer-absent",
            Self::Chain(error) => error.code(),
            Self::NoKey { .. } => "cli-vault-no-key",
            Self::Keys { .. } => "cli-vault-several-keys",
            Self::Key { error, .. } => error.code(),
            Self::EncryptedKey { .. } => "cli-vault-encrypted-key",
            Self::PasswordAbsent { .. } => "cli-vault-password-absent",
            Self::Pfx { .. } => "cli-vault-pfx",
            Self::IssuedByCa { .. } => "cli-vault-issued-by-ca",
            Self::Waiting { .. } => "cli-vault-waiting",
            Self::Other => "cli-vault-other-certificate",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Subject(_) | Self::SubjectAbsent => {
                "--subject 'CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US'".to_owned()
            }
            Self::Pending { id } | Self::Waiting { id } => pending_request(id),
            Self::NothingPending { id } => format!(
                "begin with a request: {PROGRAM} vault csr --subject <subject> --id {}",
                id.certificate_id()
            ),
            Self::NotOfKey { key: REQUEST, .. } => {
                "give the certificate that the CA issued for the latest request; each request has a new key"
                    .to_owned()
            }
            Self::NotOfKey { .. } => {
                "give the certificate of this private key, and those above it".to_owned()
            }
            Self::IssuerAbsent { again, .. } => format!(
                "take the certificate of that name from the CA, as PEM, DER or P7B, and give it too:\n{again}"
            ),
            Self::Chain(ChainError::LeftOver { .. } | ChainError::BagTooLarge { .. }) => {
                "leave out the files of the certificates that are left over".to_owned()
            }
            Self::Chain(error) => return error.hint(),
            Self::NoKey { .. } => {
                "give the PFX file, or the PEM file with the private key, beside the certificates"
                    .to_owned()
            }
            Self::Key { error, .. } => return error.hint(),
            Self::EncryptedKey { file } => format!(
                "put key and certificates in a PFX file, which may have a password:\nopenssl pkcs12 -export -inkey {} -in <certificates.pem> -out signing.pfx",
                crate::fault::shell_word(file)
            ),
            Self::PasswordAbsent { .. } => {
                "at a terminal it is asked for; elsewhere set SEALWRIGHT_PFX_PASSWORD, or give --password-stdin"
                    .to_owned()
            }
            Self::Pfx { .. } => "is the password right, and the file a PFX (PKCS#12)?".to_owned(),
            Self::IssuedByCa { .. } => "choose another name for trying out: --name <name>".to_owned(),
            _ => return None,
        })
    }
}

/// What [`VaultError::NotOfKey`] calls the key of a request.
pub const REQUEST: &str = "the pending request";

fn certificates(count: usize) -> String {
    format!("{count} {}", if count == 1 { "certificate" } else { "certificates" })
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}
