//! Asking a realm for a token (distribution: "Token Authentication Specification", "OAuth2").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use url::Url;

use super::Scope;
use crate::credentials::Credential;
use crate::http::{Http, Request, redacted};
use crate::registry::RegistryError;
use crate::registry::error::{Action, detail};
use crate::secret::Secret;

#[derive(Clone)]
pub(in crate::registry) struct Token {
    pub value: Secret,
    /// In `Clock::elapsed` time; a little before the real end.
    pub expires: Duration,
}

/// Largest answer of a token server: 128 KiB (reference section 2.5).
const ANSWER_LIMIT: u64 = 128 * 1024;
/// "Token Authentication Specification": without `expires_in` a token lives 60 seconds.
const DEFAULT_LIFE: u64 = 60;
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// Where and for what a token is asked.
pub(in crate::registry) struct TokenRequest<'a> {
    pub realm: &'a Url,
    pub service: Option<&'a str>,
    pub scopes: &'a [String],
    /// For the wording of a refusal.
    pub host: &'a str,
    pub wanted: &'a Scope,
    pub action: Action,
}

/// Asks; `credential` has already been checked to belong to this realm.
pub(in crate::registry) async fn fetch(
    http: &Http,
    asked: &TokenRequest<'_>,
    credential: &Credential,
) -> Result<Token, RegistryError> {
    let answer = http.send(request(asked, credential)).await?;
    let failed = |problem: String| RegistryError::Token { url: redacted(asked.realm), problem };
    match answer.status.as_u16() {
        200 => {}
        status @ (401 | 403) => {
            return Err(RegistryError::Denied {
                host: asked.host.to_owned(),
                repository: asked.wanted.repository.clone(),
                action: asked.action,
                status,
                detail: detail(&answer),
            });
        }
        status => return Err(failed(format!("response status code {status}{}", detail(&answer)))),
    }
    #[derive(serde::Deserialize)]
    struct Draft {
        token: Option<Secretly>,
        access_token: Option<Secretly>,
        expires_in: Option<i64>,
    }
    #[derive(serde::Deserialize)]
    #[serde(transparent)]
    struct Secretly(String);

    // serde's own words could quote the answer
    let draft: Draft = serde_json::from_slice(&answer.body)
        .map_err(|_| failed("the answer is not the JSON of a token".into()))?;
    let token = [draft.access_token, draft.token].into_iter().flatten().find(|t| !t.0.is_empty());
    let Some(Secretly(value)) = token else { return Err(failed("the answer holds none".into())) };
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(failed("the answer holds a malformed one".into()));
    }
    let life = draft.expires_in.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
    let life = life.unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE);
    let spare = (life / 4).min(30);
    Ok(Token {
        value: Secret::new(value),
        expires: http.clock().elapsed() + Duration::from_secs(life - spare),
    })
}

/// `Basic …`
pub(in crate::registry) fn basic(username: &str, password: &Secret) -> Option<HeaderValue> {
    let pair = Secret::new(format!("{username}:{}", password.expose()));
    sensitive(&format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// `Bearer …`; none when the token cannot stand in a header.
pub(in crate::registry) fn bearer(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.expose()))
}

/// Whether a JWT's `access` claim grants an action; none when it is no such JWT.
///
/// The claim is not verified: only the registry can, and only the registry decides.
pub(in crate::registry) fn grants(
    token: &Secret,
    repository: &str,
    action: Action,
) -> Option<bool> {
    #[derive(serde::Deserialize)]
    struct Claims {
        access: Vec<Access>,
    }
    #[derive(serde::Deserialize)]
    struct Access {
        r#type: String,
        name: String,
        actions: Vec<String>,
    }
    let mut parts = token.expose().split('.');
    let claims = parts.nth(1).filter(|_| parts.count() == 1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let wanted = action.to_string();
    Some(claims.access.iter().any(|access| {
        access.r#type == "repository"
            && access.name == repository
            && access.actions.iter().any(|a| *a == wanted || a == "*")
    }))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn request(asked: &TokenRequest<'_>, credential: &Credential) -> Request {
    if let Credential::RefreshToken(token) = credential {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token");
        form.append_pair("client_id", "sealwright");
        if let Some(service) = asked.service {
            form.append_pair("service", service);
        }
        if !asked.scopes.is_empty() {
            form.append_pair("scope", &asked.scopes.join(" "));
        }
        form.append_pair("refresh_token", token.expose());
        return Request::new(Method::POST, asked.realm.clone(), ANSWER_LIMIT)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(form.finish());
    }
    let mut url = asked.realm.clone();
    if asked.service.is_some() || !asked.scopes.is_empty() {
        let mut query = url.query_pairs_mut();
        if let Some(service) = asked.service {
            query.append_pair("service", service);
        }
        for scope in asked.scopes {
            query.append_pair("scope", scope);
        }
    }
    let mut request = Request::new(Method::GET, url, ANSWER_LIMIT);
    if let Credential::Basic { username, password } = credential
        && let Some(value) = basic(username, password)
    {
        request = request.header(AUTHORIZATION, value);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granted_actions_are_read_from_a_token() {
        let claims = r#"{"access":[{"type":"repository","name":"a/b","actions":["pull","push"]}]}"#;
        let token = Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)));
        assert_eq!(grants(&token, "a/b", Action::Push), Some(true));
        assert_eq!(grants(&token, "a/b", Action::Delete), Some(false));
        assert_eq!(grants(&token, "a/c", Action::Push), Some(false));
        for opaque in ["opaque", "a.b.c", "e30.e30.e30", "a..", ""] {
            assert_eq!(grants(&Secret::new(opaque), "a/b", Action::Push), None, "{opaque}");
        }
    }
}
