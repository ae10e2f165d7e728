//! The program as the step of a workflow: real processes, a runner's folders, a lab behind them.

mod job;
mod runner;
mod schema;
#[path = "../plugin/tester.rs"]
mod tester;

mod artifact_signing;
mod ca_file;
mod connected_registry;
mod connections;
mod doctor;
mod dry_run;
mod github;
mod github_reports;
mod hostile;
mod inputs;
mod junit;
mod login;
mod many;
mod notation_action;
mod oidc;
mod plugin;
mod plugin_key;
mod plugin_verify;
mod prepared;
mod pushed;
mod recursive;
mod revocation;
mod secrets;
mod setup;
mod sign;
mod timestamp;
mod trust;
mod trust_refused;
mod verify;
