//! Round trips: the longest sequence of requests in which each waits for the answer before it.

#[path = "program/mod.rs"]
mod program;

use std::collections::BTreeMap;

use program::{Program, REPOSITORY, digest_of, told};
use sealwright::lab::{Auth, Exchange, LabOptions, Referrers, Role};

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

fn registry(exchange: &Exchange) -> bool {
    exchange.role == Role::Registry
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
