//! Workflows of notation-action: `uses:` edited, `command:` added, all else as it was

use crate::job::Job;
use crate::runner::Done;

/// The media type of the envelope just pushed.
fn envelope(job: &Job, done: &Done) -> String {
    let (_, manifest) = job.lab.manifest("app", done.output("signature")).expect("pushed");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    manifest["layers"][0]["mediaType"].as_str().expect("a text").to_owned()
}

#[test]
fn its_sign_step_signs_in_its_default_format() {
    let job = Job::start();
    job.runner.write("chain.pem", &job.issued.ca_bundle_pem);
    let image = job.image();
    let done = job
        .uses(&[
            ("command", "sign"),
            ("plugin_name", "azure-kv"),
            ("plugin_url", "https://example.com/notation-azure-kv_1.2.1_linux_amd64.tar.gz"),
            ("plugin_checksum", "67c5ccaaf28dd44d2b6572684d84e344a02c2258af1d65ead3910b3156d3eaf5"),
            ("key_id", &job.issued.key_id),
            ("target_artifact_reference", &format!("{image}\n")),
            ("plugin_config", "ca_certs=chain.pem\nself_signed=false\ncredential_type=environment"),
            ("signature_format", ""),
            ("allow_referrers_api", "true"),
            ("force_referrers_tag", ""),
            ("timestamp_url", ""),
            ("timestamp_root_cert", ""),
        ])
        .done()
        .succeeded();
    assert_eq!(done.output("outcome"), "signed");
    assert_eq!(envelope(&job, &done), "application/jose+json");
    assert_eq!(job.lab.tags("app"), ["v1"], "allow_referrers_api leaves the tag index out");
    let [warning] = done.commands("warning")[..] else { panic!("{}", done.log()) };
    for part in [
        "`key_id` is deprecated; its name is `key`",
        "its name is `plugin-url`",
        "its name is `images`",
        "`jws`",
    ] {
        assert_eq!(warning.matches(part).count(), 1, "{part}: {warning}");
    }
    let [notice] = done.commands("notice")[..] else { panic!("{}", done.log()) };
    assert!(notice.contains("`plugin-url` has no effect: azure-kv is built in"), "{notice}");
}

#[test]
fn its_verify_step_verifies() {
    let job = Job::start();
    job.trust();
    let signed = job.signs(&[]).done().succeeded();
    assert_eq!(envelope(&job, &signed), "application/cose");
    let image = job.image();
    let inputs = [
        ("command", "verify"),
        ("target_artifact_reference", image.as_str()),
        ("trust_policy", "trust/trustpolicy.json"),
        ("trust_store", "trust/store"),
        ("allow_referrers_api", "true"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.output("outcome"), "verified");
}

#[test]
fn what_it_had_and_this_has_not_is_refused_by_name_before_anything_is_asked() {
    let job = Job::start();
    job.lab.control().reset();
    for (name, value, code) in [
        ("plugin-config", "ca_cert=chain.pem", "ci-input-invalid"),
        ("plugin-url", "https://example.com/p.zip", "ci-input-missing"),
        ("key_id", "k", "ci-input-together"),
    ] {
        let done = job.signs(&[(name, value)]).done().failed();
        let error = done.report()["error"].clone();
        assert_eq!(error["code"], code, "{}", done.log());
        let named = error["message"].to_string();
        assert!(named.contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!(job.lab.control().requests().len(), 0);
}
