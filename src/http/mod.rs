//! The one HTTP client of a command: TLS, proxy and timeouts; retry, redirect and size rules.

mod client;
mod direct;
mod download;
mod error;
mod judged;
mod message;
mod retry;
mod server_clocks;

#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;

pub use client::{Http, HttpOptions};
pub use direct::direct_client;
pub use download::Sink;
pub use error::{HttpError, hint_of_reason};
pub use judged::{Judge, Names, SystemNames};
pub use message::{Redirects, Request, Response, redacted, same_origin};
pub use retry::{Attempts, Deadline, FixedJitter, Jitter, Sent, SystemJitter, retry_after};
