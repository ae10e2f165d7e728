//! Making certificates in the vault: create, merge, import, and their versions
//! (Azure Key Vault REST API reference, "Certificates").

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::Duration;

use super::access::Permission;
use super::pending::{Operation, Signer, Status};
use super::store::{ChainInVault, Content, Export, Version};
use super::{Vault, error, ok};
use crate::lab::LabError;
use crate::lab::message::{Answer, Ask};
use crate::lab::pki::{Chain, IssueRequest, KeySpec, LabKey, Validity, subject, validity};

/// How many versions one page lists: the service's own, so that a test meets a second page.
const PAGE: usize = 25;

#[derive(Deserialize)]
struct CreateDraft {
    policy: PolicyDraft,
}

#[derive(Deserialize)]
struct MergeDraft {
    x5c: Vec<String>,
}

#[derive(Deserialize)]
struct ImportDraft {
    value: String,
    policy: PolicyDraft,
}

#[derive(Deserialize)]
struct PolicyDraft {
    key_props: KeyDraft,
    secret_props: SecretDraft,
    #[serde(default)]
    x509_props: X509Draft,
    #[serde(default)]
    issuer: IssuerDraft,
}

#[derive(Deserialize)]
struct KeyDraft {
    kty: String,
    key_size: Option<u16>,
    crv: Option<String>,
    /// The service's own default.
    #[serde(default = "yes")]
    exportable: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretDraft {
    content_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct X509Draft {
    subject: String,
    ekus: Vec<String>,
    key_usage: Vec<String>,
    validity_months: Option<u16>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IssuerDraft {
    name: Option<String>,
}

impl Vault {
    /// Everything below a certificate's name but its versions themselves. `last` is the path's end.
    pub(super) fn managed(
        &self,
        ask: &Ask,
        name: &str,
        action: &str,
        last: &str,
        check: impl Fn(Permission, &str) -> Result<(), Answer>,
    ) -> Result<Answer, Answer> {
        match (&ask.method, action, last) {
            (&Method::POST, "create", "create") => {
                check(Permission::CertificateCreate, name)?;
                self.create(name, draft(ask)?)
            }
            (&Method::POST, "import", "import") => {
                check(Permission::CertificateImport, name)?;
                self.import(name, draft(ask)?)
            }
            (&Method::POST, "pending", "merge") => {
                check(Permission::CertificateCreate, name)?;
                self.merge(name, draft(ask)?)
            }
            (&Method::GET, "pending", "pending") => {
                check(Permission::CertificateGet, name)?;
                let (operation, status) =
                    self.pending.find(name).ok_or_else(|| not_pending(name))?;
                // what the vault signs itself is ready at the first look
                if status == Status::InProgress && operation.signer != Signer::Unknown {
                    self.sign_itself(&operation)?;
                }
                Ok(ok(&operation.to_json(&self.host, status)))
            }
            (&Method::GET, "policy", "policy") => {
                check(Permission::CertificateGet, name)?;
                match self.pending.in_progress(name) {
                    Some(operation) => Ok(ok(&operation.policy())),
                    None => {
                        let version = self.version("Certificate", name, None)?;
                        Ok(ok(&self.certificate(name, &version)["policy"]))
                    }
                }
            }
            (&Method::DELETE, "pending", "pending") => {
                check(Permission::CertificateUpdate, name)?;
                let removed = self.pending.remove(name);
                let (operation, status) = removed.ok_or_else(|| not_pending(name))?;
                Ok(ok(&operation.to_json(&self.host, status)))
            }
            (&Method::GET, "versions", "versions") => {
                check(Permission::CertificateList, name)?;
                Ok(ok(&self.listed(name, ask.query("$skiptoken"))))
            }
            _ => Err(Answer::empty(StatusCode::NOT_FOUND)),
        }
    }

    /// What a name that has no version yet is answered while one waits.
    pub(super) fn waiting(&self, name: &str, version: Option<&str>) -> Option<Answer> {
        let waits = version.is_none() && self.certificates.versions(name).is_empty();
        self.pending.in_progress(name).filter(|_| waits)?;
        let id = |kind: &str| format!("https://{}/{kind}/{name}/{}", self.host, "0".repeat(32));
        Some(ok(&json!({
            "id": id("certificates"), "kid": id("keys"), "sid": id("secrets"),
            "attributes": { "enabled": false },
            "pending": { "id": format!("https://{}/certificates/{name}/pending", self.host) },
        })))
    }

    fn create(&self, name: &str, draft: CreateDraft) -> Result<Answer, Answer> {
        self.free(name)?;
        let PolicyDraft { key_props, secret_props, x509_props, issuer } = draft.policy;
        let signer = match issuer.name.as_deref() {
            None | Some("Unknown") => Signer::Unknown,
            Some("Self") => Signer::Itself { months: x509_props.validity_months.unwrap_or(12) },
            Some(other) => {
                let message = format!("Issuer '{other}' was not found in this key vault.");
                return Err(error(StatusCode::NOT_FOUND, "CertificateIssuerNotFound", &message));
            }
        };
        let key = self.pki.key(key_props.spec()?).map_err(|error| bad(&error))?;
        let request = x509_props.request(&key).map_err(|error| bad(&error))?;
        let operation = self.pending.begin(Operation {
            name: name.to_owned(),
            subject: x509_props.subject,
            key,
            export: key_props.export(),
            content: secret_props.content()?,
            signer,
            key_usage: x509_props.key_usage,
            ekus: x509_props.ekus,
            request,
        });
        let body = operation.to_json(&self.host, Status::InProgress);
        let place = format!("https://{}/certificates/{name}/pending", self.host);
        Ok(Answer::json(StatusCode::ACCEPTED, &body).with("location", place))
    }

    fn sign_itself(&self, operation: &Arc<Operation>) -> Result<(), Answer> {
        let Signer::Itself { months } = operation.signer else { return Ok(()) };
        let wanted = IssueRequest {
            subject: operation.subject.clone(),
            chain: Chain::SelfSigned,
            validity: Validity {
                starts: -Duration::minutes(10),
                ends: Duration::days(30) * i32::from(months),
            },
            ..IssueRequest::named(&operation.name)
        };
        let issued = self.pki.issue_for(operation.key.clone(), &wanted, self.clock.now());
        let issued = issued.map_err(|error| bad(&error))?;
        self.store(operation, "Self", &issued.chain)?;
        self.pending.complete(&operation.name);
        Ok(())
    }

    fn merge(&self, name: &str, draft: MergeDraft) -> Result<Answer, Answer> {
        let operation = self.pending.in_progress(name).ok_or_else(|| not_pending(name))?;
        if operation.signer != Signer::Unknown {
            let message = "Merge is forbidden on pending object created with issuer : Self while \
                           it is in progess.";
            return Err(error(StatusCode::FORBIDDEN, "Forbidden", message));
        }
        let decoded: Result<Vec<_>, _> = draft.x5c.iter().map(|c| STANDARD.decode(c)).collect();
        let chain = decoded.map_err(|_| refused("Property x5c has invalid value"))?;
        self.fits(&operation.key, chain.first())?;
        let version = self.store(&operation, "Unknown", &chain)?;
        self.pending.complete(name);
        Ok(Answer::json(StatusCode::CREATED, &self.certificate(name, &version)))
    }

    fn import(&self, name: &str, draft: ImportDraft) -> Result<Answer, Answer> {
        self.free(name)?;
        let PolicyDraft { key_props, secret_props, .. } = draft.policy;
        if secret_props.content()? != ChainInVault::Pem {
            return Err(refused("The lab imports PEM alone."));
        }
        let key = PrivatePkcs8KeyDer::from_pem_slice(draft.value.as_bytes())
            .map_err(|_| refused("Private key is not specified in the specified X.509 PEM certificate content. Please specify private key in the X.509 PEM certificate content."))?;
        let key = LabKey::from_pkcs8(key_props.spec()?, key.secret_pkcs8_der());
        let key = Arc::new(key.map_err(|error| bad(&error))?);
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(draft.value.as_bytes()).collect();
        let certificates = certificates.map_err(|_| {
            refused("The specified PEM X.509 certificate content is in an unexpected format.")
        })?;
        let chain: Vec<Vec<u8>> = certificates.iter().map(|der| der.to_vec()).collect();
        self.fits(&key, chain.first())?;
        let operation = Operation {
            name: name.to_owned(),
            subject: String::new(),
            key,
            export: key_props.export(),
            content: ChainInVault::Pem,
            signer: Signer::Unknown,
            key_usage: Vec::new(),
            ekus: Vec::new(),
            request: Vec::new(),
        };
        let version = self.store(&operation, "Unknown", &chain)?;
        Ok(ok(&self.certificate(name, &version)))
    }

    fn listed(&self, name: &str, after: Option<&str>) -> Value {
        let versions = self.certificates.versions(name);
        let start = after.and_then(|text| text.parse().ok()).unwrap_or(0);
        let page = versions.iter().skip(start).take(PAGE).map(|version| {
            let attributes = version.attributes(self.certificates.is_enabled(version));
            json!({ "id": self.id("certificates", name, version), "attributes": attributes })
        });
        let next = (versions.len() > start + PAGE).then(|| {
            let place = format!("https://{}/certificates/{name}/versions", self.host);
            format!("{place}?api-version=7.4&$skiptoken={}", start + PAGE)
        });
        json!({ "value": page.collect::<Vec<_>>(), "nextLink": next })
    }

    /// No deleted certificate and no request that waits has the name.
    fn free(&self, name: &str) -> Result<(), Answer> {
        if self.certificates.is_deleted(name) {
            let message = format!(
                "Certificate {name} is currently in a deleted but recoverable state, and its name \
                 cannot be reused; in this state, the certificate can only be recovered or purged."
            );
            let inner = json!({ "code": "ObjectIsDeletedButRecoverable" });
            let error = json!({ "code": "Conflict", "message": message, "innererror": inner });
            return Err(Answer::json(StatusCode::CONFLICT, &json!({ "error": error })));
        }
        match self.pending.in_progress(name) {
            None => Ok(()),
            Some(_) => Err(error(
                StatusCode::CONFLICT,
                "Forbidden",
                "A new key vault certificate can not be created or imported while a pending key \
                 vault certificate's status is inProgress.",
            )),
        }
    }

    /// The leaf holds the key's public part.
    fn fits(&self, key: &LabKey, leaf: Option<&Vec<u8>>) -> Result<(), Answer> {
        let public = key.public_key_der();
        let fits = leaf.is_some_and(|leaf| leaf.windows(public.len()).any(|part| part == public));
        fits.then_some(()).ok_or_else(|| {
            refused(
                "The public key of the end-entity certificate in the specified X.509 certificate \
                 content does not match the public part of the specified private key. Please check \
                 if certificate is valid.",
            )
        })
    }

    fn store(
        &self,
        operation: &Operation,
        issuer: &'static str,
        chain: &[Vec<u8>],
    ) -> Result<Arc<Version>, Answer> {
        let leaf = chain.first().map(Vec::as_slice).unwrap_or_default();
        let (not_before, not_after) =
            validity(leaf).ok_or_else(|| refused("The certificate is malformed."))?;
        let version = Version::of(Content {
            subject: operation.subject.clone(),
            issuer,
            key: operation.key.clone(),
            export: operation.export,
            form: operation.content,
            certificates: chain.iter().map(Vec::as_slice).collect(),
            leaf: leaf.to_vec(),
            not_before,
            not_after,
        });
        let version = version.map_err(|error| bad(&error))?;
        let id = version.id.clone();
        self.certificates.add(&operation.name, version);
        self.version("Certificate", &operation.name, Some(&id))
    }
}

impl KeyDraft {
    fn spec(&self) -> Result<KeySpec, Answer> {
        let kind = self.kty.trim_end_matches("-HSM");
        let found = KeySpec::ALL.into_iter().find(|spec| {
            let (kty, bits, curve) = spec.properties();
            kty == kind
                && match curve {
                    Some(curve) => self.crv.as_deref() == Some(curve),
                    None => self.key_size == Some(bits),
                }
        });
        found.ok_or_else(|| refused("Property policy.key_props has invalid value"))
    }

    fn export(&self) -> Export {
        if self.exportable { Export::Yes } else { Export::No }
    }
}

impl SecretDraft {
    fn content(&self) -> Result<ChainInVault, Answer> {
        match self.content_type.as_str() {
            "application/x-pem-file" => Ok(ChainInVault::Pem),
            "application/x-pkcs12" => Ok(ChainInVault::Pfx),
            _ => Err(refused("Property policy.secret_props.contentType has invalid value")),
        }
    }
}

impl X509Draft {
    fn request(&self, key: &LabKey) -> Result<Vec<u8>, LabError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(&self.subject)?;
        if self.key_usage == ["digitalSignature"] {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        }
        if self.ekus == ["1.3.6.1.5.5.7.3.3"] {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        }
        key.request(&params)
    }
}

fn draft<T: DeserializeOwned>(ask: &Ask) -> Result<T, Answer> {
    serde_json::from_slice(&ask.body).map_err(|error| refused(&format!("Invalid JSON: {error}")))
}

fn bad(error: &LabError) -> Answer {
    refused(&error.to_string())
}

fn refused(message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "BadParameter", message)
}

fn not_pending(name: &str) -> Answer {
    let message = format!("Pending certificate not found: {name}");
    error(StatusCode::NOT_FOUND, "PendingCertificateNotFound", &message)
}

fn yes() -> bool {
    true
}
