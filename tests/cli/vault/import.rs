//! `vault import`: PEM and PFX, passwords, and what is refused before it is sent.

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use sealwright::lab::Role;

use super::*;

const PASSWORD: &str = "correct horse battery staple";

/// A certificate that another lab issued.
fn foreign(world: &World, chain: Chain) -> Issued {
    world.lab.issue(&IssueRequest::named("foreign").chain(chain)).expect("issued")
}

fn pfx(issued: &Issued, password: &str) -> Vec<u8> {
    let key = PrivateKey::from_der(&der(&issued.key.private_key_pem())).expect("a key");
    let certificates =
        issued.chain.iter().map(|c| Certificate::from_der(c).expect("a certificate"));
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(vec![1], key, certificates.collect::<Vec<_>>());
    store.add_entry("wabbit", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(password).encryption_iterations(1_000).mac_iterations(1_000);
    writer.write().expect("written")
}

/// How many requests would have carried a key.
fn sent(world: &World) -> usize {
    let requests = world.lab.control().requests();
    requests.iter().filter(|r| r.role == Role::Vault && r.path.ends_with("/import")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn pem_files_are_imported_in_order_and_cannot_be_exported() {
    let world = empty().await;
    let issued = foreign(&world, Chain::Three);
    let key = issued.key.private_key_pem();
    world.home.write("key.pem", format!("{}{key}", issued.ca_bundle_pem));
    world.home.write("leaf.pem", &issued.leaf_pem);
    let shown = done(&world, "import $HOME/key.pem $HOME/leaf.pem");
    assert!(shown.contains("Warning: $HOME/key.pem still holds the private key"), "{shown}");
    let shown = done(&world, "show");
    for part in ["Exportable:   no\n", "application/x-pem-file\n", "  3. CN=foreign Root CA"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("[stderr]"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pfx_opens_with_a_password_from_the_environment_or_the_standard_input() {
    let mut world = empty().await;
    let issued = foreign(&world, Chain::Three);
    world.home.write("signing.pfx", pfx(&issued, PASSWORD));
    world.home.write("open.pfx", pfx(&issued, ""));
    fails(
        &world,
        "import $HOME/signing.pfx",
        &[
            "signing.pfx: it needs a password",
            "hint: at a terminal it is asked for; elsewhere set SEALWRIGHT_PFX_PASSWORD",
        ],
    );
    let shown = run_with(&world, "import --password-stdin $HOME/signing.pfx", "wrong\n");
    assert!(shown.contains("signing.pfx: it cannot be opened: "), "{shown}");
    assert_eq!(sent(&world), 0);
    let stdin = format!("{PASSWORD}\n");
    let shown = run_with(&world, "import --password-stdin $HOME/signing.pfx", &stdin);
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    done(&world, "import $HOME/open.pfx");
    world.home.set("SEALWRIGHT_PFX_PASSWORD", PASSWORD);
    done(&world, "import $HOME/signing.pfx");
    assert_eq!(sent(&world), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_password_nor_the_key_is_ever_printed() {
    let mut world = empty().await;
    let issued = foreign(&world, Chain::Two);
    world.home.write("signing.pfx", pfx(&issued, PASSWORD));
    world.home.set("SEALWRIGHT_PFX_PASSWORD", PASSWORD);
    let shown = done(&world, "import -d $HOME/signing.pfx");
    assert!(shown.contains("/import"), "the log shows the request\n{shown}");
    let pem = issued.key.private_key_pem();
    let secrets = pem.lines().filter(|line| !line.starts_with("-----")).chain([PASSWORD]);
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret}\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_rules_is_refused_before_it_is_sent() {
    let world = empty().await;
    let issued = foreign(&world, Chain::Three);
    let other = world.lab.issue(&IssueRequest::named("other")).expect("issued");
    let key = issued.key.private_key_pem();
    world.home.write("key.pem", &key);
    world.home.write("leaf.pem", &issued.leaf_pem);
    world.home.write("issuers.pem", &issued.ca_bundle_pem);
    world.home.write("root.pem", &issued.root_pem);
    world.home.write("both.pem", format!("{key}{}", other.key.private_key_pem()));
    world.home.write("other.pem", other.key.private_key_pem());
    world.home.write("encrypted.pem", key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    let server = server_certificate();
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    world.home.write("ed25519.pem", ed25519.serialize_pem());
    world.home.write("server.pem", server);
    for (files, parts) in [
        ("leaf.pem", vec!["there is no private key in it"]),
        ("key.pem other.pem leaf.pem", vec!["there are 2 private keys in it; one is imported"]),
        (
            "encrypted.pem leaf.pem",
            vec!["the private key is encrypted", "openssl pkcs12 -export -inkey "],
        ),
        ("other.pem leaf.pem issuers.pem", vec!["has the key of the private key: \"CN=foreign,"]),
        (
            "key.pem leaf.pem root.pem",
            vec!["\"CN=foreign Issuing CA,", "sealwright vault import --id "],
        ),
        ("server.pem", vec!["extended key usage must not contain ServerAuth eku"]),
    ] {
        let files: Vec<String> = files.split(' ').map(|f| format!("$HOME/{f}")).collect();
        fails(&world, &format!("import {}", files.join(" ")), &parts);
    }
    assert_eq!(sent(&world), 0);
}

/// Key and self-signed certificate of a web server.
fn server_certificate() -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "www.example.com");
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key).expect("signed");
    format!("{}{}", key.serialize_pem(), certificate.pem())
}
