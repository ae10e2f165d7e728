//! The same control over HTTP on its own loopback port, for other processes.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, Fault, HOLD, Role, Route};
use crate::lab::message::{Answer, Ask};

/// Answers `GET /requests`, `GET /counts`, `GET /longest-chain` (`?without=DELETE` leaves a method
/// out), `POST /reset`, `POST /hold` and `POST /fault`.
pub(in crate::lab) struct Remote {
    pub control: Control,
}

/// `{"milliseconds": 30}`; 0 ends hold mode.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldDraft {
    milliseconds: Option<u64>,
}

/// `{"role": "registry", "method": "GET", "path": "/manifests/", "status": 429,
///   "headers": {"Retry-After": "1"}, "times": 1}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultDraft {
    role: Option<Role>,
    method: Option<String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    skip: usize,
    #[serde(default = "once")]
    times: usize,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// `reset`, `lost-answer`, `huge`
    kind: Option<String>,
    delay_milliseconds: Option<u64>,
    /// Another body for the true answer; with `status`, the body of that answer.
    body: Option<String>,
}

impl Remote {
    pub(in crate::lab) fn answer(&self, ask: &Ask) -> Answer {
        match (&ask.method, ask.path.as_str()) {
            (&Method::GET, "/requests") => ok(json!(self.control.requests())),
            (&Method::GET, "/counts") => ok(json!(self.control.counts())),
            (&Method::GET, "/longest-chain") => {
                let without = ask.query("without").unwrap_or_default();
                let chain = self.control.chain_where(|e| !e.method.eq_ignore_ascii_case(without));
                ok(json!({ "longest_chain": chain.len(), "requests": chain }))
            }
            (&Method::POST, "/reset") => {
                self.control.reset();
                ok(json!({}))
            }
            (&Method::POST, "/hold") => self.hold(&ask.body),
            (&Method::POST, "/fault") => self.fault(&ask.body),
            _ => refused(StatusCode::NOT_FOUND, "no such control"),
        }
    }

    fn hold(&self, body: &[u8]) -> Answer {
        let draft: HoldDraft = if body.is_empty() {
            HoldDraft { milliseconds: None }
        } else {
            match serde_json::from_slice(body) {
                Ok(draft) => draft,
                Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
            }
        };
        match draft.milliseconds.map_or(HOLD, Duration::from_millis) {
            Duration::ZERO => self.control.release(),
            time => self.control.hold_each(time),
        }
        ok(json!({}))
    }

    fn fault(&self, body: &[u8]) -> Answer {
        let draft: FaultDraft = match serde_json::from_slice(body) {
            Ok(draft) => draft,
            Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let (skip, times) = (draft.skip, draft.times);
        match draft.validate() {
            Ok((route, fault)) => {
                self.control.fault_after(skip, route, fault, times);
                ok(json!({}))
            }
            Err(problem) => refused(StatusCode::BAD_REQUEST, problem),
        }
    }
}

impl FaultDraft {
    fn validate(self) -> Result<(Route, Fault), &'static str> {
        let route = Route { role: self.role, method: self.method, path: self.path };
        let headers: Vec<(String, String)> = self.headers.into_iter().collect();
        let fault = match (self.status, self.kind.as_deref(), self.delay_milliseconds, self.body) {
            (Some(status), None, None, None) if valid(status) => Fault::Status(status, headers),
            (Some(status), None, None, Some(body)) if valid(status) => Fault::Error(status, body),
            (None, Some("reset"), None, None) => Fault::Reset,
            (None, Some("lost-answer"), None, None) => Fault::LostAnswer,
            (None, Some("huge"), None, None) => Fault::Huge,
            (None, None, Some(time), None) => Fault::Delay(Duration::from_millis(time)),
            (None, None, None, Some(body)) => Fault::Body(body.into()),
            (None, None, None, None) => match headers.into_iter().next() {
                Some((name, value)) => Fault::Header(name, value),
                None => return Err("no fault given"),
            },
            _ => return Err("one of status, kind, delay_milliseconds, body or headers"),
        };
        Ok((route, fault))
    }
}

fn valid(status: u16) -> bool {
    (200..600).contains(&status)
}

fn once() -> usize {
    1
}

fn ok(body: Value) -> Answer {
    Answer::json(StatusCode::OK, &body)
}

fn refused(status: StatusCode, problem: &str) -> Answer {
    Answer::json(status, &json!({ "error": problem }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(text: &str) -> Result<(Route, Fault), String> {
        let draft: FaultDraft = serde_json::from_str(text).map_err(|e| e.to_string())?;
        draft.validate().map_err(str::to_owned)
    }

    #[test]
    fn a_throttle_is_read_from_json() {
        let text = r#"{"role":"registry","method":"PUT","path":"/blobs/","status":429,
                       "headers":{"Retry-After":"1"},"times":2}"#;
        let (route, fault) = validate(text).unwrap();
        assert_eq!(route, Route::on(Role::Registry).method("PUT").path("/blobs/"));
        assert_eq!(fault, Fault::throttled(1));
    }

    #[test]
    fn each_kind_of_fault_has_its_json() {
        for (text, fault) in [
            (r#"{"kind":"reset"}"#, Fault::Reset),
            (r#"{"kind":"lost-answer"}"#, Fault::LostAnswer),
            (r#"{"kind":"huge"}"#, Fault::Huge),
            (r#"{"delay_milliseconds":5}"#, Fault::Delay(Duration::from_millis(5))),
            (r#"{"body":"x"}"#, Fault::Body("x".into())),
            (r#"{"status":500,"body":"{}"}"#, Fault::Error(500, "{}".into())),
            (r#"{"headers":{"Link":"x"}}"#, Fault::Header("Link".into(), "x".into())),
        ] {
            assert_eq!(validate(text), Ok((Route::any(), fault)));
        }
    }

    #[test]
    fn a_fault_of_two_kinds_or_none_or_an_unknown_member_is_refused() {
        for text in [
            "{}",
            r#"{"status":500,"kind":"reset"}"#,
            r#"{"status":99}"#,
            r#"{"kind":"fire"}"#,
            r#"{"stats":500}"#,
        ] {
            assert!(validate(text).is_err(), "{text}");
        }
    }
}
