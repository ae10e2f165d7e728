//! Inputs, the configuration file, time, verbosity

use sealwright::lab::{Fault, Role, Route};

use crate::job::Job;

#[test]
fn a_mistyped_input_warns_with_the_nearest_name() {
    let job = Job::start();
    let done = job.signs(&[("trustpolicy", "x"), ("zebra", "")]).done().succeeded();
    assert_eq!(
        done.commands("warning"),
        [
            "::warning title=Unknown input::input `trustpolicy` is unknown and has no effect; did you mean `trust-policy`?",
            "::warning title=Unknown input::input `zebra` is unknown and has no effect"
        ]
    );
}

#[test]
fn an_empty_required_input_is_an_error() {
    let job = Job::start();
    // the runner sets an input that is not given to the empty text
    for (inputs, missing) in [
        (vec![("key", "k"), ("images", " \n ")], "`images`"),
        (vec![("key", ""), ("images", "r.io/app:v1")], "`key`"),
        (vec![("command", "login"), ("registry", "")], "`registry`"),
    ] {
        let done = job.runner.uses(&inputs).done().failed();
        let error = done.report()["error"].clone();
        assert_eq!(error["code"], "ci-input-missing", "{}", done.log());
        assert!(error["message"].to_string().contains(missing), "{error}");
        assert_eq!(done.commands("error").len(), 1, "{}", done.log());
        assert!(done.summary.starts_with("## ❌ sealwright "), "{}", done.summary);
    }
}

#[test]
fn inputs_that_only_the_rooms_know_are_refused_before_anything_is_asked() {
    let job = Job::start();
    job.lab.control().reset();
    for (name, value, part) in [
        ("key", "https://vault.example.com/keys/k", "vault.example.com"),
        ("credential-type", "magic", "magic"),
        ("azure-extra-hosts", "vault=*.example.com", "example.com"),
        ("command", "publish", "publish"),
        ("config", "nowhere.yml", "nowhere.yml"),
        ("concurrency", "65", "a number from 1 to 64"),
        ("skip-signed", "maybe", "skip-signed"),
    ] {
        let done = job.signs(&[(name, value)]).done().failed();
        let error = &done.commands("error")[0];
        assert!(error.contains(part), "{}", done.log());
    }
    assert_eq!(job.lab.control().requests().len(), 0);
}

#[test]
fn a_configuration_file_gives_what_the_step_does_not() {
    let job = Job::start();
    let config = format!(
        "images:\n  - {}\nkey: {}\nazure-extra-hosts: {}\nsignature-format: jws\ndry-run: true\n",
        job.image(),
        job.issued.key_id,
        job.lab.extra_hosts()
    );
    job.runner.write("sealwright.yml", &config);
    let with = |inputs: &[(&str, &str)]| {
        let mut all = vec![("config", "sealwright.yml")];
        all.extend_from_slice(inputs);
        job.runner.uses(&all).done()
    };
    assert_eq!(with(&[]).succeeded().output("outcome"), "dry-run");
    assert_eq!(with(&[("dry-run", "false")]).succeeded().output("outcome"), "signed");

    for (text, message) in [
        (
            "command: sign\nimage: x\n",
            "sealwright.yml: unknown key `image`; did you mean `images`? at line 2 column 1",
        ),
        (
            "timeout: 1m\n\ntimeout: 2m\n",
            "sealwright.yml: duplicate key `timeout` at line 3 column 1",
        ),
        (
            "registry-password: [1.5]\n",
            "sealwright.yml: registry-password[0]: invalid type: floating point `1.5`, expected a text of one line, in quotes where it is a number with a point at line 1 column 21",
        ),
    ] {
        job.runner.write("sealwright.yml", text);
        let done = with(&[]).failed();
        assert_eq!(done.report()["error"]["message"], message);
    }
}

#[test]
fn a_password_of_the_configuration_file_is_masked() {
    let job = Job::start();
    job.runner.write("sealwright.yml", "registry-password: s3cret\ncommand: sign\n");
    let done = job.runner.uses(&[("config", "sealwright.yml")]).done().failed();
    assert_eq!(done.commands("add-mask"), ["::add-mask::s3cret"]);
    assert_eq!(done.log().matches("s3cret").count(), 1);
}

#[test]
fn a_registry_that_wants_more_patience_than_the_step_has_fails_it_in_time() {
    let job = Job::start();
    let route = Route::on(Role::Registry).method("GET").path("/manifests/");
    job.lab.control().fault(route, Fault::throttled(60), 9);
    let done = job.signs(&[("timeout", "5s")]).done().failed();
    assert!(done.commands("error")[0].contains("status code 429"), "{}", done.log());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn runner_debug_means_debug() {
    let job = Job::start();
    let quiet = job.signs(&[]).env("RUNNER_DEBUG", "0").done().succeeded();
    assert_eq!(quiet.stderr, "");
    let loud = job.signs(&[]).env("RUNNER_DEBUG", "1").done().succeeded();
    assert!(loud.stderr.contains("level=info msg=signing with https://"), "{}", loud.stderr);
    assert!(!loud.stderr.contains("lab-client-secret"));
}
