//! What sealwright signs, notation-go verifies, and the other way round, on registries others wrote.
//!
//! Needs `target/peers/peer`, which `tests/peers/build` makes with Go. Without it each test says
//! what it skipped; with `CI=true` a skip is a failure.

#[path = "interop/blob.rs"]
mod blob;
#[path = "interop/cell.rs"]
mod cell;
#[path = "interop/crl_cache.rs"]
mod crl_cache;
#[path = "interop/expect.rs"]
mod expect;
#[path = "interop/expired.rs"]
mod expired;
#[path = "interop/layout.rs"]
mod layout;
#[path = "interop/matrix.rs"]
mod matrix;
#[path = "interop/peer.rs"]
mod peer;
#[path = "interop/plugin.rs"]
mod plugin;
#[path = "program/mod.rs"]
mod program;
#[path = "interop/served.rs"]
mod served;
#[path = "plugin/tester.rs"]
mod tester;
#[path = "interop/timestamp.rs"]
mod timestamp;
#[path = "interop/verify_plugin.rs"]
mod verify_plugin;
#[path = "interop/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use cell::{Cell, Check, Format, Registry};
use world::World;

/// `<>&` are escaped in Go's JSON, U+2028 as well; the rest is not ASCII or has its own meaning.
const METADATA: [(&str, &str); 5] = [
    ("markup", "<b>&amp;</b>"),
    ("ünïcode", "日本語 – é 🖋"),
    ("quoted", "a\"b\\c"),
    ("equation", "a=b=c"),
    ("separator", "one\u{2028}two"),
];

const SIGNERS: usize = 16;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn the_peer_verifies_what_the_peer_signs() {
    let title = "peer signs, peer verifies";
    let Some(world) = World::open(title) else { return };
    matrix::run(title, &world, |cell, image| {
        let signed = cell.peer_sign(image, &[])?;
        let verified = cell.peer_verify(image, &[])?;
        expect::facts(cell, &verified)?;
        expect::storage(cell, image, &verified, &signed)
    });
}

#[test]
fn the_peer_verifies_what_sealwright_signs() {
    let title = "sealwright signs, peer verifies";
    let Some(world) = World::open(title) else { return };
    matrix::run(title, &world, |cell, image| {
        let signed = cell.sign(image, &[])?;
        let verified = cell.peer_verify(image, &[])?;
        expect::facts(cell, &verified)?;
        expect::storage(cell, image, &verified, &signed)
    });
}

#[test]
fn sealwright_verifies_what_the_peer_signs() {
    let title = "peer signs, sealwright verifies";
    let Some(world) = World::open(title) else { return };
    matrix::run(title, &world, |cell, image| {
        let signature = cell.peer_sign(image, &[])?;
        cell.verify(image, &[])?
            .succeeds()?
            .prints(&format!("Successfully verified signature for {image}\n"))?;
        cell.list(image)?.succeeds()?.prints(&format!(
            "{image}\n└── application/vnd.cncf.notary.signature\n    └── {signature}\n"
        ))
    });
}

#[test]
fn user_metadata_is_the_same_bytes_on_both_sides() {
    let title = "user metadata, both ways";
    let Some(world) = World::open(title) else { return };
    matrix::run_some(title, &world, &few(), |cell, image| {
        let metadata: Vec<String> = METADATA.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let flags = |name: &str| -> Vec<String> {
            metadata.iter().flat_map(|pair| [name.to_owned(), pair.clone()]).collect()
        };
        cell.sign(image, &flags("--user-metadata"))?;
        let ours = cell.peer_verify(image, &flags("--metadata"))?;
        cell.verify(image, &flags("--user-metadata"))?.succeeds()?;

        let theirs = world.image(cell.registry, &cell.repository("peer"))?;
        cell.peer_sign(&theirs, &flags("--metadata"))?;
        let verified = cell.peer_verify(&theirs, &[])?;
        let answer = cell.verify(&theirs, &flags("--user-metadata"))?.succeeds()?;
        for (key, value) in METADATA.iter().filter(|(key, _)| *key != "separator") {
            let row = |line: &str| line.starts_with(key) && line.contains(value);
            answer.stdout.lines().any(row).or(|| format!("no row {key} {value}: {answer}"))?;
        }
        cell.verify(&theirs, &["-m".into(), "markup=other".into()])?.fails_saying(&[&format!(
            "Error: signature verification failed for all the signatures associated with {theirs}\n"
        )])?;

        expect::same_payload_but_for_the_image(&ours, &verified)
    });
}

#[test]
fn one_pair_of_user_metadata_prints_notations_table() {
    let title = "user metadata, the table";
    let Some(world) = World::open(title) else { return };
    matrix::run_some(title, &world, &few()[..1], |cell, image| {
        cell.peer_sign(image, &["--metadata".into(), "build=42".into()])?;
        cell.verify(image, &[])?.succeeds()?.prints(&format!(
            "Successfully verified signature for {image}\n\n\
             The artifact was signed with the following user metadata.\n\n\
             KEY     VALUE   \nbuild   42      \n"
        ))
    });
}

#[test]
fn expiry_means_the_same_on_both_sides() {
    let title = "expiry, both ways";
    let Some(world) = World::open(title) else { return };
    matrix::run_some(title, &world, &few(), |cell, image| {
        // Expired an hour ago: refused, with the reason below notation's own line.
        let past = ["--backdate", "2h", "--expiry", "1h"].map(String::from);
        cell.peer_sign(image, &past)?;
        cell.verify(image, &[])?.fails_saying(&[
            &format!("Error: signature verification failed for all the signatures associated with {image}\n"),
            "expired",
        ])?;
        // A good one beside it: verified.
        cell.sign(image, &["--expiry".into(), "24h".into()])?;
        cell.verify(image, &[])?.succeeds()?;

        let theirs = world.image(cell.registry, &cell.repository("peer"))?;
        cell.sign(&theirs, &["--expiry".into(), "24h".into()])?;
        expect::lifetime(&cell.peer_verify(&theirs, &[])?, DAY)?;
        cell.peer_sign(&theirs, &["--expiry".into(), "1h30m".into()])?;
        cell.verify(&theirs, &[])?.succeeds()?;
        Ok(())
    });
}

#[test]
fn timestamps_mean_the_same_on_both_sides() {
    let title = "timestamps, both ways";
    let Some(world) = World::open(title) else { return };
    timestamp::mean_the_same_on_both_sides(title, &world, &few());
}

#[test]
fn a_timestamp_outlives_an_expired_chain_on_both_sides() {
    let title = "expired chains, both ways";
    let Some(world) = World::open(title) else { return };
    expired::outlived_by_a_timestamp(title, &world);
}

#[test]
fn image_layouts_mean_the_same_on_both_sides() {
    let title = "image layouts, both ways";
    let Some(world) = World::open(title) else { return };
    layout::mean_the_same_on_both_sides(title, &world, &few());
}

#[test]
fn an_index_signed_in_a_layout_is_signed_in_the_registry_it_is_pushed_to() {
    let title = "an index signed in a layout";
    let Some(world) = World::open(title) else { return };
    layout::signed_before_the_push(title, &world, &few());
}

#[test]
fn sixteen_signers_at_once_leave_sixteen_signatures() {
    let title = "sixteen signers at once";
    let Some(world) = World::open(title) else { return };
    let cell = Cell::new(Format::Cose, "p256", 2, Registry::TagSchema);
    matrix::run_some(title, &world, &[cell], |cell, image| {
        let signed: Result<BTreeSet<String>, String> = std::thread::scope(|scope| {
            let signers: Vec<_> =
                (0..SIGNERS).map(|_| scope.spawn(|| cell.sign(image, &[]))).collect();
            signers.into_iter().map(|signer| signer.join().expect("no check panics")).collect()
        });
        let listing = cell.peer_list(image)?;
        let signatures = listing["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let listed: BTreeSet<String> = signatures
            .iter()
            .filter_map(|signature| signature["digest"].as_str().map(str::to_owned))
            .collect();
        let signed = signed?;
        expect::equal("signatures reported", &signed.len(), &SIGNERS)?;
        expect::equal("entries in the index", &signatures.len(), &SIGNERS)?;
        expect::equal("signatures in the index", &listed, &signed)
    });
}

/// Each format on each registry, one suite.
fn few() -> Vec<Cell> {
    let mut cells = Vec::new();
    for format in Format::ALL {
        for registry in Registry::ALL {
            cells.push(Cell::new(*format, "p256", 2, *registry));
        }
    }
    cells
}
