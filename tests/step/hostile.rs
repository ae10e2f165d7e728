//! Text of others that would like to speak to the host

use sealwright::lab::{Fault, IssueRequest, LabOptions, Role, Route};

use crate::job::Job;
use crate::runner::Done;

/// Commands of both hosts, markup, colours, and a name that hides in one that takes no place.
const WORDS: &str = "::error::a ##[set-output name=b]c ##vso[task.complete result=Failed]d \
                     ##v\u{ad}so[task.setvariable variable=e]f \u{1b}[31m \r\n::add-path::g \
                     <img src=h> [i](j) `k` | @l <!-- m -->";

/// No line of the log is a command but those of the program, and nothing moves the cursor.
fn commands_nothing(done: &Done) {
    let log = done.log();
    for line in log.lines() {
        let command = line
            .trim_start()
            .strip_prefix("::")
            .and_then(|rest| rest.split(['\u{20}', ':']).next());
        assert!(
            matches!(command, None | Some("error" | "warning" | "notice" | "add-mask")),
            "{line}"
        );
        assert!(!line.contains("##[") && !line.to_lowercase().contains("##vso["), "{line}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{ad}'), "{line:?}");
    }
    assert!(!done.outputs.contains_key("b") && !done.variables.contains_key("e"));
    assert!(done.paths.is_empty());
}

/// In the summary the words are text. In a fence everything is, up to a line that closes it.
fn means_nothing(done: &Done) {
    let mut fenced = false;
    let open = |line: &&str| {
        fenced ^= line.starts_with("```");
        !fenced
    };
    let summary: String = done.summary.split_inclusive('\n').filter(open).collect();
    for markup in ["<img", "[i](j)", "<!--", "@l", "\u{1b}", "\u{ad}"] {
        assert!(!summary.contains(markup), "{markup} in {summary}");
    }
}

#[test]
fn a_certificates_subject_is_text() {
    // commas and equal signs are the lab's own syntax
    let name = WORDS.replace(['=', ','], "-");
    let request = IssueRequest {
        subject: format!("CN={name},O=O,L=L,ST=S,C=US"),
        ..IssueRequest::named("wabbit")
    };
    let job = Job::with(LabOptions::default(), request);
    job.trust();
    let signed = job.signs(&[]).env("RUNNER_DEBUG", "1").done().succeeded();
    let verified = job.verifies(&[]).env("RUNNER_DEBUG", "1").done().succeeded();
    for done in [signed, verified] {
        assert!(done.summary.contains("::error::a"), "the subject is shown: {}", done.summary);
        commands_nothing(&done);
        means_nothing(&done);
    }
}

#[test]
fn a_registrys_words_are_text() {
    for (method, path) in
        [("GET", "/manifests/"), ("POST", "/blobs/uploads/"), ("PUT", "/manifests/")]
    {
        let job = Job::start();
        let message = serde_json::to_string(WORDS).expect("JSON");
        let body = format!(r#"{{"errors":[{{"code":"DENIED","message":{message}}}]}}"#);
        let route = Route::on(Role::Registry).method(method).path(path);
        job.lab.control().fault(route, Fault::Error(403, body), 99);
        let done = job.signs(&[]).env("RUNNER_DEBUG", "1").done().failed();
        assert!(done.log().contains("set-output name=b"), "{}", done.log());
        commands_nothing(&done);
        means_nothing(&done);
    }
}

#[test]
fn the_words_of_vault_and_directory_are_text() {
    let message = serde_json::to_string(WORDS).expect("JSON");
    for (role, method, path, body) in [
        (
            Role::Vault,
            "GET",
            "/secrets/",
            format!(r#"{{"error":{{"code":"Forbidden","message":{message}}}}}"#),
        ),
        (
            Role::Entra,
            "POST",
            "/token",
            format!(r#"{{"error":"invalid_client","error_description":{message}}}"#),
        ),
    ] {
        let job = Job::start();
        let route = Route::on(role).method(method).path(path);
        job.lab.control().fault(route, Fault::Error(403, body), 99);
        let done = job.signs(&[]).env("RUNNER_DEBUG", "1").done().failed();
        commands_nothing(&done);
        means_nothing(&done);
    }
}

#[test]
fn what_a_workflow_passes_on_is_text() {
    let job = Job::start();
    for input in [
        "images",
        "key",
        "registry",
        "credential-type",
        "trust-policy",
        "expiry",
        "user-metadata",
        "junit",
    ] {
        let done = job.signs(&[(input, WORDS)]).env("RUNNER_DEBUG", "1").done();
        commands_nothing(&done);
        means_nothing(&done);
    }
}
