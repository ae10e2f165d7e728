//! The registry's refresh token for an Entra token (Azure/acr, docs/AAD-OAuth.md).

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::{Url, form_urlencoded};

use super::error::{NO_CODE, one_line, refusal_text};
use super::{
    Audience, AzureError, ExtraHosts, RegistryHost, Token, TokenSource, Wanted, registry_hint,
};
use crate::credentials::{Credential, CredentialSource, Found};
use crate::fault::BoxFault;
use crate::http::{Http, Redirects, Request, Response};
use crate::secret::Secret;

/// Credentials of Azure registries, by the Entra exchange; other hosts have none here.
pub struct AcrCredentials {
    http: Http,
    tokens: Arc<dyn TokenSource>,
    extra_hosts: ExtraHosts,
    wanted: Wanted,
}

/// largest answer seen: under 4 KiB
const ANSWER_LIMIT: u64 = 256 * 1024;

impl AcrCredentials {
    /// `wanted` decides which roles a refusal names.
    pub fn new(
        http: Http,
        tokens: Arc<dyn TokenSource>,
        extra_hosts: ExtraHosts,
        wanted: Wanted,
    ) -> Self {
        Self { http, tokens, extra_hosts, wanted }
    }

    /// The refresh token for a registry: what `az acr login` stores, with the user name
    /// `00000000-0000-0000-0000-000000000000`. It lives about 3 hours.
    pub async fn refresh_token(&self, registry: &RegistryHost) -> Result<Secret, AzureError> {
        let token = self.tokens.token(Audience::registry(registry.cloud())).await?;
        let principal = token.principal();
        let tenant = principal.as_ref().and_then(|p| p.tenant.as_deref());
        let form = form(registry, tenant, &token);
        let answer = self.exchange(registry, form).await?;
        if answer.status == StatusCode::OK {
            return refresh_token(registry, &answer);
        }
        let refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let hint =
            || registry_hint(registry.as_str(), &self.extra_hosts, self.wanted, principal.as_ref());
        let (code, message) = problem(&answer);
        Err(AzureError::Exchange {
            host: registry.as_str().to_owned(),
            status: answer.status.as_u16(),
            code,
            message,
            hint: if refused { hint() } else { None },
        })
    }

    async fn exchange(
        &self,
        registry: &RegistryHost,
        form: String,
    ) -> Result<Response, AzureError> {
        let url = format!("https://{}/oauth2/exchange", registry.as_str());
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, kind);
        let request = Request {
            method: Method::POST,
            url: Url::parse(&url).expect("a registry host is checked"),
            headers,
            body: Bytes::from(form),
            limit: ANSWER_LIMIT,
            redirects: Redirects::Return,
        };
        let what = "the registry's token exchange";
        self.http.send(request).await.map_err(|source| AzureError::Http { what, source })
    }
}

#[async_trait::async_trait]
impl CredentialSource for AcrCredentials {
    /// None for hosts that are no Azure registry, and where no Azure credential is configured: such a
    /// registry may let anyone pull.
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault> {
        let Ok(registry) = RegistryHost::parse(registry_host, &self.extra_hosts) else {
            return Ok(None);
        };
        match self.refresh_token(&registry).await {
            Ok(token) => Ok(Some(Found {
                credential: Credential::RefreshToken(token),
                source: format!("Entra exchange, {}", self.tokens.describe()),
            })),
            Err(AzureError::NoCredential { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn form(registry: &RegistryHost, tenant: Option<&str>, token: &Token) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "access_token").append_pair("service", registry.as_str());
    if let Some(tenant) = tenant {
        form.append_pair("tenant", tenant);
    }
    form.append_pair("access_token", token.secret.expose());
    form.finish()
}

#[derive(serde::Deserialize)]
struct ExchangeDraft {
    refresh_token: String,
}

fn refresh_token(registry: &RegistryHost, answer: &Response) -> Result<Secret, AzureError> {
    match serde_json::from_slice::<ExchangeDraft>(&answer.body) {
        Ok(draft) if !draft.refresh_token.is_empty() => Ok(Secret::new(draft.refresh_token)),
        _ => Err(AzureError::Exchange {
            host: registry.as_str().to_owned(),
            status: answer.status.as_u16(),
            code: NO_CODE.into(),
            message: "the answer holds no refresh token".into(),
            hint: None,
        }),
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ProblemDraft {
    errors: Vec<ProblemBody>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ProblemBody {
    code: String,
    message: String,
}

fn problem(answer: &Response) -> (String, String) {
    let draft: ProblemDraft = serde_json::from_slice(&answer.body).unwrap_or_default();
    match draft.errors.into_iter().next() {
        Some(first) => (one_line(&first.code), one_line(&first.message)),
        None => (NO_CODE.into(), refusal_text(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::testing::{Azure, CannedTokens, OBJECT, TENANT, jwt};
    use crate::http::test_server::Reply;

    fn source(azure: &Azure, tokens: CannedTokens) -> AcrCredentials {
        AcrCredentials::new(azure.http(), Arc::new(tokens), azure.extra_hosts(), Wanted::Push)
    }

    #[tokio::test]
    async fn an_entra_token_becomes_a_refresh_token() {
        let azure = Azure::start(|_| Reply::body(200, r#"{"refresh_token":"r"}"#)).await;
        let found = source(&azure, CannedTokens::default()).find(&azure.host).await.unwrap();
        let found = found.unwrap();
        assert_eq!(found.credential, Credential::RefreshToken(Secret::new("r")));
        assert_eq!(found.source, "Entra exchange, canned");
        assert_eq!(azure.requests(), ["POST /oauth2/exchange"]);
        let seen = azure.server.seen().pop().unwrap();
        let form: Vec<(String, String)> = form_urlencoded::parse(&seen.body).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            form,
            [
                pair("grant_type", "access_token"),
                pair("service", &azure.host),
                pair("tenant", TENANT),
                pair("access_token", &jwt("0")),
            ]
        );
        assert_eq!(seen.header("authorization"), None);
    }

    #[tokio::test]
    async fn other_registries_get_nothing() {
        let azure = Azure::start(|_| Reply::body(200, r#"{"refresh_token":"r"}"#)).await;
        let source = source(&azure, CannedTokens::default());
        for host in ["ghcr.io", "evil.azurecr.io.attacker.com", "127.0.0.1:1", "azurecr.io"] {
            assert!(source.find(host).await.unwrap().is_none(), "{host}");
        }
        assert!(azure.requests().is_empty());
    }

    #[tokio::test]
    async fn without_an_azure_credential_there_is_none_for_the_registry() {
        let azure = Azure::start(|_| Reply::status(500)).await;
        let tokens = CannedTokens { none: true, ..CannedTokens::default() };
        assert!(source(&azure, tokens).find(&azure.host).await.unwrap().is_none());
        assert!(azure.requests().is_empty());
    }

    #[tokio::test]
    async fn a_refused_exchange_names_the_roles() {
        for status in [401, 403] {
            let azure = Azure::start(move |_| {
                let body =
                    r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
                Reply::body(status, body)
            })
            .await;
            let error =
                source(&azure, CannedTokens::default()).find(&azure.host).await.unwrap_err();
            assert_eq!(error.code(), "azure-registry-exchange");
            assert!(error.to_string().ends_with("UNAUTHORIZED: authentication required"));
            let hint = error.hint().unwrap();
            assert!(hint.contains("Container Registry Repository Writer"), "{hint}");
            assert!(hint.contains(OBJECT), "{hint}");
        }
    }

    #[tokio::test]
    async fn odd_answers_are_refused() {
        for (status, body) in
            [(200, "{}"), (200, r#"{"refresh_token":""}"#), (302, ""), (404, "<html>")]
        {
            let azure = Azure::start(move |_| Reply::body(status, body)).await;
            let error =
                source(&azure, CannedTokens::default()).find(&azure.host).await.unwrap_err();
            assert_eq!(error.code(), "azure-registry-exchange");
            assert_eq!(error.hint(), None);
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_refusal_is_never_quoted() {
        for status in [201, 203] {
            let body = r#"{"refresh_token":"s3cret"}"#;
            let azure = Azure::start(move |_| Reply::body(status, body)).await;
            let error =
                source(&azure, CannedTokens::default()).find(&azure.host).await.unwrap_err();
            assert_eq!(error.code(), "azure-registry-exchange");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
