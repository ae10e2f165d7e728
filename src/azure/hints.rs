//! What to type when Azure refuses: one table of roles, by mode and by registry kind.

mod names;

pub(super) use names::deleted_name;
pub use names::pending_request;

use super::error::Refusal;
use super::{ExtraHosts, Principal, PrincipalKind, RegistryHost, VaultHost};

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

/// What a registry is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Pull,
    Push,
    /// Deleting, and keeping the tag index.
    Delete,
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

struct RegistryRow {
    role: &'static str,
    governed: Governed,
    wanted: &'static [Wanted],
}

/// Whether repository permissions (ABAC) are enabled for a registry: each has roles of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Governed {
    ByRepository,
    AsAWhole,
}

const REGISTRY: [RegistryRow; 6] = [
    RegistryRow {
        role: "Container Registry Repository Reader",
        governed: Governed::ByRepository,
        wanted: &[Wanted::Pull, Wanted::Push],
    },
    RegistryRow {
        role: "Container Registry Repository Writer",
        governed: Governed::ByRepository,
        wanted: &[Wanted::Push],
    },
    // it reads, writes and deletes
    RegistryRow {
        role: "Container Registry Repository Contributor",
        governed: Governed::ByRepository,
        wanted: &[Wanted::Delete],
    },
    RegistryRow {
        role: "AcrPull",
        governed: Governed::AsAWhole,
        wanted: &[Wanted::Pull, Wanted::Push, Wanted::Delete],
    },
    RegistryRow {
        role: "AcrPush",
        governed: Governed::AsAWhole,
        wanted: &[Wanted::Push, Wanted::Delete],
    },
    RegistryRow { role: "AcrDelete", governed: Governed::AsAWhole, wanted: &[Wanted::Delete] },
];

/// `Container Registry Tasks Contributor` runs and cancels builds and reads their logs; `Reader` finds the
/// registry.
const BUILD: [&str; 2] = ["Container Registry Tasks Contributor", "Reader"];

impl Permission {
    /// `secrets/get`, `certificates/create`, `keys/sign` …
    pub fn name(self) -> &'static str {
        VAULT.iter().find(|row| row.permission == self).expect("every permission has its row").name
    }
}

/// The commands that grant what signing needs in this mode: roles or access policy, as the vault's
/// answer showed; both, roles first, when it did not show. None when no grant would help.
pub fn vault_hint(
    vault: &VaultHost,
    mode: ChainMode,
    failed: Permission,
    refusal: Refusal,
    principal: Option<&Principal>,
) -> Option<String> {
    let mut rows: Vec<&VaultRow> = VAULT.iter().filter(|row| row.modes.contains(&mode)).collect();
    rows.sort_by_key(|row| row.permission != failed);
    let name = vault.name().unwrap_or("<vault-name>");
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
        Refusal::Network | Refusal::Disabled => return None,
    }
    if failed == Permission::SecretGet && mode == ChainMode::InVault {
        lines.push("or give the chain's certificates in a file with ca_certs".into());
    }
    Some(lines.join("\n"))
}

/// The commands that grant what `wanted` needs, for registries that repository permissions (ABAC)
/// govern and for the others. None when `host` is no Azure registry.
pub fn registry_hint(
    host: &str,
    extra: &ExtraHosts,
    wanted: Wanted,
    principal: Option<&Principal>,
) -> Option<String> {
    let registry = RegistryHost::parse(host, extra).ok()?;
    let name = registry.name().unwrap_or("<registry-name>");
    let scope = format!("$(az acr show -n {name} --query id -o tsv)");
    let roles = |governed: Governed| {
        let rows = REGISTRY.iter().filter(move |row| row.governed == governed);
        let rows = rows.filter(|row| row.wanted.contains(&wanted));
        rows.map(|row| assignment(row.role, principal, &scope)).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> =
        vec!["assign the roles (they take up to 10 minutes to act):".into()];
    lines.extend(roles(Governed::ByRepository));
    lines.push("or, where the registry has no repository permissions (ABAC) enabled:".into());
    lines.extend(roles(Governed::AsAWhole));
    Some(lines.join("\n"))
}

/// Renamed with the service; the old name is still found where a directory has not followed.
const SIGNER_ROLES: [&str; 2] =
    ["Artifact Signing Certificate Profile Signer", "Trusted Signing Certificate Profile Signer"];

/// The commands that grant what signing with a certificate profile needs, and the one that shows
/// whether the endpoint is the account's: the service answers the same to both mistakes. The names are
/// letters, digits and hyphens.
pub fn signing_hint(account: &str, profile: &str, principal: Option<&Principal>) -> String {
    let id = format!(
        "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name {account} --query '[0].id' -o tsv)"
    );
    let scope = format!("{id}/certificateProfiles/{profile}");
    let [role, former] = SIGNER_ROLES.map(|role| assignment(role, principal, &scope));
    [
        "assign the role (it takes up to 10 minutes to act):",
        &role,
        "or, where it has its former name:",
        &former,
        "if it is assigned, compare the endpoint with the account's own:",
        &format!("az resource show --ids \"{id}\" --query properties.accountUri -o tsv"),
    ]
    .join("\n")
}

/// The commands that grant what a build in a registry needs (learn.microsoft.com, "Azure Container Registry
/// Entra permissions and role assignments overview"): reading the registry, and its tasks.
pub fn build_hint(name: &str, principal: Option<&Principal>) -> String {
    let scope = format!("$(az acr show -n {name} --query id -o tsv)");
    let mut lines = vec!["assign the roles (they take up to 10 minutes to act):".to_owned()];
    lines.extend(BUILD.map(|role| assignment(role, principal, &scope)));
    lines.push("or, for everything but granting access:".into());
    lines.push(assignment("Contributor", principal, &scope));
    lines.join("\n")
}

fn assignment(role: &str, principal: Option<&Principal>, scope: &str) -> String {
    let kind = match principal.map(|p| p.kind) {
        Some(PrincipalKind::ServicePrincipal) => "ServicePrincipal",
        Some(PrincipalKind::User) | None => "User",
    };
    format!(
        "az role assignment create --role \"{role}\" --assignee-object-id {} --assignee-principal-type {kind} --scope \"{scope}\"",
        object_id(principal)
    )
}

fn object_id(principal: Option<&Principal>) -> String {
    match principal {
        Some(principal) => principal.object_id.clone(),
        None => "\"$(az ad signed-in-user show --query id -o tsv)\"".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> VaultHost {
        VaultHost::parse("myvault.vault.azure.net", &ExtraHosts::default()).unwrap()
    }

    fn job() -> Principal {
        Principal {
            object_id: "11111111-2222-3333-4444-555555555555".into(),
            tenant: None,
            kind: PrincipalKind::ServicePrincipal,
        }
    }

    #[test]
    fn roles_for_a_chain_in_the_vault() {
        let hint = vault_hint(
            &vault(),
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
        let hint = vault_hint(&vault(), ChainMode::Given, Permission::KeySign, Refusal::Rbac, None);
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
                &vault(),
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
            &vault(),
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
    fn a_closed_network_or_a_disabled_key_wants_no_role() {
        for refusal in [Refusal::Network, Refusal::Disabled] {
            let hint = vault_hint(&vault(), ChainMode::Given, Permission::KeySign, refusal, None);
            assert_eq!(hint, None);
        }
    }

    #[test]
    fn roles_of_builds() {
        insta::assert_snapshot!(build_hint("myregistry", Some(&job())), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Container Registry Tasks Contributor" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        az role assignment create --role "Reader" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        or, for everything but granting access:
        az role assignment create --role "Contributor" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        "#);
    }

    #[test]
    fn roles_of_registries() {
        let hint = |wanted, principal: Option<&Principal>| {
            registry_hint("myregistry.azurecr.io", &ExtraHosts::default(), wanted, principal)
        };
        insta::assert_snapshot!(hint(Wanted::Push, Some(&job())).unwrap(), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Container Registry Repository Reader" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        az role assignment create --role "Container Registry Repository Writer" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        or, where the registry has no repository permissions (ABAC) enabled:
        az role assignment create --role "AcrPull" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        az role assignment create --role "AcrPush" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az acr show -n myregistry --query id -o tsv)"
        "#);
        insta::assert_snapshot!(hint(Wanted::Pull, None).unwrap(), @r#"
        assign the roles (they take up to 10 minutes to act):
        az role assignment create --role "Container Registry Repository Reader" --assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" --assignee-principal-type User --scope "$(az acr show -n myregistry --query id -o tsv)"
        or, where the registry has no repository permissions (ABAC) enabled:
        az role assignment create --role "AcrPull" --assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" --assignee-principal-type User --scope "$(az acr show -n myregistry --query id -o tsv)"
        "#);
        let delete = hint(Wanted::Delete, Some(&job())).unwrap();
        let roles = delete.lines().filter_map(|l| l.split('"').nth(1)).collect::<Vec<_>>();
        assert_eq!(
            roles,
            ["Container Registry Repository Contributor", "AcrPull", "AcrPush", "AcrDelete"]
        );
        let none = ExtraHosts::default();
        assert_eq!(registry_hint("ghcr.io", &none, Wanted::Pull, None), None);
    }

    #[test]
    fn the_role_of_artifact_signing_is_of_one_profile() {
        insta::assert_snapshot!(signing_hint("acc", "images", Some(&job())), @r#"
        assign the role (it takes up to 10 minutes to act):
        az role assignment create --role "Artifact Signing Certificate Profile Signer" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)/certificateProfiles/images"
        or, where it has its former name:
        az role assignment create --role "Trusted Signing Certificate Profile Signer" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)/certificateProfiles/images"
        if it is assigned, compare the endpoint with the account's own:
        az resource show --ids "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)" --query properties.accountUri -o tsv
        "#);
    }
}
