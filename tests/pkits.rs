//! NIST PKITS, read from the folder in SEALWRIGHT_PKITS (tests/fixtures/nist_pkits of the source package
//! pyhanko-certvalidator 0.33.0): paths by the rules for issuance, validity at one time, and CRLs. What a leaf
//! may be used for is left out, as PKITS' are for mail. Unset, the tests say so and pass; with CI=true they fail.

#[path = "pkits/case.rs"]
mod case;
#[path = "pkits/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::path::PathBuf;

use case::{Case, END_ENTITY};
use table::{CASES, Expected, NOT_APPLIED};

#[test]
fn paths_and_crls_of_pkits_get_their_verdict() {
    let Some(folder) = folder() else { return };
    for case in case::cases(&folder) {
        let (name, found) = (case.name(), case.verdict(&folder));
        let (expected, valid_by_pkits, why) = match expected(&case) {
            Some(Expected::Valid) => ("valid", true, ""),
            Some(Expected::Revoked) => ("revoked", false, ""),
            Some(Expected::Refused(code)) => (*code, false, ""),
            Some(Expected::Stricter(code, why)) => (*code, true, *why),
            Some(Expected::Looser(why)) => ("valid", false, *why),
            None => ("valid", case.is_valid_by_pkits(), reason(&case)),
        };
        assert_eq!(found, expected, "{name} {why}");
        assert_eq!(case.is_valid_by_pkits(), valid_by_pkits, "{name}: PKITS sees it otherwise");
    }
}

#[test]
fn every_certificate_of_pkits_is_a_case_that_is_applied_or_not() {
    let Some(folder) = folder() else { return };
    let files = std::fs::read_dir(folder.join("certs")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|file| file.ends_with(END_ENTITY)).collect();
    let cases = case::cases(&folder);
    let named: BTreeSet<String> =
        cases.iter().map(|case| format!("{}{END_ENTITY}", case.name())).collect();
    assert_eq!(named, files);
    let applied = cases.iter().filter(|case| expected(case).is_some()).count();
    let not_applied = cases.iter().filter(|case| expected(case).is_none());
    assert_eq!(applied, CASES.len(), "a row that names no case, or one twice");
    let reasons: Vec<&str> = not_applied.map(reason).collect();
    assert_eq!(applied + reasons.len(), files.len());
}

fn expected(case: &Case) -> Option<&'static Expected> {
    CASES.iter().find(|(name, _)| *name == case.name()).map(|(_, expected)| expected)
}

/// Why a case is not applied.
fn reason(case: &Case) -> &'static str {
    let found = NOT_APPLIED.iter().find(|(section, _)| *section == case.section());
    found.unwrap_or_else(|| panic!("{} of {} is in no list", case.name(), case.section())).1
}

/// The folder of PKITS; without it a skip is printed, or fails under CI=true.
#[allow(clippy::disallowed_methods)] // a test's own switch, no part of the program's environment
fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("SEALWRIGHT_PKITS").map(PathBuf::from);
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "SEALWRIGHT_PKITS is not set: the vectors must be checked under CI=true");
        println!("skipped: SEALWRIGHT_PKITS names no folder");
    }
    found
}
