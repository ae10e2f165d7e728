//! The order of credentials, their failures, and how often Entra is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::chain::{Identity, IdentityOptions};
use super::managed::Imds;
use super::{Audience, CredentialType, NamedIdentity, TokenSource};
use crate::azure::testing::{Azure, TENANT, entra_answer, jwt};
use crate::azure::{AzureError, Cloud};
use crate::clock::{Clock, SystemClock};
use crate::env::Env;
use crate::fault::Fault;
use crate::http::test_server::Reply;

const VAULT: Audience = Audience { service: crate::azure::Service::Vault, cloud: Cloud::Public };

/// A closed port: nobody is the metadata service.
fn nobody() -> Imds {
    Imds::at("http://127.0.0.1:1/", Duration::from_millis(500))
}

fn authority(azure: &Azure) -> Env {
    Env::default().with("AZURE_AUTHORITY_HOST", &format!("https://{}", azure.host))
}

fn application(azure: &Azure) -> Env {
    authority(azure).with("AZURE_TENANT_ID", TENANT).with("AZURE_CLIENT_ID", "client")
}

fn options(azure: &Azure, env: Env) -> IdentityOptions {
    IdentityOptions {
        http: azure.http(),
        env,
        credential_type: None,
        named: NamedIdentity::default(),
        extra_hosts: azure.extra_hosts(),
    }
}

fn identity(azure: &Azure, env: Env) -> Identity {
    Identity::with_imds(options(azure, env), nobody())
}

fn explicit(azure: &Azure, env: Env, kind: CredentialType) -> Identity {
    let options = IdentityOptions { credential_type: Some(kind), ..options(azure, env) };
    Identity::with_imds(options, nobody())
}

/// A folder with an `az` that runs `script`.
fn az(script: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("az");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn with_az(azure: &Azure, env: Env, folder: &tempfile::TempDir) -> IdentityOptions {
    let env = env.with("PATH", &format!("{}:/usr/bin:/bin", folder.path().display()));
    // A manual clock would let the time limit of `az` pass at once.
    IdentityOptions { http: azure.http_with(Arc::new(SystemClock::new())), ..options(azure, env) }
}

fn az_token() -> String {
    let expires = SystemClock::new().now().unix_timestamp() + 3600;
    format!(
        r#"echo '{{"accessToken":"{}","expires_on":{expires},"tokenType":"Bearer"}}'"#,
        jwt("az")
    )
}

#[tokio::test]
async fn entra_is_asked_once_for_each_audience_however_many_wait() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
    let audiences = [VAULT, Audience::registry(Cloud::Public)];
    let all = (0..16).map(|i| identity.token(audiences[i % 2]));
    for token in futures_util::future::join_all(all).await {
        assert_eq!(token.unwrap().secret.expose(), jwt("x"));
    }
    let seen = azure.server.seen();
    assert_eq!(azure.requests(), vec![format!("POST /{TENANT}/oauth2/v2.0/token"); 2]);
    let body = |i: usize| String::from_utf8(seen[i].body.to_vec()).unwrap();
    assert!(
        body(0).contains("client_secret=s") && body(0).contains("grant_type=client_credentials")
    );
    assert_ne!(
        body(0).contains("vault.azure.net%2F.default"),
        body(1).contains("vault.azure.net%2F.default")
    );
    assert_eq!(identity.describe(), "environment (client secret)");
}

#[tokio::test]
async fn a_token_near_its_end_or_refused_is_replaced() {
    let count = AtomicUsize::new(0);
    let azure =
        Azure::start(move |_| entra_answer(&count.fetch_add(1, Ordering::SeqCst).to_string()))
            .await;
    let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
    let first = identity.token(VAULT).await.unwrap();
    assert_eq!(identity.token(VAULT).await.unwrap(), first);
    let second = identity.renewed(VAULT, &first).await.unwrap();
    assert_eq!(second.secret.expose(), jwt("1"));
    assert_eq!(identity.renewed(VAULT, &first).await.unwrap(), second);
    azure.clock.advance(Duration::from_secs(3599));
    assert_eq!(identity.token(VAULT).await.unwrap().secret.expose(), jwt("2"));
}

#[tokio::test]
async fn a_failing_credential_ends_the_search_with_entras_words() {
    let azure = Azure::start(|_| {
        Reply::body(401, r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: t","error_codes":[7000215]}"#)
    })
    .await;
    let folder = az(&az_token());
    let env = application(&azure).with("AZURE_CLIENT_SECRET", "wrong");
    let identity = Identity::with_imds(with_az(&azure, env, &folder), nobody());
    let error = identity.token(VAULT).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert_eq!(
        error.to_string(),
        "the credential environment failed: AADSTS7000215: Invalid client secret provided. Trace ID: t"
    );
    assert!(error.hint().unwrap().starts_with("az ad app credential reset"));
    assert_eq!(azure.requests().len(), 1);
}

#[tokio::test]
async fn a_busy_entra_is_asked_again() {
    let count = AtomicUsize::new(0);
    let azure = Azure::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(429).with("Retry-After", "7"),
        1 => Reply::status(503),
        2 => Reply::Reset,
        _ => entra_answer("x"),
    })
    .await;
    let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
    identity.token(VAULT).await.unwrap();
    assert!(azure.clock.elapsed() >= Duration::from_secs(7));
}

#[tokio::test]
async fn a_federated_token_is_read_again_for_each_exchange() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let env = application(&azure).with("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap());
    let identity = identity(&azure, env);
    assert_eq!(identity.token(VAULT).await.unwrap_err().code(), "azure-credential-failed");
    std::fs::write(file.path(), "first\n").unwrap();
    let token = identity.token(VAULT).await.unwrap();
    std::fs::write(file.path(), "second\n").unwrap();
    identity.renewed(VAULT, &token).await.unwrap();
    let bodies: Vec<String> = azure
        .server
        .seen()
        .iter()
        .map(|seen| String::from_utf8(seen.body.to_vec()).unwrap())
        .collect();
    assert!(bodies[0].contains("client_assertion=first&"), "{}", bodies[0]);
    assert!(bodies[1].contains("client_assertion=second&"), "{}", bodies[1]);
    assert_eq!(identity.describe(), "workloadid (federated token)");
}

#[tokio::test]
async fn the_azure_cli_is_the_last_in_the_order() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    let folder = az(&az_token());
    let identity = Identity::with_imds(with_az(&azure, Env::default(), &folder), nobody());
    assert_eq!(identity.token(VAULT).await.unwrap().secret.expose(), jwt("az"));
    assert_eq!(identity.describe(), "azurecli");
    assert!(azure.requests().is_empty());
}

#[tokio::test]
async fn an_azure_cli_without_login_says_so() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    let folder = az("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    let identity = Identity::with_imds(with_az(&azure, Env::default(), &folder), nobody());
    let error = identity.token(VAULT).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert!(error.to_string().contains("Please run 'az login'"), "{error}");
    assert_eq!(error.hint().unwrap(), "az login");
}

#[tokio::test]
async fn without_any_credential_each_one_says_what_it_lacks() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    let error = identity(&azure, Env::default()).token(VAULT).await.unwrap_err();
    assert_eq!(error.code(), "azure-no-credential");
    insta::assert_snapshot!(error.because().join("\n"), @r"
    environment: AZURE_TENANT_ID, AZURE_CLIENT_ID are not set
    workloadid: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE are not set
    managedid: this machine has no Azure metadata service
    azurecli: `az` is not on PATH
    ");
    assert_eq!(error.hint().unwrap(), "az login");
}

#[tokio::test]
async fn a_credential_asked_for_must_be_configured() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    for (kind, missing) in [
        (CredentialType::Environment, "AZURE_TENANT_ID is not set"),
        (CredentialType::WorkloadId, "AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE are not set"),
        (CredentialType::AzureCli, "`az` is not on PATH"),
    ] {
        let env = Env::default().with("AZURE_CLIENT_ID", "client");
        let error = explicit(&azure, env, kind).token(VAULT).await.unwrap_err();
        assert_eq!(error.code(), "azure-credential-not-configured");
        assert_eq!(
            error.to_string(),
            format!("the credential {kind} is not configured: {missing}")
        );
    }
    let error = explicit(&azure, application(&azure), CredentialType::Environment);
    let error = error.token(VAULT).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is not set")
    );
}

#[tokio::test]
async fn an_authority_that_is_not_in_the_table_gets_no_secret() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let env = application(&azure).with("AZURE_CLIENT_SECRET", "s");
    let options = IdentityOptions { extra_hosts: Default::default(), ..options(&azure, env) };
    let error = Identity::with_imds(options, nobody()).token(VAULT).await.unwrap_err();
    assert!(matches!(error, AzureError::AuthorityHost { .. }));
    assert_eq!(error.code(), "azure-authority-host");
    assert!(azure.requests().is_empty());
}

#[tokio::test]
async fn a_redirecting_entra_is_not_followed() {
    let azure =
        Azure::start(|_| Reply::status(307).with("Location", "https://attacker.example/")).await;
    let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
    assert_eq!(identity.token(VAULT).await.unwrap_err().code(), "azure-credential-failed");
    assert_eq!(azure.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_without_a_usable_token_is_refused() {
    for token in ["", "a\\nb"] {
        let body =
            format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#);
        let azure = Azure::start(move |_| Reply::body(200, body.clone())).await;
        let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
        assert_eq!(identity.token(VAULT).await.unwrap_err().code(), "azure-credential-failed");
    }
}

#[tokio::test]
async fn az_sees_no_credential_that_is_this_programs_own() {
    let azure = Azure::start(|_| Reply::status(500)).await;
    let folder = az(
        r#"echo "saw:$NOTATION_PASSWORD:$NOTATION_USERNAME:$(env | grep -c INPUT_)" >&2; exit 1"#,
    );
    let env = Env::default()
        .with("NOTATION_PASSWORD", "s3cret")
        .with("NOTATION_USERNAME", "someone")
        .with("INPUT_PASSWORD", "s3cret");
    let options = IdentityOptions {
        credential_type: Some(CredentialType::AzureCli),
        ..with_az(&azure, env, &folder)
    };
    let identity = Identity::with_imds(options, nobody());
    let error = identity.token(VAULT).await.unwrap_err();
    assert!(error.to_string().contains("saw:::0"), "{error}");
}

#[tokio::test]
async fn malformed_and_endless_tokens_are_refused_and_not_shown() {
    for body in [
        format!(r#"{{"token_type":"Bearer","expires_in":{},"access_token":"t0ken"}}"#, i64::MAX),
        r#"{"token_type":"Bearer","expires_in":-1,"access_token":"t0ken"}"#.to_owned(),
        r#"{"expires_in":"t0ken"}"#.to_owned(),
        r#""t0ken""#.to_owned(),
    ] {
        let azure = Azure::start(move |_| Reply::body(200, body.clone())).await;
        let identity = identity(&azure, application(&azure).with("AZURE_CLIENT_SECRET", "s"));
        let error = identity.token(VAULT).await.unwrap_err();
        assert_eq!(error.code(), "azure-credential-failed");
        assert!(!error.to_string().contains("t0ken"), "{error}");
    }
}
