//! What a step needs from the rest of the program; the command line wires it.

use crate::fault::BoxFault;
use crate::registry::Reference;
use crate::sign::{Rehearsal, Signed};
use crate::verify::{Outcome, VerifyError};

/// A registry that let us in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    pub registry: String,
    /// Which credential won: `flags`, `docker config.json`, `Entra exchange` and so on.
    pub source: String,
    /// Where it was written and what undoes it; only `command: login` writes.
    pub written: Option<Written>,
}

/// An entry in a credential store that this step wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    pub registry: String,
    pub store: String,
    /// SHA-256 of what was written, so that the clean-up leaves later entries alone.
    pub fingerprint: String,
}

/// A signer that is ready, before the first image is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Lines for the log: which identity, which key version.
    pub notes: Vec<String>,
}

/// The work of a step.
#[async_trait::async_trait]
pub trait Services: Send + Sync {
    /// Opens what all images share: policy and trust store, or identity and signing key.
    async fn prepare(&self) -> Result<Prepared, BoxFault>;

    async fn sign(&self, image: &Reference) -> Result<Signed, BoxFault>;

    async fn rehearse(&self, image: &Reference) -> Result<Rehearsal, BoxFault>;

    async fn verify(&self, image: &Reference) -> Result<Outcome, VerifyError>;

    /// Proves a registry's credential, in memory only.
    async fn log_in(&self, registry: &str) -> Result<LoggedIn, BoxFault>;

    /// The same, and writes docker's configuration.
    async fn log_in_and_store(&self, registry: &str) -> Result<LoggedIn, BoxFault>;

    /// Removes what `log_in_and_store` wrote, unless it is something else by now; tells what it did.
    async fn log_out(&self, written: &Written) -> Result<String, BoxFault>;

    /// Whether a failure only says that no credential exists here (a laptop, a fork, `act`).
    fn lacks_credentials(&self, fault: &dyn crate::fault::Fault) -> bool;
}
