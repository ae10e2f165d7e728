//! `command: login`, `command: setup` and the end of the job

use serde_json::Value;

use crate::agent::Done;
use crate::job::Job;

fn login(job: &Job) -> Done {
    let host = job.lab.registry_host();
    job.uses(&[("command", "login"), ("registry", host)]).done().succeeded()
}

fn docker(job: &Job) -> Value {
    let file = std::fs::read(job.runner.home(".docker/config.json")).expect("written");
    serde_json::from_slice(&file).expect("JSON")
}

#[test]
fn docker_is_logged_in_until_the_job_ends() {
    let job = Job::start();
    let host = job.lab.registry_host();
    let done = login(&job);
    let token = docker(&job)["auths"][host]["identitytoken"].as_str().unwrap().to_owned();
    // masked before anything that knows it is printed
    assert_eq!(done.secrets, [token.as_str()]);
    assert!(!done.shown.contains(&token));
    assert_eq!(done.raw.matches(&token).count(), 1);
    assert!(!format!("{:?}{}", done.task_variables, done.summary).contains(&token));

    let post = job.runner.post(&done);
    assert_eq!(post.status, 0);
    assert!(post.shown.starts_with(&format!("removed {host} from ")), "{}", post.raw);
    assert!(docker(&job)["auths"].as_object().is_none_or(|auths| auths.is_empty()));
}

#[test]
fn the_end_of_a_job_whose_step_was_skipped_does_nothing() {
    let job = Job::start();
    let post = job.runner.post(&Done::default());
    assert_eq!((post.status, post.raw.as_str()), (0, ""));
}

#[test]
fn a_password_of_an_input_is_masked_and_kept_from_the_log() {
    let job = Job::with_basic_registry();
    job.local_key();
    let inputs = [
        ("images", &*job.image()),
        ("key", "local"),
        ("registry-username", "lab"),
        ("registry-password", "lab-password"),
    ];
    let done = job.runner.uses(&inputs).env("SYSTEM_DEBUG", "true").done().succeeded();
    assert_eq!(done.secrets, ["lab-password"]);
    assert_eq!(done.raw.matches("lab-password").count(), 1, "{}", done.raw);
    assert!(!done.shown.contains("lab-password"), "{}", done.shown);
}

#[test]
fn setup_is_for_later_steps() {
    let job = Job::start();
    job.trust();
    for command in ["setup", "install"] {
        let inputs = [
            ("command", command),
            ("trust-policy", "trust/trustpolicy.json"),
            ("trust-store", "trust/store"),
        ];
        let done = job.uses(&inputs).done().succeeded();
        let home = std::path::PathBuf::from(&done.variables["NOTATION_CONFIG"]);
        assert!(home.starts_with(job.runner.folder().join("temp")), "{}", home.display());
        assert!(home.join("trustpolicy.json").is_file());
        assert_eq!(done.paths.len(), 1, "{}", done.raw);
    }
}
