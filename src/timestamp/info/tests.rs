//! Each member of TSTInfo, good and bad.

use time::macros::datetime;

use super::*;
use crate::fault::Fault as _;
use crate::timestamp::ber::wrap;

const VERSION: &[u8] = &[2, 1, 1];
const POLICY: &[u8] = &[6, 3, 0x2a, 3, 4];
const SERIAL: &[u8] = &[2, 1, 9];
const TIME: &str = "20260601120000Z";

fn imprint() -> Vec<u8> {
    let algorithm = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];
    let hash = wrap(0x04, &Hash::Sha256.of(b"message"));
    wrap(0x30, &[&algorithm[..], &hash].concat())
}

fn with(version: &[u8], policy: &[u8], time: &str, rest: &[u8]) -> Result<TstInfo, TokenError> {
    let time = wrap(0x18, time.as_bytes());
    let content = [version, policy, &imprint(), SERIAL, &time, rest].concat();
    TstInfo::read(&wrap(0x30, &content))
}

fn rest(rest: &[u8]) -> Result<TstInfo, TokenError> {
    with(VERSION, POLICY, TIME, rest)
}

fn at(time: &str) -> Result<OffsetDateTime, &'static str> {
    let info = with(VERSION, POLICY, time, &[]);
    info.map(|info| info.interval.gen_time()).map_err(|error| error.code())
}

#[test]
fn a_time_is_in_utc_with_seconds_and_perhaps_a_fraction() {
    assert_eq!(at(TIME), Ok(datetime!(2026-06-01 12:00 UTC)));
    assert_eq!(at("20260601120000.25Z"), Ok(datetime!(2026-06-01 12:00:00.25 UTC)));
    assert_eq!(
        at("20260601120000.0123456789Z"),
        Ok(datetime!(2026-06-01 12:00:00.012_345_678 UTC))
    );
    for wrong in [
        "",
        "Z",
        "20260601120000",
        "202606011200Z",
        "20260601120000.Z",
        "20260601120000.50Z",
        "20260601120000,5Z",
        "20260601120000+0000",
        "20260601120000.5+0100",
        "20261301120000Z",
        "20260631120000Z",
        "20260601240000Z",
        "20260601120060Z",
        "2026060112000\u{661}Z",
        "+0260601120000Z",
        " 2026060112000Z",
    ] {
        assert_eq!(at(wrong), Err("timestamp-unparsable"), "{wrong}");
    }
}

#[test]
fn accuracy_is_the_sum_of_its_parts() {
    for (der, expected) in [
        (&[][..], Duration::ZERO),
        (&[0x30, 0], Duration::ZERO),
        (&[0x30, 3, 2, 1, 2], Duration::seconds(2)),
        (&[0x30, 4, 0x80, 2, 3, 0xe7], Duration::milliseconds(999)),
        (&[0x30, 3, 0x81, 1, 100], Duration::microseconds(100)),
        (&[0x30, 9, 2, 1, 1, 0x80, 1, 5, 0x81, 1, 7], Duration::microseconds(1_005_007)),
    ] {
        let interval = rest(der).unwrap().interval;
        assert_eq!(interval.accuracy(), expected, "{der:02x?}");
        assert_eq!(interval.to() - interval.from(), expected * 2, "{der:02x?}");
    }
    for wrong in [
        &[0x30, 3, 2, 1, 0xff][..],
        &[0x30, 4, 0x80, 2, 3, 0xe8],
        &[0x30, 3, 0x81, 1, 0x80],
        &[0x30, 2, 0x80, 0],
        &[0x30, 6, 0x81, 1, 1, 0x80, 1, 1],
        &[0x30, 8, 2, 6, 1, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(rest(wrong).unwrap_err().code(), "timestamp-unparsable", "{wrong:02x?}");
    }
}

#[test]
fn a_baseline_policy_without_accuracy_means_a_second() {
    let baseline = [6, 6, 4, 0, 0x8f, 0x67, 1, 1];
    let accuracy = |der: &[u8]| with(VERSION, &baseline, TIME, der).unwrap().interval.accuracy();
    assert_eq!(accuracy(&[]), Duration::SECOND);
    assert_eq!(accuracy(&[0x30, 3, 2, 1, 0]), Duration::SECOND);
    assert_eq!(accuracy(&[0x30, 3, 2, 1, 3]), Duration::seconds(3));
}

#[test]
fn an_interval_stays_in_the_calendar() {
    let far = [0x30, 7, 2, 5, 0, 0xff, 0xff, 0xff, 0xff];
    let late = with(VERSION, POLICY, "99991231235959Z", &far);
    assert_eq!(late.unwrap_err().code(), "timestamp-unparsable");
}

#[test]
fn other_members_are_read_over_and_critical_extensions_refused() {
    let ordering = [1, 1, 0xff];
    let nonce = [2, 2, 0, 0x99];
    let tsa = [0xa0, 2, 0x82, 0];
    let extension = |critical: &[u8]| {
        let content = [&[6, 3, 0x2a, 3, 4][..], critical, &[4, 0]].concat();
        wrap(0xa1, &wrap(0x30, &content))
    };
    let all = [&ordering[..], &nonce, &tsa, &extension(&[])].concat();
    assert_eq!(rest(&all).unwrap().nonce, Some(vec![0x99]));
    let critical = rest(&extension(&[1, 1, 0xff])).unwrap_err();
    assert_eq!(critical.code(), "timestamp-algorithm-unsupported");
    assert_eq!(critical.to_string(), "critical extension 1.2.3.4 is not supported");
    assert!(rest(&[0x02, 1, 0xff]).is_err(), "a negative nonce");
    assert!(rest(&[0x0c, 0]).is_err(), "a stranger");
}

#[test]
fn the_version_is_one_and_the_imprint_the_messages() {
    let error = with(&[2, 1, 2], POLICY, TIME, &[]).unwrap_err();
    assert_eq!(error.to_string(), "unsupported TSTInfo version: got 2, want 1");
    let info = rest(&[]).unwrap();
    assert!(info.check_imprint(b"message").is_ok());
    assert_eq!(info.check_imprint(b"massage").unwrap_err().code(), "timestamp-imprint");
}
