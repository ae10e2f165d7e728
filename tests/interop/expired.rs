//! Chains that have long expired, signed with while they were valid. Nobody waits and no date of today
//! matters: the chains are of 2020, and so are the clocks of who signs and of who stamps.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sealwright::clock::ManualClock;
use sealwright::lab::{Lab, LabOptions, Stamp};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::cell::{Bench, Cell, Check as _, Format, Registry};
use crate::matrix;
use crate::program::hurried;
use crate::world::World;

const FROM: &str = "2020-01-01T00:00:00Z";
const TO: &str = "2021-01-01T00:00:00Z";
/// While the chains were valid.
const THEN: OffsetDateTime = datetime!(2020-06-15 12:00 UTC);
const THEN_TEXT: &str = "2020-06-15T12:00:00Z";
/// From `THEN` until the chains have expired.
const LATER: Duration = Duration::from_secs(365 * 24 * 3600);
/// An elliptic curve, and RSA whose issuers sign with RSASSA-PSS.
const CHAINS: [(&str, u8); 2] = [("p256", 2), ("rsa2048", 3)];
const MISSING: &str = "no timestamp countersignature was found in the signature envelope";

/// Under both rules of `verifyTimestamp` each side takes the other's timestamped signature and refuses
/// the one without; a timestamp from after the chain's end helps nobody.
pub fn outlived_by_a_timestamp(title: &str, world: &World) {
    let clock = Arc::new(ManualClock::at(THEN));
    let timestamp_validity = time::Duration::days(36_500);
    let options = LabOptions { clock: clock.clone(), timestamp_validity, ..LabOptions::default() };
    let lab = Lab::start_apart(options).expect("the lab starts");
    let chains = world.chains_of_the_past(FROM, TO, &CHAINS).expect("written");
    let trust = |rule| world.trust_timestamps(&lab.timestamp_root_pem(), rule).expect("written");
    let past = Past { chains, url: lab.timestamp_url(Stamp::Good), root: trust("always") };
    for rule in ["afterCertExpiry", "always"] {
        trust(rule);
        matrix::run_some(&format!("{title}, {rule}"), world, &cells(), |cell, image| {
            let other = |purpose| world.image(cell.registry, &cell.repository(purpose));
            past.sign(cell, image, Timestamped::Yes)?;
            both_verify(cell, image)?;
            let theirs = other("peer")?;
            past.peer_sign(cell, &theirs, Timestamped::Yes)?;
            both_verify(cell, &theirs)?;
            let bare = other("bare")?;
            past.sign(cell, &bare, Timestamped::No)?;
            both_refuse(cell, &bare, MISSING)?;
            let bare = other("peer-bare")?;
            past.peer_sign(cell, &bare, Timestamped::No)?;
            both_refuse(cell, &bare, MISSING)
        });
    }
    clock.advance(LATER);
    matrix::run_some(&format!("{title}, stamped too late"), world, &cells(), |cell, image| {
        past.peer_sign(cell, image, Timestamped::Yes)?;
        both_refuse(cell, image, "it was expired at \"Fri, 01 Jan 2021 00:00:00 +0000\"")
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Timestamped {
    Yes,
    No,
}

/// What is signed with in 2020.
struct Past {
    chains: PathBuf,
    url: String,
    /// Path of the authority's root.
    root: String,
}

impl Past {
    fn sign(&self, cell: &Bench<'_>, image: &str, stamped: Timestamped) -> Result<(), String> {
        let key = cell.chain();
        let mut arguments = ["sign", "--signature-format", cell.format.name(), "--key", &key]
            .map(str::to_owned)
            .to_vec();
        arguments.push("--force-referrers-tag=false".to_owned());
        if stamped == Timestamped::Yes {
            arguments.push(format!("--timestamp-url={}", self.url));
            arguments.push(format!("--timestamp-root-cert={}", self.root));
        }
        arguments.push(image.to_owned());
        cell.world.sealwright_at(hurried(THEN), &arguments).map(drop)
    }

    fn peer_sign(&self, cell: &Bench<'_>, image: &str, stamped: Timestamped) -> Result<(), String> {
        let chain = self.chains.join(cell.chain());
        let mut arguments = vec![
            "sign".to_owned(),
            format!("--ref={image}"),
            format!("--format={}", cell.format.name()),
            format!("--key={}", chain.join("key.pem").display()),
            format!("--certs={}", chain.join("chain.pem").display()),
            format!("--at={THEN_TEXT}"),
            "--force-referrers-tag=false".to_owned(),
        ];
        if stamped == Timestamped::Yes {
            arguments.push(format!("--timestamp-url={}", self.url));
            arguments.push(format!("--timestamp-root={}", self.root));
        }
        cell.peer(&arguments).map(drop)
    }
}

fn both_verify(cell: &Bench<'_>, image: &str) -> Result<(), String> {
    cell.peer_verify(image, &[])?;
    cell.verify(image, &[])?.succeeds().map(drop)
}

fn both_refuse(cell: &Bench<'_>, image: &str, reason: &str) -> Result<(), String> {
    let ours = format!(
        "Error: signature verification failed for all the signatures associated with {image}\n"
    );
    cell.verify(image, &[])?.fails_saying(&[&ours, reason])?;
    let peer = cell.peer_verify(image, &[]).err().unwrap_or_default();
    let reason = reason.replace('"', "\\\"");
    peer.contains(&reason).or(|| format!("the peer says: {peer}"))
}

fn cells() -> Vec<Cell> {
    let formats = Format::ALL.iter();
    formats
        .flat_map(|format| {
            CHAINS.map(|(suite, length)| Cell::new(*format, suite, length, Registry::ReferrersApi))
        })
        .collect()
}
