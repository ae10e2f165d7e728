//! `plugin install --url`: from a server with TLS on loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use insta::assert_snapshot;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sealwright::crypto::Digest;

use super::super::support::Home;
use super::{Desk, version};

/// Answers each path by a closure, one connection after another.
struct Server {
    address: String,
    certificate: String,
}

impl Server {
    fn start(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
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

    fn trusted_by(&self, home: &mut Home) {
        let path = home.write("roots.pem", &self.certificate);
        home.set("SSL_CERT_FILE", &path);
        home.replace(&self.address, "$SERVER");
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

fn ok(body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn moved(to: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn an_address_is_https_and_has_a_checksum() {
    let home = Home::new();
    let sum = "67c5ccaaf28dd44d2b6572684d84e344a02c2258af1d65ead3910b3156d3eaf5";
    for (arguments, error) in [
        (
            format!("http://a/b.tar.gz --sha256sum {sum}"),
            "failed to download plugin from URL: only the HTTPS scheme is supported, but got http",
        ),
        (
            "https://localhost:1/b.tar.gz".to_owned(),
            "installing from URL requires non-empty SHA256 checksum of the plugin source",
        ),
        (
            "https://localhost:1/b.tar.gz --sha256sum 67c5".to_owned(),
            "plugin installation failed: sha256sum \"67c5\" is no SHA-256 checksum: 64 hexadecimal digits",
        ),
        (
            format!("b.tar.gz --sha256sum {sum}"),
            "failed to parse plugin download URL b.tar.gz with error: relative URL without a base",
        ),
    ] {
        let shown = home.run(&format!("plugin install --url {arguments}"));
        assert_eq!(shown, format!("[stderr]\nError: {error}\n[exit] 1"));
    }
    assert!(!home.config("plugins").exists());
}

#[test]
fn a_plugin_is_downloaded_checked_and_installed() {
    let Some(mut desk) = Desk::new() else { return };
    let plugin = desk.program(&version("1.2.1"));
    let sum = Digest::sha256(&plugin).hex().to_owned();
    let server = Server::start(move |path| match path {
        "/v1/notation-tester" => moved("/files/notation-tester?sig=s3cret"),
        "/files/notation-tester?sig=s3cret" => ok(&plugin),
        "/down" => moved("http://localhost:1/x"),
        _ => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
    });
    server.trusted_by(&mut desk.home);
    let from = |path: &str, sum: &str| {
        let address = &server.address;
        desk.run(&format!("plugin install --url {address}{path} --sha256sum {sum}"))
    };
    let zeros = "0".repeat(64);
    let shown = from("/v1/notation-tester", &zeros);
    let error = format!(
        "[stdout]\nDownloading plugin from $SERVER/v1/notation-tester\nDownload completed\n\
         [stderr]\nError: plugin installation failed: plugin SHA-256 checksum does not match user input. Expecting {zeros}\n"
    );
    assert!(shown.starts_with(&error), "{shown}");
    assert_snapshot!(from("/gone", &sum), @r"
    [stdout]
    Downloading plugin from $SERVER/gone
    [stderr]
    Error: failed to download plugin from URL $SERVER/gone with error: GET $SERVER/gone: https response bad status: 404 Not Found
    [exit] 1
    ");
    assert_snapshot!(from("/down?sig=s3cret", &sum), @r"
    [stdout]
    Downloading plugin from $SERVER/down
    [stderr]
    Error: failed to download plugin from URL $SERVER/down with error: GET $SERVER/down: https response bad status: 404 Not Found
    [exit] 1
    ");
    assert_snapshot!(from("/down", &sum), @r"
    [stdout]
    Downloading plugin from $SERVER/down
    [stderr]
    Error: failed to download plugin from URL $SERVER/down with error: GET $SERVER/down: redirected from https to http://localhost:1/x
    [exit] 1
    ");
    assert_eq!(desk.installed(), Vec::<String>::new());
    assert_snapshot!(from("/v1/notation-tester", &sum), @r"
    [stdout]
    Downloading plugin from $SERVER/v1/notation-tester
    Download completed
    Successfully installed plugin tester, version 1.2.1
    [exit] 0
    ");
    assert_eq!(desk.installed(), ["tester 755", "tester/notation-tester 755"]);
}
