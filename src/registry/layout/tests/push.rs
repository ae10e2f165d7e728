//! A signature that is pushed is there afterwards, and everything else still is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::made::*;
use crate::clock::ManualClock;
use crate::crypto::Digest;
use crate::envelope::{Format, TargetArtifact};
use crate::fault::BoxFault;
use crate::registry::*;

async fn push(made: &Made, layout: &Layout, envelope: &[u8]) -> Result<Pushed, BoxFault> {
    let subject = TargetArtifact {
        media_type: MANIFEST.into(),
        digest: made.image_digest(),
        size: made.image["size"].as_u64().unwrap(),
        annotations: BTreeMap::new(),
    };
    let created = "org.opencontainers.image.created".to_owned();
    let annotations = BTreeMap::from([(created, "2026-11-22T12:00:00Z".to_owned())]);
    let (mode, format) = (ReferrersMode::ForceTag, Format::Cose);
    layout
        .push_signature(SignaturePush { subject: &subject, format, envelope, annotations, mode })
        .await
}

fn index_of(made: &Made) -> String {
    std::fs::read_to_string(made.path("index.json")).unwrap()
}

#[tokio::test]
async fn the_entry_is_notations_and_no_other_byte_of_the_index_changes() {
    let made = Made::new();
    let image = made.tagged("v1", &made.image);
    let written = format!(
        "{{\n  \"future\": {{ \"x\": [1e400] }},\n  \"manifests\": [\n    {image}\n  ],\n  \"annotations\": {{}}\n}}\n"
    );
    // 1e400 is no number of JSON's readers; what is unknown is kept all the same
    let written = written.replace("1e400", "18446744073709551616");
    made.write("index.json", &written);
    let pushed = push(&made, &made.open().unwrap(), b"envelope").await.unwrap();
    let digest = &pushed.manifest_digest;
    let manifest = std::fs::read(made.path(&format!("blobs/sha256/{}", digest.hex()))).unwrap();
    assert_eq!(Digest::sha256(&manifest), *digest);
    let entry = format!(
        r#"{{"mediaType":"{MANIFEST}","digest":"{digest}","size":{},"annotations":{{"org.opencontainers.image.created":"2026-11-22T12:00:00Z"}}}}"#,
        manifest.len()
    );
    let expected = written.replace("\n  ],\n  \"ann", &format!(",{entry}\n  ],\n  \"ann"));
    assert_eq!(index_of(&made), expected);
    assert_eq!(made.listed().await, [digest.to_string()]);
    assert!(pushed.warnings.is_empty());
    for (blob, content) in
        [(Digest::sha256(b"{}"), "{}"), (Digest::sha256(b"envelope"), "envelope")]
    {
        let path = made.path(&format!("blobs/sha256/{}", blob.hex()));
        assert_eq!(std::fs::read_to_string(path).unwrap(), content);
    }
    let names = std::fs::read_dir(made.path("blobs/sha256")).unwrap().count();
    assert_eq!(names, 4, "the image, the config, the envelope, the manifest");
    assert_eq!(std::fs::read_dir(made.path("")).unwrap().count(), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_are_kept_and_blobs_are_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let made = Made::new();
    for kept in [0o640, 0o664, 0o600] {
        let index = made.path("index.json");
        std::fs::set_permissions(&index, PermissionsExt::from_mode(kept)).unwrap();
        let envelope = kept.to_string();
        let pushed = push(&made, &made.open().unwrap(), envelope.as_bytes()).await.unwrap();
        assert_eq!(mode(&index), kept);
        for digest in [&pushed.manifest_digest, &Digest::sha256(envelope.as_bytes())] {
            assert_eq!(mode(&made.path(&format!("blobs/sha256/{}", digest.hex()))), 0o444);
        }
    }
}

#[tokio::test]
async fn the_same_signature_twice_is_one_entry() {
    let made = Made::new();
    let layout = made.open().unwrap();
    let first = push(&made, &layout, b"envelope").await.unwrap();
    let index = index_of(&made);
    let again = push(&made, &layout, b"envelope").await.unwrap();
    assert_eq!(first.manifest_digest, again.manifest_digest);
    assert_eq!(index_of(&made), index);
}

#[tokio::test]
async fn folders_that_are_missing_are_made() {
    let made = Made::new();
    std::fs::remove_dir_all(made.path("blobs")).unwrap();
    let layout = made.open().unwrap();
    let pushed = push(&made, &layout, b"envelope").await.unwrap();
    assert_eq!(made.listed().await, [pushed.manifest_digest.to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_signers_at_once_leave_sixteen_entries() {
    let made = Arc::new(Made::new());
    let signers: Vec<_> = (0..16u8)
        .map(|number| {
            let made = made.clone();
            tokio::spawn(async move {
                let layout = made.open().unwrap();
                push(&made, &layout, &[number]).await.unwrap().manifest_digest.to_string()
            })
        })
        .collect();
    let mut pushed = BTreeSet::new();
    for signer in signers {
        pushed.insert(signer.await.unwrap());
    }
    assert_eq!(pushed.len(), 16);
    assert_eq!(made.listed().await.into_iter().collect::<BTreeSet<_>>(), pushed);
    assert_eq!(made.resolve(":v1").await.unwrap().digest, made.image_digest());
}

#[tokio::test]
async fn a_blob_that_is_there_is_held_against_what_it_should_be() {
    let made = Made::new();
    let config = format!("blobs/sha256/{}", Digest::sha256(b"{}").hex());
    made.write(&config, "[]");
    let layout = made.open().unwrap();
    let index = index_of(&made);
    assert_eq!(code(push(&made, &layout, b"envelope").await), "registry-digest-mismatch");
    assert_eq!(index_of(&made), index, "nothing is listed that is not whole");
    made.write(&config, "{}");
    assert_eq!(code(push(&made, &layout, b"envelope").await), "none");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    for part in ["index.json".to_owned(), format!("blobs/sha256/{}", Digest::sha256(b"e").hex())] {
        let made = Made::new();
        let layout = made.open().unwrap();
        std::fs::copy(made.path("index.json"), &target).unwrap();
        let before = std::fs::read(&target).unwrap();
        let _ = std::fs::remove_file(made.path(&part));
        symlink(&target, made.path(&part)).unwrap();
        assert_eq!(code(push(&made, &layout, b"e").await), "registry-layout-link", "{part}");
        assert_eq!(std::fs::read(&target).unwrap(), before);
    }
    let made = Made::new();
    let layout = made.open().unwrap();
    std::fs::remove_dir_all(made.path("blobs/sha256")).unwrap();
    symlink(elsewhere.path(), made.path("blobs/sha256")).unwrap();
    assert_eq!(code(push(&made, &layout, b"e").await), "registry-layout-link");
    assert_eq!(code(layout.check_push().await), "registry-layout-link");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_is_an_error() {
    let made = Made::new();
    let clock = Arc::new(ManualClock::at(time::macros::datetime!(2026-11-22 12:00 UTC)));
    let layout = Layout::open(&made.text(), clock).unwrap();
    let other = made.open().unwrap();
    let held = other.store.root.try_lock().unwrap().expect("free");
    let refused = push(&made, &layout, b"envelope").await.unwrap_err();
    assert_eq!(refused.code(), "registry-layout-contended");
    assert!(refused.hint().is_some());
    drop(held);
    assert_eq!(code(push(&made, &layout, b"envelope").await), "none");
}

#[tokio::test]
async fn an_index_that_would_be_too_large_is_left_alone() {
    let made = Made::new();
    let mut index = index_of(&made);
    index.insert_str(1, &" ".repeat(4 * 1024 * 1024 - 300));
    made.write("index.json", &index);
    let layout = made.open().unwrap();
    assert_eq!(code(push(&made, &layout, b"envelope").await), "registry-layout-too-large");
    assert_eq!(index_of(&made), index);
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_behind() {
    let made = Made::new();
    let layout = made.open().unwrap();
    assert_eq!(layout.check_push().await.unwrap(), PushPermission::Tried);
    assert_eq!(std::fs::read_dir(made.path("")).unwrap().count(), 3);
    assert_eq!(std::fs::read_dir(made.path("blobs/sha256")).unwrap().count(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_takes_no_files_is_an_error_that_names_it() {
    use std::os::unix::fs::PermissionsExt;
    let made = Made::new();
    let folder = made.path("blobs/sha256");
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o555)).unwrap();
    let as_root = std::fs::File::create(folder.join("x")).is_ok();
    if !as_root {
        let layout = made.open().unwrap();
        for refused in [push(&made, &layout, b"e").await.err(), layout.check_push().await.err()] {
            let fault = refused.expect("refused");
            assert_eq!(fault.code(), "registry-layout-file");
            assert!(fault.to_string().starts_with("create "), "{fault}");
            assert!(fault.to_string().ends_with(": permission denied"), "{fault}");
        }
    }
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
}
