//! Pushing a signature: blobs, manifest, and the tag index where it is kept.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::join;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};

use super::client::{CONTENT_DIGEST, MOST_HOPS, RegistryClient, mismatch};
use super::connection::ERROR_LIMIT;
use super::error::{Action, has_code};
use super::index::Entry;
use super::manifest::{self, CONFIG};
use super::referrers::{Found, tag};
use super::tag_index::{self, Change, Cleaned, IndexStore, Stored, Written};
use super::{
    PushPermission, Pushed, ReferrersMode, RegistryError, SIGNATURE_ARTIFACT_TYPE, SignaturePush,
};
use crate::crypto::Digest;
use crate::http::{Attempts, Request, Response, Sent};

/// Manifest pushes when blobs are not found yet (geo-replicated registries).
const MOST_PUSHES: u32 = 5;
/// Most signatures of the registry's own listing that are brought into the tag index.
const MOST_KEPT: usize = 1_000;

/// notation's words.
pub(super) const REFUSED_DELETE: &str = "Removal of outdated referrers index from remote registry failed. Garbage collection may be required.";

impl RegistryClient {
    /// Opens an upload session and asks for the config blob, side by side.
    pub(super) async fn prepare(&self) -> Result<(), RegistryError> {
        let config = async {
            if self.config_present.load(Ordering::Relaxed) {
                return;
            }
            let digest = Digest::sha256(CONFIG);
            let url = self.url(&format!("blobs/{digest}"));
            let request = Request::new(Method::HEAD, url, 0).redirects(MOST_HOPS);
            // whatever else is answered, uploading it is never wrong
            if self.send(request, Action::Pull).await.is_ok_and(|answer| answer.status == 200) {
                self.config_present.store(true, Ordering::Relaxed);
            }
        };
        let (session, ()) = join!(self.open_upload(), config);
        self.sessions.lock().expect("no panic holds this lock").push(session?);
        Ok(())
    }

    pub(super) async fn push(&self, push: SignaturePush<'_>) -> Result<Pushed, RegistryError> {
        let envelope = Bytes::copy_from_slice(push.envelope);
        let envelope_digest = Digest::sha256(&envelope);
        let layer = manifest::descriptor(
            push.format.media_type(),
            &envelope_digest,
            i64::try_from(envelope.len()).expect("memory is smaller than an i64"),
        );
        let what = self.name(&format!("@{}", push.subject.digest));
        let bytes = manifest::write(push.subject, layer, push.annotations.clone())
            .map_err(|problem| RegistryError::Manifest { what: what.clone(), problem })?;
        let bytes = Bytes::from(bytes);
        let digest = Digest::sha256(&bytes);
        let (clock, jitter) = (&**self.connection.http.clock(), self.connection.http.jitter());

        let index_tag = tag(&push.subject.digest);
        let mut pushes = 0;
        let (first, answered) = loop {
            let session = self.sessions.lock().expect("no panic holds this lock").pop();
            let config = async {
                match self.config_present.load(Ordering::Relaxed) {
                    true => Ok(()),
                    false => self.push_blob(None, CONFIG.into(), &Digest::sha256(CONFIG)).await,
                }
            };
            let (pushed, config) =
                join!(self.push_blob(session, envelope.clone(), &envelope_digest), config);
            pushed?;
            config?;
            self.config_present.store(true, Ordering::Relaxed);

            pushes += 1;
            let store = self.store(&push.subject.digest, &index_tag, SubjectSeen::No);
            let (first, answer) = join!(
                async {
                    match self.needs_index(push.mode) {
                        true => Some(tag_index::read(&store, clock).await),
                        false => None,
                    }
                },
                self.put_manifest(digest.as_str(), OCI_IMAGE_MEDIA_TYPE, bytes.clone())
            );
            let answer = answer?;
            if answer.status == 201 {
                break (first, answer);
            }
            let lost = ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"];
            if pushes == MOST_PUSHES || !lost.iter().any(|code| has_code(&answer, code)) {
                return Err(self.refusal(&Method::PUT, &answer, Action::Push).await);
            }
            self.config_present.store(false, Ordering::Relaxed);
            let pause = std::time::Duration::from_millis(500) * (1 << (pushes - 1));
            clock.sleep(pause.mul_f64(jitter.fraction())).await;
        };
        if let Some(found) = answered.header(CONTENT_DIGEST)
            && found != digest.as_str()
        {
            return Err(mismatch(self.name(""), &digest, found));
        }
        let subject_seen = match answered.header("oci-subject") {
            Some(found) if found == push.subject.digest.as_str() => SubjectSeen::Yes,
            _ => SubjectSeen::No,
        };
        let mut warnings = Vec::new();
        if subject_seen == SubjectSeen::Yes {
            self.indexes_subjects.store(true, Ordering::Relaxed);
        }
        if push.mode == ReferrersMode::ForceTag || subject_seen == SubjectSeen::No {
            let store = self.store(&push.subject.digest, &index_tag, subject_seen);
            let first = match first {
                Some(first) => first?,
                None => tag_index::read(&store, clock).await?,
            };
            let own = Entry {
                media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
                digest: digest.to_string(),
                size: bytes.len() as i64,
                annotations: Some(push.annotations),
                artifact_type: Some(SIGNATURE_ARTIFACT_TYPE.to_owned()),
                rest: Default::default(),
            };
            if tag_index::update(&store, clock, jitter, Change::Add(own), first).await?
                == Cleaned::Refused
            {
                warnings.push(REFUSED_DELETE.to_owned());
            }
        }
        Ok(Pushed { manifest_digest: digest, warnings })
    }

    /// Whether the index may have to be written, as far as is known before the manifest is pushed.
    fn needs_index(&self, mode: ReferrersMode) -> bool {
        mode == ReferrersMode::ForceTag || !self.indexes_subjects.load(Ordering::Relaxed)
    }

    async fn put_manifest(
        &self,
        reference: &str,
        media_type: &'static str,
        bytes: Bytes,
    ) -> Result<Response, RegistryError> {
        self.send(self.manifest_put(reference, media_type, bytes), Action::Push).await
    }

    fn manifest_put(&self, reference: &str, media_type: &'static str, bytes: Bytes) -> Request {
        Request::new(Method::PUT, self.url(&format!("manifests/{reference}")), ERROR_LIMIT)
            .header(CONTENT_TYPE, HeaderValue::from_static(media_type))
            .body(bytes)
    }

    pub(super) fn store<'a>(
        &'a self,
        subject: &'a Digest,
        tag: &'a str,
        subject_seen: SubjectSeen,
    ) -> TagStore<'a> {
        TagStore { client: self, subject, tag, subject_seen, attempts: Default::default() }
    }

    /// See [`super::Registry::check_push`].
    pub(super) async fn try_push(&self) -> Result<PushPermission, RegistryError> {
        let action = Action::Push;
        match self.connection.grants(&self.scope(action), action).await? {
            Some(true) => Ok(PushPermission::Granted),
            Some(false) => Err(RegistryError::Denied {
                host: self.connection.host().to_owned(),
                repository: self.repository.clone(),
                action,
                status: 403,
                detail: ": the token it gave does not allow it".into(),
            }),
            None => {
                let session = self.open_upload().await?;
                self.cancel_upload(session).await;
                Ok(PushPermission::Tried)
            }
        }
    }
}

/// Whether the registry answered the manifest's PUT with `OCI-Subject`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SubjectSeen {
    Yes,
    No,
}

/// The tag schema's index of one subject.
pub(super) struct TagStore<'a> {
    client: &'a RegistryClient,
    subject: &'a Digest,
    tag: &'a str,
    subject_seen: SubjectSeen,
    /// Of writing the index.
    attempts: tokio::sync::Mutex<Attempts>,
}

#[async_trait::async_trait]
impl IndexStore for TagStore<'_> {
    fn tag(&self) -> &str {
        self.tag
    }

    async fn read(&self) -> Result<Option<Stored>, RegistryError> {
        self.client.read_index(self.tag).await
    }

    async fn write(&self, index: Vec<u8>) -> Result<Written, RegistryError> {
        let request = self.client.manifest_put(self.tag, OCI_IMAGE_INDEX_MEDIA_TYPE, index.into());
        let mut attempts = self.attempts.lock().await;
        match self.client.send_or_wait(&request, Action::Push, &mut attempts).await? {
            Sent::Answer(answer) if answer.status == 201 => Ok(Written::Yes),
            Sent::Answer(answer) => {
                Err(self.client.refusal(&Method::PUT, &answer, Action::Push).await)
            }
            Sent::Waited => Ok(Written::Unclear),
        }
    }

    async fn delete(&self, digest: &Digest) -> Result<(), RegistryError> {
        self.client.delete_manifest(digest).await
    }

    async fn referrers(&self) -> Vec<Entry> {
        if self.subject_seen == SubjectSeen::No {
            return Vec::new();
        }
        match self.client.referrers_api(self.subject, MOST_KEPT).await {
            Ok(Found::Listed(listing)) => {
                listing.signatures.into_iter().map(Entry::from_descriptor).collect()
            }
            _ => Vec::new(),
        }
    }
}
