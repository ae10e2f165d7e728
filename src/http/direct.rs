//! The client for this machine's own addresses, which no proxy stands before.

use std::time::Duration;

use super::HttpError;
use super::client::client_error;

/// A client without proxy, redirects or roots, for plain http to loopback and link-local addresses:
/// metadata services, where a proxy would answer with its own identity.
pub fn direct_client(connect_timeout: Duration) -> Result<reqwest::Client, HttpError> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .tls_certs_only([])
        .build()
        .map_err(client_error)
}
