//! A cache of CRLs that fails costs a warning, never the verdict.

use std::path::Path;

use sealwright::lab::{LabOptions, Revocation, Telling};

use crate::World;
use crate::program::{Answer, Program};

const DISCARDED: &str = "Warning: CRL cache error discarded. Enable debug log through '-d' for error \
                         details.\n";

/// At this machine's time, for processes; OCSP tells nothing, so that CRLs are wanted.
async fn world() -> World {
    let program = Program::start_now(LabOptions::default()).await;
    let world = World::unsigned(program, Revocation::of_the_lab());
    world.program.spawn(&format!("sign {}", world.image)).await.succeeds();
    world.lab().tell(Telling::Unknown);
    world
}

async fn verify(world: &World, flags: &str) -> Answer {
    world.program.spawn(&format!("verify {flags} {}", world.image)).await
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_is_a_warning() {
    let mut world = World::start().await;
    world.lab().tell(Telling::Unknown);
    let file = world.program.write("full", "");
    world.program.set("NOTATION_CACHE", &file.display().to_string());
    let answer = world.verify("").await.succeeds();
    let warning = "Warning: failed to create crl file cache: mkdir ";
    assert!(answer.stderr.contains(warning), "{}", answer.stderr);
}

#[tokio::test]
async fn a_file_that_cannot_be_replaced_is_a_warning() {
    let mut world = world().await;
    let kept = world.program.path("kept");
    world.program.set("NOTATION_CACHE", &kept.display().to_string());
    verify(&world, "").await.succeeds();
    let crl = kept.join("crl");
    let names: Vec<_> =
        std::fs::read_dir(&crl).expect("kept").map(|e| e.expect("a file")).collect();
    assert_eq!(names.len(), 2);
    for file in names {
        std::fs::remove_file(file.path()).expect("removed");
        std::fs::create_dir_all(file.path().join("in the way")).expect("made");
    }
    let answer = verify(&world, "").await.succeeds();
    assert_eq!(answer.stderr.matches(DISCARDED).count(), 1, "{}", answer.stderr);
    assert_eq!(files(&crl), 2, "nothing is left beside");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_takes_no_byte_is_a_warning() {
    let mut world = world().await;
    let full = world.program.path("full");
    world.program.set("NOTATION_CACHE", &full.display().to_string());
    // no file may grow, and the signal about it (SIGXFSZ) is ignored: each write fails
    let limited = "trap '' 25; ulimit -f 0; exec \"$@\"";
    let output = world
        .program
        .process("/bin/sh".as_ref())
        .args(["-c", limited, "sh", env!("CARGO_BIN_EXE_sealwright"), "verify", &world.image])
        .output()
        .await
        .expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.matches(DISCARDED).count(), 1, "{stderr}");
    assert!(full.join("crl").is_dir());
    assert_eq!(files(&full.join("crl")), 0, "nothing half is left");
}

#[cfg(unix)]
#[tokio::test]
async fn the_cache_may_be_on_another_mount_than_temporary_files() {
    let mut world = world().await;
    world.program.set("TMPDIR", "/nonexistent");
    let shared = Path::new("/dev/shm");
    let beside = if shared.is_dir() { shared.to_owned() } else { world.program.path(".") };
    let folder = tempfile::tempdir_in(beside).expect("a folder");
    world.program.set("NOTATION_CACHE", &folder.path().display().to_string());
    let answer = verify(&world, "").await.succeeds();
    assert!(!answer.stderr.contains("cache"), "{}", answer.stderr);
    verify(&world, "--revocation offline").await.succeeds();
}
