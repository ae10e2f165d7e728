//! Timestamps: the rule of the policy, the authority's token, and the signing chain over its interval.

use std::sync::Arc;

use sealwright::clock::ManualClock;
use sealwright::envelope::{Countersigner, Format, Payload, SealRequest, seal_with};
use sealwright::fault::{BoxFault, Fault};
use sealwright::lab::{Stamp, Tsa};
use sealwright::lifetime::{Proof, Servers, WarnBefore};
use sealwright::revocation::{Revoked, Status};
use sealwright::trust::StoreType;
use sealwright::x509::{Chain, certificates_from_pem_or_der};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::codes;
use crate::world::{Leaf, NOW, World, policy_with, signer};

pub const STORES: &str = r#""ca:acme","tsa:clock""#;
const AFTER: &str = r#","verifyTimestamp":"afterCertExpiry""#;
/// After the end of the signing chain.
pub const LATER: OffsetDateTime = datetime!(2027-06-01 0:00 UTC);

pub struct Stamped<'a> {
    pub tsa: &'a Tsa,
    pub stamp: Stamp,
}

#[async_trait::async_trait]
impl Countersigner for Stamped<'_> {
    async fn countersign(&self, signature: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
        Ok(self.tsa.token(signature, self.stamp).unwrap())
    }

    fn accept(&self, _: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
        unreachable!("nothing was signed before")
    }
}

/// A signature made at `NOW`, with a token for `at`, verified a year later by a policy that trusts the
/// authority.
async fn stamped(at: OffsetDateTime, stamp: Stamp) -> World {
    stamped_as(at, stamp, Format::Cose).await
}

/// The same in either format.
pub async fn stamped_as(at: OffsetDateTime, stamp: Stamp, format: Format) -> World {
    let tsa = Tsa::new(Arc::new(ManualClock::at(at))).unwrap();
    stamped_by(&tsa, stamp, format).await
}

async fn stamped_by(tsa: &Tsa, stamp: Stamp, format: Format) -> World {
    let mut world = World::new().with_policy(policy_with("strict", "", "*", STORES));
    let target = world.target.clone();
    let request = SealRequest { format, payload: Payload { target }, now: NOW, expiry: None };
    let countersigner = Stamped { tsa, stamp };
    let sealed = seal_with(&request, &signer(Leaf::Plain), Some(&countersigner)).await.unwrap();
    let roots = certificates_from_pem_or_der(tsa.root_pem().as_bytes()).unwrap();
    world.stores.insert((StoreType::Tsa, "clock".to_owned()), roots);
    world.now = LATER;
    world.listed(format.media_type(), sealed.bytes)
}

async fn code(world: &World) -> &'static str {
    match world.verify().await {
        Ok(_) => "good",
        Err(error) => codes(&error)[0],
    }
}

#[tokio::test]
async fn a_timestamp_outlives_the_certificate_in_both_formats() {
    for format in sealwright::envelope::FORMATS {
        let world = stamped_as(NOW, Stamp::Good, format).await;
        assert!(world.verify().await.unwrap().warnings().is_empty(), "{format:?}");
        let untrusted = world.with_policy(policy_with("strict", "", "*", r#""ca:acme""#));
        assert_eq!(code(&untrusted).await, "verify-certificate-expired", "{format:?}");
    }
}

#[tokio::test]
async fn a_timestamp_is_asked_for_always_or_after_a_certificate_ended() {
    let mut world = World::new().signed(Leaf::Plain).await;
    for (rule, now, expected) in [
        ("", NOW, "verify-timestamp-missing"),
        (r#","verifyTimestamp":"always""#, NOW, "verify-timestamp-missing"),
        (AFTER, NOW, "good"),
        (AFTER, LATER, "verify-timestamp-missing"),
    ] {
        world = world.with_policy(policy_with("strict", rule, "*", STORES));
        world.now = now;
        assert_eq!(code(&world).await, expected, "{rule} {now}");
    }
    // a certificate that has ended signs nothing again
    for (now, hint) in [
        (LATER, "sign the image again with a new certificate and a new key, and with a timestamp"),
        (NOW, "sign the artifact again with a timestamp"),
    ] {
        world = world.with_policy(policy_with("strict", "", "*", STORES));
        world.now = now;
        let error = world.verify().await.unwrap_err();
        let because = error.because().join("\n");
        assert_eq!(because.contains(" expired at \""), now == LATER, "{because}");
        assert!(error.hint().unwrap().starts_with(hint));
    }
    let mut world = stamped(NOW, Stamp::WrongImprint).await;
    world.now = NOW;
    let world = world.with_policy(policy_with("strict", AFTER, "*", STORES));
    assert_eq!(code(&world).await, "good", "not looked at");
}

#[tokio::test]
async fn each_wrong_token_is_refused_by_its_code() {
    for (stamp, expected) in [
        (Stamp::Good, "good"),
        (Stamp::Decoys, "good"),
        (Stamp::TwoSigners, "good"),
        (Stamp::WrongImprint, "timestamp-imprint"),
        (Stamp::WrongCertificate, "timestamp-chain-invalid"),
        (Stamp::Expired, "timestamp-certificate-validity"),
        (Stamp::NamesCrl, "verify-timestamp-revocation-unknown"),
        (Stamp::Stranger, "timestamp-not-trusted"),
        (Stamp::WrongSigningTime, "timestamp-signing-time"),
        (Stamp::Forged, "timestamp-signature-invalid"),
    ] {
        assert_eq!(code(&stamped(NOW, stamp).await).await, expected, "{stamp:?}");
    }
}

#[tokio::test]
async fn the_whole_interval_lies_in_every_certificates_validity() {
    // the lab's accuracy is one second, the chain is valid from 2026-01-01 to 2027-01-01
    for (at, expected) in [
        (datetime!(2026-01-01 0:00:00 UTC), "verify-timestamp-before-validity"),
        (datetime!(2026-01-01 0:00:01 UTC), "good"),
        (datetime!(2026-12-31 23:59:59 UTC), "good"),
        (datetime!(2027-01-01 0:00:00 UTC), "verify-timestamp-after-validity"),
    ] {
        assert_eq!(code(&stamped(at, Stamp::Good).await).await, expected, "{at}");
    }
    let error = stamped(LATER, Stamp::Good).await.verify().await.unwrap_err();
    let words = "timestamp can be after certificate \"CN=signer,O=Acme,ST=WA,C=US\" validity period, \
                 it was expired at \"Fri, 01 Jan 2027 00:00:00 +0000\"";
    assert!(error.because()[0].contains(words), "{:?}", error.because());
}

#[tokio::test]
async fn the_level_weighs_a_failed_timestamp() {
    let bad = stamped(NOW, Stamp::Stranger).await;
    let bad = bad.with_policy(policy_with("permissive", "", "*", STORES));
    let warnings = bad.verify().await.unwrap().warnings();
    let words = "authenticTimestamp was set to \"log\" and failed with error: failed to verify the \
                 timestamp countersignature with error: no chain leads";
    assert!(warnings[0].starts_with(words), "{warnings:?}");
    let skip = r#","override":{"authenticTimestamp":"log"}"#;
    let world = stamped(NOW, Stamp::Forged).await;
    assert_eq!(code(&world.with_policy(policy_with("strict", skip, "*", STORES))).await, "good");
}

#[tokio::test]
async fn revocation_of_the_authority_is_part_of_the_timestamp_whatever_revocation_is_set_to() {
    let skip = r#","override":{"revocation":"skip"}"#;
    let revoked = Status::Revoked(Revoked { at: NOW, reason: None });
    for (status, expected) in [
        (Status::Unknown, "verify-timestamp-revocation-unknown"),
        (revoked, "verify-timestamp-revoked"),
        (Status::Good, "good"),
    ] {
        let world = stamped(NOW, Stamp::NamesCrl).await;
        let mut world = world.with_policy(policy_with("strict", skip, "*", STORES));
        world.status = status;
        assert_eq!(code(&world).await, expected);
    }
}

#[tokio::test]
async fn the_authority_is_known_and_whether_anyone_is_asked_about_it() {
    for (stamp, servers) in [
        (Stamp::Good, Servers::None),
        (Stamp::Decoys, Servers::None),
        (Stamp::TwoSigners, Servers::None),
        (Stamp::NamesCrl, Servers::Named),
    ] {
        let mut world = stamped(NOW, stamp).await;
        world.status = Status::Good;
        // verified; and where the policy does not ask for it yet, as the token says
        for (rule, now, root) in [("", LATER, true), (AFTER, NOW, false)] {
            world.now = now;
            world = world.with_policy(policy_with("strict", rule, "*", STORES));
            let lifetime = world.verify().await.unwrap().lifetime.unwrap();
            let Proof::Timestamp(authority) = lifetime.proof else { panic!("{stamp:?}") };
            assert_eq!(authority.servers, servers, "{stamp:?}");
            let subjects: Vec<&str> = authority.chain.iter().map(|span| &*span.of).collect();
            assert!(subjects[0].starts_with("CN=Lab Timestamp Authority,"), "{subjects:?}");
            assert!(!root || subjects[1].starts_with("CN=Lab Timestamp Root,"), "{subjects:?}");
        }
        let plain = world.with_policy(policy_with("strict", "", "*", r#""ca:acme""#));
        let lifetime = plain.verify().await.unwrap().lifetime.unwrap();
        assert_eq!(lifetime.proof, Proof::Absent, "the policy disregards it");
    }
}

#[tokio::test]
async fn a_certificate_that_outlives_its_timestamp_is_told() {
    // the lab's authority lasts 3650 days, here until 2026-12-17; the signing chain until 2027-01-01
    let clock = Arc::new(ManualClock::at(datetime!(2016-12-19 12:00 UTC)));
    let tsa = Tsa::new(clock.clone()).unwrap();
    clock.advance((NOW - datetime!(2016-12-19 12:00 UTC)).unsigned_abs());
    for (stamp, outlives) in [(Stamp::NamesCrl, true), (Stamp::Good, false)] {
        let mut world = stamped_by(&tsa, stamp, Format::Cose).await;
        (world.status, world.now) = (Status::Good, NOW);
        let lifetime = world.verify().await.unwrap().lifetime.unwrap();
        let told = lifetime.endings(NOW, WarnBefore::Usual);
        let codes: Vec<&str> = told.iter().map(|ending| ending.code).collect();
        let expected = outlives.then_some("certificate-outlives-timestamp");
        assert_eq!(codes, Vec::from_iter(expected), "{stamp:?}");
        assert!(told.iter().all(|ending| ending.ends == datetime!(2026-12-17 12:00 UTC)));
    }
}

#[tokio::test]
async fn a_tsa_store_that_is_missing_or_empty_fails_the_timestamp() {
    let mut world = stamped(NOW, Stamp::Good).await;
    world.stores.insert((StoreType::Tsa, "clock".to_owned()), Vec::new());
    assert_eq!(code(&world).await, "verify-timestamp-no-roots");
    world.stores.remove(&(StoreType::Tsa, "clock".to_owned()));
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["trust-store-missing"]);
    assert!(error.to_string().contains("notation cert add"), "{error}");
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_refused() {
    struct Junk;
    #[async_trait::async_trait]
    impl Countersigner for Junk {
        async fn countersign(&self, _: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
            Ok(b"no token".to_vec())
        }

        fn accept(&self, _: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
            unreachable!("nothing was signed before")
        }
    }
    let mut world = World::new().with_policy(policy_with("strict", "", "*", STORES));
    let target = world.target.clone();
    let request =
        SealRequest { format: Format::Jws, payload: Payload { target }, now: NOW, expiry: None };
    let sealed = seal_with(&request, &signer(Leaf::Plain), Some(&Junk)).await.unwrap();
    world = world.listed(Format::Jws.media_type(), sealed.bytes);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["timestamp-unparsable"]);
    assert!(error.because()[0].contains("failed to parse timestamp countersignature with error"));
}
