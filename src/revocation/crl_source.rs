//! One CRL from the cache or its server, with its delta, checked.

use std::sync::Mutex;

use bytes::Bytes;
use time::OffsetDateTime;

use super::address::ChainTrust;
use super::cache::{CacheError, CrlCache};
use super::{CheckedCrl, Crl, Fetch, Method, RevocationError, Wanted};
use crate::x509::Certificate;

/// Where CRLs come from in one check.
pub(super) struct CrlSource<'a> {
    /// None: no server is asked.
    pub fetch: Option<&'a dyn Fetch>,
    pub cache: Option<&'a CrlCache>,
    pub now: OffsetDateTime,
    pub trust: ChainTrust,
    pub warnings: &'a Mutex<Vec<String>>,
}

/// The CRL wanted: where it is, and who signed it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub url: &'a str,
    pub issuer: &'a Certificate,
    /// Delta CRLs that the certificate names; used where the CRL names none.
    pub freshest: &'a [String],
}

/// most addresses of delta CRLs that are tried
const DELTAS: usize = 4;

impl CrlSource<'_> {
    /// A kept CRL as long as it is good, else the server's, which is kept once it has been checked: for
    /// trusted chains, as anybody can sign CRLs for another and fill the disk.
    pub async fn obtain(&self, place: Place<'_>) -> (Method, Result<CheckedCrl, RevocationError>) {
        if let Some(kept) = self.kept(place) {
            return (Method::CachedCrl, Ok(kept));
        }
        let Some(fetch) = self.fetch else {
            let url = place.url.to_owned();
            return (Method::CachedCrl, Err(RevocationError::NotCached { url }));
        };
        let fetched = self.fetched(fetch, place).await;
        if let (Ok(crl), Some(cache), ChainTrust::Trusted) = (&fetched, self.cache, self.trust) {
            let (base, delta) = crl.parts();
            if let Err(error) = cache.store(place.url, base, delta) {
                self.warn(&error);
            }
        }
        (Method::Crl, fetched)
    }

    fn kept(&self, place: Place<'_>) -> Option<CheckedCrl> {
        let kept = match self.cache?.load(place.url) {
            Ok(kept) => kept?,
            Err(error) => {
                self.warn(&error);
                return None;
            }
        };
        let base = self.check(&kept.base, place.issuer);
        let whole = base.and_then(|base| match &kept.delta {
            Some(delta) => base.with_delta(self.check(delta, place.issuer)?),
            None if deltas(&base, place).is_empty() => Ok(base),
            None => Err(RevocationError::Delta("it is not kept".to_owned())),
        });
        match whole {
            Ok(crl) => Some(crl),
            Err(error) => {
                tracing::debug!(target: "sealwright", "the kept CRL of {}: {error}", place.url);
                None
            }
        }
    }

    async fn fetched(
        &self,
        fetch: &dyn Fetch,
        place: Place<'_>,
    ) -> Result<CheckedCrl, RevocationError> {
        let wanted = Wanted::Crl { url: place.url, trust: self.trust };
        let base = self.check(&fetch.fetch(wanted).await?, place.issuer)?;
        let deltas: Vec<String> = deltas(&base, place).to_vec();
        let mut last = None;
        for url in deltas.iter().take(DELTAS) {
            let wanted = Wanted::Crl { url, trust: self.trust };
            let delta = match fetch.fetch(wanted).await {
                Ok(bytes) => self.check(&bytes, place.issuer),
                Err(error) => Err(error),
            };
            match delta.and_then(|delta| base.clone().with_delta(delta)) {
                Ok(whole) => return Ok(whole),
                Err(error) => last = Some(error),
            }
        }
        last.map_or(Ok(base), Err)
    }

    fn check(&self, der: &Bytes, issuer: &Certificate) -> Result<CheckedCrl, RevocationError> {
        Crl::from_der(der)?.check(issuer, self.now)
    }

    fn warn(&self, error: &CacheError) {
        tracing::debug!(target: "sealwright", "CRL cache: {error}");
        let mut warnings = self.warnings.lock().expect("no panic holds this lock");
        let warning = error.warning();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
}

/// RFC 5280, 5.2.6 and 4.2.1.15.
fn deltas<'a>(base: &'a CheckedCrl, place: Place<'a>) -> &'a [String] {
    match base.freshest() {
        [] => place.freshest,
        urls => urls,
    }
}
