//! Timestamps of the lab's authority, taken by both sides.

use sealwright::lab::{Lab, LabOptions, Stamp};

use crate::cell::{Bench, Cell, Check as _};
use crate::matrix;
use crate::world::World;

/// What one side signs with a timestamp the other verifies by a policy that asks for it always; without
/// one neither does. Before a certificate's end `afterCertExpiry` asks for none.
pub fn mean_the_same_on_both_sides(title: &str, world: &World, cells: &[Cell]) {
    let lab = Lab::start_apart(LabOptions::default()).expect("the lab starts");
    let root = world.trust_timestamps(&lab.timestamp_root_pem(), "always").expect("written");
    let url = lab.timestamp_url(Stamp::Good);
    let ours = ["--timestamp-url", &url, "--timestamp-root-cert", &root].map(str::to_owned);
    let theirs = [format!("--timestamp-url={url}"), format!("--timestamp-root={root}")];
    matrix::run_some(title, world, cells, |cell, image| {
        neither_takes(cell, image)?;
        cell.sign(image, &ours)?;
        cell.peer_verify(image, &[])?;
        cell.verify(image, &[])?.succeeds()?;
        let other = world.image(cell.registry, &cell.repository("peer"))?;
        cell.peer_sign(&other, &theirs)?;
        cell.verify(&other, &[])?.succeeds()?;
        cell.peer_verify(&other, &[])?;
        Ok(())
    });
    world.trust_timestamps(&lab.timestamp_root_pem(), "afterCertExpiry").expect("written");
    matrix::run_some(title, world, &cells[..1], |cell, _| {
        let image = world.image(cell.registry, &cell.repository("later"))?;
        cell.sign(&image, &[])?;
        cell.peer_verify(&image, &[])?;
        cell.verify(&image, &[])?.succeeds()?;
        Ok(())
    });
}

fn neither_takes(cell: &Bench<'_>, image: &str) -> Result<(), String> {
    let words = "no timestamp countersignature was found in the signature envelope";
    cell.sign(image, &[])?;
    cell.verify(image, &[])?.fails_saying(&[
        &format!(
            "Error: signature verification failed for all the signatures associated with {image}\n"
        ),
        words,
    ])?;
    let peer = cell.peer_verify(image, &[]).err().unwrap_or_default();
    peer.contains("failed").or(|| format!("the peer takes it: {peer}"))
}
