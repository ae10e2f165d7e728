//! A layout somebody else made: nothing in it leads out of it, holds the program up or fills its memory.

use serde_json::{Value, json};

use super::made::*;
use crate::fault::Fault as _;
use crate::registry::*;

#[tokio::test]
async fn bytes_that_are_not_what_they_should_be_are_refused() {
    let made = Made::new();
    let path = made.blob(&made.image);
    let bytes = std::fs::read(&path).unwrap();
    let mut other = bytes.clone();
    other[0] = b'[';
    std::fs::write(&path, &other).unwrap();
    for version in [":v1".to_owned(), format!("@{}", made.image_digest())] {
        assert_eq!(code(made.resolve(&version).await), "registry-digest-mismatch");
    }
    assert_eq!(code(made.list().await), "registry-digest-mismatch");
    for length in [0, bytes.len() - 1, bytes.len() + 1, bytes.len() + 1_000_000_000] {
        std::fs::File::options().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        let fault = made.resolve(":v1").await.unwrap_err();
        assert_eq!(fault.code(), "registry-size-mismatch");
        let said = format!("{} bytes were expected, {length} are there", bytes.len());
        assert!(fault.to_string().ends_with(&said), "{fault}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code(made.resolve(":v1").await), "registry-layout-missing");
}

#[tokio::test]
async fn a_manifest_is_of_the_type_the_index_states() {
    let made = Made::new();
    let mut lied = made.tagged("v1", &made.image);
    lied["mediaType"] = INDEX.into();
    made.index(&[lied.clone()]);
    assert_eq!(code(made.resolve(":v1").await), "registry-layout-content");
    lied["mediaType"] = "application/octet-stream".into();
    made.index(&[lied]);
    let fault = made.resolve(":v1").await.unwrap_err();
    assert_eq!(fault.code(), "registry-layout-content");
    assert!(fault.to_string().ends_with(r#""v1" is "application/octet-stream""#), "{fault}");
    // an unlisted type is not looked into
    assert_eq!(code(made.list().await), "none");
}

#[tokio::test]
async fn descriptors_that_lead_elsewhere_are_refused() {
    type Change = fn(&mut Value);
    let changes: [Change; 10] = [
        |e| e["digest"] = "sha256:../../../../etc/passwd".into(),
        |e| e["digest"] = "sha256:/etc/passwd".into(),
        |e| e["digest"] = "../sha256:x".into(),
        |e| e["digest"] = e["digest"].as_str().unwrap().to_uppercase().into(),
        |e| e["digest"] = e["digest"].as_str().unwrap()[..70].into(),
        |e| e["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e".into(),
        |e| e["digest"] = "".into(),
        |e| e["size"] = (-1).into(),
        |e| e["size"] = (4 * 1024 * 1024 + 1).into(),
        |e| e["size"] = (1i64 << 62).into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let made = Made::new();
        let mut entry = made.tagged("v1", &made.image);
        change(&mut entry);
        made.index(&[entry]);
        assert_eq!(code(made.resolve(":v1").await), "registry-layout-content", "change {at}");
        assert_eq!(code(made.list().await), "registry-layout-content", "change {at}");
    }
    // a blob in the folder of another algorithm
    let made = Made::new();
    std::fs::rename(made.path("blobs/sha256"), made.path("blobs/sha512")).unwrap();
    assert_eq!(code(made.resolve(":v1").await), "registry-layout-missing");
}

#[tokio::test]
async fn an_index_is_bounded_before_it_is_read() {
    let made = Made::new();
    let index = std::fs::File::options().write(true).open(made.path("index.json")).unwrap();
    index.set_len(1 << 30).unwrap();
    let error = made.open().err().expect("refused");
    assert_eq!(error.code(), "registry-layout-too-large");
    assert!(error.to_string().contains("is 1073741824 bytes long"), "{error}");

    let entries = vec!["{}"; 1_000_000].join(",");
    made.write("index.json", format!(r#"{{"manifests":[{entries}]}}"#));
    let error = made.open().err().expect("refused");
    assert_eq!(error.code(), "registry-layout-content");
    assert!(error.to_string().contains("at most 50000 entries"), "{error}");

    for text in ["", "[]", "\u{0}", r#"{"manifests":{}}"#, r#"{"manifests":[],"manifests":[]}"#] {
        made.write("index.json", text);
        let error = made.open().err().expect("refused");
        assert_eq!(error.code(), "registry-layout-content", "{text}");
        assert!(
            error.to_string().starts_with("failed to create OCI store: invalid OCI Image Index: ")
        );
    }
    made.write("oci-layout", vec![b' '; 5000]);
    assert_eq!(made.open().err().expect("refused").code(), "registry-layout-too-large");
}

#[tokio::test]
async fn there_is_an_end_to_manifests() {
    let made = Made::new();
    let absent = |number: usize, size: u64| json!({ "mediaType": MANIFEST, "digest": format!("sha256:{number:064x}"), "size": size });
    let many: Vec<Value> = (0..20_001).map(|number| absent(number, 7)).collect();
    made.index(&many);
    let fault = made.list().await.unwrap_err();
    assert_eq!(fault.code(), "registry-layout-too-large");
    assert!(fault.to_string().ends_with("more than 20000 manifests than are looked at"), "{fault}");

    let large: Vec<Value> = (0..65).map(|number| absent(number, 4 * 1024 * 1024)).collect();
    made.index(&large);
    assert_eq!(code(made.list().await), "registry-layout-too-large");
}

#[tokio::test]
async fn indexes_that_list_each_other_end() {
    let made = Made::new();
    // one of the two can have its digest; the other's bytes do not fit
    let zero = format!("sha256:{}", "0".repeat(64));
    let lists_zero = json!({ "mediaType": INDEX, "manifests": [{ "mediaType": INDEX, "digest": zero, "size": 400 }] });
    let first = made.put(INDEX, &lists_zero);
    let back = json!({ "mediaType": INDEX, "manifests": [first] }).to_string();
    made.write(&format!("blobs/sha256/{}", "0".repeat(64)), format!("{back:<400}"));
    made.index(&[made.tagged("v1", &made.image), first.clone(), first]);
    assert_eq!(code(made.list().await), "registry-digest-mismatch");
    assert_eq!(code(made.resolve(":v1").await), "none");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_in_a_layout_is_a_link() {
    use std::os::unix::fs::symlink;
    for part in ["oci-layout", "index.json", "blobs", "blobs/sha256"] {
        let made = Made::new();
        let (there, elsewhere) = (made.path(part), tempfile::tempdir().unwrap());
        let moved = elsewhere.path().join("moved");
        std::fs::rename(&there, &moved).unwrap();
        symlink(&moved, &there).unwrap();
        let fault = made.resolve(":v1").await.unwrap_err();
        assert_eq!(fault.code(), "registry-layout-link", "{part}");
        assert!(fault.to_string().contains(&format!("{} is a symbolic link", there.display())));
    }
    let made = Made::new();
    let blob = made.blob(&made.image);
    let moved = made.path("moved");
    std::fs::rename(&blob, &moved).unwrap();
    symlink(&moved, &blob).unwrap();
    assert_eq!(code(made.resolve(":v1").await), "registry-layout-link");
    assert_eq!(code(made.list().await), "registry-layout-link");
    // one that leads nowhere, and one that leads to itself
    for target in ["/nowhere/at/all".into(), blob.clone()] {
        std::fs::remove_file(&blob).unwrap();
        symlink(target, &blob).unwrap();
        assert_eq!(code(made.resolve(":v1").await), "registry-layout-link");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_the_user_names_may_be_a_link() {
    let made = Made::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(made.path(""), &link).unwrap();
    let layout = Layout::open(
        &link.display().to_string(),
        std::sync::Arc::new(crate::clock::SystemClock::new()),
    );
    let reference = Reference::in_layout(&format!("{}:v1", link.display()), None).unwrap();
    assert!(layout.unwrap().resolve(&reference).await.is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn folders_and_sockets_are_no_files_and_files_are_no_folders() {
    for part in ["oci-layout", "index.json"] {
        let made = Made::new();
        std::fs::remove_file(made.path(part)).unwrap();
        std::fs::create_dir(made.path(part)).unwrap();
        let error = made.open().err().expect("refused");
        assert_eq!(error.code(), "registry-layout-file-kind", "{part}");
        assert!(error.to_string().ends_with("is not a regular file"), "{error}");
    }
    for part in ["blobs", "blobs/sha256"] {
        let made = Made::new();
        std::fs::remove_dir_all(made.path(part)).unwrap();
        made.write(part, "x");
        let fault = made.resolve(":v1").await.unwrap_err();
        assert_eq!(fault.code(), "registry-layout-file-kind", "{part}");
        assert!(fault.to_string().ends_with("is not a folder"), "{fault}");
    }
    let made = Made::new();
    std::fs::remove_file(made.path("index.json")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(made.path("index.json")).unwrap();
    assert_eq!(made.open().err().expect("refused").code(), "registry-layout-file-kind");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pipe_nobody_writes_to_does_not_hold_it_up() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let made = Made::new();
    let pipe = |path: &std::path::Path| {
        std::fs::remove_file(path).unwrap();
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    };
    pipe(&made.blob(&made.image));
    assert_eq!(code(made.resolve(":v1").await), "registry-layout-file-kind");
    assert_eq!(code(made.list().await), "registry-layout-file-kind");
    pipe(&made.path("index.json"));
    assert_eq!(made.open().err().expect("refused").code(), "registry-layout-file-kind");
}
