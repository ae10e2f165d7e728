//! Why no answer came.

use http::{Method, StatusCode};

use crate::fault::Fault;

/// URLs inside are redacted (no query, no user information).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("{method} {url}: {reason}")]
    Transport { method: Method, url: String, reason: String },
    #[error("{method} {url}: the answer is larger than {limit} bytes")]
    TooLarge { method: Method, url: String, limit: u64 },
    #[error("{method} {url}: the time limit is over; the last answer was: {last}")]
    Deadline { method: Method, url: String, last: String },
    #[error("{method} {url}: {problem}")]
    Redirect { method: Method, url: String, problem: String },
    /// The judge's words on where the host's name leads.
    #[error("{method} {url}: {reason}")]
    Refused { method: Method, url: String, reason: String },
    /// Another answer than the one that can be used.
    #[error("{method} {url}: https response bad status: {status}")]
    Status { method: Method, url: String, status: StatusCode },
    /// What came could not be written down.
    #[error("GET {url}: {reason}")]
    Kept { url: String, reason: String },
    #[error("cannot prepare the HTTP client: {0}")]
    Client(String),
}

impl Fault for HttpError {
    fn code(&self) -> &'static str {
        match self {
            HttpError::Transport { .. } => "http-transport",
            HttpError::TooLarge { .. } => "http-too-large",
            HttpError::Deadline { .. } => "http-deadline",
            HttpError::Redirect { .. } => "http-redirect",
            HttpError::Refused { .. } => "http-refused",
            HttpError::Status { .. } => "http-status",
            HttpError::Kept { .. } => "http-kept",
            HttpError::Client(_) => "http-client",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            HttpError::Transport { .. } | HttpError::Deadline { .. } => {
                hint_of_reason(&self.to_string()).map(str::to_owned)
            }
            _ => None,
        }
    }
}

/// The next step for an [`HttpError`] that is only known by its text, as part of another error's.
pub fn hint_of_reason(text: &str) -> Option<&'static str> {
    REASONS.iter().find(|(words, _)| text.contains(words)).map(|(_, hint)| *hint)
}

const REASONS: [(&str, &str); 4] = [
    (
        UNKNOWN_ISSUER,
        "name the issuing CA's PEM file: export SSL_CERT_FILE=/path/to/ca.pem; \
         without any system roots install the package ca-certificates",
    ),
    ("the time limit is over", "allow more time: --timeout 20m"),
    (
        "through the proxy",
        "is that proxy up? It is set by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY=<host> goes past it",
    ),
    ("failed to lookup address", "is the host's name right? Look it up: getent hosts <host>"),
];

/// The words of a TLS failure that more roots would cure.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";

/// Whether another attempt may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection broke, or an answer did not come in time.
    Broken,
    /// No connection: nobody listens, or the name is not known.
    Unreachable,
    /// The other side is not who it should be, or the request cannot be sent at all.
    Final,
}

/// Sorts a transport error and words its innermost reason.
pub(super) fn sort(error: &reqwest::Error) -> (Failure, String) {
    let mut reason = String::new();
    let mut failure = if error.is_builder() {
        Failure::Final
    } else if error.is_connect() {
        Failure::Unreachable
    } else {
        Failure::Broken
    };
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        // reqwest's own text repeats the address, query included.
        if !cause.is::<reqwest::Error>() {
            reason = cause.to_string();
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            if let Some(word) = word(io.kind()) {
                return (failure, word.into());
            }
            if let Some(tls) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return (tls_failure(tls, failure), format!("TLS: {tls}"));
            }
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return (tls_failure(tls, failure), format!("TLS: {tls}"));
        }
        next = cause.source();
    }
    if error.is_timeout() {
        reason = "no answer in time".into();
    } else if reason.is_empty() {
        reason = "the request could not be sent".into();
        failure = Failure::Final;
    }
    (failure, reason)
}

fn tls_failure(error: &rustls::Error, otherwise: Failure) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(_) => Failure::Final,
        _ => otherwise,
    }
}

fn word(kind: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind::*;
    Some(match kind {
        ConnectionRefused => "connection refused",
        ConnectionReset => "connection reset by peer",
        ConnectionAborted => "connection aborted",
        BrokenPipe => "broken pipe",
        UnexpectedEof => "the connection ended too early",
        TimedOut => "no answer in time",
        HostUnreachable => "no route to host",
        NetworkUnreachable => "network is unreachable",
        _ => return None,
    })
}
