//! A large answer, handed on piece by piece instead of being kept.

use http::header::LOCATION;
use http::{Method, StatusCode};
use url::Url;

use super::client::check_hop;
use super::error::{Failure, sort};
use super::{Attempts, Http, HttpError, Response, redacted};

/// most redirects from the address that was asked for to the one that answers
const HOPS: u8 = 5;

/// Takes the pieces of an answer.
pub trait Sink: Send {
    /// A piece, with the length of the whole answer where the server says it.
    fn piece(&mut self, bytes: &[u8], whole: Option<u64>) -> Result<(), String>;

    /// All pieces so far are void: the answer begins again.
    fn again(&mut self) -> Result<(), String>;
}

impl Http {
    /// Gets `url`, anonymously, and hands a 200 answer of less than `limit` bytes to `sink`. Retries and
    /// redirects are those of [`Http::send`]; https never becomes http. An answer of another status is
    /// [`HttpError::Status`].
    pub async fn download(
        &self,
        url: &Url,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<(), HttpError> {
        let mut url = url.clone();
        let mut hops = HOPS;
        let mut attempts = Attempts::default();
        loop {
            let refused = |problem: String| HttpError::Redirect {
                method: Method::GET,
                url: redacted(&url),
                problem,
            };
            let Some(left) = self.deadline().left(self.clock().elapsed()) else {
                return Err(self.over(&url, &attempts));
            };
            let Ok(got) = tokio::time::timeout(left, self.get(&url, limit, sink)).await else {
                return Err(self.over(&url, &attempts));
            };
            let now = self.clock().now();
            let (wait, error) = match got {
                Ok(None) => return Ok(()),
                Ok(Some(answer))
                    if matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) =>
                {
                    let location = answer.headers.get(LOCATION).and_then(|text| text.to_str().ok());
                    let next = location.and_then(|text| url.join(text).ok()).ok_or_else(|| {
                        refused("redirected to something that is no address".to_owned())
                    })?;
                    if hops == 0 {
                        return Err(refused("redirected too often".to_owned()));
                    }
                    hops -= 1;
                    check_hop(&url, &next).map_err(refused)?;
                    url = next;
                    continue;
                }
                Ok(Some(answer)) => {
                    let wait = attempts.after_answer(&answer, now, self.jitter());
                    let (url, status) = (redacted(&url), answer.status);
                    (wait, HttpError::Status { method: Method::GET, url, status })
                }
                Err(Interrupted { failure, error }) => {
                    (attempts.after_failure(failure, self.jitter()), error)
                }
            };
            match wait {
                Some(wait) if self.clock().elapsed().saturating_add(wait) < self.deadline().0 => {
                    tracing::debug!(target: "sealwright", "{error}; again in {} ms", wait.as_millis());
                    attempts.last = Some(error.to_string());
                    self.clock().sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
    }

    fn over(&self, url: &Url, attempts: &Attempts) -> HttpError {
        HttpError::Deadline {
            method: Method::GET,
            url: redacted(url),
            last: attempts.last.clone().unwrap_or_else(|| "none".into()),
        }
    }

    /// Nothing when all of it was handed on; the answer without a body when it is no 200.
    async fn get(
        &self,
        url: &Url,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<Option<Response>, Interrupted> {
        let given_up = |error| Interrupted { failure: Failure::Final, error };
        let (method, shown) = (Method::GET, redacted(url));
        let broken = |error: reqwest::Error| {
            let (failure, reason) = sort(&error);
            let error = HttpError::Transport { method: Method::GET, url: redacted(url), reason };
            Interrupted { failure, error }
        };
        let client = self.loopback.client(url).map_err(given_up)?;
        let client = client.unwrap_or(self.reqwest());
        let mut answer = client.get(url.clone()).send().await.map_err(broken)?;
        tracing::debug!(target: "sealwright", "GET {shown}: {}", answer.status());
        if answer.status() != StatusCode::OK {
            return Ok(Some(Response {
                status: answer.status(),
                headers: std::mem::take(answer.headers_mut()),
                body: bytes::Bytes::new(),
                url: url.clone(),
            }));
        }
        let whole = answer.content_length();
        let too_large =
            || given_up(HttpError::TooLarge { method: method.clone(), url: shown.clone(), limit });
        if whole.is_some_and(|length| length >= limit) {
            return Err(too_large());
        }
        let kept = |reason| given_up(HttpError::Kept { url: shown.clone(), reason });
        sink.again().map_err(kept)?;
        let mut length = 0;
        while let Some(piece) = answer.chunk().await.map_err(broken)? {
            length += piece.len() as u64;
            if length >= limit {
                return Err(too_large());
            }
            sink.piece(&piece, whole).map_err(kept)?;
        }
        Ok(None)
    }
}

struct Interrupted {
    failure: Failure,
    error: HttpError,
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
