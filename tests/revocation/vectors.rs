//! Delta CRLs of notation-core-go v1.3.0, read from the folder in SEALWRIGHT_NOTATION_CORE_GO (the
//! directory of the Go module). Unset, the tests say so and pass; with CI=true they fail.

use std::path::PathBuf;

use sealwright::fault::Fault as _;
use sealwright::revocation::Crl;
use sealwright::x509::{Certificate, certificates_from_pem_or_der};

#[allow(clippy::disallowed_methods)]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SEALWRIGHT_NOTATION_CORE_GO").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "SEALWRIGHT_NOTATION_CORE_GO is not set");
        eprintln!("skipped: SEALWRIGHT_NOTATION_CORE_GO is not set");
    }
    Some(folder?.join("revocation/crl/testdata"))
}

#[test]
fn delta_crls_of_notation_core_go_are_read() {
    let Some(folder) = folder() else { return };
    let crl = |name: &str| Crl::from_der(&std::fs::read(folder.join(name)).unwrap().into());
    let base = crl("crlWithMultipleFreshestCRLs.crl").unwrap();
    assert_eq!(base.freshest().len(), 2);
    assert!(base.freshest()[0].starts_with("http://localhost:80/ejbca/publicweb/webdist/"));
    let delta = crl("delta.crl").unwrap();
    assert!(delta.freshest().is_empty());
    let error = crl("certificateWithDeltaCRL.cer").unwrap_err();
    assert_eq!(error.code(), "revocation-malformed");
}

#[test]
fn freshest_crls_of_certificates_are_read_as_notation_reads_them() {
    let Some(folder) = folder() else { return };
    for (name, urls) in [
        ("certificateWithDeltaCRL.cer", Some(1)),
        ("certificateWith2DeltaCRL.cer", Some(2)),
        ("certificateWithZeroDeltaCRLURL.cer", Some(0)),
        ("certificateWithNonURIDeltaCRL.cer", Some(0)),
        ("certificateWithIncompleteFreshestCRL.cer", None),
        ("certificateWithIncompleteFreshestCRL2.cer", Some(0)),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let certificates: Vec<Certificate> = certificates_from_pem_or_der(&bytes).unwrap();
        let sources = certificates[0].revocation_sources();
        match urls {
            Some(count) => assert_eq!(sources.freshest_crl.len(), count, "{name}"),
            None => assert!(sources.unreadable.is_some(), "{name}"),
        }
    }
}
