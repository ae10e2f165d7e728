//! Envelopes that others made: the conformance files of notation-core-go v1.3.0 and the test data of
//! notation-go v1.3.2, read from the folders in SEALWRIGHT_NOTATION_CORE_GO and SEALWRIGHT_NOTATION_GO
//! (the directories of the two Go modules). Unset, the tests say so and pass; with CI=true they fail.

#[allow(dead_code)]
#[path = "envelope/forge.rs"]
mod forge;
#[allow(dead_code)]
#[path = "envelope/pki.rs"]
mod pki;

use std::path::PathBuf;

use sealwright::crypto::Suite;
use sealwright::envelope::{AttributeKey, Format, Intact, SealRequest, Sealed, Signer, seal};
use sealwright::fault::{BoxFault, Fault as _};
use sealwright::x509::Chain;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use forge::{Cose, Jws, array, bytes, int, read, text, x5c};
use pki::Length;

/// What integrity, which has no clock and no trust store, says of a file of notation-go.
enum Verdict {
    Intact { signing_time: OffsetDateTime, timestamped: bool },
    Refused { code: &'static str },
}
use Verdict::{Intact as Whole, Refused};

const OLD: OffsetDateTime = datetime!(2020-11-09 7:00 UTC);

#[rustfmt::skip]
const ENVELOPES: [(&str, Format, Verdict, &str); 26] = [
    ("internal/mock/testdata/ca_valid_sig_env.json", Format::Jws,
        Whole { signing_time: OLD, timestamped: false }, "good"),
    ("internal/mock/testdata/ca_expired_sig_env.json", Format::Jws,
        Whole { signing_time: datetime!(2022-07-29 0:00 UTC), timestamped: false }, "expiry is judged later, with a clock"),
    ("internal/mock/testdata/ca_invalid_sig_env.json", Format::Jws,
        Refused { code: "envelope-base64" }, "the payload is not base64url"),
    ("internal/mock/testdata/ca_plugin_sig_env.json", Format::Jws,
        Whole { signing_time: OLD, timestamped: false }, "critical attributes are judged later"),
    ("internal/mock/testdata/sa_valid_sig_env.json", Format::Jws,
        Whole { signing_time: OLD, timestamped: false }, "good, by a signing authority"),
    ("internal/mock/testdata/sa_expired_sig_env.json", Format::Jws,
        Whole { signing_time: datetime!(2022-07-29 0:00 UTC), timestamped: false }, "expiry is judged later, with a clock"),
    ("internal/mock/testdata/sa_invalid_sig_env.json", Format::Jws,
        Refused { code: "envelope-base64" }, "the payload is not base64url"),
    ("internal/mock/testdata/sa_plugin_sig_env.json", Format::Jws,
        Whole { signing_time: OLD, timestamped: false }, "critical attributes are judged later"),
    ("internal/mock/testdata/sig_env_with_metadata.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-11 10:02:54 -8), timestamped: false }, "good, with annotations"),
    ("internal/mock/testdata/ca_compatible_pluginver_sig_env_0.0.9.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 0:21:36 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_compatible_pluginver_sig_env_1.0.0-alpha.beta.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 13:03:23 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_compatible_pluginver_sig_env_1.0.0-alpha.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 12:57:04 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_compatible_pluginver_sig_env_1.0.0.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 13:05:58 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_incompatible_pluginver_sig_env_1.0.1.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 12:49:02 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_incompatible_pluginver_sig_env_1.0.9.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 0:47:18 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_incompatible_pluginver_sig_env_1.1.0-alpha.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 12:40:34 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/mock/testdata/ca_incompatible_pluginver_sig_env_1.2.3.json", Format::Jws,
        Whole { signing_time: datetime!(2023-01-19 12:54:01 -8), timestamped: false }, "plugin versions are judged later"),
    ("internal/testdata/cose_signature.sig", Format::Cose,
        Whole { signing_time: datetime!(2023-03-14 4:45:22 UTC), timestamped: false }, "good"),
    ("internal/testdata/jws_signature.sig", Format::Jws,
        Whole { signing_time: datetime!(2023-03-14 16:10:02 +8), timestamped: false }, "good"),
    ("verifier/testdata/timestamp/sigEnv/coseWithTimestamp.sig", Format::Cose,
        Whole { signing_time: datetime!(2024-06-18 6:27:11 UTC), timestamped: true }, "good, with a token"),
    ("verifier/testdata/timestamp/sigEnv/coseExpiredWithTimestamp.sig", Format::Cose,
        Whole { signing_time: datetime!(2024-06-18 7:21:07 UTC), timestamped: true }, "expiry is judged later, with a clock"),
    ("verifier/testdata/timestamp/sigEnv/jwsWithTimestamp.sig", Format::Jws,
        Whole { signing_time: datetime!(2024-06-18 14:29:33 +8), timestamped: true }, "good, with a token"),
    ("verifier/testdata/timestamp/sigEnv/jwsExpiredWithTimestamp.sig", Format::Jws,
        Whole { signing_time: datetime!(2024-06-18 15:21:38 +8), timestamped: true }, "expiry is judged later, with a clock"),
    ("verifier/testdata/timestamp/sigEnv/timestampAfterNotAfter.sig", Format::Cose,
        Whole { signing_time: datetime!(2024-06-19 9:35:54 UTC), timestamped: true }, "timestamps are judged later"),
    ("verifier/testdata/timestamp/sigEnv/timestampBeforeNotBefore.sig", Format::Jws,
        Whole { signing_time: datetime!(2024-06-19 17:30:11 +8), timestamped: true }, "timestamps are judged later"),
    ("verifier/testdata/timestamp/sigEnv/withoutTimestamp.sig", Format::Jws,
        Whole { signing_time: datetime!(2024-06-18 17:08:35 +8), timestamped: false }, "good"),
];

#[test]
fn envelopes_of_notation_go_get_the_verdict_notation_gives() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_GO") else { return };
    for (file, format, verdict, why) in ENVELOPES {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        match (read(format, &bytes), verdict) {
            (Ok(intact), Whole { signing_time, timestamped }) => {
                assert_eq!(intact.scheme().time(), signing_time, "{file}");
                assert_eq!(intact.timestamp_token().is_some(), timestamped, "{file}");
                assert_eq!(
                    intact.scheme().name() == "notary.x509.signingAuthority",
                    file.contains("/sa_"),
                    "{file}"
                );
            }
            (Err(error), Refused { code }) => assert_eq!(error.code(), code, "{file}: {why}"),
            (Ok(_), Refused { code }) => panic!("{file}: intact instead of {code} ({why})"),
            (Err(error), Whole { .. }) => panic!("{file}: {error} instead of intact ({why})"),
        }
    }
}

#[test]
fn attributes_of_notation_go_are_read() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_GO") else { return };
    let intact = |file: &str| {
        read(Format::Jws, &std::fs::read(folder.join("internal/mock/testdata").join(file)).unwrap())
            .unwrap()
    };
    let critical = |intact: &Intact| -> Vec<(String, Value)> {
        assert!(intact.attributes().iter().all(|attribute| attribute.critical));
        intact.attributes().iter().map(|a| (a.key.to_string(), a.value.clone())).collect()
    };
    let plugin = "io.cncf.notary.verificationPlugin";
    assert_eq!(
        critical(&intact("sa_plugin_sig_env.json")),
        [("SomeKey".into(), json!("SomeValue")), (plugin.into(), json!("plugin-name"))]
    );
    assert_eq!(
        critical(&intact("ca_compatible_pluginver_sig_env_1.0.0.json")),
        [
            (plugin.into(), json!("io.cncf.notary.plugin.unittest.mock")),
            ("io.cncf.notary.verificationPluginMinVersion".into(), json!("1.0.0"))
        ]
    );
    let target = intact("sig_env_with_metadata.json").payload().target.clone();
    assert_eq!(target.size, 942);
    assert_eq!(target.annotations["io.wabbit-networks.buildTime"], "1672944615");
    let expired = intact("ca_expired_sig_env.json");
    assert_eq!(expired.expiry(), Some(datetime!(2022-07-29 23:59 UTC)));
}

/// Answers with the signature that notation made: it fits only if our bytes to sign are notation's.
struct Replay {
    vector: Intact,
}

#[async_trait::async_trait]
impl Signer for Replay {
    fn known_chain(&self) -> Option<&Chain> {
        Some(self.vector.chain())
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        assert!(message.starts_with(b"\x84\x6aSignature1"));
        Ok(self.vector.signature().to_vec())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn sealed(request: SealRequest, signer: Replay) -> Sealed {
    seal(&request, &signer).await.unwrap()
}

#[test]
fn cose_envelopes_are_signed_over_the_bytes_notation_signs() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_GO") else { return };
    let cose = ENVELOPES.iter().filter(|(_, format, _, _)| *format == Format::Cose);
    for (file, format, _, _) in cose {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let vector = read(*format, &bytes).unwrap();
        let signing_time = vector.scheme().time();
        if vector.chain().check_valid_at(signing_time).is_err() {
            // We do not sign with what was not valid: the vector of a token after notAfter.
            assert!(file.ends_with("timestampAfterNotAfter.sig"), "{file}");
            continue;
        }
        let request = SealRequest {
            format: *format,
            payload: vector.payload().clone(),
            now: signing_time,
            expiry: vector.expiry().map(|expiry| (expiry - signing_time).unsigned_abs()),
        };
        let sealed = sealed(request, Replay { vector });
        let signed = |bytes: &[u8]| {
            let end = bytes.windows(3).position(|w| w == [0x18, 0x21, 0x81]).unwrap();
            bytes[..end - 1].to_vec()
        };
        assert_eq!(signed(&sealed.bytes), signed(&bytes), "{file}");
    }
}

#[test]
fn the_cose_conformance_header_is_read() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_CORE_GO") else { return };
    let file = std::fs::read(folder.join("signature/cose/testdata/conformance.json")).unwrap();
    let vector: Value = serde_json::from_slice(&file).unwrap();
    let unhex = |pointer: &str| unhex(vector.pointer(pointer).unwrap().as_str().unwrap());
    // As it stands it has no certificate chain.
    let envelope = unhex("/expectedOutput/cborHex");
    assert_eq!(read(Format::Cose, &envelope).unwrap_err().code(), "envelope-chain-missing");

    let protected = bytes(&unhex("/protectedHeaders/cborHex"));
    assert!(envelope[2..].starts_with(&protected));
    let key = pki::key(Suite::RsaPss3072);
    let chain = pki::chain(Suite::RsaPss3072, Length::Two);
    let unprotected = forge::map(&vec![
        (int(33), array(chain.iter().map(|der| bytes(der)).collect())),
        (text("io.cncf.notary.signingAgent"), text("NotationConformanceTest/1.0.0")),
    ]);
    let under_our_key = |payload: &[u8]| {
        let message =
            array(vec![text("Signature1"), protected.clone(), bytes(b""), bytes(payload)]);
        let signature = bytes(&key.sign(&message).unwrap());
        let items = vec![protected.clone(), unprotected.clone(), bytes(payload), signature];
        read(Format::Cose, &[vec![0xd2], array(items)].concat())
    };
    // Its own payload, `hello COSE`, is none of the Notary Project.
    let error = under_our_key(&unhex("/payload")).unwrap_err();
    assert_eq!(error.code(), "envelope-unparsable");

    let intact = under_our_key(forge::payload().as_bytes()).unwrap();
    assert_eq!(intact.scheme().time().unix_timestamp(), 1_661_321_924);
    assert_eq!(intact.expiry().unwrap().unix_timestamp(), 1_661_408_324);
    assert_eq!(intact.signing_agent(), Some("NotationConformanceTest/1.0.0"));
    let attributes: Vec<_> =
        intact.attributes().iter().map(|a| (&a.key, &a.value, a.critical)).collect();
    assert_eq!(
        attributes,
        [
            (&AttributeKey::Text("signedKey1".into()), &json!("signedValue1"), false),
            (&AttributeKey::Text("signedCritKey1".into()), &json!("signedCritValue1"), true),
        ]
    );
    assert_eq!(Cose::good().accepted().payload(), intact.payload());
}

#[test]
fn the_jws_conformance_header_is_read() {
    use base64::Engine as _;
    let Some(folder) = folder("SEALWRIGHT_NOTATION_CORE_GO") else { return };
    let file = std::fs::read(folder.join("signature/jws/testdata/conformance.json")).unwrap();
    // As it stands it has no certificate chain.
    assert_eq!(read(Format::Jws, &file).unwrap_err().code(), "envelope-chain-missing");

    let vector: Value = serde_json::from_slice(&file).unwrap();
    let decode = |name: &str| {
        let text = vector[name].as_str().unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let mut header = vector["header"].clone();
    header["x5c"] = json!(x5c(&pki::chain(Suite::EcdsaP256, Length::Two)));
    let under_our_key = |payload: String| Jws {
        protected: decode("protected"),
        payload,
        header: header.to_string(),
        ..Jws::good()
    };
    // Its own payload, `{"key":"hello JWS"}`, has no target.
    under_our_key(decode("payload")).refused("envelope-member-missing", "targetArtifact");

    let intact = under_our_key(forge::payload()).accepted();
    assert_eq!(intact.scheme().time(), datetime!(2022-08-29 13:50 UTC));
    assert_eq!(intact.expiry(), Some(datetime!(2099-08-30 13:50 UTC)));
    assert_eq!(intact.signing_agent(), Some("NotationConformanceTest/1.0.0"));
    let keys: Vec<_> =
        intact.attributes().iter().map(|a| (a.key.to_string(), a.critical)).collect();
    let expected = ["signedCritKey1", "signedKey1", "signedKey2", "signedKey3", "signedKey4"]
        .map(|key| (key.to_string(), key == "signedCritKey1"));
    assert_eq!(keys, expected);
}

/// The folder named by a variable; without it a skip is printed, or fails under CI=true.
#[allow(clippy::disallowed_methods)] // a test's own switch, no part of the program's environment
fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "{variable} is not set: the vectors must be checked under CI=true");
        println!("skipped: {variable} names no module directory");
    }
    found
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
