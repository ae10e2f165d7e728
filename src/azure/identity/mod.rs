//! Who am I: Entra credentials, tried in the article's order, and their tokens.

mod az;
mod certificate;
mod chain;
mod entra;
mod github;
mod managed;
mod pipelines;
mod token;

pub use az::azure_cli_version;
pub use chain::{Identity, IdentityOptions};
pub use github::{Listener, NamedIdentity};
pub(super) use token::is_guid;
pub use token::{Audience, Principal, PrincipalKind, Service, Token, TokenSource};

use super::AzureError;

/// The ways to sign in: the four of azure-kv, and those of a GitHub job and of Azure Pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialType {
    Environment,
    WorkloadId,
    ManagedId,
    AzureCli,
    /// The OIDC token of a GitHub job, for the application that the step's inputs name.
    GitHub,
    /// A service connection of Azure Pipelines.
    AzurePipelines,
}

/// The four, in the order in which they are tried by default.
pub const CREDENTIAL_TYPES: [CredentialType; 4] = [
    CredentialType::Environment,
    CredentialType::WorkloadId,
    CredentialType::ManagedId,
    CredentialType::AzureCli,
];

impl CredentialType {
    /// Parses the value of `credential_type`; case does not matter.
    pub fn parse(text: &str) -> Result<Self, AzureError> {
        let lower = text.to_lowercase();
        CREDENTIAL_TYPES
            .into_iter()
            .chain([CredentialType::GitHub, CredentialType::AzurePipelines])
            .find(|kind| kind.name() == lower)
            .ok_or(AzureError::CredentialType { found: lower })
    }

    /// As `credential_type` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::WorkloadId => "workloadid",
            Self::ManagedId => "managedid",
            Self::AzureCli => "azurecli",
            Self::GitHub => "github",
            Self::AzurePipelines => "azurepipelines",
        }
    }
}

impl std::fmt::Display for CredentialType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One configured credential. It keeps no token: the chain does.
#[async_trait::async_trait]
trait Credential: Send + Sync {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError>;

    /// For the report: `environment (client secret)`.
    fn describe(&self) -> String;
}

#[cfg(test)]
mod certificate_tests;
#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod github_tests;
#[cfg(test)]
mod managed_tests;
#[cfg(test)]
mod pipelines_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn credential_types_are_the_articles_four_and_those_of_two_ci_systems() {
        for (text, kind) in [
            ("environment", CredentialType::Environment),
            ("WorkloadId", CredentialType::WorkloadId),
            ("MANAGEDID", CredentialType::ManagedId),
            ("azurecli", CredentialType::AzureCli),
            ("GitHub", CredentialType::GitHub),
            ("AzurePipelines", CredentialType::AzurePipelines),
        ] {
            assert_eq!(CredentialType::parse(text).unwrap(), kind);
        }
        for text in ["", "AzurePowerShell", "environment "] {
            let error = CredentialType::parse(text).unwrap_err();
            assert_eq!(error.code(), "azure-credential-type");
            assert_eq!(
                error.to_string(),
                format!("Invalid credential type: {}", text.to_lowercase())
            );
            assert_eq!(
                error.hint().unwrap(),
                "use one of environment, workloadid, managedid, azurecli"
            );
        }
    }
}
