//! `sign` asks about its own certificates, against the lab's OCSP responder and CRL server.

#[path = "program/mod.rs"]
mod program;

use program::{Answer, Program, told};
use sealwright::lab::{
    Chain, Fault, IssueRequest, Issued, Lab, LabOptions, Revocation, Role, Route, Stamp, Telling,
};
use serde_json::{Value, json};

/// Three images, and a local key whose chain of three names the lab's servers.
struct World {
    program: Program,
    issued: Issued,
    images: [String; 3],
}

impl World {
    async fn start() -> Self {
        let program = Program::start(LabOptions::default()).await;
        let issued = of_the_lab(&program, "own");
        let key = program.write("own.pem", &issued.key.private_key_pem());
        let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
        let chain = program.write("own-chain.pem", &chain);
        let keys = json!({
            "default": "own",
            "keys": [{ "name": "own", "keyPath": key, "certPath": chain }],
        });
        program.write(".config/notation/signingkeys.json", &keys.to_string());
        let images = ["v1", "v2", "v3"].map(|tag| program.image(tag));
        Self { program, issued, images }
    }

    fn lab(&self) -> &Lab {
        &self.program.lab
    }

    async fn sign(&self, flags: &str) -> Answer {
        self.program.run(&format!("sign {flags} {}", self.images[0])).await
    }

    /// Requests to the lab's status servers so far.
    fn asked(&self) -> usize {
        self.lab().control().counts().get(&Role::Status).copied().unwrap_or_default()
    }

    fn signatures(&self) -> usize {
        self.images.iter().map(|image| self.program.signatures(image).len()).sum()
    }

    fn unreachable(&self) {
        self.lab().control().fault(Route::on(Role::Status), Fault::Status(404, Vec::new()), 100);
    }
}

/// A chain of three, in the vault, that names the lab's servers.
fn of_the_lab(program: &Program, name: &str) -> Issued {
    let revocation = Revocation::of_the_lab();
    let request = IssueRequest { revocation, ..IssueRequest::named(name).chain(Chain::Three) };
    program.lab.issue(&request).expect("issued")
}

fn report(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).expect("JSON")
}

#[tokio::test]
async fn a_good_chain_signs_without_a_word_and_the_report_names_the_servers() {
    for rule in ["", "--check-own-revocation warn", "--check-own-revocation fail"] {
        let world = World::start().await;
        let answer = world.sign(&format!("--output json {rule}")).await.succeeds();
        assert!(!answer.stderr.contains("revo"), "{}", answer.stderr);
        let told = report(&answer)["revocation"].clone();
        for (at, status) in ["good", "good", "non-revokable"].into_iter().enumerate() {
            assert_eq!(told[at]["status"], status, "{rule}");
        }
        assert_eq!(told[0]["servers"][0]["method"], "OCSP");
        assert_eq!(world.asked(), 2);
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_a_warning_with_advice_or_makes_no_signature() {
    for index in [0, 1] {
        let world = World::start().await;
        world.lab().revoke(&world.issued, index);
        let answer = world.sign("").await.succeeds();
        for words in [
            "Warning: signing certificate with subject",
            "is revoked (revoked on 2026-06-01T12:00:00Z, reason: keyCompromise)",
            "never sign the old one again",
        ] {
            assert!(answer.stderr.contains(words), "{}", answer.stderr);
        }
        assert_eq!(world.signatures(), 1);
        world.lab().control().forget();
        let answer = world.sign("--check-own-revocation fail --output json").await;
        assert_eq!((answer.code, world.signatures()), (1, 1));
        for words in [
            "is revoked\nbecause revoked on 2026-06-01T12:00:00Z, reason: keyCompromise\nhint: secure the source",
            "never sign the old one again",
        ] {
            assert!(answer.stderr.contains(words), "{}", answer.stderr);
        }
        let seen = world.lab().control().requests();
        let pushed = seen.iter().filter(|e| e.role == Role::Registry && e.method == "PUT");
        assert_eq!(pushed.count(), 0, "{}", told(&seen));
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_is_not_asked_for_a_signature() {
    let world = World::start().await;
    let issued = of_the_lab(&world.program, "vault");
    world.lab().revoke(&issued, 0);
    let hosts = world.lab().extra_hosts();
    let key = format!("--azure-extra-hosts {hosts} --plugin azure-kv --id {}", issued.key_id);
    world.lab().control().forget();
    let answer = world.sign(&format!("--check-own-revocation fail {key}")).await;
    assert!(answer.stderr.contains("is revoked"), "{}", answer.stderr);
    let seen = world.lab().control().requests();
    assert!(seen.iter().all(|e| !e.path.ends_with("/sign")), "{}", told(&seen));
}

#[tokio::test]
async fn a_status_that_nobody_tells_is_a_warning_or_fails_with_what_each_server_said() {
    for (telling, words) in [
        (None, "answered 404"),
        (Some(Telling::Stale), "was good until 2026-05-31T12:00:00Z"),
        (Some(Telling::Forged), "does not verify"),
    ] {
        let world = World::start().await;
        match telling {
            Some(telling) => world.lab().tell(telling),
            None => world.unreachable(),
        }
        let answer = world.sign("").await.succeeds();
        assert!(answer.stderr.contains("revocation status is unknown: OCSP"), "{}", answer.stderr);
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
        let answer = world.sign("--check-own-revocation fail").await;
        assert_eq!((answer.code, world.signatures()), (1, 1));
        assert!(answer.stderr.contains("revocation status is unknown\nbecause OCSP"));
        assert!(answer.stderr.contains("hint: is the server reachable from here?"));
    }
}

#[tokio::test]
async fn nobody_is_asked_by_off_and_where_the_chain_names_nobody() {
    let world = World::start().await;
    world.lab().revoke(&world.issued, 0);
    let answer = world.sign("--check-own-revocation off --output json").await.succeeds();
    assert!(!answer.stderr.contains("revoked"), "{}", answer.stderr);
    assert!(report(&answer).get("revocation").is_none());
    assert_eq!(world.asked(), 0);

    let program = Program::start(LabOptions::default()).await;
    let image = program.image("v1");
    let flags = "--check-own-revocation fail";
    program.run(&format!("sign {flags} {image}")).await.succeeds();
    assert_eq!(program.lab.control().counts().get(&Role::Status), None);
    let answer = program.run(&format!("sign {flags} --require-revocation-source {image}")).await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("names no OCSP or CRL server"), "{}", answer.stderr);
}

#[tokio::test]
async fn many_images_ask_once_also_when_nobody_answers() {
    for reachable in [true, false] {
        let world = World::start().await;
        if !reachable {
            world.unreachable();
        }
        let images = world.images.join(" ");
        world.program.run(&format!("sign {images}")).await.succeeds();
        // leaf and authority: OCSP, and the CRL where OCSP does not tell
        assert_eq!(world.asked(), if reachable { 2 } else { 4 });
        assert_eq!(world.signatures(), 3);
    }
}

#[tokio::test]
async fn what_is_signed_already_by_a_revoked_certificate_is_not_passed_over_in_silence() {
    let world = World::start().await;
    world.sign("").await.succeeds();
    world.lab().revoke(&world.issued, 0);
    let answer = world.sign("--skip-signed").await.succeeds();
    assert!(answer.stdout.contains("Already signed"), "{}", answer.stdout);
    assert!(answer.stderr.contains("is revoked (revoked on"), "{}", answer.stderr);
    let answer = world.sign("--skip-signed --check-own-revocation fail").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("is revoked"), "{}", answer.stderr);
}

#[tokio::test]
async fn offline_rests_on_kept_crls_and_the_timestamp_authority_is_asked_alike() {
    let world = World::start().await;
    let offline = "--revocation offline --check-own-revocation fail";
    let answer = world.sign(offline).await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("is in the cache, and no server is asked"), "{}", answer.stderr);
    assert!(answer.stderr.contains("\nhint: fill the CRL cache"), "{}", answer.stderr);
    world.lab().tell(Telling::Unknown);
    world.sign("").await.succeeds();
    let before = world.asked();
    world.sign(offline).await.succeeds();
    assert_eq!(world.asked(), before);

    let root = world.program.write("tsa.pem", &world.lab().timestamp_root_pem());
    let url = world.lab().timestamp_url(Stamp::NamesCrl);
    let stamp = format!("--timestamp-url {url} --timestamp-root-cert {}", root.display());
    let answer = world.sign(&format!("--revocation offline {stamp}")).await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("timestamping certificate with subject"), "{}", answer.stderr);
    assert!(answer.stderr.contains("no server is asked"), "{}", answer.stderr);
    assert!(answer.stderr.contains("\nhint: fill the CRL cache"), "{}", answer.stderr);
}

#[tokio::test]
async fn times_bound_each_answer() {
    let world = World::start().await;
    let late = || Fault::Delay(std::time::Duration::from_millis(50));
    world.lab().control().fault(Route::on(Role::Status), late(), 100);
    let answer = world.sign("--ocsp-timeout 20ms --crl-timeout 20ms").await.succeeds();
    assert!(answer.stderr.contains("revocation status is unknown: OCSP"), "{}", answer.stderr);
    let answer = world.sign("--ocsp-timeout 20ms").await.succeeds();
    assert!(!answer.stderr.contains("unknown"), "{}", answer.stderr);
}

#[tokio::test]
async fn another_word_is_refused() {
    let world = World::start().await;
    let answer = world.sign("--check-own-revocation maybe").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("must be 'warn', 'fail' or 'off'"), "{}", answer.stderr);
}
