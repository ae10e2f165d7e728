//! Certificates made in the vault: requests that wait, their answers, imports, deleted names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::vault::{Caller, vault};
use super::*;

fn policy(issuer: &str) -> Value {
    json!({
        "key_props": { "exportable": false, "kty": "EC", "crv": "P-256", "reuse_key": false },
        "secret_props": { "contentType": "application/x-pem-file" },
        "x509_props": {
            "subject": "CN=app, O=\"Wabbit, Inc.\", ST=WA, C=US",
            "ekus": ["1.3.6.1.5.5.7.3.3"], "key_usage": ["digitalSignature"],
        },
        "issuer": { "name": issuer },
    })
}

async fn create(caller: &Caller, issuer: &str) -> (StatusCode, Value) {
    let body = json!({ "policy": policy(issuer) });
    caller.ask(Method::POST, "/certificates/app/create", &body).await
}

async fn merge(caller: &Caller, x5c: &[String]) -> (StatusCode, Value) {
    let body = json!({ "x5c": x5c });
    caller.ask(Method::POST, "/certificates/app/pending/merge", &body).await
}

/// The blocks of PEM texts, in base64.
fn base64(pems: &[String]) -> Vec<String> {
    let bare = |pem: &String| pem.lines().filter(|line| !line.starts_with("-----")).collect();
    pems.iter().map(bare).collect()
}

fn answered(lab: &Lab, pending: &Value) -> Vec<String> {
    let der = STANDARD.decode(pending["csr"].as_str().unwrap()).unwrap();
    let request = pem("CERTIFICATE REQUEST", &der);
    base64(&lab.answer_request(&request, Chain::Three, Validity::default()).unwrap())
}

#[tokio::test]
async fn a_request_waits_until_its_answer_is_merged() {
    let (lab, caller) = vault().await;
    let (status, pending) = create(&caller, "Unknown").await;
    assert_eq!((status, &pending["status"]), (StatusCode::ACCEPTED, &json!("inProgress")));
    let (status, waiting) = caller.get("/certificates/app").await;
    assert_eq!((status, &waiting["cer"]), (StatusCode::OK, &Value::Null));
    let (_, policy) = caller.get("/certificates/app/policy").await;
    assert_eq!(policy["x509_props"]["key_usage"], json!(["digitalSignature"]));
    let (status, again) = create(&caller, "Unknown").await;
    assert_eq!((status, &again["error"]["code"]), (StatusCode::CONFLICT, &json!("Forbidden")));
    let answer = answered(&lab, &pending);
    let (status, refused) = merge(&caller, &answer[1..]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let (status, merged) = merge(&caller, &answer).await;
    assert_eq!((status, &merged["cer"]), (StatusCode::CREATED, &json!(answer[0])));
    assert_eq!(merged["policy"]["key_props"]["exportable"], false);
    assert_eq!(merge(&caller, &answer).await.0, StatusCode::NOT_FOUND);
    let (_, policy) = caller.get("/certificates/app/policy").await;
    assert_eq!(policy, merged["policy"]);
    let (_, pending) = caller.get("/certificates/app/pending").await;
    assert_eq!(pending["status"], "completed");
    let (_, versions) = caller.get("/certificates/app/versions").await;
    assert_eq!(versions["value"].as_array().unwrap().len(), 1);
    let (_, secret) = caller.get("/secrets/app").await;
    assert_eq!(secret["value"].as_str().unwrap().matches("BEGIN CERTIFICATE").count(), 3);
}

#[tokio::test]
async fn a_request_can_be_deleted_and_a_name_only_recovered() {
    let (lab, caller) = vault().await;
    create(&caller, "Unknown").await;
    let deleted = caller.ask(Method::DELETE, "/certificates/app/pending", &json!({})).await;
    assert_eq!(deleted.0, StatusCode::OK);
    let (status, gone) = caller.get("/certificates/app/pending").await;
    assert_eq!(
        (status, &gone["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("PendingCertificateNotFound"))
    );
    lab.delete_certificate("app");
    let (status, refused) = create(&caller, "Unknown").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(refused["error"]["innererror"]["code"], "ObjectIsDeletedButRecoverable");
}

#[tokio::test]
async fn the_vault_signs_itself_at_the_first_look() {
    let (_lab, caller) = vault().await;
    assert_eq!(create(&caller, "Self").await.0, StatusCode::ACCEPTED);
    assert_eq!(merge(&caller, &[]).await.0, StatusCode::FORBIDDEN);
    for status in ["inProgress", "completed"] {
        assert_eq!(caller.get("/certificates/app/pending").await.1["status"], status);
    }
    let (_, made) = caller.get("/certificates/app").await;
    assert_eq!(made["policy"]["issuer"]["name"], "Self");
    assert_eq!(create(&caller, "DigiCert").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_and_its_chain_are_imported() {
    let (lab, caller) = vault().await;
    let issued = lab.issue(&IssueRequest::named("other")).unwrap();
    let key = issued.key.private_key_pem();
    let import = async |value: String| {
        let body = json!({ "value": value, "policy": policy("Unknown") });
        caller.ask(Method::POST, "/certificates/app/import", &body).await
    };
    let (status, imported) = import(format!("{key}{}", issued.leaf_pem)).await;
    assert_eq!(status, StatusCode::OK, "{imported}");
    assert_eq!(imported["policy"]["key_props"]["exportable"], false);
    for refused in [issued.leaf_pem.clone(), format!("{key}{}", issued.root_pem)] {
        assert_eq!(import(refused).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_disabled_version_is_shown_and_neither_read_nor_signs() {
    let (lab, caller) = vault().await;
    let issued = lab.issue(&IssueRequest::named("app")).unwrap();
    lab.disable_version(&issued.version);
    assert_eq!(caller.get("/certificates/app").await.1["attributes"]["enabled"], false);
    let (status, refused) = caller.get("/secrets/app").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(refused["error"]["innererror"]["code"], "SecretDisabled");
    let (_, refused) = caller.ask(Method::POST, "/keys/app/sign", &json!({})).await;
    assert_eq!(refused["error"]["message"], "Operation sign is not allowed on a disabled key.");
}

#[tokio::test]
async fn each_operation_can_be_refused() {
    let (lab, caller) = vault().await;
    for (permission, method, path, action) in [
        (Permission::CertificateCreate, Method::POST, "/create", "certificates/create/action"),
        (
            Permission::CertificateCreate,
            Method::POST,
            "/pending/merge",
            "certificates/create/action",
        ),
        (Permission::CertificateImport, Method::POST, "/import", "certificates/import/action"),
        (Permission::CertificateUpdate, Method::DELETE, "/pending", "certificates/update/action"),
        (Permission::CertificateList, Method::GET, "/versions", "certificates/read"),
        (Permission::CertificateGet, Method::GET, "/pending", "certificates/read"),
    ] {
        lab.deny(permission, Wording::Rbac);
        let path = format!("/certificates/app{path}");
        let (status, answer) = caller.ask(method, &path, &json!({})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(action), "{answer}");
        lab.allow(permission);
    }
}

#[tokio::test]
async fn a_long_list_of_versions_has_pages() {
    let (lab, caller) = vault().await;
    for _ in 0..26 {
        lab.issue(&IssueRequest::named("app")).unwrap();
    }
    let (_, page) = caller.get("/certificates/app/versions").await;
    assert_eq!(page["value"].as_array().unwrap().len(), 25);
    let next = page["nextLink"].as_str().unwrap().strip_prefix(&caller.base).unwrap();
    let (_, page) = caller.get(next.split_once("?").unwrap().0).await;
    assert!(page["nextLink"].is_string(), "without the token it is the first page again");
}
