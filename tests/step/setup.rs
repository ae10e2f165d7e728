//! `command: setup`

use crate::job::Job;

#[test]
fn later_steps_find_the_policy_the_store_and_the_binary() {
    let mut job = Job::start();
    job.trust();
    job.signs(&[]).done().succeeded();
    let inputs = [
        ("command", "setup"),
        ("trust-policy", "trust/trustpolicy.json"),
        ("trust-store", "trust/store"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.output("outcome"), "skipped");
    assert_eq!(done.paths, [job.runner.temp().join("sealwright/bin").to_str().unwrap()]);
    let config = &done.variables["NOTATION_CONFIG"];
    assert!(config.starts_with(job.runner.temp().to_str().unwrap()), "{config}");
    for (name, value) in &done.variables {
        job.runner.set(name, value);
    }
    let line = format!("verify --azure-extra-hosts {} {}", job.lab.extra_hosts(), job.image());
    let verified = job.runner.runs(&line).done().succeeded();
    assert!(verified.stdout.contains("Successfully verified"), "{}", verified.log());
    // and so does a step of the action itself
    let image = job.image();
    let done = job.uses(&[("command", "verify"), ("images", &image)]).done().succeeded();
    assert_eq!(done.output("outcome"), "verified");
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_installed() {
    let job = Job::start();
    job.trust();
    let setup = |policy: &str, store: &str| {
        let inputs = [("command", "setup"), ("trust-policy", policy), ("trust-store", store)];
        job.uses(&inputs).done().failed()
    };
    job.runner.write("bad.json", r#"{"version":"1.0","trustPolicies":[]}"#);
    job.runner.write("loose/x509/ca/root.pem", "x");
    job.runner.write("kinds/x509/roots/lab/root.pem", "x");
    job.runner.write("deep/x509/ca/lab/folder/root.pem", "x");
    job.runner.write("empty/readme", "x");
    let big = "x".repeat(1024 * 1024 + 1);
    job.runner.write("big/x509/ca/lab/root.pem", &big);
    job.runner.write("huge.json", " ".repeat(11 * 1024 * 1024));
    std::os::unix::fs::symlink("/etc", job.runner.folder().join("work/deep/x509/tsa")).unwrap();
    let good = "trust/trustpolicy.json";
    for (policy, store, code) in [
        ("nowhere.json", "", "ci-trust-unreadable"),
        ("bad.json", "", "ci-trust-policy"),
        ("huge.json", "", "ci-trust-too-large"),
        (good, "empty", "ci-trust-no-x509"),
        (good, "loose", "ci-trust-misplaced"),
        (good, "kinds", "ci-trust-misplaced"),
        (good, "deep", "ci-trust-not-a-file"),
        (good, "big", "ci-trust-too-large"),
    ] {
        let done = setup(policy, store);
        assert_eq!(done.report()["error"]["code"], code, "{}", done.log());
        assert_eq!((done.paths.len(), done.variables.len()), (0, 0));
    }
    assert!(!job.runner.temp().join("sealwright").exists());
    std::fs::write(job.runner.temp().join("sealwright"), "in the way").unwrap();
    assert_eq!(setup(good, "").report()["error"]["code"], "ci-trust-unwritable");
}
