//! What `sign` takes for a timestamp: every wrong answer of the lab's authority is refused, and the next is asked.

use std::sync::{Arc, Mutex};

use sealwright::clock::ManualClock;
use sealwright::crypto::Suite;
use sealwright::envelope::Signer as _;
use sealwright::fault::Fault as _;
use sealwright::lab::{Stamp, Tsa};
use sealwright::timestamp::{Authority, Parsed, StampError, Stamper, root_certificate};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::pki;

const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

/// The lab's authority without a network; counts who was asked.
struct Direct {
    tsa: Arc<Tsa>,
    stamp: Stamp,
    asked: Arc<Mutex<Vec<Stamp>>>,
}

#[async_trait::async_trait]
impl Authority for Direct {
    fn name(&self) -> String {
        format!("lab/{}", self.stamp.name())
    }

    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, StampError> {
        self.asked.lock().unwrap().push(self.stamp);
        Ok(self.tsa.reply(&request, self.stamp).unwrap())
    }
}

/// The result of asking these in order, as `good` or a code, and who was asked.
async fn stamp(at: OffsetDateTime, stamps: &[Stamp]) -> (Result<Vec<u8>, StampError>, Vec<Stamp>) {
    let tsa = Arc::new(Tsa::new(Arc::new(ManualClock::at(at))).unwrap());
    let root = root_certificate("root.pem", tsa.root_pem().as_bytes()).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let authorities = stamps
        .iter()
        .map(|stamp| {
            let (tsa, asked) = (tsa.clone(), asked.clone());
            Arc::new(Direct { tsa, stamp: *stamp, asked }) as Arc<dyn Authority>
        })
        .collect();
    let stamper = Stamper::new(authorities, root, Arc::new(ManualClock::at(NOW)));
    let signer = pki::signer(Suite::EcdsaP256, pki::Length::Two);
    let result = stamper.stamp(b"the signature", signer.chain()).await;
    let asked = asked.lock().unwrap().clone();
    (result, asked)
}

async fn code(at: OffsetDateTime, stamps: &[Stamp]) -> &'static str {
    match stamp(at, stamps).await.0 {
        Ok(_) => "good",
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn only_what_a_verifier_takes_is_taken() {
    for (stamp, expected) in [
        (Stamp::Good, "good"),
        (Stamp::Decoys, "good"),
        (Stamp::TwoSigners, "good"),
        (Stamp::WrongNonce, "timestamp-nonce"),
        (Stamp::WrongImprint, "timestamp-imprint"),
        (Stamp::WrongCertificate, "timestamp-chain-invalid"),
        (Stamp::Expired, "timestamp-certificate-validity"),
        (Stamp::NamesCrl, "timestamp-revocation-unknown"),
        (Stamp::Stranger, "timestamp-not-trusted"),
        (Stamp::Forged, "timestamp-signature-invalid"),
        (Stamp::Refused, "timestamp-refused"),
    ] {
        assert_eq!(code(NOW, &[stamp]).await, expected, "{stamp:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_why() {
    let error = stamp(NOW, &[Stamp::Refused]).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the timestamping authority refused: rejection");
    let reasons = ["the lab was told to refuse", "transaction not permitted or supported"];
    assert_eq!(error.because(), reasons);
}

#[tokio::test]
async fn authorities_are_asked_in_order_until_one_answers_well() {
    let order = [Stamp::WrongNonce, Stamp::Good, Stamp::Refused];
    let (result, asked) = stamp(NOW, &order).await;
    assert!(result.is_ok());
    assert_eq!(asked, order[..2]);
    let (result, asked) = stamp(NOW, &[Stamp::Refused, Stamp::Forged]).await;
    let error = result.unwrap_err();
    assert_eq!((error.code(), asked.len()), ("timestamp-no-authority", 2));
    assert_eq!(
        error.because(),
        [
            "lab/refused: the timestamping authority refused: rejection",
            "lab/forged: the signature of the timestamp token is invalid"
        ]
    );
}

#[tokio::test]
async fn a_time_outside_the_signing_chain_or_an_authority_of_the_past_is_refused() {
    let before = datetime!(2010-01-01 0:00 UTC);
    assert_eq!(code(before, &[Stamp::Good]).await, "timestamp-certificate-validity-now");
    let tsa = NOW - Duration::days(3000);
    let (result, _) = stamp(tsa, &[Stamp::Good]).await;
    assert_eq!(result.unwrap_err().code(), "timestamp-outside-signing-chain");
}

#[tokio::test]
async fn the_token_is_bound_to_the_signature() {
    let token = stamp(NOW, &[Stamp::Good]).await.0.unwrap();
    let claims = Parsed::read(&token).unwrap().claims(b"the signature").unwrap();
    assert_eq!(claims.interval.gen_time(), NOW);
    assert!(Parsed::read(&token).unwrap().claims(b"another").is_err());
}

#[test]
fn a_root_is_one_self_signed_authority() {
    let tsa = Tsa::new(Arc::new(ManualClock::at(NOW))).unwrap();
    let root = tsa.root_pem();
    assert!(root_certificate("a", root.as_bytes()).is_ok());
    let leaf = pki::chain(Suite::EcdsaP256, pki::Length::Two).remove(0);
    for (bytes, words) in [
        (format!("{root}{root}").into_bytes(), "found 2 certificates"),
        (b"junk".to_vec(), "malformed"),
        (leaf, "is not a self-signed root CA"),
    ] {
        let error = root_certificate("root.pem", &bytes).unwrap_err();
        assert_eq!(error.code(), "timestamp-root");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().starts_with("\"root.pem\": "), "{error}");
    }
}
