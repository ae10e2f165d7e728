//! What a trust store refuses, and how it says so.

use super::*;
use crate::fault::Fault as _;
use crate::x509::testing::{Draft, Key, key_usage};

/// A trust store of its own, written file by file.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn dir(&self) -> TrustStoreDir {
        TrustStoreDir::new(self.folder.path())
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes `x509/<below>`.
    pub(crate) fn file(self, below: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path("x509").join(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
        self
    }

    fn load(&self, kind: StoreType) -> Result<Vec<Certificate>, StoreError> {
        self.dir().certificates(kind, "n")
    }

    fn refusal(&self, kind: StoreType) -> StoreError {
        self.load(kind).expect_err("refused")
    }
}

fn root() -> Certificate {
    Draft::ca("root").self_signed(&Key::new())
}

/// Neither a CA nor self-signed.
fn issued() -> Certificate {
    let key = Key::new();
    Draft::leaf("leaf").issued_by(&Key::new(), &Draft::ca("root").subject, &key)
}

const CA: StoreType = StoreType::Ca;
const TSA: StoreType = StoreType::Tsa;

#[test]
fn types_have_the_specifications_names() {
    for kind in STORE_TYPES {
        assert_eq!(StoreType::from_name(kind.name()), Some(kind));
    }
    let error = StoreType::parse("nope").expect_err("unknown");
    assert_eq!(error.to_string(), "unsupported store type: nope");
    assert_eq!(error.code(), "trust-store-type");
    assert_eq!(StoreType::from_name("CA"), None);
}

#[test]
fn authorities_and_self_signed_leaves_are_loaded_in_order_of_file_name() {
    let (ca, leaf) = (root(), Draft::leaf("self").self_signed(&Key::new()));
    let both = [ca.der(), root().der()].concat();
    let home = Home::new().file("ca/n/b.crt", leaf.der()).file("ca/n/a.crt", &both);
    let loaded = home.load(CA).expect("fit");
    assert_eq!(loaded.len(), 3);
    assert_eq!((&loaded[0], &loaded[2]), (&ca, &leaf));
}

#[test]
fn an_expired_authority_is_still_trusted() {
    let mut draft = Draft::ca("old");
    draft.not_before = crate::x509::testing::tlv(0x17, b"010101000000Z");
    draft.not_after = crate::x509::testing::tlv(0x17, b"020101000000Z");
    let home = Home::new().file("ca/n/a.crt", draft.self_signed(&Key::new()).der());
    assert_eq!(home.load(CA).expect("expiry is not looked at").len(), 1);
}

#[test]
fn a_missing_store_hints_at_cert_add() {
    let error = Home::new().refusal(CA);
    assert_eq!(error.to_string(), r#"the trust store "n" of type "ca" does not exist"#);
    assert_eq!(error.code(), "trust-store-missing");
    assert_eq!(error.hint().as_deref(), Some("sealwright cert add --type ca --store n <root.crt>"));
    assert!(error.is_missing());
    assert!(error.inner().is_some_and(|reason| reason.ends_with("no such file or directory")));
}

#[test]
fn an_empty_store_holds_no_certificates() {
    let home = Home::new();
    fs::create_dir_all(home.path("x509/ca/n")).expect("made");
    let error = home.refusal(CA);
    let text = r#"no x509 certificates were found in trust store "n" of type "ca""#;
    assert_eq!(error.to_string(), text);
    assert_eq!(error.code(), "trust-store-empty");
    assert!(error.is_missing());
}

#[test]
fn names_that_leave_the_store_are_refused() {
    for name in ["", ".", "..", "a/b", "a b", "a\\b", "é"] {
        let error = Home::new().dir().certificates(CA, name).expect_err(name);
        assert_eq!(error.code(), "trust-store-name");
        assert_eq!(error.to_string(), "named store name needs to follow [a-zA-Z0-9_.-]+ format");
    }
}

#[test]
fn a_store_that_is_no_folder_is_refused() {
    let home = Home::new().file("ca/n", "text");
    let error = home.refusal(CA);
    assert_eq!(error.code(), "trust-store-not-a-directory");
    let path = home.path("x509/ca/n").display().to_string();
    assert_eq!(
        error.to_string(),
        format!(
            "the trust store n of type ca with path {path} is not a regular directory (symlinks are not supported)"
        )
    );
}

#[cfg(unix)]
#[test]
fn links_are_refused_as_stores_and_as_files() {
    let home = Home::new().file("ca/real/a.crt", root().der());
    std::os::unix::fs::symlink(home.path("x509/ca/real"), home.path("x509/ca/n")).expect("linked");
    assert_eq!(home.refusal(CA).code(), "trust-store-not-a-directory");

    let home = Home::new().file("ca/n/a.crt", root().der());
    let link = home.path("x509/ca/n/b.crt");
    std::os::unix::fs::symlink(home.path("x509/ca/n/a.crt"), link).expect("linked");
    let error = home.refusal(CA);
    assert_eq!(error.code(), "trust-store-not-a-regular-file");
    assert_eq!(
        error.to_string(),
        "trusted certificate b.crt in trust store n of type ca is not a regular file (directories or symlinks are not supported)"
    );
}

#[test]
fn a_folder_inside_a_store_is_refused() {
    let home = Home::new().file("ca/n/a.crt", root().der()).file("ca/n/sub/a.crt", "");
    assert_eq!(home.refusal(CA).code(), "trust-store-not-a-regular-file");
}

#[test]
fn a_file_that_does_not_parse_fails_the_store() {
    let home = Home::new().file("ca/n/a.crt", root().der()).file("ca/n/README", "text");
    let error = home.refusal(CA);
    assert_eq!(error.code(), "trust-store-unreadable");
    assert_eq!(
        error.to_string(),
        "failed to read the trusted certificate README in trust store n of type ca"
    );
    assert_eq!(error.inner(), Some("x509: malformed certificate"));
    assert_eq!(error.hint().as_deref(), Some("sealwright cert delete --type ca --store n README"));
    let odd = Home::new().file("ca/n/$(id).crt", "text").refusal(CA);
    let hint = "sealwright cert delete --type ca --store n '$(id).crt'";
    assert_eq!(odd.hint().as_deref(), Some(hint));
    assert!(!error.is_missing());
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let home = Home::new().file("ca/n/a.crt", vec![0; FILE_LIMIT + 1]);
    let error = home.refusal(CA);
    assert_eq!(error.code(), "trust-store-unreadable");
    assert!(error.inner().is_some_and(|reason| reason.contains("more than 1048576 bytes")));
}

#[test]
fn too_many_files_are_refused() {
    let mut home = Home::new();
    for i in 0..=FILES_LIMIT {
        home = home.file(&format!("ca/n/{i}"), "");
    }
    assert_eq!(home.refusal(CA).code(), "trust-store-too-many-files");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let error = Home::new().file("ca/n/a.crt", "").refusal(CA);
    assert_eq!(error.code(), "trust-store-not-a-ca");
    assert_eq!(error.inner(), Some("input certs cannot be empty"));
}

#[test]
fn a_certificate_that_is_neither_a_ca_nor_self_signed_is_refused() {
    let error = Home::new().file("ca/n/a.crt", issued().der()).refusal(CA);
    assert_eq!(error.code(), "trust-store-not-a-ca");
    assert_eq!(
        error.to_string(),
        "failed to validate the trusted certificate a.crt in trust store n of type ca"
    );
    assert_eq!(
        error.inner(),
        Some(
            r#"certificate with subject "CN=leaf,O=Example,ST=WA,C=US" is not a CA certificate or self-signed signing certificate"#
        )
    );
}

#[test]
fn timestamping_trusts_self_signed_root_authorities_only() {
    let home = Home::new().file("tsa/n/a.crt", root().der());
    assert_eq!(home.load(TSA).expect("a root").len(), 1);

    let key = Key::new();
    let intermediate = Draft::ca("ca").issued_by(&Key::new(), &Draft::ca("root").subject, &key);
    let leaf = Draft::leaf("self").self_signed(&key);
    let cannot = Draft::ca("ca").with(key_usage(&[0])).self_signed(&key);
    let renamed = Draft::ca("ca").issued_by(&key, &Draft::ca("other").subject, &key);
    for other in [intermediate, leaf, cannot, renamed] {
        let error = Home::new().file("tsa/n/a.crt", other.der()).refusal(TSA);
        assert_eq!(error.code(), "trust-store-not-a-root");
        let text = error.to_string();
        assert!(text.starts_with(
            r#"trusted certificate a.crt in trust store n of type tsa is invalid: certificate with subject "CN="#
        ));
        assert!(text.contains("is not a root CA certificate: "), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_entered_is_inaccessible() {
    // a path through a file is an error other than "not found"
    let home = Home::new().file("ca", "text");
    let error = home.refusal(CA);
    assert_eq!(error.code(), "trust-store-inaccessible");
    assert_eq!(error.to_string(), r#"failed to access the trust store "n" of type "ca""#);
    assert!(error.inner().is_some_and(|reason| reason.ends_with("not a directory")));
}
