//! `sign --recursive` and `verify --recursive`: an index and every manifest below it

use insta::assert_snapshot;
use sealwright::lab::{Fault, LabOptions, Role, Route};
use serde_json::{Value, json};

use super::many::narrow;
use super::world::World;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

struct Multi {
    world: World,
    /// `localhost:PORT/multi@sha256:…`
    index: String,
    children: Vec<String>,
}

/// An index of two platforms and an attestation.
async fn multi() -> Multi {
    let mut world = World::start(LabOptions::default()).await;
    let platforms = ["linux/amd64", "linux/arm64/v8", "unknown/unknown"];
    let (index, children) = world.lab.push_index("multi", "v1", &platforms).expect("stored");
    world.home.replace(&index, "sha256:<index>");
    for (child, name) in children.iter().zip(["<amd64>", "<arm64>", "<attestation>"]) {
        world.home.replace(child, &format!("sha256:{name}"));
    }
    let index = format!("{}/multi@{index}", world.lab.registry_host());
    Multi { world, index, children }
}

impl Multi {
    fn run(&self, line: &str) -> String {
        self.world.run(&line.replace("$INDEX", &self.index))
    }

    fn report(&self, line: &str) -> Value {
        let line = line.replace("$INDEX", &self.index);
        let printed = tokio::task::block_in_place(|| self.world.home.stdout(&line));
        serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{e}: {printed}"))
    }

    /// How many signatures index and children have.
    fn signatures(&self) -> Vec<usize> {
        let (_, index) = self.index.split_once('@').expect("by digest");
        let all = std::iter::once(index).chain(self.children.iter().map(String::as_str));
        all.map(|digest| self.world.lab.referrers("multi", digest).len()).collect()
    }

    fn put(&self, tag: &str, index: &Value) -> String {
        let media_type = index["mediaType"].as_str().expect("a type");
        let bytes = index.to_string();
        self.world.lab.put_manifest("multi", tag, media_type, bytes.as_bytes()).expect("stored");
        format!("{}/multi:{tag}", self.world.lab.registry_host())
    }

    fn entry(&self, child: usize) -> Value {
        let digest = &self.children[child];
        let (media_type, bytes) = self.world.lab.manifest("multi", digest).expect("there");
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }
}

/// Digests of signatures, made anew each time.
fn without_signatures(shown: &str) -> String {
    let cut = |line: &str| match line.split_once("signature sha256:") {
        Some((before, _)) => format!("{before}signature"),
        None => line.to_owned(),
    };
    let lines = shown.lines().filter(|line| !line.starts_with("Pushed the signature to "));
    lines.map(cut).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_manifest_is_signed_and_listed_and_verified() {
    let multi = multi().await;
    let shown = multi.run("sign --recursive $INDEX");
    assert_snapshot!(without_signatures(&narrow(&shown)), @r"
    [stdout]
    Successfully signed localhost:5000/multi@sha256:<index>
    Successfully signed localhost:5000/multi@sha256:<amd64>
    Successfully signed localhost:5000/multi@sha256:<arm64>
    Successfully signed localhost:5000/multi@sha256:<attestation>

    REFERENCE PLATFORM OUTCOME DETAIL
    localhost:5000/multi@sha256:<index> signed signature
    localhost:5000/multi@sha256:<amd64> linux/amd64 signed signature
    localhost:5000/multi@sha256:<arm64> linux/arm64/v8 signed signature
    localhost:5000/multi@sha256:<attestation> unknown/unknown signed signature
    [exit] 0
    ");
    assert_eq!(multi.signatures(), [1, 1, 1, 1]);
    let shown = multi.run("verify --recursive $INDEX");
    assert_eq!(shown.matches("Successfully verified signature for ").count(), 4, "{shown}");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    // each is a signature of its own
    let child = format!("{}/multi@{}", multi.world.lab.registry_host(), multi.children[1]);
    let shown = multi.run(&format!("verify {child}"));
    assert!(shown.starts_with("[stdout]\nSuccessfully verified signature for "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_without_a_signature_fails_the_whole_and_no_other() {
    let multi = multi().await;
    multi.run("sign $INDEX");
    assert_eq!(multi.signatures(), [1, 0, 0, 0]);
    let report = multi.report("verify --recursive --output json $INDEX");
    assert_eq!(report["outcome"], "failed");
    let outcomes: Vec<&Value> =
        report["images"].as_array().unwrap().iter().map(|image| &image["outcome"]).collect();
    assert_eq!(outcomes, ["verified", "failed", "failed", "failed"]);
    let arm = &report["images"][2];
    assert_eq!(arm["error"]["code"], "verify-no-signature");
    assert_eq!(arm["platform"], "linux/arm64/v8");
    assert_eq!(arm["digest"], multi.children[1].as_str());
    assert_eq!(arm["index"], report["images"][0]["digest"]);
    assert!(report["images"][0].get("index").is_none());
    assert!(report["images"][0].get("platform").is_none());
    assert!(multi.run("verify --recursive $INDEX").ends_with("Error: 3 of 4 failed\n[exit] 1"));
    // without the flag the index alone counts
    assert!(multi.run("verify $INDEX").ends_with("[exit] 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_already_is_left_alone_one_by_one() {
    let multi = multi().await;
    let child = format!("{}/multi@{}", multi.world.lab.registry_host(), multi.children[0]);
    multi.run(&format!("sign {child}"));
    let shown = multi.run("sign --recursive --skip-signed $INDEX");
    assert_eq!(shown.matches("Already signed ").count(), 1, "{shown}");
    assert_eq!(multi.signatures(), [1, 1, 1, 1]);
    // what two references lead to is one
    let shown = multi.run(&format!("sign --recursive --skip-signed $INDEX {child}"));
    assert_eq!(shown.matches("Already signed ").count(), 4, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_image_is_just_itself() {
    let multi = multi().await;
    let report = multi.report(&format!("sign --recursive --output json {}", multi.world.image));
    assert_eq!(report["images"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["outcome"], "signed");
    let shown = multi.run("verify --recursive $TAGGED");
    assert!(shown.contains(":v1 is a tag; it is "), "{shown}");
    assert!(shown.contains("REFERENCE ") && !shown.contains("PLATFORM"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_docker_and_nested_indexes_are_covered() {
    let multi = multi().await;
    let list = json!({ "mediaType": DOCKER_LIST, "manifests": [multi.entry(0), multi.entry(1)] });
    multi.put("docker", &list);
    let (_, bytes) = multi.world.lab.manifest("multi", "docker").expect("there");
    let digest = sealwright::crypto::Digest::sha256(&bytes).to_string();
    let nested = json!({ "mediaType": INDEX, "manifests": [
        { "mediaType": DOCKER_LIST, "digest": digest, "size": bytes.len() }, multi.entry(0),
    ] });
    let nested = multi.put("nested", &nested);
    let report = multi.report(&format!("sign --recursive --output json {nested}"));
    let images = report["images"].as_array().unwrap();
    assert_eq!(images.len(), 4, "{report:#}");
    assert!(images.iter().all(|image| image["outcome"] == "signed"), "{report:#}");
    assert_eq!(images[3]["index"], digest.as_str());
    assert_eq!(multi.signatures(), [0, 1, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_gone_or_not_as_stated_is_one_failure() {
    let multi = multi().await;
    let mut short = multi.entry(1);
    short["size"] = 1.into();
    let mut typed = multi.entry(2);
    typed["mediaType"] = DOCKER_LIST.into();
    let gone = json!({
        "mediaType": MANIFEST, "digest": format!("sha256:{}", "0".repeat(64)), "size": 7,
    });
    let bad = json!({ "mediaType": INDEX, "manifests": [gone, short, multi.entry(0), typed] });
    let bad = multi.put("bad", &bad);
    let report = multi.report(&format!("sign --recursive --output json {bad}"));
    let codes: Vec<&str> = report["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["error"]["code"].as_str().unwrap_or("signed"))
        .collect();
    let expected =
        ["signed", "registry-not-found", "registry-size-mismatch", "signed", "registry-manifest"];
    assert_eq!(codes, expected);
    assert_eq!(multi.signatures(), [0, 1, 0, 0]);
    let other = Fault::Body(multi.world.lab.manifest("multi", &multi.children[0]).unwrap().1);
    let child = Route::on(Role::Registry).method("GET").path(&multi.children[1]);
    multi.world.lab.control().fault(child, other, 1);
    let shown = multi.run("sign --recursive $INDEX");
    assert!(shown.contains("registry-digest-mismatch"), "{shown}");
    assert!(shown.ends_with("Error: 1 of 4 failed\n[exit] 1"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_covered_is_not_signed_in_part() {
    let multi = multi().await;
    let entries: Vec<Value> = (0..1_001)
        .map(|n| {
            let digest = sealwright::crypto::Digest::sha256(format!("{n}").as_bytes());
            json!({ "mediaType": MANIFEST, "digest": digest.as_str(), "size": 7 })
        })
        .collect();
    let many = multi.put("many", &json!({ "mediaType": INDEX, "manifests": entries }));
    let mut inner = multi.entry(0);
    for level in 0..5 {
        let index = json!({ "mediaType": INDEX, "manifests": [inner] });
        multi.put(&format!("level-{level}"), &index);
        let bytes = index.to_string();
        let digest = sealwright::crypto::Digest::sha256(bytes.as_bytes());
        inner = json!({ "mediaType": INDEX, "digest": digest.as_str(), "size": bytes.len() });
    }
    let deep = format!("{}/multi:level-4", multi.world.lab.registry_host());
    let mut huge = multi.entry(0);
    huge["size"] = (1_u64 << 40).into();
    let huge = json!({ "mediaType": INDEX, "manifests": [multi.entry(1), huge] });
    let huge = multi.put("huge", &huge);
    for (image, code) in
        [(many, "batch-index-size"), (deep, "batch-index-depth"), (huge, "registry-manifest")]
    {
        let report = multi.report(&format!("sign --recursive --output json {image}"));
        assert_eq!(report["images"].as_array().unwrap().len(), 1);
        assert_eq!(report["images"][0]["error"]["code"], code);
    }
    assert_eq!(multi.signatures(), [0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_no_manifests_are_named() {
    let multi = multi().await;
    let mut blob = multi.entry(0);
    blob["mediaType"] = "application/x\u{1b}[31m".into();
    let index = json!({ "mediaType": INDEX, "manifests": [blob, multi.entry(1)] });
    let index = multi.put("blob", &index);
    let shown = multi.run(&format!("sign --recursive {index}"));
    assert!(
        shown.contains("Warning: not covered, since it is no manifest: an entry of type "),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(multi.signatures(), [0, 0, 1, 0]);
}
