//! Rules of CRLs, each broken by one that is written byte by byte.

use bytes::Bytes;
use der::Decode as _;
use time::OffsetDateTime;
use time::macros::datetime;

use super::Crl;
use crate::fault::Fault as _;
use crate::revocation::{CRL_LIMIT, RevocationError, RevocationReason, Status};
use crate::x509::testing::{Critical, Draft, ECDSA_WITH_SHA256, Ext, Key, key_usage, tlv};
use crate::x509::{Certificate, CrlPoint};

const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const URL: &str = "http://crl.example/ca.crl";
const NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const REASON: &[u8] = &[0x55, 0x1d, 0x15];
const DELTA: &[u8] = &[0x55, 0x1d, 0x1b];
const SCOPE: &[u8] = &[0x55, 0x1d, 0x1c];
const INVALID_SINCE: &[u8] = &[0x55, 0x1d, 0x18];
const UNKNOWN: &[u8] = &[0x2a, 3, 4];

/// A CA, a leaf of serial number 1, and what its CRL says.
struct World {
    key: Key,
    ca: Certificate,
    leaf: Certificate,
    times: Vec<u8>,
    entries: Vec<u8>,
    extensions: Vec<Ext>,
}

fn utc(text: &[u8]) -> Vec<u8> {
    tlv(0x17, text)
}

fn ext(id: &'static [u8], value: Vec<u8>) -> Ext {
    Ext { id, critical: Critical::Yes, value }
}

/// An entry for a serial number, revoked on a day of May 2026.
fn entry(serial: &[u8], day: u8, extensions: &[Ext]) -> Vec<u8> {
    let mut content = tlv(0x02, serial);
    content.extend(utc(format!("2605{day:02}000000Z").as_bytes()));
    if !extensions.is_empty() {
        let all: Vec<u8> = extensions.iter().flat_map(Ext::der).collect();
        content.extend(tlv(0x30, &all));
    }
    tlv(0x30, &content)
}

fn reason(number: u8) -> Ext {
    ext(REASON, vec![0x0a, 1, number])
}

impl World {
    fn new() -> Self {
        Self::with_ca(Draft::ca("ca"))
    }

    fn with_ca(ca: Draft) -> Self {
        let (key, own) = (Key::new(), Key::new());
        let leaf = Draft::leaf("leaf").issued_by(&own, &ca.subject, &key);
        let times = [utc(b"260531000000Z"), utc(b"260701000000Z")].concat();
        let (entries, extensions) = (Vec::new(), vec![ext(NUMBER, vec![2, 1, 7])]);
        Self { ca: ca.self_signed(&key), key, leaf, times, entries, extensions }
    }

    fn entry(mut self, entry: Vec<u8>) -> Self {
        self.entries.extend(entry);
        self
    }

    fn extension(mut self, extension: Ext) -> Self {
        self.extensions.retain(|known| known.id != extension.id);
        self.extensions.push(extension);
        self
    }

    fn der(&self) -> Bytes {
        let algorithm = tlv(0x30, &tlv(0x06, ECDSA_WITH_SHA256));
        let mut tbs = [tlv(0x02, &[1]), algorithm.clone(), self.ca.raw_subject().to_vec()].concat();
        tbs.extend(&self.times);
        if !self.entries.is_empty() {
            tbs.extend(tlv(0x30, &self.entries));
        }
        let all: Vec<u8> = self.extensions.iter().flat_map(Ext::der).collect();
        tbs.extend(tlv(0xa0, &tlv(0x30, &all)));
        let tbs = tlv(0x30, &tbs);
        let signature = [&[0][..], &self.key.sign(&tbs)].concat();
        tlv(0x30, &[tbs, algorithm, tlv(0x03, &signature)].concat()).into()
    }

    fn status_at(&self, point: &CrlPoint) -> Result<Status, RevocationError> {
        let checked = Crl::from_der(&self.der())?.check(&self.ca, NOW)?;
        checked.status(&self.leaf, point, None)
    }

    /// `good`, a reason, or an error's code.
    fn verdict(&self) -> &'static str {
        verdict(self.status_at(&point()))
    }

    /// The same with a delta.
    fn verdict_with(&self, delta: &[u8], entries: &[Vec<u8>]) -> &'static str {
        let base = Crl::from_der(&self.der()).unwrap().check(&self.ca, NOW).unwrap();
        let [starts, number] = [delta[0], delta[1]];
        let other = Self {
            key: Key::new(),
            ca: self.ca.clone(),
            leaf: self.leaf.clone(),
            times: self.times.clone(),
            entries: entries.concat(),
            extensions: vec![ext(NUMBER, vec![2, 1, number]), ext(DELTA, vec![2, 1, starts])],
        };
        let der = other.signed_with(&self.key);
        let delta = Crl::from_der(&der).unwrap().check(&self.ca, NOW).unwrap();
        verdict(base.with_delta(delta).and_then(|crl| crl.status(&self.leaf, &point(), None)))
    }

    fn signed_with(self, key: &Key) -> Bytes {
        let algorithm = tlv(0x30, &tlv(0x06, ECDSA_WITH_SHA256));
        let der = self.der();
        // the same content under another key
        let tbs = crate::revocation::fields::Fields::of_sequence(&der).unwrap().raw().unwrap();
        let signature = [&[0][..], &key.sign(tbs)].concat();
        tlv(0x30, &[tbs, &algorithm, &tlv(0x03, &signature)].concat()).into()
    }
}

fn point() -> CrlPoint {
    CrlPoint { urls: vec![URL.to_owned()], ..CrlPoint::default() }
}

fn verdict(result: Result<Status, RevocationError>) -> &'static str {
    match result {
        Ok(Status::Revoked(revoked)) => revoked.reason.map_or("revoked", RevocationReason::name),
        Ok(status) => status.name(),
        Err(error) => error.code(),
    }
}

#[test]
fn an_entry_revokes_its_serial_number_alone() {
    assert_eq!(World::new().verdict(), "good");
    assert_eq!(World::new().entry(entry(&[1], 1, &[])).verdict(), "revoked");
    assert_eq!(World::new().entry(entry(&[0, 1], 1, &[])).verdict(), "revoked");
    assert_eq!(World::new().entry(entry(&[1, 1], 1, &[])).verdict(), "good");
    assert_eq!(World::new().entry(entry(&[2], 1, &[])).verdict(), "good");
}

#[test]
fn the_later_of_hold_and_its_end_counts_and_any_other_reason_stays() {
    let (hold, remove, stolen) = (6, 8, 1);
    for (entries, expected) in [
        (vec![(hold, 1)], "certificateHold"),
        (vec![(hold, 1), (remove, 2)], "good"),
        (vec![(remove, 1), (hold, 2)], "certificateHold"),
        (vec![(hold, 2), (remove, 1)], "certificateHold"),
        (vec![(hold, 1), (remove, 1)], "good"),
        (vec![(remove, 9), (stolen, 1)], "keyCompromise"),
        (vec![(hold, 9), (stolen, 1), (remove, 10)], "keyCompromise"),
        (vec![(7, 1)], "revocation-malformed"),
    ] {
        let world = entries.iter().fold(World::new(), |world, (number, day)| {
            world.entry(entry(&[1], *day, &[reason(*number)]))
        });
        assert_eq!(world.verdict(), expected, "{entries:?}");
    }
    let many = (0..17).fold(World::new(), |world, _| world.entry(entry(&[1], 1, &[reason(6)])));
    assert_eq!(many.verdict(), "revocation-malformed");
}

#[test]
fn a_delta_continues_its_base() {
    let held = World::new().entry(entry(&[1], 1, &[reason(6)]));
    let freed = [entry(&[1], 2, &[reason(8)])];
    for (delta, expected) in [
        ([7, 8], "good"),
        ([5, 7], "good"),
        ([5, 6], "revocation-delta"),
        ([8, 9], "revocation-delta"),
    ] {
        assert_eq!(held.verdict_with(&delta, &freed), expected, "{delta:?}");
    }
    let mut without = World::new();
    without.extensions.retain(|extension| extension.id != NUMBER);
    without.extensions.push(Ext { critical: Critical::Absent, ..ext(UNKNOWN, vec![5, 0]) });
    assert_eq!(without.verdict(), "good");
    assert_eq!(without.verdict_with(&[7, 8], &freed), "revocation-delta");
}

#[test]
fn what_is_critical_and_unknown_is_refused() {
    let unknown = || ext(UNKNOWN, vec![5, 0]);
    let code = "revocation-critical-extension";
    assert_eq!(World::new().extension(unknown()).verdict(), code);
    assert_eq!(World::new().entry(entry(&[1], 1, &[unknown()])).verdict(), code);
    let lenient = Ext { critical: Critical::Absent, ..unknown() };
    assert_eq!(World::new().extension(lenient.clone()).verdict(), "good");
    assert_eq!(World::new().entry(entry(&[1], 1, &[lenient])).verdict(), "revoked");
    // twice
    let twice = entry(&[1], 1, &[reason(1), reason(1)]);
    assert_eq!(World::new().entry(twice).verdict(), "revocation-malformed");
}

#[test]
fn a_scope_that_leaves_the_certificate_out_is_refused() {
    let flag = |tag: u8| tlv(tag, &[0xff]);
    let place = |url: &[u8]| tlv(0xa0, &tlv(0xa0, &tlv(0x86, url)));
    for (scope, expected) in [
        (flag(0x81), "good"),
        (flag(0x82), "revocation-scope"),
        (flag(0x84), "revocation-scope"),
        (flag(0x85), "revocation-scope"),
        (tlv(0x83, &[6, 0x40]), "revocation-scope"),
        (place(URL.as_bytes()), "good"),
        (place(b"http://crl.example/other.crl"), "revocation-scope"),
        (tlv(0xa0, &tlv(0xa1, &[])), "revocation-scope"),
    ] {
        let world = World::new().extension(ext(SCOPE, tlv(0x30, &scope)));
        assert_eq!(world.verdict(), expected, "{scope:02x?}");
    }
    // the same flags and a CA
    for (tag, expected) in [(0x81, "revocation-scope"), (0x82, "good")] {
        let mut world = World::new().extension(ext(SCOPE, tlv(0x30, &flag(tag))));
        let sub = Draft::ca("sub").issued_by(&Key::new(), world.ca.raw_subject(), &world.key);
        world.leaf = sub;
        assert_eq!(world.verdict(), expected);
    }
    // some reasons only: enough to revoke
    let some = ext(SCOPE, tlv(0x30, &tlv(0x83, &[6, 0x40])));
    let world = World::new().extension(some).entry(entry(&[1], 1, &[reason(1)]));
    assert_eq!(world.verdict(), "keyCompromise");
}

#[test]
fn a_certificates_point_may_cover_some_reasons_or_name_another_issuer() {
    let partial = CrlPoint { partial: true, ..point() };
    assert_eq!(verdict(World::new().status_at(&partial)), "revocation-scope");
    let world = World::new().entry(entry(&[1], 1, &[reason(1)]));
    assert_eq!(verdict(world.status_at(&partial)), "keyCompromise");
    let indirect = CrlPoint { indirect: true, ..point() };
    assert_eq!(verdict(world.status_at(&indirect)), "revocation-scope");
}

#[test]
fn an_invalidity_date_after_the_signing_undoes_its_own_entry_alone() {
    let since =
        |day: u8| ext(INVALID_SINCE, tlv(0x18, format!("202605{day:02}000000Z").as_bytes()));
    let signed = datetime!(2026-05-10 0:00 UTC);
    let revoked = |days: &[u8]| {
        let world = days.iter().fold(World::new(), |world, day| {
            world.entry(entry(&[1], 20, &[reason(1), since(*day)]))
        });
        let checked = Crl::from_der(&world.der()).unwrap().check(&world.ca, NOW).unwrap();
        verdict(checked.status(&world.leaf, &point(), Some(signed)))
    };
    assert_eq!(revoked(&[15]), "good");
    assert_eq!(revoked(&[5]), "keyCompromise");
    assert_eq!(revoked(&[15, 5]), "keyCompromise");
    let without_time = World::new().entry(entry(&[1], 20, &[reason(1), since(15)]));
    assert_eq!(without_time.verdict(), "keyCompromise");
}

#[test]
fn a_list_and_a_point_may_share_a_name_that_is_no_address() {
    let directory = |cn: &str| tlv(0xa4, &crate::x509::testing::name(cn));
    let scope = ext(SCOPE, tlv(0x30, &tlv(0xa0, &tlv(0xa0, &directory("lists")))));
    let world = World::new().extension(scope);
    assert_eq!(world.verdict(), "revocation-scope");
    for (cn, expected) in [("lists", "good"), ("others", "revocation-scope")] {
        let name = x509_cert::ext::pkix::name::GeneralName::from_der(&directory(cn)).unwrap();
        let named = CrlPoint { other_names: vec![name], ..point() };
        assert_eq!(verdict(world.status_at(&named)), expected);
    }
}

#[test]
fn an_end_is_wanted_and_times_of_both_kinds_are_read() {
    let mut world = World::new();
    world.times = utc(b"260531000000Z");
    assert_eq!(world.verdict(), "revocation-stale");
    world.times = [utc(b"260531000000Z"), tlv(0x18, b"20260701000000Z")].concat();
    assert_eq!(world.verdict(), "good");
    world.times = [utc(b"260601120501Z"), utc(b"260701000000Z")].concat();
    assert_eq!(world.verdict(), "revocation-future");
}

#[test]
fn an_issuer_signs_its_own_list_and_has_the_right_to() {
    let world = World::with_ca(Draft::ca("ca").with(key_usage(&[5])));
    assert_eq!(world.verdict(), "revocation-signature");
    let world = World::new();
    let renamed = Draft::ca("another").self_signed(&world.key);
    let error = Crl::from_der(&world.der()).unwrap().check(&renamed, NOW).unwrap_err();
    assert_eq!(error.code(), "revocation-scope");
    // printed alike, but with one more common name in front
    let mut decoy = Draft::ca("ca");
    let common_name = [tlv(0x06, &[0x55, 4, 3]), tlv(0x0c, b"other")].concat();
    let inner = crate::x509::testing::name("ca")[2..].to_vec();
    decoy.subject = tlv(0x30, &[tlv(0x31, &tlv(0x30, &common_name)), inner].concat());
    let decoy = decoy.self_signed(&world.key);
    assert_eq!(decoy.subject().to_string(), world.ca.subject().to_string());
    let error = Crl::from_der(&world.der()).unwrap().check(&decoy, NOW).unwrap_err();
    assert_eq!(error.code(), "revocation-scope");
}

#[test]
fn a_list_has_its_limit() {
    // names of two bytes each would take a hundred times their room
    let names = tlv(0x30, &tlv(0xa0, &tlv(0xa0, &[0x82, 0].repeat(10_000))));
    let world = World::new().extension(ext(SCOPE, names));
    assert_eq!(world.verdict(), "revocation-malformed");
    let error = Crl::from_der(&Bytes::from(vec![0; CRL_LIMIT + 1])).unwrap_err();
    assert_eq!(error.code(), "revocation-too-large");
}
