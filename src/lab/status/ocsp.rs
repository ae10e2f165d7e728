//! OCSP as the lab reads and writes it (RFC 6960, 4.1 and 4.2).

use rcgen::SigningKey as _;
use time::OffsetDateTime;
use yasna::models::ObjectIdentifier;
use yasna::{ASN1Error, ASN1ErrorKind, BERReader, BERReaderSeq, DERWriter, Tag};

use super::AuthorityKey;

/// What a request asks, about one certificate.
pub(super) struct Question {
    /// DER of the CertID, sent back as it came.
    id: Vec<u8>,
    pub serial: Vec<u8>,
}

pub(super) enum Status {
    Good,
    Revoked(OffsetDateTime),
    Unknown,
}

impl Question {
    /// OCSPRequest → tbsRequest → requestList → the first Request → its CertID.
    pub fn read(der: &[u8]) -> Option<Self> {
        let id = yasna::parse_der(der, |reader| {
            reader.read_sequence(|reader| {
                reader.next().read_sequence(|tbs| {
                    let mut ids = tbs.next().collect_sequence_of(|request| {
                        request.read_sequence(|fields| fields.next().read_der())
                    })?;
                    ids.pop().ok_or_else(|| ASN1Error::new(ASN1ErrorKind::Invalid))
                })
            })
        })
        .ok()?;
        let serial = yasna::parse_der(&id, |reader| {
            reader.read_sequence(|fields| {
                for _ in 0..3 {
                    fields.next().read_der()?;
                }
                integer(fields.next())
            })
        });
        Some(Self { serial: serial.ok()?, id })
    }
}

/// A successful OCSPResponse, signed by the issuer itself, without certificates.
pub(super) fn answer(
    question: &Question,
    status: Status,
    (this_update, next_update): (OffsetDateTime, OffsetDateTime),
    key: &AuthorityKey,
) -> Option<Vec<u8>> {
    let certificate = Parts::read(key.certificate())?;
    let data = yasna::construct_der(|writer| {
        writer.write_sequence(|fields| {
            // byName
            let name = |writer: DERWriter<'_>| writer.write_der(&certificate.subject);
            fields.next().write_tagged(Tag::context(1), name);
            time(fields.next(), this_update);
            fields.next().write_sequence(|list| {
                list.next().write_sequence(|single| {
                    single.next().write_der(&question.id);
                    match status {
                        Status::Good => single.next().write_der(&[0x80, 0]),
                        Status::Unknown => single.next().write_der(&[0x82, 0]),
                        Status::Revoked(since) => {
                            single.next().write_tagged_implicit(Tag::context(1), |writer| {
                                writer.write_sequence(|info| {
                                    time(info.next(), since);
                                    let reason = |w: DERWriter<'_>| w.write_enum(KEY_COMPROMISE);
                                    info.next().write_tagged(Tag::context(0), reason);
                                });
                            });
                        }
                    }
                    time(single.next(), this_update);
                    single.next().write_tagged(Tag::context(0), |w| time(w, next_update));
                });
            });
        });
    });
    let signature = key.issuer().key().sign(&data).ok()?;
    let basic = yasna::construct_der(|writer| {
        writer.write_sequence(|fields| {
            fields.next().write_der(&data);
            fields.next().write_der(&certificate.algorithm);
            fields.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    });
    let kind = ObjectIdentifier::from_slice(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 1]);
    Some(yasna::construct_der(|writer| {
        writer.write_sequence(|fields| {
            fields.next().write_enum(0);
            fields.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|bytes| {
                    bytes.next().write_oid(&kind);
                    bytes.next().write_bytes(&basic);
                });
            });
        });
    }))
}

/// The content bytes of a certificate's serial number.
pub(super) fn serial_number(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(Parts::read(certificate)?.serial)
}

/// RFC 5280, 5.3.1.
const KEY_COMPROMISE: i64 = 1;

/// What the lab needs of a certificate (RFC 5280, 4.1).
struct Parts {
    serial: Vec<u8>,
    subject: Vec<u8>,
    /// Of the certificate's signature; an authority's key signs by the algorithm that signed it.
    algorithm: Vec<u8>,
}

impl Parts {
    fn read(der: &[u8]) -> Option<Self> {
        yasna::parse_der(der, |reader| {
            reader.read_sequence(|fields| {
                let (serial, subject) = fields.next().read_sequence(tbs)?;
                let algorithm = fields.next().read_der()?;
                fields.next().read_der()?;
                Ok(Self { serial, subject, algorithm })
            })
        })
        .ok()
    }
}

fn tbs(fields: &mut BERReaderSeq<'_, '_>) -> Result<(Vec<u8>, Vec<u8>), ASN1Error> {
    fields.next().read_der()?;
    let serial = integer(fields.next())?;
    for _ in 0..3 {
        fields.next().read_der()?;
    }
    let subject = fields.next().read_der()?;
    while fields.read_optional(|reader| reader.read_der())?.is_some() {}
    Ok((serial, subject))
}

/// The content of an INTEGER of fewer than 128 bytes.
fn integer(reader: BERReader<'_, '_>) -> Result<Vec<u8>, ASN1Error> {
    let der = reader.read_der()?;
    match der.as_slice() {
        [2, length, content @ ..] if usize::from(*length) == content.len() => Ok(content.to_vec()),
        _ => Err(ASN1Error::new(ASN1ErrorKind::Invalid)),
    }
}

fn time(writer: DERWriter<'_>, time: OffsetDateTime) {
    let utc = time.to_offset(time::UtcOffset::UTC);
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    writer.write_der(&[&[0x18, text.len() as u8], text.as_bytes()].concat());
}
