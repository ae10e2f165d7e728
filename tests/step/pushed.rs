//! `digest`, `metadata`, tags, the lists among the outputs, and a job that is cancelled.

use sealwright::lab::{Exchange, Fault, Role, Route};
use serde_json::{Value, json};

use crate::job::Job;

const BUILD: &str = include_str!("../fixtures/metadata/build.json");
const BAKE: &str = include_str!("../fixtures/metadata/bake.json");
const ACR: &str = include_str!("../fixtures/metadata/acr-build.json");

/// The digest in `build.json`, in `acr-build.json` and of bake's `db`.
const A: &str = "sha256:19ffeab6f8bc9293ac2c3fdf94ebe28396254c993aea0b5a542cfb02e0883fa3";
/// The digest of bake's `webapp`.
const B: &str = "sha256:6d9ac9237a84afe1516540f40a0fafdc86859b2141954b4d643af7066d598b74";

/// A build's words, had it pushed to this lab.
fn told(job: &Job, text: &str) -> String {
    text.replace("myregistry.azurecr.io", job.lab.registry_host()).replace(A, &job.digest)
}

fn list(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn manifests(job: &Job, repository: &str) -> Vec<String> {
    let path = format!("/v2/{repository}/manifests/");
    let get = |e: &Exchange| e.method == "GET" && e.role == Role::Registry;
    let all = job.lab.control().requests();
    let asked = all.iter().filter(|e| get(e)).filter_map(|e| e.path.strip_prefix(&path));
    asked.map(str::to_owned).collect()
}

#[test]
fn what_a_build_tells_is_what_is_signed() {
    let job = Job::start();
    let digest = job.lab.push_image("net-monitor", "v1").unwrap();
    let build = told(&job, BUILD).replace(&job.digest, &digest);
    let acr = told(&job, ACR).replace(&job.digest, &digest);
    job.runner.write("out/build.json", &acr);
    let image = job.named(&format!("net-monitor@{digest}"));
    let repository = job.named("net-monitor");
    for inputs in [
        vec![("metadata", build.as_str())],
        vec![("metadata", "out/build.json")],
        vec![("images", repository.as_str()), ("digest", &digest)],
        vec![("images", repository.as_str()), ("metadata", &build)],
    ] {
        let mut all = vec![("key", job.issued.key_id.as_str()), ("skip-signed", "false")];
        all.extend(inputs);
        let done = job.uses(&all).done().succeeded();
        assert_eq!(done.output("image"), image);
        assert_eq!(done.report()["images"].as_array().map(Vec::len), Some(1), "{}", done.log());
        assert_eq!(done.commands("warning"), [""; 0]);
    }
    assert_eq!(job.lab.referrers("net-monitor", &digest).len(), 4);
}

#[test]
fn every_target_of_bake_is_signed_and_the_lists_name_each() {
    let job = Job::start();
    let db = job.lab.push_image("db", "v1").unwrap();
    let bake = BAKE.replace("myregistry.azurecr.io", job.lab.registry_host()).replace(A, &db);
    let inputs = [("metadata", bake.as_str()), ("key", &job.issued.key_id)];
    let done = job.uses(&inputs).done().failed();
    let (signed, lost) = (job.named(&format!("db@{db}")), job.named(&format!("webapp@{B}")));
    let signature = job.lab.referrers("db", &db).remove(0);
    assert_eq!(
        list(done.output("images")),
        json!([
            { "image": signed, "outcome": "signed", "signature": signature },
            { "image": lost, "outcome": "failed" },
        ])
    );
    assert_eq!(list(done.output("signatures")), json!([job.named(&format!("db@{signature}"))]));
    // and the same of the signature found
    let again = job.uses(&inputs).done().failed();
    assert_eq!(again.output("signatures"), done.output("signatures"));
    assert_eq!(list(again.output("images"))[0]["outcome"], "skipped");
    // the image that matters is chosen by its name
    let name = job.named("db");
    let inputs = [("metadata", bake.as_str()), ("images", &name), ("key", &job.issued.key_id)];
    assert_eq!(job.uses(&inputs).done().succeeded().output("image"), signed);
}

#[test]
fn inputs_that_tell_no_digest_or_two_end_the_step_before_anything_is_asked() {
    let job = Job::start();
    job.lab.control().reset();
    let (bare, build) = (job.named("app"), told(&job, BUILD));
    job.runner.write("folder/file", "");
    for (inputs, code, part) in [
        (vec![("images", bare.as_str())], "ci-pushed-no-digest", "steps.build.outputs.digest"),
        (vec![("digest", B)], "ci-pushed-disagree", "`images` and `digest` disagree"),
        (vec![("metadata", &build)], "ci-pushed-disagree", "`images` and `metadata` disagree"),
        (vec![("metadata", "folder")], "ci-pushed-unreadable", "not a regular file"),
        (vec![("metadata", "{")], "ci-pushed-malformed", "no JSON"),
        (
            vec![("renew-before", "1h"), ("skip-signed", "false")],
            "ci-input-together",
            "`renew-before` and `skip-signed`",
        ),
    ] {
        let done = job.signs(&inputs).done().failed();
        assert_eq!(done.report()["error"]["code"], code, "{}", done.log());
        assert!(done.log().contains(part), "{}", done.log());
        assert_eq!((done.output("signatures"), done.output("images")), ("[]", "[]"));
    }
    let words =
        r#"{"containerimage.digest": "x", "image.name": "r.io/a\n::error::b ##[error]c ##vso[d]"}"#;
    let done = job.signs(&[("metadata", words)]).done().failed();
    assert_eq!(done.commands("error").len(), 1, "{}", done.log());
    assert!(!done.stdout.contains("##[") && !done.stdout.contains("##vso["), "{}", done.stdout);
    let done = job.uses(&[("images", ""), ("digest", A), ("key", "k")]).done().failed();
    assert_eq!(done.report()["error"]["code"], "ci-input-missing");
    assert_eq!(job.lab.control().requests().len(), 0);
}

#[test]
fn docker_2_tells_azure_pipelines_what_it_pushed() {
    let job = Job::start();
    let uris = format!("https://{}", job.image());
    let key = [("key", job.issued.key_id.as_str())];
    let temp = job.runner.temp().display().to_string();
    let step = || {
        let step = job.uses(&key).env("RESOURCE_URIS", &uris).env("GITHUB_ACTIONS", "");
        step.env("AGENT_TEMPDIRECTORY", &temp)
    };
    let done = step().env("TF_BUILD", "True").done().succeeded();
    assert!(done.stdout.contains(&format!("Successfully signed {}", job.image())));
    let done = step().done();
    assert!(done.stdout.contains("input `images` is missing"), "{}", done.log());
    assert_eq!(job.signatures(), 1);
}

#[test]
fn a_tag_is_asked_for_once_and_an_image_is_signed_once() {
    let job = Job::start();
    job.lab.control().forget();
    let tag = job.named("app:v1");
    let images = format!("{tag}\n{}\n{}", job.image(), job.named("app:gone"));
    let inputs = [("images", images.as_str()), ("key", &job.issued.key_id)];
    let done = job.uses(&inputs).done().failed();
    assert_eq!(job.signatures(), 1);
    // the digest was never asked for again: wherever the tag points by now, this was signed
    let asked = manifests(&job, "app");
    assert_eq!(asked.iter().filter(|version| *version == "v1").count(), 1, "{asked:?}");
    assert!(!asked.contains(&job.digest), "{asked:?}");
    assert_eq!(done.output("image"), job.image());
    let report = done.report();
    let (signed, gone) = (&report["images"][0], &report["images"][1]);
    assert_eq!((&signed["image"], &signed["tags"]), (&job.image().into(), &json!([tag])));
    assert_eq!(gone["error"]["code"], "registry-not-found");
    let warnings = done.commands("warning");
    assert_eq!(warnings.len(), 1, "{}", done.log());
    assert!(warnings[0].contains(&format!("{tag} is a tag; it is {} now", job.image())));
    assert!(done.summary.contains("is a tag"), "{}", done.summary);

    // verifying by two tags is one image, too
    job.trust();
    job.lab.control().forget();
    let twice = format!("{tag},{}", job.image());
    let done = job.verifies(&[("images", &twice)]).done().succeeded();
    assert_eq!(list(done.output("images")).as_array().map(Vec::len), Some(1));
    assert!(!manifests(&job, "app").contains(&job.digest));
}

#[test]
fn a_dry_run_resolves_a_tag_and_tells_what_it_cannot() {
    let job = Job::start();
    let tag = job.named("app:v1");
    let done = job.signs(&[("dry-run", "true"), ("images", &tag)]).done().succeeded();
    assert_eq!(done.output("image"), job.image());
    let mut step = job.signs(&[("dry-run", "true"), ("images", &tag)]);
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
        step = step.env(name, "");
    }
    let done = step.env("IDENTITY_ENDPOINT", "").done().succeeded();
    assert_eq!(list(done.output("images")), json!([{ "image": tag, "outcome": "dry-run" }]));
}

#[test]
fn a_signature_that_ends_soon_is_renewed() {
    let job = Job::start();
    job.signs(&[("expiry", "1h")]).done().succeeded();
    let outcome = |ahead: &str| {
        let done = job.signs(&[("expiry", "24h"), ("renew-before", ahead)]).done().succeeded();
        done.output("outcome").to_owned()
    };
    assert_eq!(outcome("10m"), "skipped");
    assert_eq!(outcome("2h"), "signed");
    assert_eq!(outcome("2h"), "skipped");
    assert_eq!(job.signatures(), 2);
}

#[cfg(unix)]
#[test]
fn a_job_that_is_cancelled_reports_what_was_done() {
    for signal in ["INT", "TERM"] {
        let job = Job::start();
        let slow = job.named(&format!("slow@sha256:{}", "0".repeat(64)));
        // a registry that asks for patience
        let route = Route::on(Role::Registry).path("/v2/slow/");
        job.lab.control().fault(route, Fault::throttled(60), 99);
        let images = format!("{}\n{slow}", job.image());
        let inputs = [("images", images.as_str()), ("key", &job.issued.key_id)];
        let done = job.uses(&inputs).until("Successfully signed ", signal).failed();
        let report = done.report();
        assert_eq!(report["images"][0]["outcome"], "signed", "{}", done.log());
        let error = &report["images"][1]["error"];
        assert_eq!(error["code"], "ci-cancelled");
        assert_eq!(error["message"], format!("the job was cancelled (SIG{signal})"));
        assert_eq!(list(done.output("images"))[1], json!({ "image": slow, "outcome": "failed" }));
        assert!(done.summary.starts_with("## ❌ 1 of 2 not signed\n"), "{}", done.summary);
    }
}
