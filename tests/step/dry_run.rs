//! `dry-run: true`

use sealwright::lab::{IssueRequest, LabOptions, Pushes, Validity};

use crate::job::Job;

#[test]
fn everything_is_checked_and_nothing_signed() {
    let job = Job::start();
    let done = job.signs(&[("dry-run", "true")]).done().succeeded();
    assert_eq!(done.output("outcome"), "dry-run");
    assert_eq!((done.output("digest"), done.output("signature")), (job.digest.as_str(), ""));
    assert_eq!(job.signatures(), 0);
    assert_eq!(job.lab.tags("app"), ["v1"]);
    let report = done.report();
    assert_eq!(report["images"][0]["key"], job.issued.key_id);
    assert_eq!(report.get("notChecked"), None, "{report}");
    let writes = |method: &str| method == "PUT";
    assert!(!job.lab.control().requests().iter().any(|r| writes(&r.method)));
    assert!(!job.lab.control().requests().iter().any(|r| r.path.ends_with("/sign")));
}

#[test]
fn a_refused_push_fails() {
    let options = LabOptions { pushes: Pushes::Refused, ..LabOptions::default() };
    let job = Job::with(options, IssueRequest::named("wabbit"));
    for act in ["", "true"] {
        let done = job.signs(&[("dry-run", "true")]).env("ACT", act).done().failed();
        let error = &done.report()["images"][0]["error"];
        assert_eq!(error["code"], "registry-denied", "{}", done.log());
        assert!(error["hint"].as_str().unwrap().contains("AcrPush"), "{error}");
    }
}

#[test]
fn every_part_that_fails_is_told() {
    let request = IssueRequest { validity: Validity::expired(), ..IssueRequest::named("old") };
    let options = LabOptions { pushes: Pushes::Refused, ..LabOptions::default() };
    let job = Job::with(options, request);
    let done = job.signs(&[("dry-run", "true")]).done().failed();
    let error = &done.report()["images"][0]["error"];
    assert_eq!(error["code"], "sign-certificate-validity", "{error}");
    assert!(error["because"].to_string().contains("push was refused"), "{error}");
}

#[test]
fn without_credentials_the_parts_are_not_checked() {
    let job = Job::start();
    for act in ["", "true"] {
        let mut step = job.signs(&[("dry-run", "true"), ("registry", job.lab.registry_host())]);
        // a fork's pull request: the secrets are empty
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
            step = step.env(name, "");
        }
        // no metadata service answers here, at once
        let done = step.env("ACT", act).env("IDENTITY_ENDPOINT", "").done();
        assert_eq!(done.status, 0, "{}", done.log());
        assert_eq!(done.output("outcome"), "dry-run");
        let notices = done.commands("notice");
        assert!(!notices.is_empty(), "{}", done.log());
        assert!(notices.iter().all(|n| n.starts_with("::notice title=Not checked::")));
        assert_eq!(done.report()["notChecked"].as_array().map(Vec::len), Some(notices.len()));
        assert!(done.summary.contains("**Not checked**"), "{}", done.summary);
    }
}

#[test]
fn under_act_a_world_that_is_not_there_is_not_checked() {
    let job = Job::start();
    let step = || {
        let step = job.signs(&[("dry-run", "true"), ("timeout", "2s")]);
        step.env("AZURE_CLIENT_SECRET", "wrong")
    };
    step().done().failed();
    let done = step().env("ACT", "true").done().succeeded();
    assert!(!done.commands("notice").is_empty(), "{}", done.log());
}
