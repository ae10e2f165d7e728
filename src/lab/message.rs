//! A request read whole, and the answer to it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

/// How a listener is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// A request whose body was read.
pub(super) struct Ask {
    pub scheme: Scheme,
    /// The authority the client named, `localhost:5000`.
    pub host: String,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Ask {
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as `application/x-www-form-urlencoded` pairs.
    pub(super) fn form(&self) -> Form {
        Form(pairs(&self.body))
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        credentials(self.headers.get(AUTHORIZATION)?, "bearer")
    }

    /// User name and password of a Basic header.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let encoded = credentials(self.headers.get(AUTHORIZATION)?, "basic")?;
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

/// A form's pairs, in order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The first value of that name; an absent one is empty.
    pub(super) fn value(&self, name: &str) -> &str {
        first(&self.0, name).unwrap_or_default()
    }
}

/// What is sent back; a refusal is one, too, so it is kept small.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: Box<HeaderMap>,
    pub body: Bytes,
}

impl Answer {
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Box::default(), body: Bytes::new() }
    }

    pub(super) fn bytes(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Box::default(), body: body.into() }
            .with(CONTENT_TYPE.as_str(), media_type)
    }

    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self::bytes(status, "application/json", body.to_string())
    }

    /// Sets a header; a name or value that HTTP cannot carry is left out.
    pub(super) fn with<'a>(mut self, name: &str, value: impl Into<Cow<'a, str>>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(&value.into());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// Decoded pairs of a query or form.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn credentials<'a>(header: &'a HeaderValue, scheme: &str) -> Option<&'a str> {
    let (given, rest) = header.to_str().ok()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
