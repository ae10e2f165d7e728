//! The entries of one certificate, found without keeping the others.

use const_oid::db::rfc5280;
use der::asn1::AnyRef;
use der::{Decode, Tag, Tagged};
use time::OffsetDateTime;

use super::CRL;
use crate::revocation::fields::{self, Extensions, Fields};
use crate::revocation::{RevocationError, RevocationReason};

/// A revoked certificate (RFC 5280, 5.1.2.6 and 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub revoked_at: OffsetDateTime,
    pub reason: Option<RevocationReason>,
    pub invalid_since: Option<OffsetDateTime>,
}

/// most entries of one certificate that are looked at; real CRLs have one
const ENTRIES: usize = 16;

/// The entries for a serial number, in the list's order. The whole list is read, so that a broken one
/// is an error whichever certificate is asked for.
pub(super) fn find(list: &[u8], serial: &[u8]) -> Result<Vec<Entry>, RevocationError> {
    let broken = |error: der::Error| RevocationError::malformed(CRL, error);
    let wanted = fields::shortest(serial);
    let mut found = Vec::new();
    let mut entries = Fields::inside(list).map_err(broken)?;
    while !entries.is_finished() {
        let raw = entries.raw().map_err(broken)?;
        let mut entry = Fields::of_sequence(raw).map_err(broken)?;
        let number: AnyRef<'_> = entry.read().map_err(broken)?;
        number.tag().assert_eq(Tag::Integer).map_err(broken)?;
        if fields::shortest(number.value()) == wanted {
            if found.len() == ENTRIES {
                let reason = format!("it has more than {ENTRIES} entries for one certificate");
                return Err(RevocationError::malformed(CRL, reason));
            }
            found.push(read(entry)?);
        }
    }
    Ok(found)
}

/// What follows the serial number.
fn read(mut entry: Fields<'_>) -> Result<Entry, RevocationError> {
    let broken = |error: der::Error| RevocationError::malformed(CRL, error);
    let revoked_at = entry.raw().and_then(fields::either_time).map_err(broken)?;
    let extensions = match entry.is_finished() {
        true => Extensions::default(),
        false => entry.raw().and_then(Extensions::read).map_err(broken)?,
    };
    entry.end().map_err(broken)?;
    let known = [rfc5280::ID_CE_CRL_REASONS, rfc5280::ID_CE_INVALIDITY_DATE];
    extensions.check_critical(CRL, &known)?;
    let reason = match extensions.value(rfc5280::ID_CE_CRL_REASONS) {
        Some(value) => Some(reason(value).map_err(broken)?),
        None => None,
    };
    let invalid_since = match extensions.value(rfc5280::ID_CE_INVALIDITY_DATE) {
        Some(value) => Some(fields::generalized_time(value).map_err(broken)?),
        None => None,
    };
    Ok(Entry { revoked_at, reason, invalid_since })
}

/// ENUMERATED of RFC 5280, 5.3.1.
pub(in crate::revocation) fn reason(value: &[u8]) -> der::Result<RevocationReason> {
    let any = AnyRef::from_der(value)?;
    any.tag().assert_eq(Tag::Enumerated)?;
    let number = match any.value() {
        [number] => RevocationReason::from_number(*number),
        _ => None,
    };
    number.ok_or_else(|| der::ErrorKind::Value { tag: Tag::Enumerated }.into())
}
