//! Blobs behind signed addresses: the packed source goes there, the log is read there. No token does.

use std::fs::File;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, RANGE};
use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::TasksError;
use super::archive::Packed;
use crate::azure::error::NO_CODE;
use crate::azure::{ExtraHosts, StorageHost};
use crate::fault::os_reason;
use crate::http::{Http, Redirects, Request, Response};

/// A blob's address with the signature that opens it. It does not print.
pub(super) struct SignedUrl(Url);

/// bytes of one block: it has to pass within the time of one silence, 60 s
const BLOCK: usize = 4 * 1024 * 1024;
/// largest answer that is no log
const ANSWER_LIMIT: u64 = 256 * 1024;
/// bytes of the log read at once
pub(super) const RANGE_SIZE: u64 = 1024 * 1024;

impl SignedUrl {
    /// Checks an address from an answer; https, a storage host, no user.
    pub fn parse(what: &'static str, text: &str, extra: &ExtraHosts) -> Result<Self, TasksError> {
        let wrong = |problem: &str| TasksError::Answer { what, problem: problem.into() };
        let url = Url::parse(text).map_err(|_| wrong("it holds no address"))?;
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("its address is no plain https"));
        }
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        StorageHost::parse(&host, extra)?;
        Ok(Self(url))
    }

    fn with(&self, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(query);
        url
    }
}

/// Uploads a packed source as one block blob (learn.microsoft.com, "Put Blob", "Put Block", "Put Block
/// List").
pub(super) async fn upload(
    http: &Http,
    to: &SignedUrl,
    mut packed: Packed,
) -> Result<(), TasksError> {
    if packed.size <= BLOCK as u64 {
        let whole = block(&mut packed.file)?;
        let kind = HeaderName::from_static("x-ms-blob-type");
        let request = put(to.0.clone(), whole).header(kind, HeaderValue::from_static("BlockBlob"));
        return stored(http, request).await;
    }
    let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for number in 0_u32.. {
        let bytes = block(&mut packed.file)?;
        if bytes.is_empty() {
            break;
        }
        let id = STANDARD.encode(format!("{number:08}"));
        list.push_str(&format!("<Latest>{id}</Latest>"));
        let url = to.with(&[("comp", "block"), ("blockid", &id)]);
        stored(http, put(url, bytes)).await?;
    }
    list.push_str("</BlockList>");
    stored(http, put(to.with(&[("comp", "blocklist")]), list.into())).await
}

fn put(url: Url, body: Bytes) -> Request {
    Request::new(Method::PUT, url, ANSWER_LIMIT).body(body)
}

async fn stored(http: &Http, request: Request) -> Result<(), TasksError> {
    let what = "the upload of the source";
    let answer = send(http, what, request).await?;
    match answer.status {
        StatusCode::CREATED | StatusCode::OK => Ok(()),
        _ => Err(refused(what, &answer)),
    }
}

/// The next block of the file; empty at its end.
fn block(file: &mut File) -> Result<Bytes, TasksError> {
    let mut bytes = Vec::new();
    let read = file.take(BLOCK as u64).read_to_end(&mut bytes);
    read.map_err(|error| TasksError::Pack {
        path: "the packed source".into(),
        problem: os_reason(&error),
    })?;
    Ok(bytes.into())
}

/// A part of the log.
pub(super) struct Part {
    pub bytes: Bytes,
    /// Whether nothing will be added.
    pub complete: bool,
}

/// The log from `offset` on, at most [`RANGE_SIZE`] bytes; none before there is a log, or anything new.
pub(super) async fn part(
    http: &Http,
    log: &SignedUrl,
    offset: u64,
) -> Result<Option<Part>, TasksError> {
    let what = "reading the log";
    let range = format!("bytes={offset}-{}", offset + RANGE_SIZE - 1);
    let range = HeaderValue::from_str(&range).expect("digits");
    let request = Request::new(Method::GET, log.0.clone(), RANGE_SIZE)
        .header(RANGE, range)
        .redirects(Redirects::Return);
    let answer = send(http, what, request).await?;
    let whole = answer.status == StatusCode::OK && offset == 0;
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => Ok(None),
        StatusCode::PARTIAL_CONTENT if starts_at(&answer, offset) => Ok(Some(read(answer))),
        _ if whole => Ok(Some(read(answer))),
        status if status.is_success() => {
            Err(TasksError::Answer { what, problem: "it is of another range".into() })
        }
        _ => Err(refused(what, &answer)),
    }
}

/// Whether the log ends at `offset` and nothing will be added.
pub(super) async fn ends_at(http: &Http, log: &SignedUrl, offset: u64) -> Result<bool, TasksError> {
    let request = Request::new(Method::HEAD, log.0.clone(), 0);
    let answer = send(http, "reading the log", request).await?;
    let length = answer.headers.get(CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    Ok(answer.status == StatusCode::OK && is_complete(&answer) && length == Some(offset))
}

fn read(answer: Response) -> Part {
    Part { complete: is_complete(&answer), bytes: answer.body }
}

/// ACR marks a finished log in the blob's metadata.
fn is_complete(answer: &Response) -> bool {
    answer.headers.contains_key("x-ms-meta-complete")
}

fn starts_at(answer: &Response, offset: u64) -> bool {
    let range = answer.header("content-range").and_then(|range| range.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()?.parse().ok()) == Some(offset)
}

async fn send(http: &Http, what: &'static str, request: Request) -> Result<Response, TasksError> {
    http.send(request).await.map_err(|source| TasksError::Http { what, source })
}

/// Of a refusal only the code is shown: the message may quote the signature.
fn refused(what: &'static str, answer: &Response) -> TasksError {
    let code = answer.header("x-ms-error-code").unwrap_or(NO_CODE);
    let plain = code.len() <= 100 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = if plain { code } else { NO_CODE };
    TasksError::Storage { what, status: answer.status.as_u16(), code: code.to_owned() }
}
