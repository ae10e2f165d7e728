//! Requests to Azure Resource Manager.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::TasksError;
use crate::azure::error::{NO_CODE, one_line, refusal_text};
use crate::azure::{Audience, ManagementHost, Token, TokenSource, build_hint};
use crate::http::{Http, Redirects, Request, Response};

/// largest answer: a page of 1,000 resources
const ANSWER_LIMIT: u64 = 4 * 1024 * 1024;
/// most pages of one list
const PAGES: usize = 50;

#[derive(Clone)]
pub(super) struct Arm {
    pub http: Http,
    pub tokens: Arc<dyn TokenSource>,
    pub host: ManagementHost,
}

/// One request.
pub(super) struct Call<'a> {
    /// As sentences say it.
    pub what: &'static str,
    pub method: Method,
    pub url: Url,
    pub body: Option<&'a Value>,
    pub again: Again,
    /// The registry's name, for hints.
    pub registry: &'a str,
}

/// Whether a request may be sent twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    /// Only where nothing can have been done.
    UnlessDone,
}

impl Arm {
    /// `https://HOST/a/b?api-version=…&…`; segments are escaped.
    pub fn url(&self, segments: &[&str], api_version: &str, query: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&format!("https://{}/", self.host.as_str()))
            .expect("a management host is checked");
        url.path_segments_mut().expect("https has a path").pop_if_empty().extend(segments);
        url.query_pairs_mut().append_pair("api-version", api_version).extend_pairs(query);
        url
    }

    /// A successful answer's JSON.
    pub async fn json<T: serde::de::DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<T, TasksError> {
        let what = call.what;
        json_of(what, &self.call(call).await?)
    }

    /// Every entry of a list, page by page.
    pub async fn list<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        url: Url,
        registry: &str,
    ) -> Result<Vec<T>, TasksError> {
        #[derive(serde::Deserialize)]
        struct Page<T> {
            value: Vec<T>,
            #[serde(rename = "nextLink")]
            next: Option<String>,
        }
        let mut all = Vec::new();
        let mut next = Some(url);
        for _ in 0..PAGES {
            let Some(url) = next.take() else { break };
            let call =
                Call { what, method: Method::GET, url, body: None, again: Again::Yes, registry };
            let page: Page<T> = self.json(call).await?;
            all.extend(page.value);
            next = page
                .next
                .filter(|link| !link.is_empty())
                .map(|l| self.own(what, &l))
                .transpose()?;
        }
        match next {
            None => Ok(all),
            Some(_) => {
                Err(TasksError::Answer { what, problem: format!("more than {PAGES} pages") })
            }
        }
    }

    /// An address in an answer, which must be of this host: the token goes there.
    pub fn own(&self, what: &'static str, link: &str) -> Result<Url, TasksError> {
        let home = self.url(&[], "", &[]);
        match Url::parse(link) {
            Ok(url) if crate::http::same_origin(&url, &home) && url.username().is_empty() => {
                Ok(url)
            }
            _ => Err(TasksError::Answer { what, problem: "it leads to another host".into() }),
        }
    }

    /// One request with a token; after a 401 once more with a new token.
    pub async fn call(&self, call: Call<'_>) -> Result<Response, TasksError> {
        let audience = Audience::management(self.host.cloud());
        let mut token = self.tokens.token(audience).await?;
        let mut answer = self.send(&call, &token).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            token = self.tokens.renewed(audience, &token).await?;
            answer = self.send(&call, &token).await?;
        }
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(refused(&call, &token, &answer)),
        }
    }

    async fn send(&self, call: &Call<'_>, token: &Token) -> Result<Response, TasksError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.authorization());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            method: call.method.clone(),
            url: call.url.clone(),
            headers,
            body: call.body.map_or_else(Bytes::new, |body| body.to_string().into()),
            limit: ANSWER_LIMIT,
            redirects: Redirects::Return,
        };
        let sent = match call.again {
            Again::Yes => self.http.send(request).await,
            Again::UnlessDone => self.http.send_unless_done(request).await,
        };
        sent.map_err(|source| TasksError::Http { what: call.what, source })
    }
}

/// An answer's JSON. The parser's own words could quote an address with its signature.
pub(super) fn json_of<T: serde::de::DeserializeOwned>(
    what: &'static str,
    answer: &Response,
) -> Result<T, TasksError> {
    let problem = || "it is not the documented JSON".to_owned();
    serde_json::from_slice(&answer.body)
        .map_err(|_| TasksError::Answer { what, problem: problem() })
}

fn refused(call: &Call<'_>, token: &Token, answer: &Response) -> TasksError {
    let (what, (code, message)) = (call.what, problem(answer));
    match answer.status {
        StatusCode::UNAUTHORIZED => TasksError::Unauthorized { code, message },
        // a policy, or tasks that are switched off, no role would mend
        StatusCode::FORBIDDEN if code == NO_CODE || code.contains("Authorization") => {
            let hint = build_hint(call.registry, token.principal().as_ref());
            TasksError::Forbidden { what, code, message, hint }
        }
        status => TasksError::Refused { what, status: status.as_u16(), code, message },
    }
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
}

fn problem(answer: &Response) -> (String, String) {
    let draft: ProblemDraft = serde_json::from_slice(&answer.body).unwrap_or_default();
    match draft.error.code.is_empty() {
        true => (NO_CODE.into(), refusal_text(answer)),
        false => (one_line(&draft.error.code), one_line(&draft.error.message)),
    }
}
