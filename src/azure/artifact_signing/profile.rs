//! Which certificate profile signs: endpoint, account and profile.

use super::ArtifactSigningError;
use crate::azure::{ExtraHosts, SigningHost};

/// A certificate profile of an account at an endpoint, each checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateProfile {
    pub(super) host: SigningHost,
    pub(super) account: String,
    pub(super) profile: String,
}

/// Name patterns of `codeSigningAccounts` and `certificateProfiles` (Microsoft.CodeSigning): letters,
/// digits and hyphens, so many of them.
const ACCOUNT: (usize, usize) = (3, 24);
const PROFILE: (usize, usize) = (5, 100);

impl CertificateProfile {
    /// Errors: `azure-artifact-signing-endpoint` and `azure-artifact-signing-name`.
    pub fn parse(
        endpoint: &str,
        account: &str,
        profile: &str,
        extra: &ExtraHosts,
    ) -> Result<Self, ArtifactSigningError> {
        Ok(Self {
            host: SigningHost::parse(endpoint, extra)?,
            account: name("account", account, ACCOUNT)?,
            profile: name("certificate profile", profile, PROFILE)?,
        })
    }
}

/// `https://<host>/codesigningaccounts/<account>/certificateprofiles/<profile>`
impl std::fmt::Display for CertificateProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, account, profile } = self;
        let host = host.as_str();
        write!(f, "https://{host}/codesigningaccounts/{account}/certificateprofiles/{profile}")
    }
}

fn name(
    what: &'static str,
    text: &str,
    (least, most): (usize, usize),
) -> Result<String, ArtifactSigningError> {
    let taken = (least..=most).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match taken {
        true => Ok(text.to_owned()),
        false => Err(ArtifactSigningError::Name { what, name: text.to_owned(), least, most }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    fn parse(endpoint: &str, account: &str, profile: &str) -> Result<String, &'static str> {
        let extra = ExtraHosts::parse("artifact-signing=localhost:8443").unwrap();
        let parsed = CertificateProfile::parse(endpoint, account, profile, &extra);
        parsed.map(|profile| profile.to_string()).map_err(|error| error.code())
    }

    #[test]
    fn an_endpoint_is_taken_as_the_portal_shows_it() {
        let shown =
            "https://eus.codesigning.azure.net/codesigningaccounts/acc/certificateprofiles/images";
        for endpoint in [
            "https://eus.codesigning.azure.net/",
            "https://eus.codesigning.azure.net",
            "HTTPS://EUS.codesigning.azure.net:443/",
            "eus.codesigning.azure.net",
        ] {
            assert_eq!(parse(endpoint, "acc", "images").as_deref(), Ok(shown), "{endpoint}");
        }
        assert!(parse("https://localhost:8443/", "acc", "images").is_ok());
    }

    #[test]
    fn endpoints_are_of_the_table() {
        for endpoint in [
            "",
            "eus",
            "http://eus.codesigning.azure.net",
            "https://codesigning.azure.net",
            "https://a.b.codesigning.azure.net",
            "https://eus.codesigning.azure.net.attacker.com",
            "https://attacker.com/.codesigning.azure.net",
            "https://u@eus.codesigning.azure.net",
            "https://eus.codesigning.azure.net:8443",
            "https://eus.codesigning.azure.net/x",
            "https://eus.codesigning.azure.net?x",
            "https://xn--a.codesigning.azure.net",
            "https://eus.codesigning.azure.us",
            "https://localhost:84430",
        ] {
            let refused = Err("azure-artifact-signing-endpoint");
            assert_eq!(parse(endpoint, "acc", "images"), refused, "{endpoint}");
        }
    }

    #[test]
    fn names_are_letters_digits_and_hyphens() {
        let endpoint = "https://eus.codesigning.azure.net";
        let long = "a".repeat(101);
        for (account, profile) in [
            ("", "images"),
            ("ab", "images"),
            ("a/b", "images"),
            (&long[..25], "images"),
            ("acc", "imag"),
            ("acc", "im:ges"),
            ("acc", "../images"),
            ("acc", "im\u{e4}ges"),
            ("acc", long.as_str()),
        ] {
            let refused = Err("azure-artifact-signing-name");
            assert_eq!(parse(endpoint, account, profile), refused, "{account} {profile}");
        }
    }
}
