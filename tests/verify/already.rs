//! What is signed already by an earlier certificate is judged by that one's revocation.

use std::sync::Arc;

use sealwright::batch::{Once, Renewal, sign_once};
use sealwright::clock::ManualClock;
use sealwright::envelope::{
    Countersigner, Format, Payload, SealRequest, Signer, TargetArtifact, seal_with,
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
    fn chain(&self) -> &Chain {
        self.0.chain()
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, BoxFault> {
        unreachable!("it is signed already")
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
async fn found(status: &Status, rule: OwnRule) -> Result<Once, SignError> {
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
        countersigner: Some(&Accepting),
        own_revocation: Some(&own),
    };
    let opened: Arc<dyn Signer> = Arc::new(Renewing(signer(Leaf::Plain)));
    let renewal = Renewal::WhenEndingWithin(std::time::Duration::ZERO);
    let clock = ManualClock::at(NOW);
    sign_once(&*world, Box::pin(async { Ok(opened) }), &clock, &request, renewal).await
}

#[tokio::test]
async fn an_earlier_certificate_that_is_revoked_is_told_or_fails() {
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    for (status, words, code) in [
        (Status::Good, None, None),
        (revoked, Some("is revoked (revoked on "), Some("sign-certificate-revoked")),
        (Status::Unknown, Some("status is unknown: "), Some("sign-revocation-unknown")),
    ] {
        let Once::Already(already) = found(&status, OwnRule::Warn).await.unwrap() else {
            panic!("{status:?}: signed again")
        };
        let told = already.revocation.expect("asked").certificates;
        assert_eq!(told[0].status, status);
        let doubt = already.warnings.iter().find(|text| text.starts_with("signing certificate"));
        assert_eq!(doubt.is_some(), words.is_some(), "{:?}", already.warnings);
        assert!(words.is_none_or(|words| doubt.unwrap().contains(words)), "{doubt:?}");

        let strict = found(&status, OwnRule::Fail).await;
        assert_eq!(strict.err().map(|error| error.code()), code);
    }
}
