//! What to type when a registry refuses, by the kind of its permissions, or a build in it.

use super::assignment;
use crate::azure::{ExtraHosts, Principal, RegistryHost};

/// What a registry is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Pull,
    Push,
    /// Deleting, and keeping the tag index.
    Delete,
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

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;

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
}
