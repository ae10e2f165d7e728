//! Where trust comes from, as the inputs say it: pure text, nothing is opened here.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::{PEM_BEGIN, pem_blocks};
use crate::crypto::Digest;
use crate::fault::excerpt;
use crate::http::redacted;
use crate::trust::{STORE_TYPES, StoreType, is_store_name};

/// most sources in `trusted-certificates`: each may be a request
const SOURCES_LIMIT: usize = 100;
/// most characters of an address that a message quotes
const QUOTED: usize = 200;
/// most characters of a line that is no source
const LINE_QUOTED: usize = 40;

/// The three inputs that say whom to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustInputs {
    pub policy: Option<PolicySource>,
    /// A folder that holds `x509/<type>/<store>/`.
    pub store: Option<PathBuf>,
    pub certificates: Vec<TrustedSource>,
}

/// A trust policy's whereabouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicySource {
    File(PathBuf),
    /// JSON.
    Inline(String),
    Download(Download),
}

/// One source of certificates for one named store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedSource {
    pub kind: StoreType,
    pub store: String,
    pub place: CertificatePlace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificatePlace {
    File(PathBuf),
    /// One PEM block after the other.
    Inline(String),
    Download(Download),
    /// `https://<vault>/certificates/<name>[/<version>]`; whether the host is a vault's shows later.
    Vault(String),
}

/// A file on a server, and what it must be.
#[derive(Clone, PartialEq, Eq)]
pub struct Download {
    /// https, without user information and fragment. The query may hold a token of its own.
    pub url: Url,
    pub sha256: Digest,
}

/// A text that is no source. `found` is fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSource {
    pub found: String,
    pub expected: String,
}

impl TrustInputs {
    pub fn is_empty(&self) -> bool {
        self.policy.is_none() && self.store.is_none() && self.certificates.is_empty()
    }
}

impl PolicySource {
    /// JSON that begins with `{`, an `https` address with its checksum, else a path.
    pub fn parse(text: &str) -> Result<Self, NoSource> {
        let text = text.trim();
        if text.starts_with('{') {
            return Ok(Self::Inline(text.to_owned()));
        }
        match is_address(text) {
            true => Download::parse(text).map(Self::Download),
            false => Ok(Self::File(text.into())),
        }
    }
}

impl TrustedSource {
    /// Lines `<type>:<store>=<source>`. PEM blocks stand behind the `=`, or below a line that ends
    /// with it.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, NoSource> {
        let mut sources: Vec<Self> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if sources.len() == SOURCES_LIMIT {
                return Err(NoSource {
                    found: format!("more than {SOURCES_LIMIT} sources"),
                    expected: format!(
                        "at most {SOURCES_LIMIT}; one PEM file may hold many certificates"
                    ),
                });
            }
            let (line, mut behind) = rest.split_once('\n').unwrap_or((rest, ""));
            let (kind, store, source) = entry(line)?;
            let place = if source.is_empty() || source.starts_with(PEM_BEGIN) {
                let at = line.find('=').expect("an entry has one") + 1;
                let (blocks, after) = inline(line, rest[at..].trim_start())?;
                behind = after;
                CertificatePlace::Inline(blocks)
            } else {
                CertificatePlace::parse(source)?
            };
            sources.push(Self { kind, store: store.to_owned(), place });
            rest = behind.trim_start();
        }
        Ok(sources)
    }

    /// `ca:wabbit-networks.io`
    pub fn named(&self) -> String {
        format!("{}:{}", self.kind.name(), self.store)
    }
}

impl CertificatePlace {
    fn parse(text: &str) -> Result<Self, NoSource> {
        if !is_address(text) {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
        let is_vaults = |url: &Url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && url.fragment().is_none() && url.path().starts_with("/certificates/")
        };
        match url.as_ref().is_some_and(is_vaults) {
            true => Ok(Self::Vault(text.to_owned())),
            false => Download::parse(text).map(Self::Download),
        }
    }
}

impl Download {
    /// `https://…#sha256=<64 hexadecimal digits>`. The checksum stands in the address, since a
    /// fragment is never sent and each of many addresses has its own.
    fn parse(text: &str) -> Result<Self, NoSource> {
        let refused = |expected: String| NoSource { found: shown(text), expected };
        let Ok(mut url) = Url::parse(text) else {
            return Err(refused("an address, `https://…#sha256=<checksum>`".to_owned()));
        };
        if url.scheme() != "https" {
            return Err(refused("an address that begins with `https://`".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("an address without a user name or password".to_owned()));
        }
        let hex = url.fragment().and_then(|fragment| fragment.strip_prefix("sha256="));
        let digest = hex.map(|hex| Digest::parse(&format!("sha256:{}", hex.to_ascii_lowercase())));
        let Some(Ok(sha256)) = digest else {
            return Err(refused(format!(
                "`#sha256=` and 64 hexadecimal digits at the end of the address; look at the file, then print them with: curl -sSfL '{}' | sha256sum",
                shown(text)
            )));
        };
        url.set_fragment(None);
        Ok(Self { url, sha256 })
    }
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Inline(_) => f.write_str("the inline text"),
            Self::Download(download) => download.fmt(f),
        }
    }
}

impl fmt::Display for CertificatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Inline(_) => f.write_str("the inline text"),
            Self::Download(download) => download.fmt(f),
            Self::Vault(id) => f.write_str(id),
        }
    }
}

impl fmt::Display for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.url))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}#sha256={}", self.sha256.hex())
    }
}

/// `<scheme>://…`; a Windows path has no `//` behind its colon.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// An address without what may be secret in it: user information and query.
fn shown(text: &str) -> String {
    let text = match Url::parse(text) {
        Ok(url) => redacted(&url),
        Err(_) => {
            let (scheme, rest) = text.split_once("://").unwrap_or_default();
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
        }
    };
    excerpt(&text, QUOTED)
}

fn entry(line: &str) -> Result<(StoreType, &str, &str), NoSource> {
    let (named, source) = line.split_once('=').ok_or_else(|| no_entry(line))?;
    let (kind, store) = named.trim().split_once(':').ok_or_else(|| no_entry(line))?;
    if line.starts_with(PEM_BEGIN) {
        return Err(no_entry(line));
    }
    let Some(kind) = StoreType::from_name(kind) else {
        return Err(NoSource {
            found: excerpt(named.trim(), QUOTED),
            expected: format!("a store of type {}", STORE_TYPES.map(StoreType::name).join(", ")),
        });
    };
    if !is_store_name(store) {
        return Err(NoSource {
            found: excerpt(named.trim(), QUOTED),
            expected: "a store's name of letters, digits, `_`, `.` and `-`".to_owned(),
        });
    }
    Ok((kind, store, source.trim()))
}

/// The PEM text behind an entry's `=`, and what follows it.
fn inline<'a>(line: &str, text: &'a str) -> Result<(String, &'a str), NoSource> {
    if !text.starts_with(PEM_BEGIN) {
        return Err(no_entry(line));
    }
    pem_blocks(text).ok_or_else(|| NoSource {
        found: "a PEM block without its end".to_owned(),
        expected: "its last line, `-----END CERTIFICATE-----`".to_owned(),
    })
}

fn no_entry(line: &str) -> NoSource {
    if line.starts_with(PEM_BEGIN) {
        return NoSource {
            found: "a PEM block without a store".to_owned(),
            expected:
                "the line `ca:<store>=` above it, with the store's name as the trust policy has it"
                    .to_owned(),
        };
    }
    NoSource {
        // little of it: whoever pastes keys pastes them anywhere
        found: excerpt(line.trim(), LINE_QUOTED),
        expected: "`<type>:<store>=<source>`, one per line, such as `ca:wabbit-networks.io=certs/root.crt`; a source is a path, an https address with its checksum, a Key Vault certificate's id, or PEM text".to_owned(),
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
