//! The public part of a vault's certificate: what everybody may see, read to be trusted.

use std::sync::Arc;

use super::KeyId;
use super::client::Vault;
use super::signer::from_certificate;
use crate::azure::{AzureError, ChainMode, TokenSource};
use crate::http::Http;
use crate::x509::Certificate;

/// A certificate at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicCertificate {
    /// The vault's host, name and version: `https://<vault>/keys/<name>/<version>` names the same.
    pub id: KeyId,
    pub certificate: Certificate,
}

/// Reads one certificate (`certificates/get`). The secret, which may hold a private key beside the
/// chain, is never asked for: one request, one permission.
pub async fn public_certificate(
    http: Http,
    tokens: Arc<dyn TokenSource>,
    id: &KeyId,
) -> Result<PublicCertificate, AzureError> {
    let vault = Vault { http, tokens, mode: ChainMode::Public };
    let (id, certificate, _) = from_certificate(&vault, id).await?;
    Ok(PublicCertificate { id, certificate })
}
