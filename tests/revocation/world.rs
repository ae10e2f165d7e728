//! The certificates, answers and CRLs that OpenSSL made once (tests/fixtures/revocation/make.sh), and
//! servers in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sealwright::revocation::{
    Answers, Asked, ChainTrust, Checker, CheckerOptions, CrlCache, Fetch, Reach, RevocationCheck,
    RevocationError, SourceRule, Wanted,
};
use sealwright::x509::Certificate;
use time::OffsetDateTime;
use time::macros::datetime;

/// Within the validity of every answer and CRL.
pub const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
pub const OCSP: &str = "http://ocsp.example/";
pub const CRL: &str = "http://crl.example/root.crl";
pub const DELTA: &str = "http://crl.example/delta.crl";

pub fn fixture(name: &str) -> Bytes {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/revocation/");
    std::fs::read(format!("{folder}{name}")).unwrap().into()
}

pub fn certificate(name: &str) -> Certificate {
    Certificate::from_der(&fixture(&format!("{name}.cer"))).unwrap()
}

/// Answers by address; whoever is not here does not answer.
#[derive(Default)]
pub struct Servers {
    answers: BTreeMap<String, Bytes>,
    pub asked: Mutex<Vec<String>>,
}

impl Servers {
    pub fn with(mut self, url: &str, file: &str) -> Self {
        self.answers.insert(url.to_owned(), fixture(file));
        self
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The status of a leaf of the root.
    pub async fn check(self: &Arc<Self>, name: &str) -> Answers {
        self.check_with(name, None, Reach::Servers).await
    }

    pub async fn check_with(
        self: &Arc<Self>,
        name: &str,
        cache: Option<&Path>,
        reach: Reach,
    ) -> Answers {
        self.ask(&self.checker(cache, reach), name).await
    }

    pub fn checker(self: &Arc<Self>, cache: Option<&Path>, reach: Reach) -> Checker {
        Checker::new(CheckerOptions {
            fetch: self.clone(),
            cache: cache.map(CrlCache::below),
            reach,
            sources: SourceRule::Optional,
        })
    }

    pub async fn ask(&self, checker: &Checker, name: &str) -> Answers {
        self.ask_as(checker, name, ChainTrust::Trusted).await
    }

    pub async fn ask_as(&self, checker: &Checker, name: &str, trust: ChainTrust) -> Answers {
        let certificates = [certificate(name), certificate("root")];
        let asked =
            Asked { certificates: &certificates, now: NOW, authentic_signing_time: None, trust };
        checker.check(&asked).await
    }
}

#[async_trait::async_trait]
impl Fetch for Servers {
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Bytes, RevocationError> {
        let url = match wanted {
            Wanted::Ocsp { url, .. } | Wanted::Crl { url, .. } => url,
        };
        self.asked.lock().unwrap().push(url.to_owned());
        let answer = self.answers.get(url).cloned();
        answer.ok_or_else(|| RevocationError::Fetch(format!("{url} does not answer")))
    }
}
