//! What goes wrong in Azure, each fact worded once, with the service's own code and message.

use std::net::Ipv4Addr;

use super::{CREDENTIAL_TYPES, ConnectionError, CredentialType, KeyId, Permission, hints};
use crate::fault::Fault;
use crate::http::{HttpError, Response, hint_of_reason};
use crate::x509::{CertificateError, ChainError};

/// Why a vault answered 403, as far as its answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Roles govern the vault (`ForbiddenByRbac`).
    Rbac,
    /// Access policies govern it (`ForbiddenByPolicy`, "does not have … permission").
    AccessPolicy,
    /// A firewall stands before it (`ForbiddenByFirewall`), which saw this address.
    Firewall(Option<Ipv4Addr>),
    /// It answers private endpoints or its network security perimeter alone (`ForbiddenByConnection`,
    /// `ForbiddenByNsp`).
    Network,
    /// The key, secret or certificate is disabled.
    Disabled,
    /// It has expired.
    Expired,
    /// It is not yet active.
    NotYetValid,
    Unknown,
}

/// The message's texts in quotation marks such as `--id` are the ones scripts already know.
#[derive(Debug, thiserror::Error)]
pub enum AzureError {
    #[error("{host:?} is not an Azure Key Vault host")]
    VaultHost { host: String },
    #[error("{host:?} is not an Azure Container Registry host")]
    RegistryHost { host: String },
    #[error("{host:?} is not a storage host of Azure")]
    StorageHost { host: String },
    #[error("{host:?} is not an Entra authority host")]
    AuthorityHost { host: String },
    #[error("{host:?} is not an endpoint of Artifact Signing")]
    SigningHost { host: String },
    #[error("the extra host {entry:?} {problem}")]
    ExtraHosts { entry: String, problem: &'static str },
    #[error("Input passed to \"--id\" must not be empty")]
    KeyIdEmpty,
    #[error(
        "Invalid input passed to \"--id\". Please follow this format to input the ID \"https://<vault-name>.vault.azure.net/certificates/<certificate-name>/[certificate-version]\""
    )]
    KeyIdFormat { id: String },
    #[error("Unsupported key vualt object type {kind}.")]
    KeyIdKind { kind: String },
    #[error("Unsupported scheme {scheme}. The scheme must be https.")]
    KeyIdScheme { scheme: String },
    #[error("{name:?} is no certificate name; one has 1 to 127 letters, digits and hyphens")]
    CertificateName { name: String },

    #[error("Invalid credential type: {found}")]
    CredentialType { found: String },
    #[error("no Azure credential is configured")]
    NoCredential { tried: Vec<String> },
    #[error("the credential {kind} is not configured: {missing}")]
    NotConfigured { kind: CredentialType, missing: String },
    #[error("the credential {kind} failed: {message}")]
    Credential { kind: CredentialType, message: String },
    #[error("this job has no OIDC token for azure-client-id: {variable} is not set")]
    NoOidc { variable: &'static str },
    #[error("act has no OIDC, so azure-client-id cannot be signed in under act")]
    NoOidcUnderAct,
    #[error("the client certificate {path}: {problem}")]
    ClientCertificate { path: String, problem: String },
    #[error(transparent)]
    Connection(#[from] ConnectionError),

    #[error("{what}: {source}")]
    Http { what: &'static str, source: HttpError },
    #[error("the vault refuses {}: {code}: {message}", .permission.name())]
    Forbidden { permission: Permission, code: String, message: String, hint: Option<String> },
    #[error("the vault does not accept the token: {code}: {message}")]
    Unauthorized { code: String, message: String, hint: Option<String> },
    #[error(
        "the vault's challenge asks for a token of {found:?}; tokens of {expected} are all it gets"
    )]
    Challenge { found: String, expected: &'static str },
    #[error("the vault has no {object}: {code}: {message}")]
    NotFound { object: String, code: String, message: String, hint: Option<String> },
    #[error("the vault holds a deleted certificate of this name: {message}")]
    NameDeleted { key: Box<KeyId>, message: String },
    #[error("a certificate request of this name waits for its CA: {message}")]
    RequestPending { key: Box<KeyId>, message: String },
    #[error("the vault did not make the certificate: {code}: {message}")]
    NotMade { code: String, message: String },
    #[error("the vault answers {status}: {code}: {message}")]
    Vault { status: u16, code: String, message: String },
    #[error("the vault's answer to {request} is not usable: {problem}")]
    Answer { request: &'static str, problem: String },
    #[error(
        "Invalid key identifier. User required {wanted} does not match {answered} in response. Please ensure the provided key identifier is correct."
    )]
    KeyMismatch { wanted: String, answered: String },

    #[error("Unsupported secret content type: {found}")]
    SecretContentType { found: String },
    #[error("the secret of {key} cannot be read as {format}: {problem}")]
    Secret { key: String, format: &'static str, problem: String },
    #[error("No certificate found in {place}")]
    NoCertificate { place: String },
    #[error(
        "Only obtained one certificate but it is not a self-signed certificate. Please complete the certificate bundle by `ca_certs` through plugin config."
    )]
    ChainMissing,
    #[error(
        "the secret of {key} holds {found} certificates that could be the signing certificate; one is needed"
    )]
    Leaf { key: String, found: usize },
    #[error("the certificate of {key} is not in its own secret")]
    LeafNotInSecret { key: String },
    #[error(
        "Self-signed certificate is specified. Please do not specify the `ca_certs` parameter if it is a self-signed certificate."
    )]
    SelfSignedWithCaCerts,
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("ca_certs: {0}")]
    CaCerts(CertificateError),
    #[error(transparent)]
    Chain(#[from] ChainError),

    #[error("{host} refuses to exchange the Entra token: {status}: {code}: {message}")]
    Exchange { host: String, status: u16, code: String, message: String, hint: Option<String> },
}

impl AzureError {
    /// The service's own code, such as `Forbidden` or `CertificateNotFound`; `ERROR` where none was given.
    pub fn service_code(&self) -> &str {
        match self {
            Self::Forbidden { code, .. }
            | Self::Unauthorized { code, .. }
            | Self::NotFound { code, .. }
            | Self::Vault { code, .. }
            | Self::Exchange { code, .. } => code,
            _ => NO_CODE,
        }
    }

    /// The service's own message beside that code.
    pub fn service_message(&self) -> Option<&str> {
        let message = match self {
            Self::Forbidden { message, .. }
            | Self::Unauthorized { message, .. }
            | Self::NotFound { message, .. }
            | Self::Vault { message, .. }
            | Self::Exchange { message, .. } => message,
            _ => return None,
        };
        Some(message.as_str()).filter(|message| !message.is_empty())
    }
}

impl Fault for AzureError {
    fn code(&self) -> &'static str {
        match self {
            Self::VaultHost { .. } => "azure-vault-host",
            Self::RegistryHost { .. } => "azure-registry-host",
            Self::StorageHost { .. } => "azure-storage-host",
            Self::AuthorityHost { .. } => "azure-authority-host",
            Self::SigningHost { .. } => "azure-artifact-signing-endpoint",
            Self::ExtraHosts { .. } => "azure-extra-hosts",
            Self::KeyIdEmpty
            | Self::KeyIdFormat { .. }
            | Self::KeyIdKind { .. }
            | Self::KeyIdScheme { .. } => "azure-key-id",
            Self::CertificateName { .. } => "azure-certificate-name",
            Self::CredentialType { .. } => "azure-credential-type",
            Self::NoCredential { .. } => "azure-no-credential",
            Self::NotConfigured { .. } => "azure-credential-not-configured",
            Self::Credential { .. } => "azure-credential-failed",
            Self::NoOidc { .. } => "azure-oidc-permission",
            Self::NoOidcUnderAct => "azure-oidc-act",
            Self::ClientCertificate { .. } => "azure-client-certificate",
            Self::Connection(error) => error.code(),
            Self::Http { source, .. } => source.code(),
            Self::Forbidden { .. } => "azure-vault-forbidden",
            Self::Unauthorized { .. } => "azure-vault-unauthorized",
            Self::Challenge { .. } => "azure-vault-challenge",
            Self::NotFound { .. } => "azure-vault-not-found",
            Self::NameDeleted { .. } => "azure-vault-name-deleted",
            Self::RequestPending { .. } => "azure-vault-request-pending",
            Self::NotMade { .. } => "azure-vault-not-made",
            Self::Vault { .. } => "azure-vault-request",
            Self::Answer { .. } => "azure-vault-answer",
            Self::KeyMismatch { .. } => "azure-key-mismatch",
            Self::SecretContentType { .. } => "azure-secret-content-type",
            Self::Secret { .. } => "azure-secret-malformed",
            Self::NoCertificate { .. } => "azure-no-certificate",
            Self::ChainMissing => "azure-chain-missing",
            Self::Leaf { .. } => "azure-leaf-unclear",
            Self::LeafNotInSecret { .. } => "azure-leaf-not-in-secret",
            Self::SelfSignedWithCaCerts => "azure-self-signed-with-ca-certs",
            Self::Certificate(error) | Self::CaCerts(error) => error.code(),
            Self::Chain(error) => error.code(),
            Self::Exchange { .. } => "azure-registry-exchange",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::NoCredential { tried } => tried.clone(),
            Self::NoOidc { .. } => {
                vec!["a job without that permission, or of a fork's pull request, gets none".into()]
            }
            Self::Connection(error) => error.because(),
            Self::KeyIdFormat { id } => vec![format!("the id is {id:?}")],
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::VaultHost { .. } => {
                "a vault is https://<vault-name>.vault.azure.net; name a private cloud's own with azure-extra-hosts vault=HOST:PORT"
            }
            Self::RegistryHost { .. } => {
                "a registry is <registry-name>.azurecr.io; name a private cloud's own with azure-extra-hosts registry=HOST:PORT"
            }
            Self::StorageHost { .. } => {
                "uploads and logs go to <account>.blob.core.windows.net; name a private cloud's own with azure-extra-hosts storage=HOST:PORT"
            }
            Self::AuthorityHost { .. } => {
                "unset AZURE_AUTHORITY_HOST; name a private cloud's own with azure-extra-hosts authority=HOST:PORT"
            }
            Self::SigningHost { .. } => {
                "an endpoint is https://<region>.codesigning.azure.net, the account's `accountUri`; name a private cloud's own with azure-extra-hosts artifact-signing=HOST:PORT"
            }
            Self::ExtraHosts { .. } => {
                "write vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT,artifact-signing=HOST:PORT,management=HOST:PORT,storage=HOST:PORT"
            }
            Self::KeyIdEmpty
            | Self::KeyIdFormat { .. }
            | Self::KeyIdKind { .. }
            | Self::KeyIdScheme { .. } => {
                "az keyvault certificate show -n <certificate-name> --vault-name <vault-name> --query kid -o tsv"
            }
            Self::CertificateName { .. } => {
                "az keyvault certificate list --vault-name <vault-name> --query '[].name' -o tsv"
            }
            Self::CredentialType { .. } => {
                return Some(format!(
                    "use one of {}",
                    CREDENTIAL_TYPES.map(CredentialType::name).join(", ")
                ));
            }
            Self::NoCredential { .. } => "az login",
            Self::NoOidc { .. } => "give the job `permissions: id-token: write`",
            Self::NoOidcUnderAct => {
                "set AZURE_CLIENT_SECRET, or set ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN to those of `sealwright lab`"
            }
            Self::Credential { kind, message } => {
                let unreached = hint_of_reason(message).map(str::to_owned);
                return unreached.or_else(|| credential_hint(*kind, self));
            }
            Self::NotConfigured { kind: CredentialType::AzureCli, .. } => {
                "install the Azure CLI (https://aka.ms/azure-cli), then: az login"
            }
            Self::NotConfigured { kind, .. } => return credential_hint(*kind, self),
            Self::SecretContentType { .. } | Self::ChainMissing | Self::Leaf { .. } => {
                "put the chain's certificates, root included, in a PEM file and give it: --plugin-config ca_certs=<file>"
            }
            Self::Secret { .. } => {
                "give the chain's certificates in a PEM file: --plugin-config ca_certs=<file>"
            }
            Self::Forbidden { hint, .. }
            | Self::Unauthorized { hint, .. }
            | Self::NotFound { hint, .. }
            | Self::Exchange { hint, .. } => return hint.clone(),
            Self::NameDeleted { key, .. } => return Some(hints::deleted_name(key)),
            Self::RequestPending { key, .. } => return Some(hints::pending_request(key)),
            Self::Connection(error) => return error.hint(),
            Self::Http { source, .. } => return source.hint(),
            Self::CaCerts(_) => {
                "give the chain's certificates, root included, as PEM: --plugin-config ca_certs=<file>"
            }
            Self::Certificate(error) => return error.hint(),
            Self::Chain(error) => return error.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn credential_hint(kind: CredentialType, error: &AzureError) -> Option<String> {
    let text = error.to_string();
    let known = ENTRA_HINTS.iter().find(|(code, _)| text.contains(code)).map(|(_, hint)| *hint);
    let hint = known.unwrap_or(match kind {
        CredentialType::Environment => {
            "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)"
        }
        CredentialType::WorkloadId => {
            "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE"
        }
        CredentialType::ManagedId => "az vm identity show -g <resource-group> -n <machine>",
        CredentialType::AzureCli => "az login",
        CredentialType::GitHub => {
            "give the job `permissions: id-token: write`, and the step azure-client-id and azure-tenant-id"
        }
        CredentialType::AzurePipelines => {
            "give the task `azure-subscription`, an Azure Resource Manager service connection that this pipeline may use"
        }
    });
    Some(hint.to_owned())
}

/// Entra's error codes that one command answers (learn.microsoft.com, "Microsoft Entra authentication
/// and authorization error codes").
const ENTRA_HINTS: [(&str, &str); 6] = [
    (
        "AADSTS7000215",
        "az ad app credential reset --id \"$AZURE_CLIENT_ID\" (the client secret is wrong)",
    ),
    (
        "AADSTS7000222",
        "az ad app credential reset --id \"$AZURE_CLIENT_ID\" (the client secret has expired)",
    ),
    (
        "AADSTS700016",
        "az ad app show --id \"$AZURE_CLIENT_ID\" (the application is not in this tenant)",
    ),
    (
        "AADSTS700027",
        "az ad app credential list --id \"$AZURE_CLIENT_ID\" --cert (the certificate is not registered)",
    ),
    ("AADSTS700024", "get a new federated token: the one given has expired"),
    (
        "AADSTS70021",
        "az ad app federated-credential list --id \"$AZURE_CLIENT_ID\" (issuer, subject or audience differ)",
    ),
];

/// Stands where a service gives no code.
pub(super) const NO_CODE: &str = "ERROR";

/// The body of a refusal, fit for one line. Of an answer that is none nothing is shown: a token or a
/// private key may be in it.
pub(super) fn refusal_text(answer: &Response) -> String {
    match answer.status.is_client_error() || answer.status.is_server_error() {
        true => one_line(&String::from_utf8_lossy(&answer.body)),
        false => format!("an answer of {} bytes that was not expected", answer.body.len()),
    }
}

/// Text of a service fit for one line: white space joined, cut at 600 characters.
pub(super) fn one_line(text: &str) -> String {
    /// longest message seen of Key Vault and Entra: about 500 characters
    const LIMIT: usize = 600;
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &joined[..end]),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_text_is_one_capped_line() {
        assert_eq!(one_line("a\r\n  b\tc"), "a b c");
        let long = one_line(&"\u{e4}".repeat(100_000));
        assert_eq!(long.chars().count(), 601);
    }

    #[test]
    fn entra_codes_have_their_own_hints() {
        let error = |message: &str| AzureError::Credential {
            kind: CredentialType::Environment,
            message: message.into(),
        };
        assert!(error("AADSTS7000215: x").hint().unwrap().contains("credential reset"));
        assert!(error("AADSTS70021: x").hint().unwrap().contains("federated-credential"));
        assert!(error("POST x: TLS: UnknownIssuer").hint().unwrap().contains("SSL_CERT_FILE"));
        assert!(error("POST x: the time limit is over").hint().unwrap().contains("--timeout"));
        assert!(error("something").hint().unwrap().contains("AZURE_CLIENT_SECRET"));
    }
}
