//! The authority: the token endpoint, its metadata, and a managed identity.

mod assertions;
mod client;
mod devops;
mod oidc;
mod token;

pub(super) use client::ClientKeys;
pub(super) use devops::DevOps;
pub(super) use oidc::Oidc;
pub(super) use token::{Issued, Principal, jwt};

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Identity;
use super::message::{Answer, Ask, Form};
use super::server::Service;

/// The audience of Key Vault in the public cloud.
pub(super) const VAULT_AUDIENCE: &str = "https://vault.azure.net";

/// The audience of container registries.
pub(super) const REGISTRY_AUDIENCE: &str = "https://containerregistry.azure.net";

/// The audience of Artifact Signing.
pub(super) const SIGNING_AUDIENCE: &str = "https://codesigning.azure.net";

/// The audience of Azure Resource Manager.
pub(super) const MANAGEMENT_AUDIENCE: &str = "https://management.azure.com";

/// Scopes and resources a token is given for.
const AUDIENCES: [&str; 4] =
    [VAULT_AUDIENCE, REGISTRY_AUDIENCE, SIGNING_AUDIENCE, MANAGEMENT_AUDIENCE];

pub(super) const CLIENT_ASSERTION_TYPE: &str =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Entra, with an App Service's managed identity and the OIDC endpoints of GitHub and Azure DevOps
/// beside it.
pub(super) struct Entra {
    pub identity: Identity,
    pub issued: Arc<Issued>,
    pub keys: ClientKeys,
    pub oidc: Oidc,
    pub devops: DevOps,
}

impl Service for Entra {
    fn answer(&self, ask: &Ask) -> Answer {
        let path: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
        match (&ask.method, path.as_slice()) {
            (&Method::POST, [tenant, "oauth2", "v2.0", "token"]) => self.token(tenant, &ask.form()),
            (
                &Method::GET,
                [tenant, ".well-known", "openid-configuration"]
                | [tenant, "v2.0", ".well-known", "openid-configuration"],
            ) => ok(&metadata(&ask.host, tenant)),
            (&Method::GET, ["common", "discovery", "instance"]) => ok(&json!({
                "tenant_discovery_endpoint":
                    format!("https://{}/common/v2.0/.well-known/openid-configuration", ask.host),
                "api-version": "1.1",
                "metadata": [],
            })),
            (&Method::GET, ["oidc", "token"]) => self.oidc.token(ask, &self.identity),
            (_, ["devops", .., "oidctoken"]) => self.devops.answer(ask, &self.identity),
            (&Method::GET, ["msi", "token"]) => self.managed_identity(ask),
            _ => Answer::empty(StatusCode::NOT_FOUND),
        }
    }
}

impl Entra {
    fn token(&self, tenant: &str, form: &Form) -> Answer {
        let known = &self.identity;
        if tenant != known.tenant_id {
            return refused(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &format!("AADSTS90002: Tenant '{tenant}' not found."),
            );
        }
        if form.value("grant_type") != "client_credentials" {
            return refused(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "AADSTS70003: The app requested an unsupported grant type.",
            );
        }
        let client = form.value("client_id");
        if client != known.client_id {
            return refused(
                StatusCode::BAD_REQUEST,
                "unauthorized_client",
                &format!(
                    "AADSTS700016: Application with identifier '{client}' was not found in the \
                     directory."
                ),
            );
        }
        if let Err(description) = self.authenticate(form) {
            return refused(StatusCode::UNAUTHORIZED, "invalid_client", &description);
        }
        let scope = form.value("scope");
        let audience = scope.strip_suffix("/.default").and_then(audience);
        let Some(audience) = audience else {
            return refused(
                StatusCode::BAD_REQUEST,
                "invalid_resource",
                &format!(
                    "AADSTS500011: The resource principal named {scope} was not found in the \
                     tenant."
                ),
            );
        };
        let token = self.issued.issue(known, Principal::Application, audience);
        ok(&json!({
            "token_type": "Bearer",
            "expires_in": token::LIFETIME.whole_seconds(),
            "ext_expires_in": token::LIFETIME.whole_seconds(),
            "access_token": token.text,
        }))
    }

    fn authenticate(&self, form: &Form) -> Result<(), String> {
        let assertion = form.value("client_assertion");
        if !assertion.is_empty() {
            if form.value("client_assertion_type") != CLIENT_ASSERTION_TYPE {
                return Err("AADSTS50027: Invalid client assertion type.".to_owned());
            }
            let devops = || self.devops.check(assertion, form.value("scope"));
            return match self.oidc.check(assertion).or_else(devops) {
                Some(verdict) => verdict,
                None => self.keys.check(assertion, &self.identity),
            };
        }
        if form.value("client_secret") == self.identity.client_secret.expose() {
            return Ok(());
        }
        Err("AADSTS7000215: Invalid client secret provided.".to_owned())
    }

    /// The App Service protocol, api-version 2019-08-01.
    fn managed_identity(&self, ask: &Ask) -> Answer {
        if ask.header("x-identity-header") != Some(self.identity.identity_header.expose()) {
            return refused(
                StatusCode::UNAUTHORIZED,
                "invalid_request",
                "X-IDENTITY-HEADER is missing or wrong.",
            );
        }
        let assigned = ask.query("client_id");
        if assigned.is_some_and(|id| id != self.identity.client_id) {
            return refused(StatusCode::BAD_REQUEST, "invalid_request", "Identity not found");
        }
        let resource = ask.query("resource").unwrap_or_default();
        let Some(audience) = audience(resource.trim_end_matches('/')) else {
            return refused(
                StatusCode::BAD_REQUEST,
                "invalid_resource",
                &format!("AADSTS500011: The resource principal named {resource} was not found."),
            );
        };
        let token = self.issued.issue(&self.identity, Principal::ManagedIdentity, audience);
        ok(&json!({
            "token_type": "Bearer",
            "resource": resource,
            "expires_on": token.expires.unix_timestamp().to_string(),
            "client_id": self.identity.client_id,
            "access_token": token.text,
        }))
    }
}

fn audience(text: &str) -> Option<&'static str> {
    AUDIENCES.into_iter().find(|audience| *audience == text)
}

fn metadata(host: &str, tenant: &str) -> Value {
    json!({
        "token_endpoint": format!("https://{host}/{tenant}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("https://{host}/{tenant}/oauth2/v2.0/authorize"),
        "issuer": format!("https://{host}/{tenant}/v2.0"),
    })
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body).with("cache-control", "no-store")
}

fn refused(status: StatusCode, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({ "error": error, "error_description": description }))
}
