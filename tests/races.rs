//! Sixteen processes sign one image at once: sixteen entries in its index, every process content.

#[path = "program/mod.rs"]
mod program;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use program::Program;
use sealwright::lab::{Deletes, LabOptions, Referrers};

const SIGNERS: usize = 16;

async fn race(referrers: Referrers, deletes: Deletes) {
    let options = LabOptions { referrers, deletes, ..LabOptions::default() };
    let program = Program::start_now(options).await;
    let image = program.image("v1");
    let line = format!("sign {image}");
    let answers = join_all((0..SIGNERS).map(|_| program.spawn(&line))).await;

    let answers: Vec<_> = answers.into_iter().map(program::Answer::succeeds).collect();
    let reported: BTreeSet<&str> = answers.iter().map(program::Answer::signature).collect();
    assert_eq!(reported.len(), SIGNERS, "signatures reported");
    let indexed = program.indexed(&image).expect("an index");
    assert_eq!(indexed.len(), SIGNERS, "entries in the index");
    let indexed: BTreeSet<&str> = indexed.iter().map(String::as_str).collect();
    assert_eq!(indexed, reported);
    assert_eq!(program.signatures(&image).len(), SIGNERS, "signatures in the registry");
    program.spawn(&format!("verify {image}")).await.succeeds();
}

#[tokio::test]
async fn sixteen_signers_leave_sixteen_entries() {
    race(Referrers::TagSchema, Deletes::Allowed).await;
}

#[tokio::test]
async fn sixteen_signers_leave_sixteen_entries_where_deletes_are_refused() {
    race(Referrers::TagSchema, Deletes::Refused).await;
}

#[tokio::test]
async fn sixteen_signers_leave_sixteen_entries_beside_the_referrers_api() {
    race(Referrers::Api, Deletes::Allowed).await;
}

#[tokio::test]
async fn a_prune_beside_signers_loses_no_signature_of_theirs() {
    let options = LabOptions { referrers: Referrers::TagSchema, ..LabOptions::default() };
    let program = Program::start_now(options).await;
    let image = program.image("v1");
    program.spawn("cert generate-test other").await.succeeds();
    let sign = format!("sign {image}");
    let old = [program.spawn(&sign).await.succeeds(), program.spawn(&sign).await.succeeds()];
    let old: BTreeSet<&str> = old.iter().map(program::Answer::signature).collect();
    assert_eq!(old.len(), 2);

    let others = format!("sign --key other {image}");
    let prune = format!("prune --yes {image}");
    let mut lines = vec![others.as_str(); SIGNERS / 2];
    lines.insert(SIGNERS / 4, &prune);
    let answers = join_all(lines.iter().map(|line| program.spawn(line))).await;
    let answers: Vec<_> = answers.into_iter().map(program::Answer::succeeds).collect();
    let theirs = answers.iter().filter(|answer| answer.line == others);
    let theirs: BTreeSet<&str> = theirs.map(program::Answer::signature).collect();
    assert_eq!(theirs.len(), SIGNERS / 2);
    let indexed = program.indexed(&image).expect("an index");
    let indexed: BTreeSet<&str> = indexed.iter().map(String::as_str).collect();
    assert!(indexed.is_superset(&theirs), "entries in the index");
    let there = program.signatures(&image);
    assert_eq!(there.iter().filter(|digest| old.contains(digest.as_str())).count(), 1);
    assert_eq!(there.len(), SIGNERS / 2 + 1, "signatures in the registry");
}
