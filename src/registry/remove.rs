//! Removing signatures: the manifest by its digest, then its entry of the tag index (distribution-spec,
//! "Deleting Manifests").

use http::Method;

use super::RegistryError;
use super::client::RegistryClient;
use super::connection::ERROR_LIMIT;
use super::error::{Action, has_code};
use super::push::{REFUSED_DELETE, SubjectSeen};
use super::referrers::tag;
use super::tag_index::{self, Change, Cleaned};
use crate::crypto::Digest;
use crate::http::Request;

impl RegistryClient {
    /// Deletes a manifest by its digest; one that is gone already is no failure.
    pub(super) async fn delete_manifest(&self, digest: &Digest) -> Result<(), RegistryError> {
        let url = self.url(&format!("manifests/{digest}"));
        let request = Request::new(Method::DELETE, url, ERROR_LIMIT);
        let answer = self.send(request, Action::Delete).await?;
        match answer.status.as_u16() {
            200 | 202 | 204 | 404 => Ok(()),
            status if status == 405 || has_code(&answer, "UNSUPPORTED") => {
                Err(RegistryError::DeleteUnsupported {
                    host: self.connection.host().to_owned(),
                    repository: self.repository.clone(),
                    digest: digest.to_string(),
                    status,
                })
            }
            _ => Err(self.refusal(&Method::DELETE, &answer, Action::Delete).await),
        }
    }

    /// Takes entries out of the subject's tag index, where there is one.
    pub(super) async fn remove_from_index(
        &self,
        subject: &Digest,
        signatures: &[Digest],
    ) -> Result<Vec<String>, RegistryError> {
        let (clock, jitter) = (&**self.connection.http.clock(), self.connection.http.jitter());
        let index_tag = tag(subject);
        let store = self.store(subject, &index_tag, SubjectSeen::No);
        let first = tag_index::read(&store, clock).await?;
        let change = Change::Remove(signatures.iter().map(Digest::to_string).collect());
        Ok(match tag_index::update(&store, clock, jitter, change, first).await? {
            Cleaned::Refused => vec![REFUSED_DELETE.to_owned()],
            Cleaned::Yes | Cleaned::NotTried => Vec::new(),
        })
    }
}
