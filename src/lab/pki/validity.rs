//! From when until when a certificate is valid, read from its DER.

use time::PrimitiveDateTime;
use time::macros::format_description;
use yasna::{ASN1Error, ASN1ErrorKind, ASN1Result, BERReader, Tag};

/// Seconds since 1970: notBefore and notAfter (RFC 5280 section 4.1.2.5).
pub(in crate::lab) fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let read = yasna::parse_der(certificate, |reader| {
        reader.read_sequence(|reader| {
            let validity = reader.next().read_sequence(|reader| {
                reader.next().read_tagged(Tag::context(0), |reader| reader.read_der())?;
                for _serial_algorithm_issuer in 0..3 {
                    reader.next().read_der()?;
                }
                let validity = reader
                    .next()
                    .read_sequence(|reader| Ok((instant(reader.next())?, instant(reader.next())?)));
                while reader.read_optional(|reader| reader.read_der())?.is_some() {}
                validity
            });
            reader.next().read_der()?;
            reader.next().read_der()?;
            validity
        })
    });
    read.ok()
}

fn instant(reader: BERReader<'_, '_>) -> ASN1Result<i64> {
    let invalid = || ASN1Error::new(ASN1ErrorKind::Invalid);
    let value = reader.read_tagged_der()?;
    let text = String::from_utf8(value.value().to_vec()).map_err(|_| invalid())?;
    let text = match text.len() {
        // UTCTime: years 1950 to 2049
        13 if &text[..2] < "50" => format!("20{text}"),
        13 => format!("19{text}"),
        _ => text,
    };
    let form = format_description!("[year][month][day][hour][minute][second]Z");
    let at = PrimitiveDateTime::parse(&text, form).map_err(|_| invalid())?;
    Ok(at.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::lab::pki::{IssueRequest, Pki};

    #[test]
    fn both_ends_are_read() {
        let now = datetime!(2030-01-01 00:00 UTC);
        let issued = Pki::default().issue(&IssueRequest::named("a"), now).unwrap();
        let ends = (issued.not_before.unix_timestamp(), issued.not_after.unix_timestamp());
        assert_eq!(validity(&issued.chain[0]), Some(ends));
        assert_eq!(validity(b"junk"), None);
    }
}
