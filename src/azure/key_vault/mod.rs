//! Signing with a key in Azure Key Vault: the certificate's chain, and the key that never leaves.
//! Also a vault's certificate alone, to be trusted.

mod chain;
mod client;
mod key_id;
mod probe;
mod public;
mod signer;

#[cfg(test)]
mod tests;

pub use key_id::KeyId;
pub use probe::{FoundCertificate, FoundSecret, VaultProbe};
pub use public::{PublicCertificate, public_certificate};
pub use signer::{ChainSource, KeyVaultOptions, KeyVaultSigner};
