//! A Docker registry service connection: the credential of its one registry, and of no other.

use std::sync::Arc;

use super::{ConnectionError, ConnectionName, Endpoint, ServiceConnection};
use crate::azure::{
    AcrCredentials, CredentialType, ExtraHosts, Identity, IdentityOptions, NamedIdentity,
    RegistryHost, TokenSource, Wanted,
};
use crate::credentials::{Credential, CredentialSource, Found, Given, ServerAddress};
use crate::env::Env;
use crate::fault::BoxFault;
use crate::http::Http;

/// The credential that the connection holds, or the identity that its Azure registry knows.
pub struct RegistryConnection {
    kind: Kind,
}

enum Kind {
    Given(Given),
    Azure(Box<AzureRegistry>),
}

/// For the report.
const SOURCE: &str = "Docker registry service connection";

impl RegistryConnection {
    /// Reads the connection. Of `options` the cloud that an input chose and the listener count, not the
    /// identity that they name.
    pub fn read(name: &ConnectionName, options: &IdentityOptions) -> Result<Self, ConnectionError> {
        let endpoint = Endpoint::of(name, &options.env);
        let azure = endpoint.data("registrytype").is_some_and(|t| t.eq_ignore_ascii_case("ACR"));
        let kind = match azure {
            true => Self::azure(name, &endpoint, options)?,
            false => Self::given(name, &endpoint, options)?,
        };
        Ok(Self { kind })
    }

    /// The host of the connection's registry, as far as it can be read; nothing is checked.
    pub fn registry(name: &ConnectionName, env: &Env) -> Option<String> {
        let endpoint = Endpoint::of(name, env);
        let address = endpoint.parameter("loginServer").or_else(|| endpoint.parameter("registry"));
        host_of(address?.expose())
    }

    /// Credentials for the connection's registry; other hosts have none here. `wanted` decides which
    /// roles a refusal names.
    pub fn credentials(&self, wanted: Wanted) -> Arc<dyn CredentialSource> {
        match &self.kind {
            Kind::Given(given) => Arc::new(given.clone()),
            Kind::Azure(azure) => Arc::new(AzureRegistry { wanted, ..(**azure).clone() }),
        }
    }

    fn given(
        name: &ConnectionName,
        endpoint: &Endpoint<'_>,
        options: &IdentityOptions,
    ) -> Result<Kind, ConnectionError> {
        if endpoint.scheme().is_none() && endpoint.parameter("registry").is_none() {
            return Err(ConnectionError::NotGiven { connection: name.clone() });
        }
        let address = endpoint.required("registry")?;
        let username = endpoint.required("username")?.expose().to_owned();
        let password = endpoint.required("password")?;
        options.named.mask(&password);
        let credential = Credential::Basic { username, password };
        let given = host_of(address.expose())
            .and_then(|host| Given::new(&host, credential, SOURCE).ok())
            .ok_or_else(|| ConnectionError::Registry {
                connection: name.clone(),
                found: address.expose().to_owned(),
                problem: "which is no registry's address",
            })?;
        Ok(Kind::Given(given))
    }

    fn azure(
        name: &ConnectionName,
        endpoint: &Endpoint<'_>,
        options: &IdentityOptions,
    ) -> Result<Kind, ConnectionError> {
        // what is wrong with it is said now, not at its first use
        ServiceConnection::read(name, &options.env, &options.extra_hosts, options.named.cloud)?;
        let found = endpoint.required("loginServer")?;
        let registry = RegistryHost::parse(found.expose(), &options.extra_hosts).map_err(|_| {
            ConnectionError::Registry {
                connection: name.clone(),
                found: found.expose().to_owned(),
                problem: "which is not an Azure Container Registry host",
            }
        })?;
        let options = IdentityOptions {
            credential_type: Some(CredentialType::AzurePipelines),
            named: NamedIdentity {
                connection: Some(name.clone()),
                cloud: options.named.cloud,
                listener: options.named.listener.clone(),
                ..NamedIdentity::default()
            },
            ..options.clone()
        };
        Ok(Kind::Azure(Box::new(AzureRegistry {
            registry,
            http: options.http.clone(),
            extra_hosts: options.extra_hosts.clone(),
            identity: Arc::new(Identity::new(options)),
            wanted: Wanted::Pull,
        })))
    }
}

/// The Entra exchange for one registry.
#[derive(Clone)]
struct AzureRegistry {
    registry: RegistryHost,
    identity: Arc<Identity>,
    http: Http,
    extra_hosts: ExtraHosts,
    wanted: Wanted,
}

#[async_trait::async_trait]
impl CredentialSource for AzureRegistry {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault> {
        let asked = RegistryHost::parse(registry_host, &self.extra_hosts);
        if asked.ok().as_ref() != Some(&self.registry) {
            return Ok(None);
        }
        let (http, extra_hosts) = (self.http.clone(), self.extra_hosts.clone());
        let exchange = AcrCredentials::new(http, self.identity.clone(), extra_hosts, self.wanted);
        let token = exchange.refresh_token(&self.registry).await?;
        Ok(Some(Found {
            credential: Credential::RefreshToken(token),
            source: format!("{SOURCE}, {}", self.identity.describe()),
        }))
    }
}

/// `https://index.docker.io/v1/`, `https://host:port` or `host`: the host.
fn host_of(address: &str) -> Option<String> {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let named = !host.contains(['@', '?', '#', '\\']) && ServerAddress::of(host).is_ok();
    named.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_address_is_its_host() {
        for (address, host) in [
            ("https://index.docker.io/v1/", Some("index.docker.io")),
            ("https://Cr.example:5000", Some("cr.example:5000")),
            ("cr.example", Some("cr.example")),
            ("https://user@cr.example", None),
            ("https://", None),
            ("cr.example\nother", None),
        ] {
            assert_eq!(host_of(address).as_deref(), host, "{address}");
        }
    }
}
