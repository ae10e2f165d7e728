//! `<registry>/<repository>:<tag>` and `<registry>/<repository>@<digest>` (reference 2.6).

use super::LayoutError;
use crate::crypto::Digest;
use crate::fault::Fault;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Version {
    Tag(String),
    Digest(Digest),
}

/// A checked reference. There is no default registry, no `library/`, no default tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Empty for a layout.
    registry: String,
    /// Empty for a layout.
    repository: String,
    layout: Option<Place>,
    version: Version,
}

/// An OCI image layout, and what it counts as in a trust policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    path: String,
    scope: Option<String>,
}

/// The wording is notation's: `"x": invalid reference: …. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?}: invalid reference: {problem}. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>"
)]
pub struct ReferenceError {
    pub text: String,
    pub problem: String,
    /// What was probably meant: `repo:v1` for `repo@v1`, `host/repo:v1` for `https://host/repo:v1`.
    pub suggestion: Option<String>,
}

impl Fault for ReferenceError {
    fn code(&self) -> &'static str {
        "registry-reference"
    }

    fn hint(&self) -> Option<String> {
        let rule = match scheme_stripped(&self.text) {
            Some(_) => "a reference has no scheme",
            None => "a tag follows a colon",
        };
        self.suggestion.as_ref().map(|meant| format!("{rule}: {meant}"))
    }
}

/// Longest reference looked at: a host of 255, a repository of 255, a tag of 128 and a digest of 135.
const LONGEST: usize = 1024;
/// distribution-spec, "Pulling manifests": host and repository together are often held to 255.
const LONGEST_REPOSITORY: usize = 255;

impl Reference {
    /// Parses; `…:tag@digest` keeps the digest. Without tag and digest it is an error.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let fail = |problem: String| ReferenceError {
            text: text.chars().take(LONGEST).collect(),
            problem,
            suggestion: None,
        };
        if text.len() > LONGEST {
            return Err(fail(format!("longer than {LONGEST} bytes")));
        }
        let (registry, path) =
            text.split_once('/').ok_or_else(|| fail("missing registry or repository".into()))?;
        let (repository, version) = match path.split_once('@') {
            Some((named, digest)) => {
                (named.split(':').next().unwrap_or_default(), Some(Found::Digest(digest)))
            }
            None => match path.split_once(':') {
                Some((repository, tag)) => (repository, Some(Found::Tag(tag))),
                None => (path, None),
            },
        };
        if !is_host(registry) {
            let bare = scheme_stripped(text).filter(|bare| Self::parse(bare).is_ok());
            return Err(ReferenceError {
                suggestion: bare.map(str::to_owned),
                ..fail(format!("invalid registry {registry:?}"))
            });
        }
        if !is_repository(repository) {
            return Err(fail(format!("invalid repository {repository:?}")));
        }
        let version = match version {
            None | Some(Found::Tag("") | Found::Digest("")) => {
                return Err(fail("no tag or digest".into()));
            }
            Some(Found::Tag(tag)) if is_tag(tag) => Version::Tag(tag.to_owned()),
            Some(Found::Tag(tag)) => return Err(fail(format!("invalid tag {tag:?}"))),
            Some(Found::Digest(digest)) => match Digest::parse(digest) {
                Ok(digest) => Version::Digest(digest),
                Err(error) => {
                    return Err(ReferenceError {
                        suggestion: is_tag(digest)
                            .then(|| format!("{registry}/{repository}:{digest}")),
                        ..fail(format!("invalid digest {digest:?}: {error}"))
                    });
                }
            },
        };
        let (registry, repository) = (registry.to_owned(), repository.to_owned());
        Ok(Self { registry, repository, layout: None, version })
    }

    /// `<path>:<tag>` or `<path>@<digest>` in an OCI image layout, as notation takes it apart: at the
    /// last `@`, else at the last `:`. `scope` is what a trust policy knows it by.
    pub fn in_layout(text: &str, scope: Option<&str>) -> Result<Self, LayoutError> {
        let (path, version) = super::layout_path::split(text)?;
        let layout = Some(Place { path, scope: scope.map(str::to_owned) });
        Ok(Self { registry: String::new(), repository: String::new(), layout, version })
    }

    /// The path of the layout it is in, as the user named it; none in a registry.
    pub fn layout(&self) -> Option<&str> {
        self.layout.as_ref().map(|place| place.path.as_str())
    }

    /// Host, with port if any; empty in a layout.
    pub fn registry(&self) -> &str {
        &self.registry
    }
    /// Empty in a layout.
    pub fn repository(&self) -> &str {
        &self.repository
    }
    pub fn version(&self) -> &Version {
        &self.version
    }
    /// `<registry>/<repository>`, or what was given for a layout: the trust policy's scope.
    pub fn scope(&self) -> String {
        match &self.layout {
            Some(place) => place.scope.as_ref().unwrap_or(&place.path).clone(),
            None => format!("{}/{}", self.registry, self.repository),
        }
    }
    /// By the name a trust policy knows it by: `<scope>@<digest>`.
    pub fn in_policy(&self) -> String {
        match &self.version {
            Version::Tag(tag) => format!("{}:{tag}", self.scope()),
            Version::Digest(digest) => format!("{}@{digest}", self.scope()),
        }
    }
    /// The same repository at a digest.
    pub fn at(&self, digest: &Digest) -> Self {
        Self { version: Version::Digest(digest.clone()), ..self.clone() }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.layout {
            Some(place) => f.write_str(&place.path)?,
            None => write!(f, "{}/{}", self.registry, self.repository)?,
        }
        match &self.version {
            Version::Tag(tag) => write!(f, ":{tag}"),
            Version::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

/// What follows `https://` or `http://`.
fn scheme_stripped(text: &str) -> Option<&str> {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))
}

enum Found<'a> {
    Tag(&'a str),
    Digest(&'a str),
}

/// `host`, `host:port` or `[v6]:port`.
pub(in crate::registry) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((v6, port)) = rest.split_once(']') else { return false };
            if v6.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("v6", if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port_fits = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    port_fits
        && !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

/// distribution-spec, "Pulling manifests":
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
pub(super) fn is_repository(text: &str) -> bool {
    text.len() <= LONGEST_REPOSITORY && text.split('/').all(is_component)
}

fn is_component(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = text.split(plain).filter(|s| !s.is_empty());
    text.starts_with(plain)
        && text.ends_with(plain)
        && separators.all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

/// distribution-spec, "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn tags_digests_and_both_are_read() {
        for (text, shown) in [
            ("a.io/b:v1".to_owned(), "a.io/b:v1".to_owned()),
            (format!("a.io/b@{DIGEST}"), format!("a.io/b@{DIGEST}")),
            (format!("a.io/b:v1@{DIGEST}"), format!("a.io/b@{DIGEST}")),
            (
                "localhost:5000/x/y--z__1.2_3:V_.-".into(),
                "localhost:5000/x/y--z__1.2_3:V_.-".into(),
            ),
            ("[::1]:5000/x:y".into(), "[::1]:5000/x:y".into()),
        ] {
            let reference = Reference::parse(&text).expect(&text);
            assert_eq!(reference.to_string(), shown);
        }
        let reference = Reference::parse("a.io/b/c:v1").expect("a reference");
        assert_eq!(reference.scope(), "a.io/b/c");
        assert_eq!(reference.registry(), "a.io");
        assert_eq!(reference.repository(), "b/c");
    }

    #[test]
    fn what_is_no_reference_is_worded_as_notation_does() {
        let of = |text: &str| Reference::parse(text).expect_err(text).problem;
        assert_eq!(of("false"), "missing registry or repository");
        assert_eq!(of("localhost:5000/net-monitor"), "no tag or digest");
        assert_eq!(of("a.io/b:"), "no tag or digest");
        assert_eq!(of("a.io/B:v1"), "invalid repository \"B\"");
        assert_eq!(of("a.io/:v1"), "invalid repository \"\"");
        assert_eq!(of("a.io/a/../b:v1"), "invalid repository \"a/../b\"");
        assert_eq!(of("a.io/b:v 1"), "invalid tag \"v 1\"");
        for host in
            ["", "a..io", "u@a.io", "a.io:", "a.io:0", "a.io:+80", "a.io:70000", "[::1", "-a"]
        {
            assert_eq!(of(&format!("{host}/b:v1")), format!("invalid registry {host:?}"));
        }
        let long = format!("a.io/{}:v1", "b".repeat(256));
        assert!(of(&long).starts_with("invalid repository"));
        assert_eq!(of(&format!("a.io/b:{}", "c".repeat(2000))), "longer than 1024 bytes");
    }

    #[test]
    fn a_tag_after_an_at_sign_is_refused_with_what_was_meant() {
        let error = Reference::parse("localhost:5000/net-monitor@v1").expect_err("refused");
        assert_eq!(
            error.to_string(),
            "\"localhost:5000/net-monitor@v1\": invalid reference: invalid digest \"v1\": invalid checksum digest format. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>"
        );
        assert_eq!(error.suggestion.as_deref(), Some("localhost:5000/net-monitor:v1"));
        assert_eq!(error.code(), "registry-reference");
        assert!(error.hint().is_some_and(|hint| hint.contains("localhost:5000/net-monitor:v1")));
        let error = Reference::parse("a.io/b@sha256:abc").expect_err("refused");
        assert_eq!(error.suggestion, None);
        let error = Reference::parse("https://localhost:5000/net-monitor:v1").unwrap_err();
        assert_eq!(
            error.hint().as_deref(),
            Some("a reference has no scheme: localhost:5000/net-monitor:v1")
        );
    }
}
