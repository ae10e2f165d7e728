//! One repository over HTTP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::auth::Scope;
use super::children::{self, Listed};
use super::connection::{Connection, ERROR_LIMIT};
use super::error::Action;
use super::manifest::{self, MANIFEST_LIMIT, SIGNATURE_MANIFESTS};
use super::reference::is_repository;
use super::referrers::Found;
use super::{
    Child, FetchedSignature, Listing, PushPermission, Pushed, Reference, Registry, RegistryError,
    Resolved, SignatureDescriptor, SignaturePush, Version,
};
use crate::crypto::Digest;
use crate::envelope::TargetArtifact;
use crate::fault::BoxFault;
use crate::http::{Attempts, Redirects, Request, Response, Sent};

/// What a command will do, so that one token serves it from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Pull,
    PullPush,
}

/// One repository of a registry.
pub struct RegistryClient {
    pub(super) connection: Arc<Connection>,
    pub(super) repository: String,
    access: Access,
    /// Upload sessions opened ahead, one for each signature to come.
    pub(super) sessions: Mutex<Vec<Url>>,
    pub(super) config_present: AtomicBool,
    /// The registry showed that it has no Referrers API.
    without_api: AtomicBool,
    /// The registry answered a push with `OCI-Subject`.
    pub(super) indexes_subjects: AtomicBool,
}

/// Most hops to a manifest's or blob's storage.
pub(super) const MOST_HOPS: Redirects = Redirects::Follow(10);
pub(super) const CONTENT_DIGEST: &str = "docker-content-digest";
impl RegistryClient {
    pub fn new(
        connection: Arc<Connection>,
        repository: &str,
        access: Access,
    ) -> Result<Self, RegistryError> {
        if !is_repository(repository) {
            return Err(RegistryError::Manifest {
                what: repository.to_owned(),
                problem: "is no name of a repository".into(),
            });
        }
        Ok(Self {
            connection,
            repository: repository.to_owned(),
            access,
            sessions: Mutex::default(),
            config_present: AtomicBool::new(false),
            without_api: AtomicBool::new(false),
            indexes_subjects: AtomicBool::new(false),
        })
    }

    pub(super) fn url(&self, rest: &str) -> Url {
        self.connection.endpoint.url(&self.repository, rest)
    }

    pub(super) async fn send(
        &self,
        request: Request,
        action: Action,
    ) -> Result<Response, RegistryError> {
        self.connection.send(request, &self.scope(action), action).await
    }

    pub(super) async fn send_or_wait(
        &self,
        request: &Request,
        action: Action,
        attempts: &mut Attempts,
    ) -> Result<Sent, RegistryError> {
        self.connection.send_or_wait(request, &self.scope(action), action, attempts).await
    }

    pub(super) async fn refusal(
        &self,
        method: &Method,
        answer: &Response,
        action: Action,
    ) -> RegistryError {
        self.connection.refusal(method, answer, &self.scope(action), action).await
    }

    pub(super) fn scope(&self, action: Action) -> Scope {
        let actions = match (action, self.access) {
            (Action::Pull, Access::Pull) => "pull",
            (Action::Delete, _) => "delete,pull,push",
            _ => "pull,push",
        };
        Scope { repository: self.repository.clone(), actions }
    }

    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.connection.host(), self.repository)
    }

    /// The manifest that a reference leads to, and its bytes.
    async fn resolve_manifest(
        &self,
        reference: &Reference,
    ) -> Result<(TargetArtifact, Bytes), RegistryError> {
        if reference.registry() != self.connection.host()
            || reference.repository() != self.repository
        {
            return Err(RegistryError::Manifest {
                what: reference.to_string(),
                problem: format!("is not in {}", self.name("")),
            });
        }
        let (version, asked) = match reference.version() {
            Version::Tag(tag) => (tag.as_str(), None),
            Version::Digest(digest) => (digest.as_str(), Some(digest)),
        };
        let what = reference.to_string();
        let request =
            Request::new(Method::GET, self.url(&format!("manifests/{version}")), MANIFEST_LIMIT)
                .header(ACCEPT, HeaderValue::from_static(manifest::ACCEPT))
                .redirects(MOST_HOPS);
        let answer = self.send(request, Action::Pull).await?;
        match answer.status.as_u16() {
            200 => {}
            404 => return Err(RegistryError::NotFound { reference: what }),
            _ => return Err(self.refusal(&Method::GET, &answer, Action::Pull).await),
        }
        let digest = match asked {
            Some(asked) => {
                check_digest(&answer.body, asked, &what)?;
                answered_digest(&answer, &what)?;
                asked.clone()
            }
            None => answered_digest(&answer, &what)?,
        };
        let invalid = |problem| RegistryError::Manifest { what: what.clone(), problem };
        let media_type = answer.media_type().filter(|found| !found.is_empty());
        let media_type =
            media_type.ok_or_else(|| invalid("was sent without a Content-Type".into()))?;
        manifest::check(&answer.body, &media_type).map_err(invalid)?;
        let size = answer.body.len() as u64;
        let target = TargetArtifact { media_type, digest, size, annotations: Default::default() };
        Ok((target, answer.body))
    }

    async fn resolve_index(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, RegistryError> {
        let (target, bytes) = self.resolve_manifest(reference).await?;
        let what = reference.to_string();
        if let Some(stated) = stated {
            check_content(&bytes, &stated.digest, stated.size, &what)?;
            if stated.media_type != target.media_type {
                let (listed, sent) = (&stated.media_type, &target.media_type);
                let problem = format!("is listed as {listed:?}, but sent as {sent:?}");
                return Err(RegistryError::Manifest { what, problem });
            }
        }
        let Listed { children, left_out } = children::read(&bytes, &target.media_type)
            .map_err(|problem| RegistryError::Manifest { what, problem })?;
        Ok(Resolved { target, children, left_out })
    }

    async fn list(&self, subject: &Digest, limit: usize) -> Result<Listing, RegistryError> {
        if !self.without_api.load(Ordering::Relaxed) {
            match self.referrers_api(subject, limit).await? {
                Found::Listed(listing) => return Ok(listing),
                Found::Absent => self.without_api.store(true, Ordering::Relaxed),
            }
        }
        self.referrers_tag(subject, limit).await
    }

    async fn fetch(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, RegistryError> {
        let what = self.name(&format!("@{}", signature.digest));
        let invalid = |problem| RegistryError::Manifest { what: what.clone(), problem };
        let Some(media_type) =
            SIGNATURE_MANIFESTS.into_iter().find(|known| *known == signature.media_type)
        else {
            return Err(invalid(format!("is {:?}, no manifest", signature.media_type)));
        };
        let (digest, size) =
            manifest::within(signature, MANIFEST_LIMIT, "the manifest").map_err(invalid)?;
        let url = self.url(&format!("manifests/{digest}"));
        let answer = self.content(url, Some(media_type), size, &what).await?;
        check_content(&answer.body, &digest, size, &what)?;
        if answer.media_type().is_some_and(|found| found != media_type) {
            let found = answer.media_type().unwrap_or_default();
            return Err(invalid(format!("is listed as {media_type:?}, but sent as {found:?}")));
        }
        let layer = manifest::read(&answer.body, media_type, subject).map_err(invalid)?;

        let what = self.name(&format!("@{}", layer.digest));
        let url = self.url(&format!("blobs/{}", layer.digest));
        let answer = self.content(url, None, layer.size, &what).await?;
        check_content(&answer.body, &layer.digest, layer.size, &what)?;
        Ok(FetchedSignature {
            manifest_media_type: media_type.to_owned(),
            manifest_digest: digest,
            envelope_media_type: layer.media_type,
            envelope: answer.body.to_vec(),
        })
    }

    /// A GET of exactly `size` bytes; storage elsewhere is followed without credentials.
    async fn content(
        &self,
        url: Url,
        accept: Option<&'static str>,
        size: u64,
        what: &str,
    ) -> Result<Response, RegistryError> {
        // an error's body may be larger than what was asked for
        let mut request =
            Request::new(Method::GET, url, size.max(ERROR_LIMIT)).redirects(MOST_HOPS);
        if let Some(accept) = accept {
            request = request.header(ACCEPT, HeaderValue::from_static(accept));
        }
        let answer = self.send(request, Action::Pull).await?;
        match answer.status.as_u16() {
            200 => Ok(answer),
            404 => Err(RegistryError::ContentNotFound { what: what.to_owned() }),
            _ => Err(self.refusal(&Method::GET, &answer, Action::Pull).await),
        }
    }
}

#[async_trait::async_trait]
impl Registry for RegistryClient {
    async fn resolve(&self, reference: &Reference) -> Result<TargetArtifact, BoxFault> {
        Ok(self.resolve_manifest(reference).await?.0)
    }

    async fn resolve_with_children(
        &self,
        reference: &Reference,
        stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        Ok(self.resolve_index(reference, stated).await?)
    }

    async fn signatures(&self, subject: &Digest, limit: usize) -> Result<Listing, BoxFault> {
        Ok(self.list(subject, limit).await?)
    }

    async fn fetch_signature(
        &self,
        subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        Ok(self.fetch(subject, signature).await?)
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        Ok(self.prepare().await?)
    }

    async fn push_signature(&self, push: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        Ok(self.push(push).await?)
    }

    async fn delete_signature(&self, signature: &Digest) -> Result<(), BoxFault> {
        Ok(self.delete_manifest(signature).await?)
    }

    async fn unlist_signatures(
        &self,
        subject: &Digest,
        signatures: &[Digest],
    ) -> Result<Vec<String>, BoxFault> {
        Ok(self.remove_from_index(subject, signatures).await?)
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        Ok(self.try_push().await?)
    }
}

/// The digest of what was sent, equal to the `Docker-Content-Digest` where there is one.
pub(super) fn answered_digest(answer: &Response, what: &str) -> Result<Digest, RegistryError> {
    let name = HeaderName::from_static(CONTENT_DIGEST);
    let Some(value) = answer.headers.get(name) else { return Ok(Digest::sha256(&answer.body)) };
    let text = value.to_str().unwrap_or_default();
    let named = Digest::parse(text).map_err(|_| mismatch_text(what, "a digest", text))?;
    check_digest(&answer.body, &named, what)?;
    Ok(named)
}

fn check_content(
    bytes: &[u8],
    digest: &Digest,
    size: u64,
    what: &str,
) -> Result<(), RegistryError> {
    if bytes.len() as u64 != size {
        let expected = i64::try_from(size).unwrap_or(i64::MAX);
        return Err(RegistryError::Size {
            what: what.to_owned(),
            expected,
            actual: bytes.len() as u64,
        });
    }
    check_digest(bytes, digest, what)
}

fn check_digest(bytes: &[u8], expected: &Digest, what: &str) -> Result<(), RegistryError> {
    let actual = expected.of_same_kind(bytes);
    if actual == *expected {
        return Ok(());
    }
    Err(mismatch(what.to_owned(), expected, actual.as_str()))
}

pub(super) fn mismatch(what: String, expected: &Digest, actual: &str) -> RegistryError {
    mismatch_text(&what, expected.as_str(), actual)
}

fn mismatch_text(what: &str, expected: &str, actual: &str) -> RegistryError {
    RegistryError::Digest {
        what: what.to_owned(),
        expected: expected.to_owned(),
        actual: actual.to_owned(),
    }
}
