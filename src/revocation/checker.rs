//! The status of every certificate of a chain: OCSP, then CRL, the certificates side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::join_all;
use time::OffsetDateTime;

use super::address::ChainTrust;
use super::crl_source::{CrlSource, Place};
use super::{
    Answers, CertificateStatus, CrlCache, Fetch, Method, OcspAnswer, RevocationError, ServerAnswer,
    Status, Wanted, ocsp_request,
};
use crate::x509::{Certificate, CrlPoint};

/// Asks about a chain.
#[async_trait::async_trait]
pub trait RevocationCheck: Send + Sync {
    /// The status of each certificate. Whatever goes wrong is that certificate's unknown status.
    async fn check(&self, asked: &Asked<'_>) -> Answers;

    /// Who is asked: where nobody is, kept CRLs are not renewed by asking.
    fn reach(&self) -> Reach {
        Reach::Servers
    }
}

/// A chain to ask about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Leaf first, root last; each signed by the next.
    pub certificates: &'a [Certificate],
    pub now: OffsetDateTime,
    /// Of a signing authority's signature; a timestamp's time is none.
    pub authentic_signing_time: Option<OffsetDateTime>,
    pub trust: ChainTrust,
}

/// Who may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Servers,
    /// Only CRLs kept earlier.
    CacheOnly,
}

/// What a certificate below the root that names no server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceRule {
    /// Non-revokable.
    Optional,
    /// Of unknown status.
    Required,
}

pub struct CheckerOptions {
    pub fetch: Arc<dyn Fetch>,
    /// None: nothing is kept.
    pub cache: Option<CrlCache>,
    pub reach: Reach,
    pub sources: SourceRule,
}

/// [`RevocationCheck`] by the servers that the certificates name. What was told is remembered, so that
/// many images by one signer are one question: one for each command, which is over before answers are.
pub struct Checker {
    options: CheckerOptions,
    told: Mutex<HashMap<Question, CertificateStatus>>,
}

/// Thumbprints of certificate and issuer, and what else bears on the answer.
type Question = (String, String, Option<OffsetDateTime>, ChainTrust);

/// most answers remembered; whoever may push can sign with a new chain each time
const REMEMBERED: usize = 1000;

/// most servers of one kind that are asked for one certificate; real ones name one or two
const SERVERS: usize = 8;

/// most certificates asked about side by side; each may hold a CRL and its delta. Real chains have fewer
const SIDE_BY_SIDE: usize = 4;

impl Checker {
    pub fn new(options: CheckerOptions) -> Self {
        Self { options, told: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl RevocationCheck for Checker {
    async fn check(&self, asked: &Asked<'_>) -> Answers {
        let warnings = Mutex::new(Vec::new());
        let pairs = asked.certificates.windows(2).map(|pair| Pair {
            certificate: &pair[0],
            issuer: &pair[1],
            asked,
            options: &self.options,
            told: &self.told,
            warnings: &warnings,
        });
        let pairs: Vec<Pair<'_>> = pairs.collect();
        let mut certificates = Vec::with_capacity(asked.certificates.len());
        for some in pairs.chunks(SIDE_BY_SIDE) {
            certificates.extend(join_all(some.iter().map(Pair::known)).await);
        }
        certificates.extend(asked.certificates.last().map(|root| CertificateStatus {
            subject: root.subject().to_string(),
            status: Status::NonRevokable,
            servers: Vec::new(),
            problem: None,
        }));
        let warnings = warnings.into_inner().expect("no panic holds this lock");
        Answers { certificates, warnings }
    }

    fn reach(&self) -> Reach {
        self.options.reach
    }
}

/// A certificate and the one that signed it.
struct Pair<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    asked: &'a Asked<'a>,
    options: &'a CheckerOptions,
    told: &'a Mutex<HashMap<Question, CertificateStatus>>,
    warnings: &'a Mutex<Vec<String>>,
}

impl Pair<'_> {
    /// A status that was told before, else what the servers say now; what nobody told is asked again.
    async fn known(&self) -> CertificateStatus {
        let thumbprints = [self.certificate, self.issuer].map(Certificate::thumbprint);
        let [certificate, issuer] = thumbprints;
        let Asked { authentic_signing_time, trust, .. } = *self.asked;
        let question = (certificate, issuer, authentic_signing_time, trust);
        if let Some(told) = self.memory().get(&question) {
            return told.clone();
        }
        let status = self.status().await;
        let mut memory = self.memory();
        if status.status != Status::Unknown && memory.len() < REMEMBERED {
            memory.insert(question, status.clone());
        }
        status
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<Question, CertificateStatus>> {
        self.told.lock().expect("no panic holds this lock")
    }

    async fn status(&self) -> CertificateStatus {
        let sources = self.certificate.revocation_sources();
        let told = |status, servers, problem| CertificateStatus {
            subject: self.certificate.subject().to_string(),
            status,
            servers,
            problem,
        };
        if let Some(what) = sources.unreadable {
            let problem = RevocationError::malformed("certificate", format!("its {what}"));
            return told(Status::Unknown, Vec::new(), Some(problem));
        }
        if !sources.names_any() {
            return match self.options.sources {
                SourceRule::Optional => told(Status::NonRevokable, Vec::new(), None),
                SourceRule::Required => {
                    told(Status::Unknown, Vec::new(), Some(RevocationError::NoSource))
                }
            };
        }
        let mut servers = Vec::new();
        if self.options.reach == Reach::Servers
            && let Some(status) = self.ask_ocsp(&sources.ocsp, &mut servers).await
        {
            return told(status, servers, None);
        }
        if sources.crl.is_empty() {
            let offline = self.options.reach == Reach::CacheOnly;
            return told(Status::Unknown, servers, offline.then_some(RevocationError::OnlyOcsp));
        }
        let status = self.ask_crls(&sources.crl, &mut servers).await;
        told(status, servers, None)
    }

    /// The first server that knows, or knows that it does not, ends it.
    async fn ask_ocsp(&self, urls: &[String], told: &mut Vec<ServerAnswer>) -> Option<Status> {
        let request = ocsp_request(self.certificate, self.issuer);
        for url in urls.iter().take(SERVERS) {
            let result = self.ask_responder(url, &request).await;
            let status = result.as_ref().ok().cloned();
            let not_known = result == Err(RevocationError::NotKnown);
            let url = url.clone();
            let (this_update, next_update) = (None, None);
            told.push(ServerAnswer { method: Method::Ocsp, url, this_update, next_update, result });
            if status.is_some() || not_known {
                return status;
            }
        }
        None
    }

    async fn ask_responder(&self, url: &str, request: &[u8]) -> Result<Status, RevocationError> {
        let wanted = Wanted::Ocsp { url, request, trust: self.asked.trust };
        let answer = OcspAnswer::from_der(&self.options.fetch.fetch(wanted).await?)?;
        let Asked { now, authentic_signing_time, .. } = *self.asked;
        answer.check(self.certificate, self.issuer, now, authentic_signing_time)
    }

    /// Every distribution point must tell; one that says revoked is enough. No more than [`SERVERS`]
    /// addresses are tried over all of them.
    async fn ask_crls(&self, points: &[CrlPoint], told: &mut Vec<ServerAnswer>) -> Status {
        let mut status = Status::Good;
        let mut left = SERVERS;
        for point in points {
            match self.ask_point(point, &mut left, told).await {
                Some(Status::Good) => {}
                Some(revoked @ Status::Revoked(_)) => return revoked,
                _ => status = Status::Unknown,
            }
        }
        status
    }

    /// A point's addresses lead to one CRL: the first that serves is enough (RFC 5280, 4.2.1.13).
    async fn ask_point(
        &self,
        point: &CrlPoint,
        left: &mut usize,
        told: &mut Vec<ServerAnswer>,
    ) -> Option<Status> {
        let source = CrlSource {
            fetch: (self.options.reach == Reach::Servers).then_some(&*self.options.fetch),
            cache: self.options.cache.as_ref(),
            now: self.asked.now,
            trust: self.asked.trust,
            warnings: self.warnings,
        };
        let freshest = &self.certificate.revocation_sources().freshest_crl;
        for url in &point.urls {
            *left = left.checked_sub(1)?;
            let (method, crl) = source.obtain(Place { url, issuer: self.issuer, freshest }).await;
            let this_update = crl.as_ref().ok().map(|crl| crl.since());
            let next_update = crl.as_ref().ok().map(|crl| crl.until());
            let signed = self.asked.authentic_signing_time;
            let result = crl.and_then(|crl| crl.status(self.certificate, point, signed));
            let status = result.as_ref().ok().cloned();
            let url = url.clone();
            told.push(ServerAnswer { method, url, this_update, next_update, result });
            if status.is_some() {
                return status;
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "checker_tests.rs"]
mod tests;
