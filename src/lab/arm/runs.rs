//! Runs: queued, running, ended; what they built is in the registry.

use std::time::Duration;

use serde_json::{Value, json};

use super::Arm;
use crate::lab::message::Answer;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// From queued to ended, by the lab's clock.
    pub takes: Duration,
    pub ending: Ending,
    /// What the log holds at the end; it grows while the run goes on.
    pub log: Vec<u8>,
    pub queueing: Queueing,
}

/// How a run is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queueing {
    AtOnce,
    /// As a long-running operation: 202, and where its result is.
    Later,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    /// With the run's error message.
    Failed(String),
    /// Succeeded, and tells an image that nobody asked for.
    Stray,
    Never,
}

impl Default for RunPlan {
    fn default() -> Self {
        Self {
            takes: Duration::from_secs(5),
            ending: Ending::Succeeded,
            log: b"Step 1/1 : FROM scratch\r\nSuccessfully built\r\n".to_vec(),
            queueing: Queueing::AtOnce,
        }
    }
}

#[derive(Default)]
pub(super) struct Runs {
    pub plan: RunPlan,
    runs: Vec<Run>,
}

struct Run {
    request: Value,
    plan: RunPlan,
    queued: Duration,
    cancelled: Cancelled,
    built: Option<Vec<Value>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cancelled {
    Yes,
    No,
}

/// `ca1` is the first.
pub(super) fn number(id: &str) -> Option<usize> {
    id.strip_prefix("ca")?.parse::<usize>().ok()?.checked_sub(1)
}

pub(super) fn id(number: usize) -> String {
    format!("ca{}", number + 1)
}

impl Runs {
    pub fn queue(&mut self, request: Value, now: Duration) -> usize {
        let plan = self.plan.clone();
        let cancelled = Cancelled::No;
        self.runs.push(Run { request, plan, queued: now, cancelled, built: None });
        self.runs.len() - 1
    }

    pub fn requests(&self) -> Vec<Value> {
        self.runs.iter().map(|run| run.request.clone()).collect()
    }

    pub fn cancelled(&self) -> usize {
        self.runs.iter().filter(|run| run.cancelled == Cancelled::Yes).count()
    }

    pub fn cancel(&mut self, number: usize) -> Option<()> {
        self.runs.get_mut(number)?.cancelled = Cancelled::Yes;
        Some(())
    }

    pub fn log(&self, number: usize) -> Option<(Vec<u8>, Duration)> {
        let run = self.runs.get(number)?;
        Some((run.plan.log.clone(), run.plan.takes))
    }

    /// The run as it is now. One that succeeds pushes its images when that is first seen.
    pub fn told(&mut self, number: usize, now: Duration, arm: &Arm) -> Result<Value, Answer> {
        let run = self.runs.get_mut(number).ok_or_else(super::not_found)?;
        let age = now.saturating_sub(run.queued);
        let over = age >= run.plan.takes && run.plan.ending != Ending::Never;
        let mut message = Value::Null;
        let status = match &run.plan.ending {
            _ if run.cancelled == Cancelled::Yes => "Canceled",
            _ if !over && age < run.plan.takes / 4 => "Queued",
            _ if !over => "Running",
            Ending::Failed(text) => {
                message = json!(text);
                "Failed"
            }
            _ => "Succeeded",
        };
        if status == "Succeeded" && run.built.is_none() {
            run.built = Some(push(number, run, arm)?);
        }
        Ok(json!({ "properties": {
            "runId": id(number),
            "status": status,
            "runErrorMessage": message,
            "outputImages": run.built.clone().unwrap_or_default(),
        } }))
    }
}

fn push(number: usize, run: &Run, arm: &Arm) -> Result<Vec<Value>, Answer> {
    let names = run.request["imageNames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = names.iter().filter_map(Value::as_str);
    names
        .filter_map(|name| name.split_once(':'))
        .map(|(repository, tag)| {
            let stray = run.plan.ending == Ending::Stray;
            let repository = if stray { "stray" } else { repository };
            let tag = tag.replace("{{.Run.ID}}", &id(number));
            let digest = arm.registry.push_image(repository, &tag).map_err(|_| {
                let status = http::StatusCode::BAD_REQUEST;
                super::error(status, "InvalidImageName", "The image name is invalid.")
            })?;
            Ok(json!({
                "registry": arm.login_server, "repository": repository, "tag": tag,
                "digest": digest,
            }))
        })
        .collect()
}
