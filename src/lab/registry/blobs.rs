//! Blobs and their uploads (distribution-spec, "Pushing Blobs").

use bytes::Bytes;
use http::{Method, StatusCode};

use super::refusal::{Code, refuse};
use super::store::{BLOB_LIMIT, Digest};
use super::{Blobs, Registry};
use crate::lab::message::{Answer, Ask};
use crate::lab::pki::{hex, random};

const OCTETS: &str = "application/octet-stream";

/// Upload sessions open at once in one repository.
const SESSIONS: usize = 10_000;

impl Registry {
    pub(super) fn blob(&self, ask: &Ask, name: &str, digest: &str) -> Result<Answer, Answer> {
        let digest = Digest::parse(digest).ok_or_else(|| refuse(Code::DigestInvalid, digest))?;
        let unknown = || refuse(Code::BlobUnknown, digest.as_str());
        match ask.method {
            Method::GET | Method::HEAD => {
                let blob = {
                    let contents = self.store.lock();
                    let repository = contents.repositories.get(name).ok_or_else(unknown)?;
                    repository.blobs.get(&digest).cloned().ok_or_else(unknown)?
                };
                if ask.method == Method::GET && self.rules.blobs == Blobs::Redirected {
                    return Ok(Answer::empty(StatusCode::TEMPORARY_REDIRECT)
                        .with("location", elsewhere(ask, name, &digest)));
                }
                Ok(found(&digest, blob))
            }
            Method::DELETE => {
                let mut contents = self.store.lock();
                let repository = contents.repositories.get_mut(name).ok_or_else(unknown)?;
                repository.blobs.remove(&digest).ok_or_else(unknown)?;
                Ok(Answer::empty(StatusCode::ACCEPTED))
            }
            _ => Err(refuse(Code::Unsupported, "blobs are read and deleted here")),
        }
    }

    /// What a redirect leads to: another host, which refuses credentials as blob storages do.
    pub(super) fn storage(&self, ask: &Ask, rest: &str) -> Result<Answer, Answer> {
        if ask.headers.contains_key(http::header::AUTHORIZATION) {
            return Err(Answer::empty(StatusCode::BAD_REQUEST));
        }
        let (name, digest) = rest.rsplit_once('/').unwrap_or_default();
        let digest = Digest::parse(digest).ok_or_else(|| refuse(Code::DigestInvalid, digest))?;
        let contents = self.store.lock();
        let blob = contents.repositories.get(name).and_then(|r| r.blobs.get(&digest)).cloned();
        blob.map(|blob| found(&digest, blob))
            .ok_or_else(|| refuse(Code::BlobUnknown, digest.as_str()))
    }

    pub(super) fn start_upload(&self, ask: &Ask, name: &str) -> Result<Answer, Answer> {
        if ask.method != Method::POST {
            return Err(refuse(Code::Unsupported, "uploads are started with POST"));
        }
        if let (Some(digest), Some(from)) = (ask.query("mount"), ask.query("from")) {
            if let Some(answer) = self.mount(name, digest, from) {
                return Ok(answer);
            }
        } else if let Some(digest) = ask.query("digest") {
            return self.keep_blob(name, digest, ask.body.clone());
        }
        let session = hex(&random::<16>().map_err(|_| full())?);
        let mut contents = self.store.lock();
        let repository = contents.repositories.entry(name.to_owned()).or_default();
        if repository.uploads.len() >= SESSIONS {
            return Err(full());
        }
        repository.uploads.insert(session.clone(), Vec::new());
        Ok(progress(StatusCode::ACCEPTED, name, &session, 0))
    }

    pub(super) fn upload(&self, ask: &Ask, name: &str, session: &str) -> Result<Answer, Answer> {
        let mut contents = self.store.lock();
        let unknown = || refuse(Code::BlobUploadUnknown, session);
        let repository = contents.repositories.get_mut(name).ok_or_else(unknown)?;
        let kept = repository.uploads.get_mut(session).ok_or_else(unknown)?;
        match ask.method {
            Method::GET => Ok(progress(StatusCode::NO_CONTENT, name, session, kept.len())),
            Method::DELETE => {
                repository.uploads.remove(session);
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            Method::PATCH => {
                append(kept, ask)?;
                Ok(progress(StatusCode::ACCEPTED, name, session, kept.len()))
            }
            Method::PUT => {
                append(kept, ask)?;
                let Some(digest) = ask.query("digest") else {
                    return Err(refuse(Code::DigestInvalid, "the digest parameter is missing"));
                };
                let bytes = repository.uploads.remove(session).unwrap_or_default();
                drop(contents);
                self.keep_blob(name, digest, bytes.into())
            }
            _ => Err(refuse(Code::Unsupported, "uploads take PATCH, PUT, GET and DELETE")),
        }
    }

    /// Keeps a blob whose digest fits.
    pub(in crate::lab) fn keep_blob(
        &self,
        name: &str,
        digest: &str,
        blob: Bytes,
    ) -> Result<Answer, Answer> {
        let wrong = || refuse(Code::DigestInvalid, "the digest does not match the content");
        let digest = Digest::parse(digest).filter(|d| d.fits(&blob)).ok_or_else(wrong)?;
        if blob.len() > BLOB_LIMIT {
            return Err(refuse(Code::SizeInvalid, "the blob is too large"));
        }
        let mut contents = self.store.lock();
        if !contents.take(blob.len()) {
            return Err(full());
        }
        let repository = contents.repositories.entry(name.to_owned()).or_default();
        repository.blobs.insert(digest.clone(), blob);
        Ok(created(name, &digest))
    }

    fn mount(&self, name: &str, digest: &str, from: &str) -> Option<Answer> {
        let digest = Digest::parse(digest)?;
        let mut contents = self.store.lock();
        let blob = contents.repositories.get(from)?.blobs.get(&digest)?.clone();
        contents
            .repositories
            .entry(name.to_owned())
            .or_default()
            .blobs
            .insert(digest.clone(), blob);
        Some(created(name, &digest))
    }
}

fn append(kept: &mut Vec<u8>, ask: &Ask) -> Result<(), Answer> {
    let start = ask.header("content-range").and_then(|range| range.split_once('-'));
    if start.is_some_and(|(start, _)| start.parse() != Ok(kept.len())) {
        let answer = refuse(Code::BlobUploadInvalid, "the chunk is out of order");
        return Err(Answer { status: StatusCode::RANGE_NOT_SATISFIABLE, ..answer });
    }
    if kept.len() + ask.body.len() > BLOB_LIMIT {
        return Err(refuse(Code::SizeInvalid, "the blob is too large"));
    }
    kept.extend_from_slice(&ask.body);
    Ok(())
}

fn found(digest: &Digest, blob: Bytes) -> Answer {
    Answer::bytes(StatusCode::OK, OCTETS, blob).with("docker-content-digest", digest.as_str())
}

fn created(name: &str, digest: &Digest) -> Answer {
    Answer::empty(StatusCode::CREATED)
        .with("location", format!("/v2/{name}/blobs/{}", digest.as_str()))
        .with("docker-content-digest", digest.as_str())
}

/// The location is relative and has a query, both of which clients meet in the wild.
fn progress(status: StatusCode, name: &str, session: &str, length: usize) -> Answer {
    Answer::empty(status)
        .with("location", format!("/v2/{name}/blobs/uploads/{session}?_state=lab"))
        .with("docker-upload-uuid", session)
        .with("range", format!("0-{}", length.saturating_sub(1)))
}

/// The same listener under its other name: another host to any client.
fn elsewhere(ask: &Ask, name: &str, digest: &Digest) -> String {
    let (host, port) = ask.host.rsplit_once(':').unwrap_or((&ask.host, ""));
    let other = if host == "localhost" { "127.0.0.1" } else { "localhost" };
    format!("{}://{other}:{port}/storage/{name}/{}", ask.scheme.as_str(), digest.as_str())
}

fn full() -> Answer {
    Answer::empty(StatusCode::INSUFFICIENT_STORAGE)
}
