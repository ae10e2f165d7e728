//! A signer that tells its chain only with a signature, as a plugin does: what is asked of the chain is asked
//! after the signature is made, and before it is pushed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sealwright::batch::{Once, Renewal, sign_once};
use sealwright::clock::ManualClock;
use sealwright::crypto::Suite;
use sealwright::envelope::{
    ChainedSignature, Format, LocalSigner, Payload, SealRequest, Signer, seal,
};
use sealwright::fault::{BoxFault, Fault as _};
use sealwright::registry::{Reference, ReferrersMode};
use sealwright::revocation::{Revoked, Status};
use sealwright::sign::{OwnRevocation, OwnRule, SignError, SignRequest};
use sealwright::x509::Chain;

use crate::world::{Leaf, NOW, World, signer};

struct Late {
    inner: Arc<LocalSigner>,
    told: OnceLock<Chain>,
    signatures: AtomicUsize,
}

#[async_trait::async_trait]
impl Signer for Late {
    fn known_chain(&self) -> Option<&Chain> {
        self.told.get()
    }

    fn suite(&self) -> Option<Suite> {
        self.inner.suite()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BoxFault> {
        self.signatures.fetch_add(1, Ordering::Relaxed);
        self.inner.sign(message).await
    }

    async fn sign_with_chain(&self, message: &[u8]) -> Result<ChainedSignature, BoxFault> {
        let signature = self.sign(message).await?;
        self.told.get_or_init(|| self.inner.chain().clone());
        Ok(ChainedSignature { signature, renewed: None })
    }
}

/// What becomes of an artifact, and how many signatures were made; the world has one already by the same
/// certificate where it is `listed`.
async fn once(
    listed: bool,
    status: &Status,
    rule: OwnRule,
    renewal: Renewal,
) -> (Result<Once, SignError>, usize) {
    let inner = Arc::new(signer(Leaf::NamesCrl));
    let mut world = World::new();
    world.status = status.clone();
    let target = world.target.clone();
    let reference = Reference::parse(&format!("r.io/app@{}", target.digest)).unwrap();
    if listed {
        let payload = Payload { target };
        let sealing = SealRequest { format: Format::Cose, payload, now: NOW, expiry: None };
        let sealed = seal(&sealing, &*inner).await.unwrap();
        world = world.listed("application/cose", sealed.bytes);
    }
    let world = Arc::new(world);
    let own = OwnRevocation::new(rule, world.clone());
    let request = SignRequest {
        reference: &reference,
        format: Format::Cose,
        expiry: None,
        user_metadata: Default::default(),
        mode: ReferrersMode::Auto,
        countersigner: None,
        own_revocation: Some(&own),
    };
    let late = Arc::new(Late { inner, told: OnceLock::new(), signatures: AtomicUsize::new(0) });
    let opened: Arc<dyn Signer> = late.clone();
    let clock = ManualClock::at(NOW);
    let opening = Box::pin(async { Ok(opened) });
    let result = sign_once(&*world, opening, &clock, &request, renewal).await;
    (result, late.signatures.load(Ordering::Relaxed))
}

const ONCE: Renewal = Renewal::WhenEndingWithin(Duration::ZERO);
const REVOKED: Status = Status::Revoked(Revoked { at: NOW, reason: None });

#[tokio::test]
async fn where_doubt_is_to_fail_nothing_is_pushed() {
    for (status, code) in
        [(REVOKED, "sign-certificate-revoked"), (Status::Unknown, "sign-revocation-unknown")]
    {
        for (listed, renewal) in [(false, Renewal::Always), (false, ONCE), (true, ONCE)] {
            let (result, signatures) = once(listed, &status, OwnRule::Fail, renewal).await;
            assert_eq!(result.unwrap_err().code(), code, "{listed} {renewal:?}");
            assert_eq!(signatures, 1);
        }
    }
}

#[tokio::test]
#[should_panic(expected = "verifying pushes nothing")]
async fn where_doubt_is_to_warn_it_is_pushed() {
    let _ = once(false, &REVOKED, OwnRule::Warn, Renewal::Always).await;
}

#[tokio::test]
async fn one_signature_tells_that_another_is_the_signers_own() {
    for (status, rule, warned) in [
        (Status::Good, OwnRule::Fail, false),
        (Status::Good, OwnRule::Warn, false),
        (REVOKED, OwnRule::Warn, true),
    ] {
        let (result, signatures) = once(true, &status, rule, ONCE).await;
        let Ok(Once::Already(already)) = result else { panic!("signed again: {result:?}") };
        assert_eq!(signatures, 1);
        assert_eq!(already.warnings.iter().any(|text| text.contains("is revoked")), warned);
        assert_eq!(already.revocation.expect("asked").certificates[0].status, status);
    }
}
