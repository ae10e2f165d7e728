//! Why a plugin's key does not sign.

use crate::fault::{Fault, excerpt};
use crate::plugin::PluginError;
use crate::x509::{CertificateError, ChainError};

/// most characters quoted of a plugin's answer
const QUOTED: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum PluginSignerError {
    #[error("keyID not specified")]
    NoKeyId,
    #[error("plugin does not have signing capabilities")]
    NoSigner,
    #[error("{preface}: {error}")]
    Failed { preface: String, error: Box<PluginSignerError> },
    /// The plugin could not be asked, or would not.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The same of a question about this key.
    #[error("{error}")]
    Refused { key_id: String, error: PluginError },
    #[error("plugin failed to sign with following error: {error}")]
    RefusedEnvelope { key_id: String, error: PluginError },
    #[error("unknown key spec {:?}", excerpt(found, QUOTED))]
    KeySpec { found: String },
    #[error("{member} in the plugin's answer is not base64")]
    Base64 { member: &'static str },
    #[error("malformed certificate at position {index} of the plugin's certificate chain")]
    Certificate { index: usize, source: CertificateError },
    #[error("certificate-chain is invalid, {0}")]
    Chain(#[from] ChainError),
    #[error(
        "the plugin described the key as {described}, but its certificate is for {certificate}"
    )]
    Suite { described: &'static str, certificate: &'static str },
    #[error("generated signature failed verification: signature is invalid")]
    Signature,
    #[error("the plugin {plugin} makes envelopes for images only, no signatures")]
    EnvelopesOnly { plugin: String },
}

impl Fault for PluginSignerError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoKeyId => "plugin-key-id-missing",
            Self::NoSigner => "plugin-no-signer",
            Self::Failed { error, .. } => error.code(),
            Self::Plugin(error)
            | Self::Refused { error, .. }
            | Self::RefusedEnvelope { error, .. } => error.code(),
            Self::KeySpec { .. } => "plugin-key-spec",
            Self::Base64 { .. } => "plugin-answer-base64",
            Self::Certificate { .. } => "plugin-certificate-malformed",
            Self::Chain(error) => error.code(),
            Self::Suite { .. } => "plugin-key-mismatch",
            Self::Signature => "plugin-signature-invalid",
            Self::EnvelopesOnly { .. } => "plugin-envelopes-only",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Failed { error, .. } => error.because(),
            Self::Plugin(error)
            | Self::Refused { error, .. }
            | Self::RefusedEnvelope { error, .. } => error.because(),
            Self::Certificate { source, .. } => vec![source.to_string()],
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { error, .. } => error.hint(),
            Self::NoKeyId => Some("name the plugin's key: --id <key id>".to_owned()),
            Self::NoSigner => {
                Some("see what each plugin can do: sealwright plugin list".to_owned())
            }
            Self::Plugin(error) => error.hint(),
            Self::Refused { key_id, error } | Self::RefusedEnvelope { key_id, error } => {
                error.hint().or_else(|| of_code(error, key_id))
            }
            Self::KeySpec { .. } | Self::Suite { .. } => Some(
                "use a key that signs with RSA of 2048, 3072 or 4096 bits, or with P-256, P-384 or P-521"
                    .to_owned(),
            ),
            Self::Signature => Some(
                "check that the certificate the plugin gives is that of the key: --id, --plugin-config"
                    .to_owned(),
            ),
            // what this program's own keys are told does not fit a plugin's
            _ => None,
        }
    }
}

/// What to do about an error code of the protocol (plugin-extensibility.md, "Error codes").
fn of_code(error: &PluginError, key_id: &str) -> Option<String> {
    let PluginError::Refused { code, .. } = error else { return None };
    let hint = match code.as_str() {
        "VALIDATION_ERROR" => {
            "check --id and --plugin-config against what the plugin's documentation asks for"
                .to_owned()
        }
        "ACCESS_DENIED" => format!(
            "give the identity that the plugin signs in with the right to sign with {:?}",
            excerpt(key_id, QUOTED)
        ),
        "THROTTLED" => "sign fewer images side by side: --concurrency 1".to_owned(),
        "TIMEOUT" => "try again; the plugin's service did not answer in time".to_owned(),
        "UNSUPPORTED_CONTRACT_VERSION" => {
            "install a version of the plugin that knows contract 1.0: sealwright plugin install --file <file>"
                .to_owned()
        }
        _ => return None,
    };
    Some(hint)
}
