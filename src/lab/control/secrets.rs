//! What was secret on the lab's wire, so that a test can look for it where it must not be.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use serde_json::Value;

use super::Control;
use crate::lab::message::{Answer, Ask};
use crate::secret::Secret;

/// Secrets remembered; no test makes more.
const LIMIT: usize = 10_000;

/// Anything shorter would be found in other words.
const SHORTEST: usize = 8;

/// Fields of forms, and members of JSON answers.
const FIELDS: [&str; 7] = [
    "access_token",
    "client_assertion",
    "client_secret",
    "oidcToken",
    "password",
    "refresh_token",
    "token",
];

/// Where an answer's `value` is secret: a vault's secrets, a job's OIDC tokens.
const SECRET_VALUES: [&str; 2] = ["/secrets/", "/oidc/"];

impl Control {
    /// Every credential that was sent to the lab or given out by it since it started: tokens,
    /// passwords, assertions, private keys. A reset does not forget them.
    pub fn secrets(&self) -> Vec<Secret> {
        self.state().secrets.iter().map(Secret::new).collect()
    }

    pub(in crate::lab) fn overhear(&self, ask: &Ask, answer: &Answer) {
        let found = heard(ask, answer);
        let secrets = &mut self.state().secrets;
        for secret in found {
            if secret.len() >= SHORTEST && secrets.len() < LIMIT {
                secrets.insert(secret);
            }
        }
    }
}

fn heard(ask: &Ask, answer: &Answer) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    found.extend(ask.bearer().map(str::to_owned));
    found.extend(ask.header("x-identity-header").map(str::to_owned));
    if let Some((user, password)) = ask.basic() {
        found.insert(STANDARD.encode(format!("{user}:{password}")));
        found.insert(password);
    }
    // what is neither Basic nor Bearer is secret as a whole
    if found.is_empty() && ask.headers.contains_key(AUTHORIZATION) {
        found.extend(ask.header(AUTHORIZATION.as_str()).map(str::to_owned));
    }
    let form = ask.form();
    found.extend(FIELDS.map(|field| form.value(field).to_owned()));
    if let Ok(Value::Object(members)) = serde_json::from_slice(&answer.body) {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        found.extend(FIELDS.iter().filter_map(|field| text(field)).map(str::to_owned));
        if SECRET_VALUES.iter().any(|part| ask.path.contains(part)) {
            found.extend(text("value").map(private).unwrap_or_default());
        }
    }
    // the last part of a JWT is enough to know it by, the first is the same in many
    let parts: Vec<String> =
        found.iter().filter_map(|text| text.rsplit_once('.')).map(|(_, p)| p.to_owned()).collect();
    found.extend(parts);
    found
}

/// The lines of private keys, where the text is PEM; certificates are public.
fn private(value: &str) -> Vec<String> {
    if !value.contains("-----BEGIN") {
        return vec![value.to_owned()];
    }
    let mut inside = false;
    let mut lines = Vec::new();
    for line in value.lines() {
        if line.starts_with("-----") {
            inside = line.contains("BEGIN") && line.contains("PRIVATE KEY");
        } else if inside {
            lines.push(line.to_owned());
        }
    }
    lines
}
