//! Blobs behind signed addresses: whoever brings a token is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{Method, StatusCode};

use crate::clock::Clock;
use crate::lab::message::{Answer, Ask};
use crate::lab::server::Service;

/// The signature of every address: not for anybody's eyes.
pub const STORAGE_SIGNATURE: &str = "lab-storage-signature";

/// The storage account.
pub(in crate::lab) struct Storage {
    /// `localhost:PORT`
    pub host: String,
    pub clock: Arc<dyn Clock>,
    blobs: Mutex<Blobs>,
}

#[derive(Default)]
struct Blobs {
    uploads: Vec<Upload>,
    logs: BTreeMap<String, Log>,
}

#[derive(Default)]
struct Upload {
    blocks: BTreeMap<String, Bytes>,
    whole: Option<Bytes>,
}

struct Log {
    bytes: Vec<u8>,
    begun: Duration,
    takes: Duration,
}

impl Storage {
    pub(in crate::lab) fn new(host: String, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { host, clock, blobs: Mutex::default() })
    }

    fn blobs(&self) -> MutexGuard<'_, Blobs> {
        self.blobs.lock().expect("no panic holds this lock")
    }

    /// A place for a source: its path, and the address to put it at.
    pub(super) fn new_upload(&self) -> (String, String) {
        let mut blobs = self.blobs();
        blobs.uploads.push(Upload::default());
        let path = format!("source/{}.tar.gz", blobs.uploads.len());
        let url = format!("https://{}/{path}?sv=2025-01-05&sig={STORAGE_SIGNATURE}", self.host);
        (path, url)
    }

    /// The address of a run's log.
    pub(super) fn new_log(
        &self,
        run: &str,
        bytes: Vec<u8>,
        now: Duration,
        takes: Duration,
    ) -> String {
        let log = Log { bytes, begun: now, takes };
        self.blobs().logs.entry(run.to_owned()).or_insert(log);
        format!("https://{}/logs/{run}?sv=2025-01-05&sig={STORAGE_SIGNATURE}", self.host)
    }

    pub(super) fn upload_at(&self, path: &str) -> Option<Bytes> {
        let number = upload_number(path)?;
        self.blobs().uploads.get(number)?.whole.clone()
    }

    pub(super) fn last_upload(&self) -> Option<Bytes> {
        self.blobs().uploads.iter().rev().find_map(|upload| upload.whole.clone())
    }

    fn put(&self, path: &str, ask: &Ask) -> Answer {
        let mut blobs = self.blobs();
        let upload = upload_number(path).and_then(|number| blobs.uploads.get_mut(number));
        let Some(upload) = upload else { return refused(StatusCode::NOT_FOUND, "BlobNotFound") };
        match (ask.query("comp"), ask.query("blockid")) {
            (Some("block"), Some(id)) => {
                upload.blocks.insert(id.to_owned(), ask.body.clone());
            }
            (Some("blocklist"), None) => {
                let list = String::from_utf8_lossy(&ask.body).into_owned();
                let ids = list.split("<Latest>").skip(1).filter_map(|part| part.split('<').next());
                let blocks = ids.map(|id| upload.blocks.get(id));
                let Some(blocks) = blocks.collect::<Option<Vec<_>>>() else {
                    return refused(StatusCode::BAD_REQUEST, "InvalidBlockList");
                };
                let whole: Vec<u8> = blocks.into_iter().flatten().copied().collect();
                upload.whole = Some(whole.into());
            }
            _ if ask.header("x-ms-blob-type") == Some("BlockBlob") => {
                upload.whole = Some(ask.body.clone());
            }
            _ => return refused(StatusCode::BAD_REQUEST, "MissingRequiredHeader"),
        }
        Answer::empty(StatusCode::CREATED)
    }

    /// As much of the log as was written by now; there is none at first.
    fn read(&self, run: &str, ask: &Ask) -> Answer {
        let blobs = self.blobs();
        let Some(log) = blobs.logs.get(run) else {
            return refused(StatusCode::NOT_FOUND, "BlobNotFound");
        };
        let age = self.clock.elapsed().saturating_sub(log.begun);
        let complete = age >= log.takes;
        let written = match complete {
            true => log.bytes.len(),
            false => log.bytes.len() * age.as_millis() as usize / log.takes.as_millis() as usize,
        };
        if written == 0 && !complete {
            return refused(StatusCode::NOT_FOUND, "BlobNotFound");
        }
        let bytes = &log.bytes[..written];
        let answer = if ask.method == Method::HEAD {
            Answer::empty(StatusCode::OK).with(CONTENT_LENGTH.as_str(), written.to_string())
        } else {
            let range = ask.header(RANGE.as_str()).and_then(|range| range.strip_prefix("bytes="));
            let range = range.and_then(|range| range.split_once('-'));
            let range = range.and_then(|(a, b)| Some((a.parse().ok()?, b.parse::<usize>().ok()?)));
            let Some((from, to)) = range else {
                return Answer::bytes(StatusCode::OK, "text/plain", bytes.to_vec());
            };
            if from >= written {
                return refused(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange");
            }
            let to = to.min(written - 1);
            Answer::bytes(StatusCode::PARTIAL_CONTENT, "text/plain", bytes[from..=to].to_vec())
                .with(CONTENT_RANGE.as_str(), format!("bytes {from}-{to}/{written}"))
        };
        match complete {
            true => answer.with("x-ms-meta-complete", "successful"),
            false => answer,
        }
    }
}

impl Service for Storage {
    fn answer(&self, ask: &Ask) -> Answer {
        if ask.headers.contains_key(AUTHORIZATION) {
            return refused(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo");
        }
        if ask.query("sig") != Some(STORAGE_SIGNATURE) {
            return refused(StatusCode::FORBIDDEN, "AuthenticationFailed");
        }
        let path = ask.path.trim_start_matches('/');
        match (&ask.method, path.strip_prefix("logs/")) {
            (&Method::PUT, None) => self.put(path, ask),
            (&Method::GET | &Method::HEAD, Some(run)) => self.read(run, ask),
            _ => refused(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb"),
        }
    }
}

fn upload_number(path: &str) -> Option<usize> {
    let number = path.strip_prefix("source/")?.strip_suffix(".tar.gz")?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

fn refused(status: StatusCode, code: &str) -> Answer {
    Answer::bytes(status, "application/xml", format!("<Error><Code>{code}</Code></Error>"))
        .with("x-ms-error-code", code)
}
