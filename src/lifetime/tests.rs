//! What is said at which moment.

use std::time::Duration;

use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const DAYS_30: i64 = 30 * 24 * 3600;

/// Good for 90 days, up to so many seconds after now.
fn span(of: &str, left: i64) -> Span {
    lasting(of, left, 90 * 24 * 3600)
}

fn lasting(of: &str, left: i64, life: i64) -> Span {
    let to = NOW + time::Duration::seconds(left);
    Span { of: of.to_owned(), from: to - time::Duration::seconds(life), to }
}

fn authority(left: i64, servers: Servers) -> Proof {
    Proof::Timestamp(Authority { chain: vec![span("tsa", left)], servers })
}

/// A chain that lasts, a signature that does not expire.
fn lifetime(leaf: i64) -> Lifetime {
    let chain = vec![span("leaf", leaf), span("root", 100 * DAYS_30)];
    Lifetime { chain, ..Lifetime::default() }
}

fn told(lifetime: &Lifetime, before: WarnBefore) -> Vec<(&'static str, String)> {
    let endings = lifetime.endings(NOW, before);
    endings.into_iter().map(|ending| (ending.code, ending.subject)).collect()
}

#[test]
fn each_end_is_told_from_thirty_days_before_to_its_last_second() {
    type Build = fn(i64) -> Lifetime;
    let builds: [(&str, &str, Build); 5] = [
        ("certificate-ends", "leaf", |left| Lifetime { proof: Proof::Needless, ..lifetime(left) }),
        ("certificate-ends", "root", |left| Lifetime {
            chain: vec![span("leaf", 9 * DAYS_30), span("root", left)],
            proof: Proof::Needless,
            ..Lifetime::default()
        }),
        ("signature-ends", "sha256:1", |left| Lifetime {
            signature: Some(span("sha256:1", left)),
            ..lifetime(9 * DAYS_30)
        }),
        ("timestamp-certificate-ends", "tsa", |left| Lifetime {
            proof: authority(left, Servers::None),
            ..lifetime(9 * DAYS_30)
        }),
        ("crl-ends", "http://crl", |left| Lifetime {
            crls: vec![span("http://crl", left)],
            ..lifetime(9 * DAYS_30)
        }),
    ];
    for (code, subject, build) in builds {
        for (left, said) in
            [(DAYS_30 + 1, false), (DAYS_30, true), (1, true), (0, true), (-1, false)]
        {
            let expected: Vec<_> = said.then(|| (code, subject.to_owned())).into_iter().collect();
            assert_eq!(told(&build(left), WarnBefore::Usual), expected, "{code} {subject} {left}");
        }
        for (before, left, said) in [
            (Some(3600), 3601, false),
            (Some(3600), 3600, true),
            (Some(0), 1, false),
            (None, 1, true),
            (Some(u64::MAX), 400 * 24 * 3600, true),
        ] {
            let before = WarnBefore::given(before.map(Duration::from_secs));
            let codes: Vec<_> = told(&build(left), before).into_iter().map(|t| t.1).collect();
            assert_eq!(codes.contains(&subject.to_owned()), said, "{code} {before:?} {left}");
        }
    }
}

#[test]
fn what_is_short_lived_by_design_is_told_in_its_last_third() {
    const SHORT: i64 = DAYS_30;
    for (life, left, said) in [
        (SHORT, SHORT / 3, true),
        (SHORT, SHORT / 3 + 1, false),
        (SHORT + 1, SHORT, true),
        (24 * 3600, 8 * 3600, true),
        (24 * 3600, 8 * 3600 + 1, false),
    ] {
        let leaf = lasting("leaf", left, life);
        let one = Lifetime { chain: vec![leaf], proof: Proof::Needless, ..Lifetime::default() };
        assert_eq!(!told(&one, WarnBefore::Usual).is_empty(), said, "{life} {left}");
        // who names a time means it
        let given = WarnBefore::Given(Duration::from_secs(SHORT as u64));
        assert!(!told(&one, given).is_empty(), "{life} {left}");
    }
}

#[test]
fn without_a_timestamp_the_signature_ends_with_the_first_certificate() {
    let code = "signature-ends-with-certificate";
    let with = |leaf: i64, expiry: Option<i64>| {
        let signature = expiry.map(|left| span("sha256:1", left));
        told(&Lifetime { signature, ..lifetime(leaf) }, WarnBefore::Usual)
    };
    let has = |told: Vec<(&str, String)>| told.contains(&(code, "leaf".to_owned()));
    assert!(has(with(DAYS_30, None)));
    assert!(!has(with(DAYS_30 + 1, None)));
    // an expiry that cannot be kept is told at once
    assert!(has(with(3 * DAYS_30, Some(3 * DAYS_30 + 3601))));
    assert!(!has(with(3 * DAYS_30, Some(3 * DAYS_30 + 3600))));
    assert!(has(with(DAYS_30, Some(DAYS_30 + 1))));
    assert!(!has(with(DAYS_30, Some(DAYS_30))));
    assert!(!has(with(-1, Some(3 * DAYS_30))), "what has ended is no news");
    let root_first = Lifetime {
        chain: vec![span("leaf", 9 * DAYS_30), span("root", DAYS_30)],
        ..Lifetime::default()
    };
    assert!(told(&root_first, WarnBefore::Usual).contains(&(code, "root".to_owned())));
    for proof in [Proof::Needless, authority(90 * DAYS_30, Servers::Named)] {
        let proven = Lifetime { proof, ..lifetime(DAYS_30) };
        assert_eq!(told(&proven, WarnBefore::Usual), [("certificate-ends", "leaf".to_owned())]);
    }
}

#[test]
fn a_certificate_outlives_a_timestamp_whose_authority_ends_before() {
    let with = |leaf: i64, tsa: i64, servers: Servers, expiry: Option<i64>| {
        let signature = expiry.map(|left| span("sha256:1", left));
        let lifetime = Lifetime { signature, proof: authority(tsa, servers), ..lifetime(leaf) };
        let told = told(&lifetime, WarnBefore::Usual);
        told.contains(&("certificate-outlives-timestamp", "tsa".to_owned()))
    };
    let long = 9 * DAYS_30;
    assert!(with(long, long - 1, Servers::Named, None));
    assert!(!with(long, long, Servers::Named, None));
    assert!(!with(long, long - 1, Servers::None, None), "nobody is asked about it, ever");
    assert!(!with(long, -1, Servers::Named, None));
    assert!(!with(long, long - 1, Servers::Named, Some(long - 1)), "the signature ends with it");
    assert!(with(long, long - 2, Servers::Named, Some(long - 1)));
}

#[test]
fn zero_turns_everything_off_and_an_empty_lifetime_says_nothing() {
    let all = Lifetime {
        signature: Some(span("sha256:1", 2)),
        crls: vec![span("http://crl", 1)],
        ..lifetime(1)
    };
    assert_eq!(told(&all, WarnBefore::Usual).len(), 4);
    assert!(told(&all, WarnBefore::given(Some(Duration::ZERO))).is_empty());
    let later = Lifetime { signature: Some(span("s", 9 * DAYS_30)), ..lifetime(2 * DAYS_30) };
    assert!(told(&later, WarnBefore::Never).is_empty());
    assert!(told(&Lifetime::default(), WarnBefore::Usual).is_empty());
}

#[test]
fn a_sentence_says_what_is_lost() {
    let lifetime = Lifetime {
        signature: Some(span("sha256:1", DAYS_30)),
        proof: authority(3600, Servers::Named),
        crls: vec![span("http://crl.example/ca.crl", 60)],
        ..lifetime(7200)
    };
    let told: Vec<String> =
        lifetime.endings(NOW, WarnBefore::Usual).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    the signing certificate with subject "leaf" ends at 2026-06-01T14:00:00Z: nothing can be signed with it after that
    the signature sha256:1 expires at 2026-07-01T12:00:00Z: sign the image again before that
    the timestamping certificate with subject "tsa" ends at 2026-06-01T13:00:00Z: timestamps made before that still count, but only as long as its CA tells whether it was revoked, which it need not do for an ended one
    the timestamping certificate with subject "tsa" ends at 2026-06-01T13:00:00Z: the certificate with subject "leaf" of the signing chain lasts until 2026-06-01T14:00:00Z. When the authority's CA no longer tells whether its certificate was revoked, the timestamp fails, and with it the signature where a trust policy always wants a timestamp
    the kept CRL of http://crl.example/ca.crl is good until 2026-06-01T12:01:00Z, and no server is asked: bring a newer one into the CRL cache before that
    "#);
    let plain = Lifetime {
        signature: lifetime.signature.clone(),
        chain: lifetime.chain.clone(),
        ..Lifetime::default()
    };
    let told = plain.endings(NOW, WarnBefore::Usual);
    insta::assert_snapshot!(told.last().unwrap(), @r#"without a timestamp that counts, the signature verifies no longer than the certificate with subject "leaf" is valid, which ends at 2026-06-01T14:00:00Z, before it expires at 2026-07-01T12:00:00Z"#);
}

#[test]
fn codes_and_kinds_are_listed() {
    let lifetime = Lifetime {
        signature: Some(span("sha256:1", DAYS_30)),
        crls: vec![span("http://crl", 1)],
        chain: vec![span("leaf", 1), span("root", 2)],
        proof: Proof::Absent,
    };
    let stamped = Lifetime { proof: authority(0, Servers::Named), ..lifetime.clone() };
    let mut endings = lifetime.endings(NOW, WarnBefore::Usual);
    endings.extend(stamped.endings(NOW, WarnBefore::Usual));
    for code in CODES {
        assert!(endings.iter().any(|ending| ending.code == code), "{code}");
    }
    for kind in KINDS {
        assert!(endings.iter().any(|ending| ending.what == kind), "{kind}");
    }
    assert!(endings.iter().all(|e| CODES.contains(&e.code) && KINDS.contains(&e.what)));
}
