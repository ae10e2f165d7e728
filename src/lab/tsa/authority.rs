//! The certificates of the time-stamping authority: a root, and one signer for each way to be.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::Stamp;
use crate::lab::LabError;
use crate::lab::pki::subject;

/// A key, its certificate, and how both are named in a token.
pub(super) struct Signer {
    pub key: KeyPair,
    /// DER.
    pub certificate: Vec<u8>,
    /// DER of the issuer's Name.
    pub issuer: Vec<u8>,
    /// Other certificates with the same issuer and serial number.
    pub decoys: Vec<Vec<u8>>,
}

pub(super) struct Authorities {
    /// DER of the root.
    pub root: Vec<u8>,
    plain: Signer,
    wrong: Signer,
    expired: Signer,
    names_crl: Signer,
    stranger: Signer,
}

/// Content bytes of every signer's serial number.
pub(super) const SERIAL: [u8; 4] = [0x54, 0x53, 0x41, 0x01];
const ROOT: &str = "CN=Lab Timestamp Root,O=Sealwright Lab,ST=WA,C=US";
const LEAF: &str = "CN=Lab Timestamp Authority,O=Sealwright Lab,ST=WA,C=US";
/// How long before the lab's now certificates begin.
const BEFORE: Duration = Duration::days(3650);

impl Authorities {
    /// Valid until `end`.
    pub(super) fn new(now: OffsetDateTime, end: OffsetDateTime) -> Result<Self, LabError> {
        let (root_der, issuer) = root(now, end)?;
        let (_, other) = root(now, end)?;
        let stamping = [TIME_STAMPING].concat();
        let leaf = |end: OffsetDateTime, usages: &[u8], crl: Option<&str>| {
            signer(&issuer, now - BEFORE, end, usages, crl)
        };
        let mut plain = leaf(end, &stamping, None)?;
        plain.decoys = vec![
            signer(&other, now - BEFORE, end, &stamping, None)?.certificate,
            leaf(end, &stamping, None)?.certificate,
        ];
        Ok(Self {
            plain,
            wrong: leaf(end, &[TIME_STAMPING, CODE_SIGNING].concat(), None)?,
            expired: leaf(now - Duration::DAY, &stamping, None)?,
            names_crl: leaf(end, &stamping, Some("http://127.0.0.1:1/tsa.crl"))?,
            stranger: signer(&other, now - BEFORE, end, &stamping, None)?,
            root: root_der,
        })
    }

    pub(super) fn signer(&self, stamp: Stamp) -> &Signer {
        match stamp {
            Stamp::WrongCertificate => &self.wrong,
            Stamp::Expired => &self.expired,
            Stamp::NamesCrl => &self.names_crl,
            Stamp::Stranger => &self.stranger,
            _ => &self.plain,
        }
    }
}

fn root(
    now: OffsetDateTime,
    end: OffsetDateTime,
) -> Result<(Vec<u8>, Issuer<'static, KeyPair>), LabError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = params(ROOT, now - BEFORE, end)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let der = params.self_signed(&key)?.der().to_vec();
    Ok((der, Issuer::new(params, key)))
}

fn signer(
    issuer: &Issuer<'static, KeyPair>,
    starts: OffsetDateTime,
    ends: OffsetDateTime,
    usages: &[u8],
    crl: Option<&str>,
) -> Result<Signer, LabError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = params(LEAF, starts, ends)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions.push(extended_key_usage(usages));
    params.serial_number = Some(SerialNumber::from_slice(&SERIAL));
    if let Some(url) = crl {
        let point = rcgen::CrlDistributionPoint { uris: vec![url.to_owned()] };
        params.crl_distribution_points = vec![point];
    }
    let certificate = params.signed_by(&key, issuer)?.der().to_vec();
    Ok(Signer { issuer: issuer_name(&certificate)?, key, certificate, decoys: Vec::new() })
}

fn params(
    name: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(name)?;
    params.not_before = not_before;
    params.not_after = not_after;
    Ok(params)
}

/// rcgen writes the extension without the critical mark that RFC 3161, 2.3 asks for.
fn extended_key_usage(usages: &[u8]) -> CustomExtension {
    let der = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            for usage in usages.chunks(TIME_STAMPING.len()) {
                writer.next().write_der(usage);
            }
        });
    });
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], der);
    extension.set_criticality(true);
    extension
}

/// The issuer as the certificate has it (RFC 5280, 4.1).
fn issuer_name(certificate: &[u8]) -> Result<Vec<u8>, LabError> {
    yasna::parse_der(certificate, |reader| {
        reader.read_sequence(|reader| {
            let issuer = reader.next().read_sequence(|reader| {
                reader.next().read_tagged(yasna::Tag::context(0), |reader| reader.read_der())?;
                reader.next().read_der()?;
                reader.next().read_der()?;
                let issuer = reader.next().read_der()?;
                while reader.read_optional(|reader| reader.read_der())?.is_some() {}
                Ok(issuer)
            })?;
            reader.next().read_der()?;
            reader.next().read_der()?;
            Ok(issuer)
        })
    })
    .map_err(|error| LabError::Key(error.to_string()))
}

/// id-kp-timeStamping and id-kp-codeSigning, as DER of one length.
const TIME_STAMPING: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
const CODE_SIGNING: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3];
