//! A plugin that is an executable: each command is one run of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::process::{Call, Launcher};
use super::{
    CONTRACT_VERSION, DescribeKeyRequest, DescribeKeyResponse, GenerateEnvelopeRequest,
    GenerateEnvelopeResponse, GenerateSignatureRequest, GenerateSignatureResponse, Metadata,
    MetadataRequest, Plugin, PluginConfig, PluginError, PluginName, VerifySignatureRequest,
    VerifySignatureResponse,
};
use crate::fault::excerpt;

/// longest wait for metadata: 30 s; a program that only says who it is does so in milliseconds
pub const METADATA_TIME: Duration = Duration::from_secs(30);

/// longest wait for anything else: 120 s, twice what Azure asks to wait for when it throttles
pub const WORK_TIME: Duration = Duration::from_secs(120);

/// largest answer with metadata: 64 KiB; real ones are under 1 KiB
pub const METADATA_LIMIT: usize = 64 * 1024;

/// largest answer about a signature: 4 MiB; its values take sixteen times as much memory, and several
/// signatures are looked at side by side
pub const VERDICT_LIMIT: usize = 4 * 1024 * 1024;

/// largest answer to anything else: 64 MiB, as notation
pub const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// most characters of an answer's text that an error repeats
const QUOTE_LIMIT: usize = 200;

/// An executable that was found. Its metadata is asked for once.
pub struct ProgramPlugin {
    name: PluginName,
    path: PathBuf,
    launcher: Arc<Launcher>,
    metadata: Mutex<BTreeMap<PluginConfig, Result<Metadata, PluginError>>>,
}

impl ProgramPlugin {
    pub fn new(name: PluginName, path: PathBuf, launcher: Arc<Launcher>) -> Self {
        Self { name, path, launcher, metadata: Mutex::default() }
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        command: &'static str,
        request: &impl Serialize,
    ) -> Result<A, PluginError> {
        let (time, limit) = match command {
            "get-plugin-metadata" => (METADATA_TIME, METADATA_LIMIT),
            "verify-signature" => (WORK_TIME, VERDICT_LIMIT),
            _ => (WORK_TIME, ANSWER_LIMIT),
        };
        let request = serde_json::to_vec(request).expect("requests hold texts and numbers");
        let call = Call { plugin: &self.name, path: &self.path, command, request, time, limit };
        let answer = self.launcher.run(call).await?;
        serde_json::from_slice(&answer).map_err(|error| PluginError::MalformedAnswer {
            plugin: self.name.to_string(),
            command,
            // it may repeat a text of the answer
            problem: excerpt(&error.to_string(), QUOTE_LIMIT),
        })
    }

    async fn ask_metadata(&self, config: &PluginConfig) -> Result<Metadata, PluginError> {
        let request = MetadataRequest { plugin_config: config.clone() };
        let metadata: Metadata = self.ask("get-plugin-metadata", &request).await?;
        if let Some(problem) = problem_of(&metadata) {
            return Err(PluginError::Metadata { plugin: self.name.to_string(), problem });
        }
        if metadata.name != self.name.as_str() {
            let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let should = format!(
                "notation-{}{}",
                excerpt(&metadata.name, QUOTE_LIMIT),
                std::env::consts::EXE_SUFFIX
            );
            return Err(PluginError::OtherName { should, is: file });
        }
        Ok(metadata)
    }
}

#[async_trait::async_trait]
impl Plugin for ProgramPlugin {
    fn name(&self) -> &PluginName {
        &self.name
    }

    async fn metadata(&self, config: &PluginConfig) -> Result<Metadata, PluginError> {
        let mut known = self.metadata.lock().await;
        if let Some(known) = known.get(config) {
            return known.clone();
        }
        let asked = self.ask_metadata(config).await;
        known.insert(config.clone(), asked.clone());
        asked
    }

    async fn describe_key(
        &self,
        request: &DescribeKeyRequest,
    ) -> Result<DescribeKeyResponse, PluginError> {
        let answer: DescribeKeyResponse = self.ask("describe-key", request).await?;
        echoed("keyID", "describeKey", &answer.key_id, &request.key_id)?;
        Ok(answer)
    }

    async fn generate_signature(
        &self,
        request: &GenerateSignatureRequest,
    ) -> Result<GenerateSignatureResponse, PluginError> {
        let answer: GenerateSignatureResponse = self.ask("generate-signature", request).await?;
        echoed("keyID", "generateSignature", &answer.key_id, &request.key_id)?;
        Ok(answer)
    }

    async fn generate_envelope(
        &self,
        request: &GenerateEnvelopeRequest,
    ) -> Result<GenerateEnvelopeResponse, PluginError> {
        let answer: GenerateEnvelopeResponse = self.ask("generate-envelope", request).await?;
        let (answered, asked) = (&answer.signature_envelope_type, &request.signature_envelope_type);
        echoed("signatureEnvelopeType", "generateEnvelope", answered, asked)?;
        Ok(answer)
    }

    async fn verify_signature(
        &self,
        request: &VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, PluginError> {
        let answer: VerifySignatureResponse = self.ask("verify-signature", request).await?;
        let asked = &request.trust_policy.signature_verification;
        let has = |name: &str| answer.verification_results.contains_key(name);
        match asked.iter().find(|capability| !has(capability.as_str())) {
            None => Ok(answer),
            Some(missing) => Err(PluginError::NoResult {
                plugin: self.name.to_string(),
                capability: missing.as_str(),
            }),
        }
    }
}

fn echoed(
    member: &'static str,
    answer: &'static str,
    answered: &str,
    asked: &str,
) -> Result<(), PluginError> {
    match answered == asked {
        true => Ok(()),
        false => Err(PluginError::Echo {
            member,
            answer,
            answered: excerpt(answered, QUOTE_LIMIT),
            asked: asked.to_owned(),
        }),
    }
}

/// plugin-extensibility.md, "get-plugin-metadata": every member is required.
fn problem_of(metadata: &Metadata) -> Option<String> {
    let Metadata { name, description, version, url, supported_contract_versions, capabilities } =
        metadata;
    let texts = [("name", name), ("description", description), ("version", version), ("url", url)];
    if let Some((member, _)) = texts.iter().find(|(_, text)| text.is_empty()) {
        return Some(format!("empty {member}"));
    }
    if capabilities.is_empty() {
        return Some("empty capabilities".to_owned());
    }
    if supported_contract_versions.is_empty() {
        return Some("supported contract versions not specified".to_owned());
    }
    let knows = supported_contract_versions.iter().any(|version| version == CONTRACT_VERSION);
    (!knows).then(|| {
        format!(
            "contract version {CONTRACT_VERSION:?} is not in the list of the plugin supported versions [{}]",
            excerpt(&supported_contract_versions.join(" "), QUOTE_LIMIT)
        )
    })
}

#[cfg(all(test, unix))]
#[path = "program_tests.rs"]
mod tests;
