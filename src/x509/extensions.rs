//! The extensions that the rules read: key usage, extended key usage, basic constraints.

use std::fmt;

use const_oid::db::rfc5280;
use der::Decode;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{self, KeyUsages};

use super::RevocationSources;
use super::purpose::Purpose;

/// RFC 5280, 4.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage {
    pub critical: bool,
    usages: pkix::KeyUsage,
}

impl KeyUsage {
    pub fn digital_signature(self) -> bool {
        self.usages.digital_signature()
    }
    pub fn cert_sign(self) -> bool {
        self.usages.key_cert_sign()
    }
    pub fn crl_sign(self) -> bool {
        self.usages.crl_sign()
    }
    /// No bit is set.
    pub fn is_empty(self) -> bool {
        self.usages.0.is_empty()
    }
    /// The set usages other than digitalSignature, as `"KeyEncipherment"` …
    pub fn beside_digital_signature(self) -> Vec<&'static str> {
        OTHER_USAGES
            .into_iter()
            .filter(|(flag, _)| self.usages.0.contains(*flag))
            .map(|(_, name)| name)
            .collect()
    }
}

/// RFC 5280, 4.2.1.12: the usages, in certificate order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    pub critical: bool,
    usages: Vec<Purpose>,
}

impl ExtendedKeyUsage {
    /// Each usage by name (`CodeSigning`, `ServerAuth` …), unknown ones as dotted identifiers.
    pub fn names(&self) -> Vec<String> {
        self.usages.iter().map(|usage| usage.name().to_owned()).collect()
    }
}

/// RFC 5280, 4.2.1.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    pub critical: bool,
    pub ca: bool,
    /// Number of intermediate certificates that may follow.
    pub path_length: Option<u64>,
}

/// What a certificate's extensions say, each at most once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Extensions {
    pub key_usage: Option<KeyUsage>,
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    pub basic_constraints: Option<BasicConstraints>,
    pub revocation_sources: RevocationSources,
}

impl Extensions {
    /// Errors name the extension that is malformed or stands twice.
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, String> {
        let mut seen = std::collections::HashSet::new();
        let mut read = Self::default();
        for Extension { extn_id, critical, extn_value } in extensions {
            if !seen.insert(*extn_id) {
                return Err(format!("certificate contains duplicate extension with OID {extn_id}"));
            }
            let (critical, value) = (*critical, extn_value.as_bytes());
            match *extn_id {
                rfc5280::ID_CE_KEY_USAGE => {
                    let usages = decode(value, "key usage")?;
                    read.key_usage = Some(KeyUsage { critical, usages });
                }
                rfc5280::ID_CE_EXT_KEY_USAGE => {
                    let usages = Purpose::read_all(value).map_err(|error| {
                        format!("invalid extended key usage extension: {error}")
                    })?;
                    read.extended_key_usage = Some(ExtendedKeyUsage { critical, usages });
                }
                rfc5280::ID_CE_BASIC_CONSTRAINTS => {
                    let RawBasicConstraints { ca, path_length } =
                        decode(value, "basic constraints")?;
                    read.basic_constraints = Some(BasicConstraints { critical, ca, path_length });
                }
                rfc5280::ID_PE_AUTHORITY_INFO_ACCESS => {
                    read.revocation_sources.read_access(value);
                }
                rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS => {
                    read.revocation_sources.read_points(value);
                }
                rfc5280::ID_CE_FRESHEST_CRL => read.revocation_sources.read_freshest(value),
                _ => {}
            }
        }
        Ok(read)
    }
}

impl fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(", "))
    }
}

const OTHER_USAGES: [(KeyUsages, &str); 8] = [
    (KeyUsages::NonRepudiation, "ContentCommitment"),
    (KeyUsages::KeyEncipherment, "KeyEncipherment"),
    (KeyUsages::DataEncipherment, "DataEncipherment"),
    (KeyUsages::KeyAgreement, "KeyAgreement"),
    (KeyUsages::KeyCertSign, "CertSign"),
    (KeyUsages::CRLSign, "CRLSign"),
    (KeyUsages::EncipherOnly, "EncipherOnly"),
    (KeyUsages::DecipherOnly, "DecipherOnly"),
];

/// Path lengths above 255 exist, so the crate's `u8` does not do.
#[derive(der::Sequence)]
struct RawBasicConstraints {
    #[asn1(default = "Default::default")]
    ca: bool,
    #[asn1(optional = "true")]
    path_length: Option<u64>,
}

fn decode<'a, T: Decode<'a>>(value: &'a [u8], what: &str) -> Result<T, String> {
    T::from_der(value).map_err(|error| format!("invalid {what} extension: {error}"))
}
