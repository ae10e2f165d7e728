//! The program as the step of a workflow: real processes, a runner's folders, a lab behind them.

mod job;
mod runner;
mod schema;

mod connected_registry;
mod connections;
mod dry_run;
mod github;
mod inputs;
mod junit;
mod login;
mod many;
mod oidc;
mod prepared;
mod setup;
mod sign;
mod verify;
