//! Certificate files: PEM bundles or concatenated DER.

use der::{Reader, SliceReader};

use super::{Certificate, CertificateError};

/// Reads a certificate file: when a PEM block is found every block is parsed as a certificate
/// (labels and text around ignored), else the bytes are one or more concatenated DER certificates.
/// Empty input gives an empty list.
pub fn certificates_from_pem_or_der(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let blocks = pem::parse_many(without_blank_lines(bytes))
        .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    if blocks.is_empty() {
        return concatenated(bytes);
    }
    blocks.iter().map(|block| Certificate::from_der(block.contents())).collect()
}

/// Blank lines inside a block count for nothing, but the parser would take what stands before one for
/// the block's headers. They stay where there are headers (RFC 1421, 4.4), told by their colons.
pub(super) fn without_blank_lines(bytes: &[u8]) -> Vec<u8> {
    let mut headers = false;
    let keep = |line: &&[u8]| {
        headers = !line.starts_with(b"-----BEGIN ") && (headers || line.contains(&b':'));
        headers || !line.trim_ascii().is_empty()
    };
    bytes.split_inclusive(|byte| *byte == b'\n').filter(keep).collect::<Vec<_>>().concat()
}

pub(super) fn concatenated(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let malformed = |error: der::Error| CertificateError::Malformed(error.to_string());
    let mut certificates = Vec::new();
    let mut reader = SliceReader::new(bytes).map_err(malformed)?;
    while !reader.is_finished() {
        let der = reader.tlv_bytes().map_err(malformed)?;
        certificates.push(Certificate::from_der(der)?);
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;
    use crate::x509::testing;

    #[test]
    fn pem_labels_and_text_around_do_not_matter() {
        let chain = testing::chain(3);
        let mut text = String::from("subject=CN = leaf\n\n");
        for (certificate, label) in
            chain.iter().zip(["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
        {
            text += &pem::encode(&pem::Pem::new(label, certificate.der()));
            text += "some text\n";
        }
        assert_eq!(certificates_from_pem_or_der(text.as_bytes()), Ok(chain));
    }

    #[test]
    fn blank_lines_in_a_block_do_not_matter_and_headers_may_stand_first() {
        let chain = testing::chain(2);
        let [one, other] =
            [0, 1].map(|i| pem::encode(&pem::Pem::new("CERTIFICATE", chain[i].der())));
        let other = other.replace("\r\n", "\n");
        let headed = other.replacen("-----\n", "-----\nKey: value\n\n", 1);
        for text in [
            [one.replace("\r\n", "\r\n\r\n"), other.replace('\n', "\n\n")].concat(),
            [one.replace("-----END", "\r\n-----END"), other.replace("-----END", " \n-----END")]
                .concat(),
            ["a: b\n\n", &one, "c: d\n\n", &headed].concat(),
        ] {
            assert_eq!(
                certificates_from_pem_or_der(text.as_bytes()).as_ref(),
                Ok(&chain),
                "{text}"
            );
        }
    }

    #[test]
    fn der_certificates_may_follow_each_other() {
        let chain = testing::chain(3);
        let bytes: Vec<u8> = chain.iter().flat_map(|c| c.der().to_vec()).collect();
        assert_eq!(certificates_from_pem_or_der(&bytes), Ok(chain));
        assert_eq!(certificates_from_pem_or_der(b""), Ok(Vec::new()));
    }

    #[test]
    fn a_file_with_anything_else_is_refused() {
        let one = testing::chain(2)[0].der().to_vec();
        let key = pem::encode(&pem::Pem::new("PRIVATE KEY", b"\x30\x00".to_vec()));
        let good = pem::encode(&pem::Pem::new("CERTIFICATE", one.clone()));
        for bytes in [
            b"README".to_vec(),
            [one.clone(), b"\n".to_vec()].concat(),
            one[1..].to_vec(),
            [good.clone(), key].concat().into_bytes(),
            good.replace("-----END CERTIFICATE", "-----END THING").into_bytes(),
            good.replace("MI", "!!").into_bytes(),
        ] {
            let error = certificates_from_pem_or_der(&bytes).unwrap_err();
            assert_eq!(error.code(), "x509-certificate-malformed");
        }
    }
}
