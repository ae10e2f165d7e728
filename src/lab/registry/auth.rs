//! The registry's door: Basic, Bearer, and Azure Container Registry's token exchange.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::refusal::{Code, refuse};
use crate::clock::Clock;
use crate::lab::Identity;
use crate::lab::entra::{Issued, REGISTRY_AUDIENCE, jwt};
use crate::lab::message::{Answer, Ask};
use crate::lab::options::{Anonymous, Auth, Deletes, Pushes};

/// The user name that stands for a token at an Azure Container Registry.
pub(in crate::lab) const TOKEN_USER: &str = "00000000-0000-0000-0000-000000000000";

/// Tokens remembered; beyond that the oldest are forgotten.
const LIMIT: usize = 10_000;

/// An access token of the `/token` endpoint lives five minutes, as many registries have it.
const BEARER_LIFETIME: Duration = Duration::minutes(5);

/// An access token of an Azure Container Registry lives 75 minutes, its refresh token three hours.
const ACR_LIFETIME: Duration = Duration::minutes(75);
const ACR_REFRESH_LIFETIME: Duration = Duration::hours(3);

/// What a request does to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Pull,
    Push,
    Delete,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Pull => "pull",
            Action::Push => "push",
            Action::Delete => "delete",
        }
    }

    /// The scope a challenge asks for.
    fn wanted(self) -> &'static str {
        match self {
            Action::Pull => "pull",
            Action::Push => "pull,push",
            Action::Delete => "delete,pull",
        }
    }
}

/// Lets requests in, or says how to ask.
pub(in crate::lab) struct Door {
    pub auth: Auth,
    pub anonymous: Anonymous,
    pub pushes: Pushes,
    pub deletes: Deletes,
    pub identity: Identity,
    pub entra: Arc<Issued>,
    pub clock: Arc<dyn Clock>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    number: u64,
    by_number: BTreeMap<u64, Token>,
}

struct Token {
    text: String,
    expires: OffsetDateTime,
    kind: Kind,
}

enum Kind {
    Refresh,
    /// `(repository, action)` pairs.
    Access(Vec<(String, String)>),
}

/// Who asks for a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    User,
    Nobody,
}

impl Door {
    pub(in crate::lab) fn new(
        options: &crate::lab::LabOptions,
        identity: Identity,
        entra: Arc<Issued>,
    ) -> Self {
        Self {
            auth: options.auth,
            anonymous: options.anonymous,
            pushes: options.pushes,
            deletes: options.deletes,
            identity,
            entra,
            clock: options.clock.clone(),
            tokens: Mutex::default(),
        }
    }

    /// `GET /v2/`: any good credential will do.
    pub(super) fn check_ping(&self, ask: &Ask) -> Result<(), Answer> {
        let known = match self.auth {
            Auth::Open => true,
            Auth::Basic => self.is_user(ask),
            Auth::Bearer | Auth::Acr => {
                ask.bearer().is_some_and(|text| self.is_token(text)) || self.is_direct_user(ask)
            }
        };
        if known { Ok(()) } else { Err(self.challenge(ask, None)) }
    }

    pub(super) fn check(&self, ask: &Ask, name: &str, action: Action) -> Result<(), Answer> {
        let challenge = || self.challenge(ask, Some((name, action)));
        match self.auth {
            Auth::Open => self.check_rights(action),
            Auth::Basic if self.is_user(ask) => self.check_rights(action),
            Auth::Basic => Err(challenge()),
            Auth::Bearer | Auth::Acr => {
                if self.is_direct_user(ask) {
                    return self.check_rights(action);
                }
                let granted = ask.bearer().is_some_and(|text| self.is_granted(text, name, action));
                if granted { Ok(()) } else { Err(challenge()) }
            }
        }
    }

    /// The token endpoints, where the mode has them.
    pub(super) fn token_endpoint(&self, ask: &Ask) -> Option<Answer> {
        let answer = match (self.auth, &ask.method, ask.path.as_str()) {
            (Auth::Bearer, &Method::GET, "/token") | (Auth::Acr, &Method::GET, "/oauth2/token") => {
                self.token_by_get(ask)
            }
            (Auth::Bearer, &Method::POST, "/token")
            | (Auth::Acr, &Method::POST, "/oauth2/token") => self.token_by_post(ask),
            (Auth::Acr, &Method::POST, "/oauth2/exchange") => self.exchange(ask),
            _ => return None,
        };
        Some(answer.unwrap_or_else(|refusal| refusal))
    }

    /// Basic credentials or none; `offline_token=true` asks for a refresh token as well.
    fn token_by_get(&self, ask: &Ask) -> Result<Answer, Answer> {
        let caller = match ask.headers.get(http::header::AUTHORIZATION) {
            None if self.auth == Auth::Bearer => Caller::Nobody,
            None => return Err(unauthorized("no credentials")),
            Some(_) if self.is_user(ask) => Caller::User,
            Some(_) => return Err(unauthorized("wrong credentials")),
        };
        self.check_service(ask, ask.query("service").unwrap_or_default())?;
        let scopes = ask.query.iter().filter(|(name, _)| name == "scope");
        let scopes: Vec<&str> = scopes.map(|(_, scope)| scope.as_str()).collect();
        let mut answer = self.access_token(caller, &scopes.join(" "));
        if caller == Caller::User && ask.query("offline_token") == Some("true") {
            answer["refresh_token"] = self.refresh_token(ACR_REFRESH_LIFETIME).into();
        }
        Ok(Answer::json(StatusCode::OK, &answer))
    }

    /// `grant_type=refresh_token`, and `password` as docker's token servers have it.
    fn token_by_post(&self, ask: &Ask) -> Result<Answer, Answer> {
        let form = ask.form();
        let good = match form.value("grant_type") {
            "refresh_token" => self.is_refresh_token(form.value("refresh_token")),
            "password" => self.is_password(form.value("username"), form.value("password")),
            _ => return Err(Answer::json(StatusCode::BAD_REQUEST, &unsupported_grant())),
        };
        if !good {
            return Err(unauthorized("wrong credentials"));
        }
        self.check_service(ask, form.value("service"))?;
        let answer = self.access_token(Caller::User, form.value("scope"));
        Ok(Answer::json(StatusCode::OK, &answer))
    }

    /// An Entra token for registries becomes the registry's own refresh token.
    fn exchange(&self, ask: &Ask) -> Result<Answer, Answer> {
        let form = ask.form();
        if form.value("grant_type") != "access_token" {
            return Err(Answer::json(StatusCode::BAD_REQUEST, &unsupported_grant()));
        }
        self.check_service(ask, form.value("service"))?;
        let tenant = form.value("tenant");
        if !tenant.is_empty() && tenant != self.identity.tenant_id {
            return Err(unauthorized("the tenant is another one"));
        }
        if self.entra.find(form.value("access_token"), REGISTRY_AUDIENCE).is_none() {
            return Err(unauthorized("the token is not one for registries"));
        }
        let token = self.refresh_token(ACR_REFRESH_LIFETIME);
        Ok(Answer::json(StatusCode::OK, &json!({ "refresh_token": token })))
    }

    fn check_service(&self, ask: &Ask, service: &str) -> Result<(), Answer> {
        if service == ask.host {
            return Ok(());
        }
        Err(refuse(Code::Unauthorized, &format!("service `{service}` is not {}", ask.host)))
    }

    fn access_token(&self, caller: Caller, scopes: &str) -> Value {
        let lifetime = match self.auth {
            Auth::Acr => ACR_LIFETIME,
            _ => BEARER_LIFETIME,
        };
        let granted = self.granted(caller, scopes);
        let access: Vec<Value> = granted
            .iter()
            .map(
                |(name, action)| json!({ "type": "repository", "name": name, "actions": [action] }),
            )
            .collect();
        let token = self.remember(lifetime, Kind::Access(granted), json!({ "access": access }));
        match self.auth {
            Auth::Acr => json!({ "access_token": token }),
            _ => json!({
                "token": token, "access_token": token, "expires_in": lifetime.whole_seconds(),
            }),
        }
    }

    /// What of `repository:<name>:<actions> …` the caller may do.
    fn granted(&self, caller: Caller, scopes: &str) -> Vec<(String, String)> {
        let may = |action: &str| match (caller, action) {
            (Caller::Nobody, "pull") => self.anonymous == Anonymous::Pull,
            (Caller::Nobody, _) => false,
            (Caller::User, "pull") => true,
            (Caller::User, "push") => self.pushes == Pushes::Allowed,
            (Caller::User, "delete") => self.deletes != Deletes::Refused,
            (Caller::User, _) => false,
        };
        let scopes = scopes.split_ascii_whitespace().take(100);
        let parts = scopes.filter_map(|scope| {
            let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
            Some(actions.split(',').map(move |action| (name, action)))
        });
        let parts = parts.flatten().filter(|(_, action)| may(action));
        parts.map(|(name, action)| (name.to_owned(), action.to_owned())).collect()
    }

    /// Where there are no scopes to leave out, rights are refused at the act.
    fn check_rights(&self, action: Action) -> Result<(), Answer> {
        let refused = match action {
            Action::Pull => false,
            Action::Push => self.pushes == Pushes::Refused,
            Action::Delete => self.deletes == Deletes::Refused,
        };
        if refused {
            return Err(refuse(Code::Denied, "requested access to the resource is denied"));
        }
        Ok(())
    }

    fn challenge(&self, ask: &Ask, wanted: Option<(&str, Action)>) -> Answer {
        let path = match self.auth {
            Auth::Open | Auth::Basic => {
                return unauthorized("authentication required")
                    .with("www-authenticate", "Basic realm=\"lab\"");
            }
            Auth::Bearer => "/token",
            Auth::Acr => "/oauth2/token",
        };
        let (scheme, host) = (ask.scheme.as_str(), &ask.host);
        let mut challenge = format!("Bearer realm=\"{scheme}://{host}{path}\",service=\"{host}\"");
        if let Some((name, action)) = wanted {
            challenge += &format!(",scope=\"repository:{name}:{}\"", action.wanted());
        }
        if let Some(text) = ask.bearer() {
            let error = if self.is_token(text) { "insufficient_scope" } else { "invalid_token" };
            challenge += &format!(",error=\"{error}\"");
        }
        unauthorized("authentication required").with("www-authenticate", challenge)
    }

    fn is_user(&self, ask: &Ask) -> bool {
        ask.basic().is_some_and(|(user, password)| self.is_password(&user, &password))
    }

    /// An Azure Container Registry takes Basic credentials beside tokens.
    fn is_direct_user(&self, ask: &Ask) -> bool {
        self.auth == Auth::Acr && self.is_user(ask)
    }

    fn is_password(&self, user: &str, password: &str) -> bool {
        let known = &self.identity;
        if user == TOKEN_USER {
            return self.auth == Auth::Acr && self.is_refresh_token(password);
        }
        user == known.username && password == known.password.expose()
    }

    fn refresh_token(&self, lifetime: Duration) -> String {
        self.remember(lifetime, Kind::Refresh, json!({ "grant_type": "refresh_token" }))
    }

    fn remember(&self, lifetime: Duration, kind: Kind, mut claims: Value) -> String {
        let now = self.clock.now();
        let expires = now + lifetime;
        claims["iat"] = now.unix_timestamp().into();
        claims["exp"] = expires.unix_timestamp().into();
        let text = jwt(&claims);
        let mut tokens = self.tokens.lock().expect("no panic holds this lock");
        tokens.number += 1;
        let number = tokens.number;
        if tokens.by_number.len() >= LIMIT {
            tokens.by_number.pop_first();
        }
        tokens.by_number.insert(number, Token { text: text.clone(), expires, kind });
        text
    }

    fn is_refresh_token(&self, text: &str) -> bool {
        self.is_live(text, |kind| matches!(kind, Kind::Refresh))
    }

    fn is_token(&self, text: &str) -> bool {
        self.is_live(text, |kind| matches!(kind, Kind::Access(_)))
    }

    fn is_granted(&self, text: &str, name: &str, action: Action) -> bool {
        let wanted = (name, action.name());
        self.is_live(text, |kind| match kind {
            Kind::Refresh => false,
            Kind::Access(granted) => {
                granted.iter().any(|(name, action)| (name.as_str(), action.as_str()) == wanted)
            }
        })
    }

    fn is_live(&self, text: &str, kind: impl Fn(&Kind) -> bool) -> bool {
        let now = self.clock.now();
        let tokens = self.tokens.lock().expect("no panic holds this lock");
        tokens.by_number.values().any(|t| t.text == text && now < t.expires && kind(&t.kind))
    }
}

fn unauthorized(message: &str) -> Answer {
    refuse(Code::Unauthorized, message)
}

fn unsupported_grant() -> Value {
    json!({ "error": "unsupported_grant_type" })
}
