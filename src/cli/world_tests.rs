//! How the clients of a command speak to hosts.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::http::test_server::{Reply, TestServer};
use crate::secret::Secret;

fn world(home: &tempfile::TempDir, scheme: Option<Scheme>, extra_hosts: &str) -> World {
    let env = Env::default().with("NOTATION_CONFIG", &home.path().display().to_string());
    World::new(WorldOptions {
        env: env.with("HOME", &home.path().display().to_string()),
        clock: Arc::new(SystemClock::new()),
        deadline: Deadline(Duration::from_secs(20)),
        given: None,
        given_host: None,
        ca_file: None,
        scheme,
        extra_hosts: ExtraHosts::parse(extra_hosts).expect("hosts"),
        auth_realms: Vec::new(),
        credential_type: None,
        named: NamedIdentity::default(),
        registry_connection: None,
    })
    .expect("a world")
}

#[tokio::test]
async fn an_azure_registrys_token_never_crosses_plain_http() {
    let server = TestServer::start(|_| Reply::status(200)).await;
    let host = format!("localhost:{}", server.address.port());
    let home = tempfile::tempdir().expect("a folder");
    let settings = format!(r#"{{"insecureRegistries":["{host}"]}}"#);
    std::fs::write(home.path().join("config.json"), settings).expect("written");
    for scheme in [None, Some(Scheme::PlainHttp)] {
        let world = world(&home, scheme, &format!("registry={host}"));
        let found = Found {
            credential: Credential::RefreshToken(Secret::new("s3cret")),
            source: "Entra exchange".into(),
        };
        let connection = world.connect_with(&host, found).expect("a connection");
        let error = connection.check_login().await.expect_err("the server speaks plain http");
        assert!(error.to_string().contains("https://localhost:"), "{error}");
    }
    assert!(server.seen().is_empty(), "{:?}", server.lines());
}
