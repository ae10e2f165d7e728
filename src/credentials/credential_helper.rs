//! `docker-credential-<name>` programs: `get`, `store`, `erase` over standard input and output.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::{CredentialError, HelperError, ServerAddress};
use crate::clock::Clock;
use crate::env::{Env, name};
use crate::fault::os_reason;
use crate::secret::Secret;

/// The part after `docker-credential-`: `[A-Za-z0-9_.-]+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperName(String);

impl HelperName {
    pub fn parse(name: &str) -> Result<Self, CredentialError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        match !name.is_empty() && name.bytes().all(allowed) {
            true => Ok(Self(name.to_owned())),
            false => Err(CredentialError::HelperName(name.to_owned())),
        }
    }

    /// The program's name.
    pub fn program(&self) -> String {
        format!("docker-credential-{}", self.0)
    }
}

/// What a helper is asked to do.
#[derive(Debug, Clone, Copy)]
pub enum HelperRequest<'a> {
    Get { server: &'a ServerAddress },
    Store { server: &'a ServerAddress, username: &'a str, secret: &'a Secret },
    Erase { server: &'a ServerAddress },
}

impl HelperRequest<'_> {
    /// `get`, `store`, `erase`: the helper's one argument.
    pub fn action(&self) -> &'static str {
        match self {
            HelperRequest::Get { .. } => "get",
            HelperRequest::Store { .. } => "store",
            HelperRequest::Erase { .. } => "erase",
        }
    }

    /// The helper's standard input: the server's address, or the credential as JSON.
    fn input(&self) -> Secret {
        match self {
            HelperRequest::Get { server } | HelperRequest::Erase { server } => {
                Secret::new(server.as_str())
            }
            HelperRequest::Store { server, username, secret } => Secret::new(
                serde_json::json!({
                    "ServerURL": server.as_str(),
                    "Username": username,
                    "Secret": secret.expose(),
                })
                .to_string(),
            ),
        }
    }

    /// A helper's complaint without the secret it was given, plain or as JSON writes it.
    fn redacted(&self, complaint: &str) -> String {
        match self {
            HelperRequest::Store { secret, .. } if !secret.is_empty() => {
                let quoted = Zeroizing::new(serde_json::json!(secret.expose()).to_string());
                let escaped = &quoted[1..quoted.len() - 1];
                complaint.replace(escaped, "[secret]").replace(secret.expose(), "[secret]")
            }
            _ => complaint.to_owned(),
        }
    }
}

/// Runs credential helpers.
#[async_trait::async_trait]
pub trait Helper: Send + Sync {
    /// The program is on the path.
    fn is_installed(&self, program: &str) -> bool;

    /// Runs the helper once and returns its standard output. A helper that has nothing for the
    /// server is [`HelperError::NoCredentials`].
    async fn run(
        &self,
        helper: &HelperName,
        request: HelperRequest<'_>,
    ) -> Result<Secret, HelperError>;
}

/// Helpers as processes, found on the path of the environment they are given.
pub struct ProcessHelper {
    env: Env,
    clock: Arc<dyn Clock>,
}

/// longest wait for a helper: 30 s, enough to unlock a keychain.
pub const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

/// largest answer of a helper: 1 MiB; tokens are a few KiB.
pub const HELPER_OUTPUT_LIMIT: usize = 1024 * 1024;

/// most of a helper's complaint that is repeated.
const REASON_LIMIT: usize = 1024;

/// docker-credential-helpers, credentials/error.go.
const NOT_FOUND: &str = "credentials not found in native keychain";

impl ProcessHelper {
    /// `env` is what helpers see, without the variables that hold this program's own settings.
    pub fn new(env: &Env, clock: Arc<dyn Clock>) -> Self {
        Self { env: env.for_child(), clock }
    }

    /// The first executable of this name in an absolute folder of the path.
    fn find(&self, program: &str) -> Option<PathBuf> {
        let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        let path = self.env.value(name::PATH)?;
        let mut folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        folders.find_map(|folder| Some(folder.join(&file)).filter(|path| is_executable(path)))
    }
}

#[async_trait::async_trait]
impl Helper for ProcessHelper {
    fn is_installed(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    async fn run(
        &self,
        helper: &HelperName,
        request: HelperRequest<'_>,
    ) -> Result<Secret, HelperError> {
        let program = helper.program();
        let Some(path) = self.find(&program) else {
            return Err(HelperError::NotFound { helper: program });
        };
        let child = Command::new(path)
            .arg(request.action())
            .env_clear()
            .envs(self.env.with_prefix(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                return Err(HelperError::Start { helper: program, reason: os_reason(&error) });
            }
        };
        tokio::select! {
            biased;
            answer = converse(&mut child, &program, &request) => answer,
            () = self.clock.sleep(HELPER_TIMEOUT) => Err(HelperError::TimedOut {
                helper: program.clone(),
                action: request.action(),
                seconds: HELPER_TIMEOUT.as_secs(),
            }),
        }
    }
}

async fn converse(
    child: &mut Child,
    program: &str,
    request: &HelperRequest<'_>,
) -> Result<Secret, HelperError> {
    let (action, input) = (request.action(), request.input());
    let helper = || program.to_owned();
    let failed = |error: std::io::Error| HelperError::Failed {
        helper: helper(),
        action,
        reason: os_reason(&error),
    };
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let give = async move {
        // a helper that ends without reading is judged by its exit status
        let _ = stdin.write_all(input.expose().as_bytes()).await;
        drop(stdin);
        Ok(())
    };
    let answer = async {
        let answer = read_capped(stdout, HELPER_OUTPUT_LIMIT).await.map_err(failed)?;
        let limit = HELPER_OUTPUT_LIMIT;
        match answer.len() > limit {
            true => Err(HelperError::TooLarge { helper: helper(), action, limit }),
            false => Ok(answer),
        }
    };
    let complaint = async { drain(stderr).await.map_err(failed) };
    let ((), answer, complaint) = futures_util::try_join!(give, answer, complaint)?;
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        let text = std::str::from_utf8(&answer);
        return text.map(Secret::new).map_err(|_| HelperError::Answer { helper: helper(), action });
    }
    let said = String::from_utf8_lossy(&answer);
    if said.trim() == NOT_FOUND {
        return Err(HelperError::NoCredentials);
    }
    let complaint = String::from_utf8_lossy(&complaint);
    // an answer, whole or not, is no complaint and may hold the secret
    let complains = |text: &&str| !text.is_empty() && !text.starts_with('{');
    let said = [said.trim(), complaint.trim()].into_iter().find(complains);
    let reason = match said {
        Some(text) => request.redacted(text).chars().take(REASON_LIMIT).collect(),
        None => status.to_string(),
    };
    Err(HelperError::Failed { helper: helper(), action, reason })
}

/// At most one byte more than `limit`, so that the caller sees when it was passed.
async fn read_capped(
    stream: impl AsyncRead + Unpin,
    limit: usize,
) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    stream.take(limit as u64 + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// The beginning of a stream (whole secrets in it can be found); the rest is read and forgotten, so that its writer is not held up.
async fn drain(mut stream: impl AsyncRead + Unpin) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let beginning = read_capped(&mut stream, HELPER_OUTPUT_LIMIT).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(beginning)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
#[path = "credential_helper_tests.rs"]
mod tests;
