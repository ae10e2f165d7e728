//! `azurepipelines`: the service connection that an input names, or one that another task prepared.

use std::sync::Arc;

use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::certificate::ClientCertificate;
use super::chain::IdentityOptions;
use super::entra::{ClientSecret, Entra};
use super::github::Listener;
use super::managed::{Imds, ManagedIdentity};
use super::{Audience, Credential, CredentialType, Token};
use crate::azure::connection::{Application, Scheme, job_token};
use crate::azure::error::{one_line, refusal_text};
use crate::azure::{
    AuthorityHost, AzureError, ConnectionError, ConnectionName, ExtraHosts, ServiceConnection,
};
use crate::env::{Env, name};
use crate::http::{Redirects, Request};
use crate::secret::Secret;

const KIND: CredentialType = CredentialType::AzurePipelines;

/// The credential of the named connection, else of the one that AzureCLI@2 or AzurePowerShell@5 left
/// in the environment; None where there is neither.
pub(super) async fn find(
    options: &IdentityOptions,
    imds: &Imds,
) -> Result<Option<Arc<dyn Credential>>, AzureError> {
    if let Some(connection) = &options.named.connection {
        return Ok(Some(named(options, imds, connection).await?));
    }
    match Prepared::of(&options.env) {
        Some(prepared) => Ok(Some(prepared.credential(options)?)),
        None => Ok(None),
    }
}

/// Whether another task prepared an identity.
pub(super) fn is_prepared(env: &Env) -> bool {
    Prepared::of(env).is_some()
}

/// What is missing where nothing is named and nothing prepared.
pub(super) const MISSING: &str =
    "azure-subscription names no service connection, and no task before prepared one";

async fn named(
    options: &IdentityOptions,
    imds: &Imds,
    connection: &ConnectionName,
) -> Result<Arc<dyn Credential>, AzureError> {
    let cloud = options.named.cloud;
    let read = ServiceConnection::read(connection, &options.env, &options.extra_hosts, cloud)?;
    let authority = read.authority;
    let (inner, how): (Box<dyn Credential>, _) = match read.scheme {
        Scheme::Federation(application) => {
            let entra = entra(options, &application, authority)?;
            let federation = Federation::new(options, entra, connection.clone())?;
            (Box::new(federation), "workload identity federation")
        }
        Scheme::ClientSecret(application, secret) => {
            options.named.mask(&secret);
            let entra = entra(options, &application, authority)?;
            (Box::new(ClientSecret { entra, secret }), "client secret")
        }
        Scheme::ClientCertificate(application, pem) => {
            options.named.mask(&pem);
            let entra = entra(options, &application, authority)?;
            let place = format!("of the service connection {:?}", connection.id);
            let certificate = ClientCertificate::from_pem(entra, place, pem.expose())?;
            (Box::new(certificate), "client certificate")
        }
        Scheme::ManagedIdentity(client) => {
            let mut options = options.clone();
            options.named.client = options.named.client.or(client);
            // who is meant is the connection's to say, not the environment's
            options.env = options.env.without(name::AZURE_CLIENT_ID);
            let managed = ManagedIdentity::find(&options, imds);
            let text = format!("{KIND}, {}", managed.describe());
            return Ok(Arc::new(Described { inner: Box::new(managed), text }));
        }
    };
    Ok(Arc::new(Described { inner, text: format!("{KIND} ({how})") }))
}

fn entra(
    options: &IdentityOptions,
    application: &Application,
    authority: Option<AuthorityHost>,
) -> Result<Entra, AzureError> {
    let Application { tenant, client } = application;
    match authority {
        Some(authority) => Ok(Entra::at(options, KIND, tenant, client, authority)),
        None => Entra::new(options, KIND, tenant, client),
    }
}

/// Where Azure DevOps is asked, and the job token to ask it with.
pub(super) fn variables<'a>(
    connection: &ConnectionName,
    env: &'a Env,
) -> Result<(&'a str, Secret), ConnectionError> {
    let missing = |variable| ConnectionError::NoOidc { connection: connection.clone(), variable };
    let address = env.value(name::SYSTEM_OIDCREQUESTURI);
    let address = address.ok_or_else(|| missing(name::SYSTEM_OIDCREQUESTURI))?;
    let token = job_token(env).ok_or_else(|| missing(name::SYSTEM_ACCESSTOKEN))?;
    Ok((address, token))
}

/// A credential under the name of the connection's scheme.
struct Described {
    inner: Box<dyn Credential>,
    text: String,
}

#[async_trait::async_trait]
impl Credential for Described {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.inner.exchange(audience).await
    }

    fn describe(&self) -> String {
        self.text.clone()
    }
}

/// What a task before left in the environment, the lasting before what ends in minutes.
enum Prepared<'a> {
    /// AzureCLI@2, AzurePowerShell@5: the connection, and with the job token the right to use it.
    Connection { application: Application, connection: ConnectionName },
    /// AzureCLI@2 with `addSpnToEnvironment`.
    Key(Application, &'a str),
    /// The same for a connection with workload identity federation.
    IdToken(Application, &'a str),
}

impl<'a> Prepared<'a> {
    fn of(env: &'a Env) -> Option<Self> {
        env.value(name::TF_BUILD)?;
        let application = |tenant, client| {
            let (tenant, client) = (env.value(tenant)?.to_owned(), env.value(client)?.to_owned());
            Some(Application { tenant, client })
        };
        let connection = env.value(name::AZURESUBSCRIPTION_SERVICE_CONNECTION_ID);
        let lasting =
            application(name::AZURESUBSCRIPTION_TENANT_ID, name::AZURESUBSCRIPTION_CLIENT_ID);
        let may_ask = env.value(name::SYSTEM_OIDCREQUESTURI).is_some() && job_token(env).is_some();
        if let (Some(id), Some(application), true) = (connection, lasting, may_ask) {
            let input = name::AZURESUBSCRIPTION_SERVICE_CONNECTION_ID;
            let connection = ConnectionName { input, id: id.to_owned() };
            return Some(Self::Connection { application, connection });
        }
        let application = application(name::TENANT_ID, name::SERVICE_PRINCIPAL_ID)?;
        match (env.value(name::SERVICE_PRINCIPAL_KEY), env.value(name::ID_TOKEN)) {
            (Some(key), _) => Some(Self::Key(application, key)),
            (None, Some(token)) => Some(Self::IdToken(application, token)),
            (None, None) => None,
        }
    }

    fn credential(self, options: &IdentityOptions) -> Result<Arc<dyn Credential>, AzureError> {
        let (inner, how): (Box<dyn Credential>, _) = match self {
            Self::Connection { application, connection } => {
                let entra = entra(options, &application, None)?;
                let federation = Federation::new(options, entra, connection)?;
                (Box::new(federation), "workload identity federation, prepared by another task")
            }
            Self::Key(application, key) => {
                let secret = Secret::new(key);
                options.named.mask(&secret);
                let entra = entra(options, &application, None)?;
                (Box::new(ClientSecret { entra, secret }), "servicePrincipalKey of AzureCLI@2")
            }
            Self::IdToken(application, token) => {
                let assertion = Secret::new(token);
                options.named.mask(&assertion);
                let entra = entra(options, &application, None)?;
                (Box::new(IdToken { entra, assertion }), "idToken of AzureCLI@2")
            }
        };
        Ok(Arc::new(Described { inner, text: format!("{KIND} ({how})") }))
    }
}

/// The job's right to ask Azure DevOps for assertions of a connection (learn.microsoft.com, REST API
/// "Oidctoken - Create").
struct Federation {
    entra: Entra,
    url: Url,
    bearer: HeaderValue,
    connection: ConnectionName,
    listener: Option<Arc<dyn Listener>>,
}

const API_VERSION: &str = "7.1";
/// largest answer expected: a token of under 8 KiB
const ANSWER_LIMIT: u64 = 256 * 1024;

impl Federation {
    fn new(
        options: &IdentityOptions,
        entra: Entra,
        connection: ConnectionName,
    ) -> Result<Self, AzureError> {
        let (address, token) = variables(&connection, &options.env)?;
        options.named.mask(&token);
        let usable = Url::parse(address).ok().filter(|url| url.scheme() == "https");
        let mut url = usable.ok_or_else(|| unusable(name::SYSTEM_OIDCREQUESTURI))?;
        if !is_azure_devops(&url, &options.extra_hosts) {
            return Err(elsewhere(&url));
        }
        url.query_pairs_mut()
            .append_pair("api-version", API_VERSION)
            .append_pair("serviceConnectionId", &connection.id);
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|_| unusable("the job token"))?;
        bearer.set_sensitive(true);
        let listener = options.named.listener.clone();
        Ok(Self { entra, url, bearer, connection, listener })
    }

    /// A new assertion: one lives for ten minutes, a job for hours.
    async fn assertion(&self) -> Result<Secret, AzureError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        // without it, Azure DevOps answers a token it does not know with its sign-in page
        const NO_SIGN_IN: HeaderName = HeaderName::from_static("x-tfs-fedauthredirect");
        let request = Request::new(Method::POST, self.url.clone(), ANSWER_LIMIT)
            .header(AUTHORIZATION, self.bearer.clone())
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, JSON)
            // a server may refuse a POST that does not say its length
            .header(CONTENT_LENGTH, HeaderValue::from_static("0"))
            .header(NO_SIGN_IN, HeaderValue::from_static("Suppress"))
            // the job token is for this host alone
            .redirects(Redirects::Return);
        let sent = self.entra.http().send(request).await;
        let answer = sent.map_err(|error| self.failed(&error.to_string()))?;
        if answer.status != StatusCode::OK {
            let refused = serde_json::from_slice(&answer.body);
            let text = match refused {
                Ok(Refusal { message }) if answer.status.as_u16() >= 400 => message,
                _ => refusal_text(&answer),
            };
            return Err(self.failed(&format!("{}: {text}", answer.status.as_u16())));
        }
        let token = serde_json::from_slice(&answer.body);
        let token = token.map(|Answer { oidc_token }| Secret::new(oidc_token));
        let token = token.ok().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.failed("the answer holds no token"))?;
        if let Some(listener) = &self.listener {
            listener.mask(&token);
        }
        Ok(token)
    }

    fn failed(&self, problem: &str) -> AzureError {
        let id = &self.connection.id;
        let problem = format!("Azure DevOps' token of the service connection {id:?}: {problem}");
        AzureError::Credential { kind: KIND, message: one_line(&problem) }
    }
}

#[async_trait::async_trait]
impl Credential for Federation {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.entra.with_assertion(self.assertion().await?, audience).await
    }

    fn describe(&self) -> String {
        KIND.name().to_owned()
    }
}

/// An assertion that was made once, and serves while it lives.
struct IdToken {
    entra: Entra,
    assertion: Secret,
}

/// Entra's code for an assertion out of its time.
const OVER: &str = "AADSTS700024";

#[async_trait::async_trait]
impl Credential for IdToken {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        let now = self.entra.http().clock().now().unix_timestamp();
        if end_of(&self.assertion).is_some_and(|end| end <= now) {
            return Err(ConnectionError::IdTokenOver.into());
        }
        match self.entra.with_assertion(self.assertion.clone(), audience).await {
            Err(AzureError::Credential { message, .. }) if message.contains(OVER) => {
                Err(ConnectionError::IdTokenOver.into())
            }
            other => other,
        }
    }

    fn describe(&self) -> String {
        KIND.name().to_owned()
    }
}

/// The claim `exp` of a JWT, read without any check: it only spares a request.
fn end_of(token: &Secret) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = token.expose().split('.').nth(1)?;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).map(|Claims { exp }| exp).ok()
}

#[derive(serde::Deserialize)]
struct Answer {
    #[serde(rename = "oidcToken")]
    oidc_token: String,
}

#[derive(serde::Deserialize)]
struct Refusal {
    message: String,
}

/// The hosts of Azure DevOps Services (learn.microsoft.com, "Allowed IP addresses and domain URLs");
/// of another cloud, the host that the user names as its authority.
pub(super) fn is_azure_devops(url: &Url, extra_hosts: &ExtraHosts) -> bool {
    let host = url.host_str().unwrap_or_default();
    let known = host == "dev.azure.com"
        || [".dev.azure.com", ".visualstudio.com"].iter().any(|end| host.ends_with(end));
    match url.port() {
        None => known || extra_hosts.has_authority(host),
        Some(port) => extra_hosts.has_authority(&format!("{host}:{port}")),
    }
}

/// Any step before may set the variable; the job token may ask for every connection of the job.
fn elsewhere(url: &Url) -> AzureError {
    let host = url.host_str().unwrap_or_default();
    let message = one_line(&format!(
        "{} names {host:?}, which is no host of Azure DevOps (dev.azure.com, *.visualstudio.com); the job token was not sent there",
        name::SYSTEM_OIDCREQUESTURI
    ));
    AzureError::Credential { kind: KIND, message }
}

fn unusable(what: &str) -> AzureError {
    let message = format!("{what} is not usable: an https address and a token are expected");
    AzureError::Credential { kind: KIND, message }
}
