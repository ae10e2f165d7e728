//! One registry host: requests with the right credentials, refusals worded.

use std::sync::Arc;

use http::Method;
use http::header::AUTHORIZATION;

use super::RegistryError;
use super::auth::{Authenticator, Scope};
use super::endpoint::{Endpoint, Kind, Scheme};
use super::error::{Action, detail, has_code};
use crate::credentials::CredentialSource;
use crate::http::{Attempts, Http, Request, Response, Sent, redacted, same_origin};

pub struct ConnectionOptions {
    pub http: Http,
    /// Host, with port if any, as references name it.
    pub host: String,
    pub scheme: Scheme,
    pub kind: Kind,
    /// Asked when the registry asks (an Azure registry always does), once.
    pub credentials: Arc<dyn CredentialSource>,
    /// The setting `auth-realms`: `host` or `host:port` of token servers that may have credentials.
    pub auth_realms: Vec<String>,
}

/// A registry host and what it asked for so far; shared by all its repositories.
pub struct Connection {
    pub(super) http: Http,
    pub(super) endpoint: Endpoint,
    auth: Authenticator,
}

/// What a passing failure leads to.
enum Repeats<'a> {
    /// The same request again.
    Same,
    /// Nothing here: the caller makes the request anew.
    Anew(&'a mut Attempts),
}

/// Most bytes read of an answer whose body holds an error at most.
pub(super) const ERROR_LIMIT: u64 = 128 * 1024;

impl Connection {
    pub fn new(options: ConnectionOptions) -> Result<Self, RegistryError> {
        let endpoint = Endpoint::new(&options.host, options.scheme)?;
        let auth = Authenticator::new(
            options.http.clone(),
            endpoint.clone(),
            options.kind,
            options.credentials,
            options.auth_realms,
        );
        Ok(Self { http: options.http, endpoint, auth })
    }

    pub fn host(&self) -> &str {
        &self.endpoint.host
    }

    /// Where the credential came from (`flags`, `docker config.json`); none until one was needed.
    pub fn credential_source(&self) -> Option<&str> {
        self.auth.source()
    }

    /// `GET /v2/`: whether the registry lets these credentials in (distribution-spec, "Determining
    /// Support"). For `login`.
    pub async fn check_login(&self) -> Result<(), RegistryError> {
        let scope = Scope { repository: String::new(), actions: "" };
        let request = Request::new(Method::GET, self.endpoint.base.clone(), ERROR_LIMIT);
        let answer = self.send(request, &scope, Action::Pull).await?;
        match answer.status.as_u16() {
            200 => Ok(()),
            _ => Err(self.refusal(&Method::GET, &answer, &scope, Action::Pull).await),
        }
    }

    /// Sends to the registry's own address; a 401 is answered once.
    pub(super) async fn send(
        &self,
        request: Request,
        scope: &Scope,
        action: Action,
    ) -> Result<Response, RegistryError> {
        match self.exchange(&request, scope, action, Repeats::Same).await? {
            Sent::Answer(answer) => Ok(answer),
            Sent::Waited => unreachable!("the client repeats by itself"),
        }
    }

    /// The same for a request that must be made anew before each attempt: a passing failure is
    /// waited out and left to the caller.
    pub(super) async fn send_or_wait(
        &self,
        request: &Request,
        scope: &Scope,
        action: Action,
        attempts: &mut Attempts,
    ) -> Result<Sent, RegistryError> {
        self.exchange(request, scope, action, Repeats::Anew(attempts)).await
    }

    async fn exchange(
        &self,
        request: &Request,
        scope: &Scope,
        action: Action,
        mut repeats: Repeats<'_>,
    ) -> Result<Sent, RegistryError> {
        if !same_origin(&request.url, &self.endpoint.base) {
            return Err(RegistryError::UploadLocation {
                host: self.endpoint.host.clone(),
                location: redacted(&request.url),
            });
        }
        let mut used = self.auth.authorization(scope, action).await?;
        for last in [false, true] {
            let mut request = request.clone();
            if let Some(used) = &used {
                request.headers.insert(AUTHORIZATION, used.header.clone());
            }
            let sent = match &mut repeats {
                Repeats::Same => Sent::Answer(self.http.send(request).await?),
                Repeats::Anew(attempts) => self.http.send_or_wait(&request, attempts).await?,
            };
            let Sent::Answer(answer) = sent else { return Ok(sent) };
            // a 401 of somewhere else is not the registry's question
            let asked = answer.status == 401 && same_origin(&answer.url, &self.endpoint.base);
            if last || !asked {
                return Ok(Sent::Answer(answer));
            }
            match self.auth.challenged(&answer, scope, action, used).await? {
                Some(next) => used = Some(next),
                None => return Ok(Sent::Answer(answer)),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Whether the registry's token grants an action; none when there is no token that tells.
    pub(super) async fn grants(
        &self,
        scope: &Scope,
        action: Action,
    ) -> Result<Option<bool>, RegistryError> {
        // fetches the token where the registry's question is known
        match self.auth.authorization(scope, action).await? {
            Some(_) => Ok(self.auth.grants(scope, action).await),
            None => Ok(None),
        }
    }

    /// The error that an unwanted answer means.
    pub(super) async fn refusal(
        &self,
        method: &Method,
        answer: &Response,
        scope: &Scope,
        action: Action,
    ) -> RegistryError {
        let host = self.endpoint.host.clone();
        let repository = scope.repository.clone();
        let status = answer.status.as_u16();
        let own = same_origin(&answer.url, &self.endpoint.base);
        match status {
            401 | 403 if own => match self.auth.withheld().await {
                Some(error) => error,
                None => RegistryError::Denied {
                    host,
                    repository,
                    action,
                    status,
                    detail: detail(answer),
                },
            },
            404 if has_code(answer, "NAME_UNKNOWN") => {
                RegistryError::RepositoryUnknown { host, repository }
            }
            _ => RegistryError::Status {
                method: method.to_string(),
                url: redacted(&answer.url),
                status,
                detail: detail(answer),
            },
        }
    }
}
