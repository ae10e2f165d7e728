//! The client for this machine's own addresses, which no proxy stands before.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::{Host, Url};

use super::HttpError;
use super::client::{Build, Connections, client_error};

/// A client without proxy, redirects or roots, for plain http to loopback and link-local addresses:
/// metadata services, where a proxy would answer with its own identity.
pub fn direct_client(connect_timeout: Duration) -> Result<reqwest::Client, HttpError> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .tls_certs_only([])
        .build()
        .map_err(client_error)
}

/// The client for `localhost` and loopback addresses where a proxy is set: a proxy could not reach
/// them, and would read what goes to them in plain http. Go's programs pass proxies by as well
/// (net/http, "ProxyFromEnvironment").
#[derive(Clone)]
pub(super) struct Loopback(Arc<Shared>);

struct Shared {
    proxies: Arc<Matcher>,
    build: Build,
    client: OnceLock<reqwest::Client>,
}

impl Loopback {
    /// `build` makes the client when it is first needed.
    pub fn new(proxies: Matcher, build: Build) -> Self {
        Self(Arc::new(Shared { proxies: Arc::new(proxies), build, client: OnceLock::new() }))
    }

    /// The same proxies with clients of another kind.
    pub fn with(&self, build: Build) -> Self {
        let proxies = self.0.proxies.clone();
        Self(Arc::new(Shared { proxies, build, client: OnceLock::new() }))
    }

    /// Another client of the same kind, with further roots.
    pub fn build(
        &self,
        connections: Connections,
        roots: &[reqwest::Certificate],
    ) -> reqwest::Result<reqwest::Client> {
        (self.0.build)(connections, roots)
    }

    /// Host and port of the proxy that requests for the host go through; never its user information.
    pub fn proxy(&self, url: &Url) -> Option<String> {
        if is_loopback(url) {
            return None;
        }
        let proxy = self.intercepting(url)?;
        let authority = proxy.uri().authority()?.as_str();
        authority.rsplit('@').next().map(str::to_owned)
    }

    fn intercepting(&self, url: &Url) -> Option<Intercept> {
        self.0.proxies.intercept(&url.as_str().parse().ok()?)
    }

    /// None where the usual client goes to the host itself anyway.
    pub fn client(&self, url: &Url) -> Result<Option<&reqwest::Client>, HttpError> {
        if !is_loopback(url) || self.intercepting(url).is_none() {
            return Ok(None);
        }
        if let Some(client) = self.0.client.get() {
            return Ok(Some(client));
        }
        let client = self.build(Connections::Direct, &[]).map_err(client_error)?;
        Ok(Some(self.0.client.get_or_init(|| client)))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_named_without_its_password() {
        let proxies = Matcher::builder().all("http://me:secret@proxy.example:3128").build();
        let loopback = Loopback::new(proxies, Arc::new(|_, _| reqwest::Client::builder().build()));
        let proxy = |text: &str| loopback.proxy(&Url::parse(text).expect("a URL"));
        assert_eq!(proxy("https://a.io/v2/").as_deref(), Some("proxy.example:3128"));
        assert_eq!(proxy("https://localhost:5000/v2/"), None);
    }

    #[test]
    fn loopback_is_reached_past_a_proxy_and_nothing_else_is() {
        let proxies = Matcher::builder().all("http://127.0.0.1:9").no("127.0.0.2").build();
        let loopback = Loopback::new(proxies, Arc::new(|_, _| reqwest::Client::builder().build()));
        let direct = |text: &str| {
            let url = Url::parse(text).expect("a URL");
            loopback.client(&url).expect("a client").is_some()
        };
        for text in ["http://localhost:5000/v2/", "https://127.0.0.1:1/", "http://[::1]:5000/"] {
            assert!(direct(text), "{text}");
        }
        for text in
            ["http://localhost.io/", "https://a.io/", "http://10.0.0.1/", "http://127.0.0.2/"]
        {
            assert!(!direct(text), "{text}");
        }
        let none = Loopback::new(
            Matcher::builder().build(),
            Arc::new(|_, _| reqwest::Client::builder().build()),
        );
        let url = Url::parse("http://localhost:5000/").expect("a URL");
        assert!(none.client(&url).expect("no client is needed").is_none());
    }
}
