//! ★ Connections to judged places only, for addresses that strangers name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use super::client::{Connections, client_error};
use super::{Http, HttpError};

/// Where names lead.
#[async_trait::async_trait]
pub trait Names: Send + Sync {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The system's own resolution.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

#[async_trait::async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|socket| socket.ip()).collect())
    }
}

/// Whether what a name led to may be connected to; the reason why not.
pub trait Judge: Send + Sync {
    fn judge(&self, name: &str, addresses: &[IpAddr]) -> Result<(), String>;
}

impl Http {
    /// The same client with connections of its own: a name is resolved once, judged, and connected to at
    /// the addresses that were judged, so that it cannot lead elsewhere in between. What is refused is
    /// [`HttpError::Refused`].
    ///
    /// Where a proxy stands before a host, the usual connections serve: the proxy resolves the name, so
    /// nothing can be judged here. An address in numbers needs no resolution: the caller judges it.
    pub fn judged(&self, names: Arc<dyn Names>, judge: Arc<dyn Judge>) -> Result<Self, HttpError> {
        let resolver = Arc::new(Resolver { names, judge });
        let client =
            self.loopback.build(Connections::Judged(resolver), &[]).map_err(client_error)?;
        let mut http = self.clone();
        http.judged = Some(client);
        Ok(http)
    }

    /// The client that judges, where there is one and no proxy stands before the host.
    pub(super) fn judging(&self, url: &Url) -> Option<&reqwest::Client> {
        self.judged.as_ref().filter(|_| self.loopback.proxy(url).is_none())
    }
}

/// What the judge said, somewhere below a transport error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// The judge's reason, where its refusal is what failed.
pub(super) fn refusal(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(Refusal(reason)) = cause.downcast_ref() {
            return Some(reason.clone());
        }
        next = cause.source();
    }
    None
}

pub(super) struct Resolver {
    names: Arc<dyn Names>,
    judge: Arc<dyn Judge>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, judge) = (self.names.clone(), self.judge.clone());
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            judge.judge(name.as_str(), &addresses).map_err(Refusal)?;
            // port 0 stands for the port of the request
            let places = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(places) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use http::Method;

    use super::*;
    use crate::clock::ManualClock;
    use crate::fault::Fault as _;
    use crate::http::test_server::{Reply, TestServer};
    use crate::http::{Deadline, HttpOptions, Request};

    /// Both addresses of every name; the names that were asked for.
    #[derive(Default)]
    struct Both(Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl Names for Both {
        async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
            self.0.lock().unwrap().push(name.to_owned());
            Ok(["::ffff:127.0.0.1", "127.0.0.1"].map(|text| text.parse().unwrap()).to_vec())
        }
    }

    struct Only(&'static str);

    impl Judge for Only {
        fn judge(&self, name: &str, addresses: &[IpAddr]) -> Result<(), String> {
            assert_eq!(addresses.len(), 2);
            if name == self.0 { Ok(()) } else { Err(format!("{name} is not {}", self.0)) }
        }
    }

    #[tokio::test]
    async fn a_refused_name_is_asked_for_once_and_never_connected_to() {
        let clock = Arc::new(ManualClock::at(time::OffsetDateTime::UNIX_EPOCH));
        let http = Http::new(HttpOptions {
            clock,
            deadline: Deadline(Duration::from_secs(20)),
            user_agent: "test".to_owned(),
            extra_roots: Vec::new(),
        });
        let names = Arc::new(Both::default());
        let judge = Arc::new(Only("good.example"));
        let http = http.unwrap().without_proxies().judged(names.clone(), judge).unwrap();
        let server = TestServer::start(|_| Reply::body(200, "answer")).await;
        let get = |host: &str| {
            let mut url = server.url("/a?secret");
            url.set_host(Some(host)).unwrap();
            http.send(Request::new(Method::GET, url, 100))
        };
        let error = get("bad.example").await.unwrap_err();
        assert_eq!(error.code(), "http-refused");
        let text = error.to_string();
        assert!(text.ends_with("/a: bad.example is not good.example"), "{text}");
        assert!(server.seen().is_empty());
        assert_eq!(get("good.example").await.unwrap().body, "answer");
        assert_eq!(*names.0.lock().unwrap(), ["bad.example", "good.example"]);
    }
}
