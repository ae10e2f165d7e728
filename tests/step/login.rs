//! `command: login` and the end of the job

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::job::Job;
use crate::runner::Done;

const PASSWORD: &str = "lab-password";

fn login(job: &Job) -> Done {
    let host = job.lab.registry_host();
    job.uses(&[("command", "login"), ("registry", host)]).done().succeeded()
}

fn docker(job: &Job) -> Value {
    let file = std::fs::read(job.runner.home(".docker/config.json")).expect("written");
    serde_json::from_slice(&file).expect("JSON")
}

fn write_docker(job: &Job, config: &Value) {
    std::fs::create_dir_all(job.runner.home(".docker")).unwrap();
    std::fs::write(job.runner.home(".docker/config.json"), config.to_string()).unwrap();
}

#[test]
fn docker_is_logged_in_until_the_job_ends() {
    let job = Job::start();
    let host = job.lab.registry_host();
    write_docker(&job, &json!({ "auths": { "other.io": { "auth": "eDp5" } }, "psFormat": "x" }));
    let before = docker(&job);
    let done = login(&job);
    let path = job.runner.home(".docker/config.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let token = docker(&job)["auths"][host]["identitytoken"].as_str().unwrap().to_owned();
    // the token is masked before anything that knows it is printed, and printed nowhere else
    let mut lines = done.stdout.lines();
    assert!(lines.next().unwrap().starts_with("Azure credentials in order: environment,"));
    assert_eq!(lines.next(), Some(format!("::add-mask::{token}").as_str()));
    assert_eq!(done.stdout.matches(&token).count(), 1);
    assert!(!format!("{:?}{}", done.state, done.summary).contains(&token));
    assert!(done.stdout.contains(&format!("written to {}", path.display())), "{}", done.stdout);
    assert_eq!(docker(&job)["auths"]["other.io"], before["auths"]["other.io"]);

    let post = job.runner.post(&done).succeeded();
    assert_eq!(post.stdout, format!("removed {host} from {}\n", path.display()));
    assert_eq!(docker(&job), before);
    // a second time there is nothing to do
    let post = job.runner.post(&done).succeeded();
    assert!(post.stdout.contains("left "), "{}", post.stdout);
}

#[test]
fn an_entry_that_changed_since_is_left_alone() {
    let job = Job::start();
    let done = login(&job);
    let mut config = docker(&job);
    config["auths"][job.lab.registry_host()] = json!({ "auth": "bWU6bWluZQ==" });
    write_docker(&job, &config);
    let post = job.runner.post(&done).succeeded();
    assert!(post.stdout.starts_with("left "), "{}", post.stdout);
    assert_eq!(docker(&job), config);
}

#[test]
fn an_entry_that_was_there_before_stays() {
    let job = Job::with_basic_registry();
    let host = job.lab.registry_host();
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("lab:{PASSWORD}"));
    let config = json!({ "auths": { host: { "auth": auth } } });
    write_docker(&job, &config);
    let inputs = [
        ("command", "login"),
        ("registry", host),
        ("registry-username", "lab"),
        ("registry-password", PASSWORD),
    ];
    let done = job.runner.uses(&inputs).done().succeeded();
    assert!(done.stdout.contains("stored already"), "{}", done.stdout);
    job.runner.post(&done).succeeded();
    assert_eq!(docker(&job), config);
}

#[test]
fn the_end_of_the_job_looks_where_the_step_wrote() {
    let mut job = Job::start();
    let done = login(&job);
    let elsewhere = job.runner.home("elsewhere");
    job.runner.set("DOCKER_CONFIG", elsewhere.to_str().unwrap());
    job.runner.set("NOTATION_CONFIG", elsewhere.to_str().unwrap());
    let post = job.runner.post(&done).succeeded();
    assert!(post.stdout.starts_with("removed "), "{}", post.stdout);
    assert_eq!(docker(&job)["auths"].as_object().map(|auths| auths.len()).unwrap_or(0), 0);
}

#[test]
fn an_end_of_the_job_that_fails_is_a_warning() {
    let job = Job::start();
    let done = login(&job);
    std::fs::write(job.runner.home(".docker/config.json"), "{").unwrap();
    let post = job.runner.post(&done).succeeded();
    assert_eq!(post.commands("warning").len(), 1, "{}", post.log());
}

#[test]
fn a_step_that_logged_in_nowhere_has_nothing_to_undo() {
    let job = Job::start();
    let done = job.signs(&[]).done().succeeded();
    assert!(done.state.is_empty());
    let post = job.runner.post(&done).succeeded();
    assert_eq!(post.log(), "[exit] 0");
}

#[test]
fn a_refused_second_registry_leaves_the_first_to_be_undone() {
    let job = Job::start();
    let registries = format!("{}\nlocalhost:1", job.lab.registry_host());
    let done = job.uses(&[("command", "login"), ("registry", &registries)]).done().failed();
    assert!(done.commands("error")[0].contains("no credential for localhost:1"), "{}", done.log());
    job.runner.post(&done).succeeded();
    assert_eq!(docker(&job)["auths"].as_object().map(|auths| auths.len()).unwrap_or(0), 0);
}

#[test]
fn user_name_and_password_are_for_the_one_registry() {
    let job = Job::with_basic_registry();
    let image = job.image();
    job.local_key();
    let given = [("registry-username", "lab"), ("registry-password", PASSWORD)];
    let mut inputs = vec![("images", image.as_str()), ("key", "local")];
    inputs.extend(given);
    let done = job.runner.uses(&inputs).done().succeeded();
    assert_eq!(done.stdout.lines().next(), Some("::add-mask::lab-password"));
    assert_eq!(done.stdout.matches(PASSWORD).count(), 1);
    assert_eq!(done.report()["images"][0]["credentials"]["registry"], "inputs");
    assert!(!done.report().to_string().contains(PASSWORD));
    // named for another registry, this one never sees them
    inputs.push(("registry", "other.example.com"));
    inputs.push(("dry-run", "true"));
    job.lab.control().forget();
    job.runner.uses(&inputs).done();
    assert!(job.lab.control().requests().iter().all(|request| !request.authorized));
    // two registries and one password is a question
    inputs.retain(|(name, _)| *name != "registry");
    let two = format!("{image},other.example.com/app:v1");
    inputs[0].1 = &two;
    let done = job.runner.uses(&inputs).done().failed();
    assert!(done.commands("error")[0].contains("input `registry` is missing"), "{}", done.log());
}

#[test]
fn a_dry_run_writes_no_login() {
    let job = Job::start();
    let host = job.lab.registry_host();
    let inputs = [("command", "login"), ("registry", host), ("dry-run", "true")];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.output("outcome"), "dry-run");
    assert!(!job.runner.home(".docker").exists());
    assert!(done.state.is_empty());
}
