//! Registry credentials: given, stores, helpers (docker's "Credential stores" and "Credential helper protocol").

mod credential_helper;
mod error;
mod server;
mod sources;
mod stores;

pub use credential_helper::{Helper, HelperName, HelperRequest, ProcessHelper};
pub use error::{CredentialError, HelperError};
pub use server::ServerAddress;
pub use sources::{Chain, Given};
pub use stores::{ACR_USER, Place, Stores};

use crate::fault::BoxFault;
use crate::secret::Secret;

/// What authenticates to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    Anonymous,
    Basic {
        username: String,
        password: Secret,
    },
    /// An identity or refresh token, exchanged at the realm.
    RefreshToken(Secret),
    /// A bearer token used as it is.
    AccessToken(Secret),
}

impl Credential {
    /// What a user name and a password given by hand mean: a password alone is a token, neither is
    /// nothing.
    pub fn given(username: &str, password: Secret) -> Option<Self> {
        match (username, password.is_empty()) {
            ("", true) => None,
            ("", false) => Some(Credential::RefreshToken(password)),
            _ => Some(Credential::Basic { username: username.to_owned(), password }),
        }
    }
}

/// A credential and where it came from, for the report (`flags`, `docker config.json`,
/// `docker-credential-pass`, `Entra exchange`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub credential: Credential,
    pub source: String,
}

/// Finds the credential for a registry host. Asked at most once per host and command.
#[async_trait::async_trait]
pub trait CredentialSource: Send + Sync {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault>;
}
