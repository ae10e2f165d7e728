//! Plugins as real processes: what they see, what they may answer, how long they may take, what is left of them.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::*;
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::env::Env;
use crate::envelope::{Format, Parsed};
use crate::fault::{Fault as _, details};
use crate::plugin::{
    Capability, CriticalAttributes, PluginDir, Plugins as _, PolicySection, ProcessGroup,
    SignatureSection,
};

#[path = "../../tests/plugin/tester.rs"]
mod tester;

/// A libexec folder with the test plugin under a name, and what asks it.
struct Installed {
    home: tempfile::TempDir,
    plugins: PluginDir,
    name: PluginName,
}

impl Installed {
    fn new(settings: Value) -> Option<Self> {
        Self::run_by(settings, Arc::new(SystemClock::new()), ProcessGroup::Own)
    }

    fn run_by(mut settings: Value, clock: Arc<dyn Clock>, group: ProcessGroup) -> Option<Self> {
        let python = tester::python("the tests of plugins as processes")?;
        let home = tempfile::tempdir().expect("a folder");
        for file in ["pid", "environment", "log"] {
            settings[file] = json!(home.path().join(file).display().to_string());
        }
        tester::place(&home.path().join("plugins"), "tester", &python, &settings);
        let env = Env::default()
            .with("PATH", "/usr/bin:/bin")
            .with("AWS_PROFILE", "wabbit")
            .with("NOTATION_PASSWORD", "s3cret")
            .with("INPUT_REGISTRY-PASSWORD", "s3cret")
            .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret")
            .with("ACTIONS_RUNTIME_TOKEN", "s3cret")
            .with("AGENT_PROXYPASSWORD", "s3cret")
            .with("SYSTEM_ACCESSTOKEN", "s3cret");
        let plugins = PluginDir::new(home.path(), &env, clock, group);
        Some(Self { home, plugins, name: PluginName::parse("tester").expect("a name") })
    }

    fn plugin(&self) -> Arc<ProgramPlugin> {
        self.plugins.program(&self.name).expect("it is there")
    }

    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.home.path().join(name)).ok()
    }
}

async fn metadata_of(settings: Value) -> Option<Result<String, PluginError>> {
    let installed = Installed::new(settings)?;
    let answer = installed.plugin().metadata(&PluginConfig::new()).await;
    Some(answer.map(|metadata| metadata.version))
}

async fn describe(misbehave: &str) -> Option<PluginError> {
    let installed = Installed::new(json!({ "misbehave": misbehave, "key_spec": "RSA-2048" }))?;
    let request = DescribeKeyRequest {
        contract_version: "1.0".to_owned(),
        key_id: "k".to_owned(),
        plugin_config: PluginConfig::new(),
    };
    Some(installed.plugin().describe_key(&request).await.expect_err(misbehave))
}

#[tokio::test]
async fn metadata_is_asked_for_once() {
    let Some(installed) = Installed::new(json!({ "version": "1.2.3" })) else { return };
    let config = PluginConfig::new();
    for _ in 0..3 {
        let plugin = installed.plugins.find(&installed.name).await.expect("it is there");
        let metadata = plugin.metadata(&config).await.expect("answered");
        assert_eq!(metadata.version, "1.2.3");
        assert!(metadata.can(Capability::RawSignature) && plugin.name() == &installed.name);
    }
    let log = installed.file("log");
    assert_eq!(log.unwrap(), "{\"command\": \"get-plugin-metadata\", \"request\": {}}\n");
}

#[tokio::test]
async fn a_plugin_sees_the_environment_without_this_programs_settings() {
    let Some(installed) = Installed::new(json!({ "misbehave": "environment" })) else { return };
    installed.plugin().metadata(&PluginConfig::new()).await.expect("answered");
    let seen = installed.file("environment").expect("written");
    assert!(seen.contains("\"AWS_PROFILE\": \"wabbit\""), "{seen}");
    assert!(!seen.contains("s3cret"), "{seen}");
}

#[tokio::test]
async fn metadata_without_a_member_or_the_contract_is_refused() {
    for (settings, problem) in [
        (json!({ "name": "" }), "empty name"),
        (json!({ "description": "" }), "empty description"),
        (json!({ "version": "" }), "empty version"),
        (json!({ "url": "" }), "empty url"),
        (json!({ "capabilities": "" }), "empty capabilities"),
        (json!({ "contract": "" }), "supported contract versions not specified"),
        (
            json!({ "contract": "1.1,2.0" }),
            "contract version \"1.0\" is not in the list of the plugin supported versions [1.1 2.0]",
        ),
    ] {
        let Some(answer) = metadata_of(settings).await else { return };
        let error = answer.expect_err(problem);
        assert_eq!(error.code(), "plugin-metadata");
        let text = format!("metadata validation failed for plugin tester: {problem}");
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn a_plugin_goes_by_the_name_of_its_file() {
    let Some(answer) = metadata_of(json!({ "name": "other" })).await else { return };
    let error = answer.expect_err("another name");
    assert_eq!(error.code(), "plugin-other-name");
    let text = error.to_string();
    assert!(text.ends_with(r#"must be "notation-other" instead of "notation-tester""#), "{text}");
}

#[tokio::test]
async fn a_plugins_own_error_is_told_with_what_it_adds() {
    let Some(error) = describe("error-metadata:ACCESS_DENIED:not yours").await else { return };
    assert_eq!(error.code(), "plugin-refused");
    assert_eq!(error.to_string(), "not yours");
    let code = "the plugin's error code is ACCESS_DENIED";
    assert_eq!(error.because(), [code, "attempt: 3", "vault: wabbit"]);
    let error = describe("terminal").await.expect("there is python");
    let hint = describe("silent").await.and_then(|error| error.hint()).expect("there is python");
    assert!(hint.ends_with("/plugins/tester/notation-tester describe-key"), "{hint}");
    assert_eq!(crate::fault::printable(&error.to_string()), "b\u{fffd}::error::c # #[error]d");
}

const UNMARSHAL: &str =
    "failed to unmarshal the response of describe-key command for plugin tester";

#[tokio::test]
async fn every_failure_has_its_code() {
    for (misbehave, code, text) in [
        ("silent", "plugin-silent", "exit status 3"),
        ("killed", "plugin-silent", "signal: killed"),
        (
            "words",
            "plugin-malformed-error",
            "failed to execute the describe-key command for plugin tester: panic: out of cheese",
        ),
        (
            "empty-error",
            "plugin-malformed-error",
            "failed to execute the describe-key command for plugin tester: {}",
        ),
        (
            "flood-error",
            "plugin-malformed-error",
            "failed to execute the describe-key command for plugin tester: xxx",
        ),
        ("garbage", "plugin-malformed-answer", UNMARSHAL),
        ("empty", "plugin-malformed-answer", UNMARSHAL),
        ("duplicate", "plugin-malformed-answer", UNMARSHAL),
        (
            "flood",
            "plugin-too-large",
            "failed to execute the describe-key command for plugin tester: the answer is larger than 67108864 bytes",
        ),
        (
            "wrong-key-id",
            "plugin-echo",
            r#"keyID in describeKey response "another" does not match request "k""#,
        ),
        ("deep", "plugin-echo", r#"keyID in describeKey response "" does not match request "k""#),
        (
            "error-success:X:no",
            "plugin-echo",
            r#"keyID in describeKey response "" does not match request "k""#,
        ),
    ] {
        let Some(error) = describe(misbehave).await else { return };
        assert_eq!(error.code(), code, "{misbehave}: {error}");
        assert!(error.to_string().starts_with(text), "{misbehave}: {error}");
        assert!(details(&error).len() < 4096, "{misbehave}");
    }
}

#[tokio::test]
async fn metadata_is_small() {
    let Some(answer) = metadata_of(json!({ "misbehave": "large" })).await else { return };
    let error = answer.expect_err("a megabyte");
    assert_eq!(error.code(), "plugin-too-large");
}

#[tokio::test]
async fn slow_and_chatty_plugins_are_heard() {
    for misbehave in ["drip", "chatty"] {
        let Some(answer) = metadata_of(json!({ "misbehave": misbehave })).await else { return };
        assert_eq!(answer, Ok("1.0.0".to_owned()), "{misbehave}");
    }
}

#[tokio::test]
async fn a_plugin_that_does_not_answer_is_ended() {
    for misbehave in ["hang", "deaf", "late-close"] {
        let clock = Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH));
        let settings = json!({ "misbehave": misbehave });
        let Some(installed) = Installed::run_by(settings, clock, ProcessGroup::Own) else { return };
        let answer = installed.plugin().metadata(&PluginConfig::new()).await;
        let error = answer.expect_err("too slow");
        assert_eq!(error.code(), "plugin-timeout");
        assert!(error.to_string().ends_with("no answer within 30 seconds"), "{error}");
    }
}

/// A clock on which short waits take a moment of work, and long ones never end.
struct Short(SystemClock);

#[async_trait::async_trait]
impl Clock for Short {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep(&self, duration: Duration) {
        if duration > Duration::from_secs(1) {
            std::future::pending::<()>().await;
        }
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    }
}

/// The process of this number is gone, or waits for nobody to ask how it ended.
#[cfg(target_os = "linux")]
fn is_gone(pid: &str) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
        Err(_) => true,
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_plugin_started_ends_with_it() {
    let Some(installed) = Installed::new(json!({ "misbehave": "orphan" })) else { return };
    let config = PluginConfig::new();
    installed.plugin().metadata(&config).await.expect("the child is not waited for");
    let child = installed.file("pid").expect("written");
    while !is_gone(&child) {
        tokio::task::yield_now().await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_is_given_up_leaves_no_process() {
    let Some(installed) = Installed::new(json!({ "misbehave": "orphan-hang" })) else { return };
    let plugin = installed.plugin();
    let asking = tokio::spawn(async move { plugin.metadata(&PluginConfig::new()).await });
    let child = loop {
        match installed.file("pid") {
            Some(pid) => break pid,
            None => tokio::task::yield_now().await,
        }
    };
    assert!(!is_gone(&child));
    asking.abort();
    assert!(asking.await.expect_err("given up").is_cancelled());
    while !is_gone(&child) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn at_a_terminal_what_a_plugin_started_is_left_and_not_waited_for() {
    let clock = Arc::new(Short(SystemClock::new()));
    let settings = json!({ "misbehave": "orphan" });
    let Some(installed) = Installed::run_by(settings, clock, ProcessGroup::Terminal) else {
        return;
    };
    installed.plugin().metadata(&PluginConfig::new()).await.expect("answered");
    let child: i32 = installed.file("pid").and_then(|pid| pid.parse().ok()).expect("a number");
    let child = rustix::process::Pid::from_raw(child).expect("not 0");
    rustix::process::kill_process(child, rustix::process::Signal::KILL).expect("still there");
}

/// The settings of a key and its certificate, which is written to the folder.
fn key_and_chain(folder: &Path) -> Value {
    const KEY: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/keys/rsa-3072-pkcs8.pem");
    let key = fs::read_to_string(KEY).expect("a fixture");
    let key = rcgen::KeyPair::from_pem_and_sign_algo(&key, &rcgen::PKCS_RSA_SHA384).expect("RSA");
    let mut params = rcgen::CertificateParams::default();
    let mut subject = rcgen::DistinguishedName::new();
    for (kind, value) in [
        (rcgen::DnType::CountryName, "US"),
        (rcgen::DnType::StateOrProvinceName, "WA"),
        (rcgen::DnType::OrganizationName, "Tester"),
    ] {
        subject.push(kind, value);
    }
    params.distinguished_name = subject;
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
    let chain = folder.join("chain.pem");
    fs::write(&chain, params.self_signed(&key).expect("signed").pem()).expect("written");
    json!({ "key": KEY, "chain": chain.display().to_string() })
}

fn envelope_request(media_type: &str) -> GenerateEnvelopeRequest {
    let payload = json!({ "targetArtifact": {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": format!("sha256:{}", "0".repeat(64)),
        "size": 1,
    }});
    GenerateEnvelopeRequest {
        contract_version: "1.0".to_owned(),
        key_id: "k".to_owned(),
        payload_type: "application/vnd.cncf.notary.payload.v1+json".to_owned(),
        signature_envelope_type: media_type.to_owned(),
        payload: STANDARD.encode(payload.to_string()),
        expiry_duration_in_seconds: 3600,
        plugin_config: PluginConfig::from([("critical".to_owned(), "com.example.a=b".to_owned())]),
    }
}

#[tokio::test]
async fn an_answer_is_of_the_envelope_type_that_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [Format::Jws, Format::Cose] {
        let mut settings = key_and_chain(folder.path());
        let Some(installed) = Installed::new(settings.clone()) else { return };
        let request = envelope_request(format.media_type());
        let answer = installed.plugin().generate_envelope(&request).await.expect("signed");
        let envelope = STANDARD.decode(answer.signature_envelope).expect("base64");
        let intact = Parsed::read(format, &envelope).and_then(Parsed::check_integrity);
        let intact = intact.expect("intact");
        assert!(intact.expiry().is_some());
        assert_eq!(intact.attributes().len(), 1);

        settings["misbehave"] = json!("wrong-type");
        let installed = Installed::new(settings).expect("there is python");
        let error = installed.plugin().generate_envelope(&request).await.expect_err("another");
        assert_eq!(error.code(), "plugin-echo");
    }
}

#[tokio::test]
async fn every_capability_that_was_asked_for_has_a_result() {
    for (results, misbehave, code) in [
        ("", "", None),
        ("foreign", "", None),
        ("none", "", Some("plugin-no-result")),
        ("", "deep", Some("plugin-malformed-answer")),
        ("", "flood", Some("plugin-too-large")),
    ] {
        let settings = json!({ "results": results, "misbehave": misbehave });
        let Some(installed) = Installed::new(settings) else { return };
        let request = VerifySignatureRequest {
            contract_version: "1.0".to_owned(),
            signature: SignatureSection {
                critical_attributes: CriticalAttributes {
                    content_type: "x/y".to_owned(),
                    signing_scheme: "notary.x509".to_owned(),
                    expiry: "0001-01-01T00:00:00Z".to_owned(),
                    authentic_signing_time: None,
                    extended_attributes: BTreeMap::from([("a".to_owned(), json!(1))]),
                },
                unprocessed_attributes: None,
                certificate_chain: Vec::new(),
            },
            trust_policy: PolicySection {
                trusted_identities: Vec::new(),
                signature_verification: vec![Capability::RevocationCheck],
            },
            plugin_config: PluginConfig::new(),
        };
        match installed.plugin().verify_signature(&request).await {
            Ok(answer) => {
                assert_eq!(code, None);
                assert_eq!(answer.processed_attributes, [json!("a")]);
            }
            Err(error) => {
                assert_eq!(Some(error.code()), code, "{error}");
                assert!(misbehave != "flood" || error.to_string().contains("than 4194304 bytes"));
            }
        }
    }
}
