//! `plugin serve azure-kv`, and the program under the name `notation-azure-kv`: what a host of plugins
//! writes and reads.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::crypto::SUITES;
use sealwright::lab::{
    Auth, Chain, Fault, IssueRequest, Issued, KeySpec, Lab, LabOptions, Permission, Role, Route,
    Wording,
};
use sealwright::x509::Certificate;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A lab with the certificate `wabbit`, and the program installed as a plugin.
struct Host {
    lab: Lab,
    issued: Issued,
    folder: TempDir,
}

/// What a call left behind.
#[derive(Debug)]
struct Answer {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Answer {
    /// The one line of JSON of a call that succeeded.
    fn told(&self) -> Value {
        assert_eq!((self.exit, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        let line = self.stdout.strip_suffix('\n').expect("a line");
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(line).expect("JSON")
    }

    /// Code and message of a call that failed.
    fn refused(&self) -> (String, String) {
        assert_eq!((self.exit, self.stdout.as_str()), (Some(1), ""), "{self:?}");
        let error: Value = serde_json::from_str(&self.stderr).expect("JSON and nothing else");
        let text = |name: &str| error[name].as_str().expect("a text").to_owned();
        (text("errorCode"), text("errorMessage"))
    }
}

impl Host {
    async fn start() -> Self {
        Self::with(IssueRequest::named("wabbit")).await
    }

    async fn with(request: IssueRequest) -> Self {
        let options = LabOptions { auth: Auth::Acr, ..LabOptions::default() };
        let lab = Lab::start(options).await.expect("a free port");
        let issued = lab.issue(&request).expect("issued");
        Self { lab, issued, folder: tempfile::tempdir().expect("a folder") }
    }

    /// The program where notation looks for the plugin.
    fn plugin(&self) -> PathBuf {
        let name = format!("notation-azure-kv{}", std::env::consts::EXE_SUFFIX);
        let path = self.folder.path().join(name);
        if !path.exists() {
            let program = env!("CARGO_BIN_EXE_sealwright");
            std::fs::hard_link(program, &path)
                .or_else(|_| std::fs::copy(program, &path).map(|_| ()))
                .expect("installed");
        }
        path
    }

    fn call(&self, words: &[&str], stdin: &str) -> Answer {
        self.run(Command::new(self.plugin()).args(words), stdin)
    }

    fn run(&self, command: &mut Command, stdin: &str) -> Answer {
        let lines = self.lab.env_lines(self.folder.path()).expect("written");
        let variables = lines.iter().filter_map(|line| line.split_once('='));
        let mut child = command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", self.folder.path().join("bin"))
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        let output = tokio::task::block_in_place(|| child.wait_with_output()).expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Answer {
            exit: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Settings with which the lab's vault counts as one.
    fn config(&self, more: &[(&str, &str)]) -> Value {
        let mut config = json!({"azure_extra_hosts": self.lab.extra_hosts()});
        for (name, value) in more {
            config[name] = (*value).into();
        }
        config
    }

    fn describe(&self, id: &str, settings: &[(&str, &str)]) -> Answer {
        let request = json!({
            "contractVersion": "1.0", "keyId": id, "pluginConfig": self.config(settings),
        });
        self.call(&["describe-key"], &request.to_string())
    }

    fn request(&self, id: &str, settings: &[(&str, &str)]) -> Value {
        json!({
            "contractVersion": "1.0", "keyId": id, "keySpec": "EC-256",
            "hashAlgorithm": "SHA-256", "payload": STANDARD.encode("to be signed"),
            "pluginConfig": self.config(settings),
        })
    }

    fn sign(&self, id: &str, settings: &[(&str, &str)]) -> Answer {
        self.call(&["generate-signature"], &self.request(id, settings).to_string())
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.display().to_string()
    }
}

fn chain(answer: &Value) -> Vec<Certificate> {
    let texts = answer["certificateChain"].as_array().expect("a list");
    let der = texts.iter().map(|text| STANDARD.decode(text.as_str().expect("a text")).unwrap());
    der.map(|der| Certificate::from_der(&der).expect("a certificate")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_are_those_of_the_plugin_it_replaces() {
    let host = Host::start().await;
    host.lab.control().reset();
    let told = host.call(&["get-plugin-metadata"], "{}").told();
    assert_eq!(
        told,
        json!({
            "name": "azure-kv", "description": "Notation Azure Key Vault plugin", "version": "1.2.1",
            "url": "https://github.com/Azure/notation-azure-kv",
            "supportedContractVersions": ["1.0"], "capabilities": ["SIGNATURE_GENERATOR.RAW"],
        })
    );
    assert!(host.lab.control().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_are_as_good_as_the_name() {
    let host = Host::start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
    command.args(["plugin", "serve", "azure-kv", "get-plugin-metadata"]);
    assert_eq!(host.run(&mut command, "").told()["name"], "azure-kv");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_command_it_says_what_it_can_do() {
    let host = Host::start().await;
    let answer = host.call(&[], "");
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    for part in ["notation-azure-kv <command>", "1.2.1", "describe-key", "generate-signature"] {
        assert!(answer.stdout.contains(part), "{answer:?}");
    }
}

#[test]
fn another_plugin_is_not_served() {
    let home = super::support::Home::new();
    insta::assert_snapshot!(home.run("plugin serve"), @r"
    [stderr]
    Error: plugin name is required
    [exit] 1
    ");
    insta::assert_snapshot!(home.run("plugin serve wabbit get-plugin-metadata"), @r#"
    [stderr]
    Error: plugin "wabbit" is not served: azure-kv is, by `plugin serve azure-kv <command>`
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_its_own_is_named_by_a_setting() {
    let host = Host::start().await;
    let elsewhere = "https://vault.example:1/keys/wabbit";
    let (code, message) = host.describe(elsewhere, &[]).refused();
    assert_eq!(code, "VALIDATION_ERROR", "{message}");
    let hint = "with --plugin-config azure_extra_hosts=vault=HOST:PORT";
    assert!(message.ends_with(hint), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_described_by_its_certificate_alone() {
    let host = Host::start().await;
    host.lab.deny(Permission::SecretGet, Wording::Rbac);
    host.lab.deny(Permission::KeySign, Wording::Rbac);
    // as it was asked, to the letter
    for id in [
        host.issued.key_id.clone(),
        format!("{}/", host.issued.key_id),
        host.issued.key_id.replace("/keys/", "/certificates/"),
        host.issued.key_id.rsplit_once('/').expect("a version").0.to_owned(),
    ] {
        let told = host.describe(&id, &[]).told();
        assert_eq!(told, json!({"keyId": id, "keySpec": "EC-256"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_signs_and_the_chain_comes_along() {
    for key in KeySpec::ALL {
        let request = IssueRequest { key, chain: Chain::Three, ..IssueRequest::named("wabbit") };
        let host = Host::with(request).await;
        let id = &host.issued.key_id;
        let spec = host.describe(id, &[]).told()["keySpec"].as_str().expect("a text").to_owned();
        let suite = SUITES.into_iter().find(|suite| suite.key_spec() == spec).expect(&spec);
        let mut request = host.request(id, &[]);
        request["keySpec"] = spec.as_str().into();
        request["hashAlgorithm"] = suite.hash().name().into();
        let told = host.call(&["generate-signature"], &request.to_string()).told();
        assert_eq!(told["keyId"], **id);
        assert_eq!(told["signingAlgorithm"], suite.plugin_name());
        let chain = chain(&told);
        assert_eq!(chain.len(), 3);
        assert!(chain[2].is_self_signed());
        let signature = STANDARD.decode(told["signature"].as_str().expect("a text")).unwrap();
        suite.verify(chain[0].public_key(), b"to be signed", &signature).expect(&spec);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_may_come_from_a_file_or_be_the_certificate_alone() {
    let host =
        Host::with(IssueRequest { chain: Chain::Three, ..IssueRequest::named("wabbit") }).await;
    host.lab.deny(Permission::SecretGet, Wording::AccessPolicy);
    let bundle = host.file("ca.pem", &host.issued.ca_bundle_pem);
    let told = host.sign(&host.issued.key_id, &[("ca_certs", &bundle)]).told();
    assert_eq!(chain(&told).len(), 3);

    let host =
        Host::with(IssueRequest { chain: Chain::SelfSigned, ..IssueRequest::named("wabbit") })
            .await;
    host.lab.deny(Permission::SecretGet, Wording::AccessPolicy);
    let told = host.sign(&host.issued.key_id, &[("self_signed", "True")]).told();
    assert_eq!(chain(&told).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_without_a_version_signs_with_the_one_of_its_certificate() {
    let host = Host::start().await;
    let id = host.issued.key_id.rsplit_once('/').expect("a version").0;
    host.lab.control().reset();
    host.sign(id, &[]).told();
    let requests = host.lab.control().requests();
    let signed = requests.iter().find(|r| r.path.ends_with("/sign")).expect("a signature");
    assert_eq!(signed.path, format!("/keys/wabbit/{}/sign", host.issued.version));
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_before_anything_is_asked() {
    let host = Host::start().await;
    host.lab.control().reset();
    let format = "Invalid input passed to \"--id\". Please follow this format to input the ID \"https://<vault-name>.vault.azure.net/certificates/<certificate-name>/[certificate-version]\"";
    let vault = host.lab.vault_host();
    let id = |id: &str| host.describe(id, &[]).refused();
    for ((code, message), expected, text) in [
        (id(""), "VALIDATION_ERROR", "Input passed to \"--id\" must not be empty"),
        (id("k"), "VALIDATION_ERROR", format),
        (id(&format!("https://{vault}/keys/k/v/x")), "VALIDATION_ERROR", format),
        (
            id(&format!("https://{vault}/secrets/k")),
            "VALIDATION_ERROR",
            "Unsupported key vualt object type secrets.",
        ),
        (
            id(&format!("http://{vault}/keys/k")),
            "VALIDATION_ERROR",
            "Unsupported scheme http. The scheme must be https.",
        ),
        (
            id("https://vault.example/keys/k"),
            "VALIDATION_ERROR",
            "\"vault.example\" is not an Azure Key Vault host",
        ),
        (
            host.describe(&host.issued.key_id, &[("credential_type", "Magic")]).refused(),
            "VALIDATION_ERROR",
            "Invalid credential type: magic",
        ),
        (
            host.describe(&host.issued.key_id, &[("azure_extra_hosts", "vault=http://x")])
                .refused(),
            "VALIDATION_ERROR",
            "the extra host \"vault=http://x\" has a scheme; write HOST:PORT, https is understood",
        ),
        (
            host.sign(
                &host.issued.key_id,
                &[("self_signed", "true"), ("ca_certs", &host.file("x", ""))],
            )
            .refused(),
            "ERROR",
            "Self-signed certificate is specified. Please do not specify the `ca_certs` parameter if it is a self-signed certificate.",
        ),
        (
            host.sign(&host.issued.key_id, &[("ca_certs", "nowhere.pem")]).refused(),
            "ERROR",
            "open nowhere.pem: no such file or directory",
        ),
        (host.call(&["describe-key"], "").refused(), "VALIDATION_ERROR", "Standard input is empty"),
        (
            host.call(&["describe-key"], r#"{"contractVersion": "1.1"}"#).refused(),
            "UNSUPPORTED_CONTRACT_VERSION",
            "contract version \"1.1\" is not supported: it is \"1.0\"",
        ),
        (
            host.call(&["generate-envelope"], "{}").refused(),
            "VALIDATION_ERROR",
            "Invalid command: generate-envelope",
        ),
    ] {
        assert_eq!(code, expected, "{message}");
        assert_eq!(message.lines().next(), Some(text));
    }
    assert!(host.lab.control().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_an_end() {
    let host = Host::start().await;
    let (code, message) = host.call(&["describe-key"], &" ".repeat(17 * 1024 * 1024)).refused();
    assert_eq!(code, "VALIDATION_ERROR");
    assert_eq!(message, "the request is larger than 16777216 bytes");
    // what follows the first line is not read
    let request = host.request(&host.issued.key_id, &[]);
    host.call(&["describe-key"], &format!("{request}\nmore")).told();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vault_refuses_keeps_its_code_and_words() {
    let host = Host::start().await;
    let unknown = format!("https://{}/keys/nobody", host.lab.vault_host());
    let (code, message) = host.describe(&unknown, &[]).refused();
    assert_eq!(code, "CertificateNotFound", "{message}");
    assert!(message.contains("\nhint: az keyvault certificate list"), "{message}");

    host.lab.deny(Permission::KeySign, Wording::Rbac);
    let (code, message) = host.sign(&host.issued.key_id, &[]).refused();
    assert_eq!(code, "Forbidden", "{message}");
    assert!(
        message.starts_with("Caller is not authorized to perform action on resource."),
        "{message}"
    );
    assert!(message.contains("\nhint: assign the roles"), "{message}");

    host.lab.deny(Permission::SecretGet, Wording::AccessPolicy);
    let (code, message) = host.sign(&host.issued.key_id, &[]).refused();
    assert_eq!(code, "ERROR", "{message}");
    assert!(message.starts_with("The plugin does not have secrets get permission. Please grant the permission to the credential associated with the plugin or specify the file path of the certificate chain bundle through the `ca_certs` parameter in the plugin config."), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_kind_than_described_is_not_used() {
    let host = Host::start().await;
    host.lab.control().reset();
    let mut request = host.request(&host.issued.key_id, &[]);
    request["keySpec"] = "RSA-3072".into();
    request["hashAlgorithm"] = "SHA-384".into();
    let (code, message) = host.call(&["generate-signature"], &request.to_string()).refused();
    assert_eq!(code, "VALIDATION_ERROR");
    assert_eq!(message, "the key is EC-256 and the request is for RSA-3072");
    let requests = host.lab.control().requests();
    assert!(!requests.iter().any(|request| request.path.ends_with("/sign")), "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_vault_is_asked_again() {
    let host = Host::start().await;
    host.lab.control().fault(Route::on(Role::Vault), Fault::unavailable(), 1);
    host.sign(&host.issued.key_id, &[]).told();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_credential_it_says_which_were_tried() {
    let host = Host::start().await;
    let settings = [("credential_type", "workloadid")];
    let request = json!({
        "contractVersion": "1.0", "keyId": host.issued.key_id, "pluginConfig": host.config(&settings),
    });
    let (code, message) = host.call(&["describe-key"], &request.to_string()).refused();
    assert_eq!(code, "ERROR");
    assert!(message.starts_with("the credential workloadid is not configured"), "{message}");
}
