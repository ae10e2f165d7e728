//! Whole chains: OCSP, then CRL; which server answered what; the cache.

use std::sync::Arc;

use sealwright::fault::Fault as _;
use sealwright::revocation::{Answers, ChainTrust, Method, Reach, Standing, Status};

use super::world::{CRL, DELTA, OCSP, Servers, fixture};

/// The leaf's status and each server's part in it.
fn told(answers: &Answers) -> (&'static str, Vec<(Method, String, &'static str)>) {
    let leaf = &answers.certificates[0];
    let servers = leaf.servers.iter().map(|server| {
        let result = match &server.result {
            Ok(status) => status.name(),
            Err(error) => error.code(),
        };
        (server.method, server.url.clone(), result)
    });
    (leaf.status.name(), servers.collect())
}

fn row(method: Method, url: &str, result: &'static str) -> (Method, String, &'static str) {
    (method, url.to_owned(), result)
}

#[tokio::test]
async fn an_ocsp_answer_is_enough() {
    let servers = Arc::new(Servers::default().with(OCSP, "good.ocsp"));
    let answers = servers.check("good").await;
    assert_eq!(told(&answers), ("good", vec![row(Method::Ocsp, OCSP, "good")]));
    assert_eq!(servers.asked(), [OCSP]);
    assert_eq!(answers.certificates[1].status, Status::NonRevokable);
    assert_eq!(answers.standing(), Standing::Good);
}

#[tokio::test]
async fn a_crl_answers_where_ocsp_does_not() {
    for (answer, reason) in [
        (None, "revocation-fetch"),
        (Some("unknown.ocsp"), "revocation-scope"),
        (Some("sha1.ocsp"), "revocation-signature"),
    ] {
        let mut servers = Servers::default().with(CRL, "scoped.crl");
        if let Some(file) = answer {
            servers = servers.with(OCSP, file);
        }
        let answers = Arc::new(servers).check("good").await;
        let expected = vec![row(Method::Ocsp, OCSP, reason), row(Method::Crl, CRL, "good")];
        assert_eq!(told(&answers), ("good", expected));
    }
}

#[tokio::test]
async fn a_revoked_certificate_outweighs_all() {
    let servers = Arc::new(Servers::default().with(OCSP, "revoked.ocsp").with(CRL, "scoped.crl"));
    let answers = servers.check("stolen").await;
    assert_eq!(told(&answers), ("revoked", vec![row(Method::Ocsp, OCSP, "revoked")]));
    assert!(matches!(answers.standing(), Standing::Revoked(certificate, _)
        if certificate.subject.contains("stolen")));
}

#[tokio::test]
async fn nobody_who_answers_is_unknown() {
    let answers = Arc::new(Servers::default()).check("good").await;
    let expected = vec![
        row(Method::Ocsp, OCSP, "revocation-fetch"),
        row(Method::Crl, CRL, "revocation-fetch"),
    ];
    assert_eq!(told(&answers), ("unknown", expected));
    let Standing::Unknown(certificate) = answers.standing() else { panic!("{answers:?}") };
    let problem = format!("CRL {CRL}: {CRL} does not answer");
    assert_eq!(certificate.problems()[1], problem);
}

#[tokio::test]
async fn a_base_with_deltas_needs_one_of_them() {
    let base = Servers::default().with(CRL, "base.crl");
    let answers = Arc::new(base).check("held").await;
    assert_eq!(told(&answers).1[1], row(Method::Crl, CRL, "revocation-fetch"));
    let both = Servers::default().with(CRL, "base.crl").with(DELTA, "delta.crl");
    let answers = Arc::new(both).check("held").await;
    assert_eq!(told(&answers).1[1], row(Method::Crl, CRL, "revoked"));
    let wrong = Servers::default().with(CRL, "base.crl").with(DELTA, "scoped.crl");
    let answers = Arc::new(wrong).check("held").await;
    assert_eq!(told(&answers).1[1], row(Method::Crl, CRL, "revocation-delta"));
}

#[tokio::test]
async fn a_kept_crl_serves_without_servers() {
    let home = tempfile::tempdir().unwrap();
    let servers = Servers::default().with(CRL, "base.crl").with(DELTA, "delta.crl");
    let servers = Arc::new(servers);
    servers.check_with("good", Some(home.path()), Reach::Servers).await;
    let nobody = Arc::new(Servers::default());
    for (name, status) in [("good", "good"), ("held", "revoked"), ("stolen", "revoked")] {
        let answers = nobody.check_with(name, Some(home.path()), Reach::CacheOnly).await;
        assert_eq!(told(&answers), (status, vec![row(Method::CachedCrl, CRL, status)]));
        assert!(answers.warnings.is_empty());
    }
    assert!(nobody.asked().is_empty());
}

#[tokio::test]
async fn crls_of_a_chain_that_is_not_trusted_are_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let servers = Arc::new(Servers::default().with(CRL, "scoped.crl"));
    let checker = servers.checker(Some(home.path()), Reach::Servers);
    for (trust, kept) in [(ChainTrust::Untrusted, false), (ChainTrust::Trusted, true)] {
        let answers = servers.ask_as(&checker, "good", trust).await;
        assert_eq!(told(&answers).0, "good");
        assert_eq!(home.path().join("crl").exists(), kept);
    }
}

#[tokio::test]
async fn offline_without_a_kept_crl_is_unknown() {
    let home = tempfile::tempdir().unwrap();
    let servers = Arc::new(Servers::default().with(CRL, "scoped.crl"));
    let answers = servers.check_with("good", Some(home.path()), Reach::CacheOnly).await;
    let expected = vec![row(Method::CachedCrl, CRL, "revocation-not-cached")];
    assert_eq!(told(&answers), ("unknown", expected));
    assert!(servers.asked().is_empty());
    let error = answers.certificates[0].servers[0].result.clone().unwrap_err();
    assert!(error.hint().unwrap().contains("carry its folder crl over"));
}

#[tokio::test]
async fn a_corrupt_or_unusable_cache_is_a_warning() {
    let home = tempfile::tempdir().unwrap();
    let servers = Arc::new(Servers::default().with(CRL, "scoped.crl"));
    servers.check_with("good", Some(home.path()), Reach::Servers).await;
    let kept = std::fs::read_dir(home.path().join("crl")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&kept, "{}").unwrap();
    let answers = servers.check_with("good", Some(home.path()), Reach::Servers).await;
    assert_eq!(told(&answers).0, "good");
    assert_eq!(
        answers.warnings,
        ["CRL cache error discarded. Enable debug log through '-d' for error details."]
    );
    let answers = servers.check_with("good", Some(home.path()), Reach::CacheOnly).await;
    assert_eq!(told(&answers).0, "good", "it was written anew");
    let file = home.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let answers = servers.check_with("good", Some(&file), Reach::Servers).await;
    assert_eq!(told(&answers).0, "good");
    assert!(answers.warnings.iter().any(|w| w.starts_with("failed to create crl file cache: ")));
}

#[tokio::test]
async fn a_kept_crl_that_another_signed_is_fetched_anew() {
    let home = tempfile::tempdir().unwrap();
    let servers = Arc::new(Servers::default().with(CRL, "scoped.crl"));
    let cache = sealwright::revocation::CrlCache::below(home.path());
    for forged in ["sha1.crl", "good.cer"] {
        cache.store(CRL, &fixture(forged), None).unwrap();
        let answers = servers.check_with("stolen", Some(home.path()), Reach::Servers).await;
        assert_eq!(told(&answers).1[1], row(Method::Crl, CRL, "revoked"), "{forged}");
    }
}

#[tokio::test]
async fn what_was_told_is_not_asked_again_and_what_was_not_is() {
    let servers = Arc::new(Servers::default().with(OCSP, "good.ocsp"));
    let checker = servers.checker(None, Reach::Servers);
    for _ in 0..3 {
        assert_eq!(told(&servers.ask(&checker, "good").await).0, "good");
    }
    assert_eq!(servers.asked(), [OCSP]);
    for _ in 0..2 {
        assert_eq!(told(&servers.ask(&checker, "moved").await).0, "unknown");
    }
    assert_eq!(servers.asked(), [OCSP, OCSP, CRL, OCSP, CRL]);
}
