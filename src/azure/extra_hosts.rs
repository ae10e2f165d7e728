//! Hosts beside the table that the user names: private clouds and labs.

use super::AzureError;

/// `vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT,artifact-signing=HOST:PORT,management=HOST:PORT,
/// storage=HOST:PORT`: exact hosts, reached by https only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraHosts {
    entries: Vec<(Role, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Vault,
    Registry,
    Authority,
    ArtifactSigning,
    Management,
    Storage,
}

const ROLES: [(&str, Role); 6] = [
    ("vault", Role::Vault),
    ("registry", Role::Registry),
    ("authority", Role::Authority),
    ("artifact-signing", Role::ArtifactSigning),
    ("management", Role::Management),
    ("storage", Role::Storage),
];

/// more entries than any cloud has kinds of endpoints
const ENTRY_LIMIT: usize = 64;

impl ExtraHosts {
    /// Parses the list; entries are separated by commas or white space, a role may come several times. An
    /// empty text is an empty list. Port 443 is the same as none.
    pub fn parse(text: &str) -> Result<Self, AzureError> {
        let mut entries = Vec::new();
        for entry in text.split([',', '\n', ' ', '\r', '\t']).filter(|e| !e.is_empty()) {
            let refused = |problem| AzureError::ExtraHosts { entry: entry.to_owned(), problem };
            let (role, host) = entry.split_once('=').ok_or_else(|| refused("has no `=`"))?;
            let (_, role) = ROLES
                .into_iter()
                .find(|(name, _)| *name == role)
                .ok_or_else(|| refused("is for no known role"))?;
            let host = exact_host(host).map_err(refused)?;
            if entries.len() == ENTRY_LIMIT {
                return Err(refused("is one too many"));
            }
            entries.push((role, host));
        }
        Ok(Self { entries })
    }

    /// `host` is `name` or `name:port` in lower case.
    pub(super) fn has_vault(&self, host: &str) -> bool {
        self.has(Role::Vault, host)
    }

    pub(super) fn has_registry(&self, host: &str) -> bool {
        self.has(Role::Registry, host)
    }

    pub(super) fn has_authority(&self, host: &str) -> bool {
        self.has(Role::Authority, host)
    }

    pub(super) fn has_signing(&self, host: &str) -> bool {
        self.has(Role::ArtifactSigning, host)
    }

    pub(super) fn has_storage(&self, host: &str) -> bool {
        self.has(Role::Storage, host)
    }

    /// The Azure Resource Manager to use instead of the cloud's: the first that is named.
    pub(super) fn management(&self) -> Option<&str> {
        let named = self.entries.iter().find(|(role, _)| *role == Role::Management);
        named.map(|(_, host)| host.as_str())
    }

    fn has(&self, role: Role, host: &str) -> bool {
        self.entries.iter().any(|(r, h)| *r == role && h == without_default_port(host))
    }
}

/// `name[:port]` without the port https has anyway.
pub(super) fn without_default_port(host: &str) -> &str {
    host.strip_suffix(":443").unwrap_or(host)
}

fn exact_host(text: &str) -> Result<String, &'static str> {
    if text.contains("://") {
        return Err("has a scheme; write HOST:PORT, https is understood");
    }
    let lower = text.to_ascii_lowercase();
    let (name, port) = match lower.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (lower.as_str(), None),
    };
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err("is no host name");
    }
    if let Some(port) = port {
        let digits = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
        if !digits || port.parse::<u16>().is_err() {
            return Err("has no valid port");
        }
    }
    Ok(without_default_port(&lower).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn a_list_names_exact_hosts_by_role() {
        let hosts =
            ExtraHosts::parse("vault=LOCALHOST:8443,registry=cr.example:443, authority=10.0.0.1:1 artifact-signing=s:1")
                .unwrap();
        assert!(hosts.has_signing("s:1"));
        assert!(!hosts.has_signing("localhost:8443"));
        assert!(hosts.has_vault("localhost:8443"));
        assert!(!hosts.has_vault("localhost"));
        assert!(!hosts.has_vault("localhost:84433"));
        assert!(!hosts.has_registry("localhost:8443"));
        assert!(hosts.has_registry("cr.example"));
        assert!(hosts.has_registry("cr.example:443"));
        assert!(!hosts.has_registry("a.cr.example"));
        assert!(hosts.has_authority("10.0.0.1:1"));
        assert_eq!(ExtraHosts::parse(" ").unwrap(), ExtraHosts::default());
    }

    #[test]
    fn malformed_entries_are_refused() {
        for text in [
            "localhost:1",
            "vaults=localhost:1",
            "vault=",
            "vault=https://localhost:1",
            "vault=http://localhost:1",
            "vault=user@localhost:1",
            "vault=localhost:",
            "vault=localhost:0",
            "vault=localhost:070",
            "vault=localhost:70000",
            "vault=localhost:1/x",
            "vault=*.example",
            "vault=a..b",
            "vault=example.",
            "vault=ex\u{e4}mple",
        ] {
            let error = ExtraHosts::parse(text).unwrap_err();
            assert_eq!(error.code(), "azure-extra-hosts", "{text}");
            assert!(error.hint().unwrap().contains("vault=HOST:PORT"), "{text}");
        }
    }
}
