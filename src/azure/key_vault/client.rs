//! Requests to a vault, each with the permission it takes; signing asks for certificate, secret and
//! sign alone.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::KeyId;
use super::refusal::refusal;
use crate::azure::error::{NO_CODE, one_line, refusal_text};
use crate::azure::{Audience, AzureError, ChainMode, Permission, Token, TokenSource, vault_hint};
use crate::http::{Http, Redirects, Request, Response};
use crate::secret::Secret;

pub(super) struct Vault {
    pub http: Http,
    pub tokens: Arc<dyn TokenSource>,
    pub mode: ChainMode,
}

/// The version every cloud serves (Azure Key Vault REST API reference).
pub(super) const API_VERSION: &str = "7.4";

/// secrets are at most 25 KiB; certificates and signatures are smaller
const ANSWER_LIMIT: u64 = 256 * 1024;

/// A certificate's leaf, and what belongs to it.
#[derive(serde::Deserialize)]
pub(super) struct CertificateAnswer {
    pub kid: String,
    pub sid: String,
    /// Base64 of the DER.
    cer: String,
}

impl CertificateAnswer {
    pub fn leaf(&self) -> Result<Vec<u8>, AzureError> {
        STANDARD.decode(&self.cer).map_err(|_| AzureError::Answer {
            request: "certificates/get",
            problem: "`cer` is not base64".into(),
        })
    }
}

/// A secret. Its value may hold the private key beside the certificates.
pub(super) struct SecretAnswer {
    pub id: String,
    pub value: Secret,
    pub content_type: String,
    /// The key it belongs to, where it is a certificate's.
    pub kid: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretDraft {
    #[serde(default)]
    id: String,
    value: String,
    #[serde(default)]
    content_type: String,
    kid: Option<String>,
}

#[derive(serde::Deserialize)]
struct SignDraft {
    kid: String,
    value: String,
}

impl Vault {
    pub async fn certificate(&self, key: &KeyId) -> Result<CertificateAnswer, AzureError> {
        let call = Call::get(object(key, "certificates", ""));
        let answer = self.ask(key, Permission::CertificateGet, &call).await?;
        parse(Permission::CertificateGet, &answer.body)
    }

    pub async fn secret(&self, key: &KeyId) -> Result<SecretAnswer, AzureError> {
        let call = Call::get(object(key, "secrets", ""));
        let body = self.ask(key, Permission::SecretGet, &call).await?.body;
        let draft: Result<SecretDraft, _> = parse(Permission::SecretGet, &body);
        wipe(body);
        let SecretDraft { id, value, content_type, kid } = draft?;
        Ok(SecretAnswer { id, value: Secret::new(value), content_type, kid })
    }

    /// Signs a digest; `algorithm` is `PS256` … `ES512`. The answer is RSA-PSS or R‖S.
    pub async fn sign(
        &self,
        key: &KeyId,
        algorithm: &str,
        digest: &[u8],
    ) -> Result<Vec<u8>, AzureError> {
        Ok(self.sign_at(key, algorithm, digest).await?.1)
    }

    /// The same, and the version of the key that signed.
    pub async fn sign_at(
        &self,
        key: &KeyId,
        algorithm: &str,
        digest: &[u8],
    ) -> Result<(String, Vec<u8>), AzureError> {
        let body = serde_json::json!({"alg": algorithm, "value": URL_SAFE_NO_PAD.encode(digest)});
        let call = Call::post(object(key, "keys", "/sign"), body.to_string());
        let answer = self.ask(key, Permission::KeySign, &call).await?;
        let SignDraft { kid, value } = parse(Permission::KeySign, &answer.body)?;
        let Some(version) = key.version_answered(&kid, "keys") else {
            return Err(AzureError::KeyMismatch {
                wanted: key.to_string(),
                answered: one_line(&kid),
            });
        };
        let signature = URL_SAFE_NO_PAD.decode(value.trim_end_matches('='));
        let signature = signature.map_err(|_| AzureError::Answer {
            request: Permission::KeySign.name(),
            problem: "`value` is not base64url".into(),
        })?;
        Ok((version, signature))
    }

    /// One request with a token; a 401 whose challenge is of the vault's own cloud is tried once more
    /// with a new token.
    pub async fn ask(
        &self,
        key: &KeyId,
        permission: Permission,
        call: &Call,
    ) -> Result<Response, AzureError> {
        let audience = Audience::vault(key.vault().cloud());
        let mut token = self.tokens.token(audience).await?;
        let mut answer = self.send(permission.name(), call, &token).await?;
        if answer.status == StatusCode::UNAUTHORIZED && has_challenge(&answer, audience)? {
            token = self.tokens.renewed(audience, &token).await?;
            answer = self.send(permission.name(), call, &token).await?;
        }
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => Ok(answer),
            _ => Err(self.refused(key, permission, &token, &answer)),
        }
    }

    /// One request with this token, whatever the answer; `what` names it in errors.
    pub async fn send(
        &self,
        what: &'static str,
        call: &Call,
        token: &Token,
    ) -> Result<Response, AzureError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.authorization());
        if call.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = Request {
            method: call.method.clone(),
            url: call.url.clone(),
            headers,
            body: call.body.clone(),
            limit: ANSWER_LIMIT,
            redirects: Redirects::Return,
        };
        self.http.send(request).await.map_err(|source| AzureError::Http { what, source })
    }

    fn refused(
        &self,
        key: &KeyId,
        permission: Permission,
        token: &Token,
        answer: &Response,
    ) -> AzureError {
        let Problem { code, message, inner } = Problem::read(answer);
        let vault = key.vault();
        let name = vault.name().unwrap_or("<vault-name>");
        match answer.status {
            StatusCode::UNAUTHORIZED => {
                AzureError::Unauthorized { code, message, hint: tenant_hint(answer, token) }
            }
            StatusCode::FORBIDDEN => {
                let refusal = refusal(&code, &inner, &message);
                let principal = token.principal();
                let hint = vault_hint(key, self.mode, permission, refusal, principal.as_ref());
                AzureError::Forbidden { permission, code, message, hint }
            }
            StatusCode::NOT_FOUND => {
                let (object, hint) = match key.version() {
                    Some(version) => (
                        format!("{} {} of version {version}", kind(permission), key.name()),
                        format!(
                            "az keyvault certificate list-versions --vault-name {name} -n {} -o table",
                            key.name()
                        ),
                    ),
                    None => (
                        format!("{} {}", kind(permission), key.name()),
                        format!("az keyvault certificate list --vault-name {name} -o table"),
                    ),
                };
                AzureError::NotFound { object, code, message, hint: Some(hint) }
            }
            StatusCode::CONFLICT if inner == NAME_DELETED => {
                AzureError::NameDeleted { key: Box::new(key.unpinned()), message }
            }
            StatusCode::CONFLICT if message.contains(REQUEST_PENDING) => {
                AzureError::RequestPending { key: Box::new(key.unpinned()), message }
            }
            status => AzureError::Vault { status: status.as_u16(), code, message },
        }
    }
}

/// A name whose certificate was deleted and can still be recovered.
const NAME_DELETED: &str = "ObjectIsDeletedButRecoverable";
/// Creating and importing while a request of that name waits for its CA
/// (learn.microsoft.com, "Monitor and manage certificate creation").
const REQUEST_PENDING: &str = "while a pending key vault certificate's status is inProgress";

/// A request without what every request has.
pub(super) struct Call {
    method: Method,
    url: Url,
    body: Bytes,
}

impl Call {
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, body: Bytes::new() }
    }

    pub fn post(url: Url, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, url, body: body.into() }
    }

    pub fn delete(url: Url) -> Self {
        Self { method: Method::DELETE, url, body: Bytes::new() }
    }

    /// For a body that holds a secret.
    pub fn wipe(self) {
        wipe(self.body);
    }
}

/// `https://<vault>/<collection>/<name>[/<version>]<action>`.
pub(super) fn object(key: &KeyId, collection: &str, action: &str) -> Url {
    let version = key.version().map(|v| format!("/{v}")).unwrap_or_default();
    let text = format!(
        "https://{}/{collection}/{}{version}{action}?api-version={API_VERSION}",
        key.vault().as_str(),
        key.name()
    );
    Url::parse(&text).expect("host, name and version of a key id are checked")
}

/// `certificate`, `secret` or `key`.
fn kind(permission: Permission) -> &'static str {
    let name = permission.name();
    name.split_once("s/").map_or(name, |(kind, _)| kind)
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(
    permission: Permission,
    body: &[u8],
) -> Result<T, AzureError> {
    // The parser's own words could quote a secret.
    serde_json::from_slice(body).map_err(|_| AzureError::Answer {
        request: permission.name(),
        problem: "it is not the documented JSON".into(),
    })
}

/// Overwrites the body where this is its only holder.
fn wipe(body: Bytes) {
    if let Ok(mut bytes) = body.try_into_mut() {
        zeroize::Zeroize::zeroize(&mut bytes[..]);
    }
}

struct Problem {
    code: String,
    message: String,
    inner: String,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ProblemDraft {
    error: ProblemBody,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ProblemBody {
    code: String,
    message: String,
    innererror: Option<Inner>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Inner {
    code: String,
}

impl Problem {
    fn read(answer: &Response) -> Self {
        match serde_json::from_slice::<ProblemDraft>(&answer.body) {
            Ok(ProblemDraft { error }) if !error.code.is_empty() => Self {
                code: one_line(&error.code),
                message: one_line(&error.message),
                inner: error.innererror.unwrap_or_default().code,
            },
            _ => Self { code: NO_CODE.into(), message: refusal_text(answer), inner: String::new() },
        }
    }
}

/// Whether a 401 carries a challenge; one for another resource than the vault's is an error.
fn has_challenge(answer: &Response, audience: Audience) -> Result<bool, AzureError> {
    let Some(challenge) = challenge(answer) else { return Ok(false) };
    let found = parameter(challenge, "resource").or_else(|| parameter(challenge, "scope"));
    let Some(found) = found else { return Ok(false) };
    let resource = found.trim_end_matches("/.default").trim_end_matches('/');
    if resource != audience.resource() {
        return Err(AzureError::Challenge {
            found: one_line(found),
            expected: audience.resource(),
        });
    }
    Ok(true)
}

fn challenge(answer: &Response) -> Option<&str> {
    answer.headers.get(WWW_AUTHENTICATE)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    challenge.split(',').find_map(|part| {
        let (found, value) = part.trim().split_once('=')?;
        (found == name).then(|| value.trim_matches('"'))
    })
}

/// A token of another tenant than the vault's is the usual reason of a lasting 401.
fn tenant_hint(answer: &Response, token: &Token) -> Option<String> {
    let authority = parameter(challenge(answer)?, "authorization")?;
    let wanted = authority
        .rsplit('/')
        .next()
        .filter(|t| t.len() == 36 && t.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'))?;
    let found = token.principal()?.tenant?;
    (!found.eq_ignore_ascii_case(wanted)).then(|| {
        format!(
            "the vault is of tenant {wanted}, the token of {found}: az login --tenant {wanted}, or set AZURE_TENANT_ID={wanted}"
        )
    })
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
