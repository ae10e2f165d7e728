//! Azure: who am I (Entra), the Key Vault signer, the ACR token exchange, builds in a registry.
//!
//! Tokens go to hosts of one anchored table only (`hosts`); `ExtraHosts` admits private clouds and
//! labs, exactly as named. The exchanges with Entra are azure_identity's, over the command's own
//! HTTP client, so that its retries, limits and deadline hold there too. Managed identity is this
//! room's own: the environment is a parameter here, Cloud Shell counts, and a machine outside Azure
//! must not wait for a metadata service that is not there. So are service connections of Azure Pipelines:
//! azure_identity would read the process's environment and ask without these rules.

mod acr;
mod connection;
mod error;
mod extra_hosts;
mod hints;
mod hosts;
mod identity;
mod key_vault;
mod pem;
mod tasks;
#[cfg(test)]
mod testing;

pub use acr::AcrCredentials;
pub use connection::{ConnectionError, ConnectionName, RegistryConnection, ServiceConnection};
pub use error::{AzureError, Refusal};
pub use extra_hosts::ExtraHosts;
pub use hints::{ChainMode, Permission, Wanted, build_hint, registry_hint, vault_hint};
pub use hosts::{
    AuthorityHost, CLOUDS, Cloud, ManagementHost, RegistryHost, StorageHost, VaultHost,
    full_registry_name,
};
pub use identity::{
    Audience, CREDENTIAL_TYPES, CredentialType, Identity, IdentityOptions, Listener, NamedIdentity,
    Principal, PrincipalKind, Service, Token, TokenSource,
};
pub use key_vault::{
    ChainSource, KeyId, KeyVaultOptions, KeyVaultSigner, PublicCertificate, public_certificate,
};
pub use tasks::{
    BuildRequest, BuiltImage, ImageName, Logs, ManagedRegistry, Packed, Place, Platform, Progress,
    RunId, Source, Tasks, TasksError, pack, registry_name,
};
