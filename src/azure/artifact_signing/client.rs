//! Requests to the service: the chain, an operation, what became of it; nothing else is ever asked for.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::operation::{Operation, OperationId, Problem, State};
use super::{ArtifactSigningError, CertificateProfile, certificates};
use crate::azure::{Audience, Token, TokenSource, signing_hint};
use crate::http::{Http, Redirects, Request, Response};
use crate::x509::Certificate;

pub(super) struct Client {
    pub http: Http,
    pub tokens: Arc<dyn TokenSource>,
    pub profile: CertificateProfile,
}

/// A signature and whose it is said to be.
pub(super) struct Signed {
    pub operation: OperationId,
    pub signature: Vec<u8>,
    /// None where the answer has none.
    pub certificates: Option<Vec<Certificate>>,
}

/// What the published description of `:sign` and its operations says.
const API_VERSION: &str = "2023-06-15-preview";
/// The version under which Microsoft's own clients ask for the chain; the published description has none.
const CHAIN_API_VERSION: &str = "2022-06-15-preview";

/// answers hold one signature and a chain of under 10 KiB
const ANSWER_LIMIT: u64 = 256 * 1024;

/// longest that one operation is followed; real ones end within seconds
const OPERATION_LIMIT: Duration = Duration::from_secs(120);
/// Pauses between questions double from here, unless the service asks for longer ones.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

enum Ask<'a> {
    Chain,
    /// A SHA-384 digest.
    Sign(&'a [u8]),
    Status(&'a OperationId),
}

impl Client {
    /// The certificates that sign now, in any order.
    pub async fn chain(&self) -> Result<Vec<Certificate>, ArtifactSigningError> {
        let answer = self.call(&Ask::Chain, &self.http).await?;
        self.certificates(&answer.body)
    }

    /// Signs a SHA-384 digest with RSA-PSS: begins an operation and follows it to its end.
    ///
    /// A request that is repeated because its answer did not arrive begins another operation over the
    /// same digest: what the first one made is used by nobody.
    pub async fn sign(&self, digest: &[u8]) -> Result<Signed, ArtifactSigningError> {
        let clock = self.http.clock();
        // the operation's id is told by this, also when the command's time runs out
        let following = self.http.ending_early();
        let ask = Ask::Sign(digest);
        let answer = self.call(&ask, &self.http).await?;
        let mut operation = Operation::read(ask.name(), &answer, None, clock.now())?;
        let id = operation.id.clone();
        tracing::info!(target: "sealwright", "signing operation {}", id.as_str());
        let begun = clock.elapsed();
        let mut pause = FIRST_PAUSE;
        loop {
            let status = match operation.state {
                State::Succeeded { signature, certificates } => {
                    let certificates =
                        certificates.map(|bytes| self.certificates(&bytes)).transpose()?;
                    return Ok(Signed { operation: id, signature, certificates });
                }
                State::Ended { status, code, message } => {
                    let operation = id.as_str().to_owned();
                    return Err(ArtifactSigningError::Failed { operation, status, code, message });
                }
                State::Pending(status) => status,
            };
            let wait = operation.again.unwrap_or_default().max(pause);
            let (now, deadline) = (clock.elapsed(), following.deadline().0);
            let waited = now.saturating_sub(begun);
            if waited.saturating_add(wait) > OPERATION_LIMIT || now.saturating_add(wait) >= deadline
            {
                let operation = id.as_str().to_owned();
                return Err(ArtifactSigningError::Unfinished { operation, status, waited });
            }
            clock.sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            operation = self.status(&id, &following).await.map_err(|source| {
                ArtifactSigningError::Lost {
                    operation: id.as_str().to_owned(),
                    source: Box::new(source),
                }
            })?;
        }
    }

    async fn status(
        &self,
        id: &OperationId,
        http: &Http,
    ) -> Result<Operation, ArtifactSigningError> {
        let ask = Ask::Status(id);
        let answer = self.call(&ask, http).await?;
        Operation::read(ask.name(), &answer, Some(id), self.http.clock().now())
    }

    fn certificates(&self, bytes: &[u8]) -> Result<Vec<Certificate>, ArtifactSigningError> {
        certificates::read(bytes).map_err(|source| ArtifactSigningError::Certificate {
            profile: self.profile.to_string(),
            source,
        })
    }

    /// One request with a token; a 401 is tried once more with a new one.
    async fn call(&self, ask: &Ask<'_>, http: &Http) -> Result<Response, ArtifactSigningError> {
        let audience = Audience::artifact_signing(self.profile.host.cloud());
        let mut token = self.tokens.token(audience).await?;
        let mut answer = self.send(ask, &token, http).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            token = self.tokens.renewed(audience, &token).await?;
            answer = self.send(ask, &token, http).await?;
        }
        match answer.status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(answer),
            _ => Err(self.refused(ask, &token, &answer)),
        }
    }

    async fn send(
        &self,
        ask: &Ask<'_>,
        token: &Token,
        http: &Http,
    ) -> Result<Response, ArtifactSigningError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.authorization());
        headers.insert(ACCEPT, HeaderValue::from_static(ask.accept()));
        let body = ask.body();
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        let request = Request {
            method: ask.method(),
            url: self.address(ask),
            headers,
            body,
            limit: ANSWER_LIMIT,
            redirects: Redirects::Return,
        };
        let request = http.send(request).await;
        request.map_err(|source| ArtifactSigningError::Http { request: ask.name(), source })
    }

    fn address(&self, ask: &Ask<'_>) -> Url {
        let profile = &self.profile;
        let text = match ask {
            Ask::Chain => format!("{profile}/sign/certchain?api-version={CHAIN_API_VERSION}"),
            Ask::Sign(_) => format!("{profile}:sign?api-version={API_VERSION}"),
            Ask::Status(id) => {
                format!("{profile}/sign/{}?api-version={API_VERSION}", id.as_str())
            }
        };
        Url::parse(&text).expect("host and names of a profile are checked")
    }

    fn refused(&self, ask: &Ask<'_>, token: &Token, answer: &Response) -> ArtifactSigningError {
        let Problem { code, message } = Problem::of(answer);
        let request = ask.name();
        let profile = self.profile.to_string();
        let CertificateProfile { account, profile: name, .. } = &self.profile;
        match answer.status {
            StatusCode::UNAUTHORIZED => ArtifactSigningError::Unauthorized { code, message },
            StatusCode::FORBIDDEN => {
                let hint = signing_hint(account, name, token.principal().as_ref());
                ArtifactSigningError::Forbidden { request, profile, code, message, hint }
            }
            StatusCode::NOT_FOUND => {
                let hint = format!(
                    "az resource show --resource-type Microsoft.CodeSigning/codeSigningAccounts -n {account} -g <resource-group> --query properties.accountUri -o tsv"
                );
                ArtifactSigningError::NotFound { profile, code, message, hint }
            }
            status => {
                let status = status.as_u16();
                ArtifactSigningError::Refused { request, status, code, message }
            }
        }
    }
}

const JSON: &str = "application/json";

impl Ask<'_> {
    /// As sentences say it.
    fn name(&self) -> &'static str {
        match self {
            Ask::Chain => "reading the certificate chain",
            Ask::Sign(_) => "signing",
            Ask::Status(_) => "asking for the operation",
        }
    }

    fn method(&self) -> Method {
        match self {
            Ask::Sign(_) => Method::POST,
            Ask::Chain | Ask::Status(_) => Method::GET,
        }
    }

    fn accept(&self) -> &'static str {
        match self {
            Ask::Chain => "application/pkcs7-mime, application/x-x509-ca-cert, application/json",
            Ask::Sign(_) | Ask::Status(_) => JSON,
        }
    }

    fn body(&self) -> Bytes {
        match self {
            Ask::Sign(digest) => {
                let digest = STANDARD.encode(digest);
                let body = serde_json::json!({"signatureAlgorithm": "PS384", "digest": digest});
                body.to_string().into()
            }
            Ask::Chain | Ask::Status(_) => Bytes::new(),
        }
    }
}
