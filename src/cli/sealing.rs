//! What `sign` and `blob sign` have in common: the key, the envelope, the timestamp, the chain's revocation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgMatches, Command};

use super::artifact_signing;
use super::error::CliError;
use super::parse::{GoDuration, flags, revocation, value, warn_before};
use super::signing_key::SigningKey;
use super::timestamping;
use super::world::World;
use crate::envelope::{Countersigner, FORMATS, Format};
use crate::fault::BoxFault;
use crate::lifetime::WarnBefore;
use crate::revocation::RevocationCheck;
use crate::sign::OwnRevocation;
use crate::timestamp::Stamper;

/// How signatures are made, whatever they are about.
pub struct Sealing {
    pub format: Format,
    /// Counted from the signing time.
    pub expiry: Option<Duration>,
    pub user_metadata: BTreeMap<String, String>,
    pub own_revocation: Option<OwnRevocation>,
    pub warn_before: WarnBefore,
    stamper: Option<Stamper>,
}

/// Which key signs, and what it signs besides the artifact.
pub fn with_key_flags(command: Command) -> Command {
    command
            .arg(
                flags::text(
                    "key",
                    "string",
                    "signing key name, for a key previously added to the key list. This is mutually exclusive with the --id and --plugin flags",
                )
                .short('k'),
            )
            .arg(flags::text(
                "id",
                "string",
                "key id (required if --plugin is set). This is mutually exclusive with the --key flag",
            ))
            .arg(flags::text(
                "plugin",
                "string",
                "signing plugin name (required if --id is set): azure-kv, or one that is installed. This is mutually exclusive with the --key flag",
            ))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "{key}={value} pairs for the plugin; azure-kv: ca_certs=<file>, self_signed=true, credential_type=<environment|workloadid|managedid|azurecli>, native=false for an installed one",
            ))
            .arg(flags::text(
                "signature-format",
                "string",
                "signature envelope format, options: \"jws\", \"cose\" (default \"jws\", or signatureFormat of config.json)",
            ))
            .arg(
                flags::duration(
                    "expiry",
                    "optional expiry that provides a \"best by use\" time for the artifact, in minutes(m) and/or hours(h). For example: 12h, 30m, 3h20m",
                )
                .short('e'),
            )
            .arg(
                flags::texts(
                    "user-metadata",
                    "key=value",
                    "{key}={value} pairs that are added to the signature payload",
                )
                .short('m'),
            )
}

/// Artifact Signing, timestamps, the signing chain's revocation, and what is said of what ends.
pub fn with_flags(command: Command) -> Command {
    let command = artifact_signing::with_flags(timestamping::with_flags(command));
    warn_before::with_flag(revocation::with_own_revocation(command))
}

/// Which of these flags go together.
pub fn check(values: &ArgMatches) -> Result<(), CliError> {
    SigningKey::check(values)?;
    artifact_signing::check(values)?;
    timestamping::check(values)
}

impl Sealing {
    pub fn of(values: &ArgMatches, world: &World) -> Result<Self, BoxFault> {
        let revocation: Arc<dyn RevocationCheck> =
            Arc::new(world.revocation(revocation::revocation_of(values)?));
        let own = revocation::own_rule_of(values);
        Ok(Self {
            format: format(values, world.default_format())?,
            user_metadata: value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?,
            expiry: expiry(values)?,
            warn_before: warn_before::warn_before_of(values)?,
            stamper: timestamping::chosen(values)
                .map(|(urls, root)| world.stamper(&urls, root, revocation.clone()))
                .transpose()?,
            own_revocation: own.map(|rule| OwnRevocation::new(rule, revocation)),
        })
    }

    /// Makes the timestamps, where they are wanted.
    pub fn countersigner(&self) -> Option<&dyn Countersigner> {
        self.stamper.as_ref().map(|stamper| stamper as &dyn Countersigner)
    }
}

fn format(values: &ArgMatches, default: Option<&str>) -> Result<Format, CliError> {
    // The flag is taken as it is; the file's value may be in capitals.
    let name = match flags::text_of(values, "signature-format") {
        Some(given) => given.to_owned(),
        None => default.map_or_else(|| Format::Jws.name().to_owned(), str::to_lowercase),
    };
    FORMATS.into_iter().find(|format| format.name() == name).ok_or(CliError::SignatureFormat(name))
}

fn expiry(values: &ArgMatches) -> Result<Option<Duration>, CliError> {
    let Some(given) = values.get_one::<GoDuration>("expiry") else { return Ok(None) };
    if !given.is_negative() && !given.is_whole_seconds() {
        return Err(CliError::FractionalExpiry);
    }
    let expiry = given.to_std().ok_or(CliError::NegativeExpiry)?;
    Ok(Some(expiry).filter(|e| !e.is_zero()))
}
