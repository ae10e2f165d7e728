//! What a vault says of a certificate: drafts of its answers, and what they come to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use url::Url;

use super::{KeyId, policy};
use crate::azure::AzureError;
use crate::azure::error::one_line;
use crate::x509::Certificate;

/// One version of a certificate, without its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateState {
    /// With the version.
    pub id: KeyId,
    /// None while the version waits for its CA.
    pub leaf: Option<Certificate>,
    pub enabled: bool,
    /// Whether the private key can leave the vault.
    pub exportable: Option<bool>,
    /// `application/x-pem-file` or `application/x-pkcs12`.
    pub content_type: Option<String>,
    /// `RSA`, `EC-HSM` …
    pub key_type: Option<String>,
}

/// One line of a certificate's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionState {
    pub version: String,
    pub enabled: bool,
    pub created: Option<OffsetDateTime>,
    pub not_before: Option<OffsetDateTime>,
    pub not_after: Option<OffsetDateTime>,
}

/// The operation that makes a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRequest {
    pub status: Status,
    /// `Unknown`, `Self`, or the CA that the vault itself asks.
    pub issuer: String,
    /// PKCS#10 in DER.
    pub request: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    InProgress,
    Completed,
    /// Failed or cancelled: the service's own code and message.
    Failed {
        code: String,
        message: String,
    },
}

/// The policy that a certificate is made with, by this program or by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    exportable: Option<bool>,
    content_type: Option<String>,
    key_usage: Vec<String>,
    extended_key_usage: Vec<String>,
}

impl PolicyState {
    /// A sentence for each rule of certificates that sign images that this policy breaks.
    pub fn broken_rules(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.exportable != Some(false) {
            broken.push("the private key can be exported from the vault".to_owned());
        }
        if self.content_type.as_deref() != Some(policy::PEM) {
            broken.push("the content type is not PEM".to_owned());
        }
        if self.key_usage != ["digitalSignature"] {
            let found = self.key_usage.join(", ");
            broken.push(format!("the key usage is not digitalSignature alone: {found:?}"));
        }
        let usages = &self.extended_key_usage;
        if !usages.is_empty() && *usages != [policy::CODE_SIGNING] {
            let found = usages.join(", ");
            broken.push(format!("the extended key usage is not code signing alone: {found:?}"));
        }
        broken
    }
}

#[derive(serde::Deserialize)]
pub(super) struct BundleDraft {
    id: String,
    cer: Option<String>,
    #[serde(default)]
    attributes: AttributesDraft,
    #[serde(default)]
    policy: PolicyDraft,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct AttributesDraft {
    enabled: Option<bool>,
    nbf: Option<i64>,
    exp: Option<i64>,
    created: Option<i64>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct PolicyDraft {
    key_props: KeyDraft,
    secret_props: SecretDraft,
    x509_props: X509Draft,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct X509Draft {
    key_usage: Option<Vec<String>>,
    ekus: Option<Vec<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct KeyDraft {
    exportable: Option<bool>,
    kty: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SecretDraft {
    content_type: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct PendingDraft {
    status: String,
    #[serde(default)]
    issuer: IssuerDraft,
    #[serde(default)]
    csr: String,
    status_details: Option<String>,
    error: Option<ErrorDraft>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct IssuerDraft {
    name: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ErrorDraft {
    code: String,
    message: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageDraft {
    #[serde(default)]
    value: Vec<ItemDraft>,
    next_link: Option<String>,
}

#[derive(serde::Deserialize)]
struct ItemDraft {
    id: String,
    #[serde(default)]
    attributes: AttributesDraft,
}

impl BundleDraft {
    pub(super) fn validate(self, name: &KeyId) -> Result<CertificateState, AzureError> {
        let version = version(name, &self.id)?;
        let leaf = self.cer.filter(|cer| !cer.is_empty());
        let leaf = leaf.map(|cer| decoded("certificates/get", "cer", &cer)).transpose()?;
        Ok(CertificateState {
            id: name.pinned(&version),
            leaf: leaf.map(|der| Certificate::from_der(&der)).transpose()?,
            enabled: self.attributes.enabled.unwrap_or(true),
            exportable: self.policy.key_props.exportable,
            content_type: self.policy.secret_props.content_type.as_deref().map(one_line),
            key_type: self.policy.key_props.kty.as_deref().map(one_line),
        })
    }
}

impl PolicyDraft {
    pub(super) fn validate(self) -> PolicyState {
        let texts = |list: Option<Vec<String>>| -> Vec<String> {
            list.unwrap_or_default().iter().map(|text| one_line(text)).collect()
        };
        PolicyState {
            exportable: self.key_props.exportable,
            content_type: self.secret_props.content_type,
            key_usage: texts(self.x509_props.key_usage),
            extended_key_usage: texts(self.x509_props.ekus),
        }
    }
}

impl PendingDraft {
    pub(super) fn validate(self) -> Result<PendingRequest, AzureError> {
        let status = match self.status.to_ascii_lowercase().as_str() {
            "inprogress" => Status::InProgress,
            "completed" => Status::Completed,
            other => {
                let ErrorDraft { code, message } = self.error.unwrap_or_default();
                let details = self.status_details.unwrap_or_default();
                Status::Failed {
                    code: one_line(if code.is_empty() { other } else { &code }),
                    message: one_line(if message.is_empty() { &details } else { &message }),
                }
            }
        };
        Ok(PendingRequest {
            status,
            issuer: one_line(&self.issuer.name.unwrap_or_else(|| "Unknown".into())),
            request: decoded("certificates/get", "csr", &self.csr)?,
        })
    }
}

impl PageDraft {
    /// The versions, and where the next page is.
    pub(super) fn validate(
        self,
        name: &KeyId,
    ) -> Result<(Vec<VersionState>, Option<Url>), AzureError> {
        let versions = self.value.into_iter().map(|item| {
            Ok(VersionState {
                version: version(name, &item.id)?,
                enabled: item.attributes.enabled.unwrap_or(true),
                created: instant(item.attributes.created),
                not_before: instant(item.attributes.nbf),
                not_after: instant(item.attributes.exp),
            })
        });
        let next = self.next_link.filter(|link| !link.is_empty());
        Ok((
            versions.collect::<Result<_, AzureError>>()?,
            next.map(|l| next_page(name, &l)).transpose()?,
        ))
    }
}

/// A page's address must be of the same list: a token goes with the request.
fn next_page(name: &KeyId, link: &str) -> Result<Url, AzureError> {
    let list = super::client::object(name, "certificates", "/versions");
    let refused = || AzureError::Answer {
        request: "certificates/list",
        problem: format!("its next page is elsewhere, at {:?}", one_line(link)),
    };
    let url = Url::parse(link).map_err(|_| refused())?;
    let same = crate::http::same_origin(&url, &list)
        && url.path().trim_end_matches('/').eq_ignore_ascii_case(list.path())
        && url.username().is_empty()
        && url.password().is_none();
    if same { Ok(url) } else { Err(refused()) }
}

fn version(name: &KeyId, id: &str) -> Result<String, AzureError> {
    name.version_answered(id, "certificates").ok_or_else(|| AzureError::KeyMismatch {
        wanted: name.certificate_id(),
        answered: one_line(id),
    })
}

fn decoded(request: &'static str, member: &str, text: &str) -> Result<Vec<u8>, AzureError> {
    STANDARD
        .decode(text)
        .map_err(|_| AzureError::Answer { request, problem: format!("`{member}` is not base64") })
}

fn instant(seconds: Option<i64>) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds?).ok()
}
