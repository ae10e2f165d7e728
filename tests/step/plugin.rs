//! `plugin`, `plugin-config`, `plugin-url` and `plugin-checksum`

#[path = "../plugin/server.rs"]
mod server;

use std::path::PathBuf;

use sealwright::crypto::Digest;
use sealwright::lab::{IssueRequest, KeySpec, LabOptions, Stamp};
use serde_json::{Value, json};

use crate::job::Job;
use crate::tester;
use server::{Server, ok};

/// A job whose certificate has a key that the test plugin can use.
fn job() -> Option<(Job, PathBuf)> {
    let python = tester::python("the step's plugins")?;
    let request = IssueRequest { key: KeySpec::Rsa2048, ..IssueRequest::named("wabbit") };
    let job = Job::with(LabOptions::default(), request);
    job.local_key();
    Some((job, python))
}

fn settings(job: &Job, name: &str) -> Value {
    let file = |name: &str| job.runner.home(".config/notation").join(name).display().to_string();
    json!({ "name": name, "key": file("local.key"), "chain": file("local.crt"), "log": file("log") })
}

fn plugins(job: &Job) -> PathBuf {
    job.runner.home(".config/notation/plugins")
}

/// What the plugin was asked, one JSON object a line.
fn log(job: &Job) -> String {
    std::fs::read_to_string(job.runner.home(".config/notation/log")).unwrap_or_default()
}

fn vault_credential(report: &Value) -> &Value {
    &report["images"][0]["credentials"]["vault"]
}

#[test]
fn an_installed_plugin_signs_with_its_own_key_and_settings() {
    let Some((job, python)) = job() else { return };
    tester::place(&plugins(&job), "tester", &python, &settings(&job, "tester"));
    let image = job.image();
    let inputs = [
        ("images", image.as_str()),
        ("plugin", "tester"),
        ("key", "my-key"),
        ("plugin-config", "agent=x\nnative=no"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(vault_credential(&done.report()), "plugin tester", "{}", done.log());
    let asked = log(&job);
    assert!(asked.contains(r#""keyId": "my-key""#), "{asked}");
    assert!(asked.contains(r#""native": "no""#), "another plugin's settings are its own: {asked}");
    job.trust();
    job.verifies(&[]).done().succeeded();
}

#[test]
fn a_plugin_that_is_not_there_is_downloaded_once() {
    let Some((job, python)) = job() else { return };
    let program = tester::program(&python, &settings(&job, "tester")).into_bytes();
    let checksum = Digest::sha256(&program).hex().to_owned();
    let server = Server::start(move |_| ok(&program));
    let roots = format!("{}{}", job.lab.ca_pem(), server.certificate);
    let roots_path = job.runner.folder().join("roots.pem");
    std::fs::write(&roots_path, roots).expect("written");
    let roots_path = roots_path.display().to_string();
    let image = job.image();
    let url = format!("{}/v1/notation-tester", server.address);
    // as a workflow of notation-action has it
    let sign = |url: &str, name: &str, checksum: &str| {
        let inputs = [
            ("target_artifact_reference", image.as_str()),
            ("plugin_name", name),
            ("plugin_url", url),
            ("plugin_checksum", checksum),
            ("key_id", "k"),
        ];
        job.uses(&inputs).env("SSL_CERT_FILE", &roots_path).done()
    };
    let failed = sign(&url, "tester", &"0".repeat(64)).failed();
    let error = failed.report()["error"]["message"].to_string();
    assert!(error.contains("plugin SHA-256 checksum does not match user input"), "{error}");
    assert!(!plugins(&job).join("tester").exists());

    let failed = sign(&url, "other", &checksum).failed();
    assert_eq!(failed.report()["error"]["code"], "plugin-install-other-plugin", "{}", failed.log());
    assert!(!plugins(&job).join("tester").exists());

    sign(&url, "tester", &checksum.to_uppercase()).succeeded();
    assert!(plugins(&job).join("tester/notation-tester").exists());
    // what is there stays
    sign("https://localhost:1/notation-tester", "tester", &checksum).succeeded();
    // and so it does where the address turns out to hold another plugin than was asked for
    let failed = sign(&url, "other", &checksum).failed();
    assert_eq!(failed.report()["error"]["code"], "plugin-install-other-plugin", "{}", failed.log());
    assert!(plugins(&job).join("tester/notation-tester").exists());
}

#[test]
fn an_installed_azure_kv_signs_only_with_native_false() {
    let job = Job::start();
    let folder = plugins(&job).join("azure-kv");
    std::fs::create_dir_all(&folder).expect("made");
    let program = folder.join(format!("notation-azure-kv{}", std::env::consts::EXE_SUFFIX));
    std::fs::copy(env!("CARGO_BIN_EXE_sealwright"), program).expect("installed");
    let done = job.signs(&[("skip-signed", "false")]).done().succeeded();
    assert_eq!(vault_credential(&done.report()), "environment (client secret)");
    let config = format!("native=false\nazure_extra_hosts={}", job.lab.extra_hosts());
    let inputs = [("plugin-config", config.as_str()), ("skip-signed", "false")];
    let done = job.signs(&inputs).done().succeeded();
    assert_eq!(vault_credential(&done.report()), "plugin azure-kv", "{}", done.log());
}

#[test]
fn the_plugin_of_artifact_signing_is_built_in() {
    let job = Job::start();
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    let image = job.image();
    let config = format!(
        "accountName={}\nbaseUrl={}\ncertProfile=working",
        job.lab.signing_account(),
        job.lab.signing_endpoint()
    );
    let url = job.lab.timestamp_url(Stamp::Good);
    let mut inputs = vec![
        ("target_artifact_reference", image.as_str()),
        ("plugin_name", "azure-artifactsigning"),
        ("plugin_url", "https://example.com/notation-azure-artifactsigning.tar.gz"),
        ("plugin_checksum", "2f45891a14aa9c88c9bee3d11a887c1adbe9d2d24e50de4bc4b4fa3fe595292f"),
        ("plugin_config", &config),
        ("key_id", "working"),
    ];
    let failed = job.uses(&inputs).done().failed();
    assert_eq!(failed.report()["error"]["code"], "cli-timestamp-needed", "{}", failed.log());
    inputs.extend([("timestamp_url", url.as_str()), ("timestamp_root_cert", "tsa.pem")]);
    let done = job.uses(&inputs).done().succeeded();
    let key = done.report()["images"][0]["key"].to_string();
    assert!(key.contains("/certificateprofiles/working"), "{key}");
    let [notice] = done.commands("notice")[..] else { panic!("{}", done.log()) };
    assert!(notice.contains("azure-artifactsigning is built in"), "{notice}");
}

#[test]
fn azure_kvs_settings_are_the_inputs_of_the_same_meaning() {
    let job = Job::start();
    job.runner.write("chain.pem", &job.issued.ca_bundle_pem);
    job.runner.write("sealwright.yml", "plugin-config:\n  ca_certs: chain.pem\n");
    job.signs(&[("config", "sealwright.yml")]).done().succeeded();
    let failed = job.signs(&[("plugin-config", "credential_type=magic")]).done().failed();
    assert_eq!(failed.report()["error"]["code"], "azure-credential-type", "{}", failed.log());
}

#[test]
fn what_inputs_alone_can_tell_is_refused_before_anything_is_asked() {
    let job = Job::start();
    job.lab.control().reset();
    let sum = "2f45891a14aa9c88c9bee3d11a887c1adbe9d2d24e50de4bc4b4fa3fe595292f";
    let source = ("plugin-url", "https://example.com/p.zip");
    for (inputs, code, part) in [
        (vec![("plugin", "../x")], "ci-input-invalid", "`plugin`"),
        (vec![("plugin", "x"), ("ca-certs", "y")], "ci-input-together", "`ca-certs`"),
        (vec![("plugin", "x"), ("self-signed", "true")], "ci-input-together", "`self-signed`"),
        (vec![source], "ci-input-missing", "`plugin-checksum`"),
        (vec![("plugin-checksum", sum)], "ci-input-missing", "`plugin-url`"),
        (vec![source, ("plugin-checksum", "00")], "ci-input-invalid", "`plugin-checksum`"),
        (
            vec![("plugin-url", "http://example.com/p.zip"), ("plugin-checksum", sum)],
            "ci-input-invalid",
            "`https://`",
        ),
        (vec![("plugin-config", "ca_cert=x")], "ci-input-invalid", "`ca_certs`"),
        (vec![("plugin-config", "ca_certs")], "ci-input-invalid", "`key=value`"),
        (
            vec![("plugin-config", "ca_certs=x"), ("ca-certs", "y")],
            "ci-input-together",
            "`plugin-config`",
        ),
        (vec![("plugin-config", "native=no")], "cli-native-setting", "neither true nor false"),
        (vec![("plugin", "x")], "plugin-not-found", "plugins/x/notation-x"),
    ] {
        let failed = job.signs(&inputs).done().failed();
        let error = failed.report()["error"].clone();
        assert_eq!(error["code"], code, "{inputs:?}\n{}", failed.log());
        assert!(error["message"].to_string().contains(part), "{error}");
    }
    assert_eq!(job.lab.control().requests().len(), 0);
}
