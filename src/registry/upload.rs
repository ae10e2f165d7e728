//! Blob uploads (distribution-spec, "POST then PUT"): a session is opened, the bytes follow.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use url::Url;

use super::RegistryError;
use super::client::RegistryClient;
use super::connection::ERROR_LIMIT;
use super::error::Action;
use crate::crypto::Digest;
use crate::http::{Request, Response, redacted, same_origin};

/// Longest `Location` of an upload session.
const LONGEST_LOCATION: usize = 16 * 1024;
/// A session that was opened early, or on another replica, may be gone.
const MOST_SESSIONS: u32 = 3;

impl RegistryClient {
    /// Opens a session: `POST /blobs/uploads/`.
    pub(super) async fn open_upload(&self) -> Result<Url, RegistryError> {
        let url = self.url("blobs/uploads/");
        let request = Request::new(Method::POST, url, ERROR_LIMIT);
        let answer = self.send(request, Action::Push).await?;
        if answer.status != 202 {
            return Err(self.refusal(&Method::POST, &answer, Action::Push).await);
        }
        self.location(&answer)
    }

    /// Cancels a session; whether the registry does it is its own affair.
    pub(super) async fn cancel_upload(&self, session: Url) {
        let request = Request::new(Method::DELETE, session, ERROR_LIMIT);
        let _ = self.send(request, Action::Push).await;
    }

    /// Uploads into `session`, or into a new one where there is none or it is gone.
    pub(super) async fn push_blob(
        &self,
        mut session: Option<Url>,
        bytes: Bytes,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        let mut opened = 0;
        loop {
            let mut url = match session.take() {
                Some(url) => url,
                None => {
                    opened += 1;
                    self.open_upload().await?
                }
            };
            url.query_pairs_mut().append_pair("digest", digest.as_str());
            let request = Request::new(Method::PUT, url, ERROR_LIMIT)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
                .body(bytes.clone());
            let answer = self.send(request, Action::Push).await?;
            match answer.status.as_u16() {
                201 => return Ok(()),
                404 | 416 if opened < MOST_SESSIONS => {}
                _ => return Err(self.refusal(&Method::PUT, &answer, Action::Push).await),
            }
        }
    }

    /// The session's address: on the registry's own scheme, host and port.
    fn location(&self, answer: &Response) -> Result<Url, RegistryError> {
        let refused = |location: String| RegistryError::UploadLocation {
            host: self.connection.host().to_owned(),
            location,
        };
        let text = answer.header("location").filter(|text| text.len() <= LONGEST_LOCATION);
        let mut url = text
            .and_then(|text| answer.url.join(text).ok())
            .ok_or_else(|| refused("something that is no address".into()))?;
        let own = same_origin(&url, &self.connection.endpoint.base);
        if !own || !url.username().is_empty() || url.password().is_some() {
            return Err(refused(redacted(&url)));
        }
        url.set_fragment(None);
        Ok(url)
    }
}
