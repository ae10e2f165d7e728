//! Rules of OCSP answers, each broken by one that is written byte by byte.

use time::OffsetDateTime;
use time::macros::datetime;

use super::OcspAnswer;
use super::request::{request, sha1};
use crate::fault::Fault as _;
use crate::revocation::{RevocationError, Status};
use crate::x509::Certificate;
use crate::x509::testing::{
    Critical, Draft, ECDSA_WITH_SHA256, Ext, Key, extended_key_usage, key_usage, tlv,
};

const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
const UNKNOWN: &[u8] = &[0x2a, 3, 4];
const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];

/// What an answer is made of; each part can be changed.
struct World {
    key: Key,
    ca: Certificate,
    leaf: Certificate,
    id: Vec<u8>,
    status: Vec<u8>,
    produced_at: &'static [u8],
    this_update: &'static [u8],
    next_update: Option<&'static [u8]>,
    single_extensions: Vec<Ext>,
    extensions: Vec<Ext>,
    /// Further statuses of the same certificate.
    contradictions: Vec<Vec<u8>>,
    /// In place of the CA.
    delegate: Option<(Key, Certificate)>,
}

impl World {
    fn new() -> Self {
        let (key, own) = (Key::new(), Key::new());
        let draft = Draft::ca("ca");
        let ca = draft.self_signed(&key);
        let leaf = Draft::leaf("leaf").issued_by(&own, &draft.subject, &key);
        Self {
            id: id(&ca, &[1]),
            key,
            ca,
            leaf,
            status: vec![0x80, 0],
            produced_at: b"20260601000000Z",
            this_update: b"20260601000000Z",
            next_update: Some(b"20260602000000Z"),
            single_extensions: Vec::new(),
            extensions: Vec::new(),
            contradictions: Vec::new(),
            delegate: None,
        }
    }

    fn delegated(draft: Draft) -> Self {
        let mut world = Self::new();
        let own = Key::new();
        let certificate = draft.issued_by(&own, world.ca.raw_subject(), &world.key);
        world.delegate = Some((own, certificate));
        world
    }

    fn der(&self) -> Vec<u8> {
        let list = |tag: u8, extensions: &[Ext]| match extensions {
            [] => Vec::new(),
            some => tlv(tag, &tlv(0x30, &some.iter().flat_map(Ext::der).collect::<Vec<u8>>())),
        };
        let (signer, key) = match &self.delegate {
            Some((key, certificate)) => (certificate, key),
            None => (&self.ca, &self.key),
        };
        let next = self.next_update.map(|time| tlv(0xa0, &tlv(0x18, time))).unwrap_or_default();
        let single = |status: &Vec<u8>| {
            let fields = [
                self.id.clone(),
                status.clone(),
                tlv(0x18, self.this_update),
                next.clone(),
                list(0xa1, &self.single_extensions),
            ];
            tlv(0x30, &fields.concat())
        };
        let statuses = [&self.status].into_iter().chain(&self.contradictions);
        let singles: Vec<u8> = statuses.flat_map(single).collect();
        let data = [
            tlv(0xa1, signer.raw_subject()),
            tlv(0x18, self.produced_at),
            tlv(0x30, &singles),
            list(0xa1, &self.extensions),
        ];
        let data = tlv(0x30, &data.concat());
        let signature = [&[0][..], &key.sign(&data)].concat();
        let algorithm = tlv(0x30, &tlv(0x06, ECDSA_WITH_SHA256));
        let certificates = match &self.delegate {
            Some((_, certificate)) => tlv(0xa0, &tlv(0x30, certificate.der())),
            None => Vec::new(),
        };
        let basic = tlv(0x30, &[data, algorithm, tlv(0x03, &signature), certificates].concat());
        let kind = tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]);
        let bytes = tlv(0xa0, &tlv(0x30, &[kind, tlv(0x04, &basic)].concat()));
        tlv(0x30, &[vec![0x0a, 1, 0], bytes].concat())
    }

    fn check(&self) -> Result<Status, RevocationError> {
        OcspAnswer::from_der(&self.der())?.check(&self.leaf, &self.ca, NOW, None)
    }

    fn verdict(&self) -> &'static str {
        self.check().map_or_else(|error| error.code(), |status| status.name())
    }
}

/// A CertID with SHA-1 hashes.
fn id(issuer: &Certificate, serial: &[u8]) -> Vec<u8> {
    let algorithm = tlv(0x30, &tlv(0x06, &[0x2b, 0x0e, 3, 2, 0x1a]));
    let name = tlv(0x04, &sha1(issuer.raw_subject()));
    let key = tlv(0x04, &sha1(&issuer.key_bits()));
    tlv(0x30, &[algorithm, name, key, tlv(0x02, serial)].concat())
}

fn delegate() -> Draft {
    Draft::leaf("responder").with(extended_key_usage(&[OCSP_SIGNING]))
}

#[test]
fn a_delegate_is_issued_for_the_purpose_by_the_issuer_itself() {
    assert_eq!(World::new().verdict(), "good");
    assert_eq!(World::delegated(delegate()).verdict(), "good");
    let code = "revocation-responder";
    for draft in [
        Draft::leaf("responder"),
        delegate().without(crate::x509::testing::EXTENDED_KEY_USAGE),
        delegate().with(extended_key_usage(&[&[0x55, 0x1d, 0x25, 0]])),
        delegate().with(key_usage(&[5])),
        Draft { not_after: tlv(0x17, b"260601115959Z"), ..delegate() },
        Draft { not_before: tlv(0x17, b"260601120001Z"), ..delegate() },
    ] {
        assert_eq!(World::delegated(draft).verdict(), code);
    }
    // self-signed under the issuer's name
    let mut world = World::new();
    let own = Key::new();
    let name = world.ca.raw_subject().to_vec();
    world.delegate = Some((Key::new(), delegate().issued_by(&own, &name, &own)));
    assert_eq!(world.verdict(), code);
    // the signature is the delegate's, the certificate another's
    let mut world = World::delegated(delegate());
    if let Some((key, _)) = &mut world.delegate {
        *key = Key::new();
    }
    assert_eq!(world.verdict(), "revocation-signature");
}

#[test]
fn an_answer_is_about_the_certificate_of_the_issuer() {
    let mut world = World::new();
    let other = Draft::ca("ca").self_signed(&Key::new());
    for wrong in [id(&world.ca, &[2]), id(&other, &[1]), id(&world.leaf, &[1])] {
        world.id = wrong;
        assert_eq!(world.verdict(), "revocation-scope");
    }
}

#[test]
fn an_answer_has_an_end_and_a_past() {
    let mut world = World::new();
    world.next_update = None;
    assert_eq!(world.verdict(), "revocation-stale");
    world.next_update = Some(b"20260601115959Z");
    assert_eq!(world.verdict(), "revocation-stale");
    world.next_update = Some(b"20260601120000Z");
    assert_eq!(world.verdict(), "good");
    world.this_update = b"20260601120501Z";
    assert_eq!(world.verdict(), "revocation-future");
    world.this_update = b"20260601120500Z";
    assert_eq!(world.verdict(), "good");
    world.produced_at = b"20260601120501Z";
    assert_eq!(world.verdict(), "revocation-future");
}

#[test]
fn what_is_critical_and_unknown_is_refused() {
    let ext = |id, critical| Ext { id, critical, value: vec![5, 0] };
    let code = "revocation-critical-extension";
    for (id, critical, expected) in [
        (UNKNOWN, Critical::Yes, code),
        (UNKNOWN, Critical::Absent, "good"),
        (UNKNOWN, Critical::ExplicitNo, "good"),
    ] {
        let mut world = World::new();
        world.single_extensions = vec![ext(id, critical)];
        assert_eq!(world.verdict(), expected);
        let mut world = World::new();
        world.extensions = vec![ext(id, critical)];
        assert_eq!(world.verdict(), expected);
    }
    let mut world = World::new();
    // nobody asked for it
    world.extensions = vec![ext(NONCE, Critical::Absent)];
    assert_eq!(world.verdict(), "good");
}

#[test]
fn a_status_is_one_of_three() {
    let revoked = tlv(0xa1, &tlv(0x18, b"20260501000000Z"));
    for (status, expected) in [
        (vec![0x82, 0], "revocation-not-known"),
        (revoked, "revoked"),
        (vec![0x83, 0], "revocation-malformed"),
        (vec![0x80, 1, 0], "revocation-malformed"),
        (vec![0xa0, 0], "revocation-malformed"),
        (tlv(0xa1, &[]), "revocation-malformed"),
    ] {
        let mut world = World::new();
        world.status = status.clone();
        assert_eq!(world.verdict(), expected, "{status:02x?}");
    }
}

#[test]
fn of_contradicting_statuses_the_worst_counts_and_there_are_not_too_many() {
    let (good, unknown) = (vec![0x80, 0], vec![0x82, 0]);
    let revoked = tlv(0xa1, &tlv(0x18, b"20260501000000Z"));
    for (status, more, expected) in [
        (&good, vec![good.clone()], "good"),
        (&good, vec![revoked.clone()], "revoked"),
        (&good, vec![unknown.clone()], "revocation-not-known"),
        (&unknown, vec![good.clone(), revoked], "revoked"),
        (&good, vec![good.clone(); 64], "revocation-malformed"),
    ] {
        let mut world = World::new();
        (world.status, world.contradictions) = (status.clone(), more);
        assert_eq!(world.verdict(), expected);
    }
}

#[test]
fn any_length_of_serial_number_is_asked_about() {
    let world = World::new();
    for length in [1, 20, 120, 127, 200, 300] {
        let own = Key::new();
        let draft = Draft { serial: vec![0x41; length], ..Draft::leaf("leaf") };
        let leaf = draft.issued_by(&own, world.ca.raw_subject(), &world.key);
        let der = request(&leaf, &world.ca);
        let holds = der.windows(length).any(|window| window == vec![0x41; length]);
        assert!(holds && crate::revocation::fields::Fields::of_sequence(&der).is_ok(), "{length}");
    }
}

#[test]
fn noise_is_refused_without_panic() {
    let der = World::delegated(delegate()).der();
    for length in 0..der.len() {
        assert!(OcspAnswer::from_der(&der[..length]).is_err());
    }
    for tag in 0..=255 {
        let deep = (0..200).fold(vec![], |inner, _| tlv(tag, &inner));
        assert!(OcspAnswer::from_der(&deep).is_err());
    }
}
