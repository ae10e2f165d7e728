//! Tokens: for whom they are, until when, and what they say about their holder.

use base64::Engine as _;
use http::HeaderValue;
use time::OffsetDateTime;

use crate::azure::{AzureError, Cloud};
use crate::secret::Secret;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Audience {
    pub service: Service,
    pub cloud: Cloud,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    Vault,
    Registry,
    ArtifactSigning,
    /// Azure Resource Manager.
    Management,
}

/// The same in every cloud; registries that refuse tokens for Azure Resource Manager take this one.
const REGISTRY_SCOPE: &str = "https://containerregistry.azure.net/.default";

/// Of the REST API of Artifact Signing (azure-rest-api-specs, azure.codesigning.json, "security").
const SIGNING_SCOPE: &str = "https://codesigning.azure.net/.default";

impl Audience {
    pub fn vault(cloud: Cloud) -> Self {
        Self { service: Service::Vault, cloud }
    }

    pub fn registry(cloud: Cloud) -> Self {
        Self { service: Service::Registry, cloud }
    }

    pub fn artifact_signing(cloud: Cloud) -> Self {
        Self { service: Service::ArtifactSigning, cloud }
    }

    pub fn management(cloud: Cloud) -> Self {
        Self { service: Service::Management, cloud }
    }

    /// The scope of an OAuth 2 request: `https://vault.azure.net/.default`.
    pub fn scope(self) -> &'static str {
        match self.service {
            Service::Vault => self.cloud.vault_scope(),
            Service::Registry => REGISTRY_SCOPE,
            Service::ArtifactSigning => SIGNING_SCOPE,
            Service::Management => self.cloud.management_scope(),
        }
    }

    /// The resource of an older request: `https://vault.azure.net`.
    pub fn resource(self) -> &'static str {
        self.scope().trim_end_matches("/.default")
    }
}

/// An access token of Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub secret: Secret,
    pub expires: OffsetDateTime,
}

impl Token {
    /// Who holds the token, by its claims. They are read without any check: for hints only.
    pub fn principal(&self) -> Option<Principal> {
        let claims: Claims = serde_json::from_slice(&self.payload()?).ok()?;
        let object_id = claims.oid.filter(|id| is_guid(id))?;
        let kind = match (claims.idtyp.as_deref(), &claims.scp) {
            (Some("app"), _) | (None, None) => PrincipalKind::ServicePrincipal,
            _ => PrincipalKind::User,
        };
        Some(Principal { object_id, tenant: claims.tid.filter(|id| is_guid(id)), kind })
    }

    /// The value of `Authorization`, which nothing prints.
    pub fn authorization(&self) -> HeaderValue {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.secret.expose()))
            .expect("a token is made of header characters: its source checks");
        bearer.set_sensitive(true);
        bearer
    }

    fn payload(&self) -> Option<Vec<u8>> {
        let payload = self.secret.expose().split('.').nth(1)?;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()
    }
}

/// The holder of a token. The ids are GUIDs, so they may stand in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub object_id: String,
    pub tenant: Option<String>,
    pub kind: PrincipalKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    User,
    ServicePrincipal,
}

/// Where tokens come from: one per audience and command, however many ask at once.
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync {
    async fn token(&self, audience: Audience) -> Result<Token, AzureError>;

    /// A token other than `refused`, which a service did not accept.
    async fn renewed(&self, audience: Audience, refused: &Token) -> Result<Token, AzureError>;

    /// The credential in use, for the report: `environment (client secret)`.
    fn describe(&self) -> String;
}

#[derive(serde::Deserialize)]
struct Claims {
    oid: Option<String>,
    tid: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
}

pub(in crate::azure) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn token(payload: &str) -> Token {
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload);
        Token {
            secret: Secret::new(format!("e30.{payload}.sig")),
            expires: datetime!(2030-01-01 00:00 UTC),
        }
    }

    const OID: &str = "11111111-2222-3333-4444-555555555555";
    const TID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    #[test]
    fn claims_name_the_holder() {
        for (rest, kind) in [
            (r#","idtyp":"app""#, PrincipalKind::ServicePrincipal),
            (r#","idtyp":"user""#, PrincipalKind::User),
            (r#","scp":"user_impersonation""#, PrincipalKind::User),
            ("", PrincipalKind::ServicePrincipal),
        ] {
            let token = token(&format!(r#"{{"oid":"{OID}","tid":"{TID}"{rest}}}"#));
            assert_eq!(
                token.principal(),
                Some(Principal { object_id: OID.into(), tenant: Some(TID.into()), kind })
            );
        }
    }

    #[test]
    fn claims_that_are_no_guid_never_reach_a_command() {
        for payload in [
            r#"{"oid":"$(touch x)"}"#,
            r#"{"oid":"11111111-2222-3333-4444-55555555555;"}"#,
            r#"{"oid":7}"#,
            "{}",
            "not json",
        ] {
            assert_eq!(token(payload).principal(), None, "{payload}");
        }
        for text in ["opaque", "a.b.c", ".", ""] {
            let token =
                Token { secret: Secret::new(text), expires: datetime!(2030-01-01 00:00 UTC) };
            assert_eq!(token.principal(), None);
        }
    }

    #[test]
    fn tokens_do_not_print() {
        assert!(!format!("{:?}", token("{}")).contains("sig"));
    }

    #[test]
    fn audiences_name_scope_and_resource() {
        let vault = Audience::vault(Cloud::UsGovernment);
        assert_eq!(vault.scope(), "https://vault.usgovcloudapi.net/.default");
        assert_eq!(vault.resource(), "https://vault.usgovcloudapi.net");
        let signing = Audience::artifact_signing(Cloud::Public);
        assert_eq!(signing.resource(), "https://codesigning.azure.net");
        let management = Audience::management(Cloud::China);
        assert_eq!(management.scope(), "https://management.chinacloudapi.cn/.default");
        for cloud in [Cloud::Public, Cloud::China] {
            assert_eq!(
                Audience::registry(cloud).scope(),
                "https://containerregistry.azure.net/.default"
            );
        }
    }
}
