//! Notation's plugin protocol, contract 1.0 (plugin-extensibility.md): what is asked, what is
//! answered, and the two traits behind which plugins stand.

mod error;
mod host;
mod install;
mod name;
mod process;
mod program;
mod protocol;
mod signer;

pub use error::{PluginError, platform};
pub use host::PluginDir;
pub use install::{
    Checksum, Copied, Existing, InstallError, Installed, SIZE_LIMIT, Source, SourceFile, Staging,
    check_file, install, stage_file, uninstall,
};
pub use name::PluginName;
pub use process::ProcessGroup;
pub use program::ProgramPlugin;
pub use protocol::{
    CONTRACT_VERSION, Capability, CriticalAttributes, DescribeKeyRequest, DescribeKeyResponse,
    GenerateEnvelopeRequest, GenerateEnvelopeResponse, GenerateSignatureRequest,
    GenerateSignatureResponse, Metadata, MetadataRequest, PluginConfig, PolicySection,
    SignatureSection, VerificationResult, VerifySignatureRequest, VerifySignatureResponse,
};
pub use signer::{PluginSignerError, check_signs, open_signer};

use std::sync::Arc;

/// How the names of folders begin that are no plugin yet, or none any more.
const STAGING: &str = ".sealwright-";

/// One plugin, asked over its protocol. What it answers is checked for shape only: whether a
/// signature or an envelope is any good is for the caller to prove.
#[async_trait::async_trait]
pub trait Plugin: Send + Sync {
    fn name(&self) -> &PluginName;

    /// `get-plugin-metadata`: answered by a plugin of this name that knows [`CONTRACT_VERSION`].
    async fn metadata(&self, config: &PluginConfig) -> Result<Metadata, PluginError>;

    /// `describe-key`: the answer names the key that was asked for.
    async fn describe_key(
        &self,
        request: &DescribeKeyRequest,
    ) -> Result<DescribeKeyResponse, PluginError>;

    /// `generate-signature`: the answer names the key that was asked for.
    async fn generate_signature(
        &self,
        request: &GenerateSignatureRequest,
    ) -> Result<GenerateSignatureResponse, PluginError>;

    /// `generate-envelope`: the answer is of the type that was asked for.
    async fn generate_envelope(
        &self,
        request: &GenerateEnvelopeRequest,
    ) -> Result<GenerateEnvelopeResponse, PluginError>;

    /// `verify-signature`: the answer has a result for every capability that was asked for.
    async fn verify_signature(
        &self,
        request: &VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, PluginError>;
}

/// The plugins there are.
#[async_trait::async_trait]
pub trait Plugins: Send + Sync {
    /// The plugin of this name; it is found, not run.
    async fn find(&self, name: &PluginName) -> Result<Arc<dyn Plugin>, PluginError>;
}
