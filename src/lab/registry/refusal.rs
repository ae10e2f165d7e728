//! The registry's error answers (distribution-spec, "Error Codes").

use http::StatusCode;
use serde_json::json;

use crate::lab::message::Answer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    Unauthorized,
    Denied,
    Unsupported,
}

/// An error answer with one entry.
pub(super) fn refuse(code: Code, message: &str) -> Answer {
    use StatusCode as S;
    let (status, name) = match code {
        Code::BlobUnknown => (S::NOT_FOUND, "BLOB_UNKNOWN"),
        Code::BlobUploadInvalid => (S::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
        Code::BlobUploadUnknown => (S::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
        Code::DigestInvalid => (S::BAD_REQUEST, "DIGEST_INVALID"),
        Code::ManifestBlobUnknown => (S::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN"),
        Code::ManifestInvalid => (S::BAD_REQUEST, "MANIFEST_INVALID"),
        Code::ManifestUnknown => (S::NOT_FOUND, "MANIFEST_UNKNOWN"),
        Code::NameInvalid => (S::BAD_REQUEST, "NAME_INVALID"),
        Code::NameUnknown => (S::NOT_FOUND, "NAME_UNKNOWN"),
        Code::SizeInvalid => (S::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
        Code::Unauthorized => (S::UNAUTHORIZED, "UNAUTHORIZED"),
        Code::Denied => (S::FORBIDDEN, "DENIED"),
        Code::Unsupported => (S::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
    };
    Answer::json(status, &json!({ "errors": [{ "code": name, "message": message }] }))
}
