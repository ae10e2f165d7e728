//! Manifests, tags and referrers (distribution-spec, "Pushing Manifests", "Listing Referrers").

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::refusal::{Code, refuse};
use super::store::{Digest, MANIFEST_LIMIT, Manifest, Repository};
use super::{Filters, Referrers, Registry};
use crate::lab::message::{Answer, Ask};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Manifests of one repository: a test of large listings needs ten thousand.
const MANIFESTS: usize = 100_000;

impl Registry {
    pub(super) fn manifest(&self, ask: &Ask, name: &str, wanted: &str) -> Result<Answer, Answer> {
        match ask.method {
            Method::GET | Method::HEAD => {
                let contents = self.store.lock();
                let found = contents.repositories.get(name).and_then(|r| r.find(wanted));
                let (digest, manifest) =
                    found.ok_or_else(|| refuse(Code::ManifestUnknown, "manifest unknown"))?;
                let bytes = manifest.bytes.clone();
                Ok(Answer::bytes(StatusCode::OK, &manifest.media_type, bytes)
                    .with("docker-content-digest", digest.as_str()))
            }
            Method::PUT => {
                let media_type = ask.header("content-type").unwrap_or_default().to_owned();
                self.put_manifest(name, wanted, &media_type, &ask.body)
            }
            Method::DELETE => self.delete_manifest(name, wanted),
            _ => Err(refuse(Code::Unsupported, "manifests take GET, HEAD, PUT and DELETE")),
        }
    }

    /// Keeps a manifest under a tag or its digest.
    pub(in crate::lab) fn put_manifest(
        &self,
        name: &str,
        wanted: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Answer, Answer> {
        if bytes.len() > MANIFEST_LIMIT {
            return Err(refuse(Code::SizeInvalid, "the manifest is too large"));
        }
        let digest = match Digest::parse(wanted) {
            Some(digest) if digest.fits(bytes) => digest,
            Some(_) => return Err(refuse(Code::DigestInvalid, "the digest does not match")),
            None if is_tag(wanted) => Digest::of(bytes),
            None => return Err(refuse(Code::ManifestInvalid, "neither a tag nor a digest")),
        };
        let document: Value = serde_json::from_slice(bytes)
            .map_err(|_| refuse(Code::ManifestInvalid, "the manifest is not JSON"))?;
        let stated = document.get("mediaType").and_then(Value::as_str);
        if media_type.is_empty() || stated.is_some_and(|stated| stated != media_type) {
            return Err(refuse(Code::ManifestInvalid, "mediaType and Content-Type differ"));
        }
        let subject = document
            .get("subject")
            .map(|subject| subject["digest"].as_str().and_then(Digest::parse))
            .map(|digest| digest.ok_or_else(|| refuse(Code::ManifestInvalid, "no subject digest")))
            .transpose()?;
        let mut contents = self.store.lock();
        if !contents.take(bytes.len()) {
            return Err(Answer::empty(StatusCode::INSUFFICIENT_STORAGE));
        }
        let repository = contents.repositories.entry(name.to_owned()).or_default();
        if repository.manifests.len() >= MANIFESTS {
            return Err(Answer::empty(StatusCode::INSUFFICIENT_STORAGE));
        }
        check_blobs(repository, &document)?;
        let manifest =
            Manifest { media_type: media_type.to_owned(), bytes: bytes.to_vec().into(), document };
        let known = repository.manifests.insert(digest.clone(), manifest).is_some();
        if wanted != digest.as_str() {
            repository.tags.insert(wanted.to_owned(), digest.clone());
        }
        let mut answer = Answer::empty(StatusCode::CREATED)
            .with("location", format!("/v2/{name}/manifests/{}", digest.as_str()))
            .with("docker-content-digest", digest.as_str());
        if let Some(subject) = subject {
            if self.rules.referrers == Referrers::Api {
                answer = answer.with("oci-subject", subject.as_str());
            }
            if !known {
                repository.referrers.entry(subject).or_default().push(digest);
            }
        }
        Ok(answer)
    }

    fn delete_manifest(&self, name: &str, wanted: &str) -> Result<Answer, Answer> {
        let unknown = || refuse(Code::ManifestUnknown, "manifest unknown");
        let mut contents = self.store.lock();
        let repository = contents.repositories.get_mut(name).ok_or_else(unknown)?;
        match Digest::parse(wanted) {
            None => {
                repository.tags.remove(wanted).ok_or_else(unknown)?;
            }
            Some(digest) => {
                repository.manifests.remove(&digest).ok_or_else(unknown)?;
                repository.tags.retain(|_, tagged| *tagged != digest);
                for referrers in repository.referrers.values_mut() {
                    referrers.retain(|referrer| *referrer != digest);
                }
            }
        }
        Ok(Answer::empty(StatusCode::ACCEPTED))
    }

    pub(super) fn referrers(&self, ask: &Ask, name: &str, subject: &str) -> Result<Answer, Answer> {
        if self.rules.referrers == Referrers::TagSchema {
            return Ok(Answer::bytes(StatusCode::NOT_FOUND, "text/plain", "404 page not found\n"));
        }
        if ask.method != Method::GET {
            return Err(refuse(Code::Unsupported, "referrers are listed with GET"));
        }
        let subject = Digest::parse(subject).ok_or_else(|| refuse(Code::DigestInvalid, subject))?;
        let contents = self.store.lock();
        let Some(repository) = contents.repositories.get(name) else {
            return Err(refuse(Code::NameUnknown, "repository name not known to registry"));
        };
        let filter = ask.query("artifactType").filter(|_| self.rules.filters == Filters::Applied);
        let all: Vec<Value> = repository
            .referrers
            .get(&subject)
            .into_iter()
            .flatten()
            .filter_map(|digest| Some(descriptor(digest, repository.manifests.get(digest)?)))
            .filter(|d| filter.is_none_or(|wanted| d["artifactType"] == wanted))
            .collect();
        let start = ask.query("last").and_then(|last| last.parse().ok()).unwrap_or(0_usize);
        let size = self.rules.referrers_page.unwrap_or(usize::MAX).max(1);
        let end = start.saturating_add(size).min(all.len());
        let page = all.get(start..end).unwrap_or_default();
        let body = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": page });
        let mut answer = Answer::bytes(StatusCode::OK, INDEX, body.to_string());
        if filter.is_some() {
            answer = answer.with("oci-filters-applied", "artifactType");
        }
        if end < all.len() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            if let Some(wanted) = ask.query("artifactType") {
                query.append_pair("artifactType", wanted);
            }
            let query = query.append_pair("last", &end.to_string()).finish();
            let next = format!("</v2/{name}/referrers/{}?{query}>; rel=\"next\"", subject.as_str());
            answer = answer.with("link", next);
        }
        Ok(answer)
    }

    pub(super) fn tags(&self, ask: &Ask, name: &str) -> Result<Answer, Answer> {
        if ask.method != Method::GET {
            return Err(refuse(Code::Unsupported, "tags are listed with GET"));
        }
        let contents = self.store.lock();
        let Some(repository) = contents.repositories.get(name) else {
            return Err(refuse(Code::NameUnknown, "repository name not known to registry"));
        };
        let last = ask.query("last").unwrap_or_default();
        let limit = ask.query("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        let tags: Vec<&String> =
            repository.tags.keys().filter(|tag| tag.as_str() > last).take(limit).collect();
        Ok(Answer::json(StatusCode::OK, &json!({ "name": name, "tags": tags })))
    }
}

/// distribution-spec, "Pushing Manifests": config and layers must be there; a subject need not.
fn check_blobs(repository: &Repository, document: &Value) -> Result<(), Answer> {
    let lists = ["layers", "blobs"].map(|member| document.get(member).and_then(Value::as_array));
    let descriptors =
        document.get("config").into_iter().chain(lists.into_iter().flatten().flatten());
    for descriptor in descriptors {
        let digest = descriptor["digest"].as_str().and_then(Digest::parse);
        let digest = digest.ok_or_else(|| refuse(Code::ManifestInvalid, "a blob has no digest"))?;
        let blob = repository.blobs.get(&digest);
        let blob = blob.ok_or_else(|| refuse(Code::ManifestBlobUnknown, digest.as_str()))?;
        if descriptor["size"].as_u64() != Some(blob.len() as u64) {
            return Err(refuse(Code::ManifestInvalid, "a blob has another size"));
        }
    }
    Ok(())
}

/// distribution-spec, "Listing Referrers": artifactType, or else the config's media type.
fn descriptor(digest: &Digest, manifest: &Manifest) -> Value {
    let document = &manifest.document;
    let mut descriptor = json!({
        "mediaType": manifest.media_type,
        "digest": digest.as_str(),
        "size": manifest.bytes.len(),
    });
    let artifact_type = document
        .get("artifactType")
        .filter(|kind| kind.as_str().is_some_and(|kind| !kind.is_empty()))
        .or_else(|| document.get("config")?.get("mediaType"));
    if let Some(kind) = artifact_type {
        descriptor["artifactType"] = kind.clone();
    }
    if let Some(annotations) = document.get("annotations") {
        descriptor["annotations"] = annotations.clone();
    }
    descriptor
}

/// distribution-spec, "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}
