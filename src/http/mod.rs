//! The one HTTP client of a command: TLS, proxy and timeouts; retry, redirect and size rules.

mod client;
mod retry;

pub use client::{Http, HttpError, HttpOptions, Redirects, Request, Response};
pub use retry::Deadline;
