//! What to type when Azure refuses: one table of roles for each service.

mod names;
mod registry;
mod signing;
mod vault;

pub(super) use names::deleted_name;
pub use names::pending_request;
pub use registry::{Wanted, build_hint, registry_hint};
pub use signing::signing_hint;
pub use vault::{ChainMode, Permission, vault_hint};

use super::{Principal, PrincipalKind};

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

    pub fn job() -> Principal {
        Principal {
            object_id: "11111111-2222-3333-4444-555555555555".into(),
            tenant: None,
            kind: PrincipalKind::ServicePrincipal,
        }
    }
}
