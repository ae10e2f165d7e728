//! Where credentials may go (DESIGN, "Credentials go home only").

use url::Url;

use crate::http::same_origin;
use crate::registry::endpoint::Kind;
use crate::registry::reference::is_host;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registry) enum Trust {
    /// The registry's own address, or one known or named to belong to it.
    Credentials,
    /// Any other https address.
    Anonymous,
    /// Not asked at all.
    Refused,
}

/// Registries whose token server is known to live elsewhere; https and port 443 on both sides.
const PAIRS: [(&str, &str); 2] =
    [("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// `named`: the setting `auth-realms`, entries `host` or `host:port`, exact.
pub(in crate::registry) fn trust(
    registry: &Url,
    kind: Kind,
    realm: &Url,
    named: &[String],
) -> Trust {
    let plain = !realm.username().is_empty() || realm.password().is_some();
    if plain || !matches!(realm.scheme(), "https" | "http") || !is_host(&name(realm)) {
        return Trust::Refused;
    }
    if same_origin(registry, realm) {
        return Trust::Credentials;
    }
    // never from TLS to clear text
    let downgrade = realm.scheme() == "http" && registry.scheme() == "https";
    if kind == Kind::Other && !downgrade && (is_pair(registry, realm) || is_named(realm, named)) {
        return Trust::Credentials;
    }
    if realm.scheme() == "https" { Trust::Anonymous } else { Trust::Refused }
}

/// Whether naming this realm in the setting `auth-realms` would send credentials to it.
pub(in crate::registry) fn may_be_named(registry: &Url, kind: Kind, realm: &Url) -> bool {
    trust(registry, kind, realm, &[name(realm)]) == Trust::Credentials
}

/// `host` or `host:port`: what the setting `auth-realms` would name.
pub(in crate::registry) fn name(realm: &Url) -> String {
    let host = realm.host_str().unwrap_or_default();
    match realm.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_pair(registry: &Url, realm: &Url) -> bool {
    let secure = |url: &Url| url.scheme() == "https" && url.port().is_none();
    secure(registry)
        && secure(realm)
        && PAIRS
            .iter()
            .any(|(from, to)| registry.host_str() == Some(*from) && realm.host_str() == Some(*to))
}

fn is_named(realm: &Url, named: &[String]) -> bool {
    let full = format!(
        "{}:{}",
        realm.host_str().unwrap_or_default(),
        realm.port_or_known_default().unwrap_or_default()
    );
    named
        .iter()
        .any(|entry| entry.eq_ignore_ascii_case(&name(realm)) || entry.eq_ignore_ascii_case(&full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(registry: &str, kind: Kind, realm: &str, named: &[&str]) -> Trust {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let named: Vec<String> = named.iter().map(|s| (*s).to_owned()).collect();
        trust(&url(registry), kind, &url(realm), &named)
    }

    #[test]
    fn credentials_go_to_the_registry_itself_its_pair_and_named_realms() {
        use Kind::Other;
        for (registry, realm, named) in [
            ("https://a.io/v2/", "https://a.io/token", vec![]),
            ("http://a.io:5000/v2/", "http://a.io:5000/token", vec![]),
            ("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", vec![]),
            ("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", vec![]),
            ("https://a.io/v2/", "https://auth.b.io/token", vec!["Auth.b.io"]),
            ("https://a.io/v2/", "https://auth.b.io/token", vec!["auth.b.io:443"]),
            ("http://localhost:5000/v2/", "http://localhost:5001/t", vec!["localhost:5001"]),
        ] {
            assert_eq!(of(registry, Other, realm, &named), Trust::Credentials, "{realm}");
        }
    }

    #[test]
    fn other_realms_are_asked_anonymously_over_https_or_not_at_all() {
        for (registry, realm, named, expected) in [
            ("https://a.io/v2/", "https://evil.io/token", vec![], Trust::Anonymous),
            ("https://a.io/v2/", "https://a.io.evil.io/token", vec!["a.io"], Trust::Anonymous),
            ("https://a.io/v2/", "https://a.io:444/token", vec!["a.io"], Trust::Anonymous),
            ("https://a.io/v2/", "http://a.io/token", vec!["a.io"], Trust::Refused),
            ("https://a.io/v2/", "http://169.254.169.254/token", vec![], Trust::Refused),
            ("http://a.io:5000/v2/", "http://a.io:5001/token", vec![], Trust::Refused),
            ("https://a.io/v2/", "https://u:p@a.io/token", vec![], Trust::Refused),
            ("https://a.io/v2/", "ftp://a.io/token", vec![], Trust::Refused),
            ("https://a.io/v2/", "https://$(id).b.io/token", vec![], Trust::Refused),
            ("https://a.io/v2/", "https://b.io;id/token", vec![], Trust::Refused),
            ("https://a.io/v2/", "https://b'`id`'.io/token", vec![], Trust::Refused),
            ("https://docker.io.x/v2/", "https://auth.docker.io/token", vec![], Trust::Anonymous),
            (
                "https://registry-1.docker.io:444/v2/",
                "https://auth.docker.io/token",
                vec![],
                Trust::Anonymous,
            ),
        ] {
            assert_eq!(of(registry, Kind::Other, realm, &named), expected, "{registry} {realm}");
        }
    }

    #[test]
    fn azure_credentials_stay_on_the_registry_host_even_when_another_is_named() {
        let realm = "https://evil.io/oauth2/token";
        let registry = "https://x.azurecr.io/v2/";
        assert_eq!(of(registry, Kind::Azure, realm, &["evil.io"]), Trust::Anonymous);
        let own = "https://x.azurecr.io/oauth2/token";
        assert_eq!(of(registry, Kind::Azure, own, &[]), Trust::Credentials);
    }
}
