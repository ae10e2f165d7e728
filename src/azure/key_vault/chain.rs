//! The certificates of a vault's secret, and which of them signs.

use base64::Engine as _;
use zeroize::Zeroizing;

use super::KeyId;
use super::client::SecretAnswer;
use crate::azure::error::one_line;
use crate::azure::{AzureError, pem};
use crate::x509::{BAG_LIMIT, Certificate, ChainError, order};

const PEM: &str = "application/x-pem-file";
const PFX: &str = "application/x-pkcs12";

/// The certificates of a secret, each once. A private key beside them is not decoded (PEM) or dropped at
/// once (PFX).
pub(super) fn certificates(
    key: &KeyId,
    secret: &SecretAnswer,
) -> Result<Vec<Certificate>, AzureError> {
    let found = match secret.content_type.as_str() {
        PEM => from_pem(key, secret.value.expose())?,
        PFX => from_pfx(key, secret.value.expose())?,
        other => return Err(AzureError::SecretContentType { found: one_line(other) }),
    };
    let mut certificates: Vec<Certificate> = Vec::new();
    for der in found {
        let certificate = Certificate::from_der(&der)?;
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    match certificates.len() {
        0 => Err(AzureError::NoCertificate { place: format!("the secret of {key}") }),
        found if found > BAG_LIMIT => {
            Err(ChainError::BagTooLarge { found, limit: BAG_LIMIT }.into())
        }
        _ => Ok(certificates),
    }
}

/// The signing certificate among `certificates`.
pub(super) fn leaf<'a>(
    key: &KeyId,
    certificates: &'a [Certificate],
) -> Result<&'a Certificate, AzureError> {
    crate::azure::leaf::leaf(certificates)
        .map_err(|found| AzureError::Leaf { key: key.to_string(), found })
}

/// The chain from `leaf` through `bag`, which may hold the leaf again.
pub(super) fn complete(
    leaf: &Certificate,
    bag: &[Certificate],
) -> Result<Vec<Certificate>, AzureError> {
    if bag.iter().all(|certificate| certificate == leaf) && !leaf.is_self_signed() {
        return Err(AzureError::ChainMissing);
    }
    Ok(order(leaf, bag)?)
}

fn from_pem(key: &KeyId, text: &str) -> Result<Vec<Vec<u8>>, AzureError> {
    let blocks = pem::blocks(text, |label| label == pem::CERTIFICATE);
    let blocks = blocks.ok_or_else(|| AzureError::Secret {
        key: key.to_string(),
        format: "PEM",
        problem: "a block is malformed".into(),
    })?;
    Ok(blocks.into_iter().map(|block| block.der.to_vec()).collect())
}

/// Base64 of a PFX with an empty password, as Key Vault keeps certificates by default.
fn from_pfx(key: &KeyId, text: &str) -> Result<Vec<Vec<u8>>, AzureError> {
    let failed =
        |problem: String| AzureError::Secret { key: key.to_string(), format: "PFX", problem };
    let pfx = base64::engine::general_purpose::STANDARD
        .decode(text.trim())
        .map(Zeroizing::new)
        .map_err(|_| failed("it is not base64".into()))?;
    let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&pfx, "")
        .map_err(|error| failed(error.to_string()))?;
    Ok(archive.certs.into_iter().map(|bag| bag.cert.as_der().to_vec()).collect())
}
