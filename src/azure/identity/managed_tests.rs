//! Managed identity: the machine's, App Service's, Cloud Shell's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::chain::{Identity, IdentityOptions};
use super::managed::Imds;
use super::{Audience, CredentialType, NamedIdentity, TokenSource};
use crate::azure::Cloud;
use crate::azure::testing::Azure;
use crate::clock::Clock as _;
use crate::env::Env;
use crate::fault::Fault;
use crate::http::test_server::{Reply, Seen, TestServer};

const NO_HEADER: &str =
    r#"{"error":"invalid_request","error_description":"Required metadata header not specified"}"#;

fn token(_: &Seen) -> Reply {
    Reply::body(200, r#"{"access_token":"t","expires_on":"4102444800","token_type":"Bearer"}"#)
}

/// A metadata service: refuses requests without its header, gives `answer` to others.
async fn machine(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> TestServer {
    TestServer::start(move |seen| match seen.header("metadata") {
        Some("true") => answer(seen),
        _ => Reply::body(400, NO_HEADER),
    })
    .await
}

fn imds(server: &TestServer) -> Imds {
    Imds::at(server.url("/metadata/identity/oauth2/token").as_str(), Duration::from_secs(5))
}

async fn nothing() -> Azure {
    Azure::start(|_| Reply::status(500)).await
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

fn client(id: Option<&str>) -> NamedIdentity {
    NamedIdentity { client: id.map(str::to_owned), ..NamedIdentity::default() }
}

fn vault() -> Audience {
    Audience::vault(Cloud::Public)
}

#[tokio::test]
async fn a_machine_with_an_identity_is_found_and_asked_once() {
    let azure = nothing().await;
    let server = machine(token).await;
    let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
    assert_eq!(identity.token(vault()).await.unwrap().secret.expose(), "t");
    assert_eq!(identity.token(vault()).await.unwrap().secret.expose(), "t");
    assert_eq!(
        server.lines(),
        [
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01",
            "GET /metadata/identity/oauth2/token?resource=https%3A%2F%2Fvault.azure.net&api-version=2018-02-01"
        ]
    );
    assert_eq!(identity.describe(), "managedid (this machine)");
}

#[tokio::test]
async fn a_user_assigned_identity_is_named_by_setting_or_environment() {
    let azure = nothing().await;
    let server = machine(token).await;
    let env = Env::default().with("AZURE_CLIENT_ID", "of-environment");
    for (setting, expected) in [(None, "of-environment"), (Some("of-setting"), "of-setting")] {
        let options = IdentityOptions {
            credential_type: Some(CredentialType::ManagedId),
            named: client(setting),
            ..options(&azure, env.clone())
        };
        let identity = Identity::with_imds(options, imds(&server));
        identity.token(vault()).await.unwrap();
        let last = server.seen().pop().unwrap();
        assert_eq!(last.query("client_id").as_deref(), Some(expected));
    }
    assert_eq!(server.seen().len(), 2, "an explicit credential needs no probe");
}

#[tokio::test]
async fn a_machine_without_an_identity_is_skipped_unless_asked_for() {
    let azure = nothing().await;
    let server = machine(|_| {
        Reply::body(400, r#"{"error":"invalid_request","error_description":"Identity not found"}"#)
    })
    .await;
    let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
    let error = identity.token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-no-credential");
    assert!(error.because()[2].contains("no such managed identity"));

    let explicit = IdentityOptions {
        credential_type: Some(CredentialType::ManagedId),
        ..options(&azure, Env::default())
    };
    let error = Identity::with_imds(explicit, imds(&server)).token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert_eq!(
        error.to_string(),
        "the credential managedid failed: 400: invalid_request: Identity not found"
    );
}

#[tokio::test]
async fn another_clouds_metadata_service_is_not_azures() {
    let azure = nothing().await;
    for reply in [404, 401, 200, 403, 400] {
        let server = TestServer::start(move |_| Reply::body(reply, "<html>")).await;
        let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
        let error = identity.token(vault()).await.unwrap_err();
        assert!(error.because()[2].contains("no Azure metadata service"), "{reply}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_silent_metadata_address_is_left_after_the_probe() {
    let azure = nothing().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let imds = Imds::at(&url, Duration::from_millis(10));
    let identity = Identity::with_imds(options(&azure, Env::default()), imds);
    assert_eq!(identity.token(vault()).await.unwrap_err().code(), "azure-no-credential");
    assert_eq!(azure.clock.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_busy_metadata_service_is_asked_again() {
    let azure = nothing().await;
    let count = AtomicUsize::new(0);
    let server = machine(move |seen| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(429),
        1 => Reply::status(404),
        2 => Reply::status(500),
        3 => Reply::Reset,
        4 => Reply::status(410),
        _ => token(seen),
    })
    .await;
    let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
    identity.token(vault()).await.unwrap();
    assert_eq!(azure.clock.elapsed(), Duration::from_secs(1 + 2 + 4 + 8 + 10));
}

#[tokio::test]
async fn a_metadata_service_that_stays_broken_ends_the_search() {
    let azure = nothing().await;
    let server = machine(|_| Reply::status(500)).await;
    let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
    let error = identity.token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert_eq!(azure.clock.elapsed(), Duration::from_secs(31));
}

#[tokio::test]
async fn app_service_is_asked_with_its_header() {
    let azure = nothing().await;
    let server = TestServer::start(token).await;
    let env = Env::default()
        .with("IDENTITY_ENDPOINT", server.url("/msi/token").as_str())
        .with("IDENTITY_HEADER", "proof")
        .with("AZURE_CLIENT_ID", "mine");
    let identity = Identity::new(options(&azure, env));
    identity.token(Audience::registry(Cloud::Public)).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("x-identity-header"), Some("proof"));
    assert_eq!(
        seen[0].line(),
        "GET /msi/token?resource=https%3A%2F%2Fcontainerregistry.azure.net&api-version=2019-08-01&client_id=mine"
    );
    assert_eq!(identity.describe(), "managedid (App Service, client mine)");
}

#[tokio::test]
async fn app_service_over_https_is_reached_by_the_commands_client() {
    let azure = Azure::start(token).await;
    let env = Env::default()
        .with("IDENTITY_ENDPOINT", &format!("https://{}/msi/token", azure.host))
        .with("IDENTITY_HEADER", "proof");
    Identity::new(options(&azure, env)).token(vault()).await.unwrap();
    assert_eq!(azure.requests(), ["GET /msi/token"]);
}

#[tokio::test]
async fn cloud_shell_counts_as_managed_identity() {
    let azure = nothing().await;
    let server = machine(token).await;
    let env = Env::default()
        .with("ACC_CLOUD", "PROD")
        .with("MSI_ENDPOINT", server.url("/oauth2/token").as_str());
    let identity = Identity::new(options(&azure, env.clone()));
    identity.token(vault()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].line(), "POST /oauth2/token");
    assert_eq!(&seen[0].body[..], b"resource=https%3A%2F%2Fvault.azure.net");
    assert_eq!(identity.describe(), "managedid (Cloud Shell)");

    let user = IdentityOptions { named: client(Some("mine")), ..options(&azure, env) };
    let error = Identity::new(user).token(vault()).await.unwrap_err();
    assert_eq!(error.code(), "azure-credential-failed");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn endless_answers_are_cut() {
    let azure = nothing().await;
    let server = machine(|_| Reply::body(200, vec![b' '; 300 * 1024])).await;
    let identity = Identity::with_imds(options(&azure, Env::default()), imds(&server));
    assert!(identity.token(vault()).await.unwrap_err().to_string().contains("too large"));
}
