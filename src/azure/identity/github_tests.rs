//! A GitHub job's OIDC token: when it is asked for, from whom, and what is said where there is none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::chain::{Identity, IdentityOptions};
use super::managed::Imds;
use super::{Audience, CredentialType, Listener, NamedIdentity, TokenSource};
use crate::azure::testing::{Azure, TENANT, entra_answer};
use crate::azure::{AzureError, Cloud};
use crate::env::Env;
use crate::fault::Fault;
use crate::http::test_server::{Reply, Seen};
use crate::secret::Secret;

/// What was told, in order.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Listener for Heard {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn mask(&self, secret: &Secret) {
        self.0.lock().unwrap().push(format!("mask {}", secret.expose()));
    }
}

/// Entra and GitHub's endpoint in one; each assertion is another.
async fn azure() -> Azure {
    let count = AtomicUsize::new(0);
    Azure::start(move |seen| match seen.path() {
        "/oidc" => {
            let number = count.fetch_add(1, Ordering::SeqCst);
            Reply::body(200, format!(r#"{{"count":1,"value":"assertion-{number}"}}"#))
        }
        _ => entra_answer("x"),
    })
    .await
}

fn job(azure: &Azure) -> Env {
    Env::default()
        .with("AZURE_AUTHORITY_HOST", &format!("https://{}", azure.host))
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("https://{}/oidc?v=2.0", azure.host))
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "r3quest")
}

fn named() -> NamedIdentity {
    NamedIdentity {
        tenant: Some(TENANT.into()),
        client: Some("app".into()),
        ..NamedIdentity::default()
    }
}

fn options(azure: &Azure, env: Env, named: NamedIdentity) -> IdentityOptions {
    let extra_hosts = azure.extra_hosts();
    IdentityOptions { http: azure.http(), env, credential_type: None, named, extra_hosts }
}

fn identity(options: IdentityOptions) -> Identity {
    Identity::with_imds(options, Imds::at("http://127.0.0.1:1/", Duration::from_millis(500)))
}

fn vault() -> Audience {
    Audience::vault(Cloud::Public)
}

fn body(seen: &Seen) -> String {
    String::from_utf8(seen.body.to_vec()).unwrap()
}

#[tokio::test]
async fn each_exchange_has_an_assertion_of_its_own() {
    let azure = azure().await;
    let heard = Arc::new(Heard::default());
    let named = NamedIdentity { listener: Some(heard.clone()), ..named() };
    // what the environment holds comes after what is named
    let env = job(&azure).with("AZURE_CLIENT_SECRET", "s").with("AZURE_CLIENT_ID", "other");
    let identity = identity(options(&azure, env, named));
    let first = identity.token(vault()).await.unwrap();
    identity.token(Audience::registry(Cloud::Public)).await.unwrap();
    identity.renewed(vault(), &first).await.unwrap();
    let entra = format!("POST /{TENANT}/oauth2/v2.0/token");
    assert_eq!(azure.requests(), ["GET /oidc", &entra, "GET /oidc", &entra, "GET /oidc", &entra]);
    let seen = azure.server.seen();
    for (number, pair) in seen.chunks(2).enumerate() {
        assert_eq!(pair[0].line(), "GET /oidc?v=2.0&audience=api%3A%2F%2FAzureADTokenExchange");
        assert_eq!(pair[0].header("authorization"), Some("bearer r3quest"));
        assert_eq!(pair[1].header("authorization"), None);
        let body = body(&pair[1]);
        assert!(body.contains(&format!("client_assertion=assertion-{number}")), "{body}");
        assert!(body.contains("client_id=app") && !body.contains("client_secret"), "{body}");
    }
    assert_eq!(
        *heard.0.lock().unwrap(),
        [
            "Azure credentials in order: github, environment, workloadid, managedid, azurecli",
            "mask assertion-0",
            "mask assertion-1",
            "mask assertion-2"
        ]
    );
    assert_eq!(identity.describe(), "github (OIDC token)");
}

#[tokio::test]
async fn a_sovereign_clouds_assertion_has_its_audience() {
    for (cloud, audience) in [
        (Cloud::UsGovernment, "api://AzureADTokenExchangeUSGov"),
        (Cloud::China, "api://AzureADTokenExchangeChina"),
    ] {
        let azure = azure().await;
        let named = NamedIdentity { cloud: Some(cloud), ..named() };
        identity(options(&azure, job(&azure), named)).token(vault()).await.unwrap();
        assert_eq!(azure.server.seen()[0].query("audience").as_deref(), Some(audience));
    }
}

#[tokio::test]
async fn without_the_permission_nothing_else_is_tried() {
    let azure = azure().await;
    let env = job(&azure).with("AZURE_CLIENT_SECRET", "s");
    for variable in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let env = env.clone().without(variable);
        let error = identity(options(&azure, env, named())).token(vault()).await.unwrap_err();
        assert_eq!(error.code(), "azure-oidc-permission");
        assert!(error.to_string().contains(variable), "{error}");
        assert_eq!(error.hint().unwrap(), "give the job `permissions: id-token: write`");
        assert!(error.because()[0].contains("fork"));
    }
    assert!(azure.requests().is_empty());
}

#[tokio::test]
async fn under_act_a_client_secret_serves_for_what_is_named() {
    let azure = azure().await;
    let env = job(&azure).without("ACTIONS_ID_TOKEN_REQUEST_URL").with("ACT", "true");
    let error = identity(options(&azure, env.clone(), named())).token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-oidc-act");
    let hint = error.hint().unwrap();
    assert!(hint.contains("AZURE_CLIENT_SECRET") && hint.contains("sealwright lab"), "{hint}");
    let env = env.with("AZURE_CLIENT_SECRET", "s");
    let with_secret = identity(options(&azure, env.clone(), named()));
    with_secret.token(vault()).await.unwrap();
    assert_eq!(with_secret.describe(), "environment (client secret)");
    assert!(body(&azure.server.seen()[0]).contains("client_id=app"));
    // asked for by name, it is that or nothing
    let kind = Some(CredentialType::GitHub);
    let options = IdentityOptions { credential_type: kind, ..options(&azure, env, named()) };
    assert_eq!(identity(options).token(vault()).await.unwrap_err().code(), "azure-oidc-act");
}

#[tokio::test]
async fn where_nothing_is_named_it_is_no_credential() {
    let azure = azure().await;
    let options = IdentityOptions {
        credential_type: Some(CredentialType::GitHub),
        ..options(&azure, job(&azure), NamedIdentity::default())
    };
    let error = identity(options).token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-type");
    assert!(azure.requests().is_empty());
}

#[tokio::test]
async fn the_request_token_goes_to_no_other_host_and_never_in_the_open() {
    let redirecting =
        Azure::start(|_| Reply::status(302).with("Location", "https://attacker.example/")).await;
    let open = format!("http://{}/oidc", redirecting.host);
    for env in [
        job(&redirecting),
        job(&redirecting).with("ACTIONS_ID_TOKEN_REQUEST_URL", &open),
        job(&redirecting).with("ACTIONS_ID_TOKEN_REQUEST_URL", "no address"),
        job(&redirecting).with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "r3quest\n"),
    ] {
        let identity = identity(options(&redirecting, env, named()));
        let error = identity.token(vault()).await.unwrap_err();
        assert_eq!(error.code(), "azure-credential-failed");
        assert!(!error.to_string().contains("r3quest"), "{error}");
    }
    assert_eq!(redirecting.requests(), ["GET /oidc"]);
}

#[tokio::test]
async fn an_answer_without_a_token_is_refused_and_not_shown() {
    for (status, body) in [
        (200, r#"{"value":""}"#),
        (200, r#"{"value":7,"other":"t0ken"}"#),
        (200, "t0ken"),
        (403, r#"{"message":"no"}"#),
    ] {
        let azure = Azure::start(move |_| Reply::body(status, body)).await;
        let identity = identity(options(&azure, job(&azure), named()));
        let error = identity.token(vault()).await.unwrap_err();
        assert!(matches!(error, AzureError::Credential { kind: CredentialType::GitHub, .. }));
        assert!(!error.to_string().contains("t0ken"), "{error}");
        assert_eq!(azure.requests(), ["GET /oidc"]);
    }
}
