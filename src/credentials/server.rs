//! The address under which stores and helpers keep a registry's credential.

use super::CredentialError;

/// A registry host as stores know it: itself, except docker.io's, which is
/// `https://index.docker.io/v1/`. It holds no control character, space or line break, since a
/// helper reads it as a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerAddress(String);

/// longest host accepted: 253 for a name (RFC 1035), `:` and five digits, rounded up.
pub const HOST_LIMIT: usize = 300;

const DOCKER: &str = "https://index.docker.io/v1/";

impl ServerAddress {
    /// The address for `host` or `host:port`.
    pub fn of(registry_host: &str) -> Result<Self, CredentialError> {
        let fits = !registry_host.is_empty()
            && registry_host.len() <= HOST_LIMIT
            && registry_host.bytes().all(|byte| byte.is_ascii_graphic());
        match registry_host {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => Ok(Self(DOCKER.to_owned())),
            host if fits => Ok(Self(host.to_owned())),
            host => Err(CredentialError::Host(host.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    #[test]
    fn docker_hub_is_kept_under_its_index() {
        for host in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            assert_eq!(ServerAddress::of(host).expect("known").as_str(), DOCKER);
        }
        assert_eq!(ServerAddress::of("a.io:5000").expect("plain").as_str(), "a.io:5000");
    }

    #[test]
    fn hosts_that_could_command_a_helper_are_refused() {
        let long = "a".repeat(HOST_LIMIT + 1);
        for host in ["", "a.io\n", "a.io\0", "a b", "a\tb", "a.io\r\nx", "é.io", "\u{1b}[1m", &long]
        {
            let error = ServerAddress::of(host).expect_err(host);
            assert_eq!(error.code(), "credentials-host");
        }
    }
}
