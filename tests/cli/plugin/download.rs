//! `plugin install --url`: from a server with TLS on loopback.

use insta::assert_snapshot;
use sealwright::crypto::Digest;

use super::super::support::Home;
use super::{Desk, version};

#[path = "../../plugin/server.rs"]
mod server;

use server::{Server, ok};

fn trusted_by(server: &Server, home: &mut Home) {
    let path = home.write("roots.pem", &server.certificate);
    home.set("SSL_CERT_FILE", &path);
    home.replace(&server.address, "$SERVER");
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
    trusted_by(&server, &mut desk.home);
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
