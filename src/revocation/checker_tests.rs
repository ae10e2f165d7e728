//! Chains made to keep a verifier busy, and servers that contradict each other.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use time::macros::datetime;

use super::*;
use crate::x509::testing::{
    AUTHORITY_INFO_ACCESS, CRL_DISTRIBUTION_POINTS, Critical, Draft, ECDSA_WITH_SHA256, Ext, Key,
    issue, tlv,
};

/// Answers nobody, and counts who asks: in all, and at once.
#[derive(Default)]
struct Silent {
    ocsp: AtomicUsize,
    crl: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

#[async_trait::async_trait]
impl Fetch for Silent {
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Bytes, RevocationError> {
        let count = match wanted {
            Wanted::Ocsp { .. } => &self.ocsp,
            Wanted::Crl { .. } => &self.crl,
        };
        count.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Err(RevocationError::Fetch("nobody answers".to_owned()))
    }
}

async fn ask(certificates: &[Certificate]) -> (Arc<Silent>, Answers) {
    let silent = Arc::new(Silent::default());
    let answers = ask_of(silent.clone(), certificates).await;
    (silent, answers)
}

async fn ask_of(fetch: Arc<dyn Fetch>, certificates: &[Certificate]) -> Answers {
    let checker = Checker::new(CheckerOptions {
        fetch,
        cache: None,
        reach: Reach::Servers,
        sources: SourceRule::Optional,
    });
    let asked = Asked {
        certificates,
        now: datetime!(2026-06-01 12:00 UTC),
        authentic_signing_time: None,
        trust: ChainTrust::Trusted,
    };
    checker.check(&asked).await
}

fn url(number: usize) -> Vec<u8> {
    tlv(0x86, format!("http://server-{number}.example/").as_bytes())
}

fn extension(id: &'static [u8], content: &[u8]) -> Ext {
    Ext { id, critical: Critical::Absent, value: tlv(0x30, content) }
}

fn responders(count: usize) -> Ext {
    let ocsp = tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1]);
    let one = |number| tlv(0x30, &[ocsp.clone(), url(number)].concat());
    extension(AUTHORITY_INFO_ACCESS, &(0..count).flat_map(one).collect::<Vec<u8>>())
}

/// Distribution points of `addresses` each.
fn points(count: usize, addresses: usize) -> Ext {
    let names: Vec<u8> = (0..addresses).flat_map(url).collect();
    let point = tlv(0x30, &tlv(0xa0, &tlv(0xa0, &names)));
    extension(CRL_DISTRIBUTION_POINTS, &point.repeat(count))
}

#[tokio::test]
async fn a_certificate_that_names_many_servers_has_few_asked() {
    for (count, addresses) in [(100, 1), (1, 100), (20, 20)] {
        let leaf = Draft::leaf("leaf").with(responders(100)).with(points(count, addresses));
        let (silent, answers) = ask(&issue(&[leaf, Draft::ca("root")])).await;
        assert_eq!(silent.ocsp.load(Ordering::SeqCst), 8);
        assert_eq!(silent.crl.load(Ordering::SeqCst), 8);
        assert_eq!(answers.certificates[0].status, Status::Unknown);
    }
}

#[tokio::test]
async fn a_long_chain_is_asked_about_a_few_certificates_at_once() {
    let names = |draft: Draft| draft.with(responders(1));
    let mut drafts = vec![names(Draft::leaf("leaf"))];
    drafts.extend((0..20).map(|number| names(Draft::ca(&format!("ca {number}")))));
    drafts.push(Draft::ca("root"));
    let (silent, answers) = ask(&issue(&drafts)).await;
    assert_eq!(silent.ocsp.load(Ordering::SeqCst), 21);
    assert_eq!(silent.most_at_once.load(Ordering::SeqCst), 4);
    let subjects: Vec<_> = answers.certificates.iter().map(|c| c.subject.clone()).collect();
    assert_eq!(subjects.len(), 22);
    assert!(subjects[1].contains("ca 0") && subjects[21].contains("root"), "{subjects:?}");
}

/// A CRL of `issuer` that revokes serial number 1 on a day of May 2026, or nobody.
fn list(key: &Key, issuer: &Certificate, day: Option<u8>) -> Bytes {
    let utc = |text: &str| tlv(0x17, text.as_bytes());
    let algorithm = tlv(0x30, &tlv(0x06, ECDSA_WITH_SHA256));
    let mut tbs = [tlv(0x02, &[1]), algorithm.clone(), issuer.raw_subject().to_vec()].concat();
    tbs.extend([utc("260531000000Z"), utc("260701000000Z")].concat());
    if let Some(day) = day {
        let entry = [tlv(0x02, &[1]), utc(&format!("2605{day:02}000000Z"))].concat();
        tbs.extend(tlv(0x30, &tlv(0x30, &entry)));
    }
    let tbs = tlv(0x30, &tbs);
    let signature = [&[0][..], &key.sign(&tbs)].concat();
    tlv(0x30, &[tbs, algorithm, tlv(0x03, &signature)].concat()).into()
}

/// Answers by the number in the address.
struct Lists(Vec<Option<Bytes>>);

#[async_trait::async_trait]
impl Fetch for Lists {
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Bytes, RevocationError> {
        let (Wanted::Ocsp { url: asked, .. } | Wanted::Crl { url: asked, .. }) = wanted;
        let number = (0..self.0.len()).find(|number| asked.contains(&format!("-{number}.")));
        let list = self.0[number.unwrap()].clone();
        list.ok_or_else(|| RevocationError::Fetch("nobody answers".to_owned()))
    }
}

#[tokio::test]
async fn every_point_must_tell_and_one_that_revokes_is_enough() {
    let key = Key::new();
    let root = Draft::ca("root").self_signed(&key);
    let stranger = list(&Key::new(), &root, None);
    let [good, revoked] = [None, Some(1)].map(|day| list(&key, &root, day));
    let point = |number| tlv(0x30, &tlv(0xa0, &tlv(0xa0, &url(number))));
    let two = extension(CRL_DISTRIBUTION_POINTS, &[point(0), point(1)].concat());
    let leaf = Draft::leaf("leaf").with(two);
    let chain = [leaf.issued_by(&Key::new(), root.raw_subject(), &key), root];
    for (first, second, expected) in [
        (Some(&good), Some(&good), "good"),
        (Some(&good), Some(&revoked), "revoked"),
        (Some(&revoked), None, "revoked"),
        (None, Some(&revoked), "revoked"),
        (Some(&stranger), Some(&revoked), "revoked"),
        (Some(&good), None, "unknown"),
        (None, Some(&good), "unknown"),
        (Some(&good), Some(&stranger), "unknown"),
    ] {
        let lists = Arc::new(Lists(vec![first.cloned(), second.cloned()]));
        let answers = ask_of(lists, &chain).await;
        assert_eq!(answers.certificates[0].status.name(), expected);
    }
}
