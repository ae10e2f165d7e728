//! OIDC tokens given out, to be known again when they come back as assertions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::token::jwt;
use crate::clock::Clock;

/// Tokens remembered; no job of a test needs more.
const LIMIT: usize = 1000;

/// Tokens of one endpoint, each with what the endpoint wants to know of it.
pub(super) struct Assertions<T> {
    clock: Arc<dyn Clock>,
    given: Mutex<BTreeMap<String, (OffsetDateTime, T)>>,
}

/// What a token says.
pub(super) struct Claims<'a> {
    pub audience: &'a str,
    pub issuer: &'static str,
    pub subject: &'static str,
    pub lifetime: Duration,
}

impl<T> Assertions<T> {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, given: Mutex::default() }
    }

    pub fn give(&self, claims: &Claims<'_>, note: T) -> String {
        let now = self.clock.now();
        let expires = now + claims.lifetime;
        let token = jwt(&json!({
            "aud": claims.audience,
            "iss": claims.issuer,
            "sub": claims.subject,
            "iat": now.unix_timestamp(),
            "nbf": now.unix_timestamp(),
            "exp": expires.unix_timestamp(),
        }));
        let mut given = self.given.lock().expect("no panic holds this lock");
        if given.len() >= LIMIT {
            given.pop_first();
        }
        given.insert(token.clone(), (expires, note));
        token
    }

    /// What `judge` makes of a token, told whether it lives still; none where none such was given.
    pub fn check(
        &self,
        assertion: &str,
        judge: impl FnOnce(&mut T, Result<(), String>) -> Result<(), String>,
    ) -> Option<Result<(), String>> {
        let mut given = self.given.lock().expect("no panic holds this lock");
        let (expires, note) = given.get_mut(assertion)?;
        let alive = match self.clock.now() >= *expires {
            true => {
                Err("AADSTS700024: Client assertion is not within its valid time range.".to_owned())
            }
            false => Ok(()),
        };
        Some(judge(note, alive))
    }
}
