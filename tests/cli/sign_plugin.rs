//! `sign` with plugins that are programs, and `key add` of their keys.

use std::sync::Arc;

use insta::assert_snapshot;
use sealwright::clock::{Clock as _, ManualClock, SystemClock};
use sealwright::lab::{LabOptions, Role, Stamp};
use serde_json::{Value, json};

use super::support::mode;
use super::tester;
use super::world::World;

/// A world with the test plugin, whose key is `wabbit`'s.
pub struct Plugged {
    pub world: World,
    python: std::path::PathBuf,
}

impl Plugged {
    /// None where there is no Python.
    pub async fn start(capability: &str) -> Option<Self> {
        Self::with(capability, LabOptions::default()).await
    }

    async fn with(capability: &str, options: LabOptions) -> Option<Self> {
        let python = tester::python("signing with a plugin")?;
        let plugged = Self { world: World::start(options).await, python };
        plugged.set(json!({ "capabilities": capability }));
        Some(plugged)
    }

    /// Writes the plugin anew, with these settings over those of a good one.
    pub fn set(&self, settings: Value) {
        let home = &self.world.home;
        let file = |below: &str| home.config(below).display().to_string();
        let mut all = json!({
            "key": file("localkeys/wabbit.key"),
            "chain": file("localkeys/wabbit.crt"),
            "log": home.path("plugin.log").display().to_string(),
        });
        for (name, value) in settings.as_object().expect("settings") {
            all[name] = value.clone();
        }
        tester::place(&home.config("plugins"), "tester", &self.python, &all);
    }

    /// What the plugin was asked since the last time, in its order.
    pub fn asked(&self) -> Vec<(String, Value)> {
        let path = self.world.home.path("plugin.log");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines
            .map(|line| {
                let command = line["command"].as_str().expect("a command").to_owned();
                (command, line["request"].clone())
            })
            .collect()
    }

    pub fn commands(&self) -> Vec<String> {
        self.asked().into_iter().map(|(command, _)| command).collect()
    }

    /// The same with the plugin's key `k`.
    fn sign(&self, flags: &str) -> String {
        let shown = self.world.run(&format!("sign --plugin tester --id k {flags} $IMAGE"));
        assert!(shown.ends_with("[exit] 0"), "{shown}");
        shown
    }

    fn verified(&self, flags: &str) {
        let shown = self.world.run(&format!("verify {flags} $IMAGE"));
        assert!(shown.contains("Successfully verified signature for"), "{shown}");
    }

    /// The annotations of every signature's manifest.
    fn annotations(&self) -> Vec<Value> {
        let lab = &self.world.lab;
        let digest = self.world.image.split_once('@').expect("by digest").1;
        let index = lab.manifest("net-monitor", &digest.replace(':', "-")).expect("an index").1;
        let index: Value = serde_json::from_slice(&index).expect("JSON");
        let listed = index["manifests"].as_array().expect("signatures").clone();
        listed
            .iter()
            .map(|entry| {
                let digest = entry["digest"].as_str().expect("a digest");
                let manifest = lab.manifest("net-monitor", digest).expect("there").1;
                let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
                manifest["annotations"].clone()
            })
            .collect()
    }

    fn envelopes(&self) -> Vec<Value> {
        let shown = self.world.run("inspect --output json $IMAGE");
        let json = shown.strip_prefix("[stdout]\n").and_then(|s| s.strip_suffix("\n[exit] 0"));
        let document: Value = serde_json::from_str(json.expect("one document")).expect("JSON");
        document["Signatures"].as_array().expect("signatures").clone()
    }
}

const RAW: [&str; 3] = ["get-plugin-metadata", "describe-key", "generate-signature"];
const WHOLE: [&str; 2] = ["get-plugin-metadata", "generate-envelope"];

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_sign_both_formats_and_verify_takes_them() {
    for (capability, commands) in [("RAW", &RAW[..]), ("ENVELOPE", &WHOLE), ("ENVELOPE,RAW", &RAW)]
    {
        let Some(plugged) = Plugged::start(capability).await else { return };
        for format in ["jws", "cose"] {
            plugged.sign(&format!("--signature-format {format} -e 24h -m build=1"));
            assert_eq!(plugged.commands(), commands, "{capability}");
            plugged.verified("-m build=1");
        }
        for envelope in plugged.envelopes() {
            let agent = envelope["unsignedAttributes"]["signingAgent"].as_str().expect("an agent");
            let own = concat!("sealwright/", env!("CARGO_PKG_VERSION"), " tester/1.0.0");
            let expected = if commands == WHOLE { "tester/1.0.0" } else { own };
            assert_eq!(agent, expected);
            assert!(envelope["signedAttributes"]["expiry"].is_string(), "{envelope}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_key_has_its_settings_and_those_of_the_command_over_them() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    let add = "key add --plugin tester --id k --plugin-config a=b --plugin-config c=d viaplugin";
    assert_snapshot!(plugged.world.run(add), @r"
    [stdout]
    viaplugin
    [exit] 0
    ");
    assert_eq!(plugged.commands(), ["get-plugin-metadata"], "it is asked whether it signs");
    assert_snapshot!(plugged.world.run(add), @r#"
    [stderr]
    Error: signing key with name "viaplugin" already exists
    [exit] 1
    "#);
    let file = plugged.world.home.config("signingkeys.json");
    let keys: Value = serde_json::from_slice(&std::fs::read(&file).expect("there")).expect("JSON");
    let expected = json!({
        "name": "viaplugin", "id": "k", "pluginName": "tester", "pluginConfig": {"a": "b", "c": "d"}
    });
    assert_eq!(keys["keys"][1], expected);
    assert_eq!(mode(&file), 0o600);
    plugged.asked();
    let shown = plugged.world.run("sign --key viaplugin --plugin-config a=x $IMAGE");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let asked = plugged.asked();
    assert_eq!(asked.iter().map(|(command, _)| command.as_str()).collect::<Vec<_>>(), RAW);
    for (command, request) in asked {
        assert_eq!(request["pluginConfig"], json!({"a": "x", "c": "d"}), "{command}");
    }
    plugged.verified("");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_images_the_key_is_described_once() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    let second = plugged.world.lab.push_image("other", "v1").expect("stored");
    let line = format!(
        "sign --plugin tester --id k --concurrency 2 $IMAGE $REGISTRY/other@{second} $REGISTRY/other:v1"
    );
    let shown = plugged.world.run(&line);
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let mut commands = plugged.commands();
    commands.sort();
    let expected = ["describe-key", "generate-signature", "generate-signature"];
    assert_eq!(commands[..3], expected);
    assert_eq!(commands[commands.len() - 1], "get-plugin-metadata");
    assert!(commands.len() <= 5, "{commands:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_of_an_envelopes_maker_stand_beside_ours_and_never_over_them() {
    let Some(plugged) = Plugged::start("ENVELOPE").await else { return };
    let annotations = "com.example=1,io.cncf.notary.x509chain.thumbprint#S256=[],org.opencontainers.image.created=never";
    plugged.set(json!({ "capabilities": "ENVELOPE", "annotations": annotations }));
    plugged.sign("");
    let found = plugged.annotations();
    assert_eq!(found[0]["com.example"], "1");
    let thumbprints = found[0]["io.cncf.notary.x509chain.thumbprint#S256"].as_str();
    assert_eq!(thumbprints.expect("text").len(), 68);
    let created = found[0]["org.opencontainers.image.created"].as_str().expect("text");
    assert!(created.ends_with('Z'), "{created}");
    plugged.verified("");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_already_is_left_alone() {
    for capability in ["RAW", "ENVELOPE"] {
        let Some(plugged) = Plugged::start(capability).await else { return };
        let first = if capability == "RAW" { &RAW[..] } else { &WHOLE };
        let shown = plugged.sign("--skip-signed");
        assert!(shown.contains("Successfully signed"), "{shown}");
        assert_eq!(plugged.commands(), first, "nothing is there to compare with");
        let shown = plugged.sign("--skip-signed");
        assert!(shown.contains("Already signed"), "{shown}");
        assert_eq!(plugged.commands(), first, "its certificate comes with a signature only");
        let shown = plugged.sign("--skip-signed -m build=2");
        assert!(shown.contains("Successfully signed"), "{shown}");
        assert_eq!(plugged.commands(), first, "what falls short is compared with nothing");
        assert_eq!(plugged.annotations().len(), 2, "what was compared only is not pushed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_that_is_wanted_is_attached_to_both_kinds() {
    for capability in ["RAW", "ENVELOPE"] {
        // no timestamp of the second in which the certificate began would fit
        let clock = Arc::new(ManualClock::at(SystemClock::new().now() + time::Duration::HOUR));
        let options = LabOptions { clock, ..LabOptions::default() };
        let Some(plugged) = Plugged::with(capability, options).await else { return };
        let world = &plugged.world;
        world.home.write("tsa.pem", world.lab.timestamp_root_pem());
        let added = world.run("cert add --type tsa --store clock $HOME/tsa.pem");
        assert!(added.ends_with("[exit] 0"), "{added}");
        world.policy(|policy| policy.replace(r#""ca:wabbit""#, r#""ca:wabbit", "tsa:clock""#));
        let url = world.lab.timestamp_url(Stamp::Good);
        for format in ["jws", "cose"] {
            plugged.sign(&format!(
                "--signature-format {format} --timestamp-url {url} --timestamp-root-cert $HOME/tsa.pem"
            ));
            plugged.verified("");
        }
        assert_eq!(world.lab.control().counts()[&Role::Tsa], 2, "{capability}");
        for envelope in plugged.envelopes() {
            assert!(envelope["unsignedAttributes"]["timestampSignature"].is_object(), "{envelope}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_names_the_key_and_the_plugin() {
    let Some(plugged) = Plugged::start("RAW").await else { return };
    let shown = plugged.sign("--output json");
    let json = shown.strip_prefix("[stdout]\n").and_then(|s| s.strip_suffix("\n[exit] 0"));
    let report: Value = serde_json::from_str(json.expect("one document")).expect("JSON");
    super::support::assert_image_of_the_report(&report);
    assert_eq!(report["key"], "k");
    assert_eq!(report["credentials"]["vault"], "plugin tester");
    assert_eq!(report["signer"]["subject"], "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_learns_the_chain_from_its_trial_signature() {
    for capability in ["RAW", "ENVELOPE"] {
        let Some(plugged) = Plugged::start(capability).await else { return };
        let shown = plugged.world.run("doctor --plugin tester --id k $IMAGE");
        assert!(shown.contains("the chain is complete"), "{shown}");
        assert!(shown.contains("a signature by this signer would verify"), "{shown}");
        assert_eq!(plugged.world.lab.tags("net-monitor"), ["v1"]);
        std::fs::remove_dir_all(plugged.world.home.config("plugins")).expect("removed");
        let shown = plugged.world.run("doctor --plugin tester --id k $IMAGE");
        assert!(shown.contains("plugin executable file is either not found"), "{shown}");
    }
}
