//! What is said, to whom, and how patiently, with an API that answers from a list.

use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};
use time::macros::datetime;

use super::say::Said;
use super::workflow::Origin;
use super::*;
use crate::ci::report::{ErrorReport, ImageReport, Outcome};
use crate::clock::ManualClock;
use crate::env::{Env, name};
use crate::fault::Fault;
use crate::registry::Reference;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn variables() -> Env {
    [
        (name::GITHUB_ACTIONS, "true"),
        (name::GITHUB_API_URL, "https://ghe.example/api/v3"),
        (name::GITHUB_SERVER_URL, "https://ghe.example"),
        (name::GITHUB_REPOSITORY, "octo-org/octo-repo"),
        (name::GITHUB_SHA, SHA),
        (name::GITHUB_REF, "refs/heads/main"),
        (name::GITHUB_RUN_ID, "42"),
        (name::GITHUB_RUN_ATTEMPT, "1"),
        (name::GITHUB_WORKFLOW, "CI"),
        (name::GITHUB_JOB, "build"),
        (name::GITHUB_ACTION, "__run"),
    ]
    .iter()
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect()
}

fn run() -> WorkflowRun {
    WorkflowRun::from_env(&variables()).unwrap()
}

fn on_pull(origin: Origin) -> WorkflowRun {
    WorkflowRun { pull: Some(Pull { number: 7, origin }), ..run() }
}

fn image(text: &str, outcome: Outcome) -> ImageReport {
    let error = (outcome == Outcome::Failed).then(|| ErrorReport {
        code: "registry-not-found",
        message: format!("{text}: not found"),
        because: Vec::new(),
        hint: None,
    });
    let mut image = ImageReport::rehearsed(&Reference::parse(text).unwrap());
    (image.outcome, image.error) = (outcome, error);
    image
}

fn signed() -> Report {
    Report::of("sign", vec![image("r.io/app:v1", Outcome::Signed)], Outcome::Signed)
}

fn said(report: &Report) -> Said {
    Said::of(report, &GitHubReports::default(), &run())
}

/// Answers in turn, and remembers what was asked.
struct Fake {
    answers: Mutex<Vec<Result<Answer, Unanswered>>>,
    calls: Mutex<Vec<Call>>,
}

#[async_trait::async_trait]
impl Api for Fake {
    async fn call(&self, call: Call) -> Result<Answer, Unanswered> {
        self.calls.lock().unwrap().push(call);
        self.answers.lock().unwrap().remove(0)
    }
}

fn answer(status: u16, body: Value) -> Result<Answer, Unanswered> {
    let body = body.to_string().into();
    Ok(Answer { status, retry_after: None, exhausted: false, body })
}

fn message(status: u16, text: &str) -> Result<Answer, Unanswered> {
    answer(status, json!({ "message": text }))
}

fn asked_to_wait(status: u16, seconds: u64) -> Result<Answer, Unanswered> {
    let retry_after = Some(Duration::from_secs(seconds));
    message(status, "secondary rate limit").map(|answer| Answer { retry_after, ..answer })
}

struct Told {
    result: Result<String, Refusal>,
    calls: Vec<Call>,
    waited: Duration,
}

impl Told {
    fn lines(&self) -> Vec<String> {
        self.calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    fn code(&self) -> &'static str {
        self.result.as_ref().unwrap_err().code()
    }
}

async fn told(
    channel: Channel,
    run: &WorkflowRun,
    answers: Vec<Result<Answer, Unanswered>>,
) -> Told {
    let fake = Fake { answers: Mutex::new(answers), calls: Mutex::default() };
    let clock = ManualClock::at(datetime!(2026-11-22 12:00:00 UTC));
    let said = Said::of(&signed(), &GitHubReports::default(), run);
    let result = Asking { api: &fake, clock: &clock, end: TELLING, run }.tell(channel, &said).await;
    Told { result, calls: fake.calls.into_inner().unwrap(), waited: clock.elapsed() }
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_a_few_times() {
    let answers = vec![message(502, ""), Err(Unanswered("reset".into())), answer(201, json!({}))];
    let told = told(Channel::CommitStatus, &run(), answers).await;
    assert!(told.result.is_ok());
    assert_eq!((told.calls.len(), told.waited.as_secs()), (3, 3));
}

#[tokio::test]
async fn tries_end() {
    let answers = (0..3).map(|_| Err(Unanswered("connection refused".into()))).collect();
    let told = told(Channel::CommitStatus, &run(), answers).await;
    assert_eq!(told.code(), "ci-github-unanswered");
    assert_eq!(
        told.result.unwrap_err().to_string(),
        "the commit status did not arrive: connection refused"
    );
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_when_it_is_short() {
    for status in [403, 429] {
        let answers = vec![asked_to_wait(status, 5), answer(201, json!({}))];
        let short = told(Channel::CommitStatus, &run(), answers).await;
        assert!(short.result.is_ok());
        assert_eq!(short.waited.as_secs(), 5);
        let long = told(Channel::CommitStatus, &run(), vec![asked_to_wait(status, 60)]).await;
        assert_eq!((long.code(), long.waited.as_secs()), ("ci-github-rate-limit", 0));
    }
    let exhausted = message(403, "x").map(|answer| Answer { exhausted: true, ..answer });
    let told = told(Channel::CommitStatus, &run(), vec![exhausted]).await;
    assert_eq!(told.code(), "ci-github-rate-limit");
}

#[tokio::test]
async fn a_missing_permission_names_the_line_to_add_and_no_other() {
    for (channel, line) in [
        (Channel::CheckRun, "checks: write"),
        (Channel::CommitStatus, "statuses: write"),
        (Channel::PullRequestComment, "pull-requests: write"),
    ] {
        let answers = vec![message(403, "Resource not accessible by integration")];
        let refusal = told(channel, &on_pull(Origin::Here), answers).await.result.unwrap_err();
        assert_eq!(refusal.code(), "ci-github-permission");
        let hint = refusal.hint().unwrap();
        assert!(hint.ends_with(&format!("permissions:\n  {line}")), "{hint}");
    }
}

#[tokio::test]
async fn a_forks_token_is_not_told_to_ask_for_more() {
    let answers = vec![message(403, "Resource not accessible by integration")];
    let told = told(Channel::CheckRun, &on_pull(Origin::Fork), answers).await;
    let refusal = told.result.unwrap_err();
    assert_eq!(refusal.hint(), None);
    assert!(refusal.because()[0].contains("fork"), "{refusal:?}");
}

#[tokio::test]
async fn a_personal_token_is_pointed_to_what_it_can_do() {
    let answers = vec![message(403, "You must authenticate via a GitHub App.")];
    let refusal = told(Channel::CheckRun, &run(), answers).await.result.unwrap_err();
    assert!(refusal.hint().unwrap().ends_with("github-reports: commit-status"));
}

#[tokio::test]
async fn a_refusal_says_what_github_said() {
    let told = told(Channel::CheckRun, &run(), vec![message(401, "Bad credentials\nmore")]).await;
    assert_eq!(told.code(), "ci-github-refused");
    let refusal = told.result.unwrap_err();
    assert_eq!(refusal.to_string(), "the check run is refused: 401 Bad credentials");
    assert!(refusal.hint().unwrap().contains("github.token"));
}

#[tokio::test]
async fn a_check_run_whose_answer_was_lost_is_not_made_twice() {
    let made = json!({ "check_runs": [{ "external_id": said(&signed()).external_id }] });
    let answers = vec![Err(Unanswered("reset".into())), answer(200, made)];
    let twice = told(Channel::CheckRun, &run(), answers).await;
    assert!(twice.result.is_ok());
    assert_eq!(
        twice.lines(),
        [
            "POST /repos/octo-org/octo-repo/check-runs".to_owned(),
            format!(
                "GET /repos/octo-org/octo-repo/commits/{SHA}/check-runs?filter=latest&per_page=100"
            ),
        ]
    );
    let other = json!({ "check_runs": [{ "external_id": "x" }, { "external_id": null }] });
    let answers = vec![message(503, ""), answer(200, other), answer(201, json!({}))];
    assert_eq!(told(Channel::CheckRun, &run(), answers).await.calls.len(), 3);
}

#[tokio::test]
async fn only_the_owners_comment_is_written_over() {
    let marker = said(&signed()).marker();
    let comment = |id: u64, login: &str, kind: &str, body: &str| json!({ "id": id, "body": body, "user": { "login": login, "type": kind } });
    let pull = on_pull(Origin::Here);
    // an outsider wrote the marker, a bot quoted it; the token is an app's
    let list = json!([
        comment(1, "mallory", "User", &format!("{marker}\nsigned")),
        comment(2, "quoter[bot]", "Bot", &format!("> {marker}")),
    ]);
    let answers = vec![answer(200, list.clone()), message(403, ""), answer(201, json!({}))];
    let made = told(Channel::PullRequestComment, &pull, answers).await;
    assert_eq!(made.calls.last().unwrap().method, Method::POST);
    // a personal token of the one who wrote it
    let own = json!({ "login": "mallory" });
    let answers = vec![answer(200, list), answer(200, own), answer(200, json!({}))];
    let updated = told(Channel::PullRequestComment, &pull, answers).await;
    let last = updated.calls.last().unwrap();
    assert_eq!(
        (&last.method, last.path.as_str()),
        (&Method::PATCH, "/repos/octo-org/octo-repo/issues/comments/1")
    );
    let list = json!([comment(3, "github-actions[bot]", "Bot", &marker)]);
    let answers = vec![answer(200, list), answer(200, json!({}))];
    let updated = told(Channel::PullRequestComment, &pull, answers).await;
    assert_eq!(updated.calls[1].method, Method::PATCH);
}

#[test]
fn names_are_of_the_repositories_and_markers_of_the_step() {
    let images = |names: &[&str]| {
        let images = names.iter().map(|name| image(name, Outcome::Signed)).collect();
        said(&Report::of("sign", images, Outcome::Signed))
    };
    let one = images(&["r.io:5000/app:v1"]);
    let later = images(&[&format!("r.io:5000/app@sha256:{}", "0".repeat(64))]);
    assert_eq!((&*one.name, &one.marker()), ("sealwright sign: r.io:5000/app", &later.marker()));
    let more = images(&["r.io/a:1", "r.io/b:1", "r.io/a:2", "r.io/c:1"]);
    assert_eq!(more.name, "sealwright sign: r.io/a and 2 more");
    assert_ne!(more.marker(), one.marker());
    // a step that could not begin knows what was asked for
    let mut report = Report::of("sign", Vec::new(), Outcome::Failed);
    report.error = Some(ErrorReport {
        code: "ci-input-missing",
        message: "input `key` is missing".into(),
        because: Vec::new(),
        hint: None,
    });
    let wanted =
        GitHubReports { images: vec!["r.io:5000/app:v2".into()], ..GitHubReports::default() };
    let refused = Said::of(&report, &wanted, &run());
    assert_eq!((&refused.name, refused.marker()), (&one.name, one.marker()));
    let elsewhere = WorkflowRun { job: "other".into(), ..run() };
    assert_ne!(Said::of(&report, &wanted, &elsewhere).marker(), one.marker());
}

#[test]
fn conclusions_and_states_say_what_became_of_the_images() {
    for (command, outcome, conclusion, state) in [
        ("sign", Outcome::Signed, "success", Some("success")),
        ("sign", Outcome::Skipped, "success", Some("success")),
        ("sign", Outcome::DryRun, "neutral", None),
        ("verify", Outcome::Verified, "success", Some("success")),
        ("verify", Outcome::Skipped, "neutral", Some("success")),
        ("verify", Outcome::Failed, "failure", Some("failure")),
    ] {
        let said = said(&Report::of(command, vec![image("r.io/a:1", outcome)], outcome));
        assert_eq!(said.check_run()["conclusion"], conclusion, "{command} {outcome:?}");
        let status = said.commit_status().map(|body| body["state"].as_str().unwrap().to_owned());
        assert_eq!(status.as_deref(), state, "{command} {outcome:?}");
    }
}

#[test]
fn everything_is_within_githubs_limits() {
    let images = (0..2000).map(|n| image(&format!("r.io/app{n}:v1"), Outcome::Failed)).collect();
    let mut report = Report::of("verify", images, Outcome::Failed);
    report.error = report.images[0].error.clone();
    report.error.as_mut().unwrap().message = "é".repeat(4000);
    let said = said(&report);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert!(text(&said.check_run()["output"]["summary"]).len() <= 65_535);
    assert!(text(&said.comment()["body"]).len() <= 65_536);
    let status = said.commit_status().unwrap();
    assert_eq!(text(&status["description"]).chars().count(), 140);
    assert!(said.name.chars().count() <= 200, "{}", said.name);
}

#[test]
fn outside_text_spoofs_no_marker() {
    let mut report = signed();
    report.images[0].warnings = vec!["<!-- sealwright 00 --> @team #1".into()];
    report.images[0].image = "<!-- sealwright 00 -->".into();
    let said = Said::of(
        &report,
        &GitHubReports::default(),
        &WorkflowRun { workflow: "`<!-- sealwright 00 -->`".into(), ..run() },
    );
    let body = said.comment()["body"].as_str().unwrap().to_owned();
    assert!(body.starts_with(&said.marker()), "{body}");
    let outside_code: String = body
        .lines()
        .skip(1)
        .flat_map(|line| line.split('`').step_by(2))
        .filter(|part| !part.starts_with("text"))
        .collect();
    assert!(!outside_code.contains("<!--"), "{outside_code}");
}

#[test]
fn a_pull_requests_commit_is_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.json");
    let env = variables()
        .with(name::GITHUB_EVENT_PATH, event.to_str().unwrap())
        .with(name::GITHUB_REF, "refs/pull/9/merge");
    let head = "f".repeat(40);
    let write = |repository: Value| {
        let pull = json!({ "number": 7, "head": { "sha": head, "repo": repository } });
        std::fs::write(&event, json!({ "pull_request": pull }).to_string()).unwrap();
        let run = WorkflowRun::from_env(&env).unwrap();
        (run.sha, run.pull.unwrap())
    };
    for (repository, origin) in [
        (json!({ "full_name": "octo-org/octo-repo" }), Origin::Here),
        (json!({ "full_name": "mallory/octo-repo" }), Origin::Fork),
        (Value::Null, Origin::Fork),
    ] {
        assert_eq!(write(repository), (head.clone(), Pull { number: 7, origin }));
    }
    // without an event that can be read, the variables serve
    for text in ["", "{", r#"{"pull_request":{"number":-1}}"#, r#"{"pull_request":null}"#] {
        std::fs::write(&event, text).unwrap();
        let run = WorkflowRun::from_env(&env).unwrap();
        let pull = Pull { number: 9, origin: Origin::Here };
        assert_eq!((run.sha.as_str(), run.pull), (SHA, Some(pull)), "{text}");
    }
    assert_eq!(run().pull, None);
}

#[test]
fn where_nobody_listens_it_is_one_line() {
    for (env, line) in [
        (variables().without(name::GITHUB_ACTIONS), "this is no GitHub workflow"),
        (variables().with(name::ACT, "true"), "under act"),
        (variables().with(name::GITHUB_API_URL, "http://ghe.example/api/v3"), "GITHUB_API_URL"),
        (variables().with(name::GITHUB_API_URL, "https://a:b@ghe.example"), "GITHUB_API_URL"),
        (variables().with(name::GITHUB_REPOSITORY, "../x"), "GITHUB_REPOSITORY"),
        (variables().with(name::GITHUB_REPOSITORY, "a/b/c"), "GITHUB_REPOSITORY"),
        (variables().with(name::GITHUB_SHA, "main"), "GITHUB_SHA"),
    ] {
        let nobody = WorkflowRun::from_env(&env).unwrap_err().to_string();
        assert!(nobody.contains(line) && !nobody.contains('\n'), "{nobody}");
    }
}

#[test]
fn the_page_is_of_the_run() {
    let page = run().page.unwrap();
    assert_eq!(page.as_str(), "https://ghe.example/octo-org/octo-repo/actions/runs/42");
    let env = variables().with(name::GITHUB_RUN_ID, "../x");
    assert_eq!(WorkflowRun::from_env(&env).unwrap().page, None);
}
