//! `managedid`: the identity of the machine, of the App Service, or of the Cloud Shell.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use time::OffsetDateTime;
use url::Url;

use super::chain::IdentityOptions;
use super::{Audience, Credential, CredentialType, Token};
use crate::azure::AzureError;
use crate::azure::error::one_line;
use crate::env::name;
use crate::http::{Http, direct_client, log_request};
use crate::secret::Secret;

/// Where the metadata service is.
#[derive(Debug, Clone)]
pub(super) struct Imds {
    url: Url,
    probe: Duration,
}

impl Imds {
    /// 169.254.169.254, as documented.
    pub fn of_the_machine() -> Self {
        Self::at("http://169.254.169.254/metadata/identity/oauth2/token", PROBE)
    }

    /// `probe`: how long its first answer may take.
    pub fn at(url: &str, probe: Duration) -> Self {
        Self { url: Url::parse(url).expect("a constant that is a URL"), probe }
    }
}

pub(super) struct ManagedIdentity {
    http: Http,
    source: Source,
    client_id: Option<String>,
}

enum Source {
    Imds(Imds),
    AppService { endpoint: String, header: Secret },
    CloudShell { endpoint: String },
}

/// What the machine said when it was not certain that it has an identity.
pub(super) enum ManagedOutcome {
    Token(Token),
    Absent(String),
}

/// the Cloud Shell's own address, used when it only says that it is one
const CLOUD_SHELL: &str = "http://localhost:50342/oauth2/token";
const API_VERSION: &str = "2019-08-01";
/// how long a machine outside Azure may be held up
const PROBE: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(2);
const REQUEST: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: usize = 256 * 1024;
/// learn.microsoft.com, "How to use managed identities … on an Azure VM", "Retry guidance"
const WAITS: [u64; 5] = [1, 2, 4, 8, 16];
/// the service is being upgraded (410) for at most 70 seconds
const UPGRADE_WAITS: [u64; 7] = [10; 7];
/// where nobody listens, nobody will soon
const UNREACHABLE_WAITS: usize = 2;

impl ManagedIdentity {
    pub fn find(options: &IdentityOptions, imds: &Imds) -> Self {
        let env = &options.env;
        let client_id =
            options.named.client.clone().or(env.value(name::AZURE_CLIENT_ID).map(str::to_owned));
        let app_service = env.value(name::IDENTITY_ENDPOINT).zip(env.value(name::IDENTITY_HEADER));
        let source = match (app_service, env.value(name::MSI_ENDPOINT)) {
            (Some((endpoint, header)), _) => {
                Source::AppService { endpoint: endpoint.into(), header: Secret::new(header) }
            }
            (None, Some(endpoint)) => Source::CloudShell { endpoint: endpoint.into() },
            (None, None) if env.value(name::ACC_CLOUD).is_some() => {
                Source::CloudShell { endpoint: CLOUD_SHELL.into() }
            }
            (None, None) => Source::Imds(imds.clone()),
        };
        Self { http: options.http.clone(), source, client_id }
    }

    /// The environment says that there is an identity.
    pub fn is_certain(&self) -> bool {
        !matches!(self.source, Source::Imds(_))
    }

    /// A token, when the machine turns out to have an identity; the question costs half a second at
    /// most where no metadata service answers.
    pub async fn attempt(&self, audience: Audience) -> Result<ManagedOutcome, AzureError> {
        let absent = |text: &str| Ok(ManagedOutcome::Absent(text.to_owned()));
        if let Source::Imds(imds) = &self.source
            && !is_azure(&direct()?, imds).await
        {
            return absent("this machine has no Azure metadata service");
        }
        match self.ask(audience).await {
            Ok(token) => Ok(ManagedOutcome::Token(token)),
            Err(Failure::Refused(StatusCode::BAD_REQUEST, _)) => {
                absent("this machine has no such managed identity")
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn ask(&self, audience: Audience) -> Result<Token, Failure> {
        if matches!(self.source, Source::CloudShell { .. }) && self.client_id.is_some() {
            return Err(Failure::Other("the Cloud Shell has no user-assigned identities".into()));
        }
        let client = match &self.source {
            Source::AppService { endpoint, .. } if endpoint.starts_with("https://") => {
                self.http.reqwest().clone()
            }
            _ => direct()?,
        };
        let mut attempt = 0;
        loop {
            let failure = match self.once(&client, audience).await {
                Ok(token) => return Ok(token),
                Err(failure) => failure,
            };
            let Some(wait) = failure.wait(attempt) else { return Err(failure) };
            let clock = self.http.clock();
            if clock.elapsed() + wait >= self.http.deadline().0 {
                return Err(failure);
            }
            clock.sleep(wait).await;
            attempt += 1;
        }
    }

    async fn once(&self, client: &reqwest::Client, audience: Audience) -> Result<Token, Failure> {
        let request = self.request(client, audience)?.timeout(REQUEST);
        let (status, body) = receive(request).await?;
        if !status.is_success() {
            return Err(Failure::Refused(status, problem(&body)));
        }
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| Failure::Other("the answer holds no token".into()))?;
        let now = self.http.clock().now();
        let expires = answer.expires(now).unwrap_or(now);
        let usable = http::HeaderValue::from_str(&answer.access_token).is_ok();
        if answer.access_token.is_empty() || !usable {
            return Err(Failure::Other("the answer holds no usable token".into()));
        }
        Ok(Token { secret: Secret::new(answer.access_token), expires })
    }

    fn request(
        &self,
        client: &reqwest::Client,
        audience: Audience,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let mut query = vec![("resource", audience.resource())];
        let client_id = self.client_id.iter().map(|id| ("client_id", id.as_str()));
        let at = |endpoint: &str| {
            Url::parse(endpoint).map_err(|_| Failure::Other(format!("{endpoint:?} is no address")))
        };
        Ok(match &self.source {
            Source::Imds(imds) => {
                query.push(("api-version", "2018-02-01"));
                query.extend(client_id);
                client.get(imds.url.clone()).query(&query).header("Metadata", "true")
            }
            Source::AppService { endpoint, header } => {
                query.push(("api-version", API_VERSION));
                query.extend(client_id);
                client.get(at(endpoint)?).query(&query).header("X-IDENTITY-HEADER", header.expose())
            }
            Source::CloudShell { endpoint } => {
                client.post(at(endpoint)?).form(&query).header("Metadata", "true")
            }
        })
    }
}

#[async_trait::async_trait]
impl Credential for ManagedIdentity {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.ask(audience).await.map_err(AzureError::from)
    }

    fn describe(&self) -> String {
        let place = match &self.source {
            Source::Imds(_) => "this machine",
            Source::AppService { .. } => "App Service",
            Source::CloudShell { .. } => "Cloud Shell",
        };
        match &self.client_id {
            Some(id) => format!("managedid ({place}, client {id})"),
            None => format!("managedid ({place})"),
        }
    }
}

enum Failure {
    Refused(StatusCode, String),
    Unreachable(String),
    Broken(String),
    Other(String),
}

impl Failure {
    /// How long to wait before the next attempt; None when it is not worth one.
    fn wait(&self, attempt: usize) -> Option<Duration> {
        let seconds = match self {
            Self::Refused(StatusCode::GONE, _) => UPGRADE_WAITS.get(attempt),
            Self::Refused(
                StatusCode::NOT_FOUND | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS,
                _,
            ) => WAITS.get(attempt),
            Self::Refused(status, _) if status.is_server_error() => WAITS.get(attempt),
            Self::Broken(_) => WAITS.get(attempt),
            Self::Unreachable(_) => WAITS[..UNREACHABLE_WAITS].get(attempt),
            Self::Refused(..) | Self::Other(_) => None,
        };
        seconds.copied().map(Duration::from_secs)
    }
}

impl From<Failure> for AzureError {
    fn from(failure: Failure) -> Self {
        let message = match failure {
            Failure::Refused(status, problem) => format!("{}: {problem}", status.as_u16()),
            Failure::Unreachable(text) | Failure::Broken(text) | Failure::Other(text) => text,
        };
        Self::Credential { kind: CredentialType::ManagedId, message }
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    access_token: String,
    expires_on: Option<Number>,
    expires_in: Option<Number>,
}

/// The services disagree on whether these are numbers or texts.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

impl Answer {
    fn expires(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let at = self.expires_on.as_ref().and_then(Number::value);
        let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let within = || self.expires_in.as_ref().and_then(Number::value);
        at.or_else(|| now.checked_add(time::Duration::seconds(within()?)))
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

fn direct() -> Result<reqwest::Client, Failure> {
    direct_client(CONNECT).map_err(|error| Failure::Other(error.to_string()))
}

/// Azure's metadata service refuses a request without its header in its own way; the services of other
/// clouds at this address do not.
async fn is_azure(client: &reqwest::Client, imds: &Imds) -> bool {
    let request =
        client.get(imds.url.clone()).query(&[("api-version", "2018-02-01")]).timeout(imds.probe);
    match receive(request).await {
        Ok((status, body)) => {
            status == StatusCode::BAD_REQUEST
                && serde_json::from_slice::<Refused>(&body).is_ok_and(|r| !r.error.is_empty())
        }
        Err(_) => false,
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<(StatusCode, Bytes), Failure> {
    let (client, request) = request.build_split();
    let request = request.map_err(|_| Failure::Other("the address cannot be asked".into()))?;
    let (method, url) = (request.method().clone(), request.url().clone());
    let broken = |error: reqwest::Error| {
        let error = error.without_url();
        let reasons = crate::fault::causes(Some(&error)).join(": ");
        log_request(&method, &url, &reasons);
        match error.is_connect() {
            true => Failure::Unreachable(reasons),
            false => Failure::Broken(reasons),
        }
    };
    let mut answer = client.execute(request).await.map_err(broken)?;
    let status = answer.status();
    log_request(&method, &url, &status.to_string());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Failure::Other("the answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body.into()))
}

fn problem(body: &[u8]) -> String {
    let Refused { error, error_description } = serde_json::from_slice(body).unwrap_or_default();
    match (error.is_empty(), error_description.is_empty()) {
        (true, true) => one_line(&String::from_utf8_lossy(body)),
        (true, false) => one_line(&error_description),
        (false, true) => one_line(&error),
        (false, false) => one_line(&format!("{error}: {error_description}")),
    }
}
