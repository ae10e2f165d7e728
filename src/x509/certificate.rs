//! One certificate, parsed once, with its original bytes.

use std::ops::Range;
use std::sync::Arc;

use der::{Decode, Reader, SliceReader};
use time::OffsetDateTime;
use x509_cert::certificate::{CertificateInner, Raw, Version};

use super::extensions::Extensions;
use super::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, Name, RevocationSources, SignatureAlgorithm,
};
use crate::crypto::{Digest, Suite, VerifyError};
use crate::fault::Fault;

/// An X.509 certificate. Its signature is verified over the original TBS bytes, never re-encoded ones.
/// Serial numbers of any length and sign are taken: they are in use, and nothing here rests on them.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

/// largest certificate accepted: 64 KiB; real ones are under 10 KiB.
pub const CERTIFICATE_LIMIT: usize = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("x509: malformed certificate")]
    Malformed(String),
    #[error("the certificate has {found} bytes; at most {limit} are accepted")]
    TooLarge { found: usize, limit: usize },
}

impl Fault for CertificateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "x509-certificate-malformed",
            Self::TooLarge { .. } => "x509-certificate-too-large",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Malformed(reason) => vec![reason.clone()],
            Self::TooLarge { .. } => Vec::new(),
        }
    }
}

impl Certificate {
    /// Parses exactly one DER certificate; trailing bytes are refused.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > CERTIFICATE_LIMIT {
            return Err(CertificateError::TooLarge { found: der.len(), limit: CERTIFICATE_LIMIT });
        }
        let inner = Inner::parse(der).map_err(CertificateError::Malformed)?;
        Ok(Self { inner: Arc::new(inner) })
    }
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }
    pub fn subject(&self) -> &Name {
        &self.inner.subject
    }
    pub fn issuer(&self) -> &Name {
        &self.inner.issuer
    }
    /// Raw DER of subject and issuer: chains compare these.
    pub fn raw_subject(&self) -> &[u8] {
        self.slice(&self.inner.slices.subject)
    }
    pub fn raw_issuer(&self) -> &[u8] {
        self.slice(&self.inner.slices.issuer)
    }
    /// SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        self.slice(&self.inner.slices.public_key)
    }
    pub fn not_before(&self) -> OffsetDateTime {
        self.inner.not_before
    }
    pub fn not_after(&self) -> OffsetDateTime {
        self.inner.not_after
    }
    /// basicConstraints present with cA = TRUE.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.inner.extensions.basic_constraints
    }
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.inner.extensions.key_usage
    }
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.inner.extensions.extended_key_usage.as_ref()
    }
    /// Version 3, the only one with extensions.
    pub fn is_version_3(&self) -> bool {
        self.inner.version == Version::V3
    }
    /// The algorithm of this certificate's own signature.
    pub fn signature_algorithm(&self) -> &SignatureAlgorithm {
        &self.inner.algorithm
    }
    /// Lower-case hex of SHA-256 over the DER.
    pub fn thumbprint(&self) -> String {
        Digest::sha256(self.der()).hex().to_owned()
    }
    /// The serial number's content bytes, big-endian two's complement.
    pub fn serial_number(&self) -> &[u8] {
        &self.inner.serial_number
    }
    /// The suite its key calls for (RSA 2048/3072/4096 by modulus bytes × 8, P-256/384/521); else a
    /// text such as `rsa key size 1024 bits is not supported`.
    pub fn suite(&self) -> Result<Suite, String> {
        Suite::of_public_key(self.public_key()).map_err(|error| error.to_string())
    }
    /// This certificate's signature under `issuer`'s key; SHA-1 and MD5 signatures never verify. Neither
    /// names nor the issuer's right to sign are looked at: [`super::Chain::check`] does that.
    pub fn verify_signed_by(&self, issuer: &Certificate) -> Result<(), VerifyError> {
        let tbs = self.slice(&self.inner.slices.tbs);
        self.inner.algorithm.verify(issuer.public_key(), tbs, &self.inner.signature)
    }
    /// Raw subject equals raw issuer and the own key verifies.
    pub fn is_self_signed(&self) -> bool {
        self.raw_subject() == self.raw_issuer() && self.verify_signed_by(self).is_ok()
    }
    /// Names an OCSP responder (AIA) or a CRL (distribution point).
    pub fn names_revocation_source(&self) -> bool {
        self.inner.extensions.revocation_sources.names_any()
    }
    /// Where its status can be asked.
    pub fn revocation_sources(&self) -> &RevocationSources {
        &self.inner.extensions.revocation_sources
    }
    /// The bits of its public key without the algorithm: what key hashes of OCSP are over.
    pub fn key_bits(&self) -> Vec<u8> {
        let key = spki::SubjectPublicKeyInfoOwned::from_der(self.public_key());
        key.map(|key| key.subject_public_key.raw_bytes().to_vec()).unwrap_or_default()
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.inner.der[range.clone()]
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({:?}, {} bytes)", self.subject().to_string(), self.der().len())
    }
}

impl PartialEq for Certificate {
    /// Byte equality.
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}
impl Eq for Certificate {}

struct Inner {
    der: Vec<u8>,
    slices: Slices,
    version: Version,
    serial_number: Vec<u8>,
    subject: Name,
    issuer: Name,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    extensions: Extensions,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl Inner {
    fn parse(der: &[u8]) -> Result<Self, String> {
        let text = |error: der::Error| error.to_string();
        let certificate = CertificateInner::<Raw>::from_der(der).map_err(text)?;
        let tbs = &certificate.tbs_certificate;
        let slices = Slices::find(der).map_err(text)?;
        let part = |range: &Range<usize>| &der[range.clone()];
        let signature = certificate
            .signature
            .as_bytes()
            .ok_or("the signature is not a whole number of bytes")?;
        if part(&slices.inner_algorithm) != part(&slices.outer_algorithm) {
            // RFC 5280, 4.1.1.2
            return Err("inner and outer signature algorithm identifiers don't match".into());
        }
        let extensions = tbs.extensions.as_deref().unwrap_or_default();
        if tbs.version != Version::V3 && !extensions.is_empty() {
            return Err("only certificates of version 3 have extensions".into());
        }
        Ok(Self {
            version: tbs.version,
            serial_number: tbs.serial_number.as_bytes().to_vec(),
            subject: Name::from_der(part(&slices.subject)).map_err(text)?,
            issuer: Name::from_der(part(&slices.issuer)).map_err(text)?,
            not_before: instant(tbs.validity.not_before)?,
            not_after: instant(tbs.validity.not_after)?,
            extensions: Extensions::read(extensions)?,
            algorithm: SignatureAlgorithm::read(&certificate.signature_algorithm),
            signature: signature.to_vec(),
            der: der.to_vec(),
            slices,
        })
    }
}

/// Where the parts stand whose original bytes count (RFC 5280, 4.1).
struct Slices {
    tbs: Range<usize>,
    inner_algorithm: Range<usize>,
    outer_algorithm: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    public_key: Range<usize>,
}

impl Slices {
    fn find(der: &[u8]) -> der::Result<Self> {
        let mut outer = Elements::inside(der, 0..der.len())?;
        let tbs = outer.next()?;
        let outer_algorithm = outer.next()?;
        let mut inside = Elements::inside(der, tbs.clone())?;
        let first = inside.next()?;
        if der[first.start] == EXPLICIT_VERSION {
            inside.next()?;
        }
        let inner_algorithm = inside.next()?;
        let issuer = inside.next()?;
        inside.next()?;
        let subject = inside.next()?;
        let public_key = inside.next()?;
        Ok(Self { tbs, inner_algorithm, outer_algorithm, issuer, subject, public_key })
    }
}

/// `[0]`, constructed.
const EXPLICIT_VERSION: u8 = 0xa0;

/// The elements inside one constructed element, as ranges of the whole.
struct Elements<'a> {
    reader: SliceReader<'a>,
    start: usize,
}

impl<'a> Elements<'a> {
    fn inside(der: &'a [u8], range: Range<usize>) -> der::Result<Self> {
        let mut reader = SliceReader::new(&der[range.clone()])?;
        der::Header::decode(&mut reader)?;
        Ok(Self { reader, start: range.start })
    }

    fn next(&mut self) -> der::Result<Range<usize>> {
        let before = usize::try_from(self.reader.position())?;
        let element = self.reader.tlv_bytes()?;
        let start = self.start + before;
        Ok(start..start + element.len())
    }
}

fn instant(time: x509_cert::time::Time) -> Result<OffsetDateTime, String> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs())
        .map_err(|_| "a validity time is out of range".to_owned())?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
