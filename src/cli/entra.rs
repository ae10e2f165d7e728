//! What a command's Entra identity is made from.

use std::sync::Arc;

use super::world::WorldOptions;
use crate::azure::{CredentialType, Identity, IdentityOptions};
use crate::http::Http;

/// The identity of the command, by the default order or by the one credential.
pub fn identity(
    world: &WorldOptions,
    http: &Http,
    credential_type: Option<CredentialType>,
) -> Arc<Identity> {
    Arc::new(Identity::new(options(world, http, credential_type)))
}

/// The same, to be opened by another.
pub fn options(
    world: &WorldOptions,
    http: &Http,
    credential_type: Option<CredentialType>,
) -> IdentityOptions {
    IdentityOptions {
        http: http.clone(),
        env: world.env.clone(),
        credential_type,
        named: world.named.clone(),
        extra_hosts: world.extra_hosts.clone(),
    }
}
