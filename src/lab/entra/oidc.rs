//! A GitHub job's OIDC endpoint, and what Entra says to its tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::token::jwt;
use crate::clock::Clock;
use crate::lab::Identity;
use crate::lab::message::{Answer, Ask};

/// How long a token lives.
const LIFETIME: Duration = Duration::minutes(5);

/// The audience that Entra's public cloud takes.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Tokens remembered; no job of a test needs more.
const LIMIT: usize = 1000;

/// The endpoint, with the tokens it gave out.
pub(in crate::lab) struct Oidc {
    clock: Arc<dyn Clock>,
    given: Mutex<BTreeMap<String, Given>>,
}

struct Given {
    audience: String,
    expires: OffsetDateTime,
}

impl Oidc {
    pub(in crate::lab) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, given: Mutex::default() }
    }

    /// A token for the audience asked for, to whom has the request token.
    pub(super) fn token(&self, ask: &Ask, identity: &Identity) -> Answer {
        if ask.bearer() != Some(identity.oidc_request_token.expose()) {
            let problem = json!({ "message": "The request token is missing or wrong." });
            return Answer::json(StatusCode::UNAUTHORIZED, &problem);
        }
        let audience = ask.query("audience").unwrap_or("https://github.com/octo-org").to_owned();
        let now = self.clock.now();
        let expires = now + LIFETIME;
        let token = jwt(&json!({
            "aud": audience,
            "iss": "https://token.actions.githubusercontent.com",
            "sub": "repo:octo-org/octo-repo:ref:refs/heads/main",
            "iat": now.unix_timestamp(),
            "nbf": now.unix_timestamp(),
            "exp": expires.unix_timestamp(),
        }));
        let mut given = self.given.lock().expect("no panic holds this lock");
        if given.len() >= LIMIT {
            given.pop_first();
        }
        given.insert(token.clone(), Given { audience, expires });
        Answer::json(StatusCode::OK, &json!({ "count": 1, "value": token }))
    }

    /// What Entra says to an assertion; none where it is no token of this endpoint.
    pub(super) fn check(&self, assertion: &str) -> Option<Result<(), String>> {
        let given = self.given.lock().expect("no panic holds this lock");
        let Given { audience, expires } = given.get(assertion)?;
        if audience != AUDIENCE {
            return Some(Err(format!(
                "AADSTS700212: No matching federated identity record found for presented \
                 assertion audience '{audience}'."
            )));
        }
        if self.clock.now() >= *expires {
            let problem = "AADSTS700024: Client assertion is not within its valid time range.";
            return Some(Err(problem.to_owned()));
        }
        Some(Ok(()))
    }
}
