//! The certificates that the service sends, from bag to checked chain.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ArtifactSigningError, CertificateProfile};
use crate::azure::leaf;
use crate::crypto::Suite;
use crate::x509::{
    BAG_LIMIT, Certificate, CertificateError, Chain, ChainError, certificates_from_pem_or_der,
    certificates_from_pkcs7, order,
};

/// The certificates of an answer: PKCS#7, PEM or single certificates, in DER or in base64 of these, as
/// often as the service wraps it. No more than twice was seen.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    const WRAPPINGS: usize = 2;
    let mut bytes = bytes.trim_ascii().to_vec();
    for _ in 0..WRAPPINGS {
        if bytes.starts_with(b"-----") || bytes.first() == Some(&DER_SEQUENCE) {
            break;
        }
        bytes.retain(|byte| !byte.is_ascii_whitespace() && *byte != b'"');
        bytes = STANDARD
            .decode(&bytes)
            .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    }
    certificates_from_pkcs7(&bytes).or_else(|refused| {
        let found = certificates_from_pem_or_der(&bytes).map_err(|_| refused.clone())?;
        if found.is_empty() { Err(refused) } else { Ok(found) }
    })
}

/// First byte of PKCS#7 and of a certificate; `0` begins no base64 of either.
const DER_SEQUENCE: u8 = 0x30;

/// The chain in `bag` from its signing certificate to a root; `known` are further issuers, looked at
/// where the bag does not reach one.
pub(super) fn chain(
    profile: &CertificateProfile,
    bag: &[Certificate],
    known: &[Certificate],
) -> Result<Chain, ArtifactSigningError> {
    let broken = |source| ArtifactSigningError::Chain { profile: profile.to_string(), source };
    if bag.len() > BAG_LIMIT {
        return Err(broken(ChainError::BagTooLarge { found: bag.len(), limit: BAG_LIMIT }));
    }
    let leaf = leaf::leaf(bag)
        .map_err(|found| ArtifactSigningError::Leaf { profile: profile.to_string(), found })?;
    let ordered = order(leaf, bag).or_else(|alone| match alone {
        ChainError::IssuerNotFound { .. } if !known.is_empty() => {
            order(leaf, &[bag, known].concat()).map_err(|_| alone)
        }
        _ => Err(alone),
    });
    let chain = ordered.and_then(Chain::check).map_err(broken)?;
    match chain.suite() {
        Suite::RsaPss3072 => Ok(chain),
        other => Err(ArtifactSigningError::Key {
            subject: chain.leaf().subject().to_string(),
            found: other.plugin_name(),
        }),
    }
}
