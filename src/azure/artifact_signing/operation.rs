//! A signing operation as the service tells of it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use time::OffsetDateTime;

use super::ArtifactSigningError;
use crate::azure::error::one_line;
use crate::http::{Response, retry_after};

/// What one answer says.
#[derive(Debug)]
pub(super) struct Operation {
    pub id: OperationId,
    pub state: State,
    /// When to ask again, where the service says so.
    pub again: Option<Duration>,
}

/// Letters, digits and hyphens, so that it can stand in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OperationId(String);

#[derive(Debug)]
pub(super) enum State {
    /// As the service words it.
    Pending(String),
    Succeeded {
        signature: Vec<u8>,
        certificates: Option<Vec<u8>>,
    },
    Ended {
        status: String,
        code: String,
        message: String,
    },
}

/// ids are GUIDs of 36 characters
const ID_LIMIT: usize = 64;

/// The published shape `{id, status, result: {…}, error}`, and the one in use, in which result's fields
/// stand beside the status.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Draft {
    id: Option<String>,
    operation_id: Option<String>,
    status: Option<String>,
    signature: Option<String>,
    signing_certificate: Option<String>,
    #[serde(alias = "signResult", alias = "signStatus")]
    result: Option<Box<Draft>>,
    #[serde(alias = "errorDetail")]
    error: Option<Problem>,
}

/// Code and message of a refusal, in any of the service's shapes.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub code: String,
    pub message: String,
}

impl OperationId {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let taken = (1..=ID_LIMIT).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        taken.then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Operation {
    /// Reads an answer to `request`; `asked` is the operation it must be about, where there is one yet.
    pub(super) fn read(
        request: &'static str,
        answer: &Response,
        asked: Option<&OperationId>,
        now: OffsetDateTime,
    ) -> Result<Self, ArtifactSigningError> {
        let unusable =
            |problem: &str| ArtifactSigningError::Answer { request, problem: problem.to_owned() };
        let draft: Draft = serde_json::from_slice(&answer.body)
            .map_err(|_| unusable("it is not the documented JSON"))?;
        let named = draft.operation_id.as_deref().or(draft.id.as_deref());
        let id = match (named.or_else(|| in_location(answer)), asked) {
            (None, Some(asked)) => asked.clone(),
            (None, None) => return Err(unusable("it names no operation")),
            (Some(text), asked) => {
                let id =
                    OperationId::parse(text).ok_or_else(|| unusable("it names no operation"))?;
                if asked.is_some_and(|asked| !asked.0.eq_ignore_ascii_case(&id.0)) {
                    return Err(unusable("it is about another operation"));
                }
                id
            }
        };
        let status = one_line(draft.status.as_deref().unwrap_or_default());
        let state = match status.to_ascii_lowercase().as_str() {
            "inprogress" | "running" | "notstarted" => State::Pending(status),
            "succeeded" => {
                let result = draft.result.as_deref().unwrap_or(&draft);
                let signature = result.signature.as_deref().unwrap_or_default();
                let signature = STANDARD
                    .decode(signature)
                    .ok()
                    .filter(|signature| !signature.is_empty())
                    .ok_or_else(|| unusable("its `signature` is not base64"))?;
                let certificates = result.signing_certificate.clone().map(String::into_bytes);
                State::Succeeded { signature, certificates }
            }
            "failed" | "canceled" | "cancelled" | "timedout" | "notfound" => {
                let problem = draft.error.unwrap_or_default().told();
                State::Ended { status, code: problem.code, message: problem.message }
            }
            _ => return Err(unusable("its `status` is none of the documented")),
        };
        Ok(Self { id, state, again: retry_after(answer, now) })
    }
}

impl Problem {
    /// Fit for one line; what the service left out is said to be missing.
    fn told(self) -> Self {
        let or = |text: String, missing: &str| match one_line(&text) {
            text if text.is_empty() => missing.to_owned(),
            text => text,
        };
        Self { code: or(self.code, NO_CODE), message: or(self.message, NO_REASON) }
    }

    /// What a refused request is told. A refusal by the service's front door has no body.
    pub(super) fn of(answer: &Response) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Refusal {
            #[serde(alias = "errorDetail")]
            error: Option<Problem>,
            title: String,
            errors: serde_json::Value,
        }
        let header = answer.header("x-ms-error-code").unwrap_or_default().to_owned();
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        let problem = match serde_json::from_slice::<Refusal>(&answer.body) {
            Ok(Refusal { error: Some(problem), .. }) => problem,
            Ok(Refusal { title, errors, .. }) if !title.is_empty() => {
                let errors = if errors.is_null() { String::new() } else { errors.to_string() };
                Problem { code: header.clone(), message: format!("{title} {errors}") }
            }
            _ => Problem { code: header.clone(), message: text() },
        };
        let code = if problem.code.is_empty() { header } else { problem.code };
        Problem { code, message: problem.message }.told()
    }
}

/// The last part of the path that `Operation-Location` names; the rest of it is not followed.
fn in_location(answer: &Response) -> Option<&str> {
    let location = answer.header("operation-location")?;
    location.split(['?', '#']).next()?.trim_end_matches('/').rsplit('/').next()
}

const NO_CODE: &str = "ERROR";
const NO_REASON: &str = "the service gave no reason";
