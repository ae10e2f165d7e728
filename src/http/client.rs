//! Sending one request, with retries, within the command's deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, Method, StatusCode};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::direct::Loopback;
use super::error::{Failure, sort};
use super::judged::{Resolver, refusal};
use super::server_clocks::ServerClocks;
use super::{
    Attempts, Deadline, HttpError, Jitter, Redirects, Request, Response, Sent, SystemJitter, log,
    redacted, same_origin,
};
use crate::clock::Clock;

pub struct HttpOptions {
    pub clock: Arc<dyn Clock>,
    pub deadline: Deadline,
    /// `sealwright/0.1.0`
    pub user_agent: String,
    /// PEM of further trusted roots (lab, private CA); system roots otherwise.
    pub extra_roots: Vec<Vec<u8>>,
}

/// One client per command; cheap to clone.
#[derive(Clone)]
pub struct Http {
    pub(super) client: reqwest::Client,
    pub(super) loopback: Loopback,
    /// For places that strangers name.
    pub(super) judged: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
    deadline: Deadline,
    jitter: Arc<dyn Jitter>,
    throttled: Arc<AtomicU64>,
    server_clocks: ServerClocks,
}

/// A host that does not answer the handshake in this time is taken for unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence inside an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

impl Http {
    /// Loads the roots. Without any system roots https fails later, at the handshake; http works.
    pub fn new(options: HttpOptions) -> Result<Self, HttpError> {
        let mut extra = Vec::new();
        for pem in &options.extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(client_error)?;
            if roots.is_empty() {
                return Err(HttpError::Client("no PEM certificate in an extra root file".into()));
            }
            extra.extend(roots);
        }
        let user_agent = options.user_agent;
        let builder = move || {
            reqwest::Client::builder()
                .user_agent(&user_agent)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
        };
        let build: Build = Arc::new(move |connections, more: &[reqwest::Certificate]| {
            let roots = || [&extra[..], more].concat();
            let builder = || match &connections {
                Connections::ByProxy => builder(),
                Connections::Direct => builder().no_proxy(),
                Connections::Judged(resolver) => {
                    builder().no_proxy().dns_resolver(resolver.clone())
                }
            };
            let merged = builder().tls_certs_merge(roots()).build();
            merged.or_else(|_| builder().tls_certs_only(roots()).build())
        });
        let client = build(Connections::ByProxy, &[]).map_err(client_error)?;
        let loopback = Loopback::new(Matcher::from_system(), build);
        Ok(Self {
            client,
            loopback,
            judged: None,
            clock: options.clock,
            deadline: options.deadline,
            jitter: Arc::new(SystemJitter),
            throttled: Arc::default(),
            server_clocks: ServerClocks::default(),
        })
    }

    /// The same client with another source of jitter: for tests.
    pub fn with_jitter(self, jitter: Arc<dyn Jitter>) -> Self {
        Self { jitter, ..self }
    }

    /// The same client with less time: a twentieth, at most a second, is left to the caller to say what it
    /// knows when an answer does not come.
    pub fn ending_early(&self) -> Self {
        let Deadline(end) = self.deadline;
        let early = end.saturating_sub((end / 20).min(Duration::from_secs(1)));
        Self { deadline: Deadline(early), ..self.clone() }
    }

    /// The same client past every proxy, whatever the environment of the tests names.
    #[cfg(test)]
    pub(crate) fn without_proxies(mut self) -> Self {
        self.client = self.loopback.build(Connections::Direct, &[]).expect("a client");
        let shared = self.loopback.clone();
        let build: Build = Arc::new(move |connections, more| shared.build(connections, more));
        self.loopback = Loopback::new(Matcher::builder().build(), build);
        self
    }

    /// The same client with more time, or less.
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }

    /// The same client for azure_identity's transport.
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.client
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// How many answers were 429 so far, of this client and its clones.
    pub fn throttled(&self) -> u64 {
        self.throttled.load(Ordering::Relaxed)
    }

    /// How far this machine's clock is ahead of those of the servers that answered so far, by host; the
    /// answers' `Date` has whole seconds.
    pub fn server_clocks(&self) -> Vec<(String, time::Duration)> {
        self.server_clocks.all()
    }

    pub fn jitter(&self) -> &dyn Jitter {
        &*self.jitter
    }

    /// Sends; 408, 429, 500, 502, 503, 504 and broken connections are retried with jitter inside the
    /// deadline, `Retry-After` (seconds or date) obeyed. Any other answer is returned, whatever its
    /// status; when the deadline would pass while waiting, the last answer (or error) is returned.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.follow(request, Patience::Retry).await
    }

    /// The same without retries: for callers with rules of their own.
    pub async fn send_once(&self, request: Request) -> Result<Response, HttpError> {
        self.follow(request, Patience::Once).await
    }

    /// The same, tried again only where nothing can have been done: after 429, and where no connection
    /// was made. For requests that must not be done twice.
    pub async fn send_unless_done(&self, request: Request) -> Result<Response, HttpError> {
        self.follow(request, Patience::UnlessDone).await
    }

    /// One attempt of [`Http::send`], for requests that must be made anew before each; redirects are
    /// returned.
    pub async fn send_or_wait(
        &self,
        request: &Request,
        attempts: &mut Attempts,
    ) -> Result<Sent, HttpError> {
        let Request { method, url, headers, body, limit, .. } = request;
        self.step(method, url, headers, body, *limit, Patience::Retry, attempts).await
    }

    async fn follow(&self, request: Request, patience: Patience) -> Result<Response, HttpError> {
        let Request { method, mut url, mut headers, body, limit, redirects } = request;
        let mut hops = match redirects {
            Redirects::Follow(hops) if method == Method::GET || method == Method::HEAD => hops,
            _ => return self.patiently(&method, &url, &headers, &body, limit, patience).await,
        };
        loop {
            let response = self.patiently(&method, &url, &headers, &body, limit, patience).await?;
            if !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let Some(location) = response.headers.get(LOCATION) else { return Ok(response) };
            let refused = |problem: &str| HttpError::Redirect {
                method: method.clone(),
                url: redacted(&url),
                problem: problem.into(),
            };
            let next = location.to_str().ok().and_then(|text| url.join(text).ok());
            let next = next.ok_or_else(|| refused("redirected to something that is no address"))?;
            if hops == 0 {
                return Err(refused("redirected too often"));
            }
            hops -= 1;
            check_hop(&url, &next).map_err(|problem| refused(&problem))?;
            if !same_origin(&url, &next) {
                for secret in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
                    headers.remove(secret);
                }
            }
            log::redirected(&method, &url, &next);
            url = next;
        }
    }

    async fn patiently(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: &Bytes,
        limit: u64,
        patience: Patience,
    ) -> Result<Response, HttpError> {
        let mut attempts = Attempts::default();
        loop {
            let sent =
                self.step(method, url, headers, body, limit, patience, &mut attempts).await?;
            if let Sent::Answer(answer) = sent {
                return Ok(answer);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    async fn step(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: &Bytes,
        limit: u64,
        patience: Patience,
        attempts: &mut Attempts,
    ) -> Result<Sent, HttpError> {
        let over = |attempts: &Attempts| HttpError::Deadline {
            method: method.clone(),
            url: redacted(url),
            last: attempts.last.clone().unwrap_or_else(|| "none".into()),
        };
        let Some(left) = self.deadline.left(self.clock.elapsed()) else {
            return Err(over(attempts));
        };
        let begun = self.clock.elapsed();
        let timed =
            tokio::time::timeout(left, self.attempt(method, url, headers, body, limit)).await;
        let took = self.clock.elapsed().saturating_sub(begun);
        let Ok(outcome) = timed else {
            log::given_up(method, url, took);
            return Err(over(attempts));
        };
        log::attempted(method, url, outcome.as_ref().map_err(|failed| &failed.error), took);
        let now = self.clock.now();
        let (last, wait) = match &outcome {
            Ok(response) => {
                self.server_clocks.note(response, now);
                (response.status.to_string(), attempts.after_answer(response, now, &*self.jitter))
            }
            Err(Attempt { failure, error }) => {
                (error.to_string(), attempts.after_failure(*failure, &*self.jitter))
            }
        };
        match wait {
            Some(wait)
                if patience.tries_again(&outcome)
                    && self.clock.elapsed().saturating_add(wait) < self.deadline.0 =>
            {
                log::waits(method, url, wait);
                attempts.last = Some(last);
                self.clock.sleep(wait).await;
                Ok(Sent::Waited)
            }
            _ => outcome.map(Sent::Answer).map_err(|attempt| attempt.error),
        }
    }

    async fn attempt(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: &Bytes,
        limit: u64,
    ) -> Result<Response, Attempt> {
        let broken = |error: reqwest::Error| {
            if let Some(reason) = refusal(&error) {
                let (method, url) = (method.clone(), redacted(url));
                let error = HttpError::Refused { method, url, reason };
                return Attempt { failure: Failure::Final, error };
            }
            let (failure, mut reason) = sort(&error);
            if let Some(proxy) =
                self.loopback.proxy(url).filter(|_| failure == Failure::Unreachable)
            {
                reason = format!("through the proxy {proxy}: {reason}");
            }
            let url = redacted(url);
            Attempt { failure, error: HttpError::Transport { method: method.clone(), url, reason } }
        };
        let client = match self.judging(url) {
            Some(client) => Ok(Some(client)),
            None => self.loopback.client(url),
        };
        let client = client.map_err(|error| Attempt { failure: Failure::Final, error })?;
        let client = client.unwrap_or(&self.client);
        let mut request = client.request(method.clone(), url.clone()).headers(headers.clone());
        if !body.is_empty() || matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            request = request.body(body.clone());
        }
        let mut answer = request.send().await.map_err(broken)?;
        let too_large = || Attempt {
            failure: Failure::Final,
            error: HttpError::TooLarge { method: method.clone(), url: redacted(url), limit },
        };
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
        let headers = std::mem::take(answer.headers_mut());
        let mut body = Vec::new();
        if *method != Method::HEAD {
            if answer.content_length().is_some_and(|length| length > limit) {
                return Err(too_large());
            }
            while let Some(chunk) = answer.chunk().await.map_err(broken)? {
                if (body.len() + chunk.len()) as u64 > limit {
                    return Err(too_large());
                }
                body.extend_from_slice(&chunk);
            }
        }
        Ok(Response { status, headers, body: body.into(), url: url.clone() })
    }
}

/// Makes a client that trusts these roots beside its own.
pub(super) type Build = Arc<
    dyn Fn(Connections, &[reqwest::Certificate]) -> reqwest::Result<reqwest::Client> + Send + Sync,
>;

/// Where a client's connections lead.
pub(super) enum Connections {
    /// Through the system's proxies.
    ByProxy,
    Direct,
    /// Directly, to places that were judged.
    Judged(Arc<Resolver>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    Retry,
    UnlessDone,
    Once,
}

impl Patience {
    fn tries_again(self, outcome: &Result<Response, Attempt>) -> bool {
        match self {
            Patience::Retry => true,
            Patience::Once => false,
            Patience::UnlessDone => match outcome {
                Ok(answer) => answer.status == StatusCode::TOO_MANY_REQUESTS,
                Err(attempt) => attempt.failure == Failure::Unreachable,
            },
        }
    }
}

struct Attempt {
    failure: Failure,
    error: HttpError,
}

pub(super) fn client_error(error: reqwest::Error) -> HttpError {
    HttpError::Client(sort(&error).1)
}

/// RFC 9110, 15.4; a redirect never leaves TLS and never carries user information.
pub(super) fn check_hop(from: &Url, to: &Url) -> Result<(), String> {
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => {}
        ("https", "http") => return Err(format!("redirected from https to {}", redacted(to))),
        (_, scheme) => return Err(format!("redirected to an address of scheme {scheme}")),
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("redirected to {} with user information", redacted(to)));
    }
    Ok(())
}
