//! The program as a task of Azure Pipelines: real processes, an agent's rules, a lab behind them.

mod agent;
mod commands;
#[allow(dead_code)] // the step's tests use all of it
#[path = "../step/job.rs"]
mod job;
mod task;

/// What `job` runs on.
mod runner {
    pub use crate::agent::{Agent as Runner, Task as Step};
}

mod hostile;
mod login;
mod names;
mod sign;
mod verify;
