//! ★ Asking servers over HTTP, within limits of size, time and place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::address::{self, ChainTrust, Hop, Loopback, check_address};
use super::{CRL_LIMIT, OCSP_LIMIT, RevocationError};
use crate::fault::excerpt;
use crate::http::{Http, HttpError, Judge, Names, Request, SystemNames, redacted};

/// What is asked, and whether a trusted chain names the server.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// The DER of an OCSP request.
    Ocsp {
        url: &'a str,
        request: &'a [u8],
        trust: ChainTrust,
    },
    Crl {
        url: &'a str,
        trust: ChainTrust,
    },
}

/// The world outside, as far as revocation needs it.
#[async_trait::async_trait]
pub trait Fetch: Send + Sync {
    /// The body of the server's answer, at most [`OCSP_LIMIT`] or [`CRL_LIMIT`] bytes.
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Bytes, RevocationError>;
}

/// Whole times for one answer, redirects and retries included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub ocsp: Duration,
    pub crl: Duration,
}

impl Default for Timeouts {
    /// notation's: 2 s and 5 s.
    fn default() -> Self {
        Self { ocsp: Duration::from_secs(2), crl: Duration::from_secs(5) }
    }
}

/// [`Fetch`] with the command's HTTP client, on connections of its own for each kind of hop: a name is
/// judged by the addresses that are connected to, of which a proxy that resolves names tells nothing.
pub struct HttpFetch {
    http: Http,
    timeouts: Timeouts,
    loopback: Loopback,
    names: Arc<dyn Names>,
    judged: Mutex<HashMap<Hop, Http>>,
}

/// most redirects followed
const HOPS: usize = 3;
/// A GET is for requests whose encoded form is shorter than this many characters (RFC 6960, A.1).
const GET_LIMIT: usize = 255;

#[async_trait::async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Bytes, RevocationError> {
        let (request, trust, time) = match wanted {
            Wanted::Ocsp { url, request, trust } => {
                (ocsp_request(address::parse(url)?, request), trust, self.timeouts.ocsp)
            }
            Wanted::Crl { url, trust } => {
                let request = Request::new(Method::GET, address::parse(url)?, CRL_LIMIT as u64);
                (request, trust, self.timeouts.crl)
            }
        };
        let shown = redacted(&request.url);
        let answer = tokio::time::timeout(time, self.follow(request, trust)).await;
        answer.unwrap_or_else(|_| {
            let seconds = time.as_secs_f32();
            Err(RevocationError::Fetch(format!("{shown} did not answer within {seconds} s")))
        })
    }
}

impl HttpFetch {
    pub fn new(http: Http, timeouts: Timeouts, loopback: Loopback) -> Self {
        let (names, judged) = (Arc::new(SystemNames), Mutex::default());
        Self { http, timeouts, loopback, names, judged }
    }

    /// The same with another resolution of names: for tests.
    pub fn with_names(self, names: Arc<dyn Names>) -> Self {
        Self { names, ..self }
    }

    /// The client for this hop. A connection is used again for the same kind of hop only.
    fn judged(&self, hop: Hop) -> Result<Http, HttpError> {
        let mut judged = self.judged.lock().expect("no panic holds this lock");
        if let Some(http) = judged.get(&hop) {
            return Ok(http.clone());
        }
        let judge = Arc::new(OfHop { hop, loopback: self.loopback });
        let http = self.http.judged(self.names.clone(), judge)?;
        judged.insert(hop, http.clone());
        Ok(http)
    }

    async fn follow(
        &self,
        mut request: Request,
        trust: ChainTrust,
    ) -> Result<Bytes, RevocationError> {
        let mut hop = Hop::First(trust);
        for _ in 0..=HOPS {
            check_address(&request.url, hop, self.loopback)?;
            let shown = redacted(&request.url);
            let sent = match self.judged(hop) {
                Ok(http) => http.send(request.clone()).await,
                Err(error) => Err(error),
            };
            let answer = sent.map_err(|error| match error {
                HttpError::Refused { reason, .. } => RevocationError::address(&shown, reason),
                error => RevocationError::Fetch(error.to_string()),
            })?;
            let status = answer.status;
            if status == StatusCode::OK {
                return Ok(answer.body);
            }
            let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let (true, Some(location)) = (is_redirect(status, &request.method), location) else {
                return Err(RevocationError::Fetch(format!("{shown} answered {status}")));
            };
            let next = request.url.join(location).map_err(|_| {
                let quoted = excerpt(location, 200);
                RevocationError::Fetch(format!("{shown} redirects to {quoted:?}, no address"))
            })?;
            if request.url.scheme() == "https" && next.scheme() != "https" {
                let reason = "a redirect from https leads to it";
                return Err(RevocationError::address(&redacted(&next), reason));
            }
            request.url = next;
            hop = Hop::Redirect;
        }
        Err(RevocationError::Fetch(format!("{} redirects too often", redacted(&request.url))))
    }
}

/// 301 and 302 turn a POST into something else, and 303 into a GET: a POST follows 307 and 308 only.
fn is_redirect(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        307 | 308 => true,
        301..=303 => *method == Method::GET,
        _ => false,
    }
}

/// RFC 6960, appendix A.1: the request in the path where it is short, so that it can be cached.
fn ocsp_request(url: Url, request: &[u8]) -> Request {
    let encoded: String =
        url::form_urlencoded::byte_serialize(STANDARD.encode(request).as_bytes()).collect();
    if encoded.len() < GET_LIMIT && url.query().is_none() && url.fragment().is_none() {
        let server = url.as_str().trim_end_matches('/');
        if let Ok(url) = Url::parse(&format!("{server}/{encoded}")) {
            return Request::new(Method::GET, url, OCSP_LIMIT as u64);
        }
    }
    Request::new(Method::POST, url, OCSP_LIMIT as u64)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/ocsp-request"))
        .body(request.to_vec())
}

/// What is asked of the addresses that a name led to.
struct OfHop {
    hop: Hop,
    loopback: Loopback,
}

impl Judge for OfHop {
    fn judge(&self, name: &str, addresses: &[IpAddr]) -> Result<(), String> {
        address::judge(name, addresses, self.hop, self.loopback)
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
