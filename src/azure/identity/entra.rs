//! Exchanges with Entra: azure_identity over the command's own HTTP client.

use std::path::PathBuf;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, Body, ClientMethodOptions, ClientOptions, HttpClient, RetryOptions,
    StatusCode, Transport,
};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::chain::IdentityOptions;
use super::{Audience, Credential, CredentialType, Token};
use crate::azure::error::{one_line, refusal_text};
use crate::azure::{AuthorityHost, AzureError, Cloud};
use crate::env::name;
use crate::http::{Http, Redirects, Request, Response};
use crate::secret::Secret;

/// An application in a tenant, and the authority that knows it.
pub(super) struct Entra {
    http: Http,
    kind: CredentialType,
    tenant: String,
    client: String,
    /// From AZURE_AUTHORITY_HOST, or of the named cloud; otherwise of the audience's cloud.
    authority: Option<AuthorityHost>,
}

/// largest answer of Entra seen: under 16 KiB (tokens with many groups)
const ANSWER_LIMIT: u64 = 256 * 1024;
/// longest life of a token, in seconds: Entra's are 28 hours at most; a year is no limit in practice
const LONGEST_LIFE: i64 = 366 * 24 * 3600;

impl Entra {
    /// Checks AZURE_AUTHORITY_HOST against the table.
    pub fn new(
        options: &IdentityOptions,
        kind: CredentialType,
        tenant: &str,
        client: &str,
    ) -> Result<Self, AzureError> {
        let authority = match options.env.value(name::AZURE_AUTHORITY_HOST) {
            Some(host) => Some(AuthorityHost::parse(host, &options.extra_hosts)?),
            None => options.named.cloud.map(Cloud::authority),
        };
        Ok(Self {
            http: options.http.clone(),
            kind,
            tenant: tenant.to_owned(),
            client: client.to_owned(),
            authority,
        })
    }

    /// With the authority that goes before AZURE_AUTHORITY_HOST.
    pub fn at(
        options: &IdentityOptions,
        kind: CredentialType,
        tenant: &str,
        client: &str,
        authority: AuthorityHost,
    ) -> Self {
        Self {
            http: options.http.clone(),
            kind,
            tenant: tenant.to_owned(),
            client: client.to_owned(),
            authority: Some(authority),
        }
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    pub fn client(&self) -> &str {
        &self.client
    }

    pub fn authority(&self, audience: Audience) -> AuthorityHost {
        self.authority.clone().unwrap_or_else(|| audience.cloud.authority())
    }

    /// The token endpoint: the audience of client assertions.
    pub fn token_endpoint(&self, audience: Audience) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.authority(audience).url(), self.tenant)
    }

    /// Exchanges a client secret.
    pub async fn with_secret(
        &self,
        secret: &Secret,
        audience: Audience,
    ) -> Result<Token, AzureError> {
        let options =
            ClientSecretCredentialOptions { client_options: self.client_options(audience) };
        let secret = AzureSecret::new(secret.expose().to_owned());
        let credential =
            ClientSecretCredential::new(&self.tenant, self.client.clone(), secret, Some(options))
                .map_err(|error| self.failed(&error))?;
        self.token(credential.as_ref(), audience).await
    }

    /// Exchanges a client assertion, made for this exchange.
    pub async fn with_assertion(
        &self,
        assertion: Secret,
        audience: Audience,
    ) -> Result<Token, AzureError> {
        let options =
            ClientAssertionCredentialOptions { client_options: self.client_options(audience) };
        let credential = ClientAssertionCredential::new(
            self.tenant.clone(),
            self.client.clone(),
            Assertion(assertion),
            Some(options),
        )
        .map_err(|error| self.failed(&error))?;
        self.token(credential.as_ref(), audience).await
    }

    async fn token(
        &self,
        credential: &dyn TokenCredential,
        audience: Audience,
    ) -> Result<Token, AzureError> {
        let answer = credential
            .get_token(&[audience.scope()], None)
            .await
            .map_err(|error| self.failed(&error))?;
        token_of(self.kind, &answer)
    }

    fn client_options(&self, audience: Audience) -> ClientOptions {
        let authority = self.authority(audience);
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = authority.url();
        ClientOptions {
            transport: Some(Transport::new(Arc::new(CommandHttp {
                http: self.http.clone(),
                authority,
            }))),
            // `CommandHttp` has the command's patience already.
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        }
    }

    fn failed(&self, error: &Error) -> AzureError {
        failed(self.kind, error)
    }
}

/// An application's secret: `environment` with AZURE_CLIENT_SECRET, or a service connection's.
pub(super) struct ClientSecret {
    pub entra: Entra,
    pub secret: Secret,
}

#[async_trait::async_trait]
impl Credential for ClientSecret {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.entra.with_secret(&self.secret, audience).await
    }

    fn describe(&self) -> String {
        "environment (client secret)".into()
    }
}

/// `workloadid`: a federated token in a file that its owner renews.
pub(super) struct FederatedToken {
    pub entra: Entra,
    pub file: PathBuf,
}

/// largest federated token seen: under 8 KiB
const FEDERATED_TOKEN_LIMIT: u64 = 256 * 1024;

#[async_trait::async_trait]
impl Credential for FederatedToken {
    /// The file is read again for each exchange: such tokens live for minutes.
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        let failed = |problem: String| AzureError::Credential {
            kind: CredentialType::WorkloadId,
            message: format!("{}: {problem}", self.file.display()),
        };
        let bytes = read_limited(&self.file, FEDERATED_TOKEN_LIMIT)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| failed("it is not text".into()))?;
        let assertion = Secret::new(text.trim());
        if assertion.is_empty() {
            return Err(failed("it is empty".into()));
        }
        self.entra.with_assertion(assertion, audience).await
    }

    fn describe(&self) -> String {
        "workloadid (federated token)".into()
    }
}

/// Reads a file of at most `limit` bytes.
pub(super) async fn read_limited(path: &std::path::Path, limit: u64) -> std::io::Result<Vec<u8>> {
    use tokio::io::AsyncReadExt as _;
    let file = tokio::fs::File::open(path).await?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > limit {
        return Err(std::io::Error::other(format!("it is larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Ours, from azure_identity's.
pub(super) fn token_of(
    kind: CredentialType,
    answer: &azure_core::credentials::AccessToken,
) -> Result<Token, AzureError> {
    let secret = Secret::new(answer.token.secret());
    let usable = !secret.is_empty() && HeaderValue::from_str(secret.expose()).is_ok();
    if !usable {
        let message = "the answer holds no usable token".to_owned();
        return Err(AzureError::Credential { kind, message });
    }
    Ok(Token { secret, expires: answer.expires_on })
}

/// The reason alone: azure_identity wraps it in the credential's name and a link.
pub(super) fn failed(kind: CredentialType, error: &Error) -> AzureError {
    let reason = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    AzureError::Credential { kind, message: one_line(&reason) }
}

#[derive(Debug)]
struct Assertion(Secret);

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose().to_owned())
    }
}

/// The command's HTTP client, with its retries, limits and deadline, for one authority.
struct CommandHttp {
    http: Http,
    authority: AuthorityHost,
}

impl std::fmt::Debug for CommandHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandHttp").field("authority", &self.authority).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl HttpClient for CommandHttp {
    async fn execute_request(
        &self,
        request: &azure_core::http::Request,
    ) -> azure_core::Result<AsyncRawResponse> {
        let refused = |message: &'static str| Error::with_message(ErrorKind::Other, message);
        let url = request.url().clone();
        if !url.as_str().starts_with(&format!("{}/", self.authority.url())) {
            return Err(refused("the request leaves the authority"));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers().iter() {
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| refused("a header's name is not valid"))?;
            let value = HeaderValue::try_from(value.as_str())
                .map_err(|_| refused("a header's value is not valid"))?;
            headers.append(name, value);
        }
        let Body::Bytes(body) = request.body() else {
            return Err(refused("a streamed body is not expected here"));
        };
        let answer = self
            .http
            .send(Request {
                method: Method::from_bytes(request.method().as_str().as_bytes())
                    .map_err(|_| refused("the method is not valid"))?,
                url,
                headers,
                body: Bytes::clone(body),
                limit: ANSWER_LIMIT,
                redirects: Redirects::Return,
            })
            .await
            .map_err(|error| {
                let text = error.to_string();
                Error::with_error(ErrorKind::Io, error, text)
            })?;
        if !answer.status.is_success() {
            return Err(Error::with_message(ErrorKind::Credential, problem(&answer)));
        }
        // azure_identity would quote a malformed answer, and not survive an endless life
        let life = serde_json::from_slice(&answer.body).map(|LifeDraft { expires_in }| expires_in);
        if !life.is_ok_and(|seconds| (0..=LONGEST_LIFE).contains(&seconds)) {
            return Err(refused("the answer is not the JSON of a token"));
        }
        let status = StatusCode::from(answer.status.as_u16());
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), answer.body))
    }
}

#[derive(serde::Deserialize)]
struct LifeDraft {
    #[serde(default)]
    expires_in: i64,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ProblemDraft {
    error: String,
    error_description: String,
}

/// Entra's own words (RFC 6749, 5.2). They are read here since they hold line breaks, which
/// azure_identity does not read.
fn problem(answer: &Response) -> String {
    let ProblemDraft { error, error_description } =
        serde_json::from_slice(&answer.body).unwrap_or_default();
    if !error_description.is_empty() {
        return one_line(&error_description);
    }
    let rest = if error.is_empty() { refusal_text(answer) } else { error };
    one_line(&format!("{}: {rest}", answer.status.as_u16()))
}
