//! The credential in use: the one asked for, or the first that is configured; its tokens, kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use time::Duration;
use tokio::sync::OnceCell;

use super::az::AzureCli;
use super::certificate::ClientCertificate;
use super::entra::{ClientSecret, Entra, FederatedToken};
use super::managed::{Imds, ManagedIdentity, ManagedOutcome};
use super::{Audience, CREDENTIAL_TYPES, Credential, CredentialType, Token, TokenSource};
use crate::azure::{AzureError, ExtraHosts};
use crate::env::{Env, name};
use crate::http::Http;
use crate::secret::Secret;

pub struct IdentityOptions {
    pub http: Http,
    pub env: Env,
    /// None: the four in order; one that is not configured is skipped, one that fails ends the search.
    pub credential_type: Option<CredentialType>,
    /// Client id of a user-assigned managed identity; AZURE_CLIENT_ID otherwise.
    pub client_id: Option<String>,
    pub extra_hosts: ExtraHosts,
}

/// Entra credentials as a source of tokens. Nothing is read or asked before the first token is wanted.
pub struct Identity {
    options: IdentityOptions,
    imds: Imds,
    chosen: OnceCell<Arc<dyn Credential>>,
    tokens: Mutex<HashMap<Audience, Slot>>,
}

/// Locked while its token is being fetched, so that there is one request however many wait.
type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// A token this close to its end is not used any more.
const MARGIN: Duration = Duration::minutes(2);

impl Identity {
    pub fn new(options: IdentityOptions) -> Self {
        Self::with_imds(options, Imds::of_the_machine())
    }

    /// The same with another metadata service.
    pub(super) fn with_imds(options: IdentityOptions, imds: Imds) -> Self {
        Self { options, imds, chosen: OnceCell::new(), tokens: Mutex::default() }
    }

    fn slot(&self, audience: Audience) -> Slot {
        let mut tokens = self.tokens.lock().expect("no panic holds this lock");
        tokens.entry(audience).or_default().clone()
    }

    fn is_fresh(&self, token: &Token) -> bool {
        token.expires > self.options.http.clock().now() + MARGIN
    }

    async fn fetch(&self, audience: Audience) -> Result<Token, AzureError> {
        let mut first = None;
        let credential = self
            .chosen
            .get_or_try_init(|| async {
                let (credential, token) = self.choose(audience).await?;
                first = token;
                Ok::<_, AzureError>(credential)
            })
            .await?;
        match first {
            Some(token) => Ok(token),
            None => credential.exchange(audience).await,
        }
    }

    /// The credential, and a token where choosing took one.
    async fn choose(
        &self,
        audience: Audience,
    ) -> Result<(Arc<dyn Credential>, Option<Token>), AzureError> {
        if let Some(kind) = self.options.credential_type {
            return match self.find(kind).await? {
                Found::Ready(credential) => Ok((credential, None)),
                Found::Machine(managed) => Ok((Arc::new(managed), None)),
                Found::Absent(missing) => Err(AzureError::NotConfigured { kind, missing }),
            };
        }
        let mut tried = Vec::new();
        for kind in CREDENTIAL_TYPES {
            let missing = match self.find(kind).await? {
                Found::Ready(credential) => return Ok((credential, None)),
                Found::Machine(managed) => match managed.attempt(audience).await? {
                    ManagedOutcome::Token(token) => return Ok((Arc::new(managed), Some(token))),
                    ManagedOutcome::Absent(missing) => missing,
                },
                Found::Absent(missing) => missing,
            };
            tried.push(format!("{kind}: {missing}"));
        }
        Err(AzureError::NoCredential { tried })
    }

    async fn find(&self, kind: CredentialType) -> Result<Found, AzureError> {
        match kind {
            CredentialType::Environment => self.environment().await,
            CredentialType::WorkloadId => self.workload(),
            CredentialType::ManagedId => Ok(self.managed()),
            CredentialType::AzureCli => Ok(match AzureCli::find(&self.options) {
                Some(az) => Found::Ready(Arc::new(az)),
                None => Found::Absent("`az` is not on PATH".into()),
            }),
        }
    }

    async fn environment(&self) -> Result<Found, AzureError> {
        let env = &self.options.env;
        let (Some(tenant), Some(client)) =
            (env.value(name::AZURE_TENANT_ID), env.value(name::AZURE_CLIENT_ID))
        else {
            return Ok(absent(env, &[name::AZURE_TENANT_ID, name::AZURE_CLIENT_ID]));
        };
        let entra = Entra::new(&self.options, CredentialType::Environment, tenant, client)?;
        if let Some(secret) = env.value(name::AZURE_CLIENT_SECRET) {
            return Ok(Found::Ready(Arc::new(ClientSecret { entra, secret: Secret::new(secret) })));
        }
        if let Some(path) = env.value(name::AZURE_CLIENT_CERTIFICATE_PATH) {
            let password = env.value(name::AZURE_CLIENT_CERTIFICATE_PASSWORD).map(Secret::new);
            let certificate = ClientCertificate::read(entra, path, password).await?;
            return Ok(Found::Ready(Arc::new(certificate)));
        }
        let either =
            format!("{} or {}", name::AZURE_CLIENT_SECRET, name::AZURE_CLIENT_CERTIFICATE_PATH);
        Ok(Found::Absent(format!("{either} is not set")))
    }

    fn workload(&self) -> Result<Found, AzureError> {
        let env = &self.options.env;
        let (Some(tenant), Some(client), Some(file)) = (
            env.value(name::AZURE_TENANT_ID),
            env.value(name::AZURE_CLIENT_ID),
            env.value(name::AZURE_FEDERATED_TOKEN_FILE),
        ) else {
            let names =
                [name::AZURE_TENANT_ID, name::AZURE_CLIENT_ID, name::AZURE_FEDERATED_TOKEN_FILE];
            return Ok(absent(env, &names));
        };
        let entra = Entra::new(&self.options, CredentialType::WorkloadId, tenant, client)?;
        Ok(Found::Ready(Arc::new(FederatedToken { entra, file: file.into() })))
    }

    fn managed(&self) -> Found {
        match ManagedIdentity::find(&self.options, &self.imds) {
            managed if managed.is_certain() => Found::Ready(Arc::new(managed)),
            managed => Found::Machine(managed),
        }
    }
}

#[async_trait::async_trait]
impl TokenSource for Identity {
    async fn token(&self, audience: Audience) -> Result<Token, AzureError> {
        let slot = self.slot(audience);
        let mut kept = slot.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| self.is_fresh(token)) {
            return Ok(token.clone());
        }
        let token = self.fetch(audience).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    async fn renewed(&self, audience: Audience, refused: &Token) -> Result<Token, AzureError> {
        let slot = self.slot(audience);
        {
            let mut kept = slot.lock().await;
            if kept.as_ref() == Some(refused) {
                *kept = None;
            }
        }
        self.token(audience).await
    }

    fn describe(&self) -> String {
        match (self.chosen.get(), self.options.credential_type) {
            (Some(credential), _) => credential.describe(),
            (None, Some(kind)) => kind.name().to_owned(),
            (None, None) => "no credential yet".to_owned(),
        }
    }
}

enum Found {
    Ready(Arc<dyn Credential>),
    /// Whether the machine has an identity only its metadata service knows.
    Machine(ManagedIdentity),
    Absent(String),
}

fn absent(env: &Env, names: &[&str]) -> Found {
    let missing: Vec<&str> = names.iter().copied().filter(|n| env.value(n).is_none()).collect();
    let verb = if missing.len() == 1 { "is" } else { "are" };
    Found::Absent(format!("{} {verb} not set", missing.join(", ")))
}
