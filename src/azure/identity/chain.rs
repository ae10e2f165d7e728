//! The credential in use: the one asked for, or the first that is configured; its tokens, kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Once};

use time::Duration;
use tokio::sync::OnceCell;

use super::az::AzureCli;
use super::certificate::ClientCertificate;
use super::entra::{ClientSecret, Entra, FederatedToken};
use super::github::{GitHubToken, NamedIdentity};
use super::managed::{Imds, ManagedIdentity, ManagedOutcome};
use super::pipelines;
use super::{Audience, CREDENTIAL_TYPES, Credential, CredentialType, Token, TokenSource};
use crate::azure::{AzureError, ExtraHosts};
use crate::env::{Env, name};
use crate::http::Http;
use crate::secret::Secret;

#[derive(Clone)]
pub struct IdentityOptions {
    pub http: Http,
    pub env: Env,
    /// None: the four in order; one that is not configured is skipped, one that fails ends the search.
    pub credential_type: Option<CredentialType>,
    /// What goes before AZURE_TENANT_ID and AZURE_CLIENT_ID.
    pub named: NamedIdentity,
    pub extra_hosts: ExtraHosts,
}

impl IdentityOptions {
    /// The environment, with the named application over the environment's own.
    fn with_named(&self) -> Env {
        let named = [
            (name::AZURE_TENANT_ID, &self.named.tenant),
            (name::AZURE_CLIENT_ID, &self.named.client),
        ];
        named.into_iter().fold(self.env.clone(), |env, (name, value)| match value {
            Some(value) => env.with(name, value),
            None => env,
        })
    }

    fn order(&self) -> Result<Vec<CredentialType>, AzureError> {
        let mut order = CREDENTIAL_TYPES.to_vec();
        if self.named.connection.is_some() {
            order.insert(0, CredentialType::AzurePipelines);
        } else if pipelines::is_prepared(&self.env) {
            // what the step itself is given goes before what another task left, the machine after
            let at = order.iter().position(|kind| *kind == CredentialType::ManagedId);
            order.insert(at.unwrap_or(order.len()), CredentialType::AzurePipelines);
        }
        if self.named.needs_oidc(self.credential_type, &self.env)? {
            order.insert(0, CredentialType::GitHub);
        }
        Ok(order)
    }
}

/// Entra credentials as a source of tokens. Nothing is read or asked before the first token is wanted.
pub struct Identity {
    options: IdentityOptions,
    imds: Imds,
    chosen: OnceCell<Arc<dyn Credential>>,
    tokens: Mutex<HashMap<Audience, Slot>>,
    announced: Once,
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
        Self {
            options,
            imds,
            chosen: OnceCell::new(),
            tokens: Mutex::default(),
            announced: Once::new(),
        }
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
        let order = self.options.order()?;
        self.announced.call_once(|| self.announce(&order));
        if let Some(kind) = self.options.credential_type {
            return match self.find(kind).await? {
                Found::Ready(credential) => Ok((credential, None)),
                Found::Machine(managed) => Ok((Arc::new(*managed), None)),
                Found::Absent(missing) => Err(AzureError::NotConfigured { kind, missing }),
            };
        }
        let mut tried = Vec::new();
        for kind in order {
            let missing = match self.find(kind).await? {
                Found::Ready(credential) => return Ok((credential, None)),
                Found::Machine(managed) => match managed.attempt(audience).await? {
                    ManagedOutcome::Token(token) => return Ok((Arc::new(*managed), Some(token))),
                    ManagedOutcome::Absent(missing) => missing,
                },
                Found::Absent(missing) => missing,
            };
            tried.push(format!("{kind}: {missing}"));
        }
        Err(AzureError::NoCredential { tried })
    }

    fn announce(&self, order: &[CredentialType]) {
        let names: Vec<&str> = order.iter().map(|kind| kind.name()).collect();
        let text = match self.options.credential_type {
            Some(kind) => format!("Azure credential: {kind}, as credential-type says"),
            None => format!("Azure credentials in order: {}", names.join(", ")),
        };
        self.options.named.tell(&text);
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
            CredentialType::GitHub => {
                let token = GitHubToken::find(&self.options)?;
                Ok(Found::Ready(Arc::new(token)))
            }
            CredentialType::AzurePipelines => {
                let found = pipelines::find(&self.options, &self.imds).await?;
                Ok(found.map_or_else(|| Found::Absent(pipelines::MISSING.into()), Found::Ready))
            }
        }
    }

    async fn environment(&self) -> Result<Found, AzureError> {
        let env = &self.options.with_named();
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
        let env = &self.options.with_named();
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
            managed => Found::Machine(Box::new(managed)),
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
    Machine(Box<ManagedIdentity>),
    Absent(String),
}

fn absent(env: &Env, names: &[&str]) -> Found {
    let missing: Vec<&str> = names.iter().copied().filter(|n| env.value(n).is_none()).collect();
    let verb = if missing.len() == 1 { "is" } else { "are" };
    Found::Absent(format!("{} {verb} not set", missing.join(", ")))
}
