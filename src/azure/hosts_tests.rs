//! The table of hosts, name by name.

use super::*;
use crate::fault::Fault;

fn none() -> ExtraHosts {
    ExtraHosts::default()
}

#[test]
fn each_cloud_has_its_name_and_its_audience_for_assertions() {
    let rows = CLOUDS.map(|cloud| (cloud.name(), cloud.assertion_audience()));
    assert_eq!(
        rows,
        [
            ("public", "api://AzureADTokenExchange"),
            ("usgovernment", "api://AzureADTokenExchangeUSGov"),
            ("china", "api://AzureADTokenExchangeChina")
        ]
    );
}

#[test]
fn a_short_name_is_of_the_cloud_that_is_named() {
    for (cloud, vault, registry) in [
        (Cloud::UsGovernment, "myvault.vault.usgovcloudapi.net", "myregistry.azurecr.us"),
        (Cloud::China, "myvault.vault.azure.cn", "myregistry.azurecr.cn"),
    ] {
        assert_eq!(VaultHost::parse_setting("myvault", cloud, &none()).unwrap().as_str(), vault);
        assert_eq!(full_registry_name("myregistry", cloud), registry);
        // a full name is what it is
        let full = VaultHost::parse_setting("v11.vault.azure.net", cloud, &none()).unwrap();
        assert_eq!(full.cloud(), Cloud::Public);
        assert_eq!(full_registry_name("myregistry.azurecr.io", cloud), "myregistry.azurecr.io");
    }
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
        let vault = VaultHost::parse_setting(text, Cloud::Public, &none()).unwrap();
        assert_eq!(vault.as_str(), "myvault.vault.azure.net");
    }
    for text in ["http://myvault.vault.azure.net", "https://attacker.com", "my.vault", "v"] {
        assert!(VaultHost::parse_setting(text, Cloud::Public, &none()).is_err(), "{text}");
    }
    let extra = ExtraHosts::parse("vault=vaulthost").unwrap();
    assert_eq!(
        VaultHost::parse_setting("vaulthost", Cloud::Public, &extra).unwrap().as_str(),
        "vaulthost"
    );
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
        assert_eq!(full_registry_name(text, Cloud::Public), full);
    }
}

#[test]
fn each_cloud_has_its_own_resource_manager() {
    for (cloud, host) in [
        (Cloud::Public, "management.azure.com"),
        (Cloud::UsGovernment, "management.usgovcloudapi.net"),
        (Cloud::China, "management.chinacloudapi.cn"),
    ] {
        let management = ManagementHost::of(cloud, &none());
        assert_eq!((management.as_str(), management.cloud()), (host, cloud));
        assert_eq!(cloud.management_scope(), format!("https://{host}/.default"));
    }
    let extra = ExtraHosts::parse("vault=a:1,management=LOCALHOST:8443,management=b").unwrap();
    assert_eq!(ManagementHost::of(Cloud::China, &extra).as_str(), "localhost:8443");
}

#[test]
fn storage_is_an_accounts_blob_endpoint_or_an_extra_host() {
    let extra = ExtraHosts::parse("storage=localhost:8443,vault=b:1").unwrap();
    for host in [
        "acrtasks01.blob.core.windows.net",
        "AcrTasks01.blob.core.windows.net",
        "abc.blob.core.usgovcloudapi.net",
        "abc.blob.core.chinacloudapi.cn",
        "localhost:8443",
    ] {
        assert_eq!(StorageHost::parse(host, &extra).unwrap().as_str(), host.to_lowercase());
    }
    for host in [
        "",
        ".blob.core.windows.net",
        "ab.blob.core.windows.net",
        "a.b.blob.core.windows.net",
        "my-account.blob.core.windows.net",
        "abc.blob.core.windows.net:8443",
        "abc.blob.core.windows.net.attacker.com",
        "abcblob.core.windows.net",
        "abc.queue.core.windows.net",
        "localhost",
        "b:1",
    ] {
        let error = StorageHost::parse(host, &extra).unwrap_err();
        assert_eq!(error.code(), "azure-storage-host", "{host}");
        assert!(error.hint().unwrap().contains("storage=HOST:PORT"));
    }
}
