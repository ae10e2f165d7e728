//! notation's and docker's stores: which one answers for a server, and what it holds.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Credential, CredentialError, CredentialSource, Found, Helper, HelperError, HelperName,
    HelperRequest, ServerAddress,
};
use crate::config::{AuthEntry, AuthFile, Dirs, Links, Platform, docker_config};
use crate::env::Env;
use crate::fault::BoxFault;
use crate::secret::Secret;

/// The user name Azure Container Registry expects beside a token.
pub const ACR_USER: &str = "00000000-0000-0000-0000-000000000000";

/// The user name by which a helper marks a refresh token.
const TOKEN_USER: &str = "<token>";

/// The stores on this machine. One of them answers: notation's config.json when it configures
/// credentials, else docker's when it does, else the platform's own helper when it is installed.
/// Within it a helper's answer is final.
pub struct Stores {
    dirs: Dirs,
    env: Env,
    helper: Arc<dyn Helper>,
}

/// Where a credential was stored or erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The helper's program.
    Helper(String),
    /// A config.json, in plain text with mode 0600.
    File(PathBuf),
    /// A config.json that held this very credential; nothing was written.
    InFileAlready(PathBuf),
}

/// The store that answers for one server.
enum Chosen {
    Helper(HelperName),
    File { file: AuthFile, name: &'static str },
    Nothing,
}

impl Stores {
    pub fn new(dirs: Dirs, env: Env, helper: Arc<dyn Helper>) -> Self {
        Self { dirs, env, helper }
    }

    /// Stores a credential where [`CredentialSource::find`] will look for it: through a helper when
    /// there is one, else in the configured config.json, which is docker's unless notation's holds
    /// credentials already. A file that holds the same credential is left as it is.
    pub async fn store(
        &self,
        registry_host: &str,
        credential: &Credential,
    ) -> Result<Place, CredentialError> {
        let server = ServerAddress::of(registry_host)?;
        let mut file = match self.choose(&server)? {
            Chosen::Helper(helper) => {
                let (username, secret) = match credential {
                    Credential::Basic { username, password } => (username.as_str(), password),
                    Credential::RefreshToken(token) => (TOKEN_USER, token),
                    _ => return Err(CredentialError::NotStorable),
                };
                let request = HelperRequest::Store { server: &server, username, secret };
                self.helper.run(&helper, request).await?;
                return Ok(Place::Helper(helper.program()));
            }
            Chosen::File { file, .. } => file,
            Chosen::Nothing => {
                let path = docker_config(&self.env).map_err(CredentialError::Dirs)?;
                AuthFile::load(&path, Links::Follow)?
            }
        };
        let held = file.entry(server.as_str())?.map(|entry| from_entry(entry, &server, &file));
        if matches!(&held, Some(Ok(Some(held))) if held == credential) {
            return Ok(Place::InFileAlready(file.path().to_owned()));
        }
        let entry = to_entry(credential, &file)?;
        file.put(server.as_str(), &entry)?;
        Ok(Place::File(file.path().to_owned()))
    }

    /// Erases what [`CredentialSource::find`] would find; `None` when there was nothing.
    pub async fn erase(&self, registry_host: &str) -> Result<Option<Place>, CredentialError> {
        let server = ServerAddress::of(registry_host)?;
        match self.choose(&server)? {
            Chosen::Helper(helper) => {
                let request = HelperRequest::Erase { server: &server };
                match self.helper.run(&helper, request).await {
                    Ok(_) => Ok(Some(Place::Helper(helper.program()))),
                    Err(HelperError::NoCredentials) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            Chosen::File { mut file, .. } => {
                let removed = file.remove(server.as_str())?;
                Ok(removed.then(|| Place::File(file.path().to_owned())))
            }
            Chosen::Nothing => Ok(None),
        }
    }

    fn choose(&self, server: &ServerAddress) -> Result<Chosen, CredentialError> {
        let notation = AuthFile::load(&self.dirs.config_json(), Links::Refuse)?;
        if notation.is_configured() {
            return Chosen::within(notation, "notation config.json", server);
        }
        // without a home there is no docker configuration
        if let Ok(path) = docker_config(&self.env) {
            let docker = AuthFile::load(&path, Links::Follow)?;
            if docker.is_configured() {
                return Chosen::within(docker, "docker config.json", server);
            }
        }
        let native = HelperName::parse(match Platform::CURRENT {
            Platform::Windows => "wincred",
            Platform::Mac => "osxkeychain",
            Platform::Linux if self.helper.is_installed("pass") => "pass",
            Platform::Linux => "secretservice",
        })?;
        match self.helper.is_installed(&native.program()) {
            true => Ok(Chosen::Helper(native)),
            false => Ok(Chosen::Nothing),
        }
    }

    async fn look_up(&self, registry_host: &str) -> Result<Option<Found>, CredentialError> {
        let server = ServerAddress::of(registry_host)?;
        let (credential, source) = match self.choose(&server)? {
            Chosen::Helper(helper) => {
                let request = HelperRequest::Get { server: &server };
                let answer = match self.helper.run(&helper, request).await {
                    Ok(answer) => answer,
                    Err(HelperError::NoCredentials) => return Ok(None),
                    Err(error) => return Err(error.into()),
                };
                (from_answer(&answer, &helper)?, helper.program())
            }
            Chosen::File { file, name } => match file.entry(server.as_str())? {
                Some(entry) => (from_entry(entry, &server, &file)?, name.to_owned()),
                None => return Ok(None),
            },
            Chosen::Nothing => return Ok(None),
        };
        Ok(credential.map(|credential| Found { credential, source }))
    }
}

#[async_trait::async_trait]
impl CredentialSource for Stores {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault> {
        Ok(self.look_up(registry_host).await?)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Helper(program) => f.write_str(program),
            Place::File(path) | Place::InFileAlready(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Chosen {
    fn within(
        file: AuthFile,
        name: &'static str,
        server: &ServerAddress,
    ) -> Result<Self, CredentialError> {
        match file.helper(server.as_str()) {
            Some(helper) => Ok(Chosen::Helper(HelperName::parse(helper)?)),
            None => Ok(Chosen::File { file, name }),
        }
    }
}

/// A helper's answer to `get`.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

fn from_answer(
    answer: &Secret,
    helper: &HelperName,
) -> Result<Option<Credential>, CredentialError> {
    let Ok(answer) = serde_json::from_str::<Answer>(answer.expose()) else {
        let error = HelperError::Answer { helper: helper.program(), action: "get" };
        return Err(error.into());
    };
    let secret = Secret::from(answer.secret);
    Ok(match answer.username.as_str() {
        "" if secret.is_empty() => None,
        TOKEN_USER => Some(Credential::RefreshToken(secret)),
        _ => Some(Credential::Basic { username: answer.username, password: secret }),
    })
}

/// A bearer token first, then a refresh token, then a user name and password.
fn from_entry(
    entry: AuthEntry,
    server: &ServerAddress,
    file: &AuthFile,
) -> Result<Option<Credential>, CredentialError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    if let Some(token) = given(entry.registrytoken) {
        return Ok(Some(Credential::AccessToken(token.into())));
    }
    if let Some(token) = given(entry.identitytoken) {
        return Ok(Some(Credential::RefreshToken(token.into())));
    }
    let (username, password) = match given(entry.auth) {
        Some(auth) => decode(&auth).map_err(|reason| CredentialError::Entry {
            server: server.as_str().to_owned(),
            path: file.path().display().to_string(),
            reason,
        })?,
        None => {
            let password = entry.password.unwrap_or_default();
            (entry.username.unwrap_or_default(), Secret::from(password))
        }
    };
    let nothing = username.is_empty() && password.is_empty();
    Ok((!nothing).then_some(Credential::Basic { username, password }))
}

/// Base64 of `user:password`; the reasons never quote it.
fn decode(auth: &str) -> Result<(String, Secret), &'static str> {
    let bytes = STANDARD.decode(auth).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| "\"auth\" is not base64")?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "\"auth\" is not UTF-8")?;
    let (username, password) = text.split_once(':').ok_or("\"auth\" holds no colon")?;
    Ok((username.to_owned(), Secret::new(password.trim_end_matches('\0'))))
}

fn to_entry(credential: &Credential, file: &AuthFile) -> Result<AuthEntry, CredentialError> {
    let encode = |username: &str, password: &str| {
        Some(STANDARD.encode(Zeroizing::new(format!("{username}:{password}")).as_bytes()))
    };
    match credential {
        Credential::Basic { username, .. } if username.contains(':') => {
            Err(CredentialError::Username { path: file.path().display().to_string() })
        }
        Credential::Basic { username, password } => {
            Ok(AuthEntry { auth: encode(username, password.expose()), ..AuthEntry::default() })
        }
        // as `az acr login` writes it: the user beside the token tells docker that it is one
        Credential::RefreshToken(token) => Ok(AuthEntry {
            auth: encode(ACR_USER, ""),
            identitytoken: Some(token.expose().to_owned()),
            ..AuthEntry::default()
        }),
        Credential::AccessToken(_) | Credential::Anonymous => Err(CredentialError::NotStorable),
    }
}

#[cfg(all(test, unix))]
#[path = "stores_tests.rs"]
mod tests;
