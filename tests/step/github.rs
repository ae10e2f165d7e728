//! The runner's contract: what is written, in which form, and what cannot be smuggled in.

use sealwright::lab::{Fault, Role, Route};

use crate::job::Job;

#[test]
fn a_registrys_words_cannot_command_the_runner() {
    let job = Job::start();
    let words = "x ##[set-output name=a]b\\n::error::c\\r\\n::set-env name=d::e %0A::f";
    let body = format!(r#"{{"errors":[{{"code":"DENIED","message":"{words}"}}]}}"#);
    let route = Route::on(Role::Registry).method("POST").path("/blobs/uploads/");
    job.lab.control().fault(route, Fault::Error(403, body), 9);
    let done = job.signs(&[]).done().failed();
    assert_eq!(done.commands("error").len(), 1, "{}", done.log());
    assert!(!done.stdout.contains("##["), "{}", done.stdout);
    let commands = done.stdout.lines().filter(|line| line.trim_start().starts_with("::"));
    assert_eq!(commands.count(), 1, "{}", done.stdout);
    assert!(done.stdout.contains("%250A: :f") || done.stdout.contains("%250A::f"));
    assert_eq!(done.outputs.len(), 7);
}

#[test]
fn many_failures_are_ten_annotations_and_the_rest_are_lines() {
    let job = Job::start();
    let images: Vec<String> =
        (0..12).map(|i| job.named(&format!("gone{i}@{}", job.digest))).collect();
    let inputs = [("images", images.join("\n")), ("key", job.issued.key_id.clone())];
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let done = job.uses(&inputs).done().failed();
    assert_eq!(done.commands("error").len(), 10, "{}", done.log());
    assert!(done.stdout.contains("\nerror: "), "{}", done.stdout);
    assert_eq!(done.report()["images"].as_array().map(Vec::len), Some(12));
}

#[test]
fn a_command_file_that_cannot_be_written_fails_the_step_and_is_named() {
    let job = Job::start();
    let done = job.signs(&[]).env("GITHUB_OUTPUT", "/nowhere/at/all").done();
    assert_eq!(done.status, 1);
    assert!(done.commands("error")[0].contains("cannot write GITHUB_OUTPUT"), "{}", done.log());
    // a summary is worth a warning only
    let done = job.signs(&[]).env("GITHUB_STEP_SUMMARY", "/nowhere/at/all").done().succeeded();
    assert_eq!(done.commands("warning").len(), 1, "{}", done.log());
}

#[test]
fn a_missing_temporary_folder_is_told_and_outputs_are_still_written() {
    let job = Job::start();
    let gone = job.runner.folder().join("gone").display().to_string();
    let done = job.signs(&[]).env("RUNNER_TEMP", &gone).done().failed();
    assert!(done.commands("error")[0].contains(&gone), "{}", done.log());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn outside_of_a_runner_everything_is_a_line() {
    let job = Job::start();
    let done = job.signs(&[]).env("GITHUB_ACTIONS", "").done().succeeded();
    assert!(done.stdout.contains("\noutcome=signed\n"), "{}", done.stdout);
    assert!(!done.stdout.contains("::"), "{}", done.stdout);
    assert!(done.outputs.is_empty());
}
