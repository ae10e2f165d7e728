//! Certificates in a PKCS#7 file, `.p7b`: SignedData that nobody signed (RFC 5652, 5.1).

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::{BAG_LIMIT, Certificate, CertificateError};

/// Reads the certificates of a SignedData in DER, in the order they stand there. Signatures, CRLs and
/// content are not looked at: the certificates prove themselves.
pub fn certificates_from_pkcs7(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let found = certificate_set(bytes).map_err(|error| {
        CertificateError::Malformed(format!("it cannot be read as PKCS#7: {error}"))
    })?;
    if found.len() > BAG_LIMIT {
        return Err(CertificateError::Malformed(format!(
            "the PKCS#7 holds {} certificates; at most {BAG_LIMIT} are read",
            found.len()
        )));
    }
    found.into_iter().map(Certificate::from_der).collect()
}

/// A sequence that begins with an object identifier, which no certificate does.
pub(super) fn is_content_info(bytes: &[u8]) -> bool {
    let reader = AnyRef::from_der(bytes).and_then(|any| inside(any, Tag::Sequence));
    reader.is_ok_and(|mut reader| {
        reader.peek_tag() == Ok(Tag::ObjectIdentifier) && reader.tlv_bytes().is_ok()
    })
}

fn certificate_set(bytes: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut outer = inside(AnyRef::from_der(bytes)?, Tag::Sequence)?;
    if ObjectIdentifier::decode(&mut outer)? != SIGNED_DATA {
        return Err(Tag::ObjectIdentifier.value_error());
    }
    let explicit = AnyRef::decode(&mut outer)?;
    outer.finish(())?;
    let mut data = inside(AnyRef::from_der(explicit.value())?, Tag::Sequence)?;
    AnyRef::decode(&mut data)?.tag().assert_eq(Tag::Integer)?;
    AnyRef::decode(&mut data)?.tag().assert_eq(Tag::Set)?;
    AnyRef::decode(&mut data)?.tag().assert_eq(Tag::Sequence)?;
    let mut found = Vec::new();
    if let Tag::ContextSpecific { number, .. } = data.peek_tag()?
        && number == TagNumber::new(0)
    {
        let mut set = SliceReader::new(AnyRef::decode(&mut data)?.value())?;
        while !set.is_finished() {
            found.push(set.tlv_bytes()?);
        }
    }
    Ok(found)
}

fn inside(any: AnyRef<'_>, tag: Tag) -> der::Result<SliceReader<'_>> {
    any.tag().assert_eq(tag)?;
    SliceReader::new(any.value())
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::testing;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header: &[u8] = match content.len() {
            0..=0x7f => &[tag, length[1]],
            0x80..=0xff => &[tag, 0x81, length[1]],
            _ => &[tag, 0x82, length[0], length[1]],
        };
        [header, content].concat()
    }

    fn file(certificates: &[Certificate], kind: &[u8]) -> Vec<u8> {
        let set: Vec<u8> = certificates.iter().flat_map(|c| c.der().to_vec()).collect();
        let data = tlv(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
        let content =
            [tlv(0x02, &[1]), tlv(0x31, &[]), tlv(0x30, &data), tlv(0xa0, &set), tlv(0x31, &[])]
                .concat();
        tlv(0x30, &[tlv(0x06, kind), tlv(0xa0, &tlv(0x30, &content))].concat())
    }

    const KIND: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

    #[test]
    fn the_certificates_come_as_they_stand() {
        let chain = testing::chain(3);
        assert_eq!(certificates_from_pkcs7(&file(&chain, &KIND)), Ok(chain));
        assert_eq!(certificates_from_pkcs7(&file(&[], &KIND)), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_signed_data_is_refused() {
        let chain = testing::chain(2);
        let good = file(&chain, &KIND);
        let mut data = KIND;
        data[8] = 1;
        for bytes in [
            &[][..],
            b"MII",
            chain[0].der(),
            &good[..good.len() - 1],
            &[good.clone(), vec![0]].concat(),
            &file(&chain, &data),
        ] {
            assert!(certificates_from_pkcs7(bytes).is_err());
        }
        // every truncation and every flipped byte is an error or other certificates, never a panic
        for at in 0..good.len().min(80) {
            let mut flipped = good.clone();
            flipped[at] ^= 0x5a;
            let _ = certificates_from_pkcs7(&flipped);
        }
    }
}
