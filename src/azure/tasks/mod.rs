//! Builds in a registry: quick runs of ACR Tasks through Azure Resource Manager.
//!
//! The token goes to Azure Resource Manager alone. The packed source and the log are blobs behind signed
//! addresses, which are secrets themselves: they go to storage hosts of the table, and never into a
//! message.

mod archive;
mod arm;
mod error;
mod find;
mod ignore;
mod log;
mod request;
mod run;
mod storage;

pub use archive::{Packed, pack};
pub use error::TasksError;
pub use find::{ManagedRegistry, Place};
pub use request::{BuildRequest, ImageName, Platform, Source, registry_name};
pub use run::{BuiltImage, Logs, Progress, RunId};

use std::sync::Arc;

use http::Method;
use url::Url;

use super::{Cloud, ExtraHosts, ManagementHost, TokenSource};
use crate::http::{Deadline, Http};
use crate::secret::Secret;
use arm::{Again, Arm, Call};
use storage::SignedUrl;

/// The builds of one cloud.
#[derive(Clone)]
pub struct Tasks {
    arm: Arm,
    extra_hosts: ExtraHosts,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadDraft {
    upload_url: Option<String>,
    relative_path: Option<String>,
}

impl Tasks {
    pub fn new(
        http: Http,
        tokens: Arc<dyn TokenSource>,
        cloud: Cloud,
        extra_hosts: ExtraHosts,
    ) -> Self {
        let host = ManagementHost::of(cloud, &extra_hosts);
        Self { arm: Arm { http, tokens, host }, extra_hosts }
    }

    /// The same with more time, or less.
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        let http = self.arm.http.with_deadline(deadline);
        Self { arm: Arm { http, ..self.arm }, ..self }
    }

    /// The registry of that name; [`registry_name`] makes one.
    pub async fn find(&self, name: &str, place: &Place) -> Result<ManagedRegistry, TasksError> {
        find::find(&self.arm, &self.extra_hosts, name, place).await
    }

    /// Uploads a packed folder; where the registry finds it.
    pub async fn upload(
        &self,
        registry: &ManagedRegistry,
        packed: Packed,
    ) -> Result<Secret, TasksError> {
        let what = "asking where to upload";
        let segments = registry.below(&["listBuildSourceUploadUrl"]);
        let url = self.arm.url(&segments, run::TASKS_API, &[]);
        let draft: UploadDraft = self.arm.json(self.post(what, url, registry)).await?;
        let to = SignedUrl::parse(what, &draft.upload_url.unwrap_or_default(), &self.extra_hosts)?;
        let path = draft.relative_path.filter(|path| (1..=2000).contains(&path.len()));
        let problem = || "it names no place for the source".to_owned();
        let path = path.ok_or_else(|| TasksError::Answer { what, problem: problem() })?;
        storage::upload(&self.arm.http, &to, packed).await?;
        Ok(Secret::new(path))
    }

    /// A request without a body that may be sent twice.
    fn post<'a>(&self, what: &'static str, url: Url, registry: &'a ManagedRegistry) -> Call<'a> {
        let (method, again) = (Method::POST, Again::Yes);
        Call { what, method, url, body: None, again, registry: registry.name() }
    }
}
