//! A vault asked permission by permission, as `doctor` does; nothing in it is changed.

use http::StatusCode;
use url::Url;

use super::client::{API_VERSION, Call, CertificateAnswer, Vault, object};
use super::signer::{ChainSource, KeyVaultOptions};
use super::{KeyId, chain};
use crate::azure::{Audience, AzureError, Permission};
use crate::crypto::Suite;
use crate::x509::{Certificate, certificates_from_pem_or_der};

/// One certificate's key in a vault, each permission asked apart.
pub struct VaultProbe {
    vault: Vault,
    key: KeyId,
    source: ChainSource,
}

/// What `certificates/get` tells.
#[derive(Debug, Clone)]
pub struct FoundCertificate {
    pub leaf: Certificate,
    pub version: String,
    /// Whether the key may leave the vault; none where the answer has no policy.
    pub exportable: Option<bool>,
    /// Of its secret, by the policy: `application/x-pem-file`.
    pub content_type: Option<String>,
}

/// What `secrets/get` tells.
#[derive(Debug, Clone)]
pub struct FoundSecret {
    pub version: String,
    /// `application/x-pem-file`
    pub content_type: String,
    /// In the secret's order; none where it cannot be read, which opening the signer says in full.
    pub certificates: Vec<Certificate>,
}

/// Objects of each kind that are looked at: the first page, under 16 KiB.
const PAGE: usize = 25;

#[derive(serde::Deserialize)]
struct PolicyDraft {
    policy: Option<CertificatePolicy>,
}

#[derive(serde::Deserialize)]
struct CertificatePolicy {
    key_props: Option<KeyProperties>,
    secret_props: Option<SecretProperties>,
}

#[derive(serde::Deserialize)]
struct SecretProperties {
    #[serde(rename = "contentType")]
    content_type: Option<String>,
}

#[derive(serde::Deserialize)]
struct KeyProperties {
    exportable: Option<bool>,
}

#[derive(serde::Deserialize)]
struct ListingDraft {
    #[serde(default)]
    value: Vec<ItemDraft>,
}

#[derive(serde::Deserialize)]
struct ItemDraft {
    /// It is a certificate's.
    #[serde(default)]
    managed: bool,
}

impl VaultProbe {
    pub fn new(options: KeyVaultOptions) -> Self {
        let KeyVaultOptions { http, tokens, key, chain: source } = options;
        Self { vault: Vault { http, tokens, mode: source.mode() }, key, source }
    }

    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Where the chain comes from; only [`ChainSource::Secret`] needs `secrets/get`.
    pub fn source(&self) -> &ChainSource {
        &self.source
    }

    /// The certificates of `ca_certs` as far as they can be read.
    pub fn given(&self) -> Vec<Certificate> {
        match &self.source {
            ChainSource::CaCerts(bytes) => certificates_from_pem_or_der(bytes).unwrap_or_default(),
            ChainSource::Secret | ChainSource::SelfSigned => Vec::new(),
        }
    }

    pub async fn certificate(&self) -> Result<FoundCertificate, AzureError> {
        self.certificate_of(&self.key).await
    }

    /// The version that the certificate's name alone leads to.
    pub async fn latest(&self) -> Result<String, AzureError> {
        Ok(self.certificate_of(&self.key.unpinned()).await?.version)
    }

    pub async fn secret(&self) -> Result<FoundSecret, AzureError> {
        let secret = self.vault.secret(&self.key).await?;
        let version = self.key.version_answered(&secret.id, "secrets").unwrap_or_default();
        let certificates = chain::certificates(&self.key, &secret).unwrap_or_default();
        Ok(FoundSecret { version, content_type: secret.content_type, certificates })
    }

    /// Signs the hash of `message`: the signature, and the version of the key that made it. Where the
    /// suite is not known, the common ones are tried: a permission shows with any.
    pub async fn sign(
        &self,
        suite: Option<Suite>,
        message: &[u8],
    ) -> Result<(String, Vec<u8>), AzureError> {
        let tried = match suite {
            Some(suite) => vec![suite],
            None => vec![Suite::RsaPss2048, Suite::EcdsaP256, Suite::EcdsaP384],
        };
        let mut last = None;
        for suite in tried {
            let digest = suite.hash().of(message);
            match self.vault.sign_at(&self.key, suite.jws_name(), &digest).await {
                Err(error @ AzureError::Vault { status: 400, .. }) => last = Some(error),
                other => return other,
            }
        }
        Err(last.expect("a refusal of the last suite"))
    }

    /// How many of the first keys and secrets of the vault are no certificate's; none where listing
    /// them is not allowed.
    pub async fn strangers(&self) -> Result<Option<usize>, AzureError> {
        let mut strangers = 0;
        for collection in ["keys", "secrets"] {
            match self.list(collection).await? {
                Some(items) => strangers += items.iter().filter(|item| !item.managed).count(),
                None => return Ok(None),
            }
        }
        Ok(Some(strangers))
    }

    async fn certificate_of(&self, key: &KeyId) -> Result<FoundCertificate, AzureError> {
        let permission = Permission::CertificateGet;
        let unusable = |_| AzureError::Answer {
            request: permission.name(),
            problem: "it is not the documented JSON".into(),
        };
        let call = Call::get(object(key, "certificates", ""));
        let body = self.vault.ask(key, permission, &call).await?.body;
        let answer: CertificateAnswer = serde_json::from_slice(&body).map_err(unusable)?;
        let policy = serde_json::from_slice::<PolicyDraft>(&body).ok().and_then(|d| d.policy);
        let version = key.version_answered(&answer.kid, "keys").ok_or_else(|| {
            let answered = crate::azure::error::one_line(&answer.kid);
            AzureError::KeyMismatch { wanted: key.to_string(), answered }
        })?;
        let (key, secret) = policy.map_or((None, None), |p| (p.key_props, p.secret_props));
        Ok(FoundCertificate {
            leaf: Certificate::from_der(&answer.leaf()?)?,
            version,
            exportable: key.and_then(|key| key.exportable),
            content_type: secret.and_then(|secret| secret.content_type),
        })
    }

    async fn list(&self, collection: &'static str) -> Result<Option<Vec<ItemDraft>>, AzureError> {
        let host = self.key.vault();
        let token = self.vault.tokens.token(Audience::vault(host.cloud())).await?;
        let text = format!(
            "https://{}/{collection}?api-version={API_VERSION}&maxresults={PAGE}",
            host.as_str()
        );
        let url = Url::parse(&text).expect("the host of a key id is checked");
        let answer = self.vault.send("listing the vault", &Call::get(url), &token).await?;
        if answer.status != StatusCode::OK {
            return Ok(None);
        }
        Ok(serde_json::from_slice::<ListingDraft>(&answer.body).ok().map(|listing| listing.value))
    }
}
