//! Plugins that make whole envelopes: whatever they answer is proven to be what was ordered.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::envelope::{
    Countersigner, FORMATS, Format, SealError, SealRequest, Sealed, seal, seal_with,
};
use sealwright::fault::{BoxFault, Fault as _};
use sealwright::plugin::{GenerateEnvelopeRequest, GenerateEnvelopeResponse};
use sealwright::x509::Chain;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::fake::{Fake, opened, request};
use crate::forge::{Cose, Jws, array, bytes, int, read, tag, text};
use crate::pki::NOW;

const EXPIRY: &str = "io.cncf.notary.expiry";
const SCHEME: &str = "io.cncf.notary.signingScheme";
const TOKEN: &str = "io.cncf.notary.timestampSignature";

type Change = fn(&mut Value);

/// What the maker of an envelope does with its order.
#[derive(Clone, Default)]
struct Makes {
    /// On the payload ordered.
    change: Option<Change>,
    /// Seconds of expiry instead of those ordered; 0 leaves it out.
    expiry: Option<i64>,
    token: Option<&'static [u8]>,
    authority: bool,
    annotations: usize,
}

impl Makes {
    fn plugin(self) -> Arc<Fake> {
        Arc::new(Fake::whole(move |order| self.answer(order)))
    }

    fn answer(&self, order: &GenerateEnvelopeRequest) -> GenerateEnvelopeResponse {
        let mut payload = STANDARD.decode(&order.payload).unwrap();
        if let Some(change) = self.change {
            let mut value = serde_json::from_slice(&payload).unwrap();
            change(&mut value);
            payload = value.to_string().into_bytes();
        }
        let seconds = self.expiry.unwrap_or(order.expiry_duration_in_seconds as i64);
        let expiry = (seconds != 0).then(|| NOW + time::Duration::seconds(seconds));
        let envelope = match order.signature_envelope_type.as_str() {
            "application/jose+json" => self.jws(&payload, expiry),
            _ => self.cose(&payload, expiry),
        };
        GenerateEnvelopeResponse {
            signature_envelope: STANDARD.encode(envelope),
            signature_envelope_type: order.signature_envelope_type.clone(),
            annotations: (0..self.annotations)
                .map(|n| (format!("a{n}"), "x".repeat(1000)))
                .collect(),
        }
    }

    fn jws(&self, payload: &[u8], expiry: Option<OffsetDateTime>) -> Vec<u8> {
        let mut crit = vec![SCHEME];
        let mut changes = Vec::new();
        if let Some(expiry) = expiry {
            crit.push(EXPIRY);
            let format = time::format_description::well_known::Rfc3339;
            changes.push((EXPIRY, json!(expiry.format(&format).unwrap())));
        }
        if self.authority {
            crit.push("io.cncf.notary.authenticSigningTime");
            changes.push((SCHEME, json!("notary.x509.signingAuthority")));
            changes.push(("io.cncf.notary.signingTime", Value::Null));
            changes.push(("io.cncf.notary.authenticSigningTime", json!("2025-01-01T00:00:00Z")));
        }
        let mut protected: Value =
            serde_json::from_str(&Jws::with("crit", json!(crit)).protected).unwrap();
        for (name, value) in changes {
            match value {
                Value::Null => drop(protected.as_object_mut().unwrap().remove(name)),
                value => protected[name] = value,
            }
        }
        let mut jws = Jws::good();
        jws.protected = protected.to_string();
        jws.payload = String::from_utf8(payload.to_vec()).unwrap();
        if let Some(token) = self.token {
            let mut header: Value = serde_json::from_str(&jws.header).unwrap();
            header[TOKEN] = json!(STANDARD.encode(token));
            jws.header = header.to_string();
        }
        jws.seal().into_bytes()
    }

    fn cose(&self, payload: &[u8], expiry: Option<OffsetDateTime>) -> Vec<u8> {
        let mut crit = vec![text(SCHEME)];
        let mut cose = Cose::good();
        if let Some(expiry) = expiry {
            crit.push(text(EXPIRY));
            cose.protected.push((text(EXPIRY), tag(1, int(expiry.unix_timestamp()))));
        }
        if self.authority {
            crit.push(text("io.cncf.notary.authenticSigningTime"));
            cose.protected.retain(|(label, _)| *label != text("io.cncf.notary.signingTime"));
            cose.protected.retain(|(label, _)| *label != text(SCHEME));
            cose.protected.push((text(SCHEME), text("notary.x509.signingAuthority")));
            let time = tag(1, int(NOW.unix_timestamp()));
            cose.protected.push((text("io.cncf.notary.authenticSigningTime"), time));
        }
        cose.protected[1].1 = array(crit);
        cose.payload = bytes(payload);
        if let Some(token) = self.token {
            cose.unprotected.push((text(TOKEN), bytes(token)));
        }
        cose.seal()
    }
}

async fn sealed(makes: Makes, request: &SealRequest) -> Result<Sealed, SealError> {
    let signer = opened(&makes.plugin()).await.unwrap();
    seal(request, &*signer).await
}

/// The code in both formats.
async fn refused(makes: Makes, expiry: Option<Duration>) -> SealError {
    let mut errors = Vec::new();
    for format in FORMATS {
        let request = SealRequest { expiry, ..request(format) };
        let error = sealed(makes.clone(), &request).await.err().expect("refused");
        assert!(
            error.to_string().starts_with("failed to sign with the plugin tester: "),
            "{error}"
        );
        errors.push(error);
    }
    assert_eq!(errors[0].code(), errors[1].code());
    errors.remove(0)
}

#[tokio::test]
async fn envelopes_are_ordered_and_taken_as_they_are() {
    for format in FORMATS {
        let fake = Makes { annotations: 2, ..Makes::default() }.plugin();
        let signer = opened(&fake).await.unwrap();
        assert_eq!((signer.suite(), signer.known_chain()), (None, None));
        let expiry = Some(Duration::from_secs(3600));
        let sealed = seal(&SealRequest { expiry, ..request(format) }, &*signer).await.unwrap();
        let intact = read(format, &sealed.bytes).unwrap();
        assert_eq!(*intact.payload(), request(format).payload);
        assert_eq!(intact.expiry(), Some(datetime!(2025-01-01 1:00 UTC)));
        assert_eq!(intact.signing_agent(), Some("other/1"), "its own");
        assert_eq!(signer.known_chain(), Some(intact.chain()));
        assert_eq!(sealed.annotations.keys().collect::<Vec<_>>(), ["a0", "a1"]);
        assert_eq!(fake.commands(), ["get-plugin-metadata", "generate-envelope"]);
        let mut asked = fake.asked.lock().unwrap()[1].1.clone();
        let payload = asked.as_object_mut().unwrap().remove("payload").unwrap();
        let payload = STANDARD.decode(payload.as_str().unwrap()).unwrap();
        // in the order of the specification's members, whatever the format
        assert!(payload.starts_with(br#"{"targetArtifact":{"mediaType":"#));
        let expected = json!({
            "contractVersion": "1.0",
            "keyId": "k",
            "payloadType": "application/vnd.cncf.notary.payload.v1+json",
            "signatureEnvelopeType": format.media_type(),
            "expiryDurationInSeconds": 3600,
            "pluginConfig": {"a": "b"},
        });
        assert_eq!(asked, expected);
        let error = signer.sign(b"a file's digest").await.unwrap_err();
        assert_eq!(error.code(), "plugin-envelopes-only");
    }
}

#[tokio::test]
async fn a_refusal_has_notations_words() {
    let fake = Fake::whole(|_| unreachable!("it refuses")).refusing("ACCESS_DENIED");
    let signer = opened(&Arc::new(fake)).await.unwrap();
    let error = seal(&request(Format::Jws), &*signer).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "failed to sign with the plugin tester: plugin failed to sign with following error: no"
    );
    assert_eq!(error.because(), ["the plugin's error code is ACCESS_DENIED"]);
    assert_eq!(error.code(), "plugin-refused");
    assert!(error.hint().unwrap().contains("the right to sign"));
}

#[tokio::test]
async fn more_annotations_are_allowed_and_nothing_else_may_change() {
    let more: Change = |p| p["targetArtifact"]["annotations"]["more"] = json!("y");
    let descriptor: Change = |p| {
        for (name, value) in [("urls", json!([])), ("artifactType", json!("t"))] {
            p["targetArtifact"][name] = value;
        }
    };
    for change in [more, descriptor] {
        for format in FORMATS {
            let makes = Makes { change: Some(change), ..Makes::default() };
            sealed(makes, &request(format)).await.unwrap();
        }
    }
    let refusals: [(Change, &str); 9] = [
        (|p| p["targetArtifact"]["size"] = json!(943), "envelope-made-subject"),
        (|p| p["targetArtifact"]["mediaType"] = json!("x"), "envelope-made-subject"),
        (
            |p| p["targetArtifact"]["digest"] = json!(format!("sha256:{}", "0".repeat(64))),
            "envelope-made-subject",
        ),
        (|p| p["targetArtifact"]["annotations"]["build"] = json!("2"), "envelope-made-annotation"),
        (|p| p["targetArtifact"]["annotations"] = json!({}), "envelope-made-annotation"),
        (|p| p["targetArtifact"]["x\u{1b}"] = json!(1), "envelope-made-members"),
        (|p| p["other"] = json!(1), "envelope-made-members"),
        (|p| p["targetArtifact"]["annotations"] = json!(1), "envelope-self-verification"),
        (|p| *p = json!({}), "envelope-self-verification"),
    ];
    for (change, code) in refusals {
        let error = refused(Makes { change: Some(change), ..Makes::default() }, None).await;
        assert_eq!(error.code(), code, "{error}");
    }
    let error = refused(Makes { change: Some(|p| p["b"] = json!(1)), ..Makes::default() }, None);
    assert_eq!(
        error.await.to_string(),
        "failed to sign with the plugin tester: during signing, following unknown attributes were added to subject descriptor: [\"b\"]"
    );
}

#[tokio::test]
async fn an_envelope_that_does_not_hold_is_refused() {
    for (answer, code) in [
        ("%", "plugin-answer-base64"),
        ("", "envelope-self-verification"),
        ("e30=", "envelope-self-verification"),
    ] {
        let fake = Fake::whole(move |order| GenerateEnvelopeResponse {
            signature_envelope: answer.to_owned(),
            signature_envelope_type: order.signature_envelope_type.clone(),
            ..Default::default()
        });
        let signer = opened(&Arc::new(fake)).await.unwrap();
        for format in FORMATS {
            let error = seal(&request(format), &*signer).await.err().unwrap();
            assert_eq!(error.code(), code, "{error}");
            assert!(signer.known_chain().is_none());
        }
    }
    let tampering = Fake::whole(|order| {
        let mut answer = Makes::default().answer(order);
        let mut envelope = STANDARD.decode(&answer.signature_envelope).unwrap();
        let at = envelope.len() - 9;
        envelope[at] ^= 1;
        answer.signature_envelope = STANDARD.encode(envelope);
        answer
    });
    let signer = opened(&Arc::new(tampering)).await.unwrap();
    let error = seal(&request(Format::Cose), &*signer).await.err().unwrap();
    assert_eq!(error.code(), "envelope-self-verification");
    assert_eq!(
        error.to_string(),
        "failed to sign with the plugin tester: generated signature failed verification: signature is invalid"
    );
}

#[tokio::test]
async fn an_expiry_is_the_one_ordered() {
    const HOUR: Option<Duration> = Some(Duration::from_secs(3600));
    for (expiry, fine) in
        [(3600, true), (3541, true), (3660, true), (3500, false), (3700, false), (0, false)]
    {
        let makes = Makes { expiry: Some(expiry), ..Makes::default() };
        if fine {
            sealed(makes, &SealRequest { expiry: HOUR, ..request(Format::Cose) }).await.unwrap();
        } else {
            let error = refused(makes, HOUR).await;
            assert_eq!(error.code(), "envelope-made-expiry", "{error}");
            assert!(error.hint().unwrap().contains("--expiry"));
        }
    }
    // a service may set one of its own
    let makes = Makes { expiry: Some(60), ..Makes::default() };
    let made = sealed(makes, &request(Format::Jws)).await.unwrap();
    assert_eq!(made.intact.expiry(), Some(datetime!(2025-01-01 0:01 UTC)));
    let asked = SealRequest { expiry: Some(Duration::MAX), ..request(Format::Jws) };
    let fake = Makes::default().plugin();
    let signer = opened(&fake).await.unwrap();
    assert_eq!(seal(&asked, &*signer).await.err().unwrap().code(), "envelope-expiry-range");
    assert_eq!(fake.commands(), ["get-plugin-metadata"], "asked for what cannot be");
}

#[tokio::test]
async fn annotations_for_the_manifest_are_bounded() {
    let error = refused(Makes { annotations: 20, ..Makes::default() }, None).await;
    assert_eq!(error.code(), "envelope-made-annotations");
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_now_signs_nothing() {
    let late = SealRequest { now: datetime!(2041-01-01 0:00 UTC), ..request(Format::Jws) };
    let error = sealed(Makes::default(), &late).await.err().unwrap();
    assert_eq!(error.code(), "x509-not-valid-at");
}

/// Makes the token `made`, and accepts `theirs`.
struct Stamps;

#[async_trait::async_trait]
impl Countersigner for Stamps {
    async fn countersign(&self, _: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
        Ok(b"made".to_vec())
    }

    fn accept(&self, token: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
        if token == b"theirs" { Ok(NOW) } else { Err(sealwright::crypto::VerifyError.into()) }
    }
}

async fn stamped(makes: Makes, format: Format) -> Result<Sealed, SealError> {
    let signer = opened(&makes.plugin()).await.unwrap();
    seal_with(&request(format), &*signer, Some(&Stamps)).await
}

#[tokio::test]
async fn a_timestamp_that_is_wanted_is_there() {
    for format in FORMATS {
        let plain = stamped(Makes::default(), format).await.unwrap();
        let intact = read(format, &plain.bytes).unwrap();
        assert_eq!(intact.timestamp_token(), Some(&b"made"[..]));
        assert_eq!(intact.signing_agent(), Some("other/1"), "what else stood beside it stays");
        let own = Makes { token: Some(b"theirs"), ..Makes::default() };
        let sealed = stamped(own, format).await.unwrap();
        assert_eq!(sealed.intact.timestamp_token(), Some(&b"theirs"[..]));
        let error = stamped(Makes { token: Some(b"bad"), ..Makes::default() }, format).await.err();
        assert!(error.unwrap().is_timestamps());
        let authority = Makes { authority: true, ..Makes::default() };
        let error = stamped(authority.clone(), format).await.err().unwrap();
        assert_eq!(error.code(), "envelope-made-scheme", "{error}");
        assert!(error.hint().unwrap().contains("--timestamp-url"));
        let signer = opened(&authority.plugin()).await.unwrap();
        seal(&request(format), &*signer).await.expect("a signing authority signs without");
    }
}
