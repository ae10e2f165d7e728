//! The cache of CRLs: what one side keeps, the other reads; both write the same files.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use sealwright::lab::{Chain, IssueRequest, LabOptions, Revocation, Role, Telling};
use sealwright::revocation::{CachedCrl, CrlCache};
use serde_json::{Value, json};

use crate::peer;
use crate::program::Program;
use crate::world::skipped;

const URL: &str = "http://crl.example/a path?and=more#even";

/// notation-go's own cache, in a folder.
struct Peer(PathBuf);

impl Peer {
    fn found(title: &str) -> Option<Self> {
        let program = peer::program();
        if program.is_none() {
            skipped(title, "build tests/peers first (tests/peers/build needs Go)");
        }
        program.map(Self)
    }

    fn run(&self, folder: &Path, url: &str, files: &[&Path]) -> peer::Answer {
        let (folder, url) = (format!("--folder={}", folder.display()), format!("--url={url}"));
        let mut words = vec!["crl-cache".to_owned(), folder, url];
        words.extend(files.iter().map(|file| file.display().to_string()));
        let answer = peer::run(&self.0, &words, &[]).and_then(peer::Answer::succeeds);
        answer.unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn reads(&self, folder: &Path, url: &str) -> CachedCrl {
        let kept: Value = serde_json::from_str(&self.run(folder, url, &[]).stdout).expect("JSON");
        let part = |name: &str| {
            kept[name].as_str().map(|text| Bytes::from(STANDARD.decode(text).expect("base64")))
        };
        CachedCrl { base: part("base").expect("a base"), delta: part("delta") }
    }
}

#[test]
fn both_sides_keep_base_and_delta_in_the_same_file() {
    let Some(peer) = Peer::found("the cache of CRLs, its files") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let (base, delta) = (crl(1), crl(2));
    let files = [("base.crl", &base), ("delta.crl", &delta)].map(|(name, crl)| {
        let path = home.path().join(name);
        fs::write(&path, crl).expect("written");
        path
    });
    for count in [1, 2] {
        let (ours, theirs) = (home.path().join("ours/crl"), home.path().join("theirs/crl"));
        let kept = CachedCrl { base: base.clone(), delta: (count == 2).then(|| delta.clone()) };
        let cache = CrlCache::below(&home.path().join("ours"));
        cache.store(URL, &base, kept.delta.as_deref()).expect("kept");
        assert_eq!(peer.reads(&ours, URL), kept);

        let given: Vec<&Path> = files.iter().take(count).map(PathBuf::as_path).collect();
        peer.run(&theirs, URL, &given);
        let cache = CrlCache::below(&home.path().join("theirs"));
        assert_eq!(cache.load(URL), Ok(Some(kept)));
        assert_eq!(content(&ours), content(&theirs), "name, bytes and mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_rests_on_what_the_other_side_kept() {
    let Some(peer) = Peer::found("the cache of CRLs, used") else { return };
    let mut program = Program::start_now(LabOptions::default()).await;
    let image = signed_with_sources(&program).await;
    program.lab.tell(Telling::Unknown);
    let ours = program.path("ours");
    program.set("NOTATION_CACHE", &ours.display().to_string());
    let answer = program.spawn(&format!("verify --output json {image}")).await.succeeds();
    let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let certificates = report["signatures"][0]["revocation"].as_array().expect("asked");
    let theirs = program.path("theirs");
    for certificate in &certificates[..2] {
        let server = certificate["servers"].as_array().and_then(|all| all.last()).expect("one");
        assert_eq!((&server["method"], &server["status"]), (&json!("CRL"), &json!("good")));
        let url = server["url"].as_str().expect("an address");
        let kept = peer.reads(&ours.join("crl"), url);
        let file = program.path("kept.crl");
        fs::write(&file, &kept.base).expect("written");
        peer.run(&theirs.join("crl"), url, &[&file]);
    }
    assert_eq!(content(&ours.join("crl")), content(&theirs.join("crl")));

    program.set("NOTATION_CACHE", &theirs.display().to_string());
    let asked = || program.lab.control().counts().get(&Role::Status).copied();
    let before = asked();
    program.spawn(&format!("verify --revocation offline {image}")).await.succeeds();
    assert_eq!(asked(), before);
}

/// An image signed by a chain of three that names the lab's servers.
async fn signed_with_sources(program: &Program) -> String {
    let revocation = Revocation::of_the_lab();
    let request = IssueRequest { revocation, ..IssueRequest::named("kept").chain(Chain::Three) };
    let issued = program.lab.issue(&request).expect("issued");
    let key = program.write("kept.pem", &issued.key.private_key_pem());
    let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
    let chain = program.write("kept-chain.pem", &chain);
    let keys = json!({
        "default": "kept",
        "keys": [{ "name": "kept", "keyPath": key, "certPath": chain }],
    });
    program.write(".config/notation/signingkeys.json", &keys.to_string());
    program.write(".config/notation/truststore/x509/ca/lab/kept.pem", &issued.root_pem);
    let image = program.image("v1");
    program.spawn(&format!("sign {image}")).await.succeeds();
    image
}

/// Name, bytes and permissions of each file.
fn content(folder: &Path) -> Vec<(String, Vec<u8>, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("readable");
            let mode = entry.metadata().expect("a file").permissions().mode() & 0o777;
            let bytes = fs::read(entry.path()).expect("readable");
            (entry.file_name().to_string_lossy().into_owned(), bytes, mode)
        })
        .collect();
    files.sort();
    files
}

/// A CRL with this number, good for a century around today.
fn crl(number: u64) -> Bytes {
    let key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::CrlSign];
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2000, 1, 1),
        next_update: date_time_ymd(2099, 12, 31),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let signed = list.signed_by(&Issuer::new(ca, key)).expect("signed");
    Bytes::copy_from_slice(signed.der())
}
