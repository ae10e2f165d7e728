//! A tiny HTTP server on loopback for tests: a closure answers, what was asked is kept.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use url::Url;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `GET /path?query`
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// A query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

pub(crate) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The connection ends without an answer.
    Reset,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Reply::Answer(status, Vec::new(), Vec::new())
    }

    pub fn body(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Reply::Answer(status, Vec::new(), body.into())
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Reply::Answer(_, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

pub(crate) struct TestServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TestServer {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log): (Answer, _) = (Arc::new(answer), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), log.clone()));
            }
        });
        Self { address, seen }
    }

    /// The same over TLS, for `localhost`; also gives the root's PEM.
    pub async fn start_tls(
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> (Self, Vec<u8>) {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
        let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private.expect("PKCS#8"))
            .expect("a certificate");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log): (Answer, _) = (Arc::new(answer), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), answer.clone(), log.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, answer, log).await;
                    }
                });
            }
        });
        (Self { address, seen }, key.cert.pem().into_bytes())
    }

    /// `127.0.0.1:<port>`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).expect("a test's path")
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds this lock").clone()
    }

    /// The request lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }
}

type Answer = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

async fn serve<S>(stream: S, answer: Answer, log: Arc<Mutex<Vec<Seen>>>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (answer, log) = (answer.clone(), log.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
            let target = parts.uri.path_and_query().map(ToString::to_string);
            let seen = Seen {
                method: parts.method,
                target: target.unwrap_or_default(),
                headers: parts.headers,
                body,
            };
            log.lock().expect("no panic holds this lock").push(seen.clone());
            respond(answer(&seen))
        }
    });
    // ends with an error when a reply is a reset
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn respond(reply: Reply) -> Result<hyper::Response<Full<Bytes>>, String> {
    match reply {
        Reply::Reset => Err("reset".into()),
        Reply::Answer(status, headers, body) => {
            let mut response = hyper::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Full::new(body.into())).map_err(|e| e.to_string())
        }
    }
}
