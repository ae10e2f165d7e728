//! A service connection's assertions: when they are asked for, from whom, and what is never told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::chain::{Identity, IdentityOptions};
use super::managed::Imds;
use super::{Audience, CredentialType, NamedIdentity, TokenSource};
use crate::azure::testing::{Azure, TENANT, entra_answer};
use crate::azure::{Cloud, ConnectionName};
use crate::env::Env;
use crate::fault::Fault;
use crate::http::test_server::Reply;

const ID: &str = "5e9c0000-0000-4000-8000-000000000001";
const VAULT: Audience = Audience { service: super::Service::Vault, cloud: Cloud::Public };

/// Entra and Azure DevOps in one; each assertion is another.
async fn azure() -> Azure {
    let count = AtomicUsize::new(0);
    Azure::start(move |seen| match seen.path() {
        "/oidctoken" => {
            let number = count.fetch_add(1, Ordering::SeqCst);
            Reply::body(200, format!(r#"{{"oidcToken":"assertion-{number}"}}"#))
        }
        _ => entra_answer("x"),
    })
    .await
}

fn job(azure: &Azure) -> Env {
    let host = &azure.host;
    Env::default()
        .with("AZURE_AUTHORITY_HOST", &format!("https://{host}"))
        .with("TF_BUILD", "True")
        .with("SYSTEM_OIDCREQUESTURI", &format!("https://{host}/oidctoken"))
        .with("SYSTEM_ACCESSTOKEN", "j0btoken")
}

fn connected(azure: &Azure) -> Env {
    job(azure)
        .with(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), "WorkloadIdentityFederation")
        .with(&format!("ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID"), TENANT)
        .with(&format!("ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID"), "app")
}

fn identity(azure: &Azure, env: Env, id: Option<&str>) -> Identity {
    let connection = id.map(|id| ConnectionName { input: "azure-subscription", id: id.to_owned() });
    let options = IdentityOptions {
        http: azure.http(),
        env,
        credential_type: None,
        named: NamedIdentity { connection, ..NamedIdentity::default() },
        extra_hosts: azure.extra_hosts(),
    };
    Identity::with_imds(options, Imds::at("http://127.0.0.1:1/", Duration::from_millis(500)))
}

#[tokio::test]
async fn a_long_job_gets_an_assertion_for_each_exchange() {
    let azure = azure().await;
    // what else the environment holds comes after what is named
    let env = connected(&azure).with("AZURE_CLIENT_SECRET", "s").with("AZURE_CLIENT_ID", "other");
    let identity = identity(&azure, env.with("AZURE_TENANT_ID", "other"), Some(ID));
    // within the two hours that these tests give a command
    const ROUNDS: usize = 3;
    for _ in 0..ROUNDS {
        identity.token(VAULT).await.unwrap();
        azure.clock.advance(Duration::from_secs(3500));
    }
    let seen = azure.server.seen();
    assert_eq!(seen.len(), 2 * ROUNDS);
    for (number, pair) in seen.chunks(2).enumerate() {
        let line = format!("POST /oidctoken?api-version=7.1&serviceConnectionId={ID}");
        assert_eq!(pair[0].line(), line);
        assert_eq!(pair[0].header("authorization"), Some("Bearer j0btoken"));
        assert_eq!(pair[0].header("x-tfs-fedauthredirect"), Some("Suppress"));
        assert_eq!(pair[0].header("content-type"), Some("application/json"));
        assert_eq!(pair[0].header("content-length"), Some("0"));
        assert_eq!(pair[1].header("authorization"), None);
        let body = String::from_utf8(pair[1].body.to_vec()).unwrap();
        assert!(body.contains(&format!("client_assertion=assertion-{number}")), "{body}");
        assert!(body.contains("client_id=app") && !body.contains("j0btoken"), "{body}");
    }
}

#[tokio::test]
async fn the_job_token_goes_to_no_other_host_and_never_in_the_open() {
    let redirecting =
        Azure::start(|_| Reply::status(302).with("Location", "https://attacker.example/")).await;
    let open = format!("http://{}/oidctoken", redirecting.host);
    let env = || connected(&redirecting);
    for env in [
        env(),
        env().with("SYSTEM_OIDCREQUESTURI", &open),
        env().with("SYSTEM_OIDCREQUESTURI", "no address"),
        env().with("SYSTEM_ACCESSTOKEN", "j0btoken\n"),
    ] {
        let error = identity(&redirecting, env, Some(ID)).token(VAULT).await.unwrap_err();
        assert_eq!(error.code(), "azure-credential-failed");
        assert!(!error.to_string().contains("j0btoken"), "{error}");
        assert!(error.hint().unwrap().contains("`azure-subscription`"));
    }
    assert_eq!(redirecting.requests(), ["POST /oidctoken"]);
}

#[tokio::test]
async fn only_azure_devops_is_asked_with_the_job_token() {
    let azure = azure().await;
    for host in [
        "attacker.example",
        "dev.azure.com.attacker.example",
        "evilvisualstudio.com",
        "dev.azure.com:8443",
    ] {
        let env = connected(&azure).with("SYSTEM_OIDCREQUESTURI", &format!("https://{host}/x"));
        let error = identity(&azure, env, Some(ID)).token(VAULT).await.unwrap_err();
        assert!(error.to_string().contains("is no host of Azure DevOps"), "{error}");
    }
    let known =
        |url: &str| super::pipelines::is_azure_devops(&url.parse().unwrap(), &azure.extra_hosts());
    assert!(known("https://dev.azure.com/o/p/_apis/x"));
    assert!(known("https://vstoken.dev.azure.com/o") && known("https://o.visualstudio.com/p"));
}

#[tokio::test]
async fn an_answer_without_a_token_is_refused_and_not_shown() {
    for (status, body) in [
        (200, r#"{"oidcToken":""}"#),
        (200, r#"{"oidcToken":7,"other":"t0ken"}"#),
        (200, "t0ken"),
        // the sign-in page
        (203, r#"{"oidcToken":"t0ken","message":"t0ken"}"#),
        (403, r#"{"message":"no"}"#),
    ] {
        let azure = Azure::start(move |_| Reply::body(status, body)).await;
        let error = identity(&azure, connected(&azure), Some(ID)).token(VAULT).await.unwrap_err();
        assert_eq!(error.code(), "azure-credential-failed");
        let text = error.to_string();
        assert!(text.contains(ID) && !text.contains("t0ken"), "{text}");
        assert_eq!(azure.requests(), ["POST /oidctoken"]);
    }
}

#[tokio::test]
async fn an_id_cannot_add_to_the_question() {
    let azure = azure().await;
    let id = "a&serviceConnectionId=b";
    let env = connected(&azure)
        .with(&format!("ENDPOINT_AUTH_SCHEME_{id}"), "WorkloadIdentityFederation")
        .with(&format!("ENDPOINT_AUTH_PARAMETER_{id}_TENANTID"), TENANT)
        .with(&format!("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALID"), "app");
    identity(&azure, env, Some(id)).token(VAULT).await.unwrap();
    assert_eq!(azure.server.seen()[0].query("serviceConnectionId").as_deref(), Some(id));
}

#[tokio::test]
async fn entras_word_that_an_id_token_is_over_names_the_input() {
    let over = r#"{"error":"invalid_client","error_description":"AADSTS700024: over"}"#;
    let azure = Azure::start(move |_| Reply::body(401, over)).await;
    let env = job(&azure)
        .with("servicePrincipalId", "app")
        .with("tenantId", TENANT)
        .with("idToken", "opaque");
    let error = identity(&azure, env, None).token(VAULT).await.unwrap_err();
    assert_eq!(error.code(), "azure-connection-id-token");
    assert!(error.hint().unwrap().contains("`azure-subscription`"));
}

#[tokio::test]
async fn half_of_what_a_task_prepares_is_nothing() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    let names = [
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", ID),
        ("AZURESUBSCRIPTION_CLIENT_ID", "app"),
        ("AZURESUBSCRIPTION_TENANT_ID", TENANT),
        ("SYSTEM_ACCESSTOKEN", "j0btoken"),
        ("SYSTEM_OIDCREQUESTURI", "https://x/"),
        ("TF_BUILD", "True"),
    ];
    for missing in names.map(|(name, _)| name) {
        let env: Env = names.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let error = identity(&azure, env.without(missing), None).token(VAULT).await.unwrap_err();
        assert_eq!(error.code(), "azure-no-credential", "{missing}");
        assert!(!error.because().join("\n").contains("azurepipelines"));
    }
    let options = IdentityOptions {
        http: azure.http(),
        env: Env::default(),
        credential_type: Some(CredentialType::AzurePipelines),
        named: NamedIdentity::default(),
        extra_hosts: azure.extra_hosts(),
    };
    let error = Identity::new(options).token(VAULT).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-not-configured");
    assert!(error.to_string().contains("azure-subscription"), "{error}");
    assert!(azure.requests().is_empty());
}
