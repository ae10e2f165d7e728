//! The token endpoint, its metadata and the managed identity.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::lab::entra::CLIENT_ASSERTION_TYPE;

const VAULT: &str = "https://vault.azure.net/.default";

async fn refused(lab: &Lab, client: &Client, form: &[(&str, &str)]) -> (u16, String) {
    let (status, answer) = send(client.post(token_url(lab)).form(form)).await;
    let description = answer["error_description"].as_str().unwrap_or_default();
    (status.as_u16(), description.split(':').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_names_tenant_application_and_audience() {
    let (lab, client) = lab().await;
    let token = entra_token(&lab, &client, "https://vault.azure.net").await;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["tid"], lab.identity().tenant_id.as_str());
    assert_eq!(claims["appid"], lab.identity().client_id.as_str());
    assert_eq!(
        (&claims["aud"], &claims["idtyp"]),
        (&json!("https://vault.azure.net"), &json!("app"))
    );
    assert!(claims["oid"].is_string() && claims["exp"].is_i64());
}

#[tokio::test]
async fn each_wrong_part_of_a_request_has_its_aadsts_code() {
    let (lab, client) = lab().await;
    let (id, secret) = (lab.identity().client_id.as_str(), lab.identity().client_secret.expose());
    let grant = ("grant_type", "client_credentials");
    let assertion_type = ("client_assertion_type", CLIENT_ASSERTION_TYPE);
    for (form, wanted) in [
        (vec![("grant_type", "password")], (400, "AADSTS70003")),
        (vec![grant, ("client_id", "x")], (400, "AADSTS700016")),
        (vec![grant, ("client_id", id), ("client_secret", "x")], (401, "AADSTS7000215")),
        (vec![grant, ("client_id", id), ("client_assertion", "x")], (401, "AADSTS50027")),
        (
            vec![
                grant,
                ("client_id", id),
                ("client_secret", secret),
                ("scope", "https://x/.default"),
            ],
            (400, "AADSTS500011"),
        ),
        (
            vec![
                grant,
                ("client_id", id),
                assertion_type,
                ("client_assertion", "x"),
                ("scope", VAULT),
            ],
            (200, ""),
        ),
    ] {
        let (status, code) = refused(&lab, &client, &form).await;
        assert_eq!((status, code.as_str()), wanted, "{form:?}");
    }
    let elsewhere = format!("https://{}/other/oauth2/v2.0/token", lab.authority_host());
    let (status, answer) = send(client.post(elsewhere)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error_description"].as_str().unwrap().starts_with("AADSTS90002"));
}

#[tokio::test]
async fn with_a_key_registered_only_its_assertions_are_good() {
    let (lab, client) = lab().await;
    let key = pki_key();
    let spki: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    lab.register_client_key(spki.as_ref());
    let good = json!({ "iss": lab.identity().client_id, "sub": lab.identity().client_id, "aud": token_url(&lab) });
    let mut other = good.clone();
    other["sub"] = json!("x");
    let mut elsewhere = good.clone();
    elsewhere["aud"] = json!("https://elsewhere");
    for (algorithm, claims, wanted) in [
        ("RS256", &good, (200, "")),
        ("PS256", &good, (200, "")),
        ("PS256", &other, (401, "AADSTS700027")),
        ("PS256", &elsewhere, (401, "AADSTS700023")),
        ("none", &good, (401, "AADSTS700027")),
    ] {
        let assertion = assertion(&key, algorithm, claims);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &lab.identity().client_id),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", &assertion),
            ("scope", VAULT),
        ];
        let (status, code) = refused(&lab, &client, &form).await;
        assert_eq!((status, code.as_str()), wanted);
        if status == 200 {
            let broken = format!("{}A", assertion.replacen("ey", "eX", 1));
            let form = form.map(|(name, value)| {
                if name == "client_assertion" { (name, broken.as_str()) } else { (name, value) }
            });
            assert_eq!(refused(&lab, &client, &form).await.0, 401);
        }
    }
}

#[tokio::test]
async fn a_managed_identity_is_asked_with_its_header() {
    let (lab, client) = lab().await;
    let header = lab.identity().identity_header.expose();
    let get = |header: &str, query: &[(&str, &str)]| {
        let request = client.get(lab.identity_endpoint()).query(query);
        send(request.header("X-IDENTITY-HEADER", header))
    };
    let resource = ("resource", "https://vault.azure.net");
    let (status, answer) = get(header, &[resource, ("api-version", "2019-08-01")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer["access_token"].is_string() && answer["expires_on"].is_string());
    assert_eq!(get("wrong", &[resource]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(header, &[resource, ("client_id", "x")]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(header, &[("resource", "https://x")]).await.0, StatusCode::BAD_REQUEST);
    let mine = [resource, ("client_id", lab.identity().client_id.as_str())];
    assert_eq!(get(header, &mine).await.0, StatusCode::OK);
}

#[tokio::test]
async fn metadata_points_at_the_labs_own_endpoint() {
    let (lab, client) = lab().await;
    let tenant = &lab.identity().tenant_id;
    let host = lab.authority_host();
    for path in [
        format!("{tenant}/.well-known/openid-configuration"),
        format!("{tenant}/v2.0/.well-known/openid-configuration"),
    ] {
        let (_, answer) = send(client.get(format!("https://{host}/{path}"))).await;
        assert_eq!(answer["token_endpoint"], token_url(&lab));
    }
    let discovery = client.get(format!("https://{host}/common/discovery/instance"));
    assert!(send(discovery).await.1["tenant_discovery_endpoint"].is_string());
    assert_eq!(send(client.get(format!("https://{host}/x"))).await.0, StatusCode::NOT_FOUND);
}

fn pki_key() -> RsaKeyPair {
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use rustls_pki_types::pem::PemObject as _;
    let pem = include_str!("../keys/rsa-2048.pem");
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap()
}

fn assertion(key: &RsaKeyPair, algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": algorithm, "typ": "JWT" })), part(claims));
    let padding: &'static dyn RsaEncoding =
        if algorithm == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
