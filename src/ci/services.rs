//! What a step needs from the rest of the program; the command line wires it.

use std::path::PathBuf;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::report::CredentialsReport;
use crate::batch::{Member, Once};
use crate::credentials::Credential;
use crate::doctor::Finding;
use crate::fault::{BoxFault, Fault};
use crate::registry::Reference;
use crate::sign::{Rehearsal, SignError};
use crate::verify::{Outcome, VerifyError};

/// A registry that let us in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    pub registry: String,
    /// Which credential won: `inputs`, `docker config.json`, `Entra exchange` and so on.
    pub source: String,
}

/// A credential that its registry accepted, to be written by `command: login`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub entry: Written,
    pub source: String,
    pub credential: Credential,
    pub presence: Presence,
}

/// Whether the very same credential is in the store before this step writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Absent,
    Present,
}

/// An entry in a credential store that this step writes, and where the store is: a later step may
/// move `NOTATION_CONFIG` or `DOCKER_CONFIG` for the rest of the job.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    pub registry: String,
    /// SHA-256 of what is written, so that the clean-up leaves other entries alone.
    pub fingerprint: String,
    pub notation_config: PathBuf,
    pub docker_config: PathBuf,
}

/// Which key and credentials an image was worked on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The vault key with the version that signs, or the name in signingkeys.json.
    pub key: Option<String>,
    pub credentials: CredentialsReport,
}

/// Comes back when the job is cancelled, with the name of the signal.
pub type Cancelled = Shared<BoxFuture<'static, &'static str>>;

/// The work of a step.
#[async_trait::async_trait]
pub trait Services: Send + Sync {
    /// Reads what all images share: the policy, or which key signs.
    async fn prepare(&self) -> Result<(), BoxFault>;

    /// The image by digest; its tag is asked for here and nowhere else.
    async fn resolve(&self, image: &Reference) -> Result<Reference, BoxFault>;

    /// The image and every manifest below it; what is found is not fetched again.
    async fn expand(&self, image: &Reference) -> Result<Vec<Member>, BoxFault>;

    /// Unless a signature that is there already will do.
    async fn sign(&self, image: &Reference) -> Result<Once, SignError>;

    async fn rehearse(&self, image: &Reference) -> Result<Rehearsal, SignError>;

    async fn verify(&self, image: &Reference) -> Result<Outcome, VerifyError>;

    /// Every check of `doctor`; nothing is written.
    async fn examine(&self, image: Option<&Reference>) -> Result<Vec<Finding>, BoxFault>;

    /// What was used for the image so far.
    fn provenance(&self, image: &Reference) -> Provenance;

    /// How many requests were answered 429 so far.
    fn throttled(&self) -> u64;

    /// The end of the job before the step's; by default there is none.
    fn cancelled(&self) -> Cancelled {
        std::future::pending().boxed().shared()
    }

    /// Proves a registry's credential, in memory only.
    async fn log_in(&self, registry: &str) -> Result<LoggedIn, BoxFault>;

    /// Proves a registry's credential that is to be written.
    async fn prove_login(&self, registry: &str) -> Result<Login, BoxFault>;

    /// Writes docker's configuration, or what it names as its store; tells where.
    async fn store_login(&self, login: &Login) -> Result<String, BoxFault>;

    /// Whether a failure at this registry only says that no credential exists here (a laptop, a
    /// fork, `act`).
    fn lacks_credentials(&self, registry: &str, fault: &dyn Fault) -> bool;
}

/// The end of the job.
#[async_trait::async_trait]
pub trait LogOut: Send + Sync {
    /// Removes what `store_login` wrote, unless it is something else by now; tells what it did.
    async fn log_out(&self, written: &Written) -> Result<String, BoxFault>;
}
