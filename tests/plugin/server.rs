//! A server with TLS on loopback, from which plugins are downloaded.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Answers each path by a closure, one connection after another.
pub struct Server {
    pub address: String,
    /// Its own, in PEM.
    pub certificate: String,
}

impl Server {
    pub fn start(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).expect("a name");
        let certificate = certificate.self_signed(&key).expect("signed");
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider's own")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("they belong together");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = ServerConnection::new(config.clone()).expect("a session");
                let mut reader = BufReader::new(StreamOwned::new(session, stream));
                let mut lines = Vec::new();
                while let Some(Ok(line)) = reader.by_ref_line() {
                    if line.is_empty() {
                        break;
                    }
                    lines.push(line);
                }
                let Some(first) = lines.first() else { continue };
                let path = first.split(' ').nth(1).unwrap_or_default();
                let mut stream = reader.into_inner();
                let _ = stream.write_all(&answer(path)).and_then(|()| stream.flush());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { address: format!("https://localhost:{port}"), certificate: certificate.pem() }
    }
}

trait Line {
    fn by_ref_line(&mut self) -> Option<std::io::Result<String>>;
}

impl<R: std::io::BufRead> Line for R {
    fn by_ref_line(&mut self) -> Option<std::io::Result<String>> {
        self.by_ref().lines().next()
    }
}

pub fn ok(body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
