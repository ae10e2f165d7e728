//! A CRL's parts, as it has them; nothing is believed yet.

use bytes::Bytes;
use const_oid::db::rfc5280;
use der::Decode;
use time::OffsetDateTime;
use x509_cert::ext::pkix::IssuingDistributionPoint;

use super::{CRL, CheckedCrl};
use crate::revocation::fields::{self, Extensions, Fields, Signed};
use crate::revocation::{CRL_LIMIT, RevocationError};
use crate::x509::{Certificate, Name, crl_urls};

/// A parsed CRL (RFC 5280, 5.1). Its list of entries is kept as bytes: it may have millions.
#[derive(Debug, Clone)]
pub struct Crl {
    pub(super) der: Bytes,
    pub(super) signed: Signed<Bytes>,
    pub(super) issuer: Bytes,
    pub(super) this_update: OffsetDateTime,
    pub(super) next_update: Option<OffsetDateTime>,
    /// The content of revokedCertificates.
    pub(super) entries: Bytes,
    pub(super) extensions: Extensions,
    pub(super) scope: Option<IssuingDistributionPoint>,
    /// INTEGER contents.
    pub(super) number: Option<Vec<u8>>,
    pub(super) delta_base: Option<Vec<u8>>,
    pub(super) freshest: Vec<String>,
}

impl Crl {
    /// Parses exactly one DER CRL; PEM, trailing bytes and more than [`CRL_LIMIT`] bytes are refused.
    pub fn from_der(der: &Bytes) -> Result<Self, RevocationError> {
        if der.len() > CRL_LIMIT {
            let (found, limit) = (der.len(), CRL_LIMIT);
            return Err(RevocationError::TooLarge { what: CRL, found, limit });
        }
        Self::read(der).map_err(|error| RevocationError::malformed(CRL, error))
    }

    pub fn der(&self) -> &Bytes {
        &self.der
    }

    /// Where its delta CRLs are (RFC 5280, 5.2.6).
    pub fn freshest(&self) -> &[String] {
        &self.freshest
    }

    /// Signed by `issuer`, of its name, fresh at `now`, and nothing critical in it is unknown.
    pub fn check(
        self,
        issuer: &Certificate,
        now: OffsetDateTime,
    ) -> Result<CheckedCrl, RevocationError> {
        if issuer.key_usage().is_some_and(|usage| !usage.crl_sign()) {
            let reason = format!("{:?} may not sign CRLs", fields::name_of(issuer));
            return Err(RevocationError::Signature { what: CRL, reason });
        }
        self.signed.verify(CRL, issuer)?;
        self.check_issuer(issuer)?;
        // RFC 5280, 5.2
        let known = [
            rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT,
            rfc5280::ID_CE_DELTA_CRL_INDICATOR,
            rfc5280::ID_CE_CRL_NUMBER,
            rfc5280::ID_CE_FRESHEST_CRL,
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
        ];
        self.extensions.check_critical(CRL, &known)?;
        let until = fields::check_fresh(CRL, self.this_update, self.next_update, now)?;
        Ok(CheckedCrl::new(self, until))
    }

    fn check_issuer(&self, issuer: &Certificate) -> Result<(), RevocationError> {
        let same = &self.issuer[..] == issuer.raw_subject()
            // one name in other string types (RFC 5280, 7.1)
            || Name::from_der(&self.issuer).is_ok_and(|name| name == *issuer.subject());
        if same {
            return Ok(());
        }
        let reason = format!("it is not issued by {:?}", fields::name_of(issuer));
        Err(RevocationError::Scope { what: CRL, reason })
    }

    fn read(der: &Bytes) -> der::Result<Self> {
        let mut outer = Fields::of_sequence(der)?;
        let signed = Signed::read(&mut outer)?;
        outer.end()?;
        let mut tbs = Fields::of_sequence(signed.tbs)?;
        if tbs.peek() == Some(INTEGER) && tbs.read::<u8>()? != VERSION_2 {
            return Err(der::ErrorKind::Value { tag: der::Tag::Integer }.into());
        }
        if tbs.raw()? != signed.raw_algorithm {
            // RFC 5280, 5.1.1.2
            return Err(der::ErrorKind::Value { tag: der::Tag::Sequence }.into());
        }
        let issuer = tbs.raw()?;
        let this_update = fields::either_time(tbs.raw()?)?;
        let next_update = match tbs.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(fields::either_time(tbs.raw()?)?),
            _ => None,
        };
        let entries = tbs.content_if(SEQUENCE)?.unwrap_or_default();
        let extensions = match tbs.content_if(EXPLICIT_0)? {
            Some(list) => Extensions::read(list)?,
            None => Extensions::default(),
        };
        tbs.end()?;
        let integer = |oid| -> der::Result<Option<Vec<u8>>> {
            let Some(value) = extensions.value(oid) else { return Ok(None) };
            let any = der::asn1::AnyRef::from_der(value)?;
            der::Tagged::tag(&any).assert_eq(der::Tag::Integer)?;
            Ok(Some(any.value().to_vec()))
        };
        let scope = extensions.value(rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT);
        let freshest = match extensions.value(rfc5280::ID_CE_FRESHEST_CRL) {
            Some(value) => crl_urls(value).ok_or_else(|| {
                der::Error::from(der::ErrorKind::Value { tag: der::Tag::Sequence })
            })?,
            None => Vec::new(),
        };
        Ok(Self {
            der: der.clone(),
            issuer: der.slice_ref(issuer),
            this_update,
            next_update,
            entries: if entries.is_empty() { Bytes::new() } else { der.slice_ref(entries) },
            scope: scope.map(IssuingDistributionPoint::from_der).transpose()?,
            number: integer(rfc5280::ID_CE_CRL_NUMBER)?,
            delta_base: integer(rfc5280::ID_CE_DELTA_CRL_INDICATOR)?,
            freshest,
            extensions,
            signed: Signed {
                tbs: der.slice_ref(signed.tbs),
                algorithm: signed.algorithm,
                raw_algorithm: der.slice_ref(signed.raw_algorithm),
                signature: der.slice_ref(signed.signature),
            },
        })
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const EXPLICIT_0: u8 = 0xa0;
/// RFC 5280, 5.1.2.1: v2 is written as 1.
const VERSION_2: u8 = 1;
