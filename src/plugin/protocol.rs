//! Requests and answers as the protocol writes them (plugin-extensibility.md, contract 1.0).
//!
//! Byte fields are padded standard base64 texts; a request is one JSON object on one line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The one version of the contract there is.
pub const CONTRACT_VERSION: &str = "1.0";

/// A key's stored settings with those of `--plugin-config` over them.
pub type PluginConfig = BTreeMap<String, String>;

/// What a plugin can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Capability {
    #[serde(rename = "SIGNATURE_GENERATOR.RAW")]
    RawSignature,
    #[serde(rename = "SIGNATURE_GENERATOR.ENVELOPE")]
    EnvelopeSignature,
    #[serde(rename = "SIGNATURE_VERIFIER.TRUSTED_IDENTITY")]
    TrustedIdentity,
    #[serde(rename = "SIGNATURE_VERIFIER.REVOCATION_CHECK")]
    RevocationCheck,
}

impl Capability {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RawSignature => "SIGNATURE_GENERATOR.RAW",
            Self::EnvelopeSignature => "SIGNATURE_GENERATOR.ENVELOPE",
            Self::TrustedIdentity => "SIGNATURE_VERIFIER.TRUSTED_IDENTITY",
            Self::RevocationCheck => "SIGNATURE_VERIFIER.REVOCATION_CHECK",
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plugin_config: PluginConfig,
}

/// The answer to `get-plugin-metadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    pub name: String,
    pub description: String,
    pub version: String,
    pub url: String,
    pub supported_contract_versions: Vec<String>,
    /// As the plugin writes them: those not known here are no error.
    pub capabilities: Vec<String>,
}

impl Metadata {
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.iter().any(|known| known == capability.as_str())
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeKeyRequest {
    pub contract_version: String,
    pub key_id: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plugin_config: PluginConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeKeyResponse {
    pub key_id: String,
    /// `RSA-2048`, `EC-256`, …
    pub key_spec: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateSignatureRequest {
    pub contract_version: String,
    pub key_id: String,
    pub key_spec: String,
    /// `SHA-256`, `SHA-384` or `SHA-512`
    pub hash_algorithm: String,
    /// The bytes to be signed, in base64.
    pub payload: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plugin_config: PluginConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateSignatureResponse {
    pub key_id: String,
    /// In base64.
    pub signature: String,
    /// `RSASSA-PSS-SHA-256`, `ECDSA-SHA-256`, …
    pub signing_algorithm: String,
    /// DER in base64, leaf first, root last.
    pub certificate_chain: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateEnvelopeRequest {
    pub contract_version: String,
    pub key_id: String,
    pub payload_type: String,
    /// Media type of the envelope.
    pub signature_envelope_type: String,
    /// In base64.
    pub payload: String,
    /// In seconds; left out when there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub expiry_duration_in_seconds: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plugin_config: PluginConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateEnvelopeResponse {
    /// In base64.
    pub signature_envelope: String,
    pub signature_envelope_type: String,
    /// For the signature manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifySignatureRequest {
    pub contract_version: String,
    pub signature: SignatureSection,
    pub trust_policy: PolicySection,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plugin_config: PluginConfig,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureSection {
    pub critical_attributes: CriticalAttributes,
    /// Names of the extended attributes; `null` when there are none.
    pub unprocessed_attributes: Option<Vec<String>>,
    /// DER in base64, leaf first.
    pub certificate_chain: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CriticalAttributes {
    pub content_type: String,
    pub signing_scheme: String,
    /// RFC 3339; without one the first moment of year 1, as notation sends it.
    pub expiry: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentic_signing_time: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extended_attributes: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySection {
    pub trusted_identities: Vec<String>,
    /// What the plugin is to check.
    pub signature_verification: Vec<Capability>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerifySignatureResponse {
    /// By the capability's name, each once; names not known here are no error.
    #[serde(deserialize_with = "each_once")]
    pub verification_results: BTreeMap<String, VerificationResult>,
    /// Attributes of which the plugin says that it processed them; texts, in JSON of any type.
    pub processed_attributes: Vec<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationResult {
    pub success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Of two results for one capability neither is believed.
fn each_once<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, VerificationResult>, D::Error> {
    struct Results;

    impl<'de> serde::de::Visitor<'de> for Results {
        type Value = BTreeMap<String, VerificationResult>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut results = BTreeMap::new();
            while let Some((capability, result)) = map.next_entry()? {
                if results.insert(capability, result).is_some() {
                    return Err(serde::de::Error::custom("two results for one capability"));
                }
            }
            Ok(results)
        }
    }

    deserializer.deserialize_map(Results)
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_has_one_result() {
        let read = |results: &str| {
            let answer = format!(r#"{{"verificationResults":{results}}}"#);
            serde_json::from_str::<VerifySignatureResponse>(&answer)
        };
        let one = read(r#"{"A":{"success":true},"B":{}}"#).expect("an answer");
        assert!(one.verification_results["A"].success && !one.verification_results["B"].success);
        for refused in [r#"{"A":{"success":false},"A":{"success":true}}"#, "null", "[]"] {
            assert!(read(refused).is_err(), "{refused}");
        }
        assert_eq!(
            serde_json::from_str::<VerifySignatureResponse>("{}").ok(),
            Some(Default::default())
        );
    }
}
