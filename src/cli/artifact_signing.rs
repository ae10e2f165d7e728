//! How a certificate profile of Artifact Signing is named: by flags of `sign`, or by the settings of
//! notation's plugin for it.

use std::collections::BTreeMap;

use clap::{ArgMatches, Command};

use super::error::CliError;
use super::native_plugin::ARTIFACT_SIGNING;
use super::parse::flags;
use super::signing_key::SigningKey;

const ENDPOINT: &str = "artifact-signing-endpoint";
const ACCOUNT: &str = "artifact-signing-account";
const PROFILE: &str = "artifact-signing-profile";
const FLAGS: [&str; 3] = [ENDPOINT, ACCOUNT, PROFILE];

/// What names another key, or sets it.
const OTHERS: [&str; 4] = ["key", "id", "plugin", "plugin-config"];

/// `--artifact-signing-endpoint`, `-account` and `-profile`.
pub fn with_flags(command: Command) -> Command {
    command
        .arg(flags::text(
            ENDPOINT,
            "string",
            "endpoint of an Azure Artifact Signing account, such as https://eus.codesigning.azure.net; needs --timestamp-url. This is mutually exclusive with the --key and --id flags",
        ))
        .arg(flags::text(ACCOUNT, "string", "name of the Artifact Signing account"))
        .arg(flags::text(PROFILE, "string", "name of the account's certificate profile"))
}

/// All three or none, no other key beside them, and a timestamp.
pub fn check(values: &ArgMatches) -> Result<(), CliError> {
    let given = |name: &str| values.contains_id(name);
    if !FLAGS.iter().any(|name| given(name)) {
        return Ok(());
    }
    flags::together(values, &FLAGS)?;
    for other in OTHERS {
        flags::exclusive(values, &[ENDPOINT, other])?;
    }
    if !given("timestamp-url") {
        return Err(CliError::ShortLivedWithoutTimestamp);
    }
    Ok(())
}

/// The profile that the flags name; none when no flag was given.
pub fn chosen(values: &ArgMatches) -> Option<SigningKey> {
    // the flags are of `sign` alone
    let text = |name: &str| match values.try_get_one::<String>(name) {
        Ok(Some(text)) => Some(text.clone()),
        _ => None,
    };
    Some(SigningKey::ArtifactSigning {
        endpoint: text(ENDPOINT)?,
        account: text(ACCOUNT)?,
        profile: text(PROFILE)?,
    })
}

/// The profile that the settings of the plugin azure-artifactsigning name; its key id is any text. A
/// setting that is not known is refused: it may say who must not sign.
pub fn of_settings(config: &BTreeMap<String, String>) -> Result<SigningKey, CliError> {
    let refused = |problem| CliError::PluginSetting { plugin: ARTIFACT_SIGNING.name, problem };
    let unknown = config.keys().find(|key| !ARTIFACT_SIGNING.settings.contains(&key.as_str()));
    if let Some(key) = unknown {
        return Err(refused(format!("has no setting {key:?}")));
    }
    let text = |name: &str| {
        let value = config.get(name).filter(|value| !value.is_empty()).cloned();
        value.ok_or_else(|| refused(format!("needs the setting {name}")))
    };
    Ok(SigningKey::ArtifactSigning {
        endpoint: text("baseUrl")?,
        account: text("accountName")?,
        profile: text("certProfile")?,
    })
}

/// Whether a signature with this key would outlive its certificate.
pub fn check_timestamp(key: &SigningKey, values: &ArgMatches) -> Result<(), CliError> {
    match key {
        SigningKey::ArtifactSigning { .. } if !values.contains_id("timestamp-url") => {
            Err(CliError::ShortLivedWithoutTimestamp)
        }
        _ => Ok(()),
    }
}
