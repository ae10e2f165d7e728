//! `command: doctor`: every check in the log, what fails as an annotation, the same words in report and summary.

use sealwright::lab::{IssueRequest, LabOptions, Permission, Wording};

use crate::job::Job;

fn examine(job: &Job, inputs: &[(&str, &str)]) -> crate::runner::Done {
    let key = job.issued.key_id.rsplit_once('/').expect("a version").0.to_owned();
    let image = job.image();
    let mut all = vec![
        ("command", "doctor"),
        ("key", key.as_str()),
        ("images", image.as_str()),
        ("trust-policy", "trust/trustpolicy.json"),
        ("trust-store", "trust/store"),
    ];
    all.extend_from_slice(inputs);
    job.uses(&all).done()
}

#[test]
fn a_job_that_has_everything_passes() {
    let job = Job::start();
    job.trust();
    let done = examine(&job, &[]).succeeded();
    assert_eq!(done.output("outcome"), "passed");
    assert!(done.stdout.contains("✔ keys/sign is granted"), "{}", done.log());
    assert!(done.stdout.contains("✔ a signature by this signer would verify"), "{}", done.log());
    assert!(
        done.commands("error").is_empty() && done.commands("warning").is_empty(),
        "{}",
        done.log()
    );
    let report = done.report();
    assert_eq!((&report["command"], &report["outcome"]), (&"doctor".into(), &"passed".into()));
    assert!(report["checks"].as_array().expect("checks").len() > 30, "{report}");
    assert!(
        done.summary.starts_with("## ✅ Signing and verifying would work\n"),
        "{}",
        done.summary
    );
    assert_eq!(job.signatures(), 0);
}

#[test]
fn what_fails_is_annotated_with_what_mends_it() {
    let job = Job::with(LabOptions::default(), IssueRequest::named("wabbit"));
    job.trust();
    job.lab.deny(Permission::KeySign, Wording::Rbac);
    let done = examine(&job, &[("junit", "doctor.xml")]).failed();
    let [error] = done.commands("error")[..] else { panic!("{}", done.log()) };
    assert!(
        error.contains("the vault refuses keys/sign") && error.contains("Key Vault Crypto User"),
        "{error}"
    );
    let report = done.report();
    let checks = report["checks"].as_array().expect("checks");
    let failed: Vec<_> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    let [sign] = failed[..] else { panic!("{report}") };
    assert_eq!(sign["check"], "vault-key-sign");
    assert!(sign["hint"].as_str().expect("a hint").contains("az role assignment create"), "{sign}");
    assert!(done.summary.starts_with("## ❌ 1 of "), "{}", done.summary);
    assert!(done.summary.contains("Key Vault Crypto User"), "{}", done.summary);
    let junit =
        std::fs::read_to_string(job.runner.folder().join("work/doctor.xml")).expect("written");
    assert!(junit.contains("failures=\"1\"") && junit.contains("vault-key-sign failed"), "{junit}");

    let signed = job.signs(&[]).done().failed();
    assert!(signed.log().contains("the vault refuses keys/sign"), "{}", signed.log());
}

#[test]
fn without_image_and_key_the_rest_is_examined() {
    let job = Job::start();
    job.trust();
    job.local_key();
    let inputs = [
        ("command", "doctor"),
        ("trust-policy", "trust/trustpolicy.json"),
        ("trust-store", "trust/store"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert!(done.stdout.contains("– pull: not asked, no image is named"), "{}", done.log());
    assert!(done.stdout.contains("local.key is ready to sign"), "{}", done.log());
}
