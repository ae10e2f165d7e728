//! The other side of the protocol: one request in, one answer out, over a [`Signer`].
//!
//! Each call is a process of its own: what one call reads is not known to the next.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    CONTRACT_VERSION, Capability, DescribeKeyRequest, DescribeKeyResponse,
    GenerateSignatureRequest, GenerateSignatureResponse, Metadata, PluginConfig,
};
use crate::crypto::{SUITES, Suite};
use crate::envelope::{ChainedSignature, Signer};
use crate::fault::{BoxFault, Fault, excerpt, printable};

/// longest request, in bytes: notation reads envelopes of at most 10 MiB; in base64 that is 14 MiB
pub const REQUEST_LIMIT: u64 = 16 * 1024 * 1024;

/// most characters quoted of what a request brings
const QUOTED: usize = 200;

/// What a served plugin is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    Metadata,
    DescribeKey,
    GenerateSignature,
}

/// Every command with its word, its place in the help and what it does.
pub const SERVED: [(Served, &str, &str); 3] = [
    (Served::DescribeKey, "describe-key", "Tell the kind of a key"),
    (Served::GenerateSignature, "generate-signature", "Sign with a key"),
    (Served::Metadata, "get-plugin-metadata", "Tell what this plugin is"),
];

impl Served {
    pub fn parse(word: &str) -> Result<Self, Refusal> {
        let known = SERVED.into_iter().find(|(_, name, _)| *name == word);
        known.map(|(command, ..)| command).ok_or_else(|| {
            Refusal::invalid(format!("Invalid command: {}", printable(&excerpt(word, QUOTED))))
        })
    }

    /// Whether it waits for a request: the metadata are the same for every one.
    pub fn reads_request(self) -> bool {
        self != Self::Metadata
    }
}

/// What a plugin refuses (plugin-extensibility.md, "Error response").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{error_code}: {error_message}")]
pub struct Refusal {
    /// One of the protocol's, or the service's own, such as `Forbidden`.
    pub error_code: String,
    pub error_message: String,
}

impl Refusal {
    pub const VALIDATION_ERROR: &str = "VALIDATION_ERROR";
    pub const UNSUPPORTED_CONTRACT_VERSION: &str = "UNSUPPORTED_CONTRACT_VERSION";
    pub const TIMEOUT: &str = "TIMEOUT";
    pub const THROTTLED: &str = "THROTTLED";
    pub const ERROR: &str = "ERROR";

    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { error_code: code.to_owned(), error_message: message.into() }
    }

    /// The request is at fault.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Self::VALIDATION_ERROR, message)
    }

    /// One line of JSON, for standard error.
    pub fn to_json(&self) -> String {
        one_line(self)
    }
}

impl Fault for Refusal {
    fn code(&self) -> &'static str {
        "plugin-serve-refused"
    }
}

/// Keys that a plugin is asked about.
#[async_trait::async_trait]
pub trait Keys: Send + Sync {
    /// What kind of key it is.
    async fn suite(&self, id: &str, config: &PluginConfig) -> Result<Suite, BoxFault>;

    /// The key, opened.
    async fn open(&self, id: &str, config: &PluginConfig) -> Result<Arc<dyn Signer>, BoxFault>;

    /// How the protocol words what went wrong.
    fn refusal(&self, fault: &dyn Fault) -> Refusal;
}

/// What a plugin that makes raw signatures says of itself.
pub fn metadata(name: &str, description: &str, version: &str, url: &str) -> Metadata {
    Metadata {
        name: name.to_owned(),
        description: description.to_owned(),
        version: version.to_owned(),
        url: url.to_owned(),
        supported_contract_versions: vec![CONTRACT_VERSION.to_owned()],
        capabilities: vec![Capability::RawSignature.as_str().to_owned()],
    }
}

/// Answers one request, in one line of JSON. `request` is not looked at where
/// [`Served::reads_request`] says so.
pub async fn answer(
    command: Served,
    request: &str,
    metadata: &Metadata,
    keys: &dyn Keys,
) -> Result<String, Refusal> {
    match command {
        Served::Metadata => Ok(one_line(metadata)),
        Served::DescribeKey => describe_key(parse(request)?, keys).await,
        Served::GenerateSignature => generate_signature(parse(request)?, keys).await,
    }
}

async fn describe_key(request: DescribeKeyRequest, keys: &dyn Keys) -> Result<String, Refusal> {
    check_version(&request.contract_version)?;
    let suite = keys.suite(&request.key_id, &request.plugin_config).await;
    let suite = suite.map_err(|fault| keys.refusal(&*fault))?;
    let key_spec = suite.key_spec().to_owned();
    Ok(one_line(&DescribeKeyResponse { key_id: request.key_id, key_spec }))
}

async fn generate_signature(
    request: GenerateSignatureRequest,
    keys: &dyn Keys,
) -> Result<String, Refusal> {
    check_version(&request.contract_version)?;
    let asked = asked_suite(&request)?;
    let message = STANDARD
        .decode(&request.payload)
        .map_err(|_| Refusal::invalid("the payload is not base64"))?;
    if message.is_empty() {
        return Err(Refusal::invalid("the payload is empty"));
    }
    let signer = keys.open(&request.key_id, &request.plugin_config).await;
    let signer = signer.map_err(|fault| keys.refusal(&*fault))?;
    // what was described may have been renewed since: no signature of a kind that nobody asked for
    if let Some(suite) = signer.suite().filter(|suite| *suite != asked) {
        return Err(Refusal::invalid(format!(
            "the key is {} and the request is for {}",
            suite.key_spec(),
            asked.key_spec()
        )));
    }
    let made = signer.sign_with_chain(&message).await;
    let ChainedSignature { signature, renewed } = made.map_err(|fault| keys.refusal(&*fault))?;
    let chain = renewed
        .as_ref()
        .or(signer.known_chain())
        .ok_or_else(|| Refusal::new(Refusal::ERROR, "there is a signature and no certificate"))?;
    if asked.verify(chain.leaf().public_key(), &message, &signature).is_err() {
        return Err(Refusal::new(
            Refusal::ERROR,
            "the signature does not fit the certificate: the key and the certificate belong to different versions",
        ));
    }
    Ok(one_line(&GenerateSignatureResponse {
        key_id: request.key_id,
        signature: STANDARD.encode(signature),
        signing_algorithm: asked.plugin_name().to_owned(),
        certificate_chain: chain.certificates().iter().map(|c| STANDARD.encode(c.der())).collect(),
    }))
}

/// The suite that key spec and hash of a request call for together.
fn asked_suite(request: &GenerateSignatureRequest) -> Result<Suite, Refusal> {
    let (spec, hash) = (&request.key_spec, &request.hash_algorithm);
    let quoted = |text: &str| excerpt(text, QUOTED);
    let known = SUITES.into_iter().find(|suite| suite.key_spec() == spec);
    let suite =
        known.ok_or_else(|| Refusal::invalid(format!("unknown keySpec {:?}", quoted(spec))))?;
    if suite.hash().name() != hash {
        return Err(Refusal::invalid(format!(
            "the hashAlgorithm of {spec} is {}, the request has {:?}",
            suite.hash().name(),
            quoted(hash)
        )));
    }
    Ok(suite)
}

fn check_version(version: &str) -> Result<(), Refusal> {
    if version == CONTRACT_VERSION {
        return Ok(());
    }
    let found = excerpt(version, QUOTED);
    Err(Refusal::new(
        Refusal::UNSUPPORTED_CONTRACT_VERSION,
        format!("contract version {found:?} is not supported: it is {CONTRACT_VERSION:?}"),
    ))
}

fn parse<T: DeserializeOwned>(request: &str) -> Result<T, Refusal> {
    if request.is_empty() {
        return Err(Refusal::invalid("Standard input is empty"));
    }
    let malformed = |error| Refusal::invalid(format!("the request is malformed: {error}"));
    let mut members: Map<String, Value> = serde_json::from_str(request).map_err(malformed)?;
    // a host without settings may write null
    members.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(members)).map_err(malformed)
}

fn one_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and lists are written to memory")
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
