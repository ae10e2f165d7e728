//! The servers a certificate names for its own status: OCSP responders and CRLs.

use const_oid::db::rfc5280;
use der::Decode;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};

/// Addresses as the certificate writes them, in its order; whoever asks them judges them first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevocationSources {
    /// OCSP responders (RFC 5280, 4.2.2.1).
    pub ocsp: Vec<String>,
    /// CRL distribution points with an address (RFC 5280, 4.2.1.13).
    pub crl: Vec<CrlPoint>,
    /// Delta CRLs (RFC 5280, 4.2.1.15).
    pub freshest_crl: Vec<String>,
    /// Which extension names sources that cannot be read.
    pub unreadable: Option<&'static str>,
}

/// One distribution point. Its addresses are ways to one and the same CRL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CrlPoint {
    pub urls: Vec<String>,
    /// Its names that are no address, such as a directory's; the CRL may bear one of them.
    pub other_names: Vec<GeneralName>,
    /// Its CRL covers some reasons for a revocation and not others.
    pub partial: bool,
    /// Its CRL is signed by another than the certificate's issuer.
    pub indirect: bool,
}

impl RevocationSources {
    /// What cannot be read counts as named, so that it is not passed over.
    pub fn names_any(&self) -> bool {
        !self.ocsp.is_empty() || !self.crl.is_empty() || self.unreadable.is_some()
    }

    pub(super) fn read_access(&mut self, value: &[u8]) {
        let Ok(access) = AuthorityInfoAccessSyntax::from_der(value) else {
            self.unreadable = Some("authority information access");
            return;
        };
        let responders = access.0.iter().filter(|d| d.access_method == rfc5280::ID_AD_OCSP);
        self.ocsp = responders.filter_map(|d| url(&d.access_location)).collect();
    }

    pub(super) fn read_points(&mut self, value: &[u8]) {
        match points(value) {
            Some(points) => self.crl = points,
            None => self.unreadable = Some("CRL distribution points"),
        }
    }

    pub(super) fn read_freshest(&mut self, value: &[u8]) {
        match crl_urls(value) {
            Some(urls) => self.freshest_crl = urls,
            None => self.unreadable = Some("freshest CRL"),
        }
    }
}

/// The addresses of a CRLDistributionPoints value; none where it cannot be read.
pub(crate) fn crl_urls(value: &[u8]) -> Option<Vec<String>> {
    Some(points(value)?.into_iter().flat_map(|point| point.urls).collect())
}

fn points(value: &[u8]) -> Option<Vec<CrlPoint>> {
    let points = CrlDistributionPoints::from_der(value).ok()?;
    Some(points.0.iter().map(point).filter(|point| !point.urls.is_empty()).collect())
}

/// most names kept of a point beside its addresses; real ones have one
const OTHER_NAMES: usize = 16;

fn point(point: &DistributionPoint) -> CrlPoint {
    let names = match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => &[],
    };
    CrlPoint {
        urls: names.iter().filter_map(url).collect(),
        other_names: names
            .iter()
            .filter(|name| url(name).is_none())
            .take(OTHER_NAMES)
            .cloned()
            .collect(),
        partial: point.reasons.is_some(),
        indirect: point.crl_issuer.is_some(),
    }
}

fn url(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(text) => Some(text.to_string()),
        _ => None,
    }
}
