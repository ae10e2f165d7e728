//! What to type when a vault refuses: its permissions, and the roles that hold them.

use super::{assignment, object_id};
use crate::azure::{KeyId, Principal, Refusal};

/// Where the certificate chain comes from; it decides which permissions are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainMode {
    /// The vault's secret holds the chain.
    InVault,
    /// `ca_certs` or `self_signed`.
    Given,
    /// Nothing is signed: the certificate is only read, to be trusted.
    Public,
    /// Nothing is signed: certificate, versions and chain are looked at.
    Shown,
    /// Certificates are created, merged and imported.
    Managed,
}

/// A permission of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    SecretGet,
    CertificateGet,
    CertificateList,
    /// Creating, and merging what the CA answered.
    CertificateCreate,
    CertificateImport,
    /// Deleting a pending request.
    CertificateUpdate,
    KeySign,
}

/// The commands that grant what signing needs in this mode: roles or access policy, as the vault's
/// answer showed; both, roles first, when it did not show. Where no grant would help, the command that
/// opens the way or renews what is spent.
pub fn vault_hint(
    key: &KeyId,
    mode: ChainMode,
    failed: Permission,
    refusal: Refusal,
    principal: Option<&Principal>,
) -> Option<String> {
    let mut rows: Vec<&VaultRow> = VAULT.iter().filter(|row| row.modes.contains(&mode)).collect();
    rows.sort_by_key(|row| row.permission != failed);
    let name = key.vault().name().unwrap_or("<vault-name>");
    let scope = format!("$(az keyvault show -n {name} --query id -o tsv)");
    let mut named: Vec<&str> = Vec::new();
    for role in rows.iter().map(|row| row.role(mode)) {
        if !named.contains(&role) {
            named.push(role);
        }
    }
    let roles = || named.iter().map(|role| assignment(role, principal, &scope));
    let policy = format!(
        "az keyvault set-policy -n {name} {} --object-id {}",
        policy_options(&rows),
        object_id(principal)
    );
    let mut lines: Vec<String> = Vec::new();
    match refusal {
        Refusal::Rbac => {
            lines.push("assign the roles (they take up to 10 minutes to act):".into());
            lines.extend(roles());
        }
        Refusal::AccessPolicy => {
            lines.push("add the permissions to the vault's access policy:".into());
            lines.push(policy);
        }
        Refusal::Unknown => {
            lines.push("assign the roles (they take up to 10 minutes to act):".into());
            lines.extend(roles());
            lines.push("or, where the vault uses access policies (legacy):".into());
            lines.push(policy);
        }
        Refusal::Firewall(_)
        | Refusal::Network
        | Refusal::Disabled
        | Refusal::Expired
        | Refusal::NotYetValid => return Some(beside_grants(key, name, refusal)),
    }
    if failed == Permission::SecretGet && mode == ChainMode::InVault {
        lines.push("or give the chain's certificates in a file with ca_certs".into());
    }
    Some(lines.join("\n"))
}

/// What no grant would mend.
fn beside_grants(key: &KeyId, vault: &str, refusal: Refusal) -> String {
    let (name, id) = (key.name(), key.unpinned().certificate_id());
    let version = key.version().map(|version| format!(" --version {version}")).unwrap_or_default();
    match refusal {
        Refusal::Firewall(address) => {
            let address =
                address.map_or("<address of this machine>".to_owned(), |a| format!("{a}/32"));
            format!(
                "let this machine through the vault's firewall:\n\
                 az keyvault network-rule add -n {vault} --ip-address {address}\n\
                 or, where the address changes, as a hosted runner's does, run in the vault's own network"
            )
        }
        Refusal::Network => format!(
            "the vault answers its own network alone; run there, where one of its private endpoints is:\n\
             az network private-endpoint-connection list --id \"$(az keyvault show -n {vault} --query id -o tsv)\" -o table"
        ),
        Refusal::Disabled => format!(
            "see which versions are enabled, and enable this one if it may sign:\n\
             az keyvault certificate list-versions --vault-name {vault} -n {name} -o table\n\
             az keyvault certificate set-attributes --vault-name {vault} -n {name}{version} --enabled true"
        ),
        Refusal::NotYetValid => format!(
            "see from when on it is good:\n\
             az keyvault certificate show --vault-name {vault} -n {name}{version} --query attributes.notBefore -o tsv"
        ),
        _ => format!(
            "obtain a new certificate with a new key from your CA:\n\
             sealwright vault csr --out request.csr --id {id}\n\
             sealwright vault merge --id {id} <file>..."
        ),
    }
}

impl Permission {
    /// `secrets/get`, `certificates/create`, `keys/sign` …
    pub fn name(self) -> &'static str {
        VAULT.iter().find(|row| row.permission == self).expect("every permission has its row").name
    }
}

struct VaultRow {
    permission: Permission,
    /// As sentences say it: the kind, and the permission of an access policy.
    name: &'static str,
    /// The built-in role's name.
    role: &'static str,
    modes: &'static [ChainMode],
}

const OFFICER: &str = "Key Vault Certificates Officer";

const VAULT: [VaultRow; 7] = [
    VaultRow {
        permission: Permission::SecretGet,
        name: "secrets/get",
        role: "Key Vault Secrets User",
        modes: &[ChainMode::InVault, ChainMode::Shown],
    },
    VaultRow {
        permission: Permission::CertificateGet,
        name: "certificates/get",
        role: "Key Vault Certificate User",
        modes: &[
            ChainMode::InVault,
            ChainMode::Given,
            ChainMode::Public,
            ChainMode::Shown,
            ChainMode::Managed,
        ],
    },
    VaultRow {
        permission: Permission::CertificateList,
        name: "certificates/list",
        role: "Key Vault Certificate User",
        modes: &[ChainMode::Shown],
    },
    VaultRow {
        permission: Permission::CertificateCreate,
        name: "certificates/create",
        role: OFFICER,
        modes: &[ChainMode::Managed],
    },
    VaultRow {
        permission: Permission::CertificateImport,
        name: "certificates/import",
        role: OFFICER,
        modes: &[ChainMode::Managed],
    },
    VaultRow {
        permission: Permission::CertificateUpdate,
        name: "certificates/update",
        role: OFFICER,
        modes: &[ChainMode::Managed],
    },
    VaultRow {
        permission: Permission::KeySign,
        name: "keys/sign",
        role: "Key Vault Crypto User",
        modes: &[ChainMode::InVault, ChainMode::Given],
    },
];

impl VaultRow {
    /// Who may manage certificates may also read them.
    fn role(&self, mode: ChainMode) -> &'static str {
        if mode == ChainMode::Managed { OFFICER } else { self.role }
    }
}

/// `--certificate-permissions get list --secret-permissions get`: the options of
/// `az keyvault set-policy`.
fn policy_options(rows: &[&VaultRow]) -> String {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for (kind, verb) in rows.iter().filter_map(|row| row.name.split_once("s/")) {
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, verbs)) => verbs.push(verb),
            None => kinds.push((kind, vec![verb])),
        }
    }
    let options =
        kinds.iter().map(|(kind, verbs)| format!("--{kind}-permissions {}", verbs.join(" ")));
    options.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;
    use crate::azure::ExtraHosts;

    fn key() -> KeyId {
        let id = "https://myvault.vault.azure.net/keys/wabbit/0123456789abcdef0123456789abcdef";
        KeyId::parse(id, &ExtraHosts::default()).unwrap()
    }

    #[test]
    fn roles_for_a_chain_in_the_vault() {
        let hint = vault_hint(
            &key(),
            ChainMode::InVault,
            Permission::SecretGet,
            Refusal::Rbac,
            Some(&job()),
        );
        insta::assert_snapshot!(hint.unwrap(), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Key Vault Secrets User" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az keyvault show -n myvault --query id -o tsv)"
        az role assignment create --role "Key Vault Certificate User" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az keyvault show -n myvault --query id -o tsv)"
        az role assignment create --role "Key Vault Crypto User" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az keyvault show -n myvault --query id -o tsv)"
        or give the chain's certificates in a file with ca_certs
        "#);
    }

    #[test]
    fn roles_for_a_given_chain_start_with_the_one_that_failed() {
        let hint = vault_hint(&key(), ChainMode::Given, Permission::KeySign, Refusal::Rbac, None);
        insta::assert_snapshot!(hint.unwrap(), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Key Vault Crypto User" --assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" --assignee-principal-type User --scope "$(az keyvault show -n myvault --query id -o tsv)"
        az role assignment create --role "Key Vault Certificate User" --assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" --assignee-principal-type User --scope "$(az keyvault show -n myvault --query id -o tsv)"
        "#);
    }

    #[test]
    fn access_policy_for_both_modes() {
        for (mode, policies) in [
            (
                ChainMode::InVault,
                "--certificate-permissions get --secret-permissions get --key-permissions sign",
            ),
            (ChainMode::Given, "--certificate-permissions get --key-permissions sign"),
        ] {
            let hint = vault_hint(
                &key(),
                mode,
                Permission::CertificateGet,
                Refusal::AccessPolicy,
                Some(&job()),
            );
            assert_eq!(
                hint.unwrap(),
                format!(
                    "add the permissions to the vault's access policy:\naz keyvault set-policy -n myvault {policies} --object-id 11111111-2222-3333-4444-555555555555"
                )
            );
        }
    }

    #[test]
    fn an_unclear_refusal_shows_roles_first_and_the_policy_second() {
        let hint = vault_hint(
            &key(),
            ChainMode::Given,
            Permission::CertificateGet,
            Refusal::Unknown,
            Some(&job()),
        );
        insta::assert_snapshot!(hint.unwrap(), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Key Vault Certificate User" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az keyvault show -n myvault --query id -o tsv)"
        az role assignment create --role "Key Vault Crypto User" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az keyvault show -n myvault --query id -o tsv)"
        or, where the vault uses access policies (legacy):
        az keyvault set-policy -n myvault --certificate-permissions get --key-permissions sign --object-id 11111111-2222-3333-4444-555555555555
        "#);
    }

    #[test]
    fn what_no_role_would_mend_has_its_own_command() {
        let told = |key: &KeyId, refusal| {
            let hint =
                vault_hint(key, ChainMode::Given, Permission::KeySign, refusal, None).unwrap();
            assert!(!hint.contains("role") && !hint.contains("set-policy"), "{hint}");
            hint
        };
        let of = |refusal| told(&key(), refusal);
        insta::assert_snapshot!(of(Refusal::Firewall(Some(std::net::Ipv4Addr::new(192, 0, 2, 7)))), @r"
        let this machine through the vault's firewall:
        az keyvault network-rule add -n myvault --ip-address 192.0.2.7/32
        or, where the address changes, as a hosted runner's does, run in the vault's own network
        ");
        let unknown = of(Refusal::Firewall(None));
        assert!(unknown.contains("--ip-address <address of this machine>\n"), "{unknown}");
        insta::assert_snapshot!(of(Refusal::Network), @r#"
        the vault answers its own network alone; run there, where one of its private endpoints is:
        az network private-endpoint-connection list --id "$(az keyvault show -n myvault --query id -o tsv)" -o table
        "#);
        insta::assert_snapshot!(of(Refusal::Disabled), @r"
        see which versions are enabled, and enable this one if it may sign:
        az keyvault certificate list-versions --vault-name myvault -n wabbit -o table
        az keyvault certificate set-attributes --vault-name myvault -n wabbit --version 0123456789abcdef0123456789abcdef --enabled true
        ");
        let latest = told(&key().unpinned(), Refusal::Disabled);
        assert!(latest.ends_with(" -n wabbit --enabled true"), "{latest}");
        insta::assert_snapshot!(of(Refusal::NotYetValid), @r"
        see from when on it is good:
        az keyvault certificate show --vault-name myvault -n wabbit --version 0123456789abcdef0123456789abcdef --query attributes.notBefore -o tsv
        ");
        insta::assert_snapshot!(of(Refusal::Expired), @r"
        obtain a new certificate with a new key from your CA:
        sealwright vault csr --out request.csr --id https://myvault.vault.azure.net/certificates/wabbit
        sealwright vault merge --id https://myvault.vault.azure.net/certificates/wabbit <file>...
        ");
    }
}
