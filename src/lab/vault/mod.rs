//! A key vault: certificates, their secrets, and signing with their keys.

mod access;
mod listing;
mod manage;
mod pending;
mod pfx;
mod store;

pub(super) use access::Access;
pub use access::{Permission, Wording};
pub(super) use pending::Pending;
pub(super) use store::{Certificates, Version};
pub use store::{ChainInVault, ChainOrder, Export};

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Identity;
use super::entra::{Issued, VAULT_AUDIENCE};
use super::message::{Answer, Ask};
use super::pki::Pki;
use super::server::Service;
use crate::clock::Clock;

/// The Key Vault of a lab.
pub(super) struct Vault {
    /// `localhost:PORT`
    pub host: String,
    pub authority: String,
    pub identity: Identity,
    pub issued: Arc<Issued>,
    pub access: Access,
    pub certificates: Certificates,
    pub pending: Pending,
    /// Makes the keys and what the vault signs itself.
    pub pki: Arc<Pki>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct SignDraft {
    alg: String,
    value: String,
}

impl Service for Vault {
    fn answer(&self, ask: &Ask) -> Answer {
        self.permitted(ask).unwrap_or_else(|refusal| refusal)
    }
}

impl Vault {
    fn permitted(&self, ask: &Ask) -> Result<Answer, Answer> {
        let token = ask
            .bearer()
            .and_then(|token| self.issued.find(token, VAULT_AUDIENCE))
            .ok_or_else(|| self.challenge(ask))?;
        if ask.query("api-version").is_none_or(str::is_empty) {
            return Err(error(
                StatusCode::BAD_REQUEST,
                "BadParameter",
                "The request URI must specify the api-version query parameter.",
            ));
        }
        let path: Vec<&str> =
            ask.path.trim_start_matches('/').trim_end_matches('/').split('/').collect();
        let get = ask.method == Method::GET;
        let check = |permission, name: &str| {
            self.access.check(permission, name, &self.identity, token.principal)
        };
        match path.as_slice() {
            [collection @ ("keys" | "secrets")] if get => {
                check(Permission::List, "")?;
                Ok(ok(&self.listing(collection)))
            }
            [
                "certificates",
                name,
                action @ ("create" | "import" | "pending" | "policy" | "versions"),
                ..,
            ] => self.managed(ask, name, action, path.last().copied().unwrap_or_default(), check),
            ["certificates", name, version @ ..] if get && version.len() <= 1 => {
                check(Permission::CertificateGet, name)?;
                let version = version.first().copied();
                if let Some(waiting) = self.waiting(name, version) {
                    return Ok(waiting);
                }
                let version = self.version("Certificate", name, version)?;
                Ok(ok(&self.certificate(name, &version)))
            }
            ["secrets", name, version @ ..] if get && version.len() <= 1 => {
                check(Permission::SecretGet, name)?;
                let version = self.version("Secret", name, version.first().copied())?;
                self.enabled(&version, "get", "Secret")?;
                Ok(ok(&self.secret(name, &version)))
            }
            ["keys", name, version @ .., "sign"]
                if ask.method == Method::POST && version.len() <= 1 =>
            {
                check(Permission::KeySign, name)?;
                let version = self.version("Key", name, version.first().copied())?;
                self.enabled(&version, "sign", "Key")?;
                self.sign(name, &version, &ask.body)
            }
            ["keys", name, ..] if get => {
                check(Permission::KeyGet, name)?;
                Err(Answer::empty(StatusCode::NOT_FOUND))
            }
            _ => Err(Answer::empty(StatusCode::NOT_FOUND)),
        }
    }

    fn challenge(&self, ask: &Ask) -> Answer {
        let (code, message) = match ask.bearer() {
            None => ("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
            Some(_) => ("Unauthorized", "AKV10022: Invalid audience, or the token has ended."),
        };
        error(StatusCode::UNAUTHORIZED, code, message).with(
            "www-authenticate",
            format!(
                "Bearer authorization=\"https://{}/{}\", resource=\"{VAULT_AUDIENCE}\"",
                self.authority, self.identity.tenant_id
            ),
        )
    }

    fn version(
        &self,
        kind: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<Arc<Version>, Answer> {
        let version = version.filter(|version| !version.is_empty());
        self.certificates.version(name, version).ok_or_else(|| {
            let named = version.map_or_else(|| name.to_owned(), |v| format!("{name}/{v}"));
            error(
                StatusCode::NOT_FOUND,
                &format!("{kind}NotFound"),
                &format!(
                    "A {} with (name/id) {named} was not found in this key vault. If you recently \
                     deleted this {0} you may be able to recover it using the correct recovery \
                     command.",
                    kind.to_ascii_lowercase()
                ),
            )
        })
    }

    fn enabled(&self, version: &Version, operation: &str, kind: &str) -> Result<(), Answer> {
        if self.certificates.is_enabled(version) {
            return Ok(());
        }
        let lower = kind.to_ascii_lowercase();
        let message = format!("Operation {operation} is not allowed on a disabled {lower}.");
        let inner = json!({ "code": format!("{kind}Disabled") });
        let error = json!({ "code": "Forbidden", "message": message, "innererror": inner });
        Err(Answer::json(StatusCode::FORBIDDEN, &json!({ "error": error })))
    }

    fn id(&self, kind: &str, name: &str, version: &Version) -> String {
        format!("https://{}/{kind}/{name}/{}", self.host, version.id)
    }

    fn certificate(&self, name: &str, version: &Version) -> Value {
        let (kty, bits, curve) = version.key.spec.properties();
        json!({
            "id": self.id("certificates", name, version),
            "kid": self.id("keys", name, version),
            "sid": self.id("secrets", name, version),
            "x5t": version.thumbprint(),
            "cer": version.leaf_base64(),
            "attributes": version.attributes(self.certificates.is_enabled(version)),
            "policy": {
                "id": format!("https://{}/certificates/{name}/policy", self.host),
                "key_props": {
                    "exportable": version.export == Export::Yes,
                    "kty": kty, "key_size": bits, "crv": curve, "reuse_key": false,
                },
                "secret_props": { "contentType": version.content_type() },
                "x509_props": {
                    "subject": version.subject, "ekus": ["1.3.6.1.5.5.7.3.3"],
                    "key_usage": ["digitalSignature"],
                },
                "issuer": { "name": version.issuer },
            },
        })
    }

    fn secret(&self, name: &str, version: &Version) -> Value {
        json!({
            "value": version.secret,
            "contentType": version.content_type(),
            "id": self.id("secrets", name, version),
            "managed": true,
            "kid": self.id("keys", name, version),
            "attributes": version.attributes(self.certificates.is_enabled(version)),
        })
    }

    fn sign(&self, name: &str, version: &Version, body: &[u8]) -> Result<Answer, Answer> {
        let bad = |message: &str| error(StatusCode::BAD_REQUEST, "BadParameter", message);
        let draft: SignDraft = serde_json::from_slice(body).map_err(|_| bad("Invalid JSON."))?;
        let value = URL_SAFE_NO_PAD
            .decode(draft.value.trim_end_matches('='))
            .map_err(|_| bad("Property value is not base64url."))?;
        let signature = version
            .key
            .sign_digest(&draft.alg, &value)
            .map_err(|refusal| bad(&refusal.to_string()))?;
        Ok(ok(&json!({
            "kid": self.id("keys", name, version),
            "value": URL_SAFE_NO_PAD.encode(signature),
        })))
    }
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body).with("cache-control", "no-cache")
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}
