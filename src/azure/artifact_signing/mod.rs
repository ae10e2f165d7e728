//! Signing with Azure Artifact Signing (formerly Trusted Signing): a certificate profile whose
//! certificates last 72 hours, and whose keys sign in operations that are asked for and then followed.
//!
//! The REST API is the published one (azure-rest-api-specs, specification/codesigning/data-plane).

mod certificates;
mod client;
mod error;
mod operation;
mod profile;
mod signer;
#[cfg(test)]
mod tests;

pub use error::ArtifactSigningError;
pub use profile::CertificateProfile;
pub use signer::ArtifactSigner;
