//! Requests read, and answers written (RFC 3161, 2.4; RFC 5652, 5; RFC 5035, 4).

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::SigningKey as _;
use time::OffsetDateTime;
use time::macros::format_description;
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag};

use super::Stamp;
use super::authority::{SERIAL, Signer};
use crate::lab::LabError;

/// What a request asks for.
pub(super) struct Question {
    hash: ObjectIdentifier,
    imprint: Vec<u8>,
    /// Big-endian, positive.
    nonce: Option<Vec<u8>>,
    certificates: bool,
}

impl Question {
    pub(super) fn over(message: &[u8]) -> Self {
        let imprint = digest(&SHA256, message).as_ref().to_vec();
        Self { hash: oid(ID_SHA256), imprint, nonce: None, certificates: true }
    }

    pub(super) fn read(request: &[u8]) -> Option<Self> {
        let read = yasna::parse_der(request, |reader| {
            reader.read_sequence(|reader| {
                let version = reader.next().read_u64()?;
                let (hash, imprint) = reader.next().read_sequence(|reader| {
                    let hash = reader.next().read_sequence(|reader| {
                        let hash = reader.next().read_oid()?;
                        reader.read_optional(|reader| reader.read_null())?;
                        Ok(hash)
                    })?;
                    Ok((hash, reader.next().read_bytes()?))
                })?;
                reader.read_optional(|reader| reader.read_oid())?;
                let nonce = reader.read_optional(|reader| reader.read_bigint_bytes())?;
                let certificates = reader.read_optional(|reader| reader.read_bool())?;
                Ok((version, hash, imprint, nonce, certificates))
            })
        });
        match read.ok()? {
            (1, hash, imprint, nonce, certificates) => Some(Self {
                hash,
                imprint,
                nonce: nonce.filter(|(_, positive)| *positive).map(|(bytes, _)| bytes),
                certificates: certificates.unwrap_or(false),
            }),
            _ => None,
        }
    }
}

/// A TimeStampResp with status granted.
pub(super) fn granted(token: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_sequence(|writer| writer.next().write_u8(0));
            writer.next().write_der(token);
        });
    })
}

/// A TimeStampResp with status rejection and the failure bit badRequest.
pub(super) fn refusal(reason: &str) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_sequence(|writer| {
                writer.next().write_u8(2);
                writer.next().write_sequence(|writer| writer.next().write_utf8_string(reason));
                writer.next().write_der(&[0x03, 0x02, 0x05, 0x20]);
            });
        });
    })
}

/// A ContentInfo of SignedData over a TSTInfo for this time, in whole seconds.
pub(super) fn token(
    question: &Question,
    stamp: Stamp,
    signer: &Signer,
    now: OffsetDateTime,
) -> Result<Vec<u8>, LabError> {
    let info = info(question, stamp, now)?;
    let mut signers = vec![signer_info(&info, signer, stamp)?];
    if stamp == Stamp::TwoSigners {
        signers.insert(0, signer_info(&info, signer, Stamp::Forged)?);
    }
    let mut certificates = Vec::new();
    if stamp == Stamp::Decoys {
        certificates.extend(signer.decoys.iter().cloned());
    }
    if question.certificates {
        certificates.push(signer.certificate.clone());
    }
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&oid(ID_SIGNED_DATA));
            writer.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_u8(3);
                    writer.next().write_set(|writer| sha256(writer.next()));
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(ID_TST_INFO));
                        writer
                            .next()
                            .write_tagged(Tag::context(0), |writer| writer.write_bytes(&info));
                    });
                    if !certificates.is_empty() {
                        writer.next().write_tagged_implicit(Tag::context(0), |writer| {
                            // in this order: the first with a name must not win
                            writer.write_sequence(|writer| {
                                for certificate in &certificates {
                                    writer.next().write_der(certificate);
                                }
                            });
                        });
                    }
                    writer.next().write_der(&set(&signers.concat()));
                });
            });
        });
    }))
}

fn info(question: &Question, stamp: Stamp, now: OffsetDateTime) -> Result<Vec<u8>, LabError> {
    let form = format_description!("[year][month][day][hour][minute][second]Z");
    let time = now.to_offset(time::UtcOffset::UTC).format(form);
    let time = time.map_err(|error| LabError::Key(error.to_string()))?;
    let mut imprint = question.imprint.clone();
    if stamp == Stamp::WrongImprint {
        imprint.iter_mut().for_each(|byte| *byte ^= 1);
    }
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(1);
            writer.next().write_oid(&oid(&[1, 3, 6, 1, 4, 1, 311, 99, 1]));
            writer.next().write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_oid(&question.hash);
                    writer.next().write_null();
                });
                writer.next().write_bytes(&imprint);
            });
            writer.next().write_u8(7);
            writer.next().write_der(&[&[0x18, time.len() as u8], time.as_bytes()].concat());
            writer.next().write_sequence(|writer| writer.next().write_u8(1));
            if let Some(nonce) = &question.nonce {
                let mut nonce = nonce.clone();
                if let (Stamp::WrongNonce, Some(last)) = (stamp, nonce.last_mut()) {
                    *last ^= 1;
                }
                writer.next().write_bigint_bytes(&nonce, true);
            }
        });
    }))
}

fn signer_info(info: &[u8], signer: &Signer, stamp: Stamp) -> Result<Vec<u8>, LabError> {
    let attributes = attributes(info, signer, stamp);
    let mut signature = signer.key.sign(&set(&attributes))?;
    if stamp == Stamp::Forged {
        signature = signer.key.sign(b"something else")?;
    }
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(1);
            writer.next().write_sequence(|writer| {
                writer.next().write_der(&signer.issuer);
                writer.next().write_bigint_bytes(&SERIAL, true);
            });
            sha256(writer.next());
            let mut implicit = set(&attributes);
            implicit[0] = 0xa0;
            writer.next().write_der(&implicit);
            writer.next().write_sequence(|writer| {
                writer.next().write_oid(&oid(ECDSA_WITH_SHA256));
            });
            writer.next().write_bytes(&signature);
        });
    }))
}

/// The signed attributes one behind the other, in the order DER wants.
fn attributes(info: &[u8], signer: &Signer, stamp: Stamp) -> Vec<u8> {
    let hash = digest(&SHA256, &signer.certificate);
    let attribute = |kind: &[u64], value: Vec<u8>| {
        yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_oid(&oid(kind));
                writer.next().write_set(|writer| writer.next().write_der(&value));
            });
        })
    };
    let named = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_bytes(hash.as_ref());
                });
            });
        });
    });
    let digest = digest(&SHA256, info);
    let mut attributes = vec![
        attribute(CONTENT_TYPE, yasna::construct_der(|writer| writer.write_oid(&oid(ID_TST_INFO)))),
        attribute(MESSAGE_DIGEST, yasna::construct_der(|w| w.write_bytes(digest.as_ref()))),
        attribute(SIGNING_CERTIFICATE_V2, named),
    ];
    if stamp == Stamp::WrongSigningTime {
        let long_ago = [&[0x17, 13], b"000101000000Z".as_slice()].concat();
        attributes.push(attribute(SIGNING_TIME, long_ago));
    }
    attributes.sort_unstable();
    attributes.concat()
}

/// A SET with this content.
fn set(content: &[u8]) -> Vec<u8> {
    let mut der = yasna::construct_der(|writer| writer.write_bytes(content));
    der[0] = 0x31;
    der
}

fn sha256(writer: DERWriter<'_>) {
    writer.write_sequence(|writer| {
        writer.next().write_oid(&oid(ID_SHA256));
        writer.next().write_null();
    });
}

fn oid(parts: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(parts)
}

const ID_SHA256: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 1];
const ID_SIGNED_DATA: &[u64] = &[1, 2, 840, 113549, 1, 7, 2];
const ID_TST_INFO: &[u64] = &[1, 2, 840, 113549, 1, 9, 16, 1, 4];
const ECDSA_WITH_SHA256: &[u64] = &[1, 2, 840, 10045, 4, 3, 2];
const CONTENT_TYPE: &[u64] = &[1, 2, 840, 113549, 1, 9, 3];
const MESSAGE_DIGEST: &[u64] = &[1, 2, 840, 113549, 1, 9, 4];
const SIGNING_TIME: &[u64] = &[1, 2, 840, 113549, 1, 9, 5];
const SIGNING_CERTIFICATE_V2: &[u64] = &[1, 2, 840, 113549, 1, 9, 16, 2, 47];
