//! What `sign` takes for a timestamp: every wrong answer of the lab's authority is refused, and the next is asked.

use std::sync::{Arc, Mutex};

use sealwright::clock::ManualClock;
use sealwright::crypto::{Hash, Suite};
use sealwright::fault::Fault as _;
use sealwright::lab::{Stamp, Tsa};
use sealwright::revocation::{Answers, Asked, CertificateStatus, RevocationCheck, Revoked, Status};
use sealwright::timestamp::{Authority, Parsed, StampError, Stamper, root_certificate};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::{der, pki};

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
    stamp_told(Status::Unknown, at, stamps).await
}

async fn stamp_told(
    status: Status,
    at: OffsetDateTime,
    stamps: &[Stamp],
) -> (Result<Vec<u8>, StampError>, Vec<Stamp>) {
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
    let stamper =
        Stamper::new(authorities, root, Arc::new(ManualClock::at(NOW)), Arc::new(Told(status)));
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
        (Stamp::WrongSigningTime, "timestamp-signing-time"),
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

/// Answers well, but for the hash it was not asked for.
struct OtherHash(Tsa);

#[async_trait::async_trait]
impl Authority for OtherHash {
    fn name(&self) -> String {
        "other hash".into()
    }

    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, StampError> {
        let parts = der::elements(der::inner(&request));
        let id_sha512 = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
        let algorithm = der::tlv(0x30, &[&id_sha512[..], &[5, 0]].concat());
        let hash = der::tlv(0x04, &Hash::Sha512.of(b"the signature"));
        let imprint = der::tlv(0x30, &[algorithm, hash].concat());
        let other = [parts[0], &imprint, parts[2], parts[3]].concat();
        Ok(self.0.reply(&der::tlv(0x30, &other), Stamp::Good).unwrap())
    }
}

/// Never answers.
struct Silent;

#[async_trait::async_trait]
impl Authority for Silent {
    fn name(&self) -> String {
        "silent".into()
    }

    async fn ask(&self, _: Vec<u8>) -> Result<Vec<u8>, StampError> {
        std::future::pending().await
    }
}

/// Answers that it granted, and gives no token.
struct Empty;

#[async_trait::async_trait]
impl Authority for Empty {
    fn name(&self) -> String {
        "empty".into()
    }

    async fn ask(&self, _: Vec<u8>) -> Result<Vec<u8>, StampError> {
        Ok(vec![0x30, 5, 0x30, 3, 2, 1, 0])
    }
}

#[tokio::test]
async fn another_hash_no_answer_and_no_token_are_refused() {
    let tsa = || Tsa::new(Arc::new(ManualClock::at(NOW))).unwrap();
    let other = tsa();
    let root = root_certificate("root.pem", other.root_pem().as_bytes()).unwrap();
    let authorities: Vec<Arc<dyn Authority>> =
        vec![Arc::new(Silent), Arc::new(Empty), Arc::new(OtherHash(other))];
    let stamper = Stamper::new(
        authorities,
        root,
        Arc::new(ManualClock::at(NOW)),
        Arc::new(Told(Status::Unknown)),
    )
    .with_patience(std::time::Duration::from_millis(20));
    let signer = pki::signer(Suite::EcdsaP256, pki::Length::Two);
    let error = stamper.stamp(b"the signature", signer.chain()).await.unwrap_err();
    let StampError::NoAuthority { failures } = error else { panic!("{error}") };
    let codes: Vec<_> = failures.iter().map(|(_, error)| error.code()).collect();
    // an authority that computes in this process may not answer within 20 ms either: it is the last
    assert_eq!(codes, ["timestamp-late", "timestamp-token-missing", "timestamp-hash"]);
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

#[tokio::test]
async fn an_authority_is_taken_only_when_its_chain_is_known_to_be_good() {
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    for (status, expected) in [
        (Status::Good, "good"),
        (Status::Unknown, "timestamp-revocation-unknown"),
        (revoked, "timestamp-revoked"),
    ] {
        let (result, _) = stamp_told(status, NOW, &[Stamp::NamesCrl]).await;
        assert_eq!(result.map_or_else(|error| error.code(), |_| "good"), expected);
    }
}

/// What the servers say of every certificate that names one.
struct Told(Status);

#[async_trait::async_trait]
impl RevocationCheck for Told {
    async fn check(&self, asked: &Asked<'_>) -> Answers {
        let statuses = asked.certificates.iter().map(|certificate| CertificateStatus {
            subject: certificate.subject().to_string(),
            status: match certificate.names_revocation_source() {
                true => self.0.clone(),
                false => Status::NonRevokable,
            },
            servers: Vec::new(),
            problem: None,
        });
        Answers { certificates: statuses.collect(), warnings: Vec::new() }
    }
}
