//! An answer's parts, and the checks that make it believed (RFC 6960, 3.2 and 4.2).

use const_oid::db::{rfc5280, rfc6960};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Tag, Tagged};
use time::OffsetDateTime;

use super::single::{ResponderId, Single};
use super::{OCSP, responder};
use crate::revocation::fields::{self, Extensions, Fields, SKEW, Signed};
use crate::revocation::{OCSP_LIMIT, RevocationError, Status};
use crate::x509::Certificate;

/// A parsed successful answer; nothing is believed yet.
#[derive(Debug, Clone)]
pub struct OcspAnswer {
    signed: Signed<Vec<u8>>,
    responder: ResponderId,
    produced_at: OffsetDateTime,
    singles: Vec<Single>,
    extensions: Extensions,
    embedded: Vec<Certificate>,
}

/// most certificates one answer speaks of; we ask for one
const SINGLES: usize = 64;
/// most certificates in one answer; real ones have none or one
const CERTIFICATES: usize = 8;

impl OcspAnswer {
    /// Parses one OCSPResponse. A server's refusal is the error `revocation-ocsp-status`.
    pub fn from_der(der: &[u8]) -> Result<Self, RevocationError> {
        if der.len() > OCSP_LIMIT {
            let (found, limit) = (der.len(), OCSP_LIMIT);
            return Err(RevocationError::TooLarge { what: OCSP, found, limit });
        }
        let broken = |error: der::Error| RevocationError::malformed(OCSP, error);
        let (status, basic) = response(der).map_err(broken)?;
        match (status, basic) {
            (0, Some(basic)) => Self::read(basic).map_err(broken),
            (0, None) => Err(RevocationError::malformed(OCSP, "it has no basic response")),
            (other, _) => Err(RevocationError::OcspStatus(refusal(other))),
        }
    }

    /// The status of `certificate`, which `issuer` issued, at `now`. An authentic signing time before
    /// the invalidity date of a revocation leaves the certificate good. `Status::Unknown` is never
    /// returned: a server that does not know is the error `revocation-not-known`.
    pub fn check(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        now: OffsetDateTime,
        authentic_signing_time: Option<OffsetDateTime>,
    ) -> Result<Status, RevocationError> {
        let signer = responder::authorised(&self.responder, issuer, &self.embedded, now)?;
        self.signed.verify(OCSP, signer)?;
        self.extensions.check_critical(OCSP, &[rfc6960::ID_PKIX_OCSP_NONCE])?;
        if self.produced_at > now + SKEW {
            return Err(RevocationError::Future { what: OCSP, from: self.produced_at });
        }
        let about = self.singles.iter().filter(|single| single.is_about(certificate, issuer));
        let mut told: Vec<_> =
            about.map(|single| judge(single, now, authentic_signing_time)).collect();
        // of several that speak of it, one that revokes counts, then one in doubt
        told.sort_by_key(|status| match status {
            Ok(Status::Revoked(_)) => 0,
            Err(_) => 1,
            Ok(_) => 2,
        });
        told.into_iter().next().unwrap_or_else(|| {
            let reason = "it names other certificates or another issuer".to_owned();
            Err(RevocationError::Scope { what: OCSP, reason })
        })
    }

    fn read(basic: &[u8]) -> der::Result<Self> {
        let mut outer = Fields::of_sequence(basic)?;
        let signed = Signed::read(&mut outer)?;
        let embedded = match outer.content_if(0xa0)? {
            Some(list) => certificates(list)?,
            None => Vec::new(),
        };
        outer.end()?;
        let mut data = Fields::of_sequence(signed.tbs)?;
        if let Some(version) = data.content_if(0xa0)?
            && u8::from_der(version)? != 0
        {
            return Err(der::ErrorKind::Value { tag: Tag::Integer }.into());
        }
        let responder = ResponderId::read(&mut data)?;
        let produced_at = fields::generalized_time(data.raw()?)?;
        let mut list = Fields::of_sequence(data.raw()?)?;
        let mut singles = Vec::new();
        while !list.is_finished() {
            let single = Single::read(list.raw()?)?;
            if singles.len() == SINGLES {
                return Err(der::ErrorKind::Value { tag: Tag::Sequence }.into());
            }
            singles.push(single);
        }
        let extensions = match data.content_if(0xa1)? {
            Some(list) => Extensions::read(list)?,
            None => Extensions::default(),
        };
        data.end()?;
        let signed = Signed {
            tbs: signed.tbs.to_vec(),
            algorithm: signed.algorithm,
            raw_algorithm: signed.raw_algorithm.to_vec(),
            signature: signed.signature.to_vec(),
        };
        Ok(Self { signed, responder, produced_at, singles, extensions, embedded })
    }
}

fn judge(
    single: &Single,
    now: OffsetDateTime,
    authentic_signing_time: Option<OffsetDateTime>,
) -> Result<Status, RevocationError> {
    single.extensions.check_critical(OCSP, &[rfc5280::ID_CE_INVALIDITY_DATE])?;
    fields::check_fresh(OCSP, single.this_update, single.next_update, now)?;
    match (&single.status, authentic_signing_time, single.invalid_since) {
        (Status::Unknown, _, _) => Err(RevocationError::NotKnown),
        (Status::Revoked(_), Some(signed), Some(since)) if signed < since => Ok(Status::Good),
        (status, _, _) => Ok(status.clone()),
    }
}

/// OCSPResponse: its status, and the bytes of its BasicOCSPResponse.
fn response(der: &[u8]) -> der::Result<(u8, Option<&[u8]>)> {
    let mut outer = Fields::of_sequence(der)?;
    let status: AnyRef<'_> = outer.read()?;
    status.tag().assert_eq(Tag::Enumerated)?;
    let [status] = status.value() else {
        return Err(der::ErrorKind::Value { tag: Tag::Enumerated }.into());
    };
    let Some(wrapped) = outer.content_if(0xa0)? else {
        outer.end()?;
        return Ok((*status, None));
    };
    outer.end()?;
    let mut bytes = Fields::of_sequence(wrapped)?;
    let kind: ObjectIdentifier = bytes.read()?;
    let content: OctetStringRef<'_> = bytes.read()?;
    bytes.end()?;
    Ok((*status, (kind == rfc6960::ID_PKIX_OCSP_BASIC).then(|| content.as_bytes())))
}

fn certificates(list: &[u8]) -> der::Result<Vec<Certificate>> {
    let mut fields = Fields::of_sequence(list)?;
    let mut certificates = Vec::new();
    for _ in 0..CERTIFICATES {
        if fields.is_finished() {
            break;
        }
        // one that cannot be read signs nothing
        certificates.extend(Certificate::from_der(fields.raw()?).ok());
    }
    fields.end()?;
    Ok(certificates)
}

/// RFC 6960, 4.2.1.
fn refusal(status: u8) -> String {
    match status {
        1 => "malformedRequest".to_owned(),
        2 => "internalError".to_owned(),
        3 => "tryLater".to_owned(),
        5 => "sigRequired".to_owned(),
        6 => "unauthorized".to_owned(),
        other => format!("with the unknown status {other}"),
    }
}
