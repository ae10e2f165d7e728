//! The same client with further roots, for servers of one kind.

use std::sync::Arc;

use super::client::{Build, Connections, client_error};
use super::{Http, HttpError};

impl Http {
    /// The same client, deadline and counts included, with connections of its own that trust these
    /// certificates (DER) beside the roots it trusts already. What this client is used for decides which
    /// servers they may vouch for.
    pub fn trusting(&self, roots: &[Vec<u8>]) -> Result<Self, HttpError> {
        let mut more = Vec::with_capacity(roots.len());
        for der in roots {
            more.push(reqwest::Certificate::from_der(der).map_err(client_error)?);
        }
        let shared = self.loopback.clone();
        let build: Build = Arc::new(move |connections, others: &[reqwest::Certificate]| {
            shared.build(connections, &[&more[..], others].concat())
        });
        let client = build(Connections::ByProxy, &[]).map_err(client_error)?;
        let loopback = self.loopback.with(build);
        let mut http = self.clone();
        (http.client, http.loopback, http.judged) = (client, loopback, None);
        Ok(http)
    }
}
