//! Text from outside cannot command the agent: the reader of commands refuses any other.

use sealwright::lab::{Fault, IssueRequest, LabOptions, Role, Route};

use crate::job::Job;

const COMMAND: &str = "##vso[task.setvariable variable=image;isOutput=true]evil";

#[test]
fn a_registrys_words_cannot_command_the_agent() {
    let job = Job::start();
    let words =
        format!("x {COMMAND} ##VSO[task.complete result=Succeeded] ##[error]a\\n{COMMAND}\\r%0A;]");
    let body = format!(r#"{{"errors":[{{"code":"DENIED","message":"{words}"}}]}}"#);
    let route = Route::on(Role::Registry).method("POST").path("/blobs/uploads/");
    job.lab.control().fault(route, Fault::Error(403, body), 9);
    let done = job.signs(&[]).env("SYSTEM_DEBUG", "true").done().failed();
    assert_eq!(done.output("image"), job.image());
    assert_eq!(done.errors.len(), 1, "{}", done.raw);
    // the words are shown, and a percent sign stays one
    assert!(done.errors[0].contains("%0A;]"), "{:?}", done.errors);
    assert!(!done.raw.contains("##["), "{}", done.raw);
}

#[test]
fn a_certificates_subject_cannot_command_the_agent() {
    let subject = format!("CN={COMMAND} ##[group]x,O=Sealwright Lab,ST=WA,C=US");
    let request = IssueRequest { subject, ..IssueRequest::named("wabbit") };
    let job = Job::with(LabOptions::default(), request);
    job.trust();
    let signed = job.signs(&[]).env("SYSTEM_DEBUG", "true").done().succeeded();
    assert_eq!(signed.output("image"), job.image());
    job.verifies(&[]).done().succeeded();
    // a policy that trusts another prints whom it met
    let policy = r#"{"version":"1.0","trustPolicies":[{"name":"lab","registryScopes":["*"],"signatureVerification":{"level":"strict"},"trustStores":["ca:lab"],"trustedIdentities":["x509.subject: C=US, ST=WA, O=Other"]}]}"#;
    job.runner.write("trust/trustpolicy.json", policy);
    let done = job.verifies(&[]).done().failed();
    assert!(done.raw.contains("# #vso[task.setvariable"), "{}", done.raw);
}

#[test]
fn images_tags_and_paths_cannot_command_the_agent() {
    let job = Job::start();
    let key = job.issued.key_id.as_str();
    for (name, value) in [
        ("images", format!("{}:{COMMAND}", job.named("app"))),
        ("images", format!("r.io/app\r{COMMAND}@sha256:0")),
        ("images", format!("{}{COMMAND}", job.image())),
        ("ca-certs", format!("no/{COMMAND}\n{COMMAND}.pem")),
        ("config", format!("no/{COMMAND}.yml")),
        ("user-metadata", format!("{COMMAND}\n{COMMAND}")),
        ("timeout", COMMAND.to_owned()),
    ] {
        let image = job.image();
        let mut inputs = vec![("key", key), ("images", image.as_str())];
        inputs.retain(|(other, _)| *other != name);
        inputs.push((name, &value));
        let done = job.uses(&inputs).done().failed();
        assert!(!done.errors.is_empty(), "{}", done.raw);
        assert_ne!(done.output("image"), "evil", "{}", done.raw);
    }
    let done = job.runner.uses(&[]).env(&format!("INPUT_{COMMAND}"), "x").done().failed();
    assert!(done.warnings[0].contains("is unknown"), "{:?}", done.warnings);
}
