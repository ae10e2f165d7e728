//! What `list` reports as JSON; `sign` and `verify` report an image as a step does.

use serde::Serialize;

/// The signatures of an artifact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListReport {
    pub image: String,
    pub signatures: Vec<String>,
    /// False when more exist than were asked for.
    pub complete: bool,
}
