//! A served plugin over one key in memory.

use std::sync::Mutex;

use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose};
use serde_json::json;

use super::*;
use crate::crypto::PrivateKey;
use crate::envelope::LocalSigner;
use crate::x509::Certificate;

/// One key, and what is asked of it.
struct OneKey {
    suite: Suite,
    asked: Mutex<Vec<String>>,
}

impl OneKey {
    fn new(suite: Suite) -> Self {
        Self { suite, asked: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl Keys for OneKey {
    async fn suite(&self, id: &str, config: &PluginConfig) -> Result<Suite, BoxFault> {
        self.asked.lock().unwrap().push(format!("{id} {config:?}"));
        match id {
            "none" => Err(Refusal::invalid("there is none").into()),
            _ => Ok(self.suite),
        }
    }

    async fn open(&self, id: &str, config: &PluginConfig) -> Result<Arc<dyn Signer>, BoxFault> {
        self.suite(id, config).await?;
        Ok(Arc::new(signer(self.suite)))
    }

    fn refusal(&self, fault: &dyn Fault) -> Refusal {
        Refusal::new("Own", fault.to_string())
    }
}

fn pem(suite: Suite) -> &'static str {
    match suite {
        Suite::RsaPss2048 => include_str!("../../tests/fixtures/envelope/rsa-2048.pem"),
        Suite::RsaPss3072 => include_str!("../../tests/fixtures/envelope/rsa-3072.pem"),
        Suite::RsaPss4096 => include_str!("../../tests/fixtures/envelope/rsa-4096.pem"),
        Suite::EcdsaP256 => include_str!("../../tests/fixtures/envelope/p256.pem"),
        Suite::EcdsaP384 => include_str!("../../tests/fixtures/envelope/p384.pem"),
        Suite::EcdsaP521 => include_str!("../../tests/fixtures/envelope/p521.pem"),
    }
}

fn certificate(suite: Suite) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CountryName, "US");
    params.distinguished_name.push(DnType::StateOrProvinceName, "WA");
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let pair = KeyPair::from_pem(pem(suite)).unwrap();
    Certificate::from_der(params.self_signed(&pair).unwrap().der()).unwrap()
}

fn signer(suite: Suite) -> LocalSigner {
    let key = PrivateKey::from_pem(&pem(suite).to_owned().into()).unwrap();
    LocalSigner::new(key, vec![certificate(suite)]).unwrap()
}

fn ask(word: &str, request: &str, keys: &OneKey) -> Result<Value, Refusal> {
    let about = metadata("azure-kv", "d", "1.2.1", "u");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let line = runtime.block_on(answer(Served::parse(word)?, request, &about, keys))?;
    assert!(!line.contains('\n'), "{line}");
    Ok(serde_json::from_str(&line).unwrap())
}

fn sign(suite: Suite) -> Value {
    json!({
        "contractVersion": "1.0", "keyId": "k/1/", "keySpec": suite.key_spec(),
        "hashAlgorithm": suite.hash().name(), "payload": STANDARD.encode("to be signed"),
    })
}

#[test]
fn the_metadata_need_no_request() {
    let told = ask("get-plugin-metadata", "", &OneKey::new(Suite::EcdsaP256)).unwrap();
    assert_eq!(
        told,
        json!({
            "name": "azure-kv", "description": "d", "version": "1.2.1", "url": "u",
            "supportedContractVersions": ["1.0"], "capabilities": ["SIGNATURE_GENERATOR.RAW"],
        })
    );
    assert!(!Served::Metadata.reads_request());
    assert!(Served::DescribeKey.reads_request() && Served::GenerateSignature.reads_request());
}

#[test]
fn every_kind_of_key_is_described_and_signs() {
    for suite in SUITES {
        let keys = OneKey::new(suite);
        let request =
            json!({"contractVersion": "1.0", "keyId": "k/1/", "pluginConfig": {"a": "b"}});
        let told = ask("describe-key", &request.to_string(), &keys).unwrap();
        assert_eq!(told, json!({"keyId": "k/1/", "keySpec": suite.key_spec()}));
        assert_eq!(*keys.asked.lock().unwrap(), [r#"k/1/ {"a": "b"}"#]);

        let made = ask("generate-signature", &sign(suite).to_string(), &keys).unwrap();
        assert_eq!(made["keyId"], "k/1/");
        assert_eq!(made["signingAlgorithm"], suite.plugin_name());
        let leaf = STANDARD.decode(made["certificateChain"][0].as_str().unwrap()).unwrap();
        let leaf = Certificate::from_der(&leaf).unwrap();
        let signature = STANDARD.decode(made["signature"].as_str().unwrap()).unwrap();
        suite.verify(leaf.public_key(), b"to be signed", &signature).unwrap();
    }
}

#[test]
fn settings_may_be_null() {
    let request = json!({"contractVersion": "1.0", "keyId": "k", "pluginConfig": null});
    ask("describe-key", &request.to_string(), &OneKey::new(Suite::EcdsaP256)).unwrap();
}

#[test]
fn a_request_that_is_at_fault_is_refused_before_a_key_is_touched() {
    let good = sign(Suite::EcdsaP256);
    let with = |name: &str, value: &str| {
        let mut request = good.clone();
        request[name] = value.into();
        request.to_string()
    };
    let invalid = Refusal::VALIDATION_ERROR;
    for (request, code, part) in [
        (String::new(), invalid, "Standard input is empty"),
        ("{".to_owned(), invalid, "the request is malformed"),
        ("[]".to_owned(), invalid, "the request is malformed"),
        (r#"{"pluginConfig": {"a": 1}}"#.to_owned(), invalid, "the request is malformed"),
        ("{}".to_owned(), Refusal::UNSUPPORTED_CONTRACT_VERSION, "contract version \"\""),
        (with("contractVersion", "2.0"), Refusal::UNSUPPORTED_CONTRACT_VERSION, "\"2.0\""),
        (with("keySpec", "RSA-1024"), invalid, "unknown keySpec \"RSA-1024\""),
        (
            with("hashAlgorithm", "SHA-512"),
            invalid,
            "EC-256 is SHA-256, the request has \"SHA-512\"",
        ),
        (with("payload", "%"), invalid, "the payload is not base64"),
        (with("payload", ""), invalid, "the payload is empty"),
    ] {
        let keys = OneKey::new(Suite::EcdsaP256);
        let refusal = ask("generate-signature", &request, &keys).unwrap_err();
        assert_eq!(refusal.error_code, code, "{request}");
        assert!(refusal.error_message.contains(part), "{refusal}");
        assert!(keys.asked.lock().unwrap().is_empty());
        if code == Refusal::UNSUPPORTED_CONTRACT_VERSION {
            assert_eq!(ask("describe-key", &request, &keys).unwrap_err(), refusal);
        }
    }
}

#[test]
fn a_key_of_another_kind_than_asked_for_signs_nothing() {
    let request = sign(Suite::EcdsaP256).to_string();
    let refusal = ask("generate-signature", &request, &OneKey::new(Suite::EcdsaP384)).unwrap_err();
    assert_eq!(refusal.error_code, Refusal::VALIDATION_ERROR);
    assert_eq!(refusal.error_message, "the key is EC-384 and the request is for EC-256");
    assert_eq!(refusal.code(), "plugin-serve-refused");
}

#[test]
fn what_a_key_refuses_is_worded_by_its_keeper() {
    let request = json!({"contractVersion": "1.0", "keyId": "none"}).to_string();
    let refusal = ask("describe-key", &request, &OneKey::new(Suite::EcdsaP256)).unwrap_err();
    assert_eq!(
        refusal.to_json(),
        r#"{"errorCode":"Own","errorMessage":"VALIDATION_ERROR: there is none"}"#
    );
}

#[test]
fn an_unknown_command_is_named() {
    for (word, shown) in
        [("generate-envelope", "generate-envelope"), ("", ""), ("a\nb", "a\u{fffd}b")]
    {
        let refusal = Served::parse(word).unwrap_err();
        assert_eq!(refusal.error_code, Refusal::VALIDATION_ERROR);
        assert_eq!(refusal.error_message, format!("Invalid command: {shown}"));
    }
}
