//! Warnings before something ends, and what is advised once it has: both commands and the step, at a
//! fixed time.

#[path = "program/mod.rs"]
mod program;

use std::time::Duration;

use program::{Answer, Program};
use sealwright::lab::{Chain, IssueRequest, LabOptions, Revocation, Stamp, Telling};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);
/// The default key's certificate is good for 90 days.
const UNTIL_DUE: Duration = Duration::from_secs(60 * 24 * 3600);
const CERTIFICATE: &str = "Warning: the signing certificate with subject \"CN=local,O=Sealwright Lab,L=Seattle,ST=WA,C=US\" ends at 2026-08-30T12:00:00Z: nothing can be signed with it after that\n";
const WITH_CERTIFICATE: &str = "Warning: without a timestamp that counts, the signature verifies no longer than the certificate with subject \"CN=local,O=Sealwright Lab,L=Seattle,ST=WA,C=US\" is valid, which ends at 2026-08-30T12:00:00Z\n";

async fn world() -> Program {
    Program::start(LabOptions::default()).await
}

fn policy(program: &Program, level: &str, stores: &[&str]) {
    let policy = json!({ "version": "1.0", "trustPolicies": [{
        "name": "lab",
        "registryScopes": ["*"],
        "signatureVerification": { "level": level },
        "trustStores": stores,
        "trustedIdentities": ["*"],
    }] });
    program.write(".config/notation/trustpolicy.json", &policy.to_string());
}

fn codes(endings: &Value) -> Vec<&str> {
    let list = endings.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|ending| ending["code"].as_str().expect("a code")).collect()
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("no JSON: {}", answer.stdout))
}

/// The step in this process, at the lab's time.
async fn step(program: &mut Program, inputs: &[(&'static str, &str)]) -> (Answer, String, Value) {
    let summary = program.write("summary.md", "");
    let outputs = program.write("outputs", "");
    let temp = program.write("temp/x", "").parent().expect("a folder").to_owned();
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", &summary.display().to_string()),
        ("GITHUB_OUTPUT", &outputs.display().to_string()),
        ("RUNNER_TEMP", &temp.display().to_string()),
    ] {
        program.set(name, value);
    }
    for (name, value) in inputs {
        program.set(name, value);
    }
    let answer = program.run("run").await;
    for (name, _) in inputs {
        program.set(name, "");
    }
    let outputs = std::fs::read_to_string(outputs).expect("outputs");
    let report = outputs.lines().find(|line| line.ends_with(".json")).expect("a report");
    let report = report.split_once('=').map_or(report, |(_, path)| path);
    let report = std::fs::read_to_string(report).expect("the report is there");
    let report = serde_json::from_str(&report).expect("JSON");
    jsonschema::validate(&sealwright::ci::report_schema(), &report).expect("as the schema says");
    (answer, std::fs::read_to_string(summary).expect("a summary"), report)
}

#[tokio::test]
async fn a_certificate_is_told_from_thirty_days_before_its_end_on() {
    let program = world().await;
    let image = program.image("v1");
    program.wait(UNTIL_DUE - SECOND).await;
    for line in ["sign", "verify", "sign --skip-signed"] {
        let answer = program.run(&format!("{line} {image}")).await.succeeds();
        assert_eq!(answer.stderr, "", "{line}");
    }
    program.wait(SECOND).await;
    for line in ["sign", "verify", "sign --skip-signed"] {
        let answer = program.run(&format!("{line} {image}")).await.succeeds();
        assert_eq!(answer.stderr, format!("{CERTIFICATE}{WITH_CERTIFICATE}"), "{line}");
        assert!(!answer.stdout.contains("Warning"), "{line}: {}", answer.stdout);
        let answer = program.run(&format!("{line} --output json {image}")).await.succeeds();
        let endings = &parsed(&answer)["endings"];
        assert_eq!(codes(endings), ["certificate-ends", "signature-ends-with-certificate"]);
        assert_eq!(endings[0]["what"], "signing certificate");
        assert_eq!(endings[0]["ends"], "2026-08-30T12:00:00Z");
        assert!(endings[0]["subject"].as_str().is_some_and(|s| s.starts_with("CN=local,")));
    }
}

#[tokio::test]
async fn the_time_before_is_the_users_and_zero_turns_it_off() {
    let program = world().await;
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    for (flag, told) in [
        ("", false),
        ("--warn-before 2160h", true),
        ("--warn-before 2159h59m59s", false),
        ("--warn-before 0", false),
    ] {
        for command in ["sign", "sign --skip-signed", "verify"] {
            let line = format!("{command} {flag} {image}");
            let answer = program.run(&line).await.succeeds();
            assert_eq!(answer.stderr.contains(CERTIFICATE), told, "{line}: {}", answer.stderr);
        }
    }
    for command in ["sign", "verify"] {
        let answer = program.run(&format!("{command} --warn-before=-1h {image}")).await;
        let message = "Error: warn-before must be a duration that is not negative\n";
        assert_eq!((answer.code, answer.stderr.as_str()), (1, message));
    }
}

#[tokio::test]
async fn ten_images_of_one_chain_say_it_once_and_signatures_that_expire_together() {
    let program = world().await;
    let images: Vec<String> =
        (0..10).map(|n| program.image_in(&format!("app-{n}"), "v1")).collect();
    let images = images.join(" ");
    program.wait(UNTIL_DUE).await;
    let answer = program.run(&format!("sign {images}")).await.succeeds();
    assert_eq!(answer.stderr, format!("{CERTIFICATE}{WITH_CERTIFICATE}"));
    let line = format!("sign --warn-before 720h --expiry 480h {images}");
    let answer = program.run(&line).await.succeeds();
    let signatures = "Warning: 10 signatures expire, the first at 2026-08-20T12:00:00Z: sign the images again before that\n";
    assert_eq!(answer.stderr, format!("{CERTIFICATE}{signatures}"));
    let answer =
        program.run(&format!("sign --skip-signed --warn-before 720h --output json {images}")).await;
    let report = parsed(&answer);
    assert_eq!(report["images"].as_array().map(Vec::len), Some(10));
    assert!(report["images"].as_array().unwrap().iter().all(|i| !codes(&i["endings"]).is_empty()));
    // a time of thirty days or less would be due from its first day on
    let answer = program.run(&format!("sign --expiry 480h {images}")).await.succeeds();
    assert_eq!(answer.stderr, CERTIFICATE);
}

#[tokio::test]
async fn an_expiry_that_is_near_is_told_also_of_a_signature_that_is_there_already() {
    let program = world().await;
    let image = program.image("v1");
    let told = "Warning: the signature sha256:";
    let answer = program.run(&format!("sign --expiry 1080h {image}")).await.succeeds();
    assert_eq!(answer.stderr, "");
    program.wait(15 * DAY - SECOND).await;
    for line in ["verify", "sign --skip-signed"] {
        assert_eq!(program.run(&format!("{line} {image}")).await.succeeds().stderr, "", "{line}");
    }
    program.wait(SECOND).await;
    for line in ["verify", "sign --skip-signed"] {
        let answer = program.run(&format!("{line} {image}")).await.succeeds();
        assert!(answer.stderr.starts_with(told), "{line}: {}", answer.stderr);
        assert!(answer.stderr.contains("expires at 2026-07-16T12:00:00Z"), "{}", answer.stderr);
    }
    // what is signed anew is no longer told
    let line = format!("sign --skip-signed --expiry 1080h --renew-before 720h {image}");
    assert_eq!(program.run(&line).await.succeeds().stderr, "");
    // an expiry that the certificate does not reach
    let answer = program.run(&format!("sign --expiry 2400h {image}")).await.succeeds();
    assert!(answer.stderr.contains(", before it expires at "), "{}", answer.stderr);
}

#[tokio::test]
async fn a_timestamp_counts_where_the_policy_trusts_its_authority() {
    let program = world().await;
    let image = program.image("v1");
    let root = program.write("tsa.pem", &program.lab.timestamp_root_pem());
    let url = program.lab.timestamp_url(Stamp::Good);
    let stamp = format!("--timestamp-url {url} --timestamp-root-cert {}", root.display());
    program.wait(UNTIL_DUE).await;
    let answer = program.run(&format!("sign {stamp} {image}")).await.succeeds();
    assert_eq!(answer.stderr, CERTIFICATE);
    let verify = format!("verify {image}");
    let answer = program.run(&verify).await.succeeds();
    assert_eq!(answer.stderr, format!("{CERTIFICATE}{WITH_CERTIFICATE}"), "it does not count");
    program.write(
        ".config/notation/truststore/x509/tsa/clock/tsa.pem",
        &program.lab.timestamp_root_pem(),
    );
    policy(&program, "strict", &["ca:lab", "tsa:clock"]);
    assert_eq!(program.run(&verify).await.succeeds().stderr, CERTIFICATE);
    // the lab's authority ends ten years after its start
    for command in [format!("sign {stamp}"), "verify".to_owned()] {
        for (flag, told) in [("86160h", true), ("86159h", false)] {
            let line = format!("{command} --warn-before {flag} {image}");
            let answer = program.run(&line).await.succeeds();
            let words =
                "Warning: the timestamping certificate with subject \"CN=Lab Timestamp Authority,";
            assert_eq!(answer.stderr.contains(words), told, "{line}: {}", answer.stderr);
        }
    }
}

#[tokio::test]
async fn a_policy_that_only_logs_the_end_of_a_certificate_is_not_told_of_the_signatures() {
    let program = world().await;
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    program.wait(UNTIL_DUE).await;
    policy(&program, "permissive", &["ca:lab"]);
    assert_eq!(program.run(&format!("verify {image}")).await.succeeds().stderr, CERTIFICATE);
}

#[tokio::test]
async fn a_kept_crl_is_told_where_no_server_is_asked_for_another() {
    let program = world().await;
    let request = IssueRequest::named("rev").chain(Chain::Three);
    let request = IssueRequest { revocation: Revocation::of_the_lab(), ..request };
    let issued = program.lab.issue(&request).expect("issued");
    let key = program.write("rev.pem", &issued.key.private_key_pem());
    let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
    let chain = program.write("rev-chain.pem", &chain);
    let keys = json!({
        "default": "rev",
        "keys": [{ "name": "rev", "keyPath": key, "certPath": chain }],
    });
    program.write(".config/notation/signingkeys.json", &keys.to_string());
    program.write(".config/notation/truststore/x509/ca/lab/rev.pem", &issued.root_pem);
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    program.lab.tell(Telling::Unknown);
    program.run(&format!("verify {image}")).await.succeeds();

    let line = format!("verify --revocation offline {image}");
    // a list that lasts a week is told in its last third
    assert_eq!(program.run(&line).await.succeeds().stderr, "");
    program.wait(5 * DAY).await;
    let answer = program.run(&format!("verify {image}")).await.succeeds();
    assert_eq!(answer.stderr, "", "a newer one is fetched");
    let answer = program.run(&line).await.succeeds();
    assert_eq!(answer.stderr.matches("Warning: the kept CRL of http://").count(), 2);
    assert!(answer.stderr.contains("is good until 2026-06-08T12:00:00Z, and no server is asked"));
    let answer = program.run(&format!("{line} --output json")).await;
    assert_eq!(codes(&parsed(&answer)["endings"]), ["crl-ends", "crl-ends"]);
}

#[tokio::test]
async fn a_step_says_each_fact_once_in_log_summary_and_report() {
    let mut program = world().await;
    let images = ["a", "b"].map(|name| program.image_in(name, "v1"));
    let list = images.join("\n");
    program.wait(UNTIL_DUE).await;
    let [certificate, with] =
        [CERTIFICATE, WITH_CERTIFICATE].map(|text| text.trim_start_matches("Warning: ").trim());
    for (command, dry) in [("sign", "true"), ("sign", ""), ("sign", ""), ("verify", "")] {
        let mut inputs =
            vec![("INPUT_COMMAND", command), ("INPUT_IMAGES", &list), ("INPUT_DRY-RUN", dry)];
        if command == "sign" {
            inputs.push(("INPUT_KEY", "local"));
        }
        let (answer, summary, report) = step(&mut program, &inputs).await;
        assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
        for text in [certificate, with] {
            let line = format!("::warning title=Ends soon::{text}");
            assert_eq!(answer.stdout.matches(&line).count(), 1, "{command}: {}", answer.stdout);
        }
        assert!(summary.contains("**Ends soon**\n\n- 2 images: the signing cert"), "{summary}");
        for image in report["images"].as_array().expect("images") {
            let expected = ["certificate-ends", "signature-ends-with-certificate"];
            assert_eq!(codes(&image["endings"]), expected, "{command}");
        }
        inputs.push(("INPUT_WARN-BEFORE", "0"));
        let (answer, summary, report) = step(&mut program, &inputs).await;
        assert!(!answer.stdout.contains("Ends soon"), "{}", answer.stdout);
        assert!(!summary.contains("Ends soon") && report["images"][0].get("endings").is_none());
    }
    let config = program.write("sealwright.yml", "warn-before: 0\nkey: local\n");
    let config = config.display().to_string();
    let inputs = [("INPUT_IMAGES", list.as_str()), ("INPUT_CONFIG", &config)];
    let (answer, ..) = step(&mut program, &inputs).await;
    assert!(answer.code == 0 && !answer.stdout.contains("Ends soon"), "{}", answer.stdout);
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_to_be_renewed_with_a_new_key() {
    let mut program = world().await;
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    program.wait(90 * DAY + SECOND).await;
    let obtain = "hint: obtain a new certificate with a new key from your CA, and sign with it:\n      sealwright vault csr --vault";
    for line in ["sign", "sign --skip-signed"] {
        let answer = program.run(&format!("{line} {image}")).await;
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains(obtain), "{line}: {}", answer.stderr);
        assert!(!answer.stderr.contains("Warning"), "{line}: {}", answer.stderr);
    }
    let answer = program.run(&format!("verify {image}")).await;
    let again = "hint: sign the image again with a new certificate and a new key, and with a timestamp, which outlives the certificate:\n";
    assert!(answer.stderr.contains(again), "{}", answer.stderr);
    assert!(answer.stderr.contains(" --timestamp-url <url> --timestamp-root-cert <root.crt> "));

    let words = "obtain a new certificate with a new key from your CA, name it in `key`, and sign the image again; with `timestamp-url`";
    for (command, dry, skip) in
        [("sign", "true", ""), ("sign", "", ""), ("sign", "", "false"), ("verify", "", "")]
    {
        let mut inputs =
            vec![("INPUT_COMMAND", command), ("INPUT_IMAGES", &image), ("INPUT_DRY-RUN", dry)];
        if command == "sign" {
            inputs.extend([("INPUT_KEY", "local"), ("INPUT_SKIP-SIGNED", skip)]);
        }
        let (answer, summary, report) = step(&mut program, &inputs).await;
        assert_eq!(answer.code, 1);
        assert!(answer.stdout.contains(&format!("hint: {words}")), "{command}: {}", answer.stdout);
        assert!(summary.contains(&format!("    {words}")), "{command}: {summary}");
        let hint = report["images"][0]["error"]["hint"].as_str().expect("a hint");
        assert!(hint.starts_with(words), "{command}: {hint}");
    }
}

#[tokio::test]
async fn a_revoked_certificate_says_to_rebuild_also_beside_one_that_has_ended() {
    let mut program = world().await;
    let image = program.image("v1");
    program.run(&format!("sign --expiry 24h {image}")).await.succeeds();
    let request =
        IssueRequest { revocation: Revocation::of_the_lab(), ..IssueRequest::named("rev") };
    let issued = program.lab.issue(&request).expect("issued");
    program.write(".config/notation/truststore/x509/ca/lab/rev.pem", &issued.root_pem);
    let line = format!("sign --plugin azure-kv --id {} {image}", issued.key_id);
    let hosts = program.lab.extra_hosts();
    program.run(&format!("{line} --azure-extra-hosts {hosts}")).await.succeeds();
    program.lab.revoke(&issued, 0);
    program.wait(2 * DAY).await;
    let advice = "secure the source and the environment it is built in, rebuild the image from source, obtain a new certificate with a new key, and sign the new image with it; never sign the old one again";
    let answer = program.run(&format!("verify {image}")).await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("digital signature has expired"), "{}", answer.stderr);
    assert!(answer.stderr.contains(&format!("hint: {advice}\n")), "{}", answer.stderr);
    let inputs = [("INPUT_COMMAND", "verify"), ("INPUT_IMAGES", image.as_str())];
    let (answer, summary, _) = step(&mut program, &inputs).await;
    assert!(answer.stdout.contains(&format!("hint: {advice}")), "{}", answer.stdout);
    assert!(summary.contains(&format!("    {advice}")), "{summary}");
}
