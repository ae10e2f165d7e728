//! Builds in a registry.

use super::World;
use crate::azure::{AuthorityHost, Cloud, RegistryHost, Tasks};
use crate::env::name;

impl World {
    /// Builds of the registry given by name or login server. A name is of the cloud of
    /// AZURE_AUTHORITY_HOST, else of the public one.
    pub fn tasks(&self, registry: &str) -> Tasks {
        let extra = &self.options.extra_hosts;
        let authority = self.options.env.value(name::AZURE_AUTHORITY_HOST);
        let of_authority = authority.and_then(|host| AuthorityHost::parse(host, extra).ok());
        let cloud = match RegistryHost::parse(registry, extra) {
            Ok(host) => host.cloud(),
            Err(_) => of_authority.map_or(Cloud::Public, |authority| authority.cloud()),
        };
        let tokens = self.identity(self.options.credential_type);
        Tasks::new(self.http.clone(), tokens, cloud, extra.clone())
    }

    /// The name of the registry given by name or login server.
    pub fn registry_name(&self, registry: &str) -> Result<String, crate::azure::TasksError> {
        crate::azure::registry_name(registry, &self.options.extra_hosts)
    }
}
