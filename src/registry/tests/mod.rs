//! The room against a small registry on loopback.

mod auth;
mod fake;
mod faults;
mod hostile;
mod push;
mod remove;
