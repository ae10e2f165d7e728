//! `github-token`: check runs, commit statuses and comments, told to the lab's GitHub.

use sealwright::lab::{Fault, GITHUB_REPOSITORY, GitHubPermission, Role, Route};
use serde_json::json;

use crate::job::Job;
use crate::runner::{Done, Step};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const HEAD: &str = "fedcba9876543210fedcba9876543210fedcba98";
const ALL: (&str, &str) = ("github-reports", "check-run, commit-status\npull-request-comment");

/// A job of a workflow in the lab's repository.
fn job() -> Job {
    let mut job = Job::start();
    let api = job.lab.github_api_url();
    for (name, value) in [
        ("GITHUB_API_URL", api.as_str()),
        ("GITHUB_SERVER_URL", "https://ghe.example"),
        ("GITHUB_REPOSITORY", GITHUB_REPOSITORY),
        ("GITHUB_SHA", SHA),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_RUN_ID", "42"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("GITHUB_WORKFLOW", "CI"),
        ("GITHUB_JOB", "build"),
        ("GITHUB_ACTION", "__run"),
    ] {
        job.runner.set(name, value);
    }
    job
}

/// The same for a pull request from this repository.
fn pull_request_from(repository: &str) -> Job {
    let mut job = job();
    let head = json!({ "sha": HEAD, "repo": { "full_name": repository } });
    let event = json!({ "pull_request": { "number": 7, "head": head } });
    job.runner.write("event.json", event.to_string());
    let path = job.runner.folder().join("work/event.json");
    job.runner.set("GITHUB_EVENT_PATH", path.to_str().expect("UTF-8"));
    job.runner.set("GITHUB_REF", "refs/pull/7/merge");
    job
}

fn signs<'a>(job: &'a Job, inputs: &[(&str, &str)]) -> Step<'a> {
    let token = job.lab.identity().github_token.expose().to_owned();
    let mut all = vec![("github-token", token.as_str()), ("skip-signed", "false")];
    all.extend_from_slice(inputs);
    job.signs(&all)
}

fn warnings(done: &Done) -> Vec<&str> {
    done.commands("warning")
}

#[test]
fn a_pull_request_gets_a_check_run_on_its_head_and_one_comment_kept_up_to_date() {
    let job = pull_request_from(GITHUB_REPOSITORY);
    let done = signs(&job, &[]).done().succeeded();
    assert_eq!(warnings(&done), [""; 0], "{}", done.log());
    let check = &job.lab.check_runs()[0];
    let name = format!("sealwright sign: {}", job.named("app"));
    assert_eq!((&check["head_sha"], &check["name"]), (&json!(HEAD), &json!(name)));
    assert_eq!(check["conclusion"], "success");
    assert_eq!(check["details_url"], "https://ghe.example/octo-org/octo-repo/actions/runs/42");
    assert_eq!(check["output"]["title"], "Signed 1 image");
    assert_eq!(check["output"]["summary"].as_str(), Some(done.summary.as_str()));
    let first = &job.lab.comments()[0];
    assert_eq!(first.pull, 7);
    assert!(first.body.contains("\n## ✅ Signed 1 image\n"), "{}", first.body);

    // others write on; the next run fails before it knows an image
    for n in 0..150 {
        job.lab.comment(7, "someone", &format!("{n}"));
    }
    let done = signs(&job, &[("expiry", "never")]).done().failed();
    let comments = job.lab.comments();
    assert_eq!(comments.len(), 151);
    assert_eq!(comments[0].id, first.id);
    assert!(comments[0].body.contains("\n## ❌ sealwright sign failed\n"), "{}", comments[0].body);
    let check = &job.lab.check_runs()[1];
    assert_eq!((&check["conclusion"], &check["name"]), (&json!("failure"), &json!(name)));
    assert!(done.stdout.contains("told GitHub: comment on pull request 7 updated"));
    assert!(job.lab.commit_statuses().is_empty());
}

#[test]
fn a_comment_behind_many_others_is_found() {
    let job = pull_request_from(GITHUB_REPOSITORY);
    for n in 0..230 {
        job.lab.comment(7, "someone", &format!("{n}"));
    }
    for _ in 0..2 {
        signs(&job, &[]).done().succeeded();
    }
    assert_eq!(job.lab.comments().len(), 231);
}

#[test]
fn a_push_gets_a_commit_status_and_no_comment() {
    let job = job();
    let done = signs(&job, &[ALL]).done().succeeded();
    let status = &job.lab.commit_statuses()[0];
    assert_eq!((&status["sha"], &status["state"]), (&json!(SHA), &json!("success")));
    assert_eq!(status["context"], json!(format!("sealwright sign: {}", job.named("app"))));
    assert_eq!(status["description"], "Signed 1 image");
    assert_eq!(job.lab.check_runs()[0]["head_sha"], SHA);
    assert!(job.lab.comments().is_empty());
    assert!(done.stdout.contains("does not run for a pull request"), "{}", done.log());
    assert_eq!(warnings(&done), [""; 0], "{}", done.log());
}

#[test]
fn a_missing_permission_is_a_warning_that_names_it() {
    for (permission, line, told) in [
        (GitHubPermission::Checks, "checks: write", (0, 1, 1)),
        (GitHubPermission::Statuses, "statuses: write", (1, 0, 1)),
        (GitHubPermission::PullRequests, "pull-requests: write", (1, 1, 0)),
    ] {
        let job = pull_request_from(GITHUB_REPOSITORY);
        job.lab.withhold(permission);
        let done = signs(&job, &[ALL]).done().succeeded();
        let warnings = warnings(&done);
        assert_eq!(warnings.len(), 1, "{}", done.log());
        assert!(warnings[0].starts_with("::warning title=GitHub was not told::"), "{warnings:?}");
        assert!(warnings[0].ends_with(line), "{warnings:?}");
        let lab = &job.lab;
        let counts = (lab.check_runs().len(), lab.commit_statuses().len(), lab.comments().len());
        assert_eq!(counts, told);
        assert_eq!(done.output("outcome"), "signed");
    }
}

#[test]
fn a_fork_without_permissions_is_told_why() {
    let job = pull_request_from("mallory/octo-repo");
    job.lab.withhold(GitHubPermission::Checks);
    job.lab.withhold(GitHubPermission::PullRequests);
    let done = signs(&job, &[]).done().succeeded();
    assert_eq!(warnings(&done).len(), 2, "{}", done.log());
    assert!(warnings(&done)[0].contains("from a fork can only read"), "{}", done.log());
    assert!(!done.stdout.contains("permissions:"), "{}", done.log());
}

#[test]
fn what_passes_is_tried_again_and_nothing_is_told_twice() {
    let job = pull_request_from(GITHUB_REPOSITORY);
    let control = job.lab.control();
    let route = |part: &str| Route::on(Role::GitHub).method("POST").path(part);
    control.fault(route("/check-runs"), Fault::LostAnswer, 1);
    control.fault(route("/comments"), Fault::LostAnswer, 1);
    control.fault(route("/statuses/"), Fault::throttled(0), 1);
    let done = signs(&job, &[ALL]).done().succeeded();
    assert_eq!(warnings(&done), [""; 0], "{}", done.log());
    assert_eq!(control.faults_left(), 0);
    let lab = &job.lab;
    assert_eq!(
        (lab.check_runs().len(), lab.commit_statuses().len(), lab.comments().len()),
        (1, 1, 1)
    );
}

#[test]
fn the_token_goes_nowhere_else_and_is_printed_nowhere() {
    let job = job();
    let other = format!("https://{}/api/v3", job.lab.vault_host());
    let redirect = Fault::Status(307, vec![("Location".to_owned(), other)]);
    job.lab.control().fault(Route::on(Role::GitHub), redirect, 1);
    let done = signs(&job, &[("github-reports", "check-run")]).env("RUNNER_DEBUG", "1").done();
    let done = done.succeeded();
    assert_eq!(warnings(&done).len(), 1, "{}", done.log());
    assert!(warnings(&done)[0].contains("307"), "{}", done.log());
    let strays = job.lab.control().requests();
    assert!(strays.iter().all(|e| e.role == Role::GitHub || !e.path.starts_with("/api/v3")));

    let token = job.lab.identity().github_token.expose();
    let mask = format!("::add-mask::{token}\n");
    assert!(done.stdout.starts_with(&mask), "{}", done.stdout);
    let rest = format!("{}{}{}", done.stdout.replace(&mask, ""), done.stderr, done.summary);
    assert!(!rest.contains(token), "{rest}");
    assert!(!done.report().to_string().contains(token));

    // plain http is not asked
    let done = signs(&job, &[]).env("GITHUB_API_URL", "http://127.0.0.1:9/api/v3").done();
    assert!(done.succeeded().stdout.contains("GITHUB_API_URL is"));
}

#[test]
fn a_token_that_is_wrong_is_a_warning() {
    let job = job();
    let done = job.signs(&[("github-token", "ghp_wrong"), ALL]).done().succeeded();
    assert_eq!(warnings(&done).len(), 2, "{}", done.log());
    assert!(warnings(&done)[0].contains("401 Bad credentials"), "{}", done.log());
}

#[test]
fn where_there_is_no_github_it_is_one_line() {
    let job = job();
    let done = signs(&job, &[]).env("ACT", "true").done().succeeded();
    assert!(done.stdout.contains("under act there is no GitHub to tell"), "{}", done.log());
    let done = signs(&job, &[]).env("GITHUB_ACTIONS", "false").done();
    assert_eq!(done.status, 0, "{}", done.log());
    assert!(done.stdout.contains("this is no GitHub workflow"), "{}", done.log());
    assert!(job.lab.check_runs().is_empty());
    // without a token nobody is told, and nothing is said
    let done = job.signs(&[]).done().succeeded();
    assert!(!done.stdout.contains("GitHub"), "{}", done.log());
    // unless the reports are named: a fork has no secrets
    let done = job.signs(&[ALL]).done().succeeded();
    assert!(warnings(&done)[0].contains("without `github-token`"), "{}", done.log());
}

#[test]
fn a_word_that_github_reports_does_not_know_is_refused() {
    let job = job();
    let done = signs(&job, &[("github-reports", "email")]).done().failed();
    assert!(done.commands("error")[0].contains("`check-run`"), "{}", done.log());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn ten_of_many_failures_are_annotated() {
    let job = job();
    let images: Vec<String> =
        (0..14).map(|n| job.named(&format!("gone{n}@sha256:{}", "0".repeat(64)))).collect();
    let images = images.join("\n");
    let done = job.uses(&[("images", &images), ("key", &job.issued.key_id)]).done().failed();
    let errors = done.commands("error");
    assert_eq!(errors.len(), 10, "{}", done.log());
    assert!(errors[9].ends_with("::and 5 more: see the job summary and the log"), "{errors:?}");
    assert!(done.summary.starts_with("## ❌ 14 of 14 not signed\n"), "{}", done.summary);
}
