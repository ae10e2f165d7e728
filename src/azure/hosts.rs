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

struct CloudRow {
    cloud: Cloud,
    vault_suffix: &'static str,
    vault_scope: &'static str,
    registry_suffix: &'static str,
    /// The first is the default.
    authorities: &'static [&'static str],
}

const CLOUDS: [CloudRow; 3] = [
    CloudRow {
        cloud: Cloud::Public,
        vault_suffix: ".vault.azure.net",
        vault_scope: "https://vault.azure.net/.default",
        registry_suffix: ".azurecr.io",
        authorities: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"],
    },
    CloudRow {
        cloud: Cloud::China,
        vault_suffix: ".vault.azure.cn",
        vault_scope: "https://vault.azure.cn/.default",
        registry_suffix: ".azurecr.cn",
        authorities: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
    },
    CloudRow {
        cloud: Cloud::UsGovernment,
        vault_suffix: ".vault.usgovcloudapi.net",
        vault_scope: "https://vault.usgovcloudapi.net/.default",
        registry_suffix: ".azurecr.us",
        authorities: &["login.microsoftonline.us"],
    },
];

impl Cloud {
    /// What a token for this cloud's vaults is asked for.
    pub fn vault_scope(self) -> &'static str {
        self.row().vault_scope
    }

    /// The cloud's own Entra host.
    pub fn authority(self) -> AuthorityHost {
        AuthorityHost { host: self.row().authorities[0].to_owned(), cloud: self }
    }

    fn row(self) -> &'static CloudRow {
        CLOUDS.iter().find(|row| row.cloud == self).expect("every cloud has its row")
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
        let known = CLOUDS.iter().find_map(|row| {
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
    pub fn parse_setting(text: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        let host = text.strip_prefix("https://").unwrap_or(text);
        let host = host.strip_suffix('/').unwrap_or(host);
        if is_vault_name(host) && !extra.has_vault(&host.to_ascii_lowercase()) {
            return Self::parse(&format!("{host}{}", Cloud::Public.row().vault_suffix), extra);
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
        let known = CLOUDS.iter().find_map(|row| {
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
        let known = CLOUDS.iter().find(|row| row.authorities.contains(&host));
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
/// (`myregistry` → `myregistry.azurecr.io`); anything else is returned as it is.
pub fn full_registry_name(text: &str) -> String {
    let short = (5..=50).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && !text.eq_ignore_ascii_case("localhost");
    match short {
        true => format!("{}{}", text.to_ascii_lowercase(), Cloud::Public.row().registry_suffix),
        false => text.to_owned(),
    }
}

/// Key Vault naming rules: 3 to 24 letters, digits and hyphens.
fn is_vault_name(text: &str) -> bool {
    (3..=24).contains(&text.len()) && is_label(text)
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
mod tests {
    use super::*;
    use crate::fault::Fault;

    fn none() -> ExtraHosts {
        ExtraHosts::default()
    }

    #[test]
    fn vaults_of_three_clouds_are_known() {
        for (host, cloud, scope) in [
            ("myvault.vault.azure.net", Cloud::Public, "https://vault.azure.net/.default"),
            ("My-Vault.VAULT.azure.net", Cloud::Public, "https://vault.azure.net/.default"),
            ("myvault.vault.azure.cn", Cloud::China, "https://vault.azure.cn/.default"),
            (
                "myvault.vault.usgovcloudapi.net",
                Cloud::UsGovernment,
                "https://vault.usgovcloudapi.net/.default",
            ),
        ] {
            let vault = VaultHost::parse(host, &none()).unwrap();
            assert_eq!(vault.cloud(), cloud);
            assert_eq!(vault.cloud().vault_scope(), scope);
            assert_eq!(vault.as_str(), host.to_lowercase());
            assert!(vault.name().unwrap().eq_ignore_ascii_case(host.split('.').next().unwrap()));
        }
    }

    #[test]
    fn other_vault_hosts_are_refused() {
        for host in [
            "",
            "vault.azure.net",
            ".vault.azure.net",
            "ab.vault.azure.net",
            "a234567890123456789012345.vault.azure.net",
            "my_vault.vault.azure.net",
            "a.b.vault.azure.net",
            "evil.vault.azure.net.attacker.com",
            "evilvault.azure.net",
            "myvault.vault.azure.net.",
            "myvault.vault.azure.net:443",
            "myvault.vault.azure.net:8443",
            "user@myvault.vault.azure.net",
            "user:pass@myvault.vault.azure.net",
            "attacker.com/myvault.vault.azure.net",
            "attacker.com#.vault.azure.net",
            "attacker.com\\.vault.azure.net",
            "xn--mvault-bxa.vault.azure.net",
            "myv\u{e4}ult.vault.azure.net",
            "myvault\u{3002}vault.azure.net",
            "-ab.vault.azure.net",
            "abc-.vault.azure.net",
            "my%2evault.vault.azure.net",
            "my vault.vault.azure.net",
            "myhsm.managedhsm.azure.net",
            "127.0.0.1",
            "localhost:8443",
        ] {
            assert_eq!(
                VaultHost::parse(host, &none()).unwrap_err().code(),
                "azure-vault-host",
                "{host}"
            );
        }
    }

    #[test]
    fn extra_vaults_are_exact_and_a_port_belongs_to_them_alone() {
        let extra = ExtraHosts::parse("vault=localhost:8443").unwrap();
        assert_eq!(VaultHost::parse("LOCALHOST:8443", &extra).unwrap().name(), None);
        for host in ["localhost", "localhost:8444", "myvault.vault.azure.net:8443"] {
            assert!(VaultHost::parse(host, &extra).is_err(), "{host}");
        }
        assert!(RegistryHost::parse("localhost:8443", &extra).is_err());
        assert!(AuthorityHost::parse("localhost:8443", &extra).is_err());
    }

    #[test]
    fn a_vault_setting_is_a_name_a_host_or_an_address() {
        for text in ["myvault", "myvault.vault.azure.net", "https://myvault.vault.azure.net/"] {
            let vault = VaultHost::parse_setting(text, &none()).unwrap();
            assert_eq!(vault.as_str(), "myvault.vault.azure.net");
        }
        for text in ["http://myvault.vault.azure.net", "https://attacker.com", "my.vault", "v"] {
            assert!(VaultHost::parse_setting(text, &none()).is_err(), "{text}");
        }
        let extra = ExtraHosts::parse("vault=vaulthost").unwrap();
        assert_eq!(VaultHost::parse_setting("vaulthost", &extra).unwrap().as_str(), "vaulthost");
    }

    #[test]
    fn registries_of_three_clouds_and_their_replicas_are_known() {
        for (host, name, cloud) in [
            ("myregistry.azurecr.io", "myregistry", Cloud::Public),
            ("MyRegistry.azurecr.io", "myregistry", Cloud::Public),
            ("myregistry.azurecr.cn", "myregistry", Cloud::China),
            ("myregistry.azurecr.us", "myregistry", Cloud::UsGovernment),
            ("myregistry.westeurope.geo.azurecr.io", "myregistry", Cloud::Public),
            ("contoso-a1b2c3d4e5f6.azurecr.io", "contoso", Cloud::Public),
        ] {
            let registry = RegistryHost::parse(host, &none()).unwrap();
            assert_eq!((registry.name(), registry.cloud()), (Some(name), cloud), "{host}");
        }
    }

    #[test]
    fn other_registry_hosts_are_refused() {
        for host in [
            "azurecr.io",
            ".azurecr.io",
            "evil.azurecr.io.attacker.com",
            "evilazurecr.io",
            "myregistry.azurecr.io.",
            "myregistry.azurecr.io:443",
            "myregistry.azurecr.io:5000",
            "user@myregistry.azurecr.io",
            "a.b.azurecr.io",
            "myregistry.westeurope.data.azurecr.io",
            "a.b.c.geo.azurecr.io",
            "myregistry.geo.azurecr.io",
            "xn--registry-2za.azurecr.io",
            "myregistry.azurecr\u{3002}io",
            "myr\u{e9}gistry.azurecr.io",
            "docker.io",
            "mcr.microsoft.com",
        ] {
            let error = RegistryHost::parse(host, &none()).unwrap_err();
            assert_eq!(error.code(), "azure-registry-host", "{host}");
        }
    }

    #[test]
    fn authorities_are_of_the_table_or_named() {
        for (text, url, cloud) in [
            ("login.microsoftonline.com", "https://login.microsoftonline.com", Cloud::Public),
            (
                "https://login.microsoftonline.us/",
                "https://login.microsoftonline.us",
                Cloud::UsGovernment,
            ),
            ("https://login.chinacloudapi.cn", "https://login.chinacloudapi.cn", Cloud::China),
        ] {
            let authority = AuthorityHost::parse(text, &none()).unwrap();
            assert_eq!((authority.url().as_str(), authority.cloud()), (url, cloud));
        }
        for text in [
            "http://login.microsoftonline.com",
            "https://login.microsoftonline.com.attacker.com",
            "https://login.microsoftonline.com@attacker.com",
            "https://login.microsoftonline.com/tenant",
            "https://localhost:8443",
            "",
        ] {
            let error = AuthorityHost::parse(text, &none()).unwrap_err();
            assert_eq!(error.code(), "azure-authority-host", "{text}");
        }
        let extra = ExtraHosts::parse("authority=localhost:8443").unwrap();
        let lab = AuthorityHost::parse("https://localhost:8443/", &extra).unwrap();
        assert_eq!(lab.url(), "https://localhost:8443");
        assert_eq!(Cloud::China.authority().url(), "https://login.chinacloudapi.cn");
    }

    #[test]
    fn a_short_registry_name_becomes_its_login_server() {
        for (text, full) in [
            ("myregistry", "myregistry.azurecr.io"),
            ("MyRegistry1", "myregistry1.azurecr.io"),
            ("myregistry.azurecr.io", "myregistry.azurecr.io"),
            ("localhost", "localhost"),
            ("localhost:5000", "localhost:5000"),
            ("ghcr.io", "ghcr.io"),
            ("abcd", "abcd"),
        ] {
            assert_eq!(full_registry_name(text), full);
        }
    }
}
