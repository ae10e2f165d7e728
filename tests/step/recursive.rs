//! `recursive`: an index and every manifest below it.

use crate::job::Job;

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64/v8", "unknown/unknown"];

fn index(job: &Job) -> (String, Vec<String>) {
    let (index, children) = job.lab.push_index("multi", "v1", &PLATFORMS).unwrap();
    (job.named(&format!("multi@{index}")), children)
}

#[test]
fn every_manifest_is_signed_reported_and_wanted_by_verify() {
    let job = Job::start();
    job.trust();
    let (image, children) = index(&job);
    let all = [("images", image.as_str()), ("recursive", "true")];

    // the index alone, which is not enough
    job.signs(&[("images", &image)]).done().succeeded();
    let verified = job.verifies(&all).done().failed();
    assert!(verified.summary.starts_with("## ❌ 3 of 4 not verified\n"), "{}", verified.summary);
    job.verifies(&[("images", &image)]).done().succeeded();

    let signed = job.signs(&all).done().succeeded();
    assert_eq!(signed.output("image"), image);
    assert_eq!(signed.output("outcome"), "signed");
    let report = signed.report();
    let images = report["images"].as_array().unwrap();
    assert_eq!(images[0]["outcome"], "skipped");
    assert_eq!(images.len(), 4);
    for ((image, digest), platform) in images[1..].iter().zip(&children).zip(PLATFORMS) {
        assert_eq!(image["digest"], digest.as_str());
        assert_eq!(image["index"], images[0]["digest"]);
        assert_eq!(image["platform"], platform);
        assert_eq!(image["outcome"], "signed");
        assert_eq!(job.lab.referrers("multi", digest).len(), 1);
    }
    assert!(signed.summary.contains("/multi` | linux/arm64/v8 | "), "{}", signed.summary);

    job.verifies(&all).done().succeeded();
    // a second run adds nothing
    assert_eq!(job.signs(&all).done().succeeded().output("outcome"), "skipped");
}

#[test]
fn a_child_that_is_gone_is_one_failure_and_a_dry_run_signs_nothing() {
    let job = Job::start();
    let (_, children) = index(&job);
    let entry = |digest: &str, size: usize| {
        serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size,
        })
    };
    let size = job.lab.manifest("multi", &children[0]).unwrap().1.len();
    let gone = format!("sha256:{}", "0".repeat(64));
    let media_type = "application/vnd.oci.image.index.v1+json";
    let sparse = serde_json::json!({
        "mediaType": media_type, "manifests": [entry(&gone, 7), entry(&children[0], size)],
    });
    let sparse = sparse.to_string();
    job.lab.put_manifest("multi", "sparse", media_type, sparse.as_bytes()).unwrap();
    let image = job.named("multi:sparse");
    let inputs = [("images", image.as_str()), ("recursive", "true")];
    let signatures = || job.lab.referrers("multi", &children[0]).len();

    let dry = job.signs(&[inputs[0], inputs[1], ("dry-run", "true")]).done().failed();
    assert_eq!((dry.report()["images"].as_array().unwrap().len(), signatures()), (3, 0));

    let done = job.signs(&inputs).done().failed();
    let report = done.report();
    let outcomes: Vec<&serde_json::Value> =
        report["images"].as_array().unwrap().iter().map(|i| &i["outcome"]).collect();
    assert_eq!(outcomes, ["signed", "failed", "signed"]);
    assert_eq!(report["images"][1]["error"]["code"], "registry-not-found");
    assert_eq!(signatures(), 1);
}

#[test]
fn an_image_that_cannot_be_looked_into_is_reported_beside_the_others() {
    let job = Job::start();
    let gone = job.named(&format!("multi@sha256:{}", "0".repeat(64)));
    let images = format!("{gone}\n{}", job.image());
    let done = job.signs(&[("images", &images), ("recursive", "true")]).done().failed();
    let report = done.report();
    assert_eq!(report["images"][0]["image"], gone.as_str());
    assert_eq!(report["images"][0]["error"]["code"], "registry-not-found");
    assert_eq!(report["images"][1]["outcome"], "signed");
    let word = job.signs(&[("recursive", "maybe")]).done().failed();
    assert_eq!(word.report()["error"]["code"], "ci-input-invalid");
}
