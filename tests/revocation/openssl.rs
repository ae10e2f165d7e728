//! Answers of `openssl ocsp` and CRLs of `openssl ca -gencrl`, each with its expected verdict.

use bytes::Bytes;
use sealwright::fault::Fault as _;
use sealwright::revocation::{
    Crl, OcspAnswer, RevocationError, RevocationReason, Status, ocsp_request,
};
use sealwright::x509::CrlPoint;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::world::{CRL, NOW, certificate, fixture};

fn ocsp(
    file: &str,
    about: &str,
    now: OffsetDateTime,
    signed: Option<OffsetDateTime>,
) -> Result<Status, RevocationError> {
    OcspAnswer::from_der(&fixture(file))?.check(
        &certificate(about),
        &certificate("root"),
        now,
        signed,
    )
}

fn point() -> CrlPoint {
    CrlPoint { urls: vec![CRL.to_owned()], ..CrlPoint::default() }
}

fn crl(
    base: &str,
    delta: Option<&str>,
    about: &str,
    signed: Option<OffsetDateTime>,
) -> Result<Status, RevocationError> {
    let root = certificate("root");
    let mut checked = Crl::from_der(&fixture(base))?.check(&root, NOW)?;
    if let Some(delta) = delta {
        checked = checked.with_delta(Crl::from_der(&fixture(delta))?.check(&root, NOW)?)?;
    }
    checked.status(&certificate(about), &point(), signed)
}

/// `good`, a reason, or an error's code.
fn verdict(result: Result<Status, RevocationError>) -> String {
    match result {
        Ok(Status::Revoked(revoked)) => {
            revoked.reason.map_or("no reason", RevocationReason::name).to_owned()
        }
        Ok(status) => status.name().to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

#[test]
fn the_request_is_the_one_openssl_makes() {
    let request = ocsp_request(&certificate("good"), &certificate("root"));
    assert_eq!(Bytes::from(request), fixture("request.der"));
}

#[test]
fn each_ocsp_answer_gets_its_verdict() {
    for (file, about, expected) in [
        ("good.ocsp", "good", "good"),
        ("good-by-key.ocsp", "good", "good"),
        ("good-sha256-id.ocsp", "good", "good"),
        ("delegate.ocsp", "good", "good"),
        ("delegate-by-key.ocsp", "good", "good"),
        ("revoked.ocsp", "stolen", "keyCompromise"),
        ("held.ocsp", "held", "certificateHold"),
        ("unknown.ocsp", "sibling", "revocation-not-known"),
        ("good.ocsp", "stolen", "revocation-scope"),
        ("delegate-left-out.ocsp", "good", "revocation-responder"),
        ("from-sibling.ocsp", "good", "revocation-responder"),
        ("from-expired.ocsp", "good", "revocation-responder"),
        ("sha1.ocsp", "good", "revocation-signature"),
        ("base.crl", "good", "revocation-malformed"),
    ] {
        assert_eq!(verdict(ocsp(file, about, NOW, None)), expected, "{file} about {about}");
    }
}

#[test]
fn an_answer_is_good_in_its_time_only() {
    let at = |now| verdict(ocsp("good.ocsp", "good", now, None));
    assert_eq!(at(NOW + Duration::days(60)), "revocation-stale");
    assert_eq!(at(NOW - Duration::days(30)), "revocation-future");
}

#[test]
fn an_answer_of_another_issuer_is_refused() {
    let answer = OcspAnswer::from_der(&fixture("good.ocsp")).unwrap();
    let error = answer.check(&certificate("good"), &certificate("sibling"), NOW, None);
    assert_eq!(error.unwrap_err().code(), "revocation-responder");
}

#[test]
fn an_error_answer_names_its_status() {
    for (status, name) in [(1, "malformedRequest"), (3, "tryLater"), (6, "unauthorized")] {
        let error = OcspAnswer::from_der(&[0x30, 3, 0x0a, 1, status]).unwrap_err();
        assert_eq!(error.code(), "revocation-ocsp-status");
        assert_eq!(error.to_string(), format!("the OCSP server answered {name}"));
    }
    let error = OcspAnswer::from_der(&[0x30, 3, 0x0a, 1, 0]).unwrap_err();
    assert_eq!(error.code(), "revocation-malformed");
    let error = OcspAnswer::from_der(&[0; 20_481]).unwrap_err();
    assert_eq!(error.code(), "revocation-too-large");
}

#[test]
fn each_crl_gets_its_verdict() {
    for (base, delta, about, expected) in [
        ("base.crl", None, "good", "good"),
        ("base.crl", None, "stolen", "keyCompromise"),
        ("base.crl", None, "moved", "superseded"),
        ("base.crl", None, "held", "good"),
        ("base.crl", Some("delta.crl"), "held", "certificateHold"),
        ("base.crl", Some("delta.crl"), "good", "good"),
        ("base.crl", Some("scoped.crl"), "good", "revocation-delta"),
        ("delta.crl", None, "good", "revocation-scope"),
        ("scoped.crl", None, "good", "good"),
        ("scoped.crl", None, "stolen", "keyCompromise"),
        ("scoped.crl", None, "root", "revocation-scope"),
        ("elsewhere.crl", None, "good", "revocation-scope"),
        ("sha1.crl", None, "good", "revocation-signature"),
        ("good.ocsp", None, "good", "revocation-malformed"),
    ] {
        let found = verdict(crl(base, delta, about, None));
        assert_eq!(found, expected, "{base} with {delta:?} about {about}");
    }
}

#[test]
fn a_crl_is_good_in_its_time_only_and_for_its_issuer() {
    let check = |issuer: &str, now| {
        let checked = Crl::from_der(&fixture("base.crl")).unwrap().check(&certificate(issuer), now);
        checked.map(|crl| crl.until()).map_err(|error| error.code())
    };
    assert_eq!(check("root", NOW), Ok(datetime!(2026-12-01 0:00 UTC)));
    assert_eq!(check("root", datetime!(2026-12-01 0:00:01 UTC)), Err("revocation-stale"));
    assert_eq!(check("root", datetime!(2026-10-31 23:55 UTC)), Ok(datetime!(2026-12-01 0:00 UTC)));
    assert_eq!(check("root", datetime!(2026-10-31 23:54:59 UTC)), Err("revocation-future"));
    assert_eq!(check("sibling", NOW), Err("revocation-signature"));
}

#[test]
fn only_an_authentic_signing_time_before_the_invalidity_date_helps() {
    let invalid_since = datetime!(2026-03-01 0:00 UTC);
    for (signed, expected) in [
        (None, "keyCompromise"),
        (Some(invalid_since), "keyCompromise"),
        (Some(invalid_since - Duration::SECOND), "good"),
    ] {
        assert_eq!(verdict(crl("base.crl", None, "stolen", signed)), expected);
        assert_eq!(verdict(ocsp("revoked.ocsp", "stolen", NOW, signed)), expected);
    }
}

#[test]
fn a_flipped_byte_never_makes_a_good_answer() {
    for file in ["good.ocsp", "delegate.ocsp"] {
        let original = fixture(file);
        for index in 0..original.len() {
            for bit in [0x01, 0x80] {
                let mut bytes = original.to_vec();
                bytes[index] ^= bit;
                let found = OcspAnswer::from_der(&bytes).and_then(|answer| {
                    answer.check(&certificate("stolen"), &certificate("root"), NOW, None)
                });
                assert!(found.is_err(), "{file}: byte {index}");
                let found = OcspAnswer::from_der(&bytes).and_then(|answer| {
                    answer.check(&certificate("good"), &certificate("root"), NOW, None)
                });
                assert!(matches!(found, Err(_) | Ok(Status::Good)), "{file}: byte {index}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_never_makes_another_crl() {
    let original = fixture("base.crl");
    let (root, stolen) = (certificate("root"), certificate("stolen"));
    for index in 0..original.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut bytes = original.to_vec();
            bytes[index] ^= bit;
            let checked = Crl::from_der(&bytes.into()).and_then(|crl| crl.check(&root, NOW));
            assert!(checked.is_err(), "byte {index}");
        }
    }
    for length in 0..original.len() {
        let part = original.slice(..length);
        assert_eq!(Crl::from_der(&part).unwrap_err().code(), "revocation-malformed");
    }
    assert_eq!(verdict(crl("base.crl", None, "stolen", None)), "keyCompromise");
    assert!(!stolen.revocation_sources().crl.is_empty());
}
