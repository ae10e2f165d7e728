//! A certificate file on a server: fetched over https, and held against the checksum that names it.

use url::Url;

use crate::cli::parse::PROGRAM;
use crate::crypto::Digest;
use crate::fault::{BoxFault, Fault, excerpt, shell_word};
use crate::http::{Http, Redirects, Request, redacted};
use crate::trust::{CERTIFICATE_FILE_LIMIT, is_store_name};

/// Most redirects that are followed; a release's address has two.
const HOPS: u8 = 5;
/// Most characters of a wrong checksum that are repeated.
const LONGEST_SHOWN: usize = 80;

/// `https://…/<name>` with the SHA-256 checksum of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAddress {
    /// https, without user information and fragment. The query may hold a token.
    url: Url,
    sha256: Digest,
    name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    #[error("{address} is no https address: certificates are fetched over https alone")]
    NotHttps { address: String, store: String },
    #[error("{address} has a user name or a password in it; expected an address without")]
    UserInformation { address: String },
    #[error("{address} needs the SHA-256 checksum of the file")]
    NoChecksum { address: String, store: String },
    #[error("{found:?} is no SHA-256 checksum: 64 hexadecimal digits")]
    Checksum { found: String },
    #[error("--sha256sum is the checksum of one https address, and {given} arguments were given")]
    OneAddress { given: usize },
    #[error("{address} has two checksums: behind it, and in --sha256sum")]
    Twice { address: String },
    #[error("--sha256sum is the checksum of an https address, and {argument} is a file")]
    File { argument: String },
    #[error("{address} does not end with a file name of letters, digits, `_`, `.` and `-`")]
    NoName { address: String },
    #[error("{address} answered {status}; expected 200")]
    Status { address: String, status: u16 },
    #[error("{address} does not have the SHA-256 checksum {expected}")]
    Mismatch { address: String, expected: String },
}

impl Fault for DownloadError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotHttps { .. } => "cli-download-not-https",
            Self::UserInformation { .. } => "cli-download-user-information",
            Self::NoChecksum { .. } => "cli-download-no-checksum",
            Self::Checksum { .. } => "cli-download-checksum",
            Self::OneAddress { .. } | Self::File { .. } | Self::Twice { .. } => {
                "cli-download-checksum-of-what"
            }
            Self::NoName { .. } => "cli-download-no-name",
            Self::Status { .. } => "cli-download-status",
            Self::Mismatch { .. } => "cli-download-mismatch",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            // the checksum is never worked out here: it must come from somebody who knows the file
            Self::NotHttps { store, .. } => command(store, "https://<host>/<file>"),
            Self::NoChecksum { address, store } => format!(
                "{}\ntake the checksum from whoever publishes the certificate, by another way than this address",
                command(store, address)
            ),
            Self::Checksum { .. }
            | Self::OneAddress { .. }
            | Self::Twice { .. }
            | Self::File { .. } => {
                "behind each address: 'https://<host>/<file>#sha256=<checksum>'".to_owned()
            }
            Self::NoName { .. } => "fetch the file, give it a name, and add it: \
                 curl -sSfLo <name> <address> && sha256sum <name>"
                .to_owned(),
            Self::Mismatch { .. } => {
                "either the checksum is of another file, or the file was changed: ask whoever \
                 publishes the certificate"
                    .to_owned()
            }
            Self::UserInformation { .. } | Self::Status { .. } => return None,
        })
    }
}

/// `store` is the flags that name the store: `--type ca --store acme`.
fn command(store: &str, address: &str) -> String {
    format!("{PROGRAM} cert add {store} {}", shell_word(&format!("{address}#sha256=<checksum>")))
}

impl CertificateAddress {
    /// The argument as an address; none where it is a path. `sha256sum` is the flag's value; `store` the
    /// flags that name the store, for hints.
    pub fn parse(
        argument: &str,
        sha256sum: Option<&str>,
        store: &str,
    ) -> Result<Option<Self>, DownloadError> {
        let scheme = argument.split_once("://").map(|(scheme, _)| scheme);
        if !scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return match sha256sum {
                Some(_) => Err(DownloadError::File { argument: argument.to_owned() }),
                None => Ok(None),
            };
        }
        let store = || store.to_owned();
        let url = Url::parse(argument).ok().filter(|url| url.scheme() == "https");
        let Some(mut url) = url else {
            let rest = argument.split(['?', '#']).next().unwrap_or_default();
            let address = match Url::parse(argument) {
                Ok(url) => redacted(&url),
                Err(_) => rest.rsplit('@').next().unwrap_or_default().to_owned(),
            };
            return Err(DownloadError::NotHttps { address, store: store() });
        };
        let address = redacted(&url);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DownloadError::UserInformation { address });
        }
        let fragment = url.fragment().map(str::to_owned);
        let given = match (sha256sum, fragment.as_deref()) {
            (Some(sum), None) => sum,
            (None, Some(fragment)) => fragment.strip_prefix("sha256=").ok_or_else(|| {
                DownloadError::NoChecksum { address: address.clone(), store: store() }
            })?,
            (Some(_), Some(_)) => return Err(DownloadError::Twice { address }),
            (None, None) => return Err(DownloadError::NoChecksum { address, store: store() }),
        };
        let sha256 = Digest::parse(&format!("sha256:{}", given.to_ascii_lowercase()))
            .map_err(|_| DownloadError::Checksum { found: excerpt(given, LONGEST_SHOWN) })?;
        url.set_fragment(None);
        let name = url.path_segments().and_then(|mut segments| segments.next_back());
        let name = name.filter(|name| is_store_name(name)).map(str::to_owned);
        let Some(name) = name else { return Err(DownloadError::NoName { address }) };
        Ok(Some(Self { url, sha256, name }))
    }

    /// The last part of the path: letters, digits, `_`, `.` and `-`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's bytes, at most [`CERTIFICATE_FILE_LIMIT`], compared before anyone looks into them. No
    /// credential is sent.
    pub async fn fetch(&self, http: &Http) -> Result<Vec<u8>, BoxFault> {
        let limit = CERTIFICATE_FILE_LIMIT as u64;
        let request = Request::new(http::Method::GET, self.url.clone(), limit);
        let answer = http.send(request.redirects(Redirects::Follow(HOPS))).await?;
        let address = self.to_string();
        if answer.status != 200 {
            return Err(DownloadError::Status { address, status: answer.status.as_u16() }.into());
        }
        if self.sha256.of_same_kind(&answer.body) != self.sha256 {
            let expected = self.sha256.hex().to_owned();
            return Err(DownloadError::Mismatch { address, expected }.into());
        }
        Ok(answer.body.to_vec())
    }
}

impl std::fmt::Display for CertificateAddress {
    /// Without the query.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&redacted(&self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn refused(argument: &str, sha256sum: Option<&str>) -> &'static str {
        match CertificateAddress::parse(argument, sha256sum, "--type ca --store acme") {
            Err(error) => error.code(),
            Ok(found) => panic!("{argument} is {found:?}"),
        }
    }

    #[test]
    fn each_address_that_cannot_be_used_has_its_code() {
        let with_sum = |address: &str| format!("{address}#sha256={SUM}");
        for (argument, code) in [
            (with_sum("http://a.io/r.crt"), "cli-download-not-https"),
            (with_sum("https://"), "cli-download-not-https"),
            (with_sum("https://me@a.io/r.crt"), "cli-download-user-information"),
            ("https://a.io/r.crt".to_owned(), "cli-download-no-checksum"),
            ("https://a.io/r.crt#sha256=0".to_owned(), "cli-download-checksum"),
            (with_sum("https://a.io/"), "cli-download-no-name"),
        ] {
            assert_eq!(refused(&argument, None), code, "{argument}");
        }
        for argument in ["r.crt".to_owned(), with_sum("https://a.io/r.crt")] {
            assert_eq!(refused(&argument, Some(SUM)), "cli-download-checksum-of-what");
        }
    }

    #[test]
    fn a_path_is_no_address_and_an_address_shows_no_query() {
        for path in ["r.crt", "./https:/r.crt", r"C:\r.crt", "://r.crt"] {
            let found = CertificateAddress::parse(path, None, "").expect("a path");
            assert_eq!(found, None, "{path}");
        }
        let found = CertificateAddress::parse("https://a.io/x/r.crt?t=s3cret", Some(SUM), "");
        let found = found.expect("an address").expect("no path");
        assert_eq!((found.name(), found.to_string().as_str()), ("r.crt", "https://a.io/x/r.crt"));
    }
}
