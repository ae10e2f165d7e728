//! One request to GitHub's REST API, and its answer.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Sends requests with the job's token, each once.
#[async_trait::async_trait]
pub trait Api: Send + Sync {
    async fn call(&self, call: Call) -> Result<Answer, Unanswered>;
}

/// A request below the API's address.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub method: Method,
    /// `/repos/owner/name/…?query`
    pub path: String,
    pub body: Option<Value>,
}

impl Call {
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None }
    }

    pub fn post(path: String, body: Value) -> Self {
        Self { method: Method::POST, path, body: Some(body) }
    }

    pub fn patch(path: String, body: Value) -> Self {
        Self { method: Method::PATCH, path, body: Some(body) }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Whether the hour's requests are used up (`x-ratelimit-remaining: 0`).
    pub exhausted: bool,
    pub body: Bytes,
}

/// Nobody answered, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

impl Answer {
    /// The body where it is JSON of this shape.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// GitHub's own sentence about a refusal, its first line, bounded.
    pub fn message(&self) -> String {
        let message = self
            .read::<Value>()
            .and_then(|body| body.get("message").and_then(Value::as_str).map(str::to_owned));
        crate::fault::excerpt(message.unwrap_or_default().lines().next().unwrap_or_default(), 300)
    }
}
