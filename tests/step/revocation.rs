//! `check-own-revocation`, `revocation`, `ocsp-timeout`, `crl-timeout`, `require-revocation-source`

use std::time::Duration;

use sealwright::lab::{Fault, IssueRequest, LabOptions, Revocation, Role, Route, Telling};
use serde_json::Value;

use crate::job::Job;

/// A job whose certificate names the lab's servers, which may be asked.
fn job() -> Job {
    let revocation = Revocation::of_the_lab();
    let request = IssueRequest { revocation, ..IssueRequest::named("signer") };
    let mut job = Job::with(LabOptions::default(), request);
    job.runner.set("SEALWRIGHT_REVOCATION_LOOPBACK", "1");
    job.trust();
    job
}

/// Requests to the lab's status servers so far.
fn asked(job: &Job) -> usize {
    job.lab.control().counts().get(&Role::Status).copied().unwrap_or_default()
}

fn late(job: &Job, path: &str) {
    let fault = Fault::Delay(Duration::from_millis(50));
    job.lab.control().fault(Route::on(Role::Status).path(path), fault, 100);
}

/// What the report tells of the leaf, in a report of `sign`.
fn own_leaf(report: &Value) -> &Value {
    &report["images"][0]["revocation"][0]
}

/// The same in a report of `verify`.
fn leaf(report: &Value) -> &Value {
    &report["images"][0]["signatures"][0]["revocation"][0]
}

#[test]
fn a_revoked_signer_is_an_annotation_by_default_and_named_in_report_and_summary() {
    let job = job();
    let done = job.signs(&[]).done().succeeded();
    assert_eq!(own_leaf(&done.report())["status"], "good");
    assert!(done.summary.contains("| Not revoked |"), "{}", done.summary);
    assert!(done.summary.contains("good<br>OCSP `http://127.0.0.1"), "{}", done.summary);

    job.lab.revoke(&job.issued, 0);
    let other = job.lab.push_image("other", "v1").expect("pushed");
    let images = [job.image(), job.named(&format!("other@{other}"))].join("\n");
    let inputs =
        [("key", job.issued.key_id.as_str()), ("images", &images), ("skip-signed", "false")];
    let done = job.uses(&inputs).done().succeeded();
    let warnings = done.commands("warning").join("\n");
    assert_eq!(warnings.matches("is revoked (revoked on").count(), 1, "{warnings}");
    assert!(warnings.contains("never sign the old one again"), "{warnings}");
    let report = done.report();
    assert_eq!(own_leaf(&report)["status"], "revoked");
    assert_eq!(own_leaf(&report)["reason"], "keyCompromise");
    for image in report["images"].as_array().expect("two") {
        assert!(image["warnings"].to_string().contains("is revoked"), "{image:#}");
    }
    assert!(done.summary.contains("| ⚠️ |"), "{}", done.summary);
    assert!(done.summary.contains(", reason: keyCompromise<br>OCSP"), "{}", done.summary);
}

#[test]
fn a_revoked_signer_fails_the_step_and_its_dry_run_where_it_is_to() {
    let job = job();
    job.lab.revoke(&job.issued, 0);
    for (input, value) in [("dry-run", "false"), ("dry-run", "true"), ("skip-signed", "false")] {
        let done = job.signs(&[("check-own-revocation", "fail"), (input, value)]).done().failed();
        let report = done.report();
        let image = &report["images"][0];
        assert_eq!(image["error"]["code"], "sign-certificate-revoked", "{image:#}");
        assert!(image["error"]["hint"].to_string().contains("rebuild the image from source"));
        assert_eq!(own_leaf(&report)["status"], "revoked");
        assert!(done.summary.contains("| ❌ |"), "{}", done.summary);
    }
    let seen = job.lab.control().requests();
    assert!(seen.iter().all(|e| !e.path.ends_with("/sign")), "the key was not used");
    assert_eq!(job.signatures(), 0);
    let done = job.signs(&[("dry-run", "true")]).done().succeeded();
    assert!(done.commands("warning").join("\n").contains("is revoked (revoked on"));
    assert_eq!(own_leaf(&done.report())["status"], "revoked");
}

#[test]
fn a_signer_of_unknown_status_fails_with_advice_for_a_runner() {
    let job = job();
    job.lab.tell(Telling::Forged);
    job.runner.write("sealwright.yml", "check-own-revocation: fail\n");
    let done = job.signs(&[("config", "sealwright.yml")]).done().failed();
    let report = done.report();
    let error = &report["images"][0]["error"];
    assert_eq!(error["code"], "sign-revocation-unknown");
    assert!(error["hint"].to_string().contains("give `revocation: offline`"), "{error:#}");
    assert_eq!(own_leaf(&report)["servers"].as_array().expect("asked").len(), 2);
    let done = job.signs(&[]).done().succeeded();
    assert!(done.commands("warning").join("\n").contains("revocation status is unknown: OCSP"));
}

#[test]
fn nobody_is_asked_by_off() {
    let job = job();
    job.lab.revoke(&job.issued, 0);
    let done = job.signs(&[("check-own-revocation", "off")]).done().succeeded();
    assert_eq!((asked(&job), done.commands("warning").len()), (0, 0), "{}", done.log());
    assert!(done.report()["images"][0].get("revocation").is_none());
}

#[test]
fn offline_asks_nobody_and_rests_on_kept_crls() {
    let job = job();
    let refused = [("revocation", "offline"), ("check-own-revocation", "fail")];
    job.signs(&refused).done().failed();
    job.signs(&[]).done().succeeded();
    let before = asked(&job);
    let done = job.verifies(&[("revocation", "offline")]).done().failed();
    assert!(done.log().contains("is in the cache, and no server is asked"), "{}", done.log());
    assert!(done.log().contains("hint: fill the CRL cache in a step "), "{}", done.log());
    assert_eq!(asked(&job), before);

    job.lab.tell(Telling::Unknown);
    job.verifies(&[]).done().succeeded();
    let before = asked(&job);
    let done = job.verifies(&[("revocation", "offline")]).done().succeeded();
    assert_eq!(leaf(&done.report())["servers"][0]["method"], "cached CRL");
    job.signs(&refused).done().succeeded();
    assert_eq!(asked(&job), before);
}

#[test]
fn a_responder_has_the_time_given() {
    let job = job();
    late(&job, "/ocsp/");
    let done = job.signs(&[("ocsp-timeout", "20ms")]).done().succeeded();
    assert_eq!(own_leaf(&done.report())["servers"][1]["method"], "CRL");
    let done = job.verifies(&[("ocsp-timeout", "20ms")]).done().succeeded();
    assert_eq!(leaf(&done.report())["servers"][0]["status"], "unknown");
    let done = job.verifies(&[]).done().succeeded();
    assert_eq!(leaf(&done.report())["servers"][0]["status"], "good");
}

#[test]
fn a_crl_has_the_time_given() {
    let job = job();
    job.signs(&[]).done().succeeded();
    job.lab.tell(Telling::Unknown);
    late(&job, "/crl/");
    job.verifies(&[("crl-timeout", "20ms")]).done().failed();
    job.verifies(&[]).done().succeeded();
}

#[test]
fn a_source_can_be_required() {
    let job = Job::start();
    job.trust();
    let required = [("require-revocation-source", "true")];
    let done = job.signs(&required).done().succeeded();
    let warnings = done.commands("warning").join("\n");
    assert!(warnings.contains("the certificate names no OCSP or CRL server"), "{warnings}");
    job.verifies(&[]).done().succeeded();
    let done = job.verifies(&required).done().failed();
    assert!(done.log().contains("hint: use a certificate whose CA names "), "{}", done.log());
    assert!(done.log().contains("the certificate names no OCSP or CRL server"), "{}", done.log());
}

#[test]
fn values_out_of_shape_are_refused() {
    let job = Job::start();
    for (name, value, words) in [
        ("check-own-revocation", "maybe", "`warn`, `fail` or `off`"),
        ("revocation", "never", "`online` or `offline`"),
        ("ocsp-timeout", "0s", "a positive duration such as `2s` or `500ms`"),
        ("crl-timeout", "soon", "a positive duration such as `2s` or `500ms`"),
        ("require-revocation-source", "maybe", "`true` or `false`"),
    ] {
        let done = job.signs(&[(name, value)]).done().failed();
        let error = &done.report()["error"];
        assert_eq!(error["code"], "ci-input-invalid", "{name}");
        let message = error["message"].as_str().expect("a text");
        assert!(
            message.contains(&format!("input `{name}`")) && message.contains(words),
            "{message}"
        );
    }
}
