//! What is wrong with a service connection, and what to do about it.

use super::ConnectionName;
use crate::fault::Fault;

/// Each names the connection by the input and the id it has there.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error("this step was not given the service connection {} of `{}`", quoted(.connection), .connection.input)]
    NotGiven { connection: ConnectionName },
    #[error(
        "the service connection {} of `{}` has the scheme {found:?}; expected {expected}",
        quoted(.connection), .connection.input
    )]
    Scheme { connection: ConnectionName, found: String, expected: &'static str },
    #[error(
        "the service connection {} of `{}` (scheme {scheme}) has no {parameter}",
        quoted(.connection), .connection.input
    )]
    Parameter { connection: ConnectionName, parameter: &'static str, scheme: String },
    #[error(
        "the service connection {} of `{}` is of the environment {found:?}; known are AzureCloud, AzureUSGovernment and AzureChinaCloud",
        quoted(.connection), .connection.input
    )]
    Cloud { connection: ConnectionName, found: String },
    #[error(
        "the service connection {} of `{}` names {found:?}, which is not an Entra authority host",
        quoted(.connection), .connection.input
    )]
    Authority { connection: ConnectionName, found: String },
    #[error(
        "the service connection {} of `{}` names the registry {found:?}, {problem}",
        quoted(.connection), .connection.input
    )]
    Registry { connection: ConnectionName, found: String, problem: &'static str },
    #[error(
        "Azure DevOps cannot be asked for a token of the service connection {}: {variable} is not set",
        quoted(.connection)
    )]
    NoOidc { connection: ConnectionName, variable: &'static str },
    #[error("the idToken that AzureCLI@2 left in the environment has expired; it lives 10 minutes")]
    IdTokenOver,
}

impl Fault for ConnectionError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotGiven { .. } => "azure-connection-not-given",
            Self::Scheme { .. } => "azure-connection-scheme",
            Self::Parameter { .. } => "azure-connection-parameter",
            Self::Cloud { .. } => "azure-connection-cloud",
            Self::Authority { .. } => "azure-connection-authority",
            Self::Registry { .. } => "azure-connection-registry",
            Self::NoOidc { .. } => "azure-connection-oidc",
            Self::IdTokenOver => "azure-connection-id-token",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::NotGiven { .. } => {
                vec!["the agent gives a step the connections of its own inputs only".into()]
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotGiven { connection } => {
                return Some(format!(
                    "name the connection in the task's own input `{}`, and let the pipeline use it: Project settings, Service connections, Security",
                    connection.input
                ));
            }
            Self::Scheme { .. } => {
                "az devops service-endpoint list --query \"[].{name:name, type:type, scheme:authorization.scheme}\" -o table"
            }
            Self::Parameter { connection, .. } => {
                return Some(format!(
                    "az devops service-endpoint show --id {} --query authorization.parameters",
                    crate::fault::shell_word(&connection.id)
                ));
            }
            Self::Cloud { .. } => {
                "say which one it is: azure-cloud: public, usgovernment or china; for a private cloud give the connection its authority and name that host with azure-extra-hosts authority=HOST:PORT"
            }
            Self::Authority { .. } => {
                "name a private cloud's own with azure-extra-hosts authority=HOST:PORT"
            }
            Self::Registry { .. } => {
                "az devops service-endpoint list --query \"[?type=='dockerregistry'].{name:name, registry:authorization.parameters.registry, acr:authorization.parameters.loginserver}\" -o table"
            }
            Self::NoOidc { variable, .. } => match *variable {
                crate::env::name::SYSTEM_OIDCREQUESTURI => {
                    "run the step in a job of Azure Pipelines, and hand the variable on where a script or container drops it: env: SYSTEM_OIDCREQUESTURI: $(System.OidcRequestUri)"
                }
                _ => {
                    "give the step the job's token: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"
                }
            },
            Self::IdTokenOver => {
                "give the task `azure-subscription`, or a script env: SYSTEM_ACCESSTOKEN: $(System.AccessToken); either gets a new token for each exchange"
            }
        };
        Some(text.to_owned())
    }
}

/// An id comes from an input, so whatever it holds stays inside its quotes.
fn quoted(connection: &ConnectionName) -> String {
    format!("{:?}", connection.id)
}
