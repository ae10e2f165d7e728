//! The lab seen from outside, through a plain HTTP client.

mod control;
mod devops;
mod entra;
mod oidc;
mod registry;
mod registry_auth;
mod serve;
mod vault;
mod vault_managed;

use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::*;

/// A client that trusts the lab and follows no redirect.
fn client(lab: &Lab) -> Client {
    Client::builder()
        .tls_certs_only([Certificate::from_pem(lab.ca_pem().as_bytes()).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

async fn lab() -> (Lab, Client) {
    started(LabOptions::default()).await
}

async fn started(options: LabOptions) -> (Lab, Client) {
    let lab = Lab::start(options).await.unwrap();
    let client = client(&lab);
    (lab, client)
}

/// A request to the registry's plain listener.
fn ask(lab: &Lab, client: &Client, method: Method, path: &str) -> RequestBuilder {
    client.request(method, format!("http://{}{path}", lab.registry_http))
}

async fn send(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

/// An Entra token for an audience, by the lab's client secret.
async fn entra_token(lab: &Lab, client: &Client, audience: &str) -> String {
    let scope = format!("{audience}/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &lab.identity().client_id),
        ("client_secret", lab.identity().client_secret.expose()),
        ("scope", &scope),
    ];
    let (status, answer) = send(client.post(token_url(lab)).form(&form)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

fn token_url(lab: &Lab) -> String {
    format!("https://{}/{}/oauth2/v2.0/token", lab.authority_host(), lab.identity().tenant_id)
}
