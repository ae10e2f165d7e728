//! Each check under each action with each result: what becomes of the signature.
//!
//! The table is the specification's (trust-store-trust-policy.md, "Signature Verification Levels" and
//! "Signature Verification Details"), written down here and not read from the code.

use std::time::Duration;

use sealwright::envelope::{FORMATS, Format};
use sealwright::fault::Fault as _;
use sealwright::lab::Stamp;
use sealwright::revocation::{Revoked, Status};
use sealwright::trust::{ACTIONS, Action, CHECKS, Check, Policy, StoreType};
use sealwright::verify::{Outcome, Verdict, VerifyError};

use crate::timestamps::{LATER, STORES, stamped_as};
use crate::world::{Leaf, NOW, World, policy_with, sealed_as};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Good,
    Bad,
    /// Who should know does not.
    Unknown,
    /// Who should know does not answer.
    Unreachable,
}

const FOUND: [Found; 4] = [Found::Good, Found::Bad, Found::Unknown, Found::Unreachable];

/// What a signature and the world around it are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    AsSigned,
    SignatureChanged,
    AnotherMediaType,
    EnvelopeNotGiven,
    AnotherRoot,
    AnotherIdentity,
    EmptyStore,
    NoStore,
    ExpiryToCome,
    ExpiryPassed,
    ChainExpired,
    ChainNotYetValid,
    Stamped,
    StampedButNotAsked,
    NotStamped,
    StampForged,
    StampOfAnother,
    StampOfAStranger,
    StampTooLate,
    StampNotRevoked,
    StampRevoked,
    StampUnknown,
    StampUnreachable,
    EmptyTsaStore,
    NoTsaStore,
    NamesNoServer,
    NotRevoked,
    Revoked,
    StatusUnknown,
    ServerUnreachable,
}

/// One line: the check that decides, what it finds, in which case; and where that is not good the code
/// of the refusal under `enforce`, and the words of the warning under `log`.
type Row = (Check, Found, Case, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: [Row; 33] = {
    use Case::*;
    use Check::*;
    use Found::{Bad, Good, Unknown, Unreachable};
    [
        (Integrity,          Good,        AsSigned,           "", ""),
        (Integrity,          Bad,         SignatureChanged,   "envelope-signature-invalid", ""),
        (Integrity,          Unknown,     AnotherMediaType,   "verify-media-type", ""),
        (Integrity,          Unreachable, EnvelopeNotGiven,   "verify-fetch", ""),
        (Authenticity,       Good,        AsSigned,           "", ""),
        (Authenticity,       Bad,         AnotherRoot,        "verify-not-trusted", "does not contain any trusted certificate"),
        (Authenticity,       Bad,         AnotherIdentity,    "trust-identity-mismatch", "does not match the X.509 trusted identities"),
        (Authenticity,       Unknown,     EmptyStore,         "verify-no-trusted-certificates", "no trusted certificates are found to verify authenticity"),
        (Authenticity,       Unreachable, NoStore,            "trust-store-missing", "the trust store \"acme\" of type \"ca\" does not exist"),
        (Expiry,             Good,        AsSigned,           "", ""),
        (Expiry,             Good,        ExpiryToCome,       "", ""),
        (Expiry,             Bad,         ExpiryPassed,       "verify-expired", "digital signature has expired on"),
        (AuthenticTimestamp, Good,        AsSigned,           "", ""),
        (AuthenticTimestamp, Good,        Stamped,            "", ""),
        (AuthenticTimestamp, Good,        StampNotRevoked,    "", ""),
        (AuthenticTimestamp, Bad,         ChainExpired,       "verify-certificate-expired", "verification time is after certificate"),
        (AuthenticTimestamp, Bad,         StampedButNotAsked, "verify-certificate-expired", "verification time is after certificate"),
        (AuthenticTimestamp, Bad,         ChainNotYetValid,   "verify-not-yet-valid", "verification time is before certificate"),
        (AuthenticTimestamp, Bad,         NotStamped,         "verify-timestamp-missing", "no timestamp countersignature was found"),
        (AuthenticTimestamp, Bad,         StampForged,        "timestamp-signature-invalid", "failed to verify the timestamp countersignature"),
        (AuthenticTimestamp, Bad,         StampOfAnother,     "timestamp-imprint", "failed to verify the timestamp countersignature"),
        (AuthenticTimestamp, Bad,         StampOfAStranger,   "timestamp-not-trusted", "failed to verify the timestamp countersignature"),
        (AuthenticTimestamp, Bad,         StampTooLate,       "verify-timestamp-after-validity", "timestamp can be after certificate"),
        (AuthenticTimestamp, Bad,         StampRevoked,       "verify-timestamp-revoked", "timestamping certificate with subject"),
        (AuthenticTimestamp, Unknown,     StampUnknown,       "verify-timestamp-revocation-unknown", "revocation status is unknown"),
        (AuthenticTimestamp, Unknown,     EmptyTsaStore,      "verify-timestamp-no-roots", "no trusted TSA certificate found in trust store"),
        (AuthenticTimestamp, Unreachable, StampUnreachable,   "verify-timestamp-revocation-unknown", "revocation status is unknown"),
        (AuthenticTimestamp, Unreachable, NoTsaStore,         "trust-store-missing", "failed to load tsa trust store with error"),
        (Revocation,         Good,        NamesNoServer,      "", ""),
        (Revocation,         Good,        NotRevoked,         "", ""),
        (Revocation,         Bad,         Revoked,            "verify-revoked", "is revoked"),
        (Revocation,         Unknown,     StatusUnknown,      "verify-revocation-unknown", "revocation status is unknown"),
        (Revocation,         Unreachable, ServerUnreachable,  "verify-revocation-unknown", "revocation status is unknown"),
    ]
};

/// What no signature can come to, and why.
const CANNOT_OCCUR: [(Check, Found, &str); 2] = [
    (Check::Expiry, Found::Unknown, "the expiry is signed, and compared with the clock"),
    (Check::Expiry, Found::Unreachable, "nobody is asked for the expiry"),
];

/// Which actions a policy cannot have, and the words it is refused with.
const REFUSED_BY_THE_POLICY: [(Check, Action, &str); 5] = [
    (Check::Integrity, Action::Log, "\"integrity\" verification can not be overridden"),
    (Check::Integrity, Action::Skip, "\"integrity\" verification can not be overridden"),
    (Check::Authenticity, Action::Skip, "\"authenticity\" verification can not be skipped"),
    (Check::Expiry, Action::Skip, "\"expiry\" verification can not be skipped"),
    (
        Check::AuthenticTimestamp,
        Action::Skip,
        "\"authenticTimestamp\" verification can not be skipped",
    ),
];

/// The levels and their actions, in the order of `CHECKS`.
const LEVELS: [(&str, [Action; 5]); 3] = {
    use Action::{Enforce, Log};
    [
        ("strict", [Enforce, Enforce, Enforce, Enforce, Enforce]),
        ("permissive", [Enforce, Enforce, Log, Log, Log]),
        ("audit", [Enforce, Log, Log, Log, Log]),
    ]
};

/// In which order checks run: an enforced failure is the last result.
const ORDER: [Check; 5] = [
    Check::Integrity,
    Check::Authenticity,
    Check::Expiry,
    Check::AuthenticTimestamp,
    Check::Revocation,
];

#[test]
fn each_check_has_each_result_or_a_reason_why_not() {
    for check in CHECKS {
        for found in FOUND {
            let rows = TABLE.iter().filter(|row| (row.0, row.1) == (check, found)).count();
            let cannot = CANNOT_OCCUR.iter().any(|row| (row.0, row.1) == (check, found));
            assert_eq!(rows == 0, cannot, "{check:?} {found:?}");
        }
    }
}

#[test]
fn an_action_that_a_check_cannot_have_is_refused_with_the_policy() {
    for (check, action, words) in REFUSED_BY_THE_POLICY {
        for (level, _) in LEVELS {
            let text = policy_with(level, &overriding(check, action), "*", STORES);
            let error = Policy::from_json(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(words), "{check:?} {action:?}: {error}");
        }
    }
}

#[tokio::test]
async fn each_check_under_each_action_with_each_result() {
    for format in FORMATS {
        for (check, found, case, code, words) in TABLE {
            let mut world = world(case, format).await;
            for action in ACTIONS {
                if REFUSED_BY_THE_POLICY.iter().any(|row| (row.0, row.1) == (check, action)) {
                    continue;
                }
                for (level, actions) in LEVELS {
                    let told =
                        format!("{format:?} {level} {check:?} {action:?} {found:?} {case:?}");
                    let by_level = actions[check as usize] == action;
                    let overrides =
                        if by_level { String::new() } else { overriding(check, action) };
                    world.policy = policy_of(case, level, &overrides);
                    let before = *world.asked.lock().unwrap();
                    let result = world.verify().await;
                    let asked = *world.asked.lock().unwrap() - before;
                    if check == Check::Revocation {
                        assert_eq!(asked, usize::from(action != Action::Skip), "{told}");
                    }
                    match (action, found) {
                        (Action::Skip, _) => skipped(&result, check, &told),
                        (_, Found::Good) => good(&result, check, action, &told),
                        (Action::Enforce, _) => {
                            refused(&result, check, code, &told);
                            explained(&result, case, &told);
                        }
                        (Action::Log, _) => warned(&result, check, words, &told),
                    }
                }
            }
            world.policy = SKIP.to_owned();
            world.fetched.lock().unwrap().clear();
            let outcome = world.verify().await.unwrap();
            assert_eq!(outcome.verdict, Verdict::Skipped, "{case:?}");
            assert!(world.fetched.lock().unwrap().is_empty(), "{case:?}");
        }
    }
}

/// Every check ran and passed.
fn good(result: &Result<Outcome, VerifyError>, check: Check, action: Action, told: &str) {
    let outcome = result.as_ref().unwrap_or_else(|error| panic!("{told}: {error:?}"));
    let results = &outcome.good().unwrap().results;
    assert_eq!(results.iter().map(|r| r.check).collect::<Vec<_>>(), ORDER, "{told}");
    assert!(results.iter().all(|r| r.failure.is_none()), "{told}: {results:?}");
    let decisive = results.iter().find(|r| r.check == check).unwrap();
    assert_eq!(decisive.action, action, "{told}");
    assert_eq!(logged(outcome), Vec::<String>::new(), "{told}");
}

/// This check, and no check before it, ended the signature.
fn refused(result: &Result<Outcome, VerifyError>, check: Check, code: &str, told: &str) {
    let error = result.as_ref().expect_err(told);
    assert_eq!(error.code(), "verify-none-good", "{told}");
    let [tried] = error.tried() else { panic!("{told}: {error:?}") };
    let failure = tried.failure.as_ref().unwrap();
    assert_eq!(failure.code(), code, "{told}");
    // an envelope that was not given was not checked either
    let judged = if code == "verify-fetch" { None } else { Some(check) };
    assert_eq!(failure.check(), judged, "{told}");
    let before: Vec<Check> = tried.results.iter().map(|r| r.check).collect();
    let expected: Vec<Check> = ORDER.into_iter().take_while(|c| *c != check).collect();
    assert_eq!(before, expected, "{told}");
    assert!(tried.results.iter().all(|r| r.failure.is_none()), "{told}");
    assert!(tried.intact.is_none(), "{told}");
}

/// A server that does not know and one that does not answer are told apart.
fn explained(result: &Result<Outcome, VerifyError>, case: Case, told: &str) {
    let words = match case {
        Case::StampUnknown | Case::StatusUnknown => "the OCSP server does not know the certificate",
        Case::StampUnreachable | Case::ServerUnreachable => "http://crl.example is unreachable",
        _ => return,
    };
    let because = result.as_ref().expect_err(told).because();
    assert!(because[0].contains(words), "{told}: {because:?}");
}

/// The signature is good, this check failed, and one line says so.
fn warned(result: &Result<Outcome, VerifyError>, check: Check, words: &str, told: &str) {
    let outcome = result.as_ref().unwrap_or_else(|error| panic!("{told}: {error:?}"));
    assert_eq!(outcome.verdict, Verdict::Verified(0), "{told}");
    let results = &outcome.good().unwrap().results;
    let failed: Vec<Check> =
        results.iter().filter(|r| r.failure.is_some()).map(|r| r.check).collect();
    assert_eq!(failed, [check], "{told}");
    assert_eq!(results.len(), ORDER.len(), "the checks after it ran, {told}");
    let warnings = logged(outcome);
    let [warning] = &warnings[..] else { panic!("{told}: {warnings:?}") };
    let start = format!("{} was set to \"log\" and failed with error: ", check.name());
    let rest = warning.strip_prefix(&start).unwrap_or_else(|| panic!("{told}: {warning}"));
    assert!(rest.contains(words), "{told}: {warning}");
}

/// The check did not run, and nothing is said.
fn skipped(result: &Result<Outcome, VerifyError>, check: Check, told: &str) {
    let outcome = result.as_ref().unwrap_or_else(|error| panic!("{told}: {error:?}"));
    let tried = outcome.good().unwrap();
    let decisive = tried.results.iter().find(|r| r.check == check).unwrap();
    assert_eq!((decisive.action, decisive.failure.is_none()), (Action::Skip, true), "{told}");
    assert!(tried.revocation.is_none(), "{told}");
    assert_eq!(outcome.warnings(), Vec::<String>::new(), "{told}");
}

/// The warnings of failed checks, without those of the CRL cache.
fn logged(outcome: &Outcome) -> Vec<String> {
    outcome.warnings().into_iter().filter(|warning| warning.contains(" was set to ")).collect()
}

const SKIP: &str = r#"{"version":"1.0","trustPolicies":[{"name":"s","registryScopes":["*"],"signatureVerification":{"level":"skip"}}]}"#;

fn overriding(check: Check, action: Action) -> String {
    format!(r#","override":{{"{}":"{}"}}"#, check.name(), action.name())
}

fn policy_of(case: Case, level: &str, overrides: &str) -> String {
    let identity = match case {
        Case::AnotherIdentity => "x509.subject: C=US, ST=WA, O=Other",
        _ => "x509.subject: C=US, ST=WA, O=Acme",
    };
    let timestamps = match case {
        Case::Stamped
        | Case::NotStamped
        | Case::StampForged
        | Case::StampOfAnother
        | Case::StampOfAStranger
        | Case::StampTooLate
        | Case::StampNotRevoked
        | Case::StampRevoked
        | Case::StampUnknown
        | Case::StampUnreachable
        | Case::EmptyTsaStore
        | Case::NoTsaStore => STORES,
        _ => r#""ca:acme""#,
    };
    policy_with(level, overrides, identity, timestamps)
}

async fn world(case: Case, format: Format) -> World {
    let signed = async |leaf, expiry| {
        let world = World::new();
        let bytes = sealed_as(format, world.target.clone(), leaf, expiry).await;
        world.listed(format.media_type(), bytes)
    };
    let plain = async || signed(Leaf::Plain, None).await;
    let stamped = async |stamp| stamped_as(NOW, stamp, format).await;
    let names_server = async |status| World { status, ..signed(Leaf::NamesCrl, None).await };
    let names_tsa_server = async |status| World { status, ..stamped(Stamp::NamesCrl).await };
    let tsa = (StoreType::Tsa, "clock".to_owned());
    let ca = (StoreType::Ca, "acme".to_owned());
    let expiry = Some(Duration::from_secs(60));
    match case {
        Case::AsSigned | Case::AnotherIdentity | Case::NotStamped | Case::NamesNoServer => {
            plain().await
        }
        Case::SignatureChanged => {
            let world = World::new();
            let bytes = sealed_as(format, world.target.clone(), Leaf::Plain, None).await;
            world.listed(format.media_type(), changed(format, bytes))
        }
        Case::AnotherMediaType => {
            let world = World::new();
            let bytes = sealed_as(format, world.target.clone(), Leaf::Plain, None).await;
            world.listed("application/pgp-signature", bytes)
        }
        Case::EnvelopeNotGiven => World::new().unfetchable(),
        Case::AnotherRoot => signed(Leaf::Stranger, None).await,
        Case::EmptyStore => plain().await.with_store(ca, Some(Vec::new())),
        Case::NoStore => plain().await.with_store(ca, None),
        Case::ExpiryToCome => signed(Leaf::Plain, expiry).await,
        Case::ExpiryPassed => {
            World { now: NOW + Duration::from_secs(60), ..signed(Leaf::Plain, expiry).await }
        }
        Case::ChainExpired => World { now: LATER, ..plain().await },
        Case::ChainNotYetValid => World { now: NOW - time::Duration::days(365), ..plain().await },
        Case::Stamped | Case::StampedButNotAsked => stamped(Stamp::Good).await,
        Case::StampForged => stamped(Stamp::Forged).await,
        Case::StampOfAnother => stamped(Stamp::WrongImprint).await,
        Case::StampOfAStranger => stamped(Stamp::Stranger).await,
        Case::StampTooLate => stamped_as(LATER, Stamp::Good, format).await,
        Case::StampNotRevoked => names_tsa_server(Status::Good).await,
        Case::StampRevoked => names_tsa_server(REVOKED).await,
        Case::StampUnknown => names_tsa_server(Status::Unknown).await.not_known(),
        Case::StampUnreachable => names_tsa_server(Status::Unknown).await,
        Case::EmptyTsaStore => stamped(Stamp::Good).await.with_store(tsa, Some(Vec::new())),
        Case::NoTsaStore => stamped(Stamp::Good).await.with_store(tsa, None),
        Case::NotRevoked => names_server(Status::Good).await,
        Case::Revoked => names_server(REVOKED).await,
        Case::StatusUnknown => names_server(Status::Unknown).await.not_known(),
        Case::ServerUnreachable => names_server(Status::Unknown).await,
    }
}

const REVOKED: Status = Status::Revoked(Revoked { at: NOW, reason: None });

fn changed(format: Format, mut envelope: Vec<u8>) -> Vec<u8> {
    match format {
        // the signature is what the envelope ends with
        Format::Cose => *envelope.last_mut().unwrap() ^= 1,
        Format::Jws => {
            let start = br#""signature":""#;
            let at = envelope.windows(start.len()).position(|w| w == start).unwrap() + start.len();
            envelope[at] = if envelope[at] == b'A' { b'B' } else { b'A' };
        }
    }
    envelope
}
