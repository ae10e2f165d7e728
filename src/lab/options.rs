//! How a lab behaves. Each enum is a clap value, so that a flag can name it.

use std::sync::Arc;

use time::Duration;

use crate::clock::{Clock, SystemClock};

/// What a lab is started with; the default is an open registry with the Referrers API.
#[derive(Clone)]
pub struct LabOptions {
    pub referrers: Referrers,
    pub filters: Filters,
    /// Most entries of one answer to a referrers request; more come with `Link`.
    pub referrers_page: Option<usize>,
    pub auth: Auth,
    pub anonymous: Anonymous,
    pub pushes: Pushes,
    pub deletes: Deletes,
    pub blobs: Blobs,
    /// How long after now the certificates of the time-stamping authority are valid: a lab of the past may
    /// serve programs that read the machine's clock.
    pub timestamp_validity: Duration,
    /// Dates certificates and tokens. Waiting and the request log use the machine's clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            referrers: Referrers::Api,
            filters: Filters::Applied,
            referrers_page: None,
            auth: Auth::Open,
            anonymous: Anonymous::Nothing,
            pushes: Pushes::Allowed,
            deletes: Deletes::Allowed,
            blobs: Blobs::Inline,
            timestamp_validity: super::tsa::VALIDITY,
            clock: Arc::new(SystemClock::new()),
        }
    }
}

/// Whether the registry has the Referrers API (distribution-spec, "Listing Referrers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Referrers {
    Api,
    /// The API answers 404 and a manifest PUT has no `OCI-Subject`.
    TagSchema,
}

/// What becomes of `?artifactType=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Filters {
    /// Filtered, with `OCI-Filters-Applied`.
    Applied,
    Ignored,
}

/// How the registry asks who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Auth {
    Open,
    Basic,
    /// A `/token` endpoint of the registry itself.
    Bearer,
    /// `/oauth2/exchange` and `/oauth2/token` as Azure Container Registry has them; https.
    Acr,
}

/// What a token without credentials may do (Bearer only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Anonymous {
    Nothing,
    Pull,
}

/// Whether the lab's user may push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Pushes {
    Allowed,
    /// The token never carries `push`; without tokens the answer is 403.
    Refused,
}

/// Whether manifests may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Deletes {
    Allowed,
    /// The token never carries `delete`; without tokens the answer is 403.
    Refused,
    /// 405, whoever asks.
    Unsupported,
}

/// Where blobs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Blobs {
    Inline,
    /// 307 to another host of the lab, which answers 400 to whoever brings credentials.
    Redirected,
}
