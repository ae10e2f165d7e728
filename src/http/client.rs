//! Sending one request, with retries, within the command's deadline.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::Deadline;
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
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    deadline: Deadline,
}

/// What to do with a 3xx answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// The answer is returned as it is.
    Return,
    /// Followed at most this many times; Authorization is dropped when scheme, host or port changes
    /// and never restored; https never becomes http. Only for GET and HEAD.
    Follow(u8),
}

pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Most bytes of the answer's body that are read; a longer one is an error.
    pub limit: u64,
    pub redirects: Redirects,
}

#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Where the answer came from after redirects.
    pub url: Url,
}

/// URLs inside are redacted (no query, no user information).
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{method} {url}: {reason}")]
    Transport { method: Method, url: String, reason: String },
    #[error("{method} {url}: the answer is larger than {limit} bytes")]
    TooLarge { method: Method, url: String, limit: u64 },
    #[error("{method} {url}: the time limit is over; the last answer was: {last}")]
    Deadline { method: Method, url: String, last: String },
    #[error("{method} {url}: {problem}")]
    Redirect { method: Method, url: String, problem: String },
    #[error("cannot prepare the HTTP client: {0}")]
    Client(String),
}

impl Http {
    pub fn new(_options: HttpOptions) -> Result<Self, HttpError> {
        todo!()
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
    /// Sends; 408, 429, 500, 502, 503, 504 and broken connections are retried with jitter inside the
    /// deadline, `Retry-After` (seconds or date) obeyed. Any other answer is returned, whatever its
    /// status; when the deadline would pass while waiting, the last answer (or error) is returned.
    pub async fn send(&self, _request: Request) -> Result<Response, HttpError> {
        todo!()
    }
    /// The same without retries: for callers with rules of their own.
    pub async fn send_once(&self, _request: Request) -> Result<Response, HttpError> {
        todo!()
    }
}
