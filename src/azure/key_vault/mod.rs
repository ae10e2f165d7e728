//! Signing with a key in Azure Key Vault: the certificate's chain, and the key that never leaves.

mod chain;
mod client;
mod key_id;
mod signer;

#[cfg(test)]
mod tests;

pub use key_id::KeyId;
pub use signer::{ChainSource, KeyVaultOptions, KeyVaultSigner};
