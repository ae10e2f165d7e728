//! Asking time-stamping authorities over HTTP (RFC 3161, 3.4).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use url::Url;

use super::{StampError, TOKEN_LIMIT};
use crate::http::{Http, Request, redacted};

/// A time-stamping authority.
#[async_trait::async_trait]
pub trait Authority: Send + Sync {
    /// How it is called in messages.
    fn name(&self) -> String;
    /// The answer to a TimeStampReq; nothing of it is believed.
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, StampError>;
}

/// An authority at an address.
pub struct HttpAuthority {
    http: Http,
    url: Url,
}

impl HttpAuthority {
    /// `url`: http or https, with a host, without user name and password.
    pub fn new(http: Http, url: &str) -> Result<Self, StampError> {
        let refused = |reason| StampError::Url { url: url.to_owned(), reason };
        let parsed = Url::parse(url).map_err(|_| refused("it is no address"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(refused("the scheme must be http or https"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            let url = redacted(&parsed);
            return Err(StampError::Url {
                url,
                reason: "it must not hold a user name or password",
            });
        }
        Ok(Self { http, url: parsed })
    }
}

#[async_trait::async_trait]
impl Authority for HttpAuthority {
    fn name(&self) -> String {
        redacted(&self.url)
    }

    /// Redirects are not followed: the address is the user's, where it leads to would be another's.
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, StampError> {
        let url = self.name();
        let limit = TOKEN_LIMIT as u64;
        let request = Request::new(Method::POST, self.url.clone(), limit)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/timestamp-query"))
            .header(ACCEPT, HeaderValue::from_static(REPLY))
            .body(request);
        let answer = self.http.send(request).await.map_err(StampError::Http)?;
        if answer.status != http::StatusCode::OK {
            return Err(StampError::Answer { url, status: answer.status.as_u16() });
        }
        match answer.media_type().as_deref() {
            Some(REPLY) => Ok(answer.body.to_vec()),
            other => Err(StampError::media_type(url, other.unwrap_or_default())),
        }
    }
}

const REPLY: &str = "application/timestamp-reply";
