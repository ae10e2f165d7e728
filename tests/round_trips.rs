//! Round trips: the longest sequence of requests in which each waits for the answer before it.

#[path = "program/mod.rs"]
mod program;

use program::{Program, digest_of, told};
use sealwright::lab::{
    Auth, Exchange, IssueRequest, Issued, LabOptions, Referrers, Revocation, Role,
};

/// A request that was late on a busy machine lengthens what was measured, never what is needed: the
/// shortest of a few runs counts.
const RUNS: usize = 6;

const API: &str = "--force-referrers-tag=false";

/// Runs until a run's longest sequence is no longer than `budget`, and holds the best against it.
async fn measure<F>(what: &str, budget: usize, counts: fn(&Exchange) -> bool, mut run: F)
where
    F: AsyncFnMut(usize) -> Program,
{
    let mut best: Option<Vec<Exchange>> = None;
    for n in 0..RUNS {
        let program = run(n).await;
        let chain = program.lab.control().chain_where(counts);
        if best.as_ref().is_none_or(|best| chain.len() < best.len()) {
            best = Some(chain);
        }
        if best.as_ref().is_some_and(|best| best.len() <= budget) {
            break;
        }
    }
    let best = best.expect("at least one run");
    assert_eq!(best.len(), budget, "{what}: measured against the budget:{}", told(&best));
}

fn every(_: &Exchange) -> bool {
    true
}

/// The outdated index is deleted when everything else is done.
fn but_deletes(exchange: &Exchange) -> bool {
    exchange.method != "DELETE"
}

/// The lab of a repository that has been signed in before: the config blob is there.
async fn used(referrers: Referrers) -> Program {
    let program = Program::start(LabOptions { referrers, ..LabOptions::default() }).await;
    let earlier = program.image("earlier");
    program.run(&format!("sign {earlier}")).await.succeeds();
    program
}

async fn held(program: Program, line: &str) -> Program {
    program.lab.control().reset();
    program.lab.control().hold();
    program.run(line).await.succeeds();
    program
}

#[tokio::test]
async fn signing_with_the_referrers_api_takes_three() {
    measure("sign, Referrers API", 3, every, async |_| {
        let program = used(Referrers::Api).await;
        let image = program.image("v1");
        held(program, &format!("sign {API} {image}")).await
    })
    .await;
}

#[tokio::test]
async fn signing_with_the_tag_schema_takes_five() {
    for referrers in [Referrers::TagSchema, Referrers::Api] {
        measure("sign, tag schema", 5, but_deletes, async |_| {
            let program = used(referrers).await;
            let image = program.image("v1");
            held(program, &format!("sign {image}")).await
        })
        .await;
    }
    measure("sign, no API and no forced tag", 5, but_deletes, async |_| {
        let program = used(Referrers::TagSchema).await;
        let image = program.image("v1");
        held(program, &format!("sign {API} {image}")).await
    })
    .await;
}

#[tokio::test]
async fn a_second_signature_takes_as_many_and_the_delete() {
    let second = async |_| {
        let program = used(Referrers::TagSchema).await;
        let image = program.image("v1");
        program.run(&format!("sign {image}")).await.succeeds();
        let program = held(program, &format!("sign {image}")).await;
        let deletes = program.lab.control().requests();
        let deletes = deletes.iter().filter(|e| e.method == "DELETE").count();
        assert_eq!((deletes, program.signatures(&image).len()), (1, 2));
        program
    };
    measure("second signature", 5, but_deletes, second).await;
    measure("second signature and the delete", 6, every, second).await;
}

#[tokio::test]
async fn the_first_signature_in_a_repository_takes_one_more() {
    for (referrers, line, budget) in
        [(Referrers::Api, format!("sign {API}"), 4), (Referrers::TagSchema, "sign".into(), 6)]
    {
        measure("first signature", budget, but_deletes, async |_| {
            let options = LabOptions { referrers, ..LabOptions::default() };
            let program = Program::start(options).await;
            let image = program.image("v1");
            held(program, &format!("{line} {image}")).await
        })
        .await;
    }
}

#[tokio::test]
async fn verifying_takes_three_and_one_more_by_tag_or_without_the_api() {
    for (referrers, by_tag, budget) in [
        (Referrers::Api, false, 3),
        (Referrers::Api, true, 4),
        (Referrers::TagSchema, false, 4),
        (Referrers::TagSchema, true, 5),
    ] {
        measure("verify", budget, every, async |_| {
            let program = used(referrers).await;
            let image = program.image("v1");
            program.run(&format!("sign {image}")).await.succeeds();
            let named = match by_tag {
                true => image.replace(&format!("@{}", digest_of(&image)), ":v1"),
                false => image,
            };
            held(program, &format!("verify {named}")).await
        })
        .await;
    }
}

/// The tag is asked for once, before anything else: the digest is not asked for again.
#[tokio::test]
async fn several_references_take_one_more_by_tag() {
    for (by_tag, budget) in [(false, 3), (true, 4)] {
        measure("several, Referrers API", budget, every, async |_| {
            let program = used(Referrers::Api).await;
            let images = ["v1", "v2"].map(|tag| match by_tag {
                true => program.image(tag).split('@').next().unwrap().to_owned() + ":" + tag,
                false => program.image(tag),
            });
            held(program, &format!("sign {API} {}", images.join(" "))).await
        })
        .await;
    }
}

fn azure(program: &Program, image: &str, id: &str) -> String {
    let hosts = program.lab.extra_hosts();
    format!("sign {API} --azure-extra-hosts {hosts} --plugin azure-kv --id {id} {image}")
}

/// One for keys/sign. The certificate is read beside the image, but its token is fetched first.
#[tokio::test]
async fn a_vault_key_takes_one_more_and_its_token_another() {
    for latest in [true, false] {
        measure("sign with a vault key, cold", 3 + 1 + 1, every, async |_| {
            let program = used(Referrers::Api).await;
            let image = program.image("v1");
            let id = program.issue("wabbit").key_id;
            let id = if latest { without_version(&id) } else { id };
            let line = azure(&program, &image, &id);
            held(program, &line).await
        })
        .await;
    }
}

/// Entra token, exchange, access token; the vault is asked beside them.
#[tokio::test]
async fn an_azure_registry_takes_three_more_when_it_is_cold() {
    let signed = async || {
        let program = Program::start(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await;
        let id = program.issue("wabbit").key_id;
        let earlier = azure(&program, &program.image("earlier"), &id);
        program.run(&earlier).await.succeeds();
        (program, id)
    };
    measure("sign in an Azure registry with a vault key, cold", 3 + 1 + 3, every, async |_| {
        let (program, id) = signed().await;
        let line = azure(&program, &program.image("v1"), &id);
        held(program, &line).await
    })
    .await;
    measure("verify in an Azure registry, cold", 3 + 3, every, async |_| {
        let (program, _) = signed().await;
        let hosts = program.lab.extra_hosts();
        let line = format!("verify --azure-extra-hosts {hosts} {}", program.image("earlier"));
        held(program, &line).await
    })
    .await;
}

/// The responders are asked beside the registry; a vault's signature waits for them only where doubt is
/// to fail.
#[tokio::test]
async fn asking_about_the_own_chain_takes_no_longer_unless_a_vault_waits_for_it() {
    for (rule, local, vault) in [("off", 3, 5), ("warn", 3, 5), ("fail", 3, 6)] {
        let flags = format!("--check-own-revocation {rule}");
        measure(&flags, local, every, async |_| {
            let program = used(Referrers::Api).await;
            let image = program.image("v1");
            let issued = named_servers(&program);
            program.write("key.pem", &issued.key.private_key_pem());
            let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
            program.write("chain.pem", &chain);
            held(program, &format!("sign {API} {flags} {image}")).await
        })
        .await;
        measure(&format!("{flags}, vault key"), vault, every, async |_| {
            let program = used(Referrers::Api).await;
            let image = program.image("v1");
            let id = named_servers(&program).key_id;
            let line = azure(&program, &image, &id).replace(API, &format!("{API} {flags}"));
            held(program, &line).await
        })
        .await;
    }
}

/// A chain that names the lab's status servers.
fn named_servers(program: &Program) -> Issued {
    let revocation = Revocation::of_the_lab();
    let request = IssueRequest { revocation, ..IssueRequest::named("own") };
    program.lab.issue(&request).expect("issued")
}

#[tokio::test]
async fn the_vault_is_asked_three_times_and_twice_with_a_version_or_ca_certs() {
    let program = used(Referrers::Api).await;
    let issued = program.issue("wabbit");
    let ca_certs = program.write("ca.pem", &issued.ca_bundle_pem);
    let ca_certs = format!(" --plugin-config ca_certs={}", ca_certs.display());
    let latest = without_version(&issued.key_id);
    for (id, more, budget) in [
        (&latest, "", 3),
        (&issued.key_id, "", 2),
        (&latest, ca_certs.as_str(), 2),
        (&issued.certificate_id, &ca_certs, 2),
    ] {
        let image = program.image("v1");
        let seen = program.seen(&(azure(&program, &image, id) + more)).await;
        assert_eq!(of(&seen, Role::Vault), budget, "{id}{more}:{}", told(&seen));
        assert_eq!(of(&seen, Role::Entra), 1, "one audience: {}", told(&seen));
        assert_none_refused(&seen);
    }
}

#[tokio::test]
async fn an_azure_registry_costs_one_entra_request_one_exchange_and_one_token() {
    let program = Program::start(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await;
    let id = program.issue("wabbit").key_id;
    let image = program.image("v1");
    let seen = program.seen(&azure(&program, &image, &id)).await;
    assert_eq!(
        of(&seen, Role::Entra),
        2,
        "an audience each for vault and registry: {}",
        told(&seen)
    );
    assert_eq!(at(&seen, "/oauth2/exchange"), 1, "{}", told(&seen));
    assert_eq!(at(&seen, "/oauth2/token"), 1, "{}", told(&seen));
    assert_none_refused(&seen);

    let hosts = program.lab.extra_hosts();
    let seen = program.seen(&format!("verify --azure-extra-hosts {hosts} {image}")).await;
    assert_eq!(of(&seen, Role::Entra), 1, "{}", told(&seen));
    assert_eq!(of(&seen, Role::Registry), 4 + 2, "{}", told(&seen));
    assert_none_refused(&seen);
}

#[tokio::test]
async fn another_registry_is_asked_once_in_vain_and_gives_one_token() {
    let program = Program::start(LabOptions { auth: Auth::Bearer, ..LabOptions::default() }).await;
    let image = program.image("v1");
    for (line, requests) in [("sign --force-referrers-tag=false", 8), ("verify", 4)] {
        let seen = program.seen(&format!("{line} {image}")).await;
        assert_eq!(at(&seen, "/token"), 1, "{line}:{}", told(&seen));
        let answered = seen.iter().filter(|e| !is_token(e) && e.status != Some(401)).count();
        assert!(answered <= requests, "{line}: {answered} requests:{}", told(&seen));
    }
}

fn is_token(exchange: &Exchange) -> bool {
    exchange.path == "/token"
}

fn of(seen: &[Exchange], role: Role) -> usize {
    seen.iter().filter(|exchange| exchange.role == role).count()
}

fn at(seen: &[Exchange], path: &str) -> usize {
    seen.iter().filter(|exchange| exchange.path == path).count()
}

#[track_caller]
fn assert_none_refused(seen: &[Exchange]) {
    assert!(seen.iter().all(|e| e.status != Some(401)), "no 401 probing:{}", told(seen));
}

fn without_version(id: &str) -> String {
    id.rsplit_once('/').expect("a version").0.to_owned()
}

#[tokio::test]
async fn below_an_index_each_manifest_is_fetched_once() {
    let program = used(Referrers::Api).await;
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let (index, children) =
        program.lab.push_index(program::REPOSITORY, "multi", &platforms).expect("stored");
    let image = format!("{}/{}@{index}", program.lab.registry_host(), program::REPOSITORY);
    for line in ["sign --force-referrers-tag=false", "verify"] {
        let seen = program.seen(&format!("{line} --recursive {image}")).await;
        for digest in children.iter().chain([&index]) {
            let gets = seen
                .iter()
                .filter(|e| e.method == "GET")
                .filter(|e| e.path.ends_with(&format!("/manifests/{digest}")));
            assert_eq!(gets.count(), 1, "{line} {digest}:{}", told(&seen));
        }
        // sign: manifest, upload session, config, blob, signature, and the tag index until the
        // registry has shown that it lists referrers; verify: manifest, listing, signature, envelope
        let budget = if line == "verify" { 4 * 4 } else { 4 * 6 };
        assert!(seen.len() <= budget, "{line}: {} requests:{}", seen.len(), told(&seen));
    }
}
