//! `github`: the OIDC token of a GitHub job (docs.github.com, "OpenID Connect reference").

use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method};
use url::Url;

use super::chain::IdentityOptions;
use super::entra::Entra;
use super::{Audience, Credential, CredentialType, Token, pipelines};
use crate::azure::connection::Scheme;
use crate::azure::error::{one_line, refusal_text};
use crate::azure::{AzureError, Cloud, ConnectionName, ExtraHosts, ServiceConnection};
use crate::env::{Env, name};
use crate::http::{Redirects, Request};
use crate::secret::Secret;

/// What the inputs of a step say of its identity; on the command line, nothing.
#[derive(Clone, Default)]
pub struct NamedIdentity {
    pub tenant: Option<String>,
    pub client: Option<String>,
    /// A service connection of Azure Pipelines.
    pub connection: Option<ConnectionName>,
    /// Whose Entra is asked when AZURE_AUTHORITY_HOST names none; the host's cloud otherwise.
    pub cloud: Option<Cloud>,
    pub listener: Option<Arc<dyn Listener>>,
}

/// Whom the search for a credential reports to, while it goes on.
pub trait Listener: Send + Sync {
    /// A line of the log.
    fn line(&self, text: &str);

    /// A secret that came from the host itself and must not be in its log.
    fn mask(&self, secret: &Secret);
}

/// largest answer expected: a token of under 8 KiB
const ANSWER_LIMIT: u64 = 256 * 1024;

impl NamedIdentity {
    /// Whether the job's OIDC token is the credential: where tenant and client are named, and no
    /// other credential is asked for. Fails where it is and the job has none; under act a client
    /// secret or certificate serves instead, and in Azure Pipelines what the order has.
    pub fn needs_oidc(
        &self,
        credential_type: Option<CredentialType>,
        env: &Env,
    ) -> Result<bool, AzureError> {
        let asked = credential_type.is_none_or(|kind| kind == CredentialType::GitHub);
        if !asked || self.tenant.is_none() || self.client.is_none() {
            return Ok(false);
        }
        match variables(env) {
            Ok(_) => Ok(true),
            Err(_) if credential_type.is_none() && env.value(name::TF_BUILD).is_some() => Ok(false),
            Err(AzureError::NoOidcUnderAct) if credential_type.is_none() && has_secret(env) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the named connection, where it is the credential, so that what is wrong with it is said
    /// at once; its cloud, where it says one.
    pub fn connection_cloud(
        &self,
        credential_type: Option<CredentialType>,
        env: &Env,
        extra_hosts: &ExtraHosts,
    ) -> Result<Option<Cloud>, AzureError> {
        let asked = credential_type.is_none_or(|kind| kind == CredentialType::AzurePipelines);
        match &self.connection {
            Some(name) if asked => {
                let connection = ServiceConnection::read(name, env, extra_hosts, self.cloud)?;
                if let Scheme::Federation(_) = connection.scheme {
                    pipelines::variables(name, env)?;
                }
                Ok(connection.cloud)
            }
            _ => Ok(None),
        }
    }

    /// Hides a secret from the log before it is used.
    pub(in crate::azure) fn mask(&self, secret: &Secret) {
        if let Some(listener) = &self.listener {
            listener.mask(secret);
        }
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(listener) = &self.listener {
            listener.line(line);
        }
    }
}

/// The job's right to ask for OIDC tokens, and the application they are for.
pub(super) struct GitHubToken {
    entra: Entra,
    url: Url,
    request_token: HeaderValue,
    cloud: Option<Cloud>,
    listener: Option<Arc<dyn Listener>>,
}

impl GitHubToken {
    pub fn find(options: &IdentityOptions) -> Result<Self, AzureError> {
        let kind = CredentialType::GitHub;
        let named = &options.named;
        let (Some(tenant), Some(client)) = (&named.tenant, &named.client) else {
            // the command line has three other ways, and no inputs
            return Err(AzureError::CredentialType { found: kind.name().to_owned() });
        };
        let (url, request_token) = variables(&options.env)?;
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "https");
        let url = url.ok_or_else(|| unusable(name::ACTIONS_ID_TOKEN_REQUEST_URL))?;
        let mut request_token = HeaderValue::try_from(format!("bearer {request_token}"))
            .map_err(|_| unusable(name::ACTIONS_ID_TOKEN_REQUEST_TOKEN))?;
        request_token.set_sensitive(true);
        Ok(Self {
            entra: Entra::new(options, kind, tenant, client)?,
            url,
            request_token,
            cloud: named.cloud,
            listener: named.listener.clone(),
        })
    }

    /// A new assertion: one lives for minutes, a job for hours.
    async fn assertion(&self, audience: Audience) -> Result<Secret, AzureError> {
        let cloud = self.cloud.unwrap_or_else(|| self.entra.authority(audience).cloud());
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", cloud.assertion_audience());
        let request = Request::new(Method::GET, url, ANSWER_LIMIT)
            .header(AUTHORIZATION, self.request_token.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            // the request token is for this host alone
            .redirects(Redirects::Return);
        let sent = self.entra.http().send(request).await;
        let answer = sent.map_err(|error| failed(&error.to_string()))?;
        if !answer.status.is_success() {
            let status = answer.status.as_u16();
            return Err(failed(&format!("{status}: {}", refusal_text(&answer))));
        }
        let token = serde_json::from_slice(&answer.body).map(|Answer { value }| Secret::new(value));
        let token = token.ok().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| failed("the answer holds no token"))?;
        if let Some(listener) = &self.listener {
            listener.mask(&token);
        }
        Ok(token)
    }
}

#[async_trait::async_trait]
impl Credential for GitHubToken {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.entra.with_assertion(self.assertion(audience).await?, audience).await
    }

    fn describe(&self) -> String {
        "github (OIDC token)".into()
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    value: String,
}

/// The address and the token to ask it with.
fn variables(env: &Env) -> Result<(&str, &str), AzureError> {
    let value = |variable| match env.value(variable) {
        Some(value) => Ok(value),
        None if env.value(name::ACT).is_some() => Err(AzureError::NoOidcUnderAct),
        None => Err(AzureError::NoOidc { variable }),
    };
    let url = value(name::ACTIONS_ID_TOKEN_REQUEST_URL)?;
    Ok((url, value(name::ACTIONS_ID_TOKEN_REQUEST_TOKEN)?))
}

fn has_secret(env: &Env) -> bool {
    [name::AZURE_CLIENT_SECRET, name::AZURE_CLIENT_CERTIFICATE_PATH]
        .iter()
        .any(|name| env.value(name).is_some())
}

fn unusable(variable: &str) -> AzureError {
    failed(&format!("{variable} is not usable: an https address and a token are expected"))
}

fn failed(problem: &str) -> AzureError {
    let message = one_line(&format!("GitHub's OIDC token: {problem}"));
    AzureError::Credential { kind: CredentialType::GitHub, message }
}
