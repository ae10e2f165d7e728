//! Registry scopes: `domain/repository` (trust-store-trust-policy.md, "Registry scopes constraints").

use super::policy_error::PolicyError;

/// Every repository.
pub(super) const WILDCARD: &str = "*";

/// One repository's scope, not all of them.
pub fn check_scope(scope: &str) -> Result<(), PolicyError> {
    match scope {
        WILDCARD => Err(PolicyError::Scope(scope.to_owned())),
        _ => validate(scope),
    }
}

/// A scope is `*`, or host labels with an optional port, `/`, and a lower-case repository path.
pub(super) fn validate(scope: &str) -> Result<(), PolicyError> {
    if scope == WILDCARD {
        return Ok(());
    }
    if scope.contains(WILDCARD) {
        return Err(PolicyError::ScopePattern(scope.to_owned()));
    }
    match scope.split_once('/') {
        Some((domain, repository)) if is_domain(domain) && is_repository(repository) => Ok(()),
        _ => Err(PolicyError::Scope(scope.to_owned())),
    }
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    host.split('.').all(is_label) && port.is_none_or(is_number)
}

fn is_label(label: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = label.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn is_repository(repository: &str) -> bool {
    repository.split('/').all(is_component)
}

/// Alphanumeric runs joined by `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !component.starts_with(is_alphanumeric) || !component.ends_with(is_alphanumeric) {
        return false;
    }
    component.split(is_alphanumeric).all(|separator| {
        matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_is_not_all_of_them() {
        assert_eq!(check_scope("local/layout"), Ok(()));
        for scope in ["*", "local/*", "local", ""] {
            assert!(check_scope(scope).is_err(), "{scope}");
        }
    }

    #[test]
    fn scopes_of_the_distribution_grammar_are_accepted() {
        for scope in [
            "*",
            "a.io/b",
            "localhost:5000/net-monitor",
            "Registry.Example-1.COM:443/a/b_c/d__e/f---g/h.i/0",
            "local/my",
            "10.0.0.1/x",
        ] {
            assert_eq!(validate(scope), Ok(()), "{scope}");
        }
    }

    #[test]
    fn patterns_are_refused_as_such() {
        for scope in ["a.io/*", "*.io/a", "**"] {
            assert_eq!(validate(scope), Err(PolicyError::ScopePattern(scope.into())));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for scope in [
            "",
            "/",
            "a.io",
            "a.io/",
            "/b",
            "a.io/b:v1",
            "https://a.io/b",
            "a.io/B",
            "a.io/b/",
            "a.io//b",
            "a.io/b..c",
            "a.io/b___c",
            "a.io/b._c",
            "a.io/-b",
            "a.io/b-",
            "a.io/b@c",
            "-a.io/b",
            "a-.io/b",
            "a..io/b",
            "a.io:/b",
            "a.io:x/b",
            "a.io:1:2/b",
            "a.io/b\n",
            " a.io/b",
            "é.io/b",
            "a.io/é",
            ".io/a",
            "[::1]:5000/a",
        ] {
            assert_eq!(validate(scope), Err(PolicyError::Scope(scope.into())), "{scope:?}");
        }
    }
}
