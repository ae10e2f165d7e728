//! `--ca-file`: registries with a CA of their own

use insta::assert_snapshot;
use sealwright::lab::{Auth, Chain, IssueRequest, LabOptions, Role};

use super::world::World;

/// A registry over https whose CA nobody knows; `$HTTPS` is its image.
struct Private {
    world: World,
    image: String,
}

impl Private {
    async fn start(auth: Auth) -> Self {
        let mut world = World::start(LabOptions { auth, ..LabOptions::default() }).await;
        let host = world.lab.registry_https_host().to_owned();
        world.home.replace(&host, "registry.example.com");
        world.home.write("ca.pem", world.lab.ca_pem());
        let digest = world.lab.push_image("net-monitor", "v2").expect("stored");
        world.home.replace(&digest, "sha256:<image>");
        let image = format!("{host}/net-monitor@{digest}");
        Self { world, image }
    }

    fn run(&self, line: &str) -> String {
        let host = self.world.lab.registry_https_host();
        let line = line.replace("$HTTPS", &self.image).replace("$HOST", host);
        self.world.run(&line)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_a_registry_takes_its_ca() {
    let private = Private::start(Auth::Basic).await;
    let (user, password) = (private.world.lab.username(), private.world.lab.password());
    let login = format!("-u {user} -p {}", password.expose());
    for line in [
        "login --ca-file $HOME/ca.pem $HOST",
        "sign --ca-file $HOME/ca.pem $HTTPS",
        "verify --ca-file=$HOME/ca.pem $HTTPS",
        "list --ca-file $HOME/ca.pem $HTTPS",
        "inspect --ca-file $HOME/ca.pem $HTTPS",
        "prune --ca-file $HOME/ca.pem $HTTPS",
        "doctor --ca-file $HOME/ca.pem $HTTPS",
    ] {
        let shown = private.run(&format!("{line} {login}"));
        assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
        let shown = private.run(&format!("{} {login}", line.replace("ca.pem", "none.pem")));
        assert!(shown.contains("open $HOME/none.pem: no such file"), "{line}\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_ca_a_registry_is_not_spoken_to() {
    let private = Private::start(Auth::Open).await;
    assert_snapshot!(private.run("list $HTTPS"), @r"
    [stderr]
    Error: failed to get manifest descriptor: GET https://registry.example.com/v2/net-monitor/manifests/sha256:<image>: invalid peer certificate: UnknownIssuer
    hint: if the registry has a CA of its own, name its PEM file: --ca-file <path> (the step's input ca-file); without any system roots install the package ca-certificates
    [exit] 1
    ");
    // another CA vouches for nothing here
    let other = private.world.lab.issue(&IssueRequest::named("other").chain(Chain::SelfSigned));
    private.world.home.write("other.pem", other.expect("issued").root_pem);
    assert_snapshot!(private.run("verify --ca-file $HOME/other.pem $HTTPS"), @r"
    [stderr]
    Error: failed to get manifest descriptor: GET https://registry.example.com/v2/net-monitor/manifests/sha256:<image>: invalid peer certificate: UnknownIssuer
    hint: if the registry has a CA of its own, name its PEM file: --ca-file <path> (the step's input ca-file); without any system roots install the package ca-certificates
    [exit] 1
    ");
    assert!(private.world.lab.control().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_ca_is_refused_before_anything_is_asked() {
    let private = Private::start(Auth::Open).await;
    private.world.home.write("text.pem", "text");
    private.world.home.write("key.pem", "-----BEGIN X-----\nAAAA\n-----END X-----\n");
    private.world.home.write("empty.pem", "");
    assert_snapshot!(private.run("list --ca-file $HOME/nowhere.pem $HTTPS"), @r"
    [stderr]
    Error: ca-file: open $HOME/nowhere.pem: no such file or directory
    hint: name a PEM file with the CA of the registry: --ca-file <path>
    [exit] 1
    ");
    assert_snapshot!(private.run("list --ca-file $HOME/text.pem $HTTPS"), @r"
    [stderr]
    Error: ca-file $HOME/text.pem: x509: malformed certificate
    hint: see what is in it: openssl x509 -noout -subject -in $HOME/text.pem
    [exit] 1
    ");
    assert_snapshot!(private.run("list --ca-file $HOME/key.pem $HTTPS"), @r"
    [stderr]
    Error: ca-file $HOME/key.pem: x509: malformed certificate
    hint: see what is in it: openssl x509 -noout -subject -in $HOME/key.pem
    [exit] 1
    ");
    assert_snapshot!(private.run("list --ca-file $HOME/empty.pem $HTTPS"), @r"
    [stderr]
    Error: ca-file $HOME/empty.pem holds no certificate; expected PEM
    hint: see what is in it: openssl x509 -noout -subject -in $HOME/empty.pem
    [exit] 1
    ");
    assert!(private.world.lab.control().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ca_of_a_registry_vouches_for_no_vault_and_no_authority() {
    let mut private = Private::start(Auth::Acr).await;
    let lines = private.world.lab.env_lines(&private.world.home.path("")).expect("written");
    for line in lines {
        let (name, value) = line.split_once('=').expect("a variable");
        if name != "SSL_CERT_FILE" {
            private.world.home.set(name, value);
        }
    }
    let issued = private.world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    let line = format!(
        "sign --ca-file $HOME/ca.pem --azure-extra-hosts {} --plugin azure-kv --id {} $HTTPS",
        private.world.lab.extra_hosts(),
        issued.key_id
    );
    let shown = private.run(&line);
    assert!(shown.contains("UnknownIssuer") && shown.ends_with("[exit] 1"), "{shown}");
    let asked = private.world.lab.control().counts();
    for role in [Role::Vault, Role::Entra] {
        assert_eq!(asked.get(&role), None, "{shown}");
    }
}
