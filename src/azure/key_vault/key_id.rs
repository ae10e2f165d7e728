//! Names of keys: `https://<vault>/{keys|certificates}/<name>[/<version>]`.

use crate::azure::{AzureError, Cloud, ExtraHosts, VaultHost};

/// A certificate's key in a vault. `keys/…` and `certificates/…` name the same thing: certificate, key
/// and secret share name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyId {
    vault: VaultHost,
    name: String,
    version: Option<String>,
}

/// object names: 1 to 127 letters, digits and hyphens (Key Vault, "Object identifiers")
const NAME_LIMIT: usize = 127;

impl KeyId {
    /// Parses an id as `--id` takes it. Trailing slashes and a query are ignored. Errors:
    /// `azure-key-id` and `azure-vault-host`.
    pub fn parse(text: &str, extra: &ExtraHosts) -> Result<Self, AzureError> {
        if text.is_empty() {
            return Err(AzureError::KeyIdEmpty);
        }
        let malformed = || AzureError::KeyIdFormat { id: text.to_owned() };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let mut parts = rest.trim_end_matches('/').split('/');
        let host = parts.next().unwrap_or_default();
        let segments: Vec<&str> = parts.collect();
        let (kind, name, version) = match segments[..] {
            [kind, name] => (kind, name, None),
            [kind, name, version] => (kind, name, Some(version)),
            _ => return Err(malformed()),
        };
        if !matches!(kind, "keys" | "certificates") {
            return Err(AzureError::KeyIdKind { kind: kind.to_owned() });
        }
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(AzureError::KeyIdScheme { scheme: scheme.to_owned() });
        }
        if !is_object_name(name) || !version.is_none_or(is_object_name) {
            return Err(malformed());
        }
        Ok(Self {
            vault: VaultHost::parse(host, extra)?,
            name: name.to_owned(),
            version: version.map(str::to_owned),
        })
    }

    /// The latest version of a certificate, by the settings `vault` and `certificate`.
    /// A short vault name is of a vault in `cloud`.
    pub fn latest(
        vault: &str,
        certificate: &str,
        cloud: Cloud,
        extra: &ExtraHosts,
    ) -> Result<Self, AzureError> {
        let vault = VaultHost::parse_setting(vault, cloud, extra)?;
        if !is_object_name(certificate) {
            return Err(AzureError::CertificateName { name: certificate.to_owned() });
        }
        Ok(Self { vault, name: certificate.to_owned(), version: None })
    }

    pub fn vault(&self) -> &VaultHost {
        &self.vault
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// None means the latest.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The same key at one version.
    pub(super) fn pinned(&self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self.clone() }
    }

    /// The latest version of the same certificate.
    pub(super) fn unpinned(&self) -> Self {
        Self { version: None, ..self.clone() }
    }

    /// Whether `id`, as the service answered it, names this key; its version is returned. The host is
    /// compared, so that one vault cannot answer for another.
    pub(super) fn version_answered(&self, id: &str, kind: &str) -> Option<String> {
        let rest = id.strip_prefix("https://")?;
        let parts: Vec<&str> = rest.split('/').collect();
        let [host, kind_found, name, version] = parts[..] else { return None };
        let host = host.strip_suffix(":443").unwrap_or(host);
        let same = host.eq_ignore_ascii_case(self.vault.as_str())
            && kind_found == kind
            && name.eq_ignore_ascii_case(&self.name)
            && is_object_name(version)
            && self.version.as_deref().is_none_or(|v| v.eq_ignore_ascii_case(version));
        same.then(|| version.to_owned())
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "https://{}/keys/{}", self.vault.as_str(), self.name)?;
        match &self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

fn is_object_name(text: &str) -> bool {
    (1..=NAME_LIMIT).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    fn parse(text: &str) -> Result<KeyId, AzureError> {
        KeyId::parse(text, &ExtraHosts::default())
    }

    #[test]
    fn ids_of_keys_and_certificates_name_the_same() {
        for (text, shown) in [
            ("https://v11.vault.azure.net/keys/k/0123", "https://v11.vault.azure.net/keys/k/0123"),
            (
                "https://v11.vault.azure.net/certificates/k/0123",
                "https://v11.vault.azure.net/keys/k/0123",
            ),
            ("https://V11.vault.azure.net/keys/my-Key/", "https://v11.vault.azure.net/keys/my-Key"),
            ("HTTPS://v11.vault.azure.net/keys/k?x=/y", "https://v11.vault.azure.net/keys/k"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn malformed_ids_are_refused_with_the_known_texts() {
        let format = "Invalid input passed to \"--id\". Please follow this format to input the ID \
            \"https://<vault-name>.vault.azure.net/certificates/<certificate-name>/[certificate-version]\"";
        for (text, code, message) in [
            ("", "azure-key-id", "Input passed to \"--id\" must not be empty"),
            ("k", "azure-key-id", format),
            ("https://v11.vault.azure.net", "azure-key-id", format),
            ("https://v11.vault.azure.net/keys", "azure-key-id", format),
            ("https://v11.vault.azure.net/keys/k/v/x", "azure-key-id", format),
            ("https://v11.vault.azure.net/keys//v", "azure-key-id", format),
            ("https://v11.vault.azure.net/keys/../v", "azure-key-id", format),
            ("https://v11.vault.azure.net/keys/a%2fb", "azure-key-id", format),
            (
                "https://v11.vault.azure.net/secrets/k",
                "azure-key-id",
                "Unsupported key vualt object type secrets.",
            ),
            (
                "http://v11.vault.azure.net/keys/k",
                "azure-key-id",
                "Unsupported scheme http. The scheme must be https.",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), (code, message), "{text}");
        }
    }

    #[test]
    fn hosts_of_ids_are_of_the_table() {
        for text in [
            "https://v11.vault.azure.net:8443/keys/k",
            "https://u@v11.vault.azure.net/keys/k",
            "https://v11.vault.azure.net.attacker.com/keys/k",
            "https://attacker.com\\.vault.azure.net/keys/k",
            "https:///keys/k",
        ] {
            assert_eq!(parse(text).unwrap_err().code(), "azure-vault-host", "{text}");
        }
        let extra = ExtraHosts::parse("vault=localhost:8443").unwrap();
        let id = KeyId::parse("https://localhost:8443/certificates/k", &extra).unwrap();
        assert_eq!(id.to_string(), "https://localhost:8443/keys/k");
    }

    #[test]
    fn names_of_certificates_are_checked() {
        let none = ExtraHosts::default();
        let id = KeyId::latest("v11", "my-cert", Cloud::Public, &none).unwrap();
        assert_eq!(id.to_string(), "https://v11.vault.azure.net/keys/my-cert");
        for name in ["", "a/b", "a b", "\u{e4}", &"a".repeat(128)] {
            assert_eq!(
                KeyId::latest("v11", name, Cloud::Public, &none).unwrap_err().code(),
                "azure-certificate-name"
            );
        }
    }

    #[test]
    fn an_answered_id_must_be_the_one_asked_for() {
        let latest = parse("https://v11.vault.azure.net/keys/k").unwrap();
        let answer = "https://v11.vault.azure.net/keys/K/aa11";
        assert_eq!(latest.version_answered(answer, "keys").as_deref(), Some("aa11"));
        assert!(latest.pinned("AA11").version_answered(answer, "keys").is_some());
        assert_eq!(latest.pinned("bb22").version_answered(answer, "keys"), None);
        for other in [
            "https://v12.vault.azure.net/keys/k/aa11",
            "https://v11.vault.azure.net/secrets/k/aa11",
            "https://v11.vault.azure.net/keys/other/aa11",
            "https://v11.vault.azure.net/keys/k",
            "https://v11.vault.azure.net/keys/k/aa/11",
            "http://v11.vault.azure.net/keys/k/aa11",
            "",
        ] {
            assert_eq!(latest.version_answered(other, "keys"), None, "{other}");
        }
    }
}
