//! What a checked CRL, with its delta, says of one certificate.

use std::cmp::Ordering;

use time::OffsetDateTime;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

use super::entries::{self, Entry};
use super::{CRL, Crl};
use crate::revocation::fields::{compare, shortest};
use crate::revocation::{RevocationError, RevocationReason, Revoked, Status};
use crate::x509::{Certificate, CrlPoint};

/// A CRL whose issuer signed it and that was fresh when it was checked.
#[derive(Debug, Clone)]
pub struct CheckedCrl {
    crl: Crl,
    delta: Option<Crl>,
    /// Until when it is good; with a delta, the earlier end of the two.
    until: OffsetDateTime,
}

impl CheckedCrl {
    pub(super) fn new(crl: Crl, until: OffsetDateTime) -> Self {
        Self { crl, delta: None, until }
    }

    /// When it was issued; with a delta, when the base was.
    pub fn since(&self) -> OffsetDateTime {
        self.crl.this_update
    }

    pub fn until(&self) -> OffsetDateTime {
        self.until
    }

    /// Where its delta CRLs are.
    pub fn freshest(&self) -> &[String] {
        self.crl.freshest()
    }

    /// The bytes of base and delta.
    pub fn parts(&self) -> (&[u8], Option<&[u8]>) {
        (&self.crl.der, self.delta.as_ref().map(|delta| &delta.der[..]))
    }

    /// Joins a delta CRL that continues this one (RFC 5280, 5.2.4).
    pub fn with_delta(mut self, delta: CheckedCrl) -> Result<Self, RevocationError> {
        let wrong = |reason: &str| RevocationError::Delta(reason.to_owned());
        let base_number = self.crl.number.as_deref();
        let base_number = base_number.ok_or_else(|| wrong("the base has no CRL number"))?;
        let number = delta.crl.number.as_deref();
        let number = number.ok_or_else(|| wrong("the delta has no CRL number"))?;
        let starts = delta.crl.delta_base.as_deref();
        let starts = starts.ok_or_else(|| wrong("it is no delta CRL"))?;
        // an authority that publishes both at once numbers both alike
        match compare(number, base_number) {
            Some(Ordering::Greater | Ordering::Equal) => {}
            _ => return Err(wrong("it is older than the base")),
        }
        match compare(starts, base_number) {
            Some(Ordering::Less | Ordering::Equal) => {}
            _ => return Err(wrong("it starts from a later base")),
        }
        if self.crl.scope != delta.crl.scope {
            return Err(wrong("it has another scope"));
        }
        self.until = self.until.min(delta.until);
        self.delta = Some(delta.crl);
        Ok(self)
    }

    /// The certificate's status. `point` is what the certificate says of the CRL's place; an authentic
    /// signing time before an entry's invalidity date leaves the certificate good.
    ///
    /// A CRL for some reasons only can prove that a certificate is revoked, never that it is good.
    pub fn status(
        &self,
        certificate: &Certificate,
        point: &CrlPoint,
        authentic_signing_time: Option<OffsetDateTime>,
    ) -> Result<Status, RevocationError> {
        let reasons = self.check_scope(certificate, point)?;
        let serial = shortest(certificate.serial_number());
        let mut found = entries::find(&self.crl.entries, serial)?;
        if let Some(delta) = &self.delta {
            found.extend(entries::find(&delta.entries, serial)?);
        }
        match (weigh(&found, authentic_signing_time), reasons) {
            (Status::Good, Reasons::Some) => Err(scope("it covers some reasons only")),
            (status, _) => Ok(status),
        }
    }

    /// RFC 5280, 6.3.3 (b).
    fn check_scope(
        &self,
        certificate: &Certificate,
        point: &CrlPoint,
    ) -> Result<Reasons, RevocationError> {
        if self.crl.delta_base.is_some() {
            return Err(scope("it is a delta CRL, which says nothing by itself"));
        }
        if point.indirect {
            return Err(scope("the certificate asks for another issuer's CRL"));
        }
        let mut reasons = if point.partial { Reasons::Some } else { Reasons::All };
        let Some(issued) = &self.crl.scope else { return Ok(reasons) };
        if issued.indirect_crl {
            return Err(scope("it is an indirect CRL"));
        }
        if issued.only_contains_attribute_certs {
            return Err(scope("it is for attribute certificates"));
        }
        match certificate.is_ca() {
            true if issued.only_contains_user_certs => {
                return Err(scope("it is for end-entity certificates"));
            }
            false if issued.only_contains_ca_certs => {
                return Err(scope("it is for CA certificates"));
            }
            _ => {}
        }
        check_place(issued, point)?;
        if issued.only_some_reasons.is_some() {
            reasons = Reasons::Some;
        }
        Ok(reasons)
    }
}

/// Which reasons for a revocation a CRL covers.
enum Reasons {
    All,
    Some,
}

fn scope(reason: &str) -> RevocationError {
    RevocationError::Scope { what: CRL, reason: reason.to_owned() }
}

/// One of the CRL's names is one of the certificate's.
fn check_place(issued: &IssuingDistributionPoint, point: &CrlPoint) -> Result<(), RevocationError> {
    let names = match &issued.distribution_point {
        None => return Ok(()),
        Some(DistributionPointName::FullName(names)) => names,
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => {
            return Err(scope("its distribution point is relative to its issuer"));
        }
    };
    let named = names.iter().any(|name| match name {
        GeneralName::UniformResourceIdentifier(url) => {
            point.urls.iter().any(|known| known == url.as_str())
        }
        other => point.other_names.contains(other),
    });
    if named { Ok(()) } else { Err(scope("it belongs to another distribution point")) }
}

/// The entries of base and delta, in this order. A hold and its end are undone by one another; any
/// other reason stays (RFC 5280, 5.3.1). An entry whose invalidity date is after the signing does not count;
/// others of the same certificate do.
fn weigh(entries: &[Entry], authentic_signing_time: Option<OffsetDateTime>) -> Status {
    let mut held: Option<Entry> = None;
    for entry in entries {
        if let (Some(signed), Some(invalid)) = (authentic_signing_time, entry.invalid_since)
            && signed < invalid
        {
            continue;
        }
        match entry.reason {
            Some(RevocationReason::CertificateHold | RevocationReason::RemoveFromCrl) => {
                if held.is_none_or(|before| before.revoked_at <= entry.revoked_at) {
                    held = Some(*entry);
                }
            }
            reason => return Status::Revoked(Revoked { at: entry.revoked_at, reason }),
        }
    }
    match held {
        Some(Entry { revoked_at, reason: Some(RevocationReason::CertificateHold), .. }) => {
            let reason = Some(RevocationReason::CertificateHold);
            Status::Revoked(Revoked { at: revoked_at, reason })
        }
        _ => Status::Good,
    }
}
