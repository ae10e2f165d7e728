//! An OCSP responder and a CRL server for the lab's authorities; what they say can be wrong.

mod ocsp;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::message::{Answer, Ask};
use super::pki::{AuthorityKey, Pki};
use super::server::Service;
use super::{IssueRequest, Issued, Lab, Revocation};
use crate::clock::Clock;

/// What the servers say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Telling {
    #[default]
    Truth,
    /// The responder knows no certificate; CRLs are true.
    Unknown,
    /// Answers that ended yesterday.
    Stale,
    /// Signatures that do not verify.
    Forged,
}

pub(super) struct StatusServer {
    pub pki: Arc<Pki>,
    pub clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    telling: Telling,
    /// Content bytes of serial numbers, and since when.
    revoked: BTreeMap<Vec<u8>, OffsetDateTime>,
    lists: u64,
}

impl Lab {
    /// `127.0.0.1:PORT`, plain http.
    pub fn status_host(&self) -> &str {
        &self.status_host
    }

    /// Revokes a certificate of an issued chain, 0 for the leaf, for keyCompromise.
    pub fn revoke(&self, issued: &Issued, index: usize) {
        if let Some(serial) = issued.chain.get(index).and_then(|der| ocsp::serial_number(der)) {
            self.status.state().revoked.insert(serial, self.clock.now());
        }
    }

    /// What the servers say from now on.
    pub fn tell(&self, telling: Telling) {
        self.status.state().telling = telling;
    }
}

/// The request with the host of the lab's own servers in its addresses.
pub(super) fn at_host(request: &IssueRequest, host: &str) -> IssueRequest {
    let mut request = request.clone();
    let Revocation { crl, ocsp } = &mut request.revocation;
    for url in [crl, ocsp].into_iter().flatten() {
        *url = url.replace("{host}", host);
    }
    request
}

/// How long a true answer is good.
const VALIDITY: Duration = Duration::days(7);

impl StatusServer {
    pub(super) fn new(pki: Arc<Pki>, clock: Arc<dyn Clock>) -> Self {
        Self { pki, clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds this lock")
    }

    /// From when until when an answer is good.
    fn times(&self, telling: Telling) -> (OffsetDateTime, OffsetDateTime) {
        let now = self.clock.now();
        match telling {
            Telling::Stale => (now - VALIDITY, now - Duration::DAY),
            _ => (now - Duration::HOUR, now + VALIDITY),
        }
    }

    fn crl(&self, key: &AuthorityKey) -> Option<Vec<u8>> {
        let mut state = self.state();
        state.lists += 1;
        let (this_update, next_update) = self.times(state.telling);
        let revoked = state.revoked.iter().map(|(serial, since)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: *since,
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(state.lists),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Some(list.signed_by(key.issuer()).ok()?.der().to_vec())
    }

    fn ocsp(&self, key: &AuthorityKey, request: &[u8]) -> Option<Vec<u8>> {
        let question = ocsp::Question::read(request)?;
        let state = self.state();
        let status = match state.telling {
            Telling::Unknown => ocsp::Status::Unknown,
            _ => match state.revoked.get(&question.serial) {
                Some(since) => ocsp::Status::Revoked(*since),
                None => ocsp::Status::Good,
            },
        };
        ocsp::answer(&question, status, self.times(state.telling), key)
    }
}

impl Service for StatusServer {
    fn answer(&self, ask: &Ask) -> Answer {
        let mut parts = ask.path.trim_start_matches('/').splitn(4, '/');
        let mut next = || parts.next().unwrap_or_default();
        let (kind, name, level, rest) = (next(), next(), next(), next());
        let Some(key) = self.pki.authority(name, level) else {
            return Answer::empty(StatusCode::NOT_FOUND);
        };
        let (body, media_type) = match (kind, &ask.method) {
            ("crl", &Method::GET) => (self.crl(&key), "application/pkix-crl"),
            ("ocsp", &Method::GET) => {
                let text: String = percent_decoded(rest);
                let request = STANDARD.decode(text).unwrap_or_default();
                (self.ocsp(&key, &request), "application/ocsp-response")
            }
            ("ocsp", &Method::POST) => (self.ocsp(&key, &ask.body), "application/ocsp-response"),
            _ => return Answer::empty(StatusCode::NOT_FOUND),
        };
        let Some(mut body) = body else { return Answer::empty(StatusCode::BAD_REQUEST) };
        if self.state().telling == Telling::Forged {
            // in an OCSP answer certificates may follow the signature; this responder sends none
            if let Some(last) = body.last_mut() {
                *last ^= 1;
            }
        }
        Answer::bytes(StatusCode::OK, media_type, body)
    }
}

/// A path segment without its escapes.
fn percent_decoded(text: &str) -> String {
    let pair = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
