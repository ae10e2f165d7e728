//! `command: verify`

use insta::assert_snapshot;
use sealwright::lab::{Chain, IssueRequest, LabOptions, Revocation};

use crate::job::Job;

#[test]
fn policy_and_store_of_the_workspace_verify_what_was_signed() {
    let job = Job::start();
    job.trust();
    let signed = job.signs(&[("user-metadata", "build=7")]).done().succeeded();
    let done = job.verifies(&[("user-metadata", "build=7")]).done().succeeded();
    assert_eq!(done.output("outcome"), "verified");
    assert_eq!(done.output("image"), job.image());
    assert_eq!(done.output("digest"), job.digest);
    assert_eq!(done.output("signature"), signed.output("signature"));
    let image = &done.report()["images"][0];
    assert_eq!(image["policy"]["name"], "lab");
    assert_eq!(image["credentials"]["registry"], "Entra exchange, environment (client secret)");
    assert_eq!(image.get("key"), None);
    let checks = image["signatures"][0]["checks"].as_array().unwrap();
    assert!(checks.iter().all(|c| c["outcome"] == "passed"), "{checks:?}");
    // nothing stays behind but the report, and nothing reached the user's home
    let left: Vec<_> = std::fs::read_dir(job.runner.temp()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(std::fs::read_dir(job.runner.home("")).unwrap().count(), 0);
}

#[test]
fn an_image_without_a_good_signature_fails_after_outputs_and_summary() {
    let job = Job::start();
    job.trust();
    let done = job.verifies(&[]).done().failed();
    assert_eq!(done.output("digest"), job.digest);
    assert_eq!(done.output("signature"), "");
    let errors = done.commands("error").join("\n");
    assert!(errors.contains("no signature is associated with"), "{errors}");
    assert!(errors.contains("%0Ahint: sign it first: sealwright sign "), "{errors}");
    assert!(done.summary.starts_with("## ❌ 1 of 1 not verified\n"), "{}", done.summary);

    job.signs(&[]).done().succeeded();
    let stranger = IssueRequest::named("stranger").chain(Chain::SelfSigned);
    let stranger = job.lab.issue(&stranger).unwrap();
    job.runner.write("trust/store/x509/ca/lab/root.pem", &stranger.leaf_pem);
    let done = job.verifies(&[]).done().failed();
    let errors = done.commands("error");
    assert_eq!(errors.len(), 1, "{}", done.log());
    assert!(errors[0].contains("%0Abecause sha256:"), "{}", errors[0]);
    let report = done.report();
    let signature = &report["images"][0]["signatures"][0];
    assert_eq!(
        (&signature["outcome"], &signature["checks"][1]["outcome"]),
        (&"failed".into(), &"failed".into())
    );
    assert!(done.summary.contains("authenticity failed"), "{}", done.summary);
}

#[test]
fn a_policy_that_skips_says_so() {
    let job = Job::start();
    job.trust_at("skip");
    let image = job.image();
    let inputs = [
        ("command", "verify"),
        ("images", image.as_str()),
        ("trust-policy", "trust/trustpolicy.json"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.output("outcome"), "skipped");
    assert!(done.stdout.contains("Trust policy is configured to skip"), "{}", done.stdout);
}

#[test]
fn a_certificate_cannot_command_the_runner_nor_write_the_summary() {
    let subject = "CN=a ###[error]b ::warning::c | <img src=x> `d`,O=[e](f),C=US";
    let request = IssueRequest { subject: subject.to_owned(), ..IssueRequest::named("evil") };
    let job = Job::with(LabOptions::default(), request);
    job.trust();
    job.signs(&[]).done().succeeded();
    let done = job.verifies(&[]).env("RUNNER_DEBUG", "1").done().succeeded();
    for text in [&done.stdout, &done.stderr] {
        assert!(!text.contains("##["), "{text}");
        assert!(text.lines().all(|l| !l.trim_start().starts_with("::warning::c")), "{text}");
    }
    let row = done.summary.lines().find(|l| l.contains("verified |")).unwrap();
    let row = row.replace(&job.named(""), "r.azurecr.io/");
    let cells: Vec<&str> = row.split(" | ").collect();
    assert_snapshot!(cells[3], @r"CN=a \#\# \#\[error\]b ::warning::c \| \\&lt;img src=x\\&gt; \`d\`,O=\[e\]\(f\),C=US");
}

#[test]
fn a_revoked_signer_fails_the_step_and_the_report_names_the_server() {
    let revocation = Revocation::of_the_lab();
    let request = IssueRequest { revocation, ..IssueRequest::named("signer") };
    let job = Job::with(LabOptions::default(), request);
    job.trust();
    job.signs(&[]).done().succeeded();
    let verify = || job.verifies(&[]).env("SEALWRIGHT_REVOCATION_LOOPBACK", "1").done();
    let leaf =
        |report: serde_json::Value| report["images"][0]["signatures"][0]["revocation"][0].clone();
    let good = leaf(verify().succeeded().report());
    assert_eq!((&good["status"], &good["servers"][0]["method"]), (&"good".into(), &"OCSP".into()));
    job.lab.revoke(&job.issued, 0);
    let done = verify().failed();
    let errors = done.commands("error").join("\n");
    assert!(errors.contains("is revoked (revoked on"), "{errors}");
    let revoked = leaf(done.report());
    assert_eq!(
        (&revoked["status"], &revoked["reason"]),
        (&"revoked".into(), &"keyCompromise".into())
    );
}
