//! GitHub's API by octocrab, over the command's own HTTP client: one set of TLS, proxy, time and size
//! rules for everything the program sends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Method, Uri};
use http_body_util::{BodyExt as _, Full};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use tower_service::Service;
use url::Url;

use super::{Answer, Api, Call, Unanswered};
use crate::fault::causes;
use crate::http::{Http, Request, same_origin};
use crate::secret::Secret;

/// The largest answer: a page of 100 comments of 65,536 characters, 4 bytes each, and a little more.
const ANSWER_LIMIT: u64 = 32 << 20;

/// The version of the API whose answers are read (docs.github.com, "API Versions").
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));

/// A client that knows the token.
pub struct OctocrabApi {
    octocrab: Octocrab,
}

/// An API address that no request can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("GITHUB_API_URL {0} is no address for requests")]
pub struct Unusable(String);

impl OctocrabApi {
    /// The token goes to this address's scheme, host and port alone. Call it inside a runtime.
    pub fn new(http: Http, api: &Url, token: &Secret) -> Result<Self, Unusable> {
        let address = api.as_str().trim_end_matches('/');
        let base: Uri = address.parse().map_err(|_| Unusable(address.to_owned()))?;
        let built = OctocrabBuilder::new_empty()
            .with_service(Transport { http, home: api.clone() })
            .with_layer(&BaseUriLayer::new(base))
            .with_auth(AuthState::AccessToken { token: token.expose().into() })
            .build();
        match built {
            Ok(octocrab) => Ok(Self { octocrab }),
            Err(never) => match never {},
        }
    }
}

#[async_trait::async_trait]
impl Api for OctocrabApi {
    async fn call(&self, call: Call) -> Result<Answer, Unanswered> {
        let body = call.body.as_ref();
        let sent = match call.method {
            Method::PATCH => self.octocrab._patch(call.path, body).await,
            Method::POST => self.octocrab._post(call.path, body).await,
            _ => self.octocrab._get(call.path).await,
        };
        let (parts, body) = sent.map_err(unanswered)?.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse().ok());
        Ok(Answer {
            status: parts.status.as_u16(),
            retry_after: retry_after.map(|seconds: u32| Duration::from_secs(seconds.into())),
            exhausted: header("x-ratelimit-remaining") == Some("0"),
            body: body.collect().await.map_err(unanswered)?.to_bytes(),
        })
    }
}

/// octocrab's own words say only which layer failed; the last cause says why.
fn unanswered(error: octocrab::Error) -> Unanswered {
    let source = std::error::Error::source(&error);
    Unanswered(causes(source).pop().unwrap_or_else(|| error.to_string()))
}

/// The command's HTTP client as octocrab's service: each request once, redirects returned.
#[derive(Clone)]
struct Transport {
    http: Http,
    home: Url,
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<http::Response<Full<Bytes>>, E>> + Send>>;

/// A request that was not sent.
#[derive(Debug, thiserror::Error)]
enum Unsent {
    #[error("{0} is not GITHUB_API_URL")]
    Elsewhere(String),
    #[error(transparent)]
    Body(#[from] octocrab::Error),
    #[error(transparent)]
    Http(#[from] crate::http::HttpError),
}

impl Service<http::Request<OctoBody>> for Transport {
    type Response = http::Response<Full<Bytes>>;
    type Error = Unsent;
    type Future = Answering<Unsent>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<OctoBody>) -> Self::Future {
        let Self { http, home } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = Url::parse(&parts.uri.to_string()).ok();
            let Some(url) = url.filter(|url| same_origin(url, &home)) else {
                return Err(Unsent::Elsewhere(parts.uri.to_string()));
            };
            let mut sent = Request::new(parts.method, url, ANSWER_LIMIT)
                .body(body.collect().await?.to_bytes());
            sent.headers = parts.headers;
            // the client names itself and counts the body
            sent.headers.remove(http::header::USER_AGENT);
            sent.headers.remove(http::header::CONTENT_LENGTH);
            let (version, value) = VERSION;
            sent.headers.insert(version, value);
            let json = HeaderValue::from_static("application/vnd.github+json");
            sent.headers.insert(ACCEPT, json);
            let answer = http.send_once(sent).await?;
            let mut response = http::Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
