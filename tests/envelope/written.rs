//! What `seal` writes, byte by byte, and that it reads back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sealwright::crypto::{Digest, SUITES, Suite};
use sealwright::envelope::{
    EnvelopeError, FORMATS, Format, LocalSigner, Payload, Scheme, SealError, SealRequest, Sealed,
    Signer, SignerError, TargetArtifact, seal,
};
use sealwright::fault::{BoxFault, Fault};
use sealwright::x509::Chain;
use time::macros::datetime;

use crate::forge::{DIGEST, array, bytes, int, map, read, tag, text};
use crate::pki::{self, LENGTHS, Length, NOW};

const AGENT: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"));
const DAY: Duration = Duration::from_secs(86_400);

fn request(format: Format) -> SealRequest {
    let annotations = [("build".to_string(), "<1&2> é".to_string())].into();
    SealRequest {
        format,
        payload: Payload {
            target: TargetArtifact {
                media_type: "application/vnd.oci.image.manifest.v1+json".into(),
                digest: Digest::parse(DIGEST).unwrap(),
                size: 942,
                annotations,
            },
        },
        now: NOW,
        expiry: Some(DAY),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn sealed(request: &SealRequest, signer: &dyn Signer) -> Result<Sealed, SealError> {
    seal(request, signer).await
}

#[test]
fn every_suite_format_and_chain_length_round_trips() {
    for suite in SUITES {
        for length in LENGTHS {
            let signer = pki::signer(suite, length);
            for format in FORMATS {
                let request = request(format);
                let sealed = sealed(&request, &signer).unwrap();
                let intact = read(format, &sealed.bytes).unwrap();
                assert_eq!(intact.format(), format);
                assert_eq!(intact.suite(), suite);
                assert_eq!(intact.chain(), signer.chain());
                assert_eq!(*intact.payload(), request.payload);
                assert_eq!(intact.scheme(), Scheme::X509 { signing_time: NOW });
                assert_eq!(intact.expiry(), Some(NOW + DAY));
                assert_eq!(intact.attributes(), []);
                assert_eq!(intact.signing_agent(), Some(AGENT));
                assert_eq!(intact.timestamp_token(), None);
                assert_eq!(intact.signature(), sealed.intact.signature());
            }
        }
    }
}

#[test]
fn a_cose_envelope_is_written_in_core_deterministic_order() {
    let signer = pki::signer(Suite::EcdsaP256, Length::Three);
    let sealed = sealed(&request(Format::Cose), &signer).unwrap();
    #[rustfmt::skip]
    let protected = [
        &b"\xa6"[..],
        b"\x01\x26", // alg: ES256
        b"\x02\x82", // crit
            b"\x78\x1cio.cncf.notary.signingScheme",
            b"\x75io.cncf.notary.expiry",
        b"\x03\x78\x2bapplication/vnd.cncf.notary.payload.v1+json",
        b"\x75io.cncf.notary.expiry", b"\xc1\x1a\x67\x75\xd7\x00",
        b"\x78\x1aio.cncf.notary.signingTime", b"\xc1\x1a\x67\x74\x85\x80",
        b"\x78\x1cio.cncf.notary.signingScheme", b"\x6bnotary.x509",
    ]
    .concat();
    let chain = signer.chain().certificates().iter().map(|c| bytes(c.der())).collect();
    let unprotected =
        map(&vec![(int(33), array(chain)), (text("io.cncf.notary.signingAgent"), text(AGENT))]);
    let payload = format!(
        r#"{{"targetArtifact":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":942,"annotations":{{"build":"\u003c1\u00262\u003e é"}}}}}}"#
    );
    let items = vec![
        bytes(&protected),
        unprotected,
        bytes(payload.as_bytes()),
        bytes(sealed.intact.signature()),
    ];
    assert_eq!(sealed.bytes, tag(18, array(items)));
}

#[test]
fn a_cose_envelope_without_expiry_lists_the_scheme_alone() {
    let signer = pki::signer(Suite::EcdsaP256, Length::SelfSigned);
    let request = SealRequest { expiry: None, ..request(Format::Cose) };
    let sealed = sealed(&request, &signer).unwrap();
    #[rustfmt::skip]
    let protected = [
        &b"\xa5\x01\x26\x02\x81\x78\x1cio.cncf.notary.signingScheme"[..],
        b"\x03\x78\x2bapplication/vnd.cncf.notary.payload.v1+json",
        b"\x78\x1aio.cncf.notary.signingTime\xc1\x1a\x67\x74\x85\x80",
        b"\x78\x1cio.cncf.notary.signingScheme\x6bnotary.x509",
    ]
    .concat();
    let start = [vec![0xd2, 0x84], bytes(&protected), b"\xa2\x18\x21\x81".to_vec()].concat();
    assert!(sealed.bytes.starts_with(&start));
}

#[test]
fn a_jws_envelope_is_written_as_notation_orders_it() {
    let signer = pki::signer(Suite::EcdsaP256, Length::Two);
    let sealed = sealed(&request(Format::Jws), &signer).unwrap();
    let protected = r#"{"alg":"ES256","crit":["io.cncf.notary.signingScheme","io.cncf.notary.expiry"],"cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.expiry":"2025-01-02T00:00:00Z","io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2025-01-01T00:00:00Z"}"#;
    let payload = format!(
        r#"{{"targetArtifact":{{"annotations":{{"build":"\u003c1\u00262\u003e é"}},"digest":"{DIGEST}","mediaType":"application/vnd.oci.image.manifest.v1+json","size":942}}}}"#
    );
    let certificates: Vec<String> = signer
        .chain()
        .certificates()
        .iter()
        .map(|c| format!("\"{}\"", STANDARD.encode(c.der())))
        .collect();
    let expected = format!(
        r#"{{"payload":"{}","protected":"{}","header":{{"x5c":[{}],"io.cncf.notary.signingAgent":"{AGENT}"}},"signature":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(payload),
        URL_SAFE_NO_PAD.encode(protected),
        certificates.join(","),
        URL_SAFE_NO_PAD.encode(sealed.intact.signature()),
    );
    assert_eq!(String::from_utf8(sealed.bytes).unwrap(), expected);
}

#[test]
fn times_are_written_in_utc_and_whole_seconds() {
    let signer = pki::signer(Suite::EcdsaP256, Length::SelfSigned);
    for format in FORMATS {
        let request = SealRequest {
            now: datetime!(2025-01-01 2:00:00.987654321 +2),
            expiry: Some(Duration::from_millis(1_900)),
            ..request(format)
        };
        let intact = sealed(&request, &signer).unwrap().intact;
        assert_eq!(intact.scheme(), Scheme::X509 { signing_time: NOW });
        assert_eq!(intact.expiry(), Some(NOW + Duration::from_secs(1)));
    }
}

#[test]
fn no_expiry_and_an_expiry_of_zero_are_the_same() {
    let signer = pki::signer(Suite::EcdsaP256, Length::SelfSigned);
    for format in FORMATS {
        for expiry in [None, Some(Duration::ZERO)] {
            let request = SealRequest { expiry, ..request(format) };
            assert_eq!(sealed(&request, &signer).unwrap().intact.expiry(), None);
        }
    }
}

/// A signer that can be told to misbehave.
struct Odd {
    inner: LocalSigner,
    behaviour: Behaviour,
}

enum Behaviour {
    NameItself,
    Refuse,
    SignSomethingElse,
    BeAsked,
}

#[async_trait::async_trait]
impl Signer for Odd {
    fn known_chain(&self) -> Option<&Chain> {
        self.inner.known_chain()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        match self.behaviour {
            Behaviour::NameItself => self.inner.sign(message).await,
            Behaviour::SignSomethingElse => self.inner.sign(b"something else").await,
            Behaviour::Refuse => Err(SignerError::Key("the vault is closed".into()).into()),
            Behaviour::BeAsked => panic!("the signer was asked"),
        }
    }

    fn agent(&self) -> Option<&str> {
        Some("azure-kv")
    }
}

fn odd(behaviour: Behaviour) -> Odd {
    Odd { inner: pki::signer(Suite::EcdsaP256, Length::Two), behaviour }
}

fn failure(request: &SealRequest, behaviour: Behaviour) -> SealError {
    match sealed(request, &odd(behaviour)) {
        Ok(_) => panic!("sealed"),
        Err(error) => error,
    }
}

#[test]
fn the_signing_agent_names_the_signer() {
    for format in FORMATS {
        let sealed = sealed(&request(format), &odd(Behaviour::NameItself)).unwrap();
        assert_eq!(sealed.intact.signing_agent(), Some(format!("{AGENT} azure-kv").as_str()));
    }
}

#[test]
fn a_signature_over_something_else_never_leaves() {
    for format in FORMATS {
        let error = failure(&request(format), Behaviour::SignSomethingElse);
        assert_eq!(error.code(), "envelope-self-verification");
        assert_eq!(
            error.to_string(),
            "generated signature failed verification: signature is invalid"
        );
        assert!(matches!(error, SealError::SelfVerification(EnvelopeError::SignatureInvalid)));
    }
}

#[test]
fn a_refusing_signer_is_quoted() {
    let error = failure(&request(Format::Jws), Behaviour::Refuse);
    assert_eq!(error.code(), "envelope-signer-key");
    assert!(error.to_string().ends_with("the local key could not sign: the vault is closed"));
}

#[test]
fn what_cannot_be_signed_is_refused_before_the_signer_is_asked() {
    for format in FORMATS {
        for now in [datetime!(2019-12-31 23:59:59 UTC), datetime!(2040-01-01 0:00:01 UTC)] {
            let request = SealRequest { now, ..request(format) };
            let error = failure(&request, Behaviour::BeAsked);
            assert_eq!(error.code(), "x509-not-valid-at", "{error}");
        }
        for expiry in
            [Duration::from_millis(999), Duration::from_secs(300_000_000_000), Duration::MAX]
        {
            let request = SealRequest { expiry: Some(expiry), ..request(format) };
            let error = failure(&request, Behaviour::BeAsked);
            assert_eq!(error.code(), "envelope-expiry-range", "{error}");
        }
        let request = SealRequest { now: datetime!(-0001-01-01 0:00 UTC), ..request(format) };
        let error = failure(&request, Behaviour::BeAsked);
        assert_eq!(error.code(), "envelope-signing-time-range", "{error}");
    }
}

#[test]
fn a_local_signer_wants_the_key_of_its_leaf() {
    let chain = pki::certificates(&pki::chain(Suite::EcdsaP256, Length::Two));
    let error = LocalSigner::new(pki::key(Suite::EcdsaP384), chain.clone()).err().unwrap();
    assert_eq!(error.code(), "envelope-signer-mismatch");
    assert!(error.to_string().contains("CN=signer"), "{error}");
    let error = LocalSigner::new(pki::key(Suite::EcdsaP256), Vec::new()).err().unwrap();
    assert_eq!(error.code(), "x509-chain-empty");
    let leaf_alone = vec![chain[0].clone()];
    let error = LocalSigner::new(pki::key(Suite::EcdsaP256), leaf_alone).err().unwrap();
    assert_eq!(error.code(), "x509-self-signature");
}

/// Shows one chain when asked to sign and another when what was signed is compared.
struct Fickle {
    first: LocalSigner,
    second: LocalSigner,
    signed: AtomicBool,
}

#[async_trait::async_trait]
impl Signer for Fickle {
    fn known_chain(&self) -> Option<&Chain> {
        let signed = self.signed.load(Ordering::Relaxed);
        Some(if signed { self.second.chain() } else { self.first.chain() })
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        self.signed.store(true, Ordering::Relaxed);
        self.first.sign(message).await
    }
}

#[test]
fn an_envelope_that_says_something_else_never_leaves() {
    let signer = Fickle {
        first: pki::signer(Suite::EcdsaP256, Length::Two),
        second: pki::signer(Suite::EcdsaP256, Length::Three),
        signed: AtomicBool::new(false),
    };
    let error = sealed(&request(Format::Cose), &signer).err().unwrap();
    assert_eq!(error.code(), "envelope-self-verification-altered");
    assert!(error.to_string().contains("certificate chain"), "{error}");
}
