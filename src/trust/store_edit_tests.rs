//! The trust store as the `cert` commands change it.

use super::*;
use crate::fault::Fault as _;
use crate::trust::store::tests::Home;
use crate::x509::testing::{Draft, Key};

const CA: StoreType = StoreType::Ca;

fn certificate() -> Vec<u8> {
    Draft::ca("root").self_signed(&Key::new()).der().to_vec()
}

/// A certificate file outside the store.
fn source(home: &Home, name: &str, bytes: &[u8]) -> PathBuf {
    let path = home.path(name);
    fs::write(&path, bytes).expect("written");
    path
}

fn listed(home: &Home, kind: Option<StoreType>, store: Option<&str>) -> Vec<String> {
    let files = home.dir().list(kind, store).expect("listed");
    files.iter().map(|f| format!("{} {} {}", f.kind.name(), f.store, f.file)).collect()
}

#[test]
fn a_store_that_is_not_there_lists_nothing() {
    assert_eq!(listed(&Home::new(), None, None), [""; 0]);
}

#[test]
fn files_are_listed_by_type_store_and_name() {
    let der = certificate();
    let home = Home::new()
        .file("tsa/t/t.crt", &der)
        .file("signingAuthority/s/s.crt", &der)
        .file("ca/b/2.crt", &der)
        .file("ca/b/1.crt", &der)
        .file("ca/a/z.crt", &der)
        .file("ca/a/empty", "")
        .file("ca/stray", "text")
        .file("other/a/a.crt", "text");
    let all = ["ca a z.crt", "ca b 1.crt", "ca b 2.crt", "signingAuthority s s.crt", "tsa t t.crt"];
    assert_eq!(listed(&home, None, None), all);
    assert_eq!(listed(&home, Some(StoreType::Tsa), None), ["tsa t t.crt"]);
    assert_eq!(listed(&home, None, Some("b")), ["ca b 1.crt", "ca b 2.crt"]);
    assert_eq!(listed(&home, Some(CA), Some("nope")), [""; 0]);
    assert_eq!(listed(&home, None, Some("../ca")), [""; 0]);
}

#[test]
fn a_broken_file_fails_the_listing() {
    let home = Home::new().file("ca/a/x.crt", "text");
    let error = home.dir().list(None, None).expect_err("broken");
    assert_eq!(error.code(), "trust-store-malformed");
    assert_eq!(error.to_string(), "x509: malformed certificate");
}

#[test]
fn an_added_certificate_is_a_private_copy_under_its_own_name() {
    let home = Home::new();
    let der = certificate();
    let source = source(&home, "root.crt", &der);
    let target = home.dir().add(CA, "acme", &source).expect("added");
    assert_eq!(target, home.path("x509/ca/acme/root.crt"));
    assert_eq!(fs::read(&target).expect("there"), der);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |below: &str| {
            let found = fs::metadata(home.path(below)).expect("there");
            found.permissions().mode() & 0o777
        };
        let folders = ["x509", "x509/ca", "x509/ca/acme"].map(mode);
        assert_eq!((folders, mode("x509/ca/acme/root.crt")), ([0o700; 3], 0o600));
    }
    let left = fs::read_dir(home.path("x509/ca")).expect("listed").count();
    assert_eq!(left, 1, "nothing is left beside the store");
    assert_eq!(home.dir().show(CA, "acme", "root.crt").expect("there").len(), 1);

    let error = home.dir().add(CA, "acme", &source).expect_err("taken");
    assert_eq!(error.to_string(), "certificate already exists in the Trust Store");
    assert_eq!(error.code(), "trust-store-exists");
}

#[test]
fn what_is_no_certificate_is_not_added() {
    let home = Home::new();
    let add = |path: &Path| home.dir().add(CA, "acme", path).expect_err("refused");
    let error = add(&source(&home, "bad.pem", b"text"));
    assert_eq!(error.to_string(), "x509: malformed certificate");
    let error = add(&source(&home, "empty.pem", b""));
    assert_eq!(error.code(), "trust-store-malformed");
    let missing = home.path("missing.pem");
    let error = add(&missing);
    assert_eq!(error.code(), "trust-store-file");
    let text = format!("open {}: no such file or directory", missing.display());
    assert_eq!(error.to_string(), text);
    assert_eq!(add(&home.path("")).code(), "trust-store-file");
    let fine = source(&home, "fine.pem", &certificate());
    let error = home.dir().add(CA, "a/b", &fine).expect_err("a bad name");
    assert_eq!(error.to_string(), "named store name needs to follow [a-zA-Z0-9_.-]+ format");
    assert!(!home.path("x509").exists());
}

#[test]
fn deleting_names_what_is_not_there() {
    let home = Home::new().file("ca/acme/a.crt", certificate());
    let error = home.dir().delete_file(CA, "acme", "nope.crt").expect_err("missing");
    let path = home.path("x509/ca/acme/nope.crt");
    let text = format!("stat {}: no such file or directory", path.display());
    assert_eq!(error.to_string(), text);
    assert_eq!(home.dir().delete_file(CA, "acme", "a.crt"), Ok(()));
    let folder = home.path("x509/ca/acme");
    assert_eq!(home.dir().delete_store(CA, "acme"), Ok(folder.clone()));
    let error = home.dir().delete_store(CA, "acme").expect_err("gone");
    let text = format!("stat {}: no such file or directory", folder.display());
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_file_argument_is_a_base_name() {
    let home = Home::new().file("ca/acme/a.crt", certificate());
    for file in ["", ".", "..", "../acme/a.crt", "/etc/passwd", "a\\b", "a\nb"] {
        let error = home.dir().delete_file(CA, "acme", file).expect_err(file);
        assert_eq!(error.code(), "trust-store-name");
        assert_eq!(home.dir().show(CA, "acme", file).expect_err(file).code(), "trust-store-name");
    }
    for name in ["..", "."] {
        assert_eq!(home.dir().delete_store(CA, name).expect_err(name).code(), "trust-store-name");
    }
    assert!(home.path("x509/ca/acme/a.crt").exists());
    let error = home.dir().show(CA, "acme", "nope.crt").expect_err("missing");
    let path = home.path("x509/ca/acme/nope.crt");
    assert_eq!(error.to_string(), format!("open {}: no such file or directory", path.display()));
}
