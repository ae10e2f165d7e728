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
use crate::azure::error::one_line;
use crate::clock::Clock;
use crate::env::{Env, name};
use crate::fault::os_reason;
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

    fn executor(&self) -> Az {
        let left = self.http.deadline().0.saturating_sub(self.http.clock().elapsed());
        Az { env: self.env.clone(), clock: self.http.clock().clone(), limit: LIMIT.min(left) }
    }
}

/// The version of the `az` that is on PATH; none when there is no `az`. It signs in to nothing.
pub async fn azure_cli_version(options: &IdentityOptions) -> Result<Option<String>, AzureError> {
    let Some(az) = AzureCli::find(options) else { return Ok(None) };
    let refused = |message: String| AzureError::Credential {
        kind: CredentialType::AzureCli,
        message: format!("az version: {message}"),
    };
    let arguments = ["version", "--output", "json"].map(OsStr::new);
    let output = az.executor().run(OsStr::new("az"), &arguments).await;
    let output = output.map_err(|error| refused(os_reason(&error)))?;
    let answer: VersionDraft = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match answer.version.filter(|_| output.status.success()) {
        Some(version) => Ok(Some(one_line(&version))),
        None => Err(refused(one_line(&String::from_utf8_lossy(&output.stderr)))),
    }
}

#[derive(Default, serde::Deserialize)]
struct VersionDraft {
    #[serde(rename = "azure-cli")]
    version: Option<String>,
}

#[async_trait::async_trait]
impl Credential for AzureCli {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        let kind = CredentialType::AzureCli;
        let options = AzureCliCredentialOptions {
            executor: Some(Arc::new(self.executor())),
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
