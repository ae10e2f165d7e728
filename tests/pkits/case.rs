//! A case of PKITS: its files, the path from its certificate to the trust anchor, and what we make of it.

use std::path::{Path, PathBuf};

use der::Decode as _;
use sealwright::fault::Fault as _;
use sealwright::revocation::{CheckedCrl, Crl, RevocationError, Status};
use sealwright::x509::{Certificate, CertificateError, CertificationPath, CrlPoint};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::datetime;
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::name::DistributionPointName;

/// PKITS' certificates and CRLs are of 2010 and end in 2030.
const NOW: OffsetDateTime = datetime!(2022-05-01 0:00 UTC);
const ANCHOR: &str = "TrustAnchorRootCertificate.crt";
const ANCHOR_CRL: &str = "TrustAnchorRootCRL.crl";
/// How the files of the certificates to validate end.
pub const END_ENTITY: &str = "EE.crt";
/// A CRL that continues another; PKITS names no address for it.
const DELTA_SUFFIX: &str = "deltaCRL.crl";

/// One entry of pkits.json or pkits-user-notice.json.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Section and number: 4.14.2 is 41402.
    id: String,
    cert: String,
    #[serde(default)]
    other_certs: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    /// Present where PKITS wants the path refused.
    #[serde(default)]
    error: Option<serde_json::Value>,
}

/// Every case of the folder, one for each certificate that PKITS wants validated. Cases that differ in what
/// the user says of policies only are one here.
pub fn cases(folder: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for list in ["pkits.json", "pkits-user-notice.json"] {
        let file = std::fs::read(folder.join(list)).unwrap();
        let listed: Vec<Case> = serde_json::from_slice(&file).unwrap();
        for case in listed {
            if cases.iter().all(|known| known.cert != case.cert) {
                cases.push(case);
            }
        }
    }
    // 4.8.20 shows a text, and is listed in neither
    cases.push(Case {
        id: "40820".to_owned(),
        cert: "CPSPointerQualifierTest20EE.crt".to_owned(),
        other_certs: vec!["GoodCACert.crt".to_owned()],
        crls: vec!["GoodCACRL.crl".to_owned()],
        error: None,
    });
    cases
}

impl Case {
    /// The certificate's file without its ending: `ValidCertificatePathTest1`.
    pub fn name(&self) -> &str {
        self.cert.trim_end_matches(END_ENTITY)
    }

    /// `4.14`
    pub fn section(&self) -> String {
        format!("4.{}", self.id[1..3].trim_start_matches('0'))
    }

    pub fn is_valid_by_pkits(&self) -> bool {
        self.error.is_none()
    }

    /// `valid`, `revoked`, or the code of the fault.
    pub fn verdict(&self, folder: &Path) -> &'static str {
        match self.judge(folder) {
            Ok(()) => "valid",
            Err(code) => code,
        }
    }

    fn judge(&self, folder: &Path) -> Result<(), &'static str> {
        let certificates = self.path(folder).map_err(|error| error.code())?;
        let path = CertificationPath::check(certificates).map_err(|error| error.code())?;
        path.check_valid_at(NOW).map_err(|error| error.code())?;
        // from the root down: who is revoked cannot speak for others
        for pair in path.certificates().windows(2).rev() {
            self.check_revocation(folder, &pair[0], &pair[1])?;
        }
        Ok(())
    }

    /// The certificates from this case's to the anchor: by name and signature where they lead there, else
    /// all of them as they are listed.
    fn path(&self, folder: &Path) -> Result<Vec<Certificate>, CertificateError> {
        let certificate = |name: &str| {
            Certificate::from_der(&std::fs::read(folder.join("certs").join(name)).unwrap())
        };
        let leaf = certificate(&self.cert)?;
        let bag = self.other_certs.iter().map(|name| certificate(name));
        let bag: Vec<Certificate> = bag.collect::<Result<_, _>>()?;
        let anchor = certificate(ANCHOR)?;
        let mut path = vec![leaf.clone()];
        if leads_to(&anchor, &bag, &mut path) {
            return Ok(path);
        }
        Ok([vec![leaf], bag, vec![anchor]].concat())
    }

    fn check_revocation(
        &self,
        folder: &Path,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), &'static str> {
        let lists: Vec<CheckedCrl> = match self.lists(folder, issuer) {
            (lists, _) if !lists.is_empty() => lists,
            (_, error) => return Err(error.map_or("revocation-no-source", |e| e.code())),
        };
        let mut doubt = None;
        for point in points(certificate) {
            let told: Vec<_> =
                lists.iter().map(|list| list.status(certificate, &point, None)).collect();
            if told.iter().any(|status| matches!(status, Ok(Status::Revoked(_)))) {
                return Err("revoked");
            }
            if !told.contains(&Ok(Status::Good)) {
                doubt = doubt.or(told.into_iter().find_map(Result::err));
            }
        }
        doubt.map_or(Ok(()), |error| Err(error.code()))
    }

    /// The case's CRLs that `issuer` may have given out, and what is wrong with the others: another's
    /// signature only where nothing else is.
    fn lists(
        &self,
        folder: &Path,
        issuer: &Certificate,
    ) -> (Vec<CheckedCrl>, Option<RevocationError>) {
        let path = |name: &str| -> PathBuf { folder.join("crls").join(name) };
        let checked = |name: &str| {
            let der = std::fs::read(path(name)).unwrap();
            Crl::from_der(&der.into())?.check(issuer, NOW)
        };
        let names = || self.crls.iter().map(String::as_str).chain([ANCHOR_CRL]);
        let delta = names().find(|name| name.ends_with(DELTA_SUFFIX));
        let delta = delta.and_then(|name| checked(name).ok());
        let (mut lists, mut wrong) = (Vec::new(), Vec::new());
        for name in names().filter(|name| !name.ends_with(DELTA_SUFFIX)) {
            let whole = checked(name).and_then(|list| match &delta {
                Some(delta) => list.with_delta(delta.clone()),
                None => Ok(list),
            });
            match whole {
                Ok(list) => lists.push(list),
                Err(error) => wrong.push(error),
            }
        }
        wrong.sort_by_key(|error| matches!(error, RevocationError::Signature { .. }));
        (lists, wrong.into_iter().next())
    }
}

/// Extends `path` to `anchor`, depth first, or leaves it as it was.
fn leads_to(anchor: &Certificate, bag: &[Certificate], path: &mut Vec<Certificate>) -> bool {
    let last = path[path.len() - 1].clone();
    let issued_by = |issuer: &Certificate| {
        issuer.raw_subject() == last.raw_issuer() && last.verify_signed_by(issuer).is_ok()
    };
    if issued_by(anchor) {
        path.push(anchor.clone());
        return true;
    }
    for issuer in bag.iter().filter(|issuer| issued_by(issuer)) {
        if path.contains(issuer) {
            continue;
        }
        path.push(issuer.clone());
        if leads_to(anchor, bag, path) {
            return true;
        }
        path.pop();
    }
    false
}

/// A certificate's distribution points; without any, one that any CRL of the issuer fits. The program
/// itself keeps those with an address only, which PKITS has none of.
fn points(certificate: &Certificate) -> Vec<CrlPoint> {
    let parsed = x509_cert::certificate::CertificateInner::<x509_cert::certificate::Raw>::from_der(
        certificate.der(),
    );
    let extensions = parsed.unwrap().tbs_certificate.extensions.unwrap_or_default();
    let value = extensions.iter().find(|extension| {
        extension.extn_id == const_oid::db::rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS
    });
    let Some(value) = value else { return vec![CrlPoint::default()] };
    let points = CrlDistributionPoints::from_der(value.extn_value.as_bytes()).unwrap();
    let point = |point: x509_cert::ext::pkix::crl::dp::DistributionPoint| CrlPoint {
        urls: Vec::new(),
        other_names: match point.distribution_point {
            Some(DistributionPointName::FullName(names)) => names,
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => Vec::new(),
        },
        partial: point.reasons.is_some(),
        indirect: point.crl_issuer.is_some(),
    };
    points.0.into_iter().map(point).collect()
}
