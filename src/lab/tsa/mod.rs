//! A time-stamping authority (RFC 3161) whose answers can be wrong, each under a path of its own.

mod authority;
mod token;

use std::sync::Arc;

use http::{Method, StatusCode};
use time::Duration;

use super::message::{Answer, Ask};
use super::pki::pem;
use super::server::Service;
use super::{Lab, LabError};
use crate::clock::Clock;
use authority::Authorities;
use token::Question;

/// What an answer is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    Good,
    /// Before the signer's certificate stand others with its issuer and serial number.
    Decoys,
    /// The first of two signers is wrong.
    TwoSigners,
    WrongNonce,
    WrongImprint,
    /// The signer's certificate is for code signing as well.
    WrongCertificate,
    /// The signer's certificate ended yesterday.
    Expired,
    /// The signer's certificate names a CRL.
    NamesCrl,
    /// From another root with the same name.
    Stranger,
    /// The signed attribute signingTime lies before the signer's certificate.
    WrongSigningTime,
    /// The signature is over something else.
    Forged,
    /// Status rejection, with a reason.
    Refused,
    /// Another Content-Type.
    WrongType,
}

impl Stamp {
    pub const ALL: [Stamp; 13] = [
        Stamp::Good,
        Stamp::Decoys,
        Stamp::TwoSigners,
        Stamp::WrongNonce,
        Stamp::WrongImprint,
        Stamp::WrongCertificate,
        Stamp::Expired,
        Stamp::NamesCrl,
        Stamp::Stranger,
        Stamp::WrongSigningTime,
        Stamp::Forged,
        Stamp::Refused,
        Stamp::WrongType,
    ];

    /// The last part of its address, `wrong-nonce`.
    pub fn name(self) -> &'static str {
        match self {
            Stamp::Good => "good",
            Stamp::Decoys => "decoys",
            Stamp::TwoSigners => "two-signers",
            Stamp::WrongNonce => "wrong-nonce",
            Stamp::WrongImprint => "wrong-imprint",
            Stamp::WrongCertificate => "wrong-certificate",
            Stamp::Expired => "expired",
            Stamp::NamesCrl => "names-crl",
            Stamp::Stranger => "stranger",
            Stamp::WrongSigningTime => "wrong-signing-time",
            Stamp::Forged => "forged",
            Stamp::Refused => "refused",
            Stamp::WrongType => "wrong-type",
        }
    }
}

/// How long a certificate is valid after now unless it is said.
pub(super) const VALIDITY: Duration = Duration::days(3650);

/// An authority; its time is the clock's.
pub struct Tsa {
    clock: Arc<dyn Clock>,
    authorities: Authorities,
}

impl Tsa {
    /// Its certificates are valid ten years before and after the clock's now.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, LabError> {
        Self::valid_for(VALIDITY, clock)
    }

    /// The same with certificates that are valid so long after the clock's now.
    pub fn valid_for(validity: Duration, clock: Arc<dyn Clock>) -> Result<Self, LabError> {
        let now = clock.now();
        Ok(Self { authorities: Authorities::new(now, now + validity)?, clock })
    }

    /// The certificate to trust.
    pub fn root_pem(&self) -> String {
        pem("CERTIFICATE", &self.authorities.root)
    }

    /// A TimeStampResp for a TimeStampReq in DER; none for what is no request.
    pub fn reply(&self, request: &[u8], stamp: Stamp) -> Option<Vec<u8>> {
        let question = Question::read(request)?;
        if stamp == Stamp::Refused {
            return Some(token::refusal("the lab was told to refuse"));
        }
        let signer = self.authorities.signer(stamp);
        let token = token::token(&question, stamp, signer, self.clock.now()).ok()?;
        Some(token::granted(&token))
    }

    /// The token alone, for a message hashed with SHA-256 and no nonce.
    pub fn token(&self, message: &[u8], stamp: Stamp) -> Result<Vec<u8>, LabError> {
        let question = Question::over(message);
        token::token(&question, stamp, self.authorities.signer(stamp), self.clock.now())
    }
}

impl Service for Tsa {
    fn answer(&self, ask: &Ask) -> Answer {
        let wanted = Stamp::ALL.into_iter().find(|stamp| ask.path == format!("/{}", stamp.name()));
        let Some(stamp) = wanted else { return Answer::empty(StatusCode::NOT_FOUND) };
        if ask.method != Method::POST {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        if ask.header("content-type") != Some("application/timestamp-query") {
            return Answer::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let Some(reply) = self.reply(&ask.body, stamp) else {
            return Answer::empty(StatusCode::BAD_REQUEST);
        };
        let media_type = match stamp {
            Stamp::WrongType => "text/html",
            _ => "application/timestamp-reply",
        };
        Answer::bytes(StatusCode::OK, media_type, reply)
    }
}

impl Lab {
    /// The address at which the lab's authority gives such answers, plain http.
    pub fn timestamp_url(&self, stamp: Stamp) -> String {
        format!("http://{}/{}", self.tsa_host, stamp.name())
    }

    /// The root of the lab's authority.
    pub fn timestamp_root_pem(&self) -> String {
        self.tsa.root_pem()
    }

    /// The lab's authority itself.
    pub fn tsa(&self) -> &Tsa {
        &self.tsa
    }
}
