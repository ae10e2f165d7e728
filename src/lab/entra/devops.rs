//! Azure DevOps' OIDC endpoint of a job, and what Entra says to its tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;
use time::Duration;

use super::assertions::{Assertions, Claims};
use crate::clock::Clock;
use crate::lab::Identity;
use crate::lab::message::{Answer, Ask};

/// How long a token lives.
const LIFETIME: Duration = Duration::minutes(10);

/// The one version of the interface that is known here.
const API_VERSION: &str = "7.1";

/// The endpoint, with the tokens it gave out. Each is exchanged once per scope, so that a test sees
/// one that is kept too long.
pub(in crate::lab) struct DevOps {
    given: Assertions<BTreeSet<String>>,
}

impl DevOps {
    pub(in crate::lab) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { given: Assertions::new(clock) }
    }

    /// A token of the lab's service connection, to whom has the job token.
    pub(super) fn answer(&self, ask: &Ask, identity: &Identity) -> Answer {
        if let Some((status, problem)) = refusal(ask, identity) {
            return Answer::json(status, &json!({ "$id": "1", "message": problem }));
        }
        Answer::json(StatusCode::OK, &json!({ "oidcToken": self.token() }))
    }

    /// A token as the endpoint gives it.
    pub(in crate::lab) fn token(&self) -> String {
        let claims = Claims {
            audience: "api://AzureADTokenExchange",
            issuer: "https://vstoken.dev.azure.com/0f000000-0000-4000-8000-000000001ab0",
            subject: "sc://lab/lab/connection",
            lifetime: LIFETIME,
        };
        self.given.give(&claims, BTreeSet::new())
    }

    /// What Entra says to an assertion; none where it is no token of this endpoint.
    pub(super) fn check(&self, assertion: &str, scope: &str) -> Option<Result<(), String>> {
        self.given.check(assertion, |used, alive| {
            alive?;
            match used.insert(scope.to_owned()) {
                true => Ok(()),
                false => Err("AADSTS50013: Assertion was used before.".to_owned()),
            }
        })
    }
}

fn refusal(ask: &Ask, identity: &Identity) -> Option<(StatusCode, String)> {
    if ask.method != Method::POST {
        let problem = format!("The method {} is not supported.", ask.method);
        return Some((StatusCode::METHOD_NOT_ALLOWED, problem));
    }
    if ask.header("x-tfs-fedauthredirect") != Some("Suppress") {
        return Some((StatusCode::FOUND, "Sign in.".to_owned()));
    }
    if ask.bearer() != Some(identity.job_token.expose()) {
        let problem = "TF400813: The user is not authorized to access this resource.";
        return Some((StatusCode::UNAUTHORIZED, problem.to_owned()));
    }
    if ask.query("api-version") != Some(API_VERSION) {
        let problem = format!("The api-version is not {API_VERSION}.");
        return Some((StatusCode::BAD_REQUEST, problem));
    }
    let connection = ask.query("serviceConnectionId").unwrap_or_default();
    if connection != identity.connection_id {
        let problem = format!("Could not find service connection '{connection}'.");
        return Some((StatusCode::NOT_FOUND, problem));
    }
    None
}
