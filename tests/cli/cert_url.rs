//! `cert add` of an address

use insta::assert_snapshot;
use sealwright::crypto::Digest;
use sealwright::lab::{Fault, IssueRequest, LabOptions, Role, Route};

use super::support::{Home, mode};
use super::world::World;

const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A lab that is trusted for https, and a root certificate.
async fn served() -> (World, String) {
    let mut world = World::start(LabOptions::default()).await;
    let ca = world.home.write("ca.pem", world.lab.ca_pem());
    world.home.set("SSL_CERT_FILE", &ca);
    world.home.replace(world.lab.registry_https_host(), "pki.example.com");
    let root = world.lab.issue(&IssueRequest::named("acme")).expect("issued").root_pem;
    world.home.replace(Digest::sha256(root.as_bytes()).hex(), "<checksum>");
    (world, root)
}

/// Answers `https://…<path>` once.
fn serves(world: &World, path: &str, fault: Fault) -> String {
    world.lab.control().fault(Route::on(Role::Registry).path(path), fault, 1);
    format!("https://{}{path}", world.lab.registry_https_host())
}

fn add(world: &World, arguments: &str) -> String {
    world.run(&format!("cert add --type ca --store acme {arguments}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_the_checksum_is_stored_under_its_own_name() {
    let (world, root) = served().await;
    let sum = Digest::sha256(root.as_bytes()).hex().to_owned();
    let url = serves(&world, "/certs/root.crt", Fault::Error(200, root.clone()));
    assert_snapshot!(add(&world, &format!("{url}?sig=s3cret#sha256={}", sum.to_uppercase())), @r"
    [stdout]
    Successfully added following certificates to named store acme of type ca:
    https://pki.example.com/certs/root.crt
    [exit] 0
    ");
    assert_eq!(mode(&world.home.config("truststore/x509/ca/acme/root.crt")), 0o600);
    assert_snapshot!(world.home.run("cert ls"), @r"
    [stdout]
    STORE TYPE   STORE NAME   CERTIFICATE···
    ca           acme         root.crt······
    ca           wabbit       wabbit.crt····
    [exit] 0
    ");

    let url = serves(&world, "/certs/other.pem", Fault::Error(200, root.clone()));
    assert!(add(&world, &format!("{url} --sha256sum {sum}")).ends_with("[exit] 0"));

    let url = serves(&world, "/certs/root.crt", Fault::Error(200, root));
    assert_snapshot!(add(&world, &format!("{url}#sha256={sum}")), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/certs/root.crt, with error "certificate already exists in the Trust Store"
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_checksum_is_not_stored() {
    let (world, root) = served().await;
    let url = serves(&world, "/root.crt", Fault::Error(200, root));
    assert_snapshot!(add(&world, &format!("{url}#sha256={SUM}")), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/root.crt, with error "https://pki.example.com/root.crt does not have the SHA-256 checksum e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    hint: either the checksum is of another file, or the file was changed: ask whoever publishes the certificate
    [exit] 1
    "#);
    let url = serves(&world, "/gone.crt", Fault::Status(404, Vec::new()));
    assert_snapshot!(add(&world, &format!("{url}#sha256={SUM}")), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/gone.crt, with error "https://pki.example.com/gone.crt answered 404; expected 200"
    [exit] 1
    "#);
    let url = serves(&world, "/huge.crt", Fault::Huge);
    assert_snapshot!(add(&world, &format!("{url}#sha256={SUM}")), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/huge.crt, with error "GET https://pki.example.com/huge.crt: the answer is larger than 1048576 bytes"
    [exit] 1
    "#);
    let url = serves(&world, "/no.crt", Fault::Error(200, "text".to_owned()));
    let sum = Digest::sha256(b"text");
    assert_snapshot!(add(&world, &format!("{url}#sha256={}", sum.hex())), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/no.crt, with error "x509: malformed certificate"
    [exit] 1
    "#);
    let to = vec![("Location".to_owned(), "http://localhost:1/root.crt".to_owned())];
    let url = serves(&world, "/moved.crt", Fault::Status(302, to));
    assert_snapshot!(add(&world, &format!("{url}#sha256={SUM}")), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    https://pki.example.com/moved.crt, with error "GET https://pki.example.com/moved.crt: redirected from https to http://localhost:1/root.crt"
    [exit] 1
    "#);
    assert!(!world.home.config("truststore/x509/ca/acme").exists());
}

#[test]
fn an_address_is_https_and_has_a_checksum_and_a_name() {
    let home = Home::new();
    let add = |arguments: &str| home.run(&format!("cert add -t ca -s acme {arguments}"));
    assert_snapshot!(add("http://me:s3cret@pki.example.com/root.crt?t=s3cret"), @r"
    [stderr]
    Error: http://pki.example.com/root.crt is no https address: certificates are fetched over https alone
    hint: sealwright cert add --type ca --store acme 'https://<host>/<file>#sha256=<checksum>'
    [exit] 1
    ");
    assert_snapshot!(add("ftp://pki.example.com/root.crt"), @r"
    [stderr]
    Error: ftp://pki.example.com/root.crt is no https address: certificates are fetched over https alone
    hint: sealwright cert add --type ca --store acme 'https://<host>/<file>#sha256=<checksum>'
    [exit] 1
    ");
    assert_snapshot!(add("https://pki.example.com/root.crt?sig=s3cret"), @r"
    [stderr]
    Error: https://pki.example.com/root.crt needs the SHA-256 checksum of the file
    hint: sealwright cert add --type ca --store acme 'https://pki.example.com/root.crt#sha256=<checksum>'
          take the checksum from whoever publishes the certificate, by another way than this address
    [exit] 1
    ");
    assert_snapshot!(add("https://pki.example.com/root.crt#top"), @r"
    [stderr]
    Error: https://pki.example.com/root.crt needs the SHA-256 checksum of the file
    hint: sealwright cert add --type ca --store acme 'https://pki.example.com/root.crt#sha256=<checksum>'
          take the checksum from whoever publishes the certificate, by another way than this address
    [exit] 1
    ");
    assert_snapshot!(add("https://pki.example.com/root.crt#sha256=abc"), @r#"
    [stderr]
    Error: "abc" is no SHA-256 checksum: 64 hexadecimal digits
    hint: behind each address: 'https://<host>/<file>#sha256=<checksum>'
    [exit] 1
    "#);
    assert_snapshot!(add(&format!("https://me:s3cret@pki.example.com/root.crt#sha256={SUM}")), @r"
    [stderr]
    Error: https://pki.example.com/root.crt has a user name or a password in it; expected an address without
    [exit] 1
    ");
    for path in ["", "certs/", "a%2fb", "%2e%2e", "r%C3%B6ot.crt"] {
        let shown = add(&format!("https://pki.example.com/{path}#sha256={SUM}"));
        assert!(shown.contains("does not end with a file name"), "{shown}");
    }
    assert_snapshot!(add(&format!("https://pki.example.com/#sha256={SUM}")), @r"
    [stderr]
    Error: https://pki.example.com/ does not end with a file name of letters, digits, `_`, `.` and `-`
    hint: fetch the file, give it a name, and add it: curl -sSfLo <name> <address> && sha256sum <name>
    [exit] 1
    ");
}

#[test]
fn a_checksum_is_of_one_address() {
    let home = Home::new();
    let add = |arguments: &str| home.run(&format!("cert add -t ca -s acme {arguments}"));
    assert_snapshot!(add(&format!("--sha256sum {SUM} root.crt")), @r"
    [stderr]
    Error: --sha256sum is the checksum of an https address, and root.crt is a file
    hint: behind each address: 'https://<host>/<file>#sha256=<checksum>'
    [exit] 1
    ");
    assert_snapshot!(add(&format!("--sha256sum {SUM} https://a.io/r.crt https://a.io/s.crt")), @r"
    [stderr]
    Error: --sha256sum is the checksum of one https address, and 2 arguments were given
    hint: behind each address: 'https://<host>/<file>#sha256=<checksum>'
    [exit] 1
    ");
    assert!(
        add(&format!("--sha256sum {SUM} https://a.io/r.crt#sha256={SUM}"))
            .contains("has two checksums")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_nobody_vouches_for_is_not_asked() {
    let (mut world, root) = served().await;
    world.home.set("SSL_CERT_FILE", "");
    let url = serves(&world, "/root.crt", Fault::Error(200, root));
    let shown = add(&world, &format!("{url}#sha256={SUM}"));
    assert!(shown.contains("UnknownIssuer") || shown.contains("TLS"), "{shown}");
    assert!(shown.contains("hint: "), "{shown}");
}
