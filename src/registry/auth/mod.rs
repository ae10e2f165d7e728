//! What a registry asks for before it answers: challenges, realms, tokens.

mod challenge;
mod realm;
mod token;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use http::HeaderValue;
use url::Url;

use self::challenge::Challenge;
use self::realm::Trust;
use self::token::{Token, TokenRequest};
use super::RegistryError;
use super::endpoint::{Endpoint, Kind};
use super::error::Action;
use super::reference::is_host;
use crate::credentials::{Credential, CredentialSource, Found};
use crate::http::{Http, Response};

/// What a request needs: `repository:<name>:<actions>`. An empty repository is the registry itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    pub repository: String,
    /// Sorted, comma-separated.
    pub actions: &'static str,
}

impl Scope {
    fn texts(&self) -> BTreeSet<String> {
        let Self { repository, actions } = self;
        if repository.is_empty() {
            return BTreeSet::new();
        }
        BTreeSet::from([format!("repository:{repository}:{actions}")])
    }
}

/// The header a request was sent with.
#[derive(Clone)]
pub(super) struct Authorization {
    pub header: HeaderValue,
    /// Which token it was, of those fetched for this scope; none for other credentials.
    token: Option<u64>,
    /// The token was fetched for this very request.
    fresh: bool,
}

pub(super) struct Authenticator {
    http: Http,
    endpoint: Endpoint,
    kind: Kind,
    source: Arc<dyn CredentialSource>,
    /// The setting `auth-realms`.
    named: Vec<String>,
    found: tokio::sync::OnceCell<Option<Found>>,
    ask: Mutex<Option<Ask>>,
    slots: Mutex<HashMap<Scope, Arc<tokio::sync::Mutex<Slot>>>>,
}

/// What the registry asked for last.
#[derive(Clone)]
enum Ask {
    Basic,
    Bearer { realm: Url, service: Option<String>, trust: Trust },
}

/// The token of one scope; locked while it is fetched, so that it is fetched once.
#[derive(Default)]
struct Slot {
    /// What the registry asked for beyond our own scope.
    extra: BTreeSet<String>,
    token: Option<Token>,
    number: u64,
}

/// Most scopes of a challenge that are added to ours, and the longest of them.
const MOST_SCOPES: usize = 16;
const LONGEST_SCOPE: usize = 512;

impl Authenticator {
    pub fn new(
        http: Http,
        endpoint: Endpoint,
        kind: Kind,
        source: Arc<dyn CredentialSource>,
        named: Vec<String>,
    ) -> Self {
        Self {
            http,
            endpoint,
            kind,
            source,
            named,
            found: tokio::sync::OnceCell::new(),
            ask: Mutex::default(),
            slots: Mutex::default(),
        }
    }

    /// Where the credential came from, once it was needed.
    pub fn source(&self) -> Option<&str> {
        self.found.get()?.as_ref().map(|found| found.source.as_str())
    }

    /// The header to send at once: from what the registry asked before, or what an Azure registry
    /// is known to ask.
    pub async fn authorization(
        &self,
        scope: &Scope,
        action: Action,
    ) -> Result<Option<Authorization>, RegistryError> {
        let known = self.ask.lock().expect("no panic holds this lock").clone();
        let ask = match known {
            Some(ask) => ask,
            None if self.kind == Kind::Azure => match self.credential().await? {
                Credential::Anonymous => return Ok(None),
                Credential::AccessToken(_)
                | Credential::Basic { .. }
                | Credential::RefreshToken(_) => {
                    let mut realm = self.endpoint.base.clone();
                    realm.set_path("/oauth2/token");
                    let service = Some(self.endpoint.host.clone());
                    let ask = Ask::Bearer { realm, service, trust: Trust::Credentials };
                    *self.ask.lock().expect("no panic holds this lock") = Some(ask.clone());
                    ask
                }
            },
            None => return Ok(None),
        };
        self.answer(&ask, scope, action, None).await
    }

    /// After a 401: the header to try next, or none when there is nothing left to try.
    pub async fn challenged(
        &self,
        answer: &Response,
        scope: &Scope,
        action: Action,
        used: Option<Authorization>,
    ) -> Result<Option<Authorization>, RegistryError> {
        let host = || self.endpoint.host.clone();
        let challenge = challenge::read(&answer.headers)
            .map_err(|problem| RegistryError::Challenge { host: host(), problem })?;
        let (ask, asked) = match challenge {
            None => return Ok(None),
            Some(Challenge::Basic) => (Ask::Basic, None),
            Some(Challenge::Bearer { realm, service, scope }) => {
                // a name that only a URL may hold, such as `$(id).io`, is not repeated in a hint
                let realm = Url::parse(&realm).ok().filter(|url| is_host(&realm::name(url)));
                let realm = realm.ok_or_else(|| RegistryError::Challenge {
                    host: host(),
                    problem: "its challenge names a realm that is no address".into(),
                })?;
                let trust = realm::trust(&self.endpoint.base, self.kind, &realm, &self.named);
                if trust == Trust::Refused {
                    let nameable = realm::may_be_named(&self.endpoint.base, self.kind, &realm);
                    let realm = realm::name(&realm);
                    return Err(RegistryError::Realm { host: host(), realm, nameable });
                }
                (Ask::Bearer { realm, service, trust }, scope)
            }
        };
        *self.ask.lock().expect("no panic holds this lock") = Some(ask.clone());
        self.answer(&ask, scope, action, Some((used, asked))).await
    }

    /// The error that says which realm our credentials were withheld from, if there was one.
    pub async fn withheld(&self) -> Option<RegistryError> {
        let ask = self.ask.lock().expect("no panic holds this lock").clone()?;
        match ask {
            Ask::Bearer { realm, trust: Trust::Anonymous, .. } => match self.credential().await {
                Ok(Credential::Anonymous) | Err(_) => None,
                Ok(_) => Some(RegistryError::Realm {
                    host: self.endpoint.host.clone(),
                    realm: realm::name(&realm),
                    nameable: self.kind == Kind::Other,
                }),
            },
            _ => None,
        }
    }

    /// Whether the token at hand grants an action; none when there is no token that tells.
    pub async fn grants(&self, scope: &Scope, action: Action) -> Option<bool> {
        let slot = self.slot(scope);
        let slot = slot.lock().await;
        token::grants(&slot.token.as_ref()?.value, &scope.repository, action)
    }

    async fn credential(&self) -> Result<Credential, RegistryError> {
        let found = self
            .found
            .get_or_try_init(|| self.source.find(&self.endpoint.host))
            .await
            .map_err(RegistryError::Credential)?;
        Ok(found.as_ref().map_or(Credential::Anonymous, |found| found.credential.clone()))
    }

    /// `refused`: what was sent and did not suffice, and the scope the registry then asked for.
    async fn answer(
        &self,
        ask: &Ask,
        scope: &Scope,
        action: Action,
        refused: Option<(Option<Authorization>, Option<String>)>,
    ) -> Result<Option<Authorization>, RegistryError> {
        let sent = refused.as_ref().and_then(|(used, _)| used.as_ref());
        let plain = |header: Option<HeaderValue>| {
            // the same header would be refused again
            header
                .filter(|header| sent.is_none_or(|used| used.header != *header))
                .map(|header| Authorization { header, token: None, fresh: false })
        };
        let (realm, service, trust) = match ask {
            Ask::Basic => {
                return Ok(match self.credential().await? {
                    Credential::Basic { username, password } => {
                        plain(token::basic(&username, &password))
                    }
                    _ => None,
                });
            }
            Ask::Bearer { realm, service, trust } => (realm, service, *trust),
        };
        let credential = match self.credential().await? {
            // meant for this registry as it is; no realm is asked
            Credential::AccessToken(token) => return Ok(plain(token::bearer(&token))),
            credential if trust == Trust::Credentials => credential,
            _ => Credential::Anonymous,
        };
        let slot = self.slot(scope);
        let mut slot = slot.lock().await;
        if let Some((used, asked)) = refused {
            let grown = slot.grow(scope, asked.as_deref());
            if let Some(Authorization { token: Some(number), fresh, .. }) = used {
                if number == slot.number && fresh && !grown {
                    return Ok(None);
                }
                if number == slot.number || grown {
                    slot.token = None;
                }
            }
        }
        let now = self.http.clock().elapsed();
        let mut fresh = false;
        if slot.token.as_ref().is_none_or(|token| token.expires <= now) {
            let scopes: Vec<String> = scope.texts().union(&slot.extra).cloned().collect();
            let request = TokenRequest {
                realm,
                service: service.as_deref(),
                scopes: &scopes,
                host: &self.endpoint.host,
                wanted: scope,
                action,
            };
            slot.token = None;
            match token::fetch(&self.http, &request, &credential).await {
                Ok(token) => slot.token = Some(token),
                Err(refusal @ RegistryError::Denied { .. }) => {
                    drop(slot);
                    return Err(self.withheld().await.unwrap_or(refusal));
                }
                Err(error) => return Err(error),
            }
            slot.number += 1;
            fresh = true;
        }
        let number = slot.number;
        Ok(slot
            .token
            .as_ref()
            .and_then(|token| token::bearer(&token.value))
            .map(|header| Authorization { header, token: Some(number), fresh }))
    }

    fn slot(&self, scope: &Scope) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().expect("no panic holds this lock");
        slots.entry(scope.clone()).or_default().clone()
    }
}

impl Slot {
    /// Adds what the registry asks for beyond `scope`; true when that is something new.
    fn grow(&mut self, scope: &Scope, asked: Option<&str>) -> bool {
        let own = scope.texts();
        let mut grown = false;
        for text in asked.unwrap_or_default().split(' ').filter(|text| !text.is_empty()) {
            let fits = text.len() <= LONGEST_SCOPE && text.bytes().all(|b| b.is_ascii_graphic());
            if fits && self.extra.len() < MOST_SCOPES && !own.iter().any(|own| covers(own, text)) {
                grown |= self.extra.insert(text.to_owned());
            }
        }
        grown
    }
}

/// `repository:a:pull,push` covers `repository:a:pull`.
fn covers(own: &str, asked: &str) -> bool {
    let (Some((own, has)), Some((asked, wants))) = (own.rsplit_once(':'), asked.rsplit_once(':'))
    else {
        return false;
    };
    own == asked && wants.split(',').all(|want| has.split(',').any(|has| has == want))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_grow_only_by_what_is_new_and_bounded() {
        let scope = Scope { repository: "a".into(), actions: "pull,push" };
        let mut slot = Slot::default();
        assert!(!slot.grow(&scope, None));
        assert!(!slot.grow(&scope, Some("repository:a:pull repository:a:push,pull")));
        assert!(slot.grow(&scope, Some("repository:b:pull")));
        assert!(!slot.grow(&scope, Some("repository:b:pull")));
        assert!(!slot.grow(&scope, Some(&"x".repeat(LONGEST_SCOPE + 1))));
        let many: Vec<String> = (0..50).map(|n| format!("repository:c{n}:pull")).collect();
        slot.grow(&scope, Some(&many.join(" ")));
        assert_eq!(slot.extra.len(), MOST_SCOPES);
    }
}
