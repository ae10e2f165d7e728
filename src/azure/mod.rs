//! Azure: who am I (Entra), the signers of Key Vault and Artifact Signing, Key Vault's certificates, the ACR
//! token exchange, builds in a registry.
//!
//! Tokens go to hosts of one anchored table only (`hosts`); `ExtraHosts` admits private clouds and
//! labs, exactly as named. The exchanges with Entra are azure_identity's, over the command's own
//! HTTP client, so that its retries, limits and deadline hold there too. Managed identity is this
//! room's own: the environment is a parameter here, Cloud Shell counts, and a machine outside Azure
//! must not wait for a metadata service that is not there. So are service connections of Azure Pipelines:
//! azure_identity would read the process's environment and ask without these rules.

mod acr;
mod artifact_signing;
mod connection;
mod error;
mod extra_hosts;
mod hints;
mod hosts;
mod identity;
mod key_vault;
mod leaf;
mod pem;
mod tasks;
#[cfg(test)]
mod testing;

pub use acr::AcrCredentials;
pub use artifact_signing::{ArtifactSigner, ArtifactSigningError, CertificateProfile};
pub use connection::{ConnectionError, ConnectionName, RegistryConnection, ServiceConnection};
pub use error::{AzureError, Refusal};
pub use extra_hosts::ExtraHosts;
pub use hints::{
    ChainMode, Permission, Wanted, build_hint, pending_request, registry_hint, signing_hint,
    vault_hint,
};
pub use hosts::{
    AuthorityHost, CLOUDS, Cloud, ManagementHost, RegistryHost, SigningHost, StorageHost,
    VaultHost, full_registry_name,
};
pub use identity::{
    Audience, CREDENTIAL_TYPES, CredentialType, Identity, IdentityOptions, Listener, NamedIdentity,
    Principal, PrincipalKind, Service, Token, TokenSource, azure_cli_version,
};
pub use key_vault::{
    CertificatePolicy, CertificateState, Certificates, ChainSource, FoundCertificate, FoundSecret,
    Issuer, KeyId, KeyVaultOptions, KeyVaultSigner, PendingRequest, PolicyState, Protection,
    PublicCertificate, Status, SubjectError, SubjectName, VaultProbe, VersionState,
    public_certificate,
};
pub use tasks::{
    BuildRequest, BuiltImage, ImageName, Logs, ManagedRegistry, Packed, Place, Platform, Progress,
    RunId, Source, Tasks, TasksError, pack, registry_name,
};
