//! Credentials that were given, and the order in which sources are asked.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Credential, CredentialSource, Found, ServerAddress};
use crate::fault::BoxFault;

/// A credential given for one registry (flags, inputs, environment); no other host sees it.
#[derive(Debug, Clone)]
pub struct Given {
    server: ServerAddress,
    found: Found,
}

impl Given {
    /// `source` names where it was given, for the report.
    pub fn new(
        registry_host: &str,
        credential: Credential,
        source: impl Into<String>,
    ) -> Result<Self, super::CredentialError> {
        let server = ServerAddress::of(registry_host)?;
        Ok(Self { server, found: Found { credential, source: source.into() } })
    }
}

#[async_trait::async_trait]
impl CredentialSource for Given {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault> {
        let asked = ServerAddress::of(registry_host)?;
        Ok((asked == self.server).then(|| self.found.clone()))
    }
}

/// Sources in order: the first that has a credential wins, the first that fails ends the search.
/// What was found is remembered, so that each source is asked once per host.
pub struct Chain {
    sources: Vec<Arc<dyn CredentialSource>>,
    answers: tokio::sync::Mutex<HashMap<String, Option<Found>>>,
}

impl Chain {
    pub fn new(sources: Vec<Arc<dyn CredentialSource>>) -> Self {
        Self { sources, answers: tokio::sync::Mutex::default() }
    }
}

#[async_trait::async_trait]
impl CredentialSource for Chain {
    async fn find(&self, registry_host: &str) -> Result<Option<Found>, BoxFault> {
        // held while asking: two images of one registry wait for one answer
        let mut answers = self.answers.lock().await;
        if let Some(answer) = answers.get(registry_host) {
            return Ok(answer.clone());
        }
        let mut answer = None;
        for source in &self.sources {
            answer = source.find(registry_host).await?;
            if answer.is_some() {
                break;
            }
        }
        answers.insert(registry_host.to_owned(), answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::credentials::CredentialError;
    use crate::secret::Secret;

    fn basic(username: &str) -> Credential {
        Credential::Basic { username: username.to_owned(), password: Secret::new("p") }
    }

    fn given(host: &str, username: &str) -> Arc<dyn CredentialSource> {
        Arc::new(Given::new(host, basic(username), "flags").expect("a host"))
    }

    struct Counted(AtomicUsize);

    #[async_trait::async_trait]
    impl CredentialSource for Counted {
        async fn find(&self, _: &str) -> Result<Option<Found>, BoxFault> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Some(Found { credential: basic("last"), source: "counted".into() }))
        }
    }

    struct Failing;

    #[async_trait::async_trait]
    impl CredentialSource for Failing {
        async fn find(&self, host: &str) -> Result<Option<Found>, BoxFault> {
            Err(CredentialError::Host(host.to_owned()).into())
        }
    }

    fn username(found: Option<Found>) -> Option<String> {
        match found?.credential {
            Credential::Basic { username, .. } => Some(username),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_given_credential_is_for_its_own_host_only() {
        let source = given("a.io", "u");
        assert!(source.find("a.io").await.expect("asked").is_some());
        for other in ["a.io:443", "b.a.io", "A.io"] {
            assert_eq!(source.find(other).await.expect("asked"), None, "{other}");
        }
        let hub = given("docker.io", "u");
        assert!(hub.find("registry-1.docker.io").await.expect("asked").is_some());
    }

    #[tokio::test]
    async fn the_first_source_that_has_one_wins() {
        let chain = Chain::new(vec![given("b.io", "b"), given("a.io", "1"), given("a.io", "2")]);
        assert_eq!(username(chain.find("a.io").await.expect("found")), Some("1".into()));
        assert_eq!(chain.find("c.io").await.expect("asked"), None);
    }

    #[tokio::test]
    async fn a_source_is_asked_once_per_host() {
        let counted = Arc::new(Counted(AtomicUsize::new(0)));
        let chain = Chain::new(vec![given("a.io", "u"), counted.clone()]);
        for host in ["a.io", "b.io", "b.io", "c.io"] {
            chain.find(host).await.expect("found");
        }
        assert_eq!(counted.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failure_ends_the_search_and_is_not_remembered() {
        let counted = Arc::new(Counted(AtomicUsize::new(0)));
        let chain = Chain::new(vec![Arc::new(Failing), counted.clone()]);
        for _ in 0..2 {
            let error = chain.find("a.io").await.expect_err("fails");
            assert_eq!(error.code(), "credentials-host");
        }
        assert_eq!(counted.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_password_alone_is_a_token() {
        let token = || Secret::new("t");
        assert_eq!(Credential::given("", token()), Some(Credential::RefreshToken(token())));
        assert_eq!(Credential::given("", Secret::new("")), None);
        assert!(matches!(Credential::given("u", Secret::new("")), Some(Credential::Basic { .. })));
    }
}
