//! What a command's Entra identity is made from.

use super::world::WorldOptions;
use crate::azure::{CredentialType, IdentityOptions};
use crate::http::Http;

/// The identity of the command, by the default order or by the one credential.
pub fn identity_options(
    options: &WorldOptions,
    http: &Http,
    credential_type: Option<CredentialType>,
) -> IdentityOptions {
    IdentityOptions {
        http: http.clone(),
        env: options.env.clone(),
        credential_type,
        named: options.named.clone(),
        extra_hosts: options.extra_hosts.clone(),
    }
}
