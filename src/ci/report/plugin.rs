//! The verification plugin that had a say, as a part of the report.

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;
use crate::plugin::Capability;
use crate::verify::Consulted;

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PluginReport {
    pub name: String,
    pub version: String,
    /// What it said yes or no to: `SIGNATURE_VERIFIER.TRUSTED_IDENTITY`, a part of authenticity, or
    /// `SIGNATURE_VERIFIER.REVOCATION_CHECK`; nothing where the signature failed before.
    #[schemars(schema_with = "schema::plugin_decisions")]
    pub decided: Vec<&'static str>,
}

impl From<&Consulted> for PluginReport {
    fn from(consulted: &Consulted) -> Self {
        Self {
            name: consulted.name.to_string(),
            version: consulted.version.clone(),
            decided: consulted.decided.iter().copied().map(Capability::as_str).collect(),
        }
    }
}
