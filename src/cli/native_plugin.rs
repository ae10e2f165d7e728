//! The plugins that are built in.

use crate::plugin::{Metadata, metadata_of_raw_signer};

/// A plugin whose work this program does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NativePlugin {
    pub name: &'static str,
    pub description: &'static str,
    /// Of the plugin whose behaviour it has.
    pub version: &'static str,
    pub url: &'static str,
}

/// Keys in Azure Key Vault.
pub const AZURE_KV: NativePlugin = NativePlugin {
    name: "azure-kv",
    description: "Notation Azure Key Vault plugin",
    version: "1.2.1",
    url: "https://github.com/Azure/notation-azure-kv",
};

impl NativePlugin {
    /// What it says of itself where it is served.
    pub fn metadata(&self) -> Metadata {
        metadata_of_raw_signer(self.name, self.description, self.version, self.url)
    }
}
