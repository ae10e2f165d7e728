//! Artifact Signing as the key of a step: what its inputs alone can tell.

use super::KeyChoice;
use crate::ci::draft::{Draft, InputError};

const ENDPOINT: &str = "artifact-signing-endpoint";
const ACCOUNT: &str = "artifact-signing-account";
const PROFILE: &str = "artifact-signing-profile";

/// What is for keys in a vault, or of a file.
const OTHERS: [&str; 4] = ["key", "vault", "certificate", "ca-certs"];

impl Draft {
    /// All three inputs or none, no other key beside them, and a timestamp.
    pub(super) fn artifact_signing(&self) -> Result<Option<KeyChoice>, InputError> {
        let inputs = [ENDPOINT, ACCOUNT, PROFILE].map(|name| self.text(name));
        let [endpoint, account, profile] = match inputs {
            [None, None, None] => return Ok(None),
            [Some(endpoint), Some(account), Some(profile)] => [endpoint, account, profile],
            [None, ..] => {
                let expected = "the endpoint of the Artifact Signing account, such as `https://eus.codesigning.azure.net`";
                return missing(ENDPOINT, expected);
            }
            [_, None, _] => return missing(ACCOUNT, "the name of the Artifact Signing account"),
            [_, _, None] => {
                return missing(PROFILE, "a certificate profile of the Artifact Signing account");
            }
        };
        let self_signed = self.truth("self-signed")?.then_some("self-signed");
        let other = OTHERS.into_iter().find(|name| self.text(name).is_some()).or(self_signed);
        if let Some(other) = other {
            let why = match other {
                "ca-certs" | "self-signed" => "Artifact Signing sends its whole chain",
                _ => "each names the signing key",
            };
            return Err(InputError::Together { one: ENDPOINT, other, why });
        }
        if self.list("timestamp-url").is_empty() {
            let expected = "certificates of Artifact Signing end after 72 hours, and with them a signature without a timestamp; give an authority such as `http://timestamp.acs.microsoft.com`, and its root as `timestamp-root-cert`";
            return missing("timestamp-url", expected);
        }
        Ok(Some(KeyChoice::ArtifactSigning {
            endpoint: endpoint.to_owned(),
            account: account.to_owned(),
            profile: profile.to_owned(),
        }))
    }
}

fn missing<T>(name: &'static str, expected: &str) -> Result<T, InputError> {
    Err(InputError::Missing { name, expected: expected.to_owned() })
}
