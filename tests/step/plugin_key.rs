//! A key behind a plugin that is a program.

use sealwright::lab::{IssueRequest, KeySpec, LabOptions};
use serde_json::{Value, json};

use crate::job::Job;
use crate::tester;

/// A job whose key `viaplugin` is the plugin's; none where there is no Python.
fn job(capability: &str) -> Option<Job> {
    job_with(json!({ "capabilities": capability }))
}

/// The same, with these settings of the plugin besides its key.
pub fn job_with(mut settings: Value) -> Option<Job> {
    let python = tester::python("a step with a plugin's key")?;
    let request = IssueRequest::named("wabbit").key(KeySpec::Rsa2048);
    let job = Job::with(LabOptions::default(), request);
    job.local_key();
    let home = job.runner.home(".config/notation");
    let keys = json!({
        "default": "viaplugin",
        "keys": [{ "name": "viaplugin", "id": "k", "pluginName": "tester" }]
    });
    std::fs::write(home.join("signingkeys.json"), keys.to_string()).expect("written");
    let file = |name: &str| home.join(name).display().to_string();
    for (name, path) in [("key", "local.key"), ("chain", "local.crt"), ("log", "plugin.log")] {
        settings[name] = json!(file(path));
    }
    tester::place(&home.join("plugins"), "tester", &python, &settings);
    Some(job)
}

pub fn commands(job: &Job) -> Vec<String> {
    let path = job.runner.home(".config/notation").join("plugin.log");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.map(|line| line["command"].as_str().expect("a command").to_owned()).collect()
}

#[test]
fn it_signs_and_the_next_run_leaves_that_alone() {
    for (capability, count) in [("RAW", 3), ("ENVELOPE", 2)] {
        let Some(job) = job(capability) else { return };
        let image = job.image();
        let done = job.uses(&[("key", "viaplugin"), ("images", &image)]).done().succeeded();
        assert_eq!(done.output("outcome"), "signed", "{}", done.log());
        assert_eq!(commands(&job).len(), count, "{capability}");
        let report = done.report();
        assert_eq!(report["images"][0]["key"], "k");
        assert_eq!(report["images"][0]["credentials"]["vault"], "plugin tester");
        let again = job.uses(&[("key", "viaplugin"), ("images", &image)]).done().succeeded();
        assert_eq!(again.output("outcome"), "already-signed", "{}", again.log());
        assert_eq!(commands(&job).len(), count, "one signature that is thrown away");
        assert_eq!(job.signatures(), 1);
        let renewed = job
            .uses(&[("key", "viaplugin"), ("images", &image), ("skip-signed", "false")])
            .done()
            .succeeded();
        assert_eq!(renewed.output("outcome"), "signed", "{}", renewed.log());
        assert_eq!(job.signatures(), 2);
        job.trust();
        job.verifies(&[]).done().succeeded();
    }
}

#[test]
fn a_dry_run_says_that_the_certificate_is_not_looked_at() {
    let Some(job) = job("RAW") else { return };
    let image = job.image();
    let done = job
        .uses(&[("key", "viaplugin"), ("images", &image), ("dry-run", "true")])
        .done()
        .succeeded();
    assert_eq!(commands(&job), ["get-plugin-metadata", "describe-key"], "nothing is signed");
    let words = "signing certificate: the plugin tells it only with a signature";
    assert!(done.report()["notChecked"].to_string().contains(words), "{}", done.report());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn a_plugin_that_is_not_there_fails_before_any_image() {
    let Some(job) = job("RAW") else { return };
    std::fs::remove_dir_all(job.runner.home(".config/notation/plugins")).expect("removed");
    let image = job.image();
    let done = job.uses(&[("key", "viaplugin"), ("images", &image)]).done().failed();
    assert!(done.log().contains("plugin executable file is either not found"), "{}", done.log());
    assert_eq!(job.lab.control().requests().len(), 0);
}
