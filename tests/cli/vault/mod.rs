//! `vault`: from an empty vault to a verified image, and what goes wrong on the way.

mod import;
mod mistakes;
mod refused;
mod request;
mod show;

use sealwright::lab::{Auth, Chain, IssueRequest, Issued, LabOptions, Validity};

use super::world::World;

pub const SUBJECT: &str = "CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US";

/// An empty vault beside an Azure registry, and Entra credentials in the environment.
pub async fn empty() -> World {
    let mut world = World::start(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await;
    for line in world.lab.env_lines(&world.home.path("")).expect("written") {
        let (name, value) = line.split_once('=').expect("a variable");
        world.home.set(name, value);
    }
    world.home.replace(world.lab.vault_host(), "v.vault.azure.net");
    world
}

/// The same with the certificate `wabbit`.
pub async fn with_certificate(request: &IssueRequest) -> (World, Issued) {
    let mut world = empty().await;
    let issued = world.lab.issue(request).expect("issued");
    world.home.replace(&issued.version, "<version>");
    (world, issued)
}

/// Runs `vault …` on the certificate `wabbit`.
pub fn run(world: &World, line: &str) -> String {
    run_with(world, line, "")
}

/// The same with this standard input.
pub fn run_with(world: &World, line: &str, stdin: &str) -> String {
    let line = format!("vault {line} --id $ID --azure-extra-hosts {}", world.lab.extra_hosts());
    let line = line.replace("$ID", &id(world));
    tokio::task::block_in_place(|| world.home.run_with(&line, stdin))
}

pub fn id(world: &World) -> String {
    format!("https://{}/certificates/wabbit", world.lab.vault_host())
}

/// A command that must go well.
pub fn done(world: &World, line: &str) -> String {
    let shown = run(world, line);
    assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
    shown
}

/// A command that must fail with these parts in what it says.
pub fn fails(world: &World, line: &str, parts: &[&str]) -> String {
    let shown = run(world, line);
    assert!(shown.ends_with("[exit] 1"), "{line}\n{shown}");
    for part in parts {
        assert!(shown.contains(part), "{line}: {part}\n{shown}");
    }
    shown
}

pub fn file(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.home.path(name)).expect("it was written")
}

/// What the CA answers to the request in `wabbit.csr`: leaf, issuing CA, root.
pub fn answer(world: &World) -> Vec<String> {
    let request = file(world, "wabbit.csr");
    let answer = world.lab.answer_request(&request, Chain::Three, Validity::default());
    answer.expect("the request is the vault's")
}

/// A request in `wabbit.csr` for a key that is made in no time.
pub fn requested(world: &World) {
    done(world, &format!("csr --key-type ec-p256 --subject '{SUBJECT}' --out $HOME/wabbit.csr"));
}

/// One PEM block's bytes.
pub fn der(pem: &str) -> Vec<u8> {
    pem::parse(pem).expect("one block").into_contents()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_vault_comes_to_a_verified_image() {
    let mut world = empty().await;
    let shown = done(&world, &format!("csr --subject '{SUBJECT}' --out $HOME/wabbit.csr"));
    insta::assert_snapshot!(shown, @r"
    [stdout]
    A new certificate wabbit waits for its CA
    Subject: CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US
    Wrote the request to $HOME/wabbit.csr
    Next: give the request to the CA, then put its answer, with every certificate up to the root, in the vault:
      sealwright vault merge --id https://v.vault.azure.net/certificates/wabbit <file>...
    [exit] 0
    ");
    let [leaf, issuing, root] = answer(&world).try_into().expect("three certificates");
    world.home.write("chain.pem", format!("{root}{leaf}"));
    world.home.write("issuing.crt", der(&issuing));
    let shown = done(&world, "merge $HOME/chain.pem $HOME/issuing.crt");
    let version = shown.split("/wabbit/").nth(1).expect("a version")[..32].to_owned();
    world.home.replace(&version, "<version>");
    insta::assert_snapshot!(shown.replace(&version, "<version>"), @r"
    [stdout]
    Merged into https://v.vault.azure.net/certificates/wabbit/<version>:
      1. CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US
      2. CN=wabbit Issuing CA,O=Sealwright Lab,ST=WA,C=US
      3. CN=wabbit Root CA,O=Sealwright Lab,ST=WA,C=US
    Look at it:  sealwright vault show --id https://v.vault.azure.net/certificates/wabbit
    Trust it:    sealwright vault show --root --out root.crt --id https://v.vault.azure.net/certificates/wabbit
    [exit] 0
    ");

    let shown = done(&world, "show");
    for part in [
        "Key:          RSA-3072\n",
        "Exportable:   no\n",
        "Content type: application/x-pem-file\n",
        "89 days left\n",
        "  3. CN=wabbit Root CA,O=Sealwright Lab,ST=WA,C=US\n",
        "  <version>   yes ",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("[stderr]"), "nothing to warn of\n{shown}");

    let sign = shown.lines().find_map(|line| line.trim().strip_prefix("sealwright sign "));
    let sign = sign.expect("the command that signs");
    let (sign, _) = sign.split_once(" <registry>").expect("the image comes last");
    let sign = sign.replace("v.vault.azure.net", world.lab.vault_host());
    let extra = format!("--azure-extra-hosts {}", world.lab.extra_hosts());
    let shown = world.run(&format!("sign {extra} {sign} $IMAGE"));
    assert!(shown.ends_with("[exit] 0"), "{shown}");

    let shown = done(&world, "show --root --out $HOME/root.crt");
    assert!(
        shown.contains("sealwright cert add --type ca --store <store> $HOME/root.crt\n"),
        "{shown}"
    );
    assert_eq!(file(&world, "root.crt"), root);
    for line in [
        "cert delete --type ca --store wabbit --all -y",
        "cert add --type ca --store wabbit $HOME/root.crt",
    ] {
        assert!(world.run(line).ends_with("[exit] 0"), "{line}");
    }
    let shown = world.run(&format!("verify {extra} $IMAGE"));
    assert!(shown.ends_with("[exit] 0"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_is_made_for_tests_and_signs() {
    let world = empty().await;
    let shown =
        done(&world, &format!("self-signed --key-type ec-p256 --months 3 --subject '{SUBJECT}'"));
    assert!(shown.contains("Warning: a self-signed certificate is for tests"), "{shown}");
    let shown = done(&world, "show");
    assert!(shown.contains("--plugin-config self_signed=true"), "{shown}");
    assert!(shown.contains("89 days left"), "{shown}");
    let line = format!(
        "sign --azure-extra-hosts {} --plugin azure-kv --id {} --plugin-config self_signed=true $IMAGE",
        world.lab.extra_hosts(),
        id(&world)
    );
    let shown = world.run(&line);
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    // a second one is a new version of the first
    done(&world, &format!("self-signed --key-type ec-p256 --subject '{SUBJECT}'"));
    let (issued, _) = with_certificate(&IssueRequest::named("wabbit")).await;
    fails(
        &issued,
        &format!("self-signed --subject '{SUBJECT}'"),
        &["a self-signed version would sign in its place", "hint: choose another name"],
    );
}
