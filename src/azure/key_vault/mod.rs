//! Signing with a key in Azure Key Vault: the certificate's chain, and the key that never leaves.
//! Also a vault's certificate alone, to be trusted, and certificates made, merged, imported and shown.

mod certificates;
mod chain;
mod client;
mod key_id;
mod policy;
mod probe;
mod public;
mod refusal;
mod signer;
mod state;

#[cfg(test)]
mod tests;

pub use certificates::Certificates;
pub use key_id::KeyId;
pub use policy::{CertificatePolicy, Issuer, Protection, SubjectError, SubjectName};
pub use probe::{FoundCertificate, FoundSecret, VaultProbe};
pub use public::{PublicCertificate, public_certificate};
pub use signer::{ChainSource, KeyVaultOptions, KeyVaultSigner};
pub use state::{CertificateState, PendingRequest, PolicyState, Status, VersionState};
