//! The flags of `sign` that name a certificate profile of Artifact Signing.

use clap::{ArgMatches, Command};

use super::error::CliError;
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
