//! An HTTPS endpoint and canned tokens for this room's tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use time::OffsetDateTime;

use super::{Audience, AzureError, ExtraHosts, Token, TokenSource};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::http::test_server::{Reply, Seen, TestServer};
use crate::http::{Deadline, FixedJitter, Http, HttpOptions};
use crate::secret::Secret;

pub(super) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
pub(super) const OBJECT: &str = "11111111-2222-3333-4444-555555555555";

/// Azure as one host: a closure answers for vault, registry and authority alike.
pub(super) struct Azure {
    pub server: TestServer,
    /// `localhost:<port>`
    pub host: String,
    pub clock: Arc<ManualClock>,
    ca: String,
}

impl Azure {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let server = TestServer::start(answer).await;
        let tls = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let acceptor = acceptor(&tls);
        let behind = server.address;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut outer = acceptor.accept(stream).await?;
                    let mut inner = tokio::net::TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut outer, &mut inner).await
                });
            }
        });
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        Self { server, host, clock, ca: tls.cert.pem() }
    }

    pub fn http(&self) -> Http {
        self.http_with(self.clock.clone())
    }

    pub fn http_with(&self, clock: Arc<dyn Clock>) -> Http {
        let options = HttpOptions {
            clock,
            deadline: Deadline(Duration::from_secs(2 * 3600)),
            user_agent: "test".into(),
            extra_roots: vec![self.ca.clone().into_bytes()],
        };
        Http::new(options).unwrap().with_jitter(Arc::new(FixedJitter(1.0)))
    }

    pub fn extra_hosts(&self) -> ExtraHosts {
        let host = &self.host;
        ExtraHosts::parse(&format!("vault={host},registry={host},authority={host}")).unwrap()
    }

    /// `METHOD /path` of what was asked, without queries.
    pub fn requests(&self) -> Vec<String> {
        self.server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path())).collect()
    }
}

fn acceptor(tls: &rcgen::CertifiedKey<rcgen::KeyPair>) -> tokio_rustls::TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls_pki_types::PrivateKeyDer::try_from(tls.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![tls.cert.der().clone()], key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// A token in Entra's form for a service principal; `mark` makes it unlike others.
pub(super) fn jwt(mark: &str) -> String {
    let claims = format!(r#"{{"oid":"{OBJECT}","tid":"{TENANT}","idtyp":"app","mark":"{mark}"}}"#);
    format!("e30.{}.x", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims))
}

/// Entra's answer with `jwt(mark)`, good for an hour.
pub(super) fn entra_answer(mark: &str) -> Reply {
    let token = jwt(mark);
    Reply::body(
        200,
        format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#),
    )
}

/// Tokens without Entra; each renewal gives another.
#[derive(Default)]
pub(super) struct CannedTokens {
    pub renewals: AtomicUsize,
    pub none: bool,
}

impl CannedTokens {
    fn make(&self) -> Result<Token, AzureError> {
        if self.none {
            return Err(AzureError::NoCredential { tried: vec![] });
        }
        let mark = self.renewals.load(Ordering::SeqCst).to_string();
        let expires = OffsetDateTime::UNIX_EPOCH + time::Duration::days(365_000);
        Ok(Token { secret: Secret::new(jwt(&mark)), expires })
    }
}

#[async_trait::async_trait]
impl TokenSource for CannedTokens {
    async fn token(&self, _: Audience) -> Result<Token, AzureError> {
        self.make()
    }

    async fn renewed(&self, _: Audience, _: &Token) -> Result<Token, AzureError> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.make()
    }

    fn describe(&self) -> String {
        "canned".into()
    }
}
