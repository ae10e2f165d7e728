//! Why a signature gets no timestamp.

use super::TokenError;
use crate::crypto::Hash;
use crate::fault::{Fault, excerpt};
use crate::http::HttpError;
use crate::x509::ValidityError;

#[derive(Debug, thiserror::Error)]
pub enum StampError {
    #[error("invalid timestamp URL {url:?}: {reason}")]
    Url { url: String, reason: &'static str },
    #[error(
        "{file:?}: {reason}. Expecting single x509 root certificate in PEM or DER format from the file"
    )]
    Root { file: String, reason: String },
    #[error("no random number for the nonce")]
    Randomness,
    #[error("{0}")]
    Http(HttpError),
    #[error("{url}: the timestamping authority answered {status}")]
    Answer { url: String, status: u16 },
    #[error(
        "{url}: unexpected response Content-Type {found:?}, want \"application/timestamp-reply\""
    )]
    MediaType { url: String, found: String },
    #[error("{url}: no answer within {seconds} s")]
    Late { url: String, seconds: u64 },
    #[error("malformed timestamping response: {reason}")]
    Unparsable { reason: String },
    #[error("the timestamping authority refused: {status}")]
    Refused { status: String, reasons: Vec<String> },
    #[error("the timestamping response holds no token")]
    TokenMissing,
    #[error("{0}")]
    Token(#[from] TokenError),
    #[error("nonce in response does not match nonce in request")]
    Nonce,
    #[error("the token is over a {} hash, asked for {}", found.name(), asked.name())]
    Hash { found: Hash, asked: Hash },
    #[error("timestamping {0}")]
    Validity(ValidityError),
    /// The token's time does not lie in a signing certificate's validity: no verifier would take it.
    #[error("the timestamp lies outside the validity of the signing chain: {0}")]
    SigningChain(ValidityError),
    #[error("none of {} timestamping authorities gave a timestamp", failures.len())]
    NoAuthority {
        /// Name and failure, in the order asked.
        failures: Vec<(String, StampError)>,
    },
    #[error("timestamping certificate with subject {subject:?} revocation status is unknown")]
    RevocationUnknown { subject: String, problems: Vec<String>, advice: &'static str },
    #[error("timestamping certificate with subject {subject:?} is revoked")]
    Revoked { subject: String },
}

const ANOTHER_AUTHORITY: &str = "name another authority as well: they are tried in order: --timestamp-url <url> --timestamp-url <url>";

/// longest piece of an answer quoted
const EXCERPT_LIMIT: usize = 80;

impl StampError {
    pub(super) fn media_type(url: String, found: &str) -> Self {
        Self::MediaType { url, found: excerpt(found, EXCERPT_LIMIT) }
    }

    pub(super) fn unparsable(reason: impl ToString) -> Self {
        Self::Unparsable { reason: excerpt(&reason.to_string(), EXCERPT_LIMIT) }
    }
}

impl Fault for StampError {
    fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "timestamp-url",
            Self::Root { .. } => "timestamp-root",
            Self::Randomness => "timestamp-randomness",
            Self::Http(error) => error.code(),
            Self::Answer { .. } => "timestamp-answer",
            Self::MediaType { .. } => "timestamp-media-type",
            Self::Late { .. } => "timestamp-late",
            Self::Unparsable { .. } => "timestamp-reply-unparsable",
            Self::Refused { .. } => "timestamp-refused",
            Self::TokenMissing => "timestamp-token-missing",
            Self::Token(error) => error.code(),
            Self::Nonce => "timestamp-nonce",
            Self::Hash { .. } => "timestamp-hash",
            Self::Validity(_) => "timestamp-certificate-validity-now",
            Self::SigningChain(_) => "timestamp-outside-signing-chain",
            Self::NoAuthority { .. } => "timestamp-no-authority",
            Self::RevocationUnknown { .. } => "timestamp-revocation-unknown",
            Self::Revoked { .. } => "timestamp-revoked",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Http(error) => error.because(),
            Self::Token(error) => error.because(),
            Self::Refused { reasons, .. } => reasons.clone(),
            Self::NoAuthority { failures } => {
                failures.iter().map(|(name, error)| naming(name, error)).collect()
            }
            Self::RevocationUnknown { problems, .. } => problems.clone(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Url { .. } => {
                "name the authority's address: --timestamp-url http://<host>/<path>"
            }
            Self::Root { .. } => {
                "name the self-signed root of the timestamping authority: --timestamp-root-cert <root.crt>"
            }
            Self::Http(error) => {
                return error.hint().or_else(|| Some(ANOTHER_AUTHORITY.to_owned()));
            }
            Self::SigningChain(error) => return error.hint(),
            Self::RevocationUnknown { advice, .. } => advice,
            Self::Answer { .. }
            | Self::MediaType { .. }
            | Self::NoAuthority { .. }
            | Self::Late { .. }
            | Self::Refused { .. }
            | Self::Validity(_)
            | Self::Revoked { .. } => ANOTHER_AUTHORITY,
            Self::Token(TokenError::NotTrusted { .. }) => {
                "name the root that issued the authority's certificate: --timestamp-root-cert <root.crt>"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

/// The failure with the authority's name, once.
fn naming(name: &str, error: &StampError) -> String {
    let text = error.to_string();
    if text.contains(name) { text } else { format!("{name}: {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_is_not_reached_is_named_once_and_another_one_advised() {
        let url = "http://tsa.example/".to_owned();
        let transport = |url: &str| HttpError::Transport {
            method: http::Method::POST,
            url: url.to_owned(),
            reason: "connection refused".to_owned(),
        };
        let error = StampError::Http(transport(&url));
        assert_eq!(error.hint().as_deref(), Some(ANOTHER_AUTHORITY));
        let failures = vec![
            (url.clone(), error),
            (url.clone(), StampError::Answer { url, status: 404 }),
            ("http://other.example/".to_owned(), StampError::Nonce),
        ];
        let because = StampError::NoAuthority { failures }.because();
        assert_eq!(because[0], "POST http://tsa.example/: connection refused");
        assert_eq!(because[1], "http://tsa.example/: the timestamping authority answered 404");
        assert!(because[2].starts_with("http://other.example/: nonce "));
    }
}
