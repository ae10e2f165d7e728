//! Keys in vaults, as the plugin's settings name them.

use std::sync::Arc;

use crate::azure::{AzureError, CredentialType, ExtraHosts, NamedIdentity};
use crate::cli::signing_key::SigningKey;
use crate::cli::world::{World, WorldOptions};
use crate::clock::Clock;
use crate::crypto::{KeyError, Suite};
use crate::env::Env;
use crate::envelope::Signer;
use crate::fault::{BoxFault, Fault, details};
use crate::http::{Deadline, HttpError};
use crate::plugin::{Keys, PluginConfig, Refusal};

/// The setting that names hosts beside the table, as `--azure-extra-hosts` does: a host of plugins has
/// no flag for it.
const EXTRA_HOSTS: &str = "azure_extra_hosts";
/// How hints write it.
const FLAG: &str = "azure-extra-hosts ";

/// What azure-kv says of a vault under access policies (docs/plugin-config.md of notation-azure-kv).
const NO_SECRETS_GET: &str = "The plugin does not have secrets get permission. Please grant the permission to the credential associated with the plugin or specify the file path of the certificate chain bundle through the `ca_certs` parameter in the plugin config.";

pub struct VaultKeys {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub deadline: Deadline,
}

impl VaultKeys {
    fn world(&self, config: &PluginConfig) -> Result<World, BoxFault> {
        let kind = config.get("credential_type").map(|kind| CredentialType::parse(kind));
        let extra_hosts = config.get(EXTRA_HOSTS).map(String::as_str).unwrap_or_default();
        World::new(WorldOptions {
            env: self.env.clone(),
            clock: self.clock.clone(),
            deadline: self.deadline,
            given: None,
            given_host: None,
            scheme: None,
            ca_file: None,
            extra_hosts: ExtraHosts::parse(extra_hosts)?,
            auth_realms: Vec::new(),
            credential_type: kind.transpose()?,
            named: NamedIdentity::default(),
            registry_connection: None,
        })
    }
}

#[async_trait::async_trait]
impl Keys for VaultKeys {
    /// From the certificate: whoever may only read certificates may describe.
    async fn suite(&self, id: &str, config: &PluginConfig) -> Result<Suite, BoxFault> {
        let found = self.world(config)?.public_certificate(id).await?;
        Ok(Suite::of_public_key(found.certificate.public_key()).map_err(KeyError::from)?)
    }

    async fn open(&self, id: &str, config: &PluginConfig) -> Result<Arc<dyn Signer>, BoxFault> {
        let world = self.world(config)?;
        let key = SigningKey::AzureKv { id: id.to_owned(), config: config.clone() };
        let opened = world.signer(&key)?.await?;
        Ok(opened)
    }

    /// The service's own code and message where there are any; below them what mends it.
    fn refusal(&self, fault: &dyn Fault) -> Refusal {
        let error: &dyn std::error::Error = fault;
        let (code, message) = match error.downcast_ref::<AzureError>() {
            Some(error) => (code(error), message(error)),
            None => (Refusal::ERROR, fault.to_string()),
        };
        let below = details(fault).replace(FLAG, &format!("--plugin-config {EXTRA_HOSTS}="));
        let text = format!("{message}\n{below}");
        Refusal::new(code, text.trim_end())
    }
}

fn code(error: &AzureError) -> &str {
    match error {
        AzureError::KeyIdEmpty
        | AzureError::KeyIdFormat { .. }
        | AzureError::KeyIdKind { .. }
        | AzureError::KeyIdScheme { .. }
        | AzureError::VaultHost { .. }
        | AzureError::ExtraHosts { .. }
        | AzureError::CredentialType { .. } => Refusal::VALIDATION_ERROR,
        AzureError::Http { source: HttpError::Deadline { .. }, .. } => Refusal::TIMEOUT,
        AzureError::Forbidden { .. } if lacks_secrets_get(error) => Refusal::ERROR,
        AzureError::Vault { status: 429, .. } if error.service_code() == Refusal::ERROR => {
            Refusal::THROTTLED
        }
        _ => error.service_code(),
    }
}

fn message(error: &AzureError) -> String {
    match error.service_message() {
        _ if lacks_secrets_get(error) => NO_SECRETS_GET.to_owned(),
        Some(message) => message.to_owned(),
        None => error.to_string(),
    }
}

fn lacks_secrets_get(error: &AzureError) -> bool {
    let message = error.service_message();
    message.is_some_and(|message| message.contains("does not have secrets get permission"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_throttling_have_the_protocols_own_codes() {
        let busy = |code: &str| AzureError::Vault {
            status: 429,
            code: code.to_owned(),
            message: "slow down".to_owned(),
        };
        let late = AzureError::Http {
            what: "keys/sign",
            source: HttpError::Deadline {
                method: http::Method::POST,
                url: "https://v".to_owned(),
                last: "429".to_owned(),
            },
        };
        assert_eq!(code(&busy("ERROR")), Refusal::THROTTLED);
        assert_eq!(code(&busy("Throttled")), "Throttled");
        assert_eq!(code(&late), Refusal::TIMEOUT);
        assert_eq!(message(&busy("ERROR")), "slow down");
    }
}
