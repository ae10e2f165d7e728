//! `key add` of a private key and its chain

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use sealwright::lab::{Chain, IssueRequest, Issued, LabOptions, Validity};

use super::support::{Home, mode};
use super::world::World;

/// A lab, and a home with `key.pem`, mode 0600, and `chain.pem`.
async fn issued(request: IssueRequest) -> (World, Issued) {
    let world = World::start(LabOptions::default()).await;
    let issued = world.lab.issue(&request).expect("issued");
    write_key(&world.home, "key.pem", &issued.key.private_key_pem());
    world.home.write("chain.pem", chain_of(&issued));
    world.home.write(".config/notation/truststore/x509/ca/wabbit/root.pem", &issued.root_pem);
    (world, issued)
}

fn chain_of(issued: &Issued) -> String {
    [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat()
}

fn write_key(home: &Home, below: &str, pem: &str) {
    let path = home.write(below, pem);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_where_they_are_and_sign() {
    let (world, _) = issued(IssueRequest::named("release")).await;
    let line = "key add --key-file key.pem --cert-file ./chain.pem --default release";
    assert_snapshot!(world.run(line), @r"
    [stdout]
    release: marked as default
    [exit] 0
    ");
    assert_snapshot!(world.run("key ls"), @r"
    [stdout]
    NAME        KEY PATH                                                CERTIFICATE PATH                                        ID   PLUGIN NAME···
    wabbit      $HOME/.config/notation/localkeys/wabbit.key   $HOME/.config/notation/localkeys/wabbit.crt······················
    * release   $HOME/key.pem                                 $HOME/chain.pem··················································
    [exit] 0
    ");
    assert!(world.run("sign $IMAGE").ends_with("[exit] 0"));
    assert!(world.run("verify $IMAGE").ends_with("[exit] 0"));
    assert_snapshot!(world.run(line), @r#"
    [stderr]
    Error: signing key with name "release" already exists
    [exit] 1
    "#);
    let shown = world.run("key add --key-file=key.pem --cert-file=chain.pem other");
    assert_eq!(shown, "[stdout]\nother\n[exit] 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_become_files_of_their_own() {
    let (mut world, issued) = issued(IssueRequest::named("release")).await;
    let key = issued.key.private_key_pem().to_string();
    world.home.set("RELEASE_KEY", &key);
    world.home.set("RELEASE_CHAIN", &STANDARD.encode(chain_of(&issued)));
    let line = "key add --key-env RELEASE_KEY --cert-env RELEASE_CHAIN --default release -d";
    assert_snapshot!(world.run(line), @r"
    [stdout]
    wrote key: $HOME/.config/notation/localkeys/release.key
    wrote certificate: $HOME/.config/notation/localkeys/release.crt
    release: marked as default
    [exit] 0
    ");
    let written = world.home.config("localkeys/release.key");
    assert_eq!(mode(&written), 0o600);
    assert_eq!(std::fs::read_to_string(written).expect("there"), key);
    let written = world.home.config("localkeys/release.crt");
    assert_eq!(std::fs::read_to_string(written).expect("there"), chain_of(&issued));
    assert!(world.run("sign $IMAGE").ends_with("[exit] 0"));
    assert!(world.run("verify $IMAGE").ends_with("[exit] 0"));

    // nothing is overwritten, whether the list has the name or the folder the file
    assert_snapshot!(world.run(line), @r#"
    [stderr]
    Error: signing key with name "release" already exists
    [exit] 1
    "#);
    assert!(world.run("key delete release").ends_with("[exit] 0"));
    assert_snapshot!(world.run(line), @r"
    [stderr]
    Error: failed to write key file: open $HOME/.config/notation/localkeys/release.key: file exists
    [exit] 1
    ");
    std::fs::remove_file(world.home.config("localkeys/release.key")).expect("removed");
    assert_snapshot!(world.run(line), @r"
    [stderr]
    Error: failed to write certificate file: open $HOME/.config/notation/localkeys/release.crt: file exists
    [exit] 1
    ");
    assert!(!world.home.config("localkeys/release.key").exists(), "half a pair is taken back");
    assert!(!world.run("key ls").contains("release"));

    // the chain is no secret: it may be a file beside a key that is one
    world.home.set("RELEASE_KEY", &STANDARD.encode(&key).replace("aa", "aa\n"));
    let line = "key add --key-env RELEASE_KEY --cert-file chain.pem mixed";
    assert_snapshot!(world.run(line), @r"
    [stdout]
    wrote key: $HOME/.config/notation/localkeys/mixed.key
    mixed
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_sign_is_not_listed() {
    let (mut world, issued) = issued(IssueRequest::named("release")).await;
    let other = world.lab.issue(&IssueRequest::named("other")).expect("issued");
    write_key(&world.home, "other.pem", &other.key.private_key_pem());
    let sealed =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    write_key(&world.home, "sealed.pem", sealed);
    world.home.write("backwards.pem", format!("{}{}", issued.ca_bundle_pem, issued.leaf_pem));
    world.home.write("text", "text");
    let add = |key: &str, chain: &str| {
        world.run(&format!("key add --key-file {key} --cert-file {chain} release"))
    };
    assert_snapshot!(add("missing.pem", "chain.pem"), @r"
    [stderr]
    Error: open missing.pem: no such file or directory
    [exit] 1
    ");
    assert_snapshot!(add("sealed.pem", "chain.pem"), @r"
    [stderr]
    Error: $HOME/sealed.pem: the private key is encrypted; expected an unencrypted PKCS#8, PKCS#1 or SEC 1 key
    hint: openssl pkcs8 -topk8 -nocrypt -in KEY.pem -out PLAIN.pem
    [exit] 1
    ");
    assert_snapshot!(add("chain.pem", "chain.pem"), @r"
    [stderr]
    Error: $HOME/chain.pem: no private key was found; expected an unencrypted PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY
    [exit] 1
    ");
    assert_snapshot!(add("other.pem", "chain.pem"), @r#"
    [stderr]
    Error: the private key does not belong to the certificate with subject "CN=release,O=Sealwright Lab,L=Seattle,ST=WA,C=US"
    hint: PEM, the certificate of the key first and its root last: cat leaf.pem intermediate.pem root.pem > chain.pem
    [exit] 1
    "#);
    assert_snapshot!(add("key.pem", "backwards.pem"), @r#"
    [stderr]
    Error: the private key does not belong to the certificate with subject "CN=release Root CA,O=Sealwright Lab,ST=WA,C=US"
    hint: PEM, the certificate of the key first and its root last: cat leaf.pem intermediate.pem root.pem > chain.pem
    [exit] 1
    "#);
    assert_snapshot!(add("key.pem", "key.pem"), @r"
    [stderr]
    Error: $HOME/key.pem: x509: malformed certificate
    hint: PEM, the certificate of the key first and its root last: cat leaf.pem intermediate.pem root.pem > chain.pem
    [exit] 1
    ");
    assert_snapshot!(add("key.pem", "text"), @r"
    [stderr]
    Error: $HOME/text: x509: malformed certificate
    hint: PEM, the certificate of the key first and its root last: cat leaf.pem intermediate.pem root.pem > chain.pem
    [exit] 1
    ");
    let huge = "x".repeat(100_000);
    world.home.set("HUGE", &huge);
    assert!(!world.run("key add --key-env HUGE --cert-env HUGE release").contains("xxx"));
    assert!(!world.run("key ls").contains("release"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_others_may_read_and_an_expired_certificate_are_warned_about() {
    let request = IssueRequest {
        validity: Validity::expired(),
        ..IssueRequest::named("release").chain(Chain::SelfSigned)
    };
    let (world, _) = issued(request).await;
    let key = world.home.path("key.pem");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).expect("changed");
    let shown = world.run("key add --key-file key.pem --cert-file chain.pem release");
    assert!(shown.contains("(mode 0644): chmod 600 $HOME/key.pem\n"), "{shown}");
    assert!(shown.contains("Warning: ") && shown.contains("was invalid at"), "{shown}");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
}

#[test]
fn a_variable_is_named_and_never_shown() {
    let mut home = Home::new();
    assert_snapshot!(home.run("key add --key-env s3cret --cert-env CHAIN release"), @r"
    [stderr]
    Error: the environment variable that --key-env names is not set
    hint: give the variable's name, not its value: --key-env SIGNING_KEY
    [exit] 1
    ");
    home.set("KEY", "s3cret s3cret");
    home.set("CHAIN", "-----BEGIN s3cret");
    let shown = home.run("key add -d --key-env KEY --cert-env CHAIN release");
    assert_snapshot!(shown, @r"
    [stderr]
    Error: the environment variable of --key-env is neither PEM text nor base64 of PEM text
    hint: base64 -w0 <file>
    [exit] 1
    ");
    home.set("KEY", "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----");
    let shown = home.run("key add -d --key-env KEY --cert-env CHAIN release");
    assert_snapshot!(shown, @r"
    [stderr]
    Error: the environment variable of --key-env: malformed private key
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --key-env KEY --cert-env CHAIN ../release"), @r"
    [stderr]
    Error: name needs to follow [a-zA-Z0-9_.-]+ format
    [exit] 1
    ");
}

#[test]
fn a_key_is_a_plugins_or_a_local_one_and_whole() {
    let home = Home::new();
    assert_snapshot!(home.run("key add release"), @r#"
    [stderr]
    Error: required flag(s) "plugin" not set
    [exit] 1
    "#);
    assert_snapshot!(home.run("key add --key-file k.pem release"), @r"
    [stderr]
    Error: the private key needs its certificate chain: --cert-file or --cert-env
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --cert-env CHAIN release"), @r"
    [stderr]
    Error: the certificate chain needs its private key: --key-file or --key-env
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --key-file k --cert-file c --plugin azure-kv release"), @r"
    [stderr]
    Error: if any flags in the group [plugin key-file] are set none of the others can be; [key-file plugin] were all set
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --key-env K --cert-file c --id x release"), @r"
    [stderr]
    Error: if any flags in the group [id key-env] are set none of the others can be; [id key-env] were all set
    [exit] 1
    ");
    assert_snapshot!(home.run("key add --key-env K --key-file k --cert-file c release"), @r"
    [stderr]
    Error: if any flags in the group [key-env key-file] are set none of the others can be; [key-env key-file] were all set
    [exit] 1
    ");
}
