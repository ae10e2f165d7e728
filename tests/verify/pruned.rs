//! A later signature with a timestamp supersedes only where verifying would take the timestamp.

use std::collections::BTreeSet;
use std::sync::Arc;

use sealwright::batch::{Ended, PruneRequest, TimestampTrust, Verdict, plan};
use sealwright::clock::ManualClock;
use sealwright::envelope::{Format, Payload, SealRequest, seal_with};
use sealwright::lab::{Stamp, Tsa};
use sealwright::registry::Reference;
use sealwright::revocation::{Revoked, Status};
use sealwright::trust::{Policy, StoreType};
use sealwright::x509::certificates_from_pem_or_der;
use time::Duration;

use crate::timestamps::{STORES, Stamped};
use crate::world::{Leaf, NOW, World, policy_with, signer};

/// What becomes of the earlier of two signatures by one signer, and what is warned of.
async fn earlier(
    change: impl FnOnce(World) -> World,
    [first, second]: [Option<Stamp>; 2],
) -> (String, Vec<String>) {
    let mut world = World::new().with_policy(policy_with("strict", "", "*", STORES));
    let tsa = Tsa::new(Arc::new(ManualClock::at(NOW))).unwrap();
    let roots = certificates_from_pem_or_der(tsa.root_pem().as_bytes()).unwrap();
    world.stores.insert((StoreType::Tsa, "clock".to_owned()), roots);
    let signer = signer(Leaf::Plain);
    for (age, stamp) in [(2, first), (1, second)] {
        let target = world.target.clone();
        let now = NOW - Duration::days(age);
        let request =
            SealRequest { format: Format::Cose, payload: Payload { target }, now, expiry: None };
        let stamped = stamp.map(|stamp| Stamped { tsa: &tsa, stamp });
        let countersigner = stamped.as_ref().map(|stamped| stamped as _);
        let sealed = seal_with(&request, &signer, countersigner).await.unwrap();
        world = world.listed("application/cose", sealed.bytes);
    }
    let world = change(world);
    let policy = Policy::from_json(world.policy.as_bytes()).unwrap();
    let trust = TimestampTrust { policy: &policy, store: &world, revocation: &world };
    let own = BTreeSet::from([signer.chain().leaf().thumbprint()]);
    let reference = Reference::parse(&format!("r.io/app@{}", world.target.digest)).unwrap();
    let request = PruneRequest { reference: &reference, own: &own, ended: Ended::Keep };
    let plan = plan(&world, Some(&trust), &ManualClock::at(NOW), &request).await.unwrap();
    let verdict = match &plan.judged[0].verdict {
        Verdict::Remove(_, reason) => reason.to_string(),
        Verdict::Keep(kept) => kept.to_string(),
    };
    (verdict, plan.warnings)
}

#[tokio::test]
async fn a_timestamp_that_verifying_would_refuse_supersedes_nothing() {
    for (stamp, gone) in [
        (Stamp::Good, true),
        (Stamp::Decoys, true),
        (Stamp::WrongImprint, false),
        (Stamp::Expired, false),
        (Stamp::Stranger, false),
        (Stamp::Forged, false),
        (Stamp::NamesCrl, false),
    ] {
        for first in [None, Some(Stamp::Good), Some(Stamp::Stranger)] {
            let (verdict, warnings) = earlier(|world| world, [first, Some(stamp)]).await;
            let word = if gone { "superseded by" } else { "is later, but no `tsa` store" };
            assert!(verdict.contains(word), "{first:?} {stamp:?}: {verdict}");
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }
    assert_eq!(earlier(|world| world, [Some(Stamp::Good), None]).await.0, "still good");
}

#[tokio::test]
async fn a_revoked_authority_proves_nothing() {
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    for (status, word) in
        [(Status::Good, "superseded by"), (revoked, "is later"), (Status::Unknown, "is later")]
    {
        let named = |world: World| World { status: status.clone(), ..world };
        let (verdict, _) = earlier(named, [Some(Stamp::Good), Some(Stamp::NamesCrl)]).await;
        assert!(verdict.contains(word), "{status:?}: {verdict}");
    }
}

#[tokio::test]
async fn without_a_store_nothing_is_proven() {
    let stamps = [Some(Stamp::Good), Some(Stamp::Good)];
    let unnamed = |world: World| world.with_policy(policy_with("strict", "", "*", r#""ca:acme""#));
    let (verdict, warnings) = earlier(unnamed, stamps).await;
    assert!(verdict.contains("is later, but no `tsa` store"), "{verdict}");
    assert!(warnings.is_empty());
    let lost = |mut world: World| {
        world.stores.retain(|(kind, _), _| *kind != StoreType::Tsa);
        world
    };
    let (verdict, warnings) = earlier(lost, stamps).await;
    assert!(verdict.contains("is later, but no `tsa` store"), "{verdict}");
    assert!(warnings[0].starts_with("no timestamp counts as proven: "), "{warnings:?}");
}
