//! Questions about a repository that write nothing, for `doctor`.

use super::client::RegistryClient;
use super::error::Action;
use super::referrers::Found;
use super::{PushPermission, RegistryError};
use crate::crypto::Digest;

impl RegistryClient {
    /// Whether the registry lists referrers of a manifest that is there (distribution-spec, "Listing
    /// Referrers").
    pub async fn has_referrers_api(&self, subject: &Digest) -> Result<bool, RegistryError> {
        Ok(matches!(self.referrers_api(subject, 1).await?, Found::Listed(_)))
    }

    /// Whether a push would be let in: as the token says, or by an upload session that is opened and
    /// cancelled. Where the token does not allow it the registry is asked all the same, so that its
    /// refusal is the one that signing meets.
    pub async fn may_push(&self) -> Result<PushPermission, RegistryError> {
        let action = Action::Push;
        if self.connection.grants(&self.scope(action), action).await? == Some(true) {
            return Ok(PushPermission::Granted);
        }
        let session = self.open_upload().await?;
        self.cancel_upload(session).await;
        Ok(PushPermission::Tried)
    }

    /// Whether the token that the registry gives grants `delete`; none where no token tells. Nothing is
    /// deleted.
    pub async fn may_delete(&self) -> Result<Option<()>, RegistryError> {
        let (scope, action) = (self.scope(Action::Delete), Action::Delete);
        match self.connection.grants(&scope, action).await? {
            Some(true) => Ok(Some(())),
            Some(false) => Err(RegistryError::Denied {
                host: self.connection.host().to_owned(),
                repository: self.repository.clone(),
                action,
                status: 403,
                detail: ": the token it gives does not allow it".into(),
            }),
            None => Ok(None),
        }
    }
}
