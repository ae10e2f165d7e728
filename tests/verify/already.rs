//! A certificate other than the one that was opened: what it signed earlier, or signs by now, is judged by
//! its own revocation.

use std::sync::Arc;

use sealwright::batch::{Once, Renewal, sign_once};
use sealwright::clock::ManualClock;
use sealwright::envelope::{
    ChainedSignature, Countersigner, Format, Payload, SealRequest, Signer, TargetArtifact,
    seal_with,
};
use sealwright::fault::{BoxFault, Fault as _};
use sealwright::lab::{Stamp, Tsa};
use sealwright::registry::{Reference, ReferrersMode};
use sealwright::revocation::{Revoked, Status};
use sealwright::sign::{OwnRevocation, OwnRule, SignError, SignRequest};
use sealwright::x509::Chain;
use time::OffsetDateTime;

use crate::timestamps::Stamped;
use crate::world::{Leaf, NOW, World, signer};

/// A service that renews its certificate, and counts whatever it signed as its own.
struct Renewing<S>(S);

#[async_trait::async_trait]
impl<S: Signer> Signer for Renewing<S> {
    fn known_chain(&self) -> Option<&Chain> {
        self.0.known_chain()
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, BoxFault> {
        unreachable!("it is signed with a chain")
    }

    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        let renewed = signer(Leaf::NamesCrl);
        let signature = renewed.sign(message).await?;
        Ok(ChainedSignature { signature, renewed: Some(renewed.chain().clone()) })
    }

    fn is_maker_of(&self, _: &Chain) -> bool {
        true
    }
}

/// Takes every token.
struct Accepting;

#[async_trait::async_trait]
impl Countersigner for Accepting {
    async fn countersign(&self, _: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
        unreachable!("it is signed already")
    }

    fn accept(&self, _: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
        Ok(NOW)
    }
}

/// An artifact signed by a certificate that names a server; another one, that names none, is to sign.
async fn found(
    status: &Status,
    rule: OwnRule,
    renewal: Renewal,
    countersigner: Option<&dyn Countersigner>,
) -> Result<Once, SignError> {
    let mut world = World::new();
    world.status = status.clone();
    let target: TargetArtifact = world.target.clone();
    let reference = Reference::parse(&format!("r.io/app@{}", target.digest)).unwrap();
    let sealing =
        SealRequest { format: Format::Cose, payload: Payload { target }, now: NOW, expiry: None };
    let tsa = Tsa::new(Arc::new(ManualClock::at(NOW))).unwrap();
    let stamped = Stamped { tsa: &tsa, stamp: Stamp::Good };
    let sealed = seal_with(&sealing, &signer(Leaf::NamesCrl), Some(&stamped)).await.unwrap();
    let world = Arc::new(world.listed("application/cose", sealed.bytes));
    let own = OwnRevocation::new(rule, world.clone());
    let request = SignRequest {
        reference: &reference,
        format: Format::Cose,
        expiry: None,
        user_metadata: Default::default(),
        mode: ReferrersMode::Auto,
        countersigner,
        own_revocation: Some(&own),
    };
    let opened: Arc<dyn Signer> = Arc::new(Renewing(signer(Leaf::Plain)));
    let clock = ManualClock::at(NOW);
    sign_once(&*world, Box::pin(async { Ok(opened) }), &clock, &request, renewal).await
}

const ONCE: Renewal = Renewal::WhenEndingWithin(std::time::Duration::ZERO);

#[tokio::test]
async fn an_earlier_certificate_that_is_revoked_is_told_or_fails() {
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    for (status, words, code) in [
        (Status::Good, None, None),
        (revoked, Some("is revoked (revoked on "), Some("sign-certificate-revoked")),
        (Status::Unknown, Some("status is unknown: "), Some("sign-revocation-unknown")),
    ] {
        let Once::Already(already) =
            found(&status, OwnRule::Warn, ONCE, Some(&Accepting)).await.unwrap()
        else {
            panic!("{status:?}: signed again")
        };
        let told = already.revocation.expect("asked").certificates;
        assert_eq!(told[0].status, status);
        let doubt = already.warnings.iter().find(|text| text.starts_with("signing certificate"));
        assert_eq!(doubt.is_some(), words.is_some(), "{:?}", already.warnings);
        assert!(words.is_none_or(|words| doubt.unwrap().contains(words)), "{doubt:?}");

        let strict = found(&status, OwnRule::Fail, ONCE, Some(&Accepting)).await;
        assert_eq!(strict.err().map(|error| error.code()), code);
    }
}

#[tokio::test]
async fn a_certificate_renewed_while_signing_is_asked_about_before_anything_is_pushed() {
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    // without anyone to judge its timestamp, the signature that is there does not count
    for renewal in [Renewal::Always, ONCE] {
        let error = found(&revoked, OwnRule::Fail, renewal, None).await.unwrap_err();
        assert_eq!(error.code(), "sign-certificate-revoked");
    }
}

#[tokio::test]
#[should_panic(expected = "verifying pushes nothing")]
async fn a_timestamp_that_nobody_judges_makes_no_earlier_certificate_count() {
    let _ = found(&Status::Good, OwnRule::Fail, ONCE, None).await;
}
