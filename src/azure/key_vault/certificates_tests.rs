//! What a vault may answer beside what it should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::azure::testing::{Azure, CannedTokens};
use crate::azure::{Issuer, Protection, SubjectName};
use crate::clock::Clock as _;
use crate::fault::Fault as _;
use crate::http::test_server::{Reply, Seen};
use crate::x509::testing::chain as issued;

const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// The certificate `c` of a vault that answers so; `{base}` is its own address.
async fn vault(
    answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static,
) -> (Azure, Certificates) {
    let azure = Azure::start(move |seen: &Seen| {
        let base = format!("https://{}", seen.header("host").unwrap());
        let (status, body) = answer(seen);
        Reply::body(status, body.replace("{base}", &base).replace("{v}", VERSION))
    })
    .await;
    let id = format!("https://{}/certificates/c", azure.host);
    let id = KeyId::parse(&id, &azure.extra_hosts()).unwrap();
    let tokens = Arc::new(CannedTokens::default());
    let certificates = Certificates::new(azure.http(), tokens, &id, ChainMode::Managed);
    (azure, certificates)
}

async fn answered(status: u16, body: &str) -> (Azure, Certificates) {
    let body = body.to_owned();
    vault(move |_| (status, body.clone())).await
}

fn bundle(leaf: &Certificate) -> String {
    let cer = STANDARD.encode(leaf.der());
    format!(r#"{{"id":"{{base}}/certificates/c/{{v}}","cer":"{cer}"}}"#)
}

fn own() -> CertificatePolicy {
    CertificatePolicy {
        subject: SubjectName::parse("CN=c,O=o,ST=s,C=US").unwrap(),
        suite: Suite::EcdsaP256,
        protection: Protection::Software,
        issuer: Issuer::Itself { months: 12 },
    }
}

#[tokio::test]
async fn what_the_vault_makes_is_looked_for_ever_less_often() {
    let leaf = issued(2).remove(0);
    let made = bundle(&leaf);
    let asked = AtomicUsize::new(0);
    let (azure, certificate) = vault(move |seen| {
        if !seen.path().ends_with("/pending") {
            return (200, made.clone());
        }
        let status = match asked.fetch_add(1, Ordering::SeqCst) {
            0..5 => "inProgress",
            _ => "completed",
        };
        (200, format!(r#"{{"status":"{status}","issuer":{{"name":"Self"}},"csr":"MAA="}}"#))
    })
    .await;
    let before = azure.clock.elapsed();
    let state = certificate.made().await.unwrap();
    assert_eq!(state.leaf, Some(leaf));
    assert_eq!(azure.clock.elapsed() - before, Duration::from_secs(1 + 2 + 4 + 4 + 4));
}

#[tokio::test]
async fn what_the_vault_could_not_make_is_told_in_its_words() {
    let failed =
        r#"{"status":"failed","csr":"","error":{"code":"Request rejected","message":"no quota"}}"#;
    let (_azure, certificate) = answered(200, failed).await;
    let error = certificate.made().await.unwrap_err();
    assert_eq!(error.code(), "azure-vault-not-made");
    assert_eq!(
        error.to_string(),
        "the vault did not make the certificate: Request rejected: no quota"
    );
}

#[tokio::test]
async fn a_next_page_elsewhere_is_not_asked_for() {
    for place in [
        "https://attacker.example/certificates/c/versions",
        "http://localhost/certificates/c/versions",
        "{base}/secrets/c",
        "{base}/certificates/other/versions",
        "{base}@attacker.example/certificates/c/versions",
        "//attacker.example",
    ] {
        let body = format!(r#"{{"value":[],"nextLink":"{place}?api-version=7.4"}}"#);
        let (azure, certificate) = answered(200, &body).await;
        let error = certificate.versions().await.unwrap_err();
        assert_eq!(error.code(), "azure-vault-answer", "{place}");
        assert_eq!(azure.requests().len(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_left() {
    let body =
        r#"{"value":[],"nextLink":"{base}/certificates/c/versions?api-version=7.4&$skiptoken=1"}"#;
    let (azure, certificate) = answered(200, body).await;
    assert_eq!(certificate.versions().await.unwrap(), []);
    assert_eq!(azure.requests().len(), PAGE_LIMIT);
}

#[tokio::test]
async fn answers_of_another_shape_or_for_another_name_are_refused() {
    for (body, code) in [
        ("{}", "azure-vault-answer"),
        ("[]", "azure-vault-answer"),
        (r#"{"id":"{base}/certificates/other/{v}"}"#, "azure-key-mismatch"),
        (r#"{"id":"https://attacker.example/certificates/c/{v}"}"#, "azure-key-mismatch"),
        (r#"{"id":"{base}/certificates/c/{v}","cer":"!"}"#, "azure-vault-answer"),
        (r#"{"id":"{base}/certificates/c/{v}","cer":"MAA="}"#, "x509-certificate-malformed"),
    ] {
        let (_azure, certificate) = answered(200, body).await;
        assert_eq!(certificate.state().await.unwrap_err().code(), code, "{body}");
    }
    let (_azure, certificate) = answered(200, r#"{"status":"inProgress","csr":"!"}"#).await;
    assert_eq!(certificate.create(&own()).await.unwrap_err().code(), "azure-vault-answer");
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_deleted_an_error() {
    for code in ["CertificateNotFound", "PendingCertificateNotFound"] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let (_azure, certificate) = answered(404, &body).await;
        assert_eq!(certificate.find().await.unwrap(), None);
        assert_eq!(certificate.pending().await.unwrap(), None);
        certificate.delete_pending().await.unwrap();
    }
    for (body, code) in [
        (
            r#"{"error":{"code":"Conflict","message":"m","innererror":{"code":"ObjectIsDeletedButRecoverable"}}}"#,
            "azure-vault-name-deleted",
        ),
        (
            r#"{"error":{"code":"Forbidden","message":"A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress."}}"#,
            "azure-vault-request-pending",
        ),
        (r#"{"error":{"code":"Conflict","message":"m"}}"#, "azure-vault-request"),
    ] {
        let (_azure, certificate) = answered(409, body).await;
        let error = certificate.create(&own()).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn only_this_chains_leaf_makes_up_for_a_lost_answer() {
    let chain = issued(2);
    for (there, found) in [(&chain[0], true), (&chain[1], false)] {
        let current = bundle(there);
        let gone = r#"{"error":{"code":"PendingCertificateNotFound","message":"m"}}"#;
        let (_azure, certificate) = vault(move |seen| match seen.method.as_str() {
            "POST" => (404, gone.to_owned()),
            _ => (200, current.clone()),
        })
        .await;
        assert_eq!(certificate.merge(&chain).await.is_ok(), found);
    }
}
