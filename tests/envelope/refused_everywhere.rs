//! Rules that both formats share: signature, algorithm, certificates, payload.

use sealwright::crypto::Suite;
use sealwright::envelope::{EnvelopeError, Format};
use serde_json::json;

use crate::forge::{
    Cose, DIGEST, Jws, array, bytes, int, jws_protected, payload, read, refused, text, x5c,
};
use crate::pki::{self, Length};

fn with_chain(key: Suite, chain: &[Vec<u8>]) -> (Jws, Cose) {
    let jws =
        Jws { key: pki::key(key), header: json!({ "x5c": x5c(chain) }).to_string(), ..Jws::good() };
    let x5chain = array(chain.iter().map(|der| bytes(der)).collect());
    let cose = Cose { key: pki::key(key), ..Cose::with_unprotected(int(33), x5chain) };
    (jws, cose)
}

fn with_payload(payload: &str) -> (Jws, Cose) {
    let jws = Jws { payload: payload.into(), ..Jws::good() };
    let cose = Cose { payload: bytes(payload.as_bytes()), ..Cose::good() };
    (jws, cose)
}

#[test]
fn the_forged_envelopes_are_good_until_changed() {
    Jws::good().accepted();
    Cose::good().accepted();
    let (jws, cose) = with_payload(&payload());
    assert_eq!(jws.accepted().payload(), cose.accepted().payload());
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let other = sealwright::crypto::PrivateKey::generate(Suite::EcdsaP256).unwrap();
    Jws { key: other, ..Jws::good() }.refused("envelope-signature-invalid", "JWS");
    let other = sealwright::crypto::PrivateKey::generate(Suite::EcdsaP256).unwrap();
    Cose { key: other, ..Cose::good() }.refused("envelope-signature-invalid", "COSE");
}

#[test]
fn the_signature_is_checked_before_any_attribute() {
    let other = || sealwright::crypto::PrivateKey::generate(Suite::EcdsaP256).unwrap();
    let scheme = "io.cncf.notary.signingScheme";
    Jws { key: other(), ..Jws::with(scheme, json!("evil")) }
        .refused("envelope-signature-invalid", "JWS");
    Cose { key: other(), ..Cose::with(text(scheme), text("evil")) }
        .refused("envelope-signature-invalid", "COSE");
}

#[test]
fn what_an_envelope_claims_can_be_read_without_its_signature() {
    use sealwright::envelope::Parsed;
    let other = sealwright::crypto::PrivateKey::generate(Suite::EcdsaP256).unwrap();
    let envelope = Jws { key: other, ..Jws::good() }.seal();
    let claims = Parsed::read(Format::Jws, envelope.as_bytes()).unwrap().claims().unwrap();
    assert_eq!(claims.payload().target.digest.as_str(), DIGEST);
    assert_eq!(claims.signing_agent(), Some("other/1"));
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    for (name, label) in [("ES384", -35), ("PS256", -37)] {
        Jws::with("alg", json!(name)).refused("envelope-algorithm-mismatch", name);
        Cose::with(int(1), int(label)).refused("envelope-algorithm-mismatch", name);
    }
    for name in ["none", "HS256", "RS256", "es256", "EdDSA", ""] {
        Jws::with("alg", json!(name)).refused("envelope-algorithm-unsupported", name);
    }
    for label in [0, 5, -8, -257, -65_536, i64::MAX, i64::MIN] {
        Cose::with(int(1), int(label)).refused("envelope-algorithm-unsupported", "label");
    }
    Cose::with(int(1), text("ES256")).refused("envelope-algorithm-unsupported", "text");
}

#[test]
fn the_mismatch_names_both_algorithms() {
    let error = read(Format::Jws, Jws::with("alg", json!("PS384")).seal().as_bytes()).unwrap_err();
    assert_eq!(
        error,
        EnvelopeError::AlgorithmMismatch {
            header: "RSASSA-PSS-SHA-384",
            certificate: "ECDSA-SHA-256"
        }
    );
}

#[test]
fn an_rsa_signature_with_another_salt_length_is_refused() {
    use aws_lc_rs::{digest, signature::RsaKeyPair};
    let pkcs8 = pem::parse(pki::pem(Suite::RsaPss2048)).unwrap().into_contents();
    let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
    let chain = pki::chain(Suite::RsaPss2048, Length::Two);
    let mut jws = with_chain(Suite::RsaPss2048, &chain).0;
    let mut protected = jws_protected();
    protected["alg"] = json!("PS256");
    jws.protected = protected.to_string();
    jws.accepted();
    // PS256 asks for a SHA-256 salt; PKCS#1 v1.5 and SHA-384 PSS are not it.
    let sealed = jws.seal();
    let input = jws.signing_input();
    assert_eq!(digest::digest(&digest::SHA256, input.as_bytes()).as_ref().len(), 32);
    let random = aws_lc_rs::rand::SystemRandom::new();
    for padding in [&aws_lc_rs::signature::RSA_PKCS1_SHA256, &aws_lc_rs::signature::RSA_PSS_SHA384]
    {
        let mut signature = vec![0; 256];
        pair.sign(padding, &random, input.as_bytes(), &mut signature).unwrap();
        let at = sealed.find("\"signature\"").unwrap();
        use base64::Engine as _;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&signature);
        let envelope = format!("{}\"signature\":\"{text}\"}}", &sealed[..at]);
        refused(Format::Jws, envelope.as_bytes(), "envelope-signature-invalid", "padding");
    }
}

#[test]
fn chains_that_break_a_rule_are_refused() {
    let chain = pki::chain(Suite::EcdsaP256, Length::Three);
    let cut: Vec<Vec<u8>> = chain[..1].to_vec();
    let swapped: Vec<Vec<u8>> = [&chain[0], &chain[2], &chain[1]].map(Clone::clone).into();
    for (list, why) in [(cut, "without its root"), (swapped, "out of order")] {
        let (jws, cose) = with_chain(Suite::EcdsaP256, &list);
        jws.refused("envelope-chain-invalid", why);
        cose.refused("envelope-chain-invalid", why);
    }
    let (_, authority) = pki::authority_alone();
    let (mut jws, mut cose) = with_chain(Suite::EcdsaP256, &authority);
    jws.key = pki::authority_alone().0;
    cose.key = pki::authority_alone().0;
    jws.refused("envelope-chain-invalid", "an authority as signer");
    cose.refused("envelope-chain-invalid", "an authority as signer");
}

#[test]
fn malformed_certificates_are_refused() {
    let good = pki::chain(Suite::EcdsaP256, Length::Two);
    for (at, code) in [(0, "envelope-leaf-malformed"), (1, "envelope-certificate-malformed")] {
        for broken in [b"".to_vec(), b"\x30\x00".to_vec(), [good[at].clone(), vec![0]].concat()] {
            let mut chain = good.clone();
            chain[at] = broken;
            let (jws, cose) = with_chain(Suite::EcdsaP256, &chain);
            jws.refused(code, "JWS");
            cose.refused(code, "COSE");
        }
    }
}

#[test]
fn a_key_outside_the_six_suites_is_refused() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let der = rcgen::CertificateParams::default().self_signed(&pair).unwrap().der().to_vec();
    let (jws, cose) = with_chain(Suite::EcdsaP256, &[der]);
    jws.refused("envelope-key-unsupported", "JWS");
    cose.refused("envelope-key-unsupported", "COSE");
}

#[test]
fn another_content_type_is_refused() {
    let code = "envelope-payload-type";
    for found in ["application/vnd.oci.image.manifest.v1+json", "", "text/plain"] {
        Jws::with("cty", json!(found)).refused(code, found);
        Cose::with(int(3), text(found)).refused(code, found);
    }
    let error = read(Format::Jws, Jws::with("cty", json!("a/b")).seal().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "payload content type \"a/b\" not supported");
}

#[test]
fn payloads_that_break_a_rule_are_refused() {
    let target = |text: &str| format!("{{\"targetArtifact\":{text}}}");
    for (payload, code) in [
        ("[]".to_string(), "envelope-unparsable"),
        ("hello".into(), "envelope-unparsable"),
        ("{}".into(), "envelope-member-missing"),
        (target("1"), "envelope-member-type"),
        (target("{}"), "envelope-member-missing"),
        (target(r#"{"digest":"sha256:00","mediaType":"m","size":1}"#), "envelope-payload-digest"),
        (
            target(&format!(r#"{{"digest":"{DIGEST}","mediaType":"m","size":-1}}"#)),
            "envelope-member-type",
        ),
        (
            target(&format!(r#"{{"digest":"{DIGEST}","digest":"x","mediaType":"m","size":1}}"#)),
            "envelope-duplicate-member",
        ),
    ] {
        let (jws, cose) = with_payload(&payload);
        jws.refused(code, &payload);
        cose.refused(code, &payload);
    }
    Cose { payload: bytes(b"\xff"), ..Cose::good() }.refused("envelope-unparsable", "not UTF-8");
}
