//! Registry credentials: given, stores, helpers (reference 9.4).

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

/// A credential and where it came from, for the report (`flags`, `docker config.json`, `docker-credential-pass`, `Entra exchange`).
#[derive(Debug, Clone)]
pub struct Found {
    pub credential: Credential,
    pub source: String,
}

/// Finds the credential for a registry host. Asked at most once per host and command.
#[async_trait::async_trait]
pub trait CredentialSource: Send + Sync {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault>;
}
