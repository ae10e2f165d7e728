//! `command: sign`

use std::collections::BTreeSet;

use crate::job::Job;
use crate::task;

#[test]
fn a_key_id_signs_and_every_declared_output_is_set() {
    let job = Job::start();
    let done = job.signs(&[]).done().succeeded();
    assert_eq!(done.output("outcome"), "signed");
    assert_eq!(done.output("image"), job.image());
    assert_eq!(job.lab.referrers("app", &job.digest), [done.output("signature")]);
    let declared = task::names(&task::task()["outputVariables"]);
    let set: BTreeSet<&String> = done.outputs.keys().collect();
    assert_eq!(set, declared.iter().collect());
    assert!(done.summary.starts_with("## "), "{}", done.summary);
    assert!(done.summary.contains("Signed 1 image"), "{}", done.summary);
    assert!(done.shown.contains("Successfully signed "), "{}", done.shown);
    assert_eq!((done.warnings.len(), done.errors.len()), (0, 0), "{}", done.raw);
    assert!(done.variables.is_empty() && done.paths.is_empty());
}

#[test]
fn what_docker_pushed_is_signed_without_a_word() {
    let job = Job::start();
    let uris = format!("https://{}", job.image());
    let done = job.uses(&[("key", &job.issued.key_id)]).env("RESOURCE_URIS", &uris).done();
    assert_eq!(done.succeeded().output("image"), job.image());
    assert_eq!(job.signatures(), 1);
}

#[test]
fn a_configuration_file_goes_before_what_the_form_sends_by_default() {
    let job = Job::start();
    job.runner.write("sealwright.yml", "dry-run: true\nsignature-format: jws\n");
    let done = job.signs(&[("config", "sealwright.yml")]).done().succeeded();
    assert_eq!(done.output("outcome"), "dry-run");
    let inputs = [("config", "sealwright.yml"), ("dry-run", "false")];
    // left at its default, also when it is written down
    assert_eq!(job.signs(&inputs).done().succeeded().output("outcome"), "dry-run");
}

#[test]
fn a_warning_is_a_success_with_issues() {
    let job = Job::start();
    let image = job.named("app:v1");
    let done = job.uses(&[("images", &image), ("key", &job.issued.key_id)]).done().warned();
    assert_eq!(done.warnings.len(), 1, "{}", done.raw);
    assert_eq!(done.output("outcome"), "signed");
}

#[test]
fn many_failures_are_ten_issues_and_the_rest_are_lines() {
    let job = Job::start();
    let images: Vec<String> =
        (0..12).map(|i| job.named(&format!("gone{i}@{}", job.digest))).collect();
    let images = images.join("\n");
    let done = job.uses(&[("images", &images), ("key", &job.issued.key_id)]).done().failed();
    assert_eq!(done.errors.len(), 10, "{}", done.raw);
    assert!(done.shown.contains("\nerror: "), "{}", done.shown);
    assert_eq!(done.report()["images"].as_array().map(Vec::len), Some(12));
}

#[test]
fn a_step_that_cannot_begin_fails_with_its_outputs() {
    let job = Job::start();
    let done = job.uses(&[("command", "verify"), ("images", "r.io/a b")]).done().failed();
    assert_eq!(done.report()["error"]["code"], "ci-input-invalid");
    assert_eq!(done.errors.len(), 1);
    assert!(done.summary.contains("❌"), "{}", done.summary);
}

#[test]
fn a_missing_temporary_folder_is_told() {
    let job = Job::start();
    let gone = job.runner.folder().join("gone").display().to_string();
    let done = job.signs(&[]).env("AGENT_TEMPDIRECTORY", &gone).done().failed();
    assert!(done.errors[0].contains(&gone), "{}", done.raw);
    assert_eq!(job.signatures(), 0);
}

#[test]
fn system_debug_means_debug() {
    let job = Job::start();
    let quiet = job.signs(&[]).env("RUNNER_DEBUG", "1").done().succeeded();
    assert!(!quiet.raw.contains("level=info"), "{}", quiet.raw);
    let loud = job.signs(&[]).env("SYSTEM_DEBUG", "True").done().succeeded();
    assert!(loud.raw.contains("level=info msg="), "{}", loud.raw);
    assert!(!loud.raw.contains("lab-client-secret"));
}
