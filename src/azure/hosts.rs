//! The one table of Azure's hosts, by cloud: nothing else ever receives an Azure token.

use super::extra_hosts::without_default_port;
use super::{AzureError, ExtraHosts};

/// An Azure cloud. Tokens, vaults, registries and authorities of one cloud belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cloud {
    Public,
    China,
    UsGovernment,
}

/// Every cloud.
pub const CLOUDS: [Cloud; 3] = [Cloud::Public, Cloud::UsGovernment, Cloud::China];

struct CloudRow {
    cloud: Cloud,
    /// As the Azure CLI and Azure Pipelines call it.
    environment: &'static str,
    vault_suffix: &'static str,
    vault_scope: &'static str,
    registry_suffix: &'static str,
    /// Before it stands the region; none where the service is not (learn.microsoft.com, "Set up
    /// Artifact Signing").
    signing_suffix: Option<&'static str>,
    management_host: &'static str,
    management_scope: &'static str,
    storage_suffix: &'static str,
    /// Whom an assertion of another identity provider is for (learn.microsoft.com, "Workload
    /// identity federation").
    assertion_audience: &'static str,
    /// The first is the default.
    authorities: &'static [&'static str],
}

const ROWS: [CloudRow; 3] = [
    CloudRow {
        cloud: Cloud::Public,
        environment: "AzureCloud",
        vault_suffix: ".vault.azure.net",
        vault_scope: "https://vault.azure.net/.default",
        registry_suffix: ".azurecr.io",
        signing_suffix: Some(".codesigning.azure.net"),
        management_host: "management.azure.com",
        management_scope: "https://management.azure.com/.default",
        storage_suffix: ".blob.core.windows.net",
        assertion_audience: "api://AzureADTokenExchange",
        authorities: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"],
    },
    CloudRow {
        cloud: Cloud::China,
        environment: "AzureChinaCloud",
        vault_suffix: ".vault.azure.cn",
        vault_scope: "https://vault.azure.cn/.default",
        registry_suffix: ".azurecr.cn",
        signing_suffix: None,
        management_host: "management.chinacloudapi.cn",
        management_scope: "https://management.chinacloudapi.cn/.default",
        storage_suffix: ".blob.core.chinacloudapi.cn",
        assertion_audience: "api://AzureADTokenExchangeChina",
        authorities: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
    },
    CloudRow {
        cloud: Cloud::UsGovernment,
        environment: "AzureUSGovernment",
        vault_suffix: ".vault.usgovcloudapi.net",
        vault_scope: "https://vault.usgovcloudapi.net/.default",
        registry_suffix: ".azurecr.us",
        signing_suffix: None,
        management_host: "management.usgovcloudapi.net",
        management_scope: "https://management.usgovcloudapi.net/.default",
        storage_suffix: ".blob.core.usgovcloudapi.net",
        assertion_audience: "api://AzureADTokenExchangeUSGov",
        authorities: &["login.microsoftonline.us"],
    },
];

impl Cloud {
    /// `public`, `usgovernment` or `china`.
    pub fn name(self) -> &'static str {
        match self {
            Cloud::Public => "public",
            Cloud::UsGovernment => "usgovernment",
            Cloud::China => "china",
        }
    }

    /// `AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`.
    pub fn environment(self) -> &'static str {
        self.row().environment
    }

    /// What a token for this cloud's vaults is asked for.
    pub fn vault_scope(self) -> &'static str {
        self.row().vault_scope
    }

    /// What a token for this cloud's Azure Resource Manager is asked for.
    pub fn management_scope(self) -> &'static str {
        self.row().management_scope
    }

    /// The audience of an assertion that this cloud's Entra exchanges.
    pub fn assertion_audience(self) -> &'static str {
        self.row().assertion_audience
    }

    /// The cloud's own Entra host.
    pub fn authority(self) -> AuthorityHost {
        AuthorityHost { host: self.row().authorities[0].to_owned(), cloud: self }
    }

    fn row(self) -> &'static CloudRow {
        ROWS.iter().find(|row| row.cloud == self).expect("every cloud has its row")
    }
}

/// A Key Vault that may receive tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultHost {
    host: String,
    cloud: Cloud,
    name: Option<String>,
}

impl VaultHost {
    /// Checks `host` (`name` or `name:port`, without scheme) against the table and the extra hosts.
    pub fn parse(host: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let lower = host.to_ascii_lowercase();
        let known = ROWS.iter().find_map(|row| {
            let name = lower.strip_suffix(row.vault_suffix).filter(|n| is_vault_name(n))?;
            Some(Self { host: lower.clone(), cloud: row.cloud, name: Some(name.to_owned()) })
        });
        if let Some(vault) = known {
            return Ok(vault);
        }
        if extra.has_vault(&lower) {
            let host = without_default_port(&lower).to_owned();
            return Ok(Self { host, cloud: Cloud::Public, name: None });
        }
        Err(AzureError::VaultHost { host: host.to_owned() })
    }

    /// The same for what the `vault` setting may hold: a name, a host, or an `https://` address of one.
    /// A name is of a vault in `cloud`.
    pub fn parse_setting(text: &str, cloud: Cloud, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let host = text.strip_prefix("https://").unwrap_or(text);
        let host = host.strip_suffix('/').unwrap_or(host);
        if is_vault_name(host) && !extra.has_vault(&host.to_ascii_lowercase()) {
            return Self::parse(&format!("{host}{}", cloud.row().vault_suffix), extra);
        }
        Self::parse(host, extra)
    }

    /// `name.vault.azure.net`, or `host:port` of an extra host; lower case.
    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The vault's name, as `az keyvault show -n` takes it; None for an extra host.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// An Azure Container Registry that may receive tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryHost {
    host: String,
    cloud: Cloud,
    name: Option<String>,
}

impl RegistryHost {
    /// Checks `host` (`name` or `name:port`) against the table and the extra hosts: the login server
    /// `<registry>.azurecr.io` and the geo-replica's `<registry>.<region>.geo.azurecr.io`.
    pub fn parse(host: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let lower = host.to_ascii_lowercase();
        let known = ROWS.iter().find_map(|row| {
            let label = registry_label(lower.strip_suffix(row.registry_suffix)?)?;
            // A registry's name has no hyphen; what follows one is the hash of a domain name label.
            let name = label.split('-').next().map(str::to_owned);
            Some(Self { host: lower.clone(), cloud: row.cloud, name })
        });
        if let Some(registry) = known {
            return Ok(registry);
        }
        if extra.has_registry(&lower) {
            let host = without_default_port(&lower).to_owned();
            return Ok(Self { host, cloud: Cloud::Public, name: None });
        }
        Err(AzureError::RegistryHost { host: host.to_owned() })
    }

    /// Lower case, without port 443.
    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The registry's name, as `az acr show -n` takes it; None for an extra host.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// An endpoint of Artifact Signing that may receive tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningHost {
    host: String,
    cloud: Cloud,
}

impl SigningHost {
    /// Checks an endpoint as the portal shows it, `https://<region>.codesigning.azure.net/`, or its
    /// host alone.
    pub fn parse(text: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let lower = text.to_ascii_lowercase();
        let host = lower.strip_prefix("https://").unwrap_or(&lower);
        let host = without_default_port(host.strip_suffix('/').unwrap_or(host));
        let known = ROWS.iter().find(|row| {
            row.signing_suffix.and_then(|suffix| host.strip_suffix(suffix)).is_some_and(is_label)
        });
        match known.map(|row| row.cloud) {
            Some(cloud) => Ok(Self { host: host.to_owned(), cloud }),
            None if extra.has_signing(host) => {
                Ok(Self { host: host.to_owned(), cloud: Cloud::Public })
            }
            None => Err(AzureError::SigningHost { host: text.to_owned() }),
        }
    }

    /// Lower case, without port 443.
    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }
}

/// The Azure Resource Manager of a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementHost {
    host: String,
    cloud: Cloud,
}

impl ManagementHost {
    /// The cloud's own; where an extra host is named for it, that one.
    pub fn of(cloud: Cloud, extra: &ExtraHosts) -> Self {
        let host = extra.management().unwrap_or(cloud.row().management_host);
        Self { host: host.to_owned(), cloud }
    }

    /// `management.azure.com`, or `host:port` of an extra host.
    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }
}

/// A storage account's blob endpoint. It gets data whose address Azure Resource Manager signed, never a
/// token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageHost {
    host: String,
}

impl StorageHost {
    /// Checks `host` (`name` or `name:port`) against the table and the extra hosts.
    pub fn parse(host: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let lower = host.to_ascii_lowercase();
        let account =
            |row: &CloudRow| lower.strip_suffix(row.storage_suffix).is_some_and(is_account);
        match ROWS.iter().any(account) || extra.has_storage(&lower) {
            true => Ok(Self { host: without_default_port(&lower).to_owned() }),
            false => Err(AzureError::StorageHost { host: host.to_owned() }),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.host
    }
}

/// An Entra endpoint that may receive client secrets and assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityHost {
    host: String,
    cloud: Cloud,
}

impl AuthorityHost {
    /// Checks the value of AZURE_AUTHORITY_HOST: a host or an `https://` address of one.
    pub fn parse(text: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let lower = text.to_ascii_lowercase();
        let host = lower.strip_prefix("https://").unwrap_or(&lower);
        let host = without_default_port(host.strip_suffix('/').unwrap_or(host));
        let known = ROWS.iter().find(|row| row.authorities.contains(&host));
        match known.map(|row| row.cloud) {
            Some(cloud) => Ok(Self { host: host.to_owned(), cloud }),
            None if extra.has_authority(host) => {
                Ok(Self { host: host.to_owned(), cloud: Cloud::Public })
            }
            None => Err(AzureError::AuthorityHost { host: text.to_owned() }),
        }
    }

    /// `https://host[:port]`
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }

    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }
}

/// A registry as users write it: a short ACR name becomes its login server
/// in `cloud` (`myregistry` → `myregistry.azurecr.io`); anything else is returned as it is.
pub fn full_registry_name(text: &str, cloud: Cloud) -> String {
    let short = (5..=50).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && !text.eq_ignore_ascii_case("localhost");
    match short {
        true => format!("{}{}", text.to_ascii_lowercase(), cloud.row().registry_suffix),
        false => text.to_owned(),
    }
}

/// Key Vault naming rules: 3 to 24 letters, digits and hyphens.
fn is_vault_name(text: &str) -> bool {
    (3..=24).contains(&text.len()) && is_label(text)
}

/// Storage account naming rules: 3 to 24 lower-case letters and digits.
fn is_account(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// `<registry>` or `<registry>.<region>.geo`; the first label is returned.
fn registry_label(text: &str) -> Option<&str> {
    let (label, replica) = match text.split_once('.') {
        None => (text, None),
        Some((label, rest)) => (label, Some(rest.strip_suffix(".geo")?)),
    };
    let registry = (5..=63).contains(&label.len()) && is_label(label);
    (registry && replica.is_none_or(is_label)).then_some(label)
}

/// One ASCII label of a host name; punycode is refused.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.to_ascii_lowercase().starts_with("xn--")
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
