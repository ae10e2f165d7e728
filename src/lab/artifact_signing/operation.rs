//! Signing operations under way, and what each answers when asked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::SigningProfile;
use crate::lab::LabError;
use crate::lab::message::Answer;
use crate::lab::pki::{hex, random};

/// Operations remembered; beyond that the first are forgotten.
const LIMIT: usize = 10_000;

#[derive(Default)]
pub(super) struct Operations {
    by_id: Mutex<BTreeMap<String, Operation>>,
}

struct Operation {
    profile: SigningProfile,
    asked: u32,
    signature: Vec<u8>,
    /// PKCS#7 in DER.
    certificates: Vec<u8>,
}

impl Operations {
    /// The new operation's id, a GUID.
    pub(super) fn begin(
        &self,
        profile: SigningProfile,
        signature: Vec<u8>,
        certificates: Vec<u8>,
    ) -> Result<String, LabError> {
        let text = hex(&random::<16>()?);
        let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
        let id = parts.join("-");
        let mut by_id = self.by_id.lock().expect("no panic holds this lock");
        if by_id.len() >= LIMIT {
            by_id.pop_first();
        }
        by_id.insert(id.clone(), Operation { profile, asked: 0, signature, certificates });
        Ok(id)
    }

    /// None where the profile has no such operation.
    pub(super) fn status(&self, id: &str, profile: SigningProfile) -> Option<Answer> {
        let mut by_id = self.by_id.lock().expect("no panic holds this lock");
        let operation = by_id.get_mut(id).filter(|operation| operation.profile == profile)?;
        operation.asked += 1;
        let ok = |body: &Value| Answer::json(StatusCode::OK, body);
        let pending = |word: &str| ok(&json!({ "operationId": id, "status": word }));
        Some(match profile {
            SigningProfile::Unending => pending("InProgress").with("retry-after", "600"),
            SigningProfile::Failing => ok(&json!({
                "operationId": id,
                "status": "Failed",
                "errorDetail": {
                    "code": "CertificateRevoked",
                    "message": "The certificate of this profile was revoked.",
                },
            })),
            SigningProfile::Published => ok(&json!({
                "id": id,
                "status": "Succeeded",
                "result": {
                    "operationId": id,
                    "signature": STANDARD.encode(&operation.signature),
                    "signingCertificate": STANDARD.encode(&operation.certificates),
                },
            })),
            _ if operation.asked < 2 => pending("Running"),
            _ => ok(&json!({
                "operationId": id,
                "status": "Succeeded",
                "signature": STANDARD.encode(&operation.signature),
                "signingCertificate": STANDARD.encode(lines(&operation.certificates)),
            })),
        })
    }
}

/// Base64 in lines of 64 characters with CRLF, as the service wraps it once more.
fn lines(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    lines.join("\r\n") + "\r\n"
}
