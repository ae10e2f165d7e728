//! `azurecli`: the identity logged in to the Azure CLI.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential as _;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};

use super::chain::IdentityOptions;
use super::entra::{failed, token_of};
use super::{Audience, Credential, CredentialType, Token};
use crate::azure::AzureError;
use crate::clock::Clock;
use crate::env::{Env, name};
use crate::http::Http;

pub(super) struct AzureCli {
    env: Env,
    http: Http,
}

/// slowest `az account get-access-token` seen: 13 s
const LIMIT: Duration = Duration::from_secs(60);

impl AzureCli {
    /// None when there is no `az` on PATH.
    pub fn find(options: &IdentityOptions) -> Option<Self> {
        let path = options.env.value(name::PATH)?;
        let found = std::env::split_paths(path)
            .any(|folder| ["az", "az.cmd"].iter().any(|program| folder.join(program).is_file()));
        found.then(|| Self { env: options.env.for_child(), http: options.http.clone() })
    }
}

#[async_trait::async_trait]
impl Credential for AzureCli {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        let kind = CredentialType::AzureCli;
        let left = self.http.deadline().0.saturating_sub(self.http.clock().elapsed());
        let executor =
            Az { env: self.env.clone(), clock: self.http.clock().clone(), limit: LIMIT.min(left) };
        let options = AzureCliCredentialOptions {
            executor: Some(Arc::new(executor)),
            ..AzureCliCredentialOptions::default()
        };
        let credential =
            AzureCliCredential::new(Some(options)).map_err(|error| failed(kind, &error))?;
        let answer = credential
            .get_token(&[audience.scope()], None)
            .await
            .map_err(|error| failed(kind, &error))?;
        token_of(kind, &answer)
    }

    fn describe(&self) -> String {
        "azurecli".into()
    }
}

/// Runs `az` with the environment it is given, and not for ever.
struct Az {
    env: Env,
    clock: Arc<dyn Clock>,
    limit: Duration,
}

impl std::fmt::Debug for Az {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Az")
    }
}

#[async_trait::async_trait]
impl Executor for Az {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        let output = tokio::process::Command::new(program)
            .args(args)
            .env_clear()
            .envs(self.env.with_prefix(""))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        tokio::select! {
            output = output => output,
            () = self.clock.sleep(self.limit) => Err(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!("az gave no answer within {} seconds", self.limit.as_secs()),
            )),
        }
    }
}
