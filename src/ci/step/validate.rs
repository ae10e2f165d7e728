//! The way from inputs to a step: everything that inputs alone can tell is checked here.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::{COMMANDS, ChainSource, Command, KeyChoice, Step, Timestamps};
use crate::azure::CLOUDS;
use crate::batch::{MOST_CONCURRENCY, Reach, Renewal};
use crate::ci::draft::{Draft, InputError};
use crate::clock::GoDuration;
use crate::envelope::FORMATS;
use crate::registry::ReferrersMode;
use crate::secret::Secret;

impl Draft {
    /// Checks everything that inputs alone can tell.
    pub fn validate(&self) -> Result<Step, InputError> {
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        let command = self.one_of("command", &COMMANDS.map(|c| (c.name(), c)))?;
        let images = self.pushed(command)?;
        if images.is_empty() && matches!(command, Command::Sign | Command::Verify) {
            return Err(InputError::Missing {
                name: "images",
                expected: "the pushed images by digest, such as `myregistry.azurecr.io/app@${{ steps.build.outputs.digest }}`, or what the build step tells: `metadata: ${{ steps.build.outputs.metadata }}`".to_owned(),
            });
        }
        let registries = self.list("registry");
        let connected = self.text("container-registry").is_some();
        if registries.is_empty() && !connected && command == Command::Login {
            return Err(InputError::Missing {
                name: "registry",
                expected: "the registries to log in to, such as `myregistry.azurecr.io`".to_owned(),
            });
        }
        let mut plugin = self.plugin()?;
        let own_key = match self.plugin_key(&plugin)? {
            Some(key) => Some(key),
            None => self.artifact_signing()?,
        };
        let key = match own_key {
            Some(key) => Some(key),
            None => self.key()?,
        };
        if key.is_none() && command == Command::Sign {
            return Err(InputError::Missing {
                name: "key",
                expected:
                    "a Key Vault id such as `https://myvault.vault.azure.net/certificates/name`, \
                           a name in signingkeys.json, the inputs `vault` and `certificate`, or those \
                           of Artifact Signing, from `artifact-signing-endpoint` on"
                        .to_owned(),
            });
        }
        let step = Step {
            command,
            images,
            registries,
            key,
            chain: self.chain()?,
            credential_type: plugin
                .take_credential_type()
                .or(self.text("credential-type").map(str::to_owned)),
            plugin,
            azure_client_id: self.text("azure-client-id").map(str::to_owned),
            azure_tenant_id: self.text("azure-tenant-id").map(str::to_owned),
            azure_subscription: self.text("azure-subscription").map(str::to_owned),
            container_registry: self.text("container-registry").map(str::to_owned),
            azure_cloud: match self.text("azure-cloud") {
                Some(_) => Some(self.one_of("azure-cloud", &CLOUDS.map(|c| (c.name(), c)))?),
                None => None,
            },
            azure_extra_hosts: self.text("azure-extra-hosts").map(str::to_owned),
            ca_file: self.text("ca-file").map(PathBuf::from),
            auth_realms: self.list("auth-realms"),
            format: self.one_of("signature-format", &FORMATS.map(|f| (f.name(), f)))?,
            mode: match self.truth("force-referrers-tag")? {
                true => ReferrersMode::ForceTag,
                false => ReferrersMode::Auto,
            },
            trust: self.trust()?,
            binary_names: self.binary_names()?,
            timestamps: self.timestamps()?,
            revocation: self.revocation()?,
            own_revocation: self.own_revocation()?,
            user_metadata: self.pairs("user-metadata")?,
            expiry: self.duration("expiry")?,
            registry_login: self.registry_login()?,
            renewal: self.renewal()?,
            warn_before: self.warn_before()?,
            reach: match self.truth("recursive")? {
                true => Reach::Recursive,
                false => Reach::Itself,
            },
            concurrency: self.concurrency()?,
            timeout: self.duration("timeout")?.unwrap_or(Duration::from_secs(600)),
            junit: self.junit(),
            dry_run: self.truth("dry-run")?,
        };
        step.check_identity()?;
        step.check_connections()?;
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

    pub(super) fn one_of<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, InputError> {
        let found = self.text(name).unwrap_or_default();
        choices.iter().find(|(text, _)| *text == found).map(|(_, choice)| *choice).ok_or_else(
            || {
                let names: Vec<String> =
                    choices.iter().map(|(text, _)| format!("`{text}`")).collect();
                let (last, others) = names.split_last().expect("an input has choices");
                let expected = format!("{} or {last}", others.join(", "));
                InputError::Invalid { name, found: found.to_owned(), expected }
            },
        )
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

    fn timestamps(&self) -> Result<Option<Timestamps>, InputError> {
        match (self.list("timestamp-url"), self.text("timestamp-root-cert")) {
            (urls, None) if urls.is_empty() => Ok(None),
            (urls, Some(root)) if !urls.is_empty() => {
                Ok(Some(Timestamps { urls, root: root.into() }))
            }
            (_, Some(_)) => Err(InputError::Missing {
                name: "timestamp-url",
                expected: "the address of a timestamp authority under `timestamp-root-cert`".into(),
            }),
            (_, None) => Err(InputError::Missing {
                name: "timestamp-root-cert",
                expected: "the file with the root certificate of `timestamp-url`".into(),
            }),
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

    fn renewal(&self) -> Result<Renewal, InputError> {
        match (self.truth("skip-signed")?, self.duration("renew-before")?) {
            (true, ahead) => Ok(Renewal::WhenEndingWithin(ahead.unwrap_or_default())),
            (false, None) => Ok(Renewal::Always),
            (false, Some(_)) => Err(InputError::Together {
                one: "renew-before",
                other: "skip-signed",
                why: "`skip-signed: false` signs in any case",
            }),
        }
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

    /// A connection and what it stands instead of are not given together.
    fn check_connections(&self) -> Result<(), InputError> {
        let together = |one, other, why| Err(InputError::Together { one, other, why });
        if self.azure_subscription.is_some() && self.azure_tenant_id.is_some() {
            return together("azure-subscription", "azure-tenant-id", "each names the identity");
        }
        if self.container_registry.is_some() && self.registry_login.is_some() {
            let why = "each gives the registry's credential";
            return together("container-registry", "registry-password", why);
        }
        Ok(())
    }
}
