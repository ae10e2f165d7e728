//! The verification plugin that a signature names (plugin-extensibility.md, "Plugin verification
//! workflow"): chosen once the signature is authentic, asked once the checks before it passed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use semver::Version;
use serde_json::Value;

use super::attributes::{self, Named};
use super::{CheckFailure, Context, PluginFailure};
use crate::clock::rfc3339;
use crate::envelope::{Intact, PAYLOAD_TYPE, Scheme};
use crate::fault::excerpt;
use crate::plugin::{
    CONTRACT_VERSION, Capability, CriticalAttributes, Plugin, PluginError, PluginName,
    PolicySection, SignatureSection, VerifySignatureRequest, VerifySignatureResponse,
};
use crate::trust::{Action, Check};
use crate::verify::outcome::{CheckResult, Tried};
use crate::verify::plugins::{Consulted, VerificationPlugins};

/// Go's zero time: there is no expiry.
const NO_EXPIRY: &str = "0001-01-01T00:00:00Z";
/// most characters of a plugin's reason, or of its version, that are kept
const TEXT_LIMIT: usize = 1000;

/// A plugin that fits what the signature asks for.
pub(in crate::verify) struct Judge {
    plugin: Arc<dyn Plugin>,
    name: PluginName,
    version: String,
    /// Those of a verifier, in the order the plugin names them.
    capabilities: Vec<Capability>,
}

impl Judge {
    /// Runs the plugin for its metadata: the signature must be trusted by then.
    pub(super) async fn choose(
        named: &Named,
        plugins: &VerificationPlugins,
    ) -> Result<Self, PluginFailure> {
        let known = plugins.known(&named.name).await?;
        let plugin = named.name.clone();
        let version = excerpt(&known.metadata.version, TEXT_LIMIT);
        let Ok(found) = Version::parse(&known.metadata.version) else {
            return Err(PluginFailure::Version { plugin, version });
        };
        if let Some(needed) = &named.min_version
            // SemVer 2.0.0, section 10: build metadata has no precedence
            && found.cmp_precedence(needed).is_lt()
        {
            let needed = excerpt(&needed.to_string(), TEXT_LIMIT);
            return Err(PluginFailure::Older { plugin, found: version, needed });
        }
        let capabilities = verifier_capabilities(&known.metadata.capabilities);
        if capabilities.is_empty() {
            return Err(PluginFailure::Incapable { plugin });
        }
        Ok(Self { plugin: known.plugin, name: plugin, version, capabilities })
    }

    /// What nobody else is to check.
    pub(super) fn decides(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    pub(super) fn consulted(&self) -> Consulted {
        let (name, version) = (self.name.clone(), self.version.clone());
        Consulted { name, version, decided: Vec::new() }
    }

    /// Asks the plugin what the level wants to know, and takes down what it says.
    pub(super) async fn verify(
        &self,
        intact: &Intact,
        context: &Context<'_>,
        tried: &mut Tried,
    ) -> Result<(), CheckFailure> {
        let skip = context.statement.level().action(Check::Revocation) == Action::Skip;
        let mut asked = self.capabilities.clone();
        asked.retain(|capability| !(skip && *capability == Capability::RevocationCheck));
        if asked.is_empty() {
            return attributes::nothing_critical(intact);
        }
        tracing::info!(target: "sealwright", "executing verification plugin {} {} for {}", self.name, self.version, tried.digest);
        let request = request(intact, context, &asked);
        let answer = self.plugin.verify_signature(&request).await;
        let plugin = || self.name.clone();
        let answer = answer.map_err(|error| self.failed(error, &asked))?;
        let processed = |key: &str| {
            answer.processed_attributes.iter().filter_map(Value::as_str).any(|name| name == key)
        };
        if let Some((key, _)) = attributes::extended(intact).find(|(key, _)| !processed(key)) {
            let attribute = excerpt(key, TEXT_LIMIT);
            return Err(PluginFailure::Unprocessed { plugin: plugin(), attribute }.into());
        }
        for capability in asked {
            self.take_down(capability, &answer, context, tried)?;
        }
        Ok(())
    }

    /// Who speaks for a plugin tells a result left out from what went wrong.
    fn failed(&self, error: PluginError, asked: &[Capability]) -> PluginFailure {
        let plugin = self.name.clone();
        let PluginError::NoResult { capability: missing, .. } = &error else {
            return PluginFailure::Failed { plugin, error };
        };
        match asked.iter().find(|capability| capability.as_str() == *missing) {
            Some(capability) => PluginFailure::NoResult { plugin, capability: *capability },
            None => PluginFailure::Failed { plugin, error },
        }
    }

    /// One result, weighed as the level weighs the check it stands for.
    fn take_down(
        &self,
        capability: Capability,
        answer: &VerifySignatureResponse,
        context: &Context<'_>,
        tried: &mut Tried,
    ) -> Result<(), CheckFailure> {
        let plugin = self.name.clone();
        let Some(result) = answer.verification_results.get(capability.as_str()) else {
            return Err(PluginFailure::NoResult { plugin, capability }.into());
        };
        if let Some(consulted) = &mut tried.plugin {
            consulted.decided.push(capability);
        }
        let reason = excerpt(result.reason.as_deref().unwrap_or_default(), TEXT_LIMIT);
        let (check, failure) = match capability {
            Capability::TrustedIdentity => {
                (Check::Authenticity, PluginFailure::Identity { plugin, reason })
            }
            _ => (Check::Revocation, PluginFailure::Revocation { plugin, reason }),
        };
        let failure = (!result.success).then(|| CheckFailure::from(failure));
        let action = context.statement.level().action(check);
        // authenticity has a result already: as far as the trust store goes, it is good
        let known = tried.results.iter().position(|known| known.check == check);
        match (failure, known) {
            (Some(failure), known) if action == Action::Enforce => {
                known.map(|at| tried.results.remove(at));
                return Err(failure);
            }
            (failure, Some(at)) => tried.results[at].failure = failure,
            (failure, None) => tried.results.push(CheckResult { check, action, failure }),
        }
        Ok(())
    }
}

fn verifier_capabilities(named: &[String]) -> Vec<Capability> {
    let verifiers = [Capability::TrustedIdentity, Capability::RevocationCheck];
    let mut known = Vec::new();
    for name in named {
        let capability = verifiers.into_iter().find(|capability| capability.as_str() == name);
        known.extend(capability.filter(|capability| !known.contains(capability)));
    }
    known
}

/// What notation sends, member by member.
fn request(intact: &Intact, context: &Context<'_>, asked: &[Capability]) -> VerifySignatureRequest {
    let extended = || attributes::extended(intact);
    let authentic = match intact.scheme() {
        Scheme::SigningAuthority { authentic_signing_time } => Some(authentic_signing_time),
        Scheme::X509 { .. } => None,
    };
    let names: Vec<String> = extended().map(|(key, _)| key.to_owned()).collect();
    VerifySignatureRequest {
        contract_version: CONTRACT_VERSION.to_owned(),
        signature: SignatureSection {
            critical_attributes: CriticalAttributes {
                content_type: PAYLOAD_TYPE.to_owned(),
                signing_scheme: intact.scheme().name().to_owned(),
                expiry: intact.expiry().as_ref().map_or_else(|| NO_EXPIRY.to_owned(), rfc3339),
                authentic_signing_time: authentic.as_ref().map(rfc3339),
                extended_attributes: extended()
                    .map(|(key, attribute)| (key.to_owned(), attribute.value.clone()))
                    .collect(),
            },
            unprocessed_attributes: (!names.is_empty()).then_some(names),
            certificate_chain: intact
                .chain()
                .certificates()
                .iter()
                .map(|certificate| STANDARD.encode(certificate.der()))
                .collect(),
        },
        trust_policy: PolicySection {
            trusted_identities: context.statement.identities().texts().to_vec(),
            signature_verification: asked.to_vec(),
        },
        plugin_config: context.plugins.config().clone(),
    }
}
