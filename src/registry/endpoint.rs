//! Where a registry's host name leads: scheme, host for requests, paths.

use url::Url;

use super::RegistryError;
use super::reference::is_host;

/// How a registry is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Https,
    PlainHttp,
}

/// Who runs a registry, as far as it matters for its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Azure Container Registry: the token endpoint is known, `https://<host>/oauth2/token`.
    Azure,
    Other,
}

/// The scheme for a host: plain http for `localhost:<port>` and for the hosts named insecure
/// (exact, case-insensitive), https for all others; 127.0.0.1 is no exception.
pub fn scheme_for(host: &str, insecure: &[String]) -> Scheme {
    let local = host.to_ascii_lowercase().starts_with("localhost:");
    if local || insecure.iter().any(|named| named.eq_ignore_ascii_case(host)) {
        Scheme::PlainHttp
    } else {
        Scheme::Https
    }
}

/// A registry's address.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// As the reference names it.
    pub host: String,
    pub base: Url,
}

impl Endpoint {
    pub fn new(host: &str, scheme: Scheme) -> Result<Self, RegistryError> {
        let invalid = || RegistryError::Host { host: host.to_owned() };
        if !is_host(host) {
            return Err(invalid());
        }
        let asked = match host {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            _ => host,
        };
        let scheme = match scheme {
            Scheme::Https => "https",
            Scheme::PlainHttp => "http",
        };
        let base = Url::parse(&format!("{scheme}://{asked}/v2/")).map_err(|_| invalid())?;
        Ok(Self { host: host.to_owned(), base })
    }

    /// `/v2/<repository>/<rest>`; `rest` is made of checked parts.
    pub fn url(&self, repository: &str, rest: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{repository}/{rest}"));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_localhost_with_a_port_and_named_hosts() {
        let named = ["Reg.Example:5000".to_owned()];
        for (host, scheme) in [
            ("localhost:5000", Scheme::PlainHttp),
            ("localhost", Scheme::Https),
            ("127.0.0.1:5000", Scheme::Https),
            ("reg.example:5000", Scheme::PlainHttp),
            ("reg.example:5001", Scheme::Https),
            ("localhost.evil.io:1", Scheme::Https),
        ] {
            assert_eq!(scheme_for(host, &named), scheme, "{host}");
        }
    }

    #[test]
    fn docker_hub_is_asked_at_its_registry_host() {
        let endpoint = Endpoint::new("docker.io", Scheme::Https).expect("a host");
        let url = endpoint.url("library/alpine", "manifests/3");
        assert_eq!(url.as_str(), "https://registry-1.docker.io/v2/library/alpine/manifests/3");
        assert!(matches!(Endpoint::new("a/b", Scheme::Https), Err(RegistryError::Host { .. })));
    }
}
