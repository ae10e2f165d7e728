//! Revocation on the command line, against the lab's OCSP responder and CRL server.

#[path = "revoked/cache.rs"]
mod cache;
#[path = "program/mod.rs"]
mod program;
#[path = "revoked/proxy.rs"]
mod proxy;

use std::time::Duration;

use program::{Answer, Program};
use sealwright::lab::{
    Chain, Fault, IssueRequest, Issued, Lab, LabOptions, Revocation, Role, Route, Telling,
};
use serde_json::{Value, json};

/// A signed image whose chain of three names the lab's servers.
struct World {
    program: Program,
    issued: Issued,
    image: String,
}

impl World {
    async fn start() -> Self {
        let program = Program::start(LabOptions::default()).await;
        let world = Self::unsigned(program, Revocation::of_the_lab());
        world.program.run(&format!("sign {}", world.image)).await.succeeds();
        world
    }

    /// The same with servers elsewhere, and nothing signed yet.
    fn unsigned(program: Program, revocation: Revocation) -> Self {
        let request = IssueRequest { revocation, ..IssueRequest::named("rev").chain(Chain::Three) };
        let issued = program.lab.issue(&request).expect("issued");
        let key = program.write("rev.pem", &issued.key.private_key_pem());
        let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
        let chain = program.write("rev-chain.pem", &chain);
        let keys = json!({
            "default": "rev",
            "keys": [{ "name": "rev", "keyPath": key, "certPath": chain }],
        });
        program.write(".config/notation/signingkeys.json", &keys.to_string());
        let root = ".config/notation/truststore/x509/ca/lab/rev.pem";
        program.write(root, &issued.root_pem);
        let image = program.image("v1");
        Self { program, issued, image }
    }

    fn lab(&self) -> &Lab {
        &self.program.lab
    }

    async fn verify(&self, flags: &str) -> Answer {
        self.program.run(&format!("verify {flags} {}", self.image)).await
    }

    /// The report's part on each certificate.
    async fn told(&self, flags: &str) -> Vec<Value> {
        let answer = self.verify(&format!("--output json {flags}")).await;
        let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        report["signatures"][0]["revocation"].as_array().expect("asked").clone()
    }

    /// Requests to the lab's status servers so far.
    fn asked(&self) -> usize {
        self.lab().control().counts().get(&Role::Status).copied().unwrap_or_default()
    }

    fn fault(&self, path: &str, fault: Fault) {
        self.lab().control().fault(Route::on(Role::Status).path(path), fault, 100);
    }

    fn policy(&self, level: &str) {
        let policy = json!({ "version": "1.0", "trustPolicies": [{
            "name": "lab",
            "registryScopes": ["*"],
            "signatureVerification": { "level": level },
            "trustStores": ["ca:lab"],
            "trustedIdentities": ["*"],
        }] });
        self.program.write(".config/notation/trustpolicy.json", &policy.to_string());
    }
}

/// The method, place and answer of each server asked about a certificate.
fn servers(certificate: &Value) -> Vec<String> {
    let list = certificate["servers"].as_array().cloned().unwrap_or_default();
    let shown = list.iter().map(|server| {
        let url = server["url"].as_str().expect("an address");
        let path = url.splitn(4, '/').nth(3).expect("a path");
        let text = |name: &str| server[name].as_str().unwrap_or_default().to_owned();
        format!("{} {path} {}", text("method"), text("status"))
    });
    shown.collect()
}

#[tokio::test]
async fn a_good_chain_verifies_and_the_report_names_the_servers() {
    let world = World::start().await;
    let told = world.told("").await;
    assert_eq!(servers(&told[0]), ["OCSP ocsp/rev/issuing good"]);
    assert_eq!(servers(&told[1]), ["OCSP ocsp/rev/root good"]);
    let statuses: Vec<&Value> = told.iter().map(|certificate| &certificate["status"]).collect();
    assert_eq!(statuses, ["good", "good", "non-revokable"]);
    world.verify("").await.succeeds();
}

#[tokio::test]
async fn a_revoked_leaf_or_authority_fails_and_is_logged_where_the_policy_says_so() {
    for index in [0, 1] {
        let world = World::start().await;
        world.lab().revoke(&world.issued, index);
        let answer = world.verify("").await;
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains("is revoked (revoked on \""), "{}", answer.stderr);
        assert!(answer.stderr.contains("reason: keyCompromise"), "{}", answer.stderr);
        assert!(answer.stderr.contains("never sign the old one again"), "{}", answer.stderr);
        let told = world.told("").await;
        assert_eq!(told[index]["status"], "revoked");
        assert_eq!(told[index]["reason"], "keyCompromise");
        assert_eq!(told[index]["revokedAt"], "2026-06-01T12:00:00Z");
        world.policy("permissive");
        let answer = world.verify("").await.succeeds();
        let warning = "Warning: revocation was set to \"log\" and failed with error: signing \
                       certificate with subject";
        assert!(answer.stderr.contains(warning), "{}", answer.stderr);
        assert!(answer.stderr.contains("never sign the old one again"), "{}", answer.stderr);
    }
}

#[tokio::test]
async fn crls_answer_for_a_responder_that_does_not() {
    for fault in [
        Fault::unavailable(),
        Fault::Status(404, Vec::new()),
        Fault::Huge,
        Fault::Delay(Duration::from_millis(50)),
        Fault::Body(b"junk".as_slice().into()),
        Fault::Status(302, vec![("Location".into(), "http://169.254.169.254/".into())]),
    ] {
        let world = World::start().await;
        world.fault("/ocsp/", fault.clone());
        let told = world.told("--ocsp-timeout 20ms").await;
        let expected = ["OCSP ocsp/rev/issuing unknown", "CRL crl/rev/issuing good"];
        assert_eq!(servers(&told[0]), expected, "{fault:?}");
    }
    let world = World::start().await;
    world.lab().tell(Telling::Unknown);
    assert_eq!(servers(&world.told("").await[0])[1], "CRL crl/rev/issuing good");
    world.lab().revoke(&world.issued, 0);
    let told = world.told("").await;
    assert_eq!(servers(&told[0])[1], "cached CRL crl/rev/issuing good", "as long as it is good");
}

#[tokio::test]
async fn answers_that_are_no_proof_leave_the_status_unknown() {
    for (telling, word) in
        [(Telling::Stale, "was good until 2026-05-31"), (Telling::Forged, "does not verify")]
    {
        let world = World::start().await;
        world.lab().tell(telling);
        let answer = world.verify("").await;
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains("revocation status is unknown"), "{}", answer.stderr);
        assert!(answer.stderr.contains(word), "{}", answer.stderr);
        assert_eq!(world.told("").await[0]["status"], "unknown");
    }
}

#[tokio::test]
async fn offline_asks_nobody_and_rests_on_kept_crls() {
    let world = World::start().await;
    let answer = world.verify("--revocation offline").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("is in the cache, and no server is asked"), "{}", answer.stderr);
    assert!(answer.stderr.contains("\nhint: fill the CRL cache"), "{}", answer.stderr);
    world.lab().tell(Telling::Unknown);
    world.verify("").await.succeeds();
    let before = world.asked();
    world.verify("--revocation offline").await.succeeds();
    let told = world.told("--revocation offline").await;
    assert_eq!(servers(&told[0]), ["cached CRL crl/rev/issuing good"]);
    assert_eq!(told[0]["servers"][0]["nextUpdate"], "2026-06-08T12:00:00Z");
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn this_machines_addresses_are_asked_by_setting_only() {
    let mut world = World::start().await;
    world.program.set("SEALWRIGHT_REVOCATION_LOOPBACK", "");
    let before = world.asked();
    let answer = world.verify("").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("an address of this machine"), "{}", answer.stderr);
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn a_source_can_be_required() {
    let program = Program::start(LabOptions::default()).await;
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    program.run(&format!("verify {image}")).await.succeeds();
    let answer = program.run(&format!("verify --require-revocation-source {image}")).await;
    assert_eq!(answer.code, 1);
    let problem = "the certificate names no OCSP or CRL server";
    assert!(answer.stderr.contains(problem), "{}", answer.stderr);
}

#[tokio::test]
async fn flags_that_make_no_sense_are_refused() {
    let program = Program::start(LabOptions::default()).await;
    for (flags, words) in [
        ("--revocation maybe", "must be 'online' or 'offline'"),
        ("--ocsp-timeout 0s", "ocsp-timeout must be a positive duration"),
        ("--crl-timeout=-1s", "crl-timeout must be a positive duration"),
    ] {
        let answer = program.run(&format!("verify {flags} {}", program.image("v1"))).await;
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
    }
}
