//! A GitHub job's OIDC endpoint, and what Entra says to its tokens.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use time::Duration;

use super::assertions::{Assertions, Claims};
use crate::clock::Clock;
use crate::lab::Identity;
use crate::lab::message::{Answer, Ask};

/// How long a token lives.
const LIFETIME: Duration = Duration::minutes(5);

/// The audience that Entra's public cloud takes.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The endpoint, with the tokens it gave out, each with its audience.
pub(in crate::lab) struct Oidc {
    given: Assertions<String>,
}

impl Oidc {
    pub(in crate::lab) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { given: Assertions::new(clock) }
    }

    /// A token for the audience asked for, to whom has the request token.
    pub(super) fn token(&self, ask: &Ask, identity: &Identity) -> Answer {
        if ask.bearer() != Some(identity.oidc_request_token.expose()) {
            let problem = json!({ "message": "The request token is missing or wrong." });
            return Answer::json(StatusCode::UNAUTHORIZED, &problem);
        }
        let audience = ask.query("audience").unwrap_or("https://github.com/octo-org");
        let claims = Claims {
            audience,
            issuer: "https://token.actions.githubusercontent.com",
            subject: "repo:octo-org/octo-repo:ref:refs/heads/main",
            lifetime: LIFETIME,
        };
        let token = self.given.give(&claims, audience.to_owned());
        Answer::json(StatusCode::OK, &json!({ "count": 1, "value": token }))
    }

    /// What Entra says to an assertion; none where it is no token of this endpoint.
    pub(super) fn check(&self, assertion: &str) -> Option<Result<(), String>> {
        self.given.check(assertion, |audience, alive| {
            if audience != AUDIENCE {
                return Err(format!(
                    "AADSTS700212: No matching federated identity record found for presented \
                     assertion audience '{audience}'."
                ));
            }
            alive
        })
    }
}
