//! Plugins that sign what is laid before them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::crypto::{SUITES, Suite};
use sealwright::envelope::{Countersigner, FORMATS, Format, SealError, seal, seal_with};
use sealwright::fault::{BoxFault, Fault as _};
use sealwright::plugin::{GenerateSignatureResponse, check_signs, open_signer};
use sealwright::x509::Chain;
use serde_json::json;
use time::OffsetDateTime;

use crate::fake::{Fake, RAW, opened, request};
use crate::forge::read;
use crate::pki::{self, Length};

const AGENT: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"), " tester/1.2.0");

#[tokio::test]
async fn every_suite_signs_in_both_formats_and_the_key_is_described_once() {
    for suite in SUITES {
        let fake = Arc::new(Fake::raw(suite));
        let signer = opened(&fake).await.unwrap();
        assert_eq!(signer.suite(), Some(suite));
        assert!(signer.known_chain().is_none(), "known before anything was signed");
        for format in FORMATS {
            let sealed = seal(&request(format), &*signer).await.unwrap();
            let intact = read(format, &sealed.bytes).unwrap();
            assert_eq!(intact.suite(), suite);
            assert_eq!(intact.signing_agent(), Some(AGENT));
            assert_eq!(Some(intact.chain()), signer.known_chain());
            assert_eq!(*intact.payload(), request(format).payload);
        }
        let asked =
            ["get-plugin-metadata", "describe-key", "generate-signature", "generate-signature"];
        assert_eq!(fake.commands(), asked);
    }
}

#[tokio::test]
async fn requests_say_what_the_protocol_asks_for() {
    for (suite, hash) in [
        (Suite::RsaPss2048, "SHA-256"),
        (Suite::EcdsaP384, "SHA-384"),
        (Suite::EcdsaP521, "SHA-512"),
    ] {
        let fake = Arc::new(Fake::raw(suite));
        let signer = opened(&fake).await.unwrap();
        seal(&request(Format::Jws), &*signer).await.unwrap();
        let asked = fake.asked.lock().unwrap();
        assert_eq!(asked[0].1, json!({"a": "b"}));
        let described = json!({"contractVersion": "1.0", "keyId": "k", "pluginConfig": {"a": "b"}});
        assert_eq!(asked[1].1, described);
        let mut signed = asked[2].1.clone();
        let payload = signed.as_object_mut().unwrap().remove("payload").unwrap();
        let expected = json!({
            "contractVersion": "1.0",
            "keyId": "k",
            "keySpec": suite.key_spec(),
            "hashAlgorithm": hash,
            "pluginConfig": {"a": "b"},
        });
        assert_eq!(signed, expected);
        let message = STANDARD.decode(payload.as_str().unwrap()).unwrap();
        assert!(message.starts_with(b"eyJ"), "the protected header and the payload");
    }
}

#[tokio::test]
async fn a_plugin_that_does_both_signs() {
    let mut fake = Fake::whole(|_| unreachable!("no envelope is ordered"));
    fake.capabilities.push(RAW);
    let signer = opened(&Arc::new(fake)).await.unwrap();
    assert!(signer.envelopes().is_none());
}

#[tokio::test]
async fn a_plugin_that_signs_nothing_is_no_signer() {
    let mut fake = Fake::raw(Suite::EcdsaP256);
    fake.capabilities = vec!["SIGNATURE_VERIFIER.TRUSTED_IDENTITY", "X"];
    let fake = Arc::new(fake);
    let error = opened(&fake).await.err().unwrap();
    assert_eq!(error.code(), "plugin-no-signer");
    assert_eq!(error.to_string(), "plugin does not have signing capabilities");
    assert_eq!(check_signs(&*fake, &Default::default()).await.unwrap_err().code(), error.code());
    assert_eq!(fake.commands(), ["get-plugin-metadata"; 2]);
    let error = open_signer(fake, "", &Default::default()).await.err().unwrap();
    assert_eq!(error.code(), "plugin-key-id-missing");
}

#[tokio::test]
async fn an_unknown_key_spec_is_refused() {
    let mut fake = Fake::raw(Suite::EcdsaP256);
    fake.describe = Box::new(|answer| answer.key_spec = "RSA-1024".into());
    let error = opened(&Arc::new(fake)).await.err().unwrap();
    assert_eq!(error.code(), "plugin-key-spec");
    let text = "failed to sign with the plugin tester: unknown key spec \"RSA-1024\"";
    assert_eq!(error.to_string(), text);
    assert!(error.hint().unwrap().contains("3072"));
}

#[tokio::test]
async fn a_refusal_is_the_plugins_own_with_a_hint_for_its_code() {
    for (code, hint) in [
        ("ACCESS_DENIED", Some("the right to sign with \"k\"")),
        ("VALIDATION_ERROR", Some("--plugin-config")),
        ("THROTTLED", Some("--concurrency 1")),
        ("TIMEOUT", Some("try again")),
        ("UNSUPPORTED_CONTRACT_VERSION", Some("contract 1.0")),
        ("Forbidden", None),
    ] {
        let error = opened(&Arc::new(Fake::raw(Suite::EcdsaP256).refusing(code))).await.err();
        let error = error.unwrap();
        assert_eq!(error.code(), "plugin-refused");
        assert_eq!(error.to_string(), "failed to sign with the plugin tester: no");
        assert_eq!(error.because(), [format!("the plugin's error code is {code}")]);
        let told = error.hint();
        assert_eq!(told.is_some(), hint.is_some(), "{told:?}");
        assert!(hint.is_none_or(|hint| told.as_ref().unwrap().contains(hint)), "{told:?}");
    }
}

async fn failure(
    change: impl Fn(&mut GenerateSignatureResponse) + Send + Sync + 'static,
) -> SealError {
    let mut fake = Fake::raw(Suite::EcdsaP256);
    fake.sign = Box::new(change);
    let signer = opened(&Arc::new(fake)).await.unwrap();
    let mut codes = Vec::new();
    for format in FORMATS {
        let error = seal(&request(format), &*signer).await.err().expect("refused");
        assert!(
            error.to_string().starts_with("failed to sign with the plugin tester: "),
            "{error}"
        );
        assert!(signer.known_chain().is_none(), "learned from what is refused");
        codes.push(error);
    }
    assert_eq!(codes[0].code(), codes[1].code());
    codes.remove(0)
}

#[tokio::test]
async fn what_the_plugin_answers_is_proven() {
    let encoded = |suite, length| -> Vec<String> {
        pki::chain(suite, length).iter().map(|der| STANDARD.encode(der)).collect()
    };
    let stranger = encoded(Suite::RsaPss2048, Length::Two);
    let other_signature = STANDARD.encode(pki::key(Suite::EcdsaP256).sign(b"else").unwrap());
    let error = failure(move |a| a.signature.clone_from(&other_signature)).await;
    assert_eq!(error.code(), "plugin-signature-invalid");
    let text = "generated signature failed verification: signature is invalid";
    assert!(error.to_string().ends_with(text), "{error}");
    let error = failure(|a| a.signature = "%".into()).await;
    assert_eq!(error.code(), "plugin-answer-base64");
    let error = failure(|a| a.signature = String::new()).await;
    assert_eq!(error.code(), "plugin-signature-invalid");
    let error = failure(|a| a.certificate_chain[1] = "%".into()).await;
    assert_eq!(error.code(), "plugin-answer-base64");
    let error = failure(|a| a.certificate_chain[1] = "MAA=".into()).await;
    assert_eq!(error.code(), "plugin-certificate-malformed");
    assert!(error.to_string().contains("position 1"), "{error}");
    let error = failure(|a| a.certificate_chain.clear()).await;
    assert_eq!(error.code(), "x509-chain-empty");
    let error = failure(|a| a.certificate_chain.truncate(1)).await;
    assert_eq!(error.code(), "x509-self-signature");
    let error = failure(|a| a.certificate_chain.reverse()).await;
    assert!(error.code().starts_with("x509-"), "{error}");
    let error = failure(|a| a.certificate_chain = vec!["MAA=".into(); 33]).await;
    assert_eq!(error.code(), "x509-chain-too-long");
    let error = failure(move |a| a.certificate_chain.clone_from(&stranger)).await;
    assert_eq!(error.code(), "plugin-key-mismatch");
    assert!(error.to_string().contains("EC-256") && error.to_string().contains("RSA-2048"));
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_now_signs_nothing() {
    let signer = opened(&Arc::new(Fake::raw(Suite::EcdsaP256))).await.unwrap();
    let mut late = request(Format::Cose);
    late.now = time::macros::datetime!(2041-01-01 0:00 UTC);
    let error = seal(&late, &*signer).await.err().unwrap();
    assert_eq!(error.code(), "x509-not-valid-at");
    assert!(error.to_string().starts_with("failed to sign with the plugin tester: certificate"));
}

/// Attaches one token, or none.
struct Stamps(Option<&'static [u8]>);

#[async_trait::async_trait]
impl Countersigner for Stamps {
    async fn countersign(&self, _: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
        Ok(self.0.ok_or(sealwright::crypto::VerifyError)?.to_vec())
    }

    fn accept(&self, _: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
        unreachable!("nothing is there already")
    }
}

#[tokio::test]
async fn a_timestamp_is_over_the_plugins_signature() {
    let signer = opened(&Arc::new(Fake::raw(Suite::EcdsaP384))).await.unwrap();
    for format in FORMATS {
        let stamps = Stamps(Some(b"token"));
        let sealed = seal_with(&request(format), &*signer, Some(&stamps)).await.unwrap();
        assert_eq!(sealed.intact.timestamp_token(), Some(&b"token"[..]));
        let error = seal_with(&request(format), &*signer, Some(&Stamps(None))).await.err().unwrap();
        assert!(error.is_timestamps());
        let text = "failed to sign with the plugin tester: timestamp: signature is invalid";
        assert_eq!(error.to_string(), text);
    }
}
