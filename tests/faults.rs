//! One passing fault at each request of sign and of verify: survived, and no signature doubled. A
//! signature that cannot be fetched does not stand in the way of a good one.

#[path = "program/mod.rs"]
mod program;

use std::collections::BTreeMap;
use std::time::Duration;

use program::{Answer, Program, digest_of, repository_of, told};
use sealwright::lab::{Auth, Exchange, Fault, LabOptions, Referrers, Role, Route};

const REFERRERS_API: &str = "sign --force-referrers-tag=false";

/// How a repository's state makes a signing's requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing was signed here: the config blob is missing.
    Nothing,
    /// The image has a signature: the outdated index is deleted.
    Signature,
}

/// Requests that one fault can be told to meet: their own kind, and how many of it pass before.
struct Place {
    route: Route,
    skip: usize,
    name: String,
}

fn faults() -> [(&'static str, Fault); 4] {
    [
        ("429 with Retry-After", Fault::throttled(1)),
        ("503", Fault::unavailable()),
        ("reset", Fault::Reset),
        ("lost answer", Fault::LostAnswer),
    ]
}

/// A part of the path that all requests of one kind share, whatever repository, key or digest.
fn kind(exchange: &Exchange) -> &'static str {
    const KINDS: [&str; 12] = [
        "/blobs/uploads/",
        "/blobs/sha256:",
        "/manifests/sha256:",
        "/manifests/sha256-",
        "/referrers/sha256:",
        "/oauth2/exchange",
        "/oauth2/v2.0/token",
        "/token",
        "/certificates/",
        "/secrets/",
        "/keys/",
        "/v2/",
    ];
    let found = KINDS.into_iter().find(|kind| exchange.path.contains(kind));
    found.unwrap_or_else(|| panic!("a new kind of request: {}", exchange.path))
}

/// The places of a clean run, one for each request it made.
fn places(seen: &[Exchange]) -> Vec<Place> {
    let mut counts: BTreeMap<(Role, String, &str), usize> = BTreeMap::new();
    let places = seen.iter().map(|exchange| {
        let kind = kind(exchange);
        let count = counts.entry((exchange.role, exchange.method.clone(), kind)).or_default();
        let skip = *count;
        *count += 1;
        Place {
            route: Route::on(exchange.role).method(&exchange.method).path(kind),
            skip,
            name: format!("{:?} {} {kind} ({})", exchange.role, exchange.method, skip + 1),
        }
    });
    places.collect()
}

/// Images of repositories of their own, so that each run makes the same requests.
struct Images<'a> {
    program: &'a Program,
    before: Before,
    count: usize,
}

impl Images<'_> {
    async fn next(&mut self, sign: &str) -> String {
        self.count += 1;
        let image = self.program.image_in(&format!("team/app-{}", self.count), "v1");
        if self.before == Before::Signature {
            self.program.run(&format!("{sign} {image}")).await.succeeds();
        }
        image
    }
}

/// Signs an image for each request of signing and each fault.
async fn survive_signing(program: &Program, before: Before, sign: &str) {
    let mut images = Images { program, before, count: 0 };
    let expected = match before {
        Before::Nothing => 1,
        Before::Signature => 2,
    };
    let image = images.next(sign).await;
    let clean = program.seen(&format!("{sign} {image}")).await;
    assert!(clean.len() >= 8, "{sign}: {}", told(&clean));
    let indexed = program.indexed(&image).map(|_| expected);
    for place in places(&clean) {
        for (name, fault) in faults() {
            let image = images.next(sign).await;
            let at = format!("{sign}: {name} at {}", place.name);
            let answer = faulted(program, &place, fault, &format!("{sign} {image}"), &at).await;
            let signatures = program.signatures(&image);
            assert_eq!(signatures.len(), expected, "{at}: signatures in the registry");
            let entries = program.indexed(&image);
            assert_eq!(entries.as_ref().map(Vec::len), indexed, "{at}: entries in the index");
            let reported = answer.signature();
            assert!(signatures.iter().any(|digest| digest == reported), "{at}: {reported}");
            assert!(entries.is_none_or(|list| list.iter().any(|d| d == reported)), "{at}");
        }
    }
}

/// Verifies an image for each request of verifying and each fault.
async fn survive_verifying(program: &Program, sign: &str, verify: &str) {
    let image = program.image("verified");
    program.run(&format!("{sign} {image}")).await.succeeds();
    let line = format!("{verify} {image}");
    let clean = program.seen(&line).await;
    assert!(clean.len() >= 4, "{line}: {}", told(&clean));
    for place in places(&clean) {
        for (name, fault) in faults() {
            let at = format!("{verify}: {name} at {}", place.name);
            let answer = faulted(program, &place, fault, &line, &at).await;
            let verified = format!("Successfully verified signature for {image}\n");
            assert_eq!(answer.stdout, verified, "{at}");
        }
    }
}

/// Runs a command one of whose requests meets the fault.
async fn faulted(program: &Program, place: &Place, fault: Fault, line: &str, at: &str) -> Answer {
    let control = program.lab.control();
    control.reset();
    let asks_for_a_second = fault == Fault::throttled(1);
    control.fault_after(place.skip, place.route.clone(), fault, 1);
    let before = program.clock.elapsed();
    let answer = program.run(line).await;
    assert_eq!(control.faults_left(), 0, "{at}: nothing met it:{}", told(&control.requests()));
    assert_eq!(answer.code, 0, "{at}\n{}{}", answer.stderr, told(&control.requests()));
    let waited = program.clock.elapsed() - before;
    assert!(!asks_for_a_second || waited >= Duration::from_secs(1), "{at}: waited {waited:?}");
    control.reset();
    answer
}

async fn lab(referrers: Referrers, auth: Auth) -> Program {
    Program::start(LabOptions { referrers, auth, ..LabOptions::default() }).await
}

#[tokio::test]
async fn signing_survives_a_fault_at_each_request_with_the_tag_schema() {
    let program = lab(Referrers::TagSchema, Auth::Open).await;
    survive_signing(&program, Before::Nothing, "sign").await;
}

#[tokio::test]
async fn signing_again_survives_a_fault_at_each_request_with_the_tag_schema() {
    let program = lab(Referrers::TagSchema, Auth::Open).await;
    survive_signing(&program, Before::Signature, "sign").await;
}

#[tokio::test]
async fn signing_survives_a_fault_at_each_request_with_the_referrers_api() {
    let program = lab(Referrers::Api, Auth::Bearer).await;
    survive_signing(&program, Before::Nothing, REFERRERS_API).await;
}

#[tokio::test]
async fn signing_with_a_vault_key_in_an_azure_registry_survives_a_fault_at_each_request() {
    let program = lab(Referrers::Api, Auth::Acr).await;
    let key = program.issue("wabbit").key_id;
    let latest = key.rsplit_once('/').expect("a version").0;
    let hosts = program.lab.extra_hosts();
    let sign = format!("sign --azure-extra-hosts {hosts} --plugin azure-kv --id {latest}");
    survive_signing(&program, Before::Nothing, &sign).await;
    survive_verifying(&program, &sign, &format!("verify --azure-extra-hosts {hosts}")).await;
}

#[tokio::test]
async fn verifying_survives_a_fault_at_each_request() {
    for (referrers, auth) in [(Referrers::TagSchema, Auth::Open), (Referrers::Api, Auth::Bearer)] {
        let program = lab(referrers, auth).await;
        survive_verifying(&program, "sign", "verify").await;
    }
}

/// The envelope's digest, from the signature's manifest.
fn envelope_of(program: &Program, image: &str, signature: &str) -> String {
    let (_, bytes) = program.lab.manifest(repository_of(image), signature).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    manifest["layers"][0]["digest"].as_str().expect("one layer").to_owned()
}

#[tokio::test]
async fn one_signature_that_cannot_be_fetched_does_not_stand_in_the_way_of_the_others() {
    for lost in 0..3 {
        let program = lab(Referrers::Api, Auth::Open).await;
        let image = program.image("v1");
        for _ in 0..3 {
            program.run(&format!("sign {image}")).await.succeeds();
        }
        let envelope = envelope_of(&program, &image, &program.signatures(&image)[lost]);
        assert!(program.lab.lose_blob(repository_of(&image), &envelope));
        program.run(&format!("verify {image}")).await.succeeds();

        // the same where the registry never stops failing for it
        let program = lab(Referrers::TagSchema, Auth::Open).await;
        let image = program.image("v1");
        for _ in 0..3 {
            program.run(&format!("sign {image}")).await.succeeds();
        }
        let envelope = envelope_of(&program, &image, &program.signatures(&image)[lost]);
        let route = Route::on(Role::Registry).path(&envelope);
        program.lab.control().fault(route, Fault::unavailable(), usize::MAX);
        program.run(&format!("verify {image}")).await.succeeds();
    }
}

#[tokio::test]
async fn signatures_none_of_which_can_be_fetched_are_each_told() {
    let program = lab(Referrers::Api, Auth::Open).await;
    let image = program.image("v1");
    for _ in 0..2 {
        program.run(&format!("sign {image}")).await.succeeds();
    }
    let signatures = program.signatures(&image);
    for signature in &signatures {
        let envelope = envelope_of(&program, &image, signature);
        assert!(program.lab.lose_blob(repository_of(&image), &envelope));
    }
    let answer = program.run(&format!("verify {image}")).await;
    assert_eq!(answer.code, 1);
    assert!(signatures.iter().all(|s| answer.stderr.contains(s)), "{}", answer.stderr);
    assert!(answer.stderr.contains(digest_of(&image)), "{}", answer.stderr);
}
