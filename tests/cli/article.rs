//! The article from an empty vault to a verified image, with sealwright's commands alone: certificate,
//! build, doctor, signature, trust, verdict.

use std::time::Duration;

use sealwright::lab::{Auth, Chain, Lab, LabOptions, MANAGED_REGISTRY, RunPlan, Validity};

use super::support::Home;
use super::vault::SUBJECT;

const SOURCE: &str = "https://github.com/wabbit-networks/net-monitor.git#main";

/// An empty home, an empty vault and an empty registry.
struct Beginning {
    home: Home,
    lab: Lab,
}

impl Beginning {
    async fn new() -> Self {
        let options = LabOptions { auth: Auth::Acr, ..LabOptions::default() };
        let lab = Lab::start(options).await.expect("a free port");
        lab.plan_runs(RunPlan { takes: Duration::ZERO, ..RunPlan::default() });
        let mut home = Home::new();
        for line in lab.env_lines(&home.path("")).expect("written") {
            let (name, value) = line.split_once('=').expect("a variable");
            home.set(name, value);
        }
        home.set("LANG", "C.UTF-8");
        Self { home, lab }
    }

    fn run(&self, line: &str) -> String {
        let line = format!("{line} --azure-extra-hosts {}", self.lab.extra_hosts());
        tokio::task::block_in_place(|| self.home.run(&line))
    }

    /// What a command that must go well shows.
    fn done(&self, line: &str) -> String {
        let shown = self.run(line);
        assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
        shown
    }

    /// The same of a command that asks nobody.
    fn settled(&self, line: &str) -> String {
        let shown = self.home.run(line);
        assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
        shown
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_vault_to_a_verified_image() {
    let begun = Beginning::new().await;
    let (vault, registry) = (begun.lab.vault_host(), begun.lab.registry_https_host().to_owned());
    let certificate = format!("https://{vault}/certificates/wabbit");

    // "Create or import a certificate": the CA's answer, in whatever order, with its chain
    begun.done(&format!(
        "vault csr --id {certificate} --subject '{SUBJECT}' --out $HOME/wabbit.csr"
    ));
    let request = std::fs::read_to_string(begun.home.path("wabbit.csr")).expect("it was written");
    let answer = begun.lab.answer_request(&request, Chain::Three, Validity::default());
    let [leaf, issuing, root] = answer.expect("it is the vault's").try_into().expect("three");
    begun.home.write("answer.pem", format!("{root}{leaf}{issuing}"));
    begun.done(&format!("vault merge --id {certificate} $HOME/answer.pem"));
    begun.done(&format!("vault show --id {certificate} --root --out $HOME/root.crt"));

    // "Authenticate", then build the image and keep its digest
    begun.done(&format!("login {registry}"));
    let built = begun.done(&format!("acr build -r {MANAGED_REGISTRY} -t net-monitor:v1 {SOURCE}"));
    let image = built.lines().nth(1).expect("the digest is on standard output").to_owned();
    assert!(image.starts_with(&format!("{registry}/net-monitor@sha256:")), "{built}");

    // nothing is trusted yet: that alone is missing
    let doctor = format!("doctor --key {certificate} {image}");
    let shown = begun.run(&doctor);
    assert!(shown.ends_with("[exit] 1"), "{shown}");
    assert!(shown.contains("sealwright policy import"), "{shown}");

    // "Sign a container image"
    let sign = format!("sign --signature-format cose --id {certificate} --plugin azure-kv {image}");
    begun.done(&sign);
    let listed = begun.done(&format!("ls {image}"));
    assert_eq!(listed.matches("└── sha256:").count(), 1, "{listed}");

    // "Verify a container image": not before the root and the policy are there
    let verify = format!("verify {image}");
    assert!(begun.run(&verify).ends_with("[exit] 1"));
    begun.settled("cert add --type ca --store wabbit-networks.io $HOME/root.crt");
    begun.home.write(
        "trustpolicy.json",
        serde_json::json!({
            "version": "1.0",
            "trustPolicies": [{
                "name": "wabbit-networks-images",
                "registryScopes": [format!("{registry}/net-monitor")],
                "signatureVerification": { "level": "strict" },
                "trustStores": ["ca:wabbit-networks.io"],
                "trustedIdentities": [format!("x509.subject: {SUBJECT}")],
            }],
        })
        .to_string(),
    );
    begun.settled("policy import $HOME/trustpolicy.json");
    let shown = begun.done(&verify);
    assert!(shown.contains(&format!("Successfully verified signature for {image}")), "{shown}");

    let shown = begun.done(&doctor);
    assert!(!shown.contains("✖"), "{shown}");
}
