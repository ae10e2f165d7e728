//! A served lab's lines, and the trust in its https.

use std::collections::BTreeMap;

use super::*;

#[tokio::test]
async fn a_served_lab_prints_lines_then_ready_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let mut options = ServeOptions::new(folder.path().to_owned());
    options.certificates.push(IssueRequest::named("second"));
    serve(options, &mut out, async {}).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    let (lines, ready) = text.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(ready, "ready");
    let lines: BTreeMap<&str, &str> = lines.lines().map(|l| l.split_once('=').unwrap()).collect();
    for name in [
        "SEALWRIGHT_LAB_VAULT",
        "SEALWRIGHT_LAB_OIDCREQUESTURI",
        "SEALWRIGHT_LAB_JOB_TOKEN",
        "SEALWRIGHT_LAB_CONNECTION",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
    ] {
        assert!(!lines[name].is_empty(), "{name}");
    }
    assert!(lines["AZURE_AUTHORITY_HOST"].starts_with("https://localhost:"));
    let vault = lines["SEALWRIGHT_LAB_VAULT"];
    assert!(lines["SEALWRIGHT_LAB_KEY_ID"].starts_with(&format!("https://{vault}/keys/lab/")));
    assert!(lines["SEALWRIGHT_LAB_KEY_ID_2"].starts_with(&format!("https://{vault}/keys/second/")));
    assert_eq!(
        lines["SEALWRIGHT_LAB_IMAGE"],
        format!("{}/app:v1", lines["SEALWRIGHT_LAB_REGISTRY"])
    );
    for file in ["SSL_CERT_FILE", "SEALWRIGHT_LAB_ROOT", "SEALWRIGHT_LAB_CA_CERTS"] {
        assert!(std::fs::read_to_string(lines[file]).unwrap().contains("BEGIN CERTIFICATE"));
    }
}

#[test]
fn a_lab_apart_answers_a_caller_that_blocks() {
    use std::io::{Read as _, Write as _};
    let lab = Lab::start_apart(LabOptions::default()).unwrap();
    let mut stream = std::net::TcpStream::connect(lab.registry_host()).unwrap();
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_lab_apart_starts_and_ends_inside_a_runtime() {
    let lab = Lab::start_apart(LabOptions::default()).unwrap();
    let client = super::client(&lab);
    let url = format!("http://{}/v2/", lab.registry_host());
    assert_eq!(send(client.get(&url)).await.0, StatusCode::OK);
    lab.stop().await;
    assert!(client.get(&url).send().await.is_err());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServeOptions::new(folder.path().join("none"));
    let result = serve(options, &mut Vec::new(), std::future::pending()).await;
    assert!(matches!(result, Err(LabError::Write { .. })));
}

#[tokio::test]
async fn https_is_trusted_by_the_labs_ca_only() {
    let (lab, client) = lab().await;
    let (other, _) = super::lab().await;
    let url = format!("https://{}/v2/", lab.registry_https_host());
    assert_eq!(send(client.get(&url)).await.0, StatusCode::OK);
    assert!(super::client(&other).get(&url).send().await.is_err());
    let hosts = format!(
        "vault={},registry={},authority={},artifact-signing={},management={},storage=localhost:",
        lab.vault_host(),
        lab.registry_https_host(),
        lab.authority_host(),
        lab.signing_endpoint().trim_start_matches("https://").trim_end_matches('/'),
        lab.management_host()
    );
    assert!(lab.extra_hosts().starts_with(&hosts), "{}", lab.extra_hosts());
}
