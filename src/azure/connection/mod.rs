//! Service connections of Azure Pipelines, as the agent hands them to a task: `ENDPOINT_AUTH_*` and
//! `ENDPOINT_DATA_*` (azure-pipelines-task-lib, `task.ts`, "Endpoint and Auth Functions").

mod error;
mod registry;

pub use error::ConnectionError;
pub use registry::RegistryConnection;

use std::collections::BTreeMap;

use super::{AuthorityHost, CLOUDS, Cloud, ExtraHosts};
use crate::env::{Env, name};
use crate::secret::Secret;

/// A service connection as an input names it. In place of its name the server puts its id, a guid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionName {
    /// The input, for messages.
    pub input: &'static str,
    pub id: String,
}

/// A connection that signs in to Entra: of Azure Resource Manager, or to an Azure registry.
#[derive(Debug)]
pub struct ServiceConnection {
    pub scheme: Scheme,
    /// Whose Entra knows the application, where the connection says it.
    pub authority: Option<AuthorityHost>,
    /// The cloud of the connection's `environment`.
    pub cloud: Option<Cloud>,
}

/// How a connection signs in.
#[derive(Debug)]
pub enum Scheme {
    /// Azure DevOps signs an assertion for each exchange.
    Federation(Application),
    ClientSecret(Application, Secret),
    /// Key and certificate as PEM.
    ClientCertificate(Application, Secret),
    /// The identity of the agent's machine; a client id picks a user-assigned one.
    ManagedIdentity(Option<String>),
}

/// An application in a tenant.
#[derive(Debug)]
pub struct Application {
    pub tenant: String,
    pub client: String,
}

/// The schemes of a connection of Azure Resource Manager.
const SCHEMES: &str = "WorkloadIdentityFederation, ServicePrincipal or ManagedServiceIdentity";

/// The connection of the job itself, whose parameter AccessToken is the job token.
const JOB: &str = "SystemVssConnection";

impl ServiceConnection {
    /// Reads the connection from what the agent gave. With a `chosen` cloud the connection's own cloud
    /// and authority do not matter.
    pub fn read(
        name: &ConnectionName,
        env: &Env,
        extra_hosts: &ExtraHosts,
        chosen: Option<Cloud>,
    ) -> Result<Self, ConnectionError> {
        let endpoint = Endpoint::of(name, env);
        let scheme = endpoint.entra_scheme()?;
        let (authority, cloud) = match chosen {
            Some(_) => (None, None),
            None => endpoint.place(extra_hosts)?,
        };
        Ok(Self { scheme, authority, cloud })
    }
}

/// The job token: the right to ask Azure DevOps in the name of the job.
pub(super) fn job_token(env: &Env) -> Option<Secret> {
    let job = ConnectionName { input: "", id: JOB.to_owned() };
    let token = Endpoint::of(&job, env).parameter("AccessToken");
    token.or_else(|| env.value(name::SYSTEM_ACCESSTOKEN).map(Secret::new))
}

/// What the agent gave of one connection.
struct Endpoint<'a> {
    name: &'a ConnectionName,
    env: &'a Env,
    auth: AuthDraft,
}

/// `ENDPOINT_AUTH_<id>`. Keys come in the case in which the connection was made.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct AuthDraft {
    #[serde(alias = "Scheme")]
    scheme: Option<String>,
    #[serde(alias = "Parameters")]
    parameters: BTreeMap<String, serde_json::Value>,
}

impl<'a> Endpoint<'a> {
    fn of(name: &'a ConnectionName, env: &'a Env) -> Self {
        let mut endpoint = Self { name, env, auth: AuthDraft::default() };
        // the single variables say the same: JSON that cannot be read adds nothing to them
        let auth = endpoint.variable(name::ENDPOINT_AUTH, &name.id);
        endpoint.auth = auth.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        endpoint
    }

    /// Names are compared without case, as task-lib and Windows do.
    fn variable(&self, beginning: &'a str, end: &str) -> Option<&'a str> {
        let mut variables = self.env.with_prefix(beginning);
        let found = variables.find(|(name, _)| name[beginning.len()..].eq_ignore_ascii_case(end));
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    fn parameter(&self, key: &str) -> Option<Secret> {
        let end = format!("PARAMETER_{}_{key}", self.name.id);
        if let Some(value) = self.variable(name::ENDPOINT_AUTH, &end) {
            return Some(Secret::new(value));
        }
        let mut parameters = self.auth.parameters.iter();
        let (_, value) = parameters.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        value.as_str().filter(|text| !text.is_empty()).map(Secret::new)
    }

    fn data(&self, key: &str) -> Option<&'a str> {
        self.variable(name::ENDPOINT_DATA, &format!("{}_{key}", self.name.id))
    }

    fn scheme(&self) -> Option<String> {
        let end = format!("SCHEME_{}", self.name.id);
        let single = self.variable(name::ENDPOINT_AUTH, &end).map(str::to_owned);
        single
            .or_else(|| self.auth.scheme.clone().filter(|scheme| !scheme.is_empty()))
            .or_else(|| self.parameter("scheme").map(|scheme| scheme.expose().to_owned()))
    }

    fn required(&self, key: &'static str) -> Result<Secret, ConnectionError> {
        self.parameter(key).ok_or_else(|| ConnectionError::Parameter {
            connection: self.name.clone(),
            parameter: key,
            scheme: self.scheme().unwrap_or_default(),
        })
    }

    fn entra_scheme(&self) -> Result<Scheme, ConnectionError> {
        let connection = self.name.clone();
        let Some(scheme) = self.scheme() else {
            return Err(ConnectionError::NotGiven { connection });
        };
        match scheme.to_ascii_lowercase().as_str() {
            "workloadidentityfederation" => Ok(Scheme::Federation(self.application()?)),
            "serviceprincipal" => {
                let kind = self.parameter("authenticationType");
                let application = self.application()?;
                match kind.is_some_and(|k| k.expose().eq_ignore_ascii_case("spnCertificate")) {
                    true => {
                        let pem = self.required("servicePrincipalCertificate")?;
                        Ok(Scheme::ClientCertificate(application, pem))
                    }
                    false => {
                        let key = self.required("serviceprincipalkey")?;
                        Ok(Scheme::ClientSecret(application, key))
                    }
                }
            }
            // the second is what connections to Azure registries call it
            "managedserviceidentity" | "managedidentity" => {
                Ok(Scheme::ManagedIdentity(self.data("msiclientId").map(str::to_owned)))
            }
            _ => Err(ConnectionError::Scheme { connection, found: scheme, expected: SCHEMES }),
        }
    }

    fn application(&self) -> Result<Application, ConnectionError> {
        Ok(Application {
            tenant: self.required("tenantid")?.expose().to_owned(),
            client: self.required("serviceprincipalid")?.expose().to_owned(),
        })
    }

    /// Authority and cloud. A cloud that nobody knows needs an authority that somebody does.
    fn place(
        &self,
        extra_hosts: &ExtraHosts,
    ) -> Result<(Option<AuthorityHost>, Option<Cloud>), ConnectionError> {
        let connection = || self.name.clone();
        let authority = self.data("activeDirectoryAuthority");
        let authority = match authority.or_else(|| self.data("environmentAuthorityUrl")) {
            Some(found) => Some(AuthorityHost::parse(found, extra_hosts).map_err(|_| {
                ConnectionError::Authority { connection: connection(), found: found.to_owned() }
            })?),
            None => None,
        };
        let environment = self.data("environment");
        let cloud = environment.and_then(|environment| {
            CLOUDS.into_iter().find(|c| c.environment().eq_ignore_ascii_case(environment))
        });
        match (environment, cloud, &authority) {
            (Some(found), None, None) => {
                let found = found.to_owned();
                Err(ConnectionError::Cloud { connection: connection(), found })
            }
            _ => Ok((authority.or_else(|| cloud.map(Cloud::authority)), cloud)),
        }
    }
}

#[cfg(test)]
mod tests;
