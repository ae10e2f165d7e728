//! What a CA answers: certificates as PEM, DER or PKCS#7 (`.p7b`), in whatever order.

use zeroize::Zeroizing;

use super::pem::{concatenated, without_blank_lines};
use super::pkcs7::{certificates_from_pkcs7, is_content_info};
use super::{Certificate, CertificateError};

/// Reads the certificates of a file. Of PEM blocks those of certificates and of PKCS#7 count; others,
/// and text around, are ignored. Signatures on the PKCS#7 itself, which CAs leave out, mean nothing.
pub fn certificates_from_bundle(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    // a private key may stand beside the certificates
    let text = Zeroizing::new(without_blank_lines(bytes));
    let blocks = pem::parse_many(&text[..])
        .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    if blocks.is_empty() {
        return match is_content_info(bytes) {
            true => certificates_from_pkcs7(bytes),
            false => concatenated(bytes),
        };
    }
    let mut certificates = Vec::new();
    for block in blocks {
        let tag = block.tag().to_owned();
        let contents = Zeroizing::new(block.into_contents());
        match tag.as_str() {
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => {
                certificates.extend(certificates_from_pkcs7(&contents)?)
            }
            tag if tag.ends_with("CERTIFICATE") => {
                certificates.push(Certificate::from_der(&contents)?);
            }
            _ => {}
        }
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::BAG_LIMIT;
    use crate::x509::testing::{self, tlv};

    const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

    /// As `openssl crl2pkcs7 -nocrl` writes it.
    fn p7b(certificates: &[Certificate], kind: &[u8]) -> Vec<u8> {
        let all: Vec<u8> = certificates.iter().flat_map(|c| c.der().to_vec()).collect();
        let fields = [
            tlv(0x02, &[1]),
            tlv(0x31, &[]),
            tlv(0x30, &tlv(0x06, DATA)),
            tlv(0xa0, &all),
            tlv(0x31, &[]),
        ];
        let signed = tlv(0x30, &fields.concat());
        tlv(0x30, &[tlv(0x06, kind), tlv(0xa0, &signed)].concat())
    }

    fn pem(label: &str, der: &[u8]) -> String {
        pem::encode(&pem::Pem::new(label, der))
    }

    #[test]
    fn a_cas_answer_is_read_in_each_of_its_forms() {
        let chain = testing::chain(3);
        let der: Vec<u8> = chain.iter().flat_map(|c| c.der().to_vec()).collect();
        let blocks: String = chain.iter().map(|c| pem("CERTIFICATE", c.der())).collect();
        let signed = p7b(&chain, SIGNED);
        for bytes in [
            der,
            format!("subject=x\n\n{blocks}{}", pem("RSA PRIVATE KEY", b"ignored")).into_bytes(),
            pem("PKCS7", &signed).into_bytes(),
            signed,
        ] {
            assert_eq!(certificates_from_bundle(&bytes).as_ref(), Ok(&chain));
        }
        assert_eq!(certificates_from_bundle(&p7b(&[], SIGNED)), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let chain = testing::chain(2);
        let signed = p7b(&chain, SIGNED);
        let many = vec![chain[0].clone(); BAG_LIMIT + 1];
        for bytes in [
            b"<html>".to_vec(),
            signed[..signed.len() - 1].to_vec(),
            p7b(&chain, DATA),
            p7b(&many, SIGNED),
            tlv(0x30, &tlv(0x06, SIGNED)),
        ] {
            assert!(certificates_from_bundle(&bytes).is_err());
        }
    }
}
