//! A valid step: what the inputs ask for.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::draft::{Draft, InputError};
use crate::azure::{CLOUDS, Cloud};
use crate::batch::{MOST_CONCURRENCY, Renewal};
use crate::clock::GoDuration;
use crate::envelope::{FORMATS, Format};
use crate::registry::{Reference, ReferrersMode, Version};
use crate::secret::Secret;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Sign,
    Verify,
    Login,
    Setup,
}

pub const COMMANDS: [Command; 4] = [Command::Sign, Command::Verify, Command::Login, Command::Setup];

impl Command {
    /// The command of this name.
    pub fn named(name: &str) -> Option<Self> {
        COMMANDS.into_iter().find(|command| command.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Command::Sign => "sign",
            Command::Verify => "verify",
            Command::Login => "login",
            Command::Setup => "setup",
        }
    }
}

/// Which key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChoice {
    /// `https://<vault>/{keys|certificates}/<name>[/<version>]`, checked by `azure`.
    Id(String),
    /// A name in signingkeys.json.
    Named(String),
    /// A vault's certificate, latest version.
    Certificate { vault: String, certificate: String },
}

/// How the vault's chain is completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainSource {
    Vault,
    CaCerts(PathBuf),
    SelfSigned,
}

/// The inputs, checked: names, shapes and combinations. Whether files and hosts exist shows later.
#[derive(Debug, Clone)]
pub struct Step {
    pub command: Command,
    pub images: Vec<Reference>,
    pub registries: Vec<String>,
    /// Present for `sign`.
    pub key: Option<KeyChoice>,
    pub chain: ChainSource,
    pub credential_type: Option<String>,
    /// The application, or the user-assigned managed identity, that the inputs name.
    pub azure_client_id: Option<String>,
    pub azure_tenant_id: Option<String>,
    pub azure_cloud: Option<Cloud>,
    pub azure_extra_hosts: Option<String>,
    /// Token servers of other hosts that may have a registry's credentials.
    pub auth_realms: Vec<String>,
    pub format: Format,
    pub mode: ReferrersMode,
    pub trust_policy: Option<PathBuf>,
    pub trust_store: Option<PathBuf>,
    pub user_metadata: BTreeMap<String, String>,
    pub expiry: Option<Duration>,
    pub registry_login: Option<(String, Secret)>,
    pub renewal: Renewal,
    /// Images worked on side by side.
    pub concurrency: NonZeroUsize,
    pub timeout: Duration,
    /// Where the JUnit XML goes.
    pub junit: Option<PathBuf>,
    pub dry_run: bool,
}

impl Draft {
    /// Checks everything that inputs alone can tell.
    pub fn validate(&self) -> Result<Step, InputError> {
        let command = self.one_of("command", &COMMANDS.map(|c| (c.name(), c)))?;
        let images = self.images()?;
        if images.is_empty() && matches!(command, Command::Sign | Command::Verify) {
            return Err(InputError::Missing {
                name: "images",
                expected: "the pushed images by digest, such as `myregistry.azurecr.io/app@${{ steps.build.outputs.digest }}`".to_owned(),
            });
        }
        let registries = self.list("registry");
        if registries.is_empty() && command == Command::Login {
            return Err(InputError::Missing {
                name: "registry",
                expected: "the registries to log in to, such as `myregistry.azurecr.io`".to_owned(),
            });
        }
        let key = self.key()?;
        if key.is_none() && command == Command::Sign {
            return Err(InputError::Missing {
                name: "key",
                expected:
                    "a Key Vault id such as `https://myvault.vault.azure.net/certificates/name`, \
                           a name in signingkeys.json, or the inputs `vault` and `certificate`"
                        .to_owned(),
            });
        }
        let step = Step {
            command,
            images,
            registries,
            key,
            chain: self.chain()?,
            credential_type: self.text("credential-type").map(str::to_owned),
            azure_client_id: self.text("azure-client-id").map(str::to_owned),
            azure_tenant_id: self.text("azure-tenant-id").map(str::to_owned),
            azure_cloud: match self.text("azure-cloud") {
                Some(_) => Some(self.one_of("azure-cloud", &CLOUDS.map(|c| (c.name(), c)))?),
                None => None,
            },
            azure_extra_hosts: self.text("azure-extra-hosts").map(str::to_owned),
            auth_realms: self.list("auth-realms"),
            format: self.one_of("signature-format", &FORMATS.map(|f| (f.name(), f)))?,
            mode: match self.truth("force-referrers-tag")? {
                true => ReferrersMode::ForceTag,
                false => ReferrersMode::Auto,
            },
            trust_policy: self.text("trust-policy").map(PathBuf::from),
            trust_store: self.text("trust-store").map(PathBuf::from),
            user_metadata: self.pairs("user-metadata")?,
            expiry: self.duration("expiry")?,
            registry_login: self.registry_login()?,
            renewal: match self.truth("skip-signed")? {
                true => Renewal::WhenEndingWithin(Duration::ZERO),
                false => Renewal::Always,
            },
            concurrency: self.concurrency()?,
            timeout: self.duration("timeout")?.unwrap_or(Duration::from_secs(600)),
            junit: self.junit(),
            dry_run: self.truth("dry-run")?,
        };
        step.check_identity()?;
        if command == Command::Setup && step.trust_policy.is_none() && step.trust_store.is_none() {
            return Err(InputError::Missing {
                name: "trust-policy",
                expected: "a trust policy file, a `trust-store` folder, or both, to install"
                    .to_owned(),
            });
        }
        if step.registry_login.is_some() && step.login_hosts().len() > 1 {
            return Err(InputError::Missing {
                name: "registry",
                expected:
                    "the one registry that `registry-password` is for; there are several here"
                        .to_owned(),
            });
        }
        Ok(step)
    }

    /// Where the JUnit XML goes, also when the other inputs are refused.
    pub fn junit(&self) -> Option<PathBuf> {
        self.text("junit").map(PathBuf::from)
    }

    fn one_of<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, InputError> {
        let found = self.text(name).unwrap_or_default();
        choices.iter().find(|(text, _)| *text == found).map(|(_, choice)| *choice).ok_or_else(
            || {
                let names: Vec<String> =
                    choices.iter().map(|(text, _)| format!("`{text}`")).collect();
                InputError::Invalid { name, found: found.to_owned(), expected: names.join(" or ") }
            },
        )
    }

    fn images(&self) -> Result<Vec<Reference>, InputError> {
        let parse = |text: String| {
            Reference::parse(&text).map_err(|error| InputError::Invalid {
                name: "images",
                found: text.clone(),
                expected: format!("`<registry>/<repository>@<digest>` ({})", error.problem),
            })
        };
        self.list("images").into_iter().map(parse).collect()
    }

    fn key(&self) -> Result<Option<KeyChoice>, InputError> {
        match (self.text("key"), self.text("vault"), self.text("certificate")) {
            (Some(_), Some(_), _) => Err(InputError::Together {
                one: "key",
                other: "vault",
                why: "each names the signing key",
            }),
            (Some(_), _, Some(_)) => Err(InputError::Together {
                one: "key",
                other: "certificate",
                why: "each names the signing key",
            }),
            (Some(key), None, None) if key.contains("://") => Ok(Some(KeyChoice::Id(key.into()))),
            (Some(key), None, None) => Ok(Some(KeyChoice::Named(key.into()))),
            (None, Some(vault), Some(certificate)) => Ok(Some(KeyChoice::Certificate {
                vault: vault.to_owned(),
                certificate: certificate.to_owned(),
            })),
            (None, Some(vault), None) => Err(InputError::Missing {
                name: "certificate",
                expected: format!("the name of a certificate in the vault {vault:?}"),
            }),
            (None, None, Some(certificate)) => Err(InputError::Missing {
                name: "vault",
                expected: format!("the vault that holds the certificate {certificate:?}"),
            }),
            (None, None, None) => Ok(None),
        }
    }

    fn chain(&self) -> Result<ChainSource, InputError> {
        match (self.truth("self-signed")?, self.text("ca-certs")) {
            (true, Some(_)) => Err(InputError::Together {
                one: "self-signed",
                other: "ca-certs",
                why: "a self-signed certificate has no CA",
            }),
            (true, None) => Ok(ChainSource::SelfSigned),
            (false, Some(path)) => Ok(ChainSource::CaCerts(path.into())),
            (false, None) => Ok(ChainSource::Vault),
        }
    }

    fn registry_login(&self) -> Result<Option<(String, Secret)>, InputError> {
        match (self.text("registry-username"), self.text("registry-password")) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(InputError::Missing {
                name: "registry-password",
                expected: "the password that goes with `registry-username`".to_owned(),
            }),
            // notation's rule: a password without a user is an identity token
            (user, Some(password)) => {
                Ok(Some((user.unwrap_or_default().to_owned(), Secret::new(password))))
            }
        }
    }

    fn concurrency(&self) -> Result<NonZeroUsize, InputError> {
        let text = self.text("concurrency").unwrap_or_default();
        let limit = text.parse().ok().filter(|limit| *limit <= MOST_CONCURRENCY);
        limit.ok_or_else(|| InputError::Invalid {
            name: "concurrency",
            found: text.to_owned(),
            expected: format!("a number from 1 to {MOST_CONCURRENCY}"),
        })
    }

    /// A positive whole number of seconds.
    fn duration(&self, name: &'static str) -> Result<Option<Duration>, InputError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let invalid = |problem: &str| InputError::Invalid {
            name,
            found: text.to_owned(),
            expected: format!("a positive duration such as `10m` or `24h` ({problem})"),
        };
        let parsed = GoDuration::parse(text).map_err(|error| invalid(&error.to_string()))?;
        match parsed.to_std() {
            Some(duration) if !duration.is_zero() && parsed.is_whole_seconds() => {
                Ok(Some(duration))
            }
            _ => Err(invalid("whole seconds, more than none")),
        }
    }
}

impl Step {
    /// Where short names of vaults and registries are.
    pub fn cloud(&self) -> Cloud {
        self.azure_cloud.unwrap_or(Cloud::Public)
    }

    /// A federated identity is an application in a tenant.
    fn check_identity(&self) -> Result<(), InputError> {
        let kind = self.credential_type.as_deref().unwrap_or_default();
        let federated = kind.eq_ignore_ascii_case("github");
        let missing =
            |name, expected: &str| Err(InputError::Missing { name, expected: expected.to_owned() });
        match (&self.azure_client_id, &self.azure_tenant_id) {
            (None, tenant) if federated || tenant.is_some() => {
                missing("azure-client-id", "the client id of the application in `azure-tenant-id`")
            }
            (Some(_), None) if federated => {
                missing("azure-tenant-id", "the tenant of the application `azure-client-id`")
            }
            _ => Ok(()),
        }
    }

    /// The one registry that `registry-username` and `registry-password` are for.
    pub fn login_host(&self) -> Option<String> {
        self.registry_login.as_ref()?;
        self.login_hosts().into_iter().next()
    }

    /// The registries named, else those of the images, each once.
    fn login_hosts(&self) -> Vec<String> {
        let mut hosts = self.registries.clone();
        if hosts.is_empty() {
            hosts = self.images.iter().map(|i| i.registry().to_owned()).collect();
        }
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// Sentences about images given by tag: a tag may move between push and signature.
    pub fn tag_warnings(&self) -> Vec<String> {
        self.images
            .iter()
            .filter_map(|image| match image.version() {
                Version::Tag(tag) => Some(format!(
                    "{image} is a tag; give the digest instead of the tag :{tag}, since tags can be moved to another image"
                )),
                Version::Digest(_) => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
