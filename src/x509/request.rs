//! A request for a certificate (RFC 2986), as a CA is given it.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use spki::AlgorithmIdentifierOwned;

use super::{Name, SignatureAlgorithm};
use crate::fault::Fault;

/// A request that its own key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationRequest {
    der: Vec<u8>,
    subject: Name,
    public_key: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("the certificate request is malformed: {0}")]
    Malformed(String),
    #[error("the certificate request is not signed by its own key")]
    Signature,
}

impl Fault for RequestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "x509-request-malformed",
            Self::Signature => "x509-request-signature",
        }
    }
}

impl CertificationRequest {
    /// Parses one DER request, and verifies its signature.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let (info, algorithm, signature) = parts(der).map_err(malformed)?;
        let (subject, public_key) = fields(info).map_err(malformed)?;
        SignatureAlgorithm::read(&algorithm)
            .verify(public_key, info, signature)
            .map_err(|_| RequestError::Signature)?;
        Ok(Self { der: der.to_vec(), subject, public_key: public_key.to_vec() })
    }

    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// One PEM block, with line feeds.
    pub fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE REQUEST", self.der.clone()), config)
    }
}

fn malformed(error: der::Error) -> RequestError {
    RequestError::Malformed(error.to_string())
}

/// CertificationRequestInfo in its original bytes, algorithm, signature.
fn parts(der: &[u8]) -> der::Result<(&[u8], AlgorithmIdentifierOwned, &[u8])> {
    let mut reader = inside(der)?;
    let info = reader.tlv_bytes()?;
    let algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
    let signature = BitStringRef::decode(&mut reader)?;
    let bytes = signature.as_bytes().ok_or_else(|| Tag::BitString.value_error())?;
    reader.finish((info, algorithm, bytes))
}

fn fields(info: &[u8]) -> der::Result<(Name, &[u8])> {
    let mut reader = inside(info)?;
    let _version = reader.tlv_bytes()?;
    let subject = Name::from_der(reader.tlv_bytes()?)?;
    Ok((subject, reader.tlv_bytes()?))
}

fn inside(der: &[u8]) -> der::Result<SliceReader<'_>> {
    let any = AnyRef::from_der(der)?;
    any.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(any.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::testing::{Key, name, tlv};

    fn request(key: &Key, signer: &Key) -> Vec<u8> {
        let info = [tlv(0x02, &[0]), name("wabbit"), key.public_key(), tlv(0xa0, &[])].concat();
        let info = tlv(0x30, &info);
        let algorithm = tlv(0x30, &tlv(0x06, crate::x509::testing::ECDSA_WITH_SHA256));
        let signature = tlv(0x03, &[&[0][..], &signer.sign(&info)].concat());
        tlv(0x30, &[info, algorithm, signature].concat())
    }

    #[test]
    fn a_request_tells_its_subject_and_key() {
        let key = Key::new();
        let der = request(&key, &key);
        let read = CertificationRequest::from_der(&der).unwrap();
        assert_eq!(read.subject().to_string(), "CN=wabbit,O=Example,ST=WA,C=US");
        assert_eq!(read.public_key(), key.public_key());
        assert!(read.pem().starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
        assert_eq!(pem::parse(read.pem()).unwrap().contents(), der);
    }

    #[test]
    fn a_request_of_another_key_or_of_no_shape_is_refused() {
        let key = Key::new();
        let foreign = CertificationRequest::from_der(&request(&key, &Key::new())).unwrap_err();
        assert_eq!(foreign.code(), "x509-request-signature");
        let der = request(&key, &key);
        for bytes in [&b""[..], b"junk", &der[..der.len() - 1], &[&der[..], &[0]].concat()] {
            let error = CertificationRequest::from_der(bytes).unwrap_err();
            assert_eq!(error.code(), "x509-request-malformed");
        }
    }
}
