//! `artifact-signing-endpoint`, `artifact-signing-account` and `artifact-signing-profile`

use sealwright::lab::{Role, Stamp};

use crate::job::Job;
use crate::runner::Step;

/// A step that signs the image with the lab's profile, and more inputs.
fn signs<'a>(job: &'a Job, profile: &str, inputs: &[(&str, &str)]) -> Step<'a> {
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    let (endpoint, url) = (job.lab.signing_endpoint(), job.lab.timestamp_url(Stamp::Good));
    let image = job.image();
    let mut all = vec![
        ("images", image.as_str()),
        ("artifact-signing-endpoint", &endpoint),
        ("artifact-signing-account", job.lab.signing_account()),
        ("artifact-signing-profile", profile),
        ("timestamp-url", &url),
        ("timestamp-root-cert", "tsa.pem"),
    ];
    all.extend_from_slice(inputs);
    job.uses(&all)
}

#[test]
fn a_step_signs_what_a_step_verifies() {
    let job = Job::start();
    job.trust();
    let root = job.lab.signing_root_pem().expect("issued");
    job.runner.write("trust/store/x509/ca/lab/root.pem", root);
    let done = signs(&job, "working", &[]).done().succeeded();
    assert_eq!(done.output("outcome"), "signed");
    let report = done.report();
    let image = &report["images"][0];
    assert!(image["timestamp"].is_string(), "{report}");
    let key = image["key"].as_str().expect("the profile");
    assert!(key.ends_with("/certificateprofiles/working"), "{key}");
    assert_eq!(image["credentials"]["vault"], "environment (client secret)", "{report}");
    assert!(!job.lab.control().counts().contains_key(&Role::Vault));
    assert_eq!(job.verifies(&[]).done().succeeded().output("outcome"), "verified");
}

#[test]
fn a_dry_run_reads_the_chain_and_signs_nothing() {
    let job = Job::start();
    let done = signs(&job, "working", &[("dry-run", "true")]).done().succeeded();
    let asked = job.lab.control().counts()[&Role::ArtifactSigning];
    assert_eq!(asked, 1, "{}", done.log());
    let refused = signs(&job, "refusing", &[("dry-run", "true")]).done();
    assert!(refused.log().contains("Artifact Signing Certificate Profile Signer"));
    assert_eq!(job.signatures(), 0);
}

#[test]
fn sealwright_yml_names_the_profile() {
    let job = Job::start();
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    let yaml = format!(
        "artifact-signing-endpoint: {}\nartifact-signing-account: {}\nartifact-signing-profile: published\ntimestamp-url: {}\ntimestamp-root-cert: tsa.pem\n",
        job.lab.signing_endpoint(),
        job.lab.signing_account(),
        job.lab.timestamp_url(Stamp::Good),
    );
    job.runner.write("sealwright.yml", yaml);
    let inputs = [("images", job.image()), ("config", "sealwright.yml".to_owned())];
    let done = job.uses(&inputs.each_ref().map(|(n, v)| (*n, v.as_str()))).done().succeeded();
    assert_eq!(done.output("outcome"), "signed");
}

#[test]
fn inputs_that_do_not_fit_are_refused_before_anything_is_asked() {
    let job = Job::start();
    for (inputs, words) in [
        (&[("artifact-signing-endpoint", "")][..], "input `artifact-signing-endpoint` is missing"),
        (&[("artifact-signing-account", "")], "input `artifact-signing-account` is missing"),
        (&[("artifact-signing-profile", "")], "input `artifact-signing-profile` is missing"),
        (
            &[("timestamp-url", "")],
            "input `timestamp-url` is missing: certificates of Artifact Signing end after 72 hours",
        ),
        (&[("key", "k")], "inputs `artifact-signing-endpoint` and `key` cannot be given together"),
        (&[("vault", "v")], "`artifact-signing-endpoint` and `vault` cannot be given together"),
        (&[("ca-certs", "c")], "`artifact-signing-endpoint` and `ca-certs` cannot be given"),
        (&[("self-signed", "true")], "`self-signed` cannot be given together: Artifact Signing"),
        (&[("artifact-signing-endpoint", "https://a.b")], "is not an endpoint of Artifact Signing"),
        (&[("artifact-signing-account", "a/b")], "\"a/b\" is no account of Artifact Signing"),
    ] {
        let done = signs(&job, "working", inputs).done();
        assert!(done.log().contains(words), "{words}: {}", done.log());
        assert_eq!(done.output("outcome"), "failed");
    }
    assert!(job.lab.control().requests().is_empty());
}
