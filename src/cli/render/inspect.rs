//! What `inspect` shows of signatures: a tree or JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::text::{ansic, rfc3339};
use super::tree::Node;
use crate::cli::parse::flags::Output;
use crate::envelope::{AttributeKey, Intact, Scheme};
use crate::registry::{FetchedSignature, SIGNATURE_ARTIFACT_TYPE};
use crate::timestamp::Parsed;
use crate::x509::Certificate;

/// All signatures of one artifact.
#[derive(Debug, Serialize)]
pub struct Inspection {
    #[serde(rename = "mediaType")]
    pub media_type: String,
    #[serde(rename = "Signatures")]
    pub signatures: Vec<Signature>,
}

/// One signature; nothing in it is trusted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    media_type: String,
    digest: String,
    signature_algorithm: &'static str,
    signed_attributes: BTreeMap<String, String>,
    user_defined_attributes: Option<BTreeMap<String, String>>,
    unsigned_attributes: BTreeMap<&'static str, Unsigned>,
    certificates: Vec<CertificateLines>,
    signed_artifact: Artifact,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Unsigned {
    Text(String),
    Timestamp { timestamp: String, certificates: Vec<CertificateLines> },
    Unreadable { error: String },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateLines {
    #[serde(rename = "SHA256Fingerprint")]
    fingerprint: String,
    issued_to: String,
    issued_by: String,
    expiry: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    media_type: String,
    digest: String,
    size: u64,
}

const SIGNING_AGENT: &str = "signingAgent";
const TIMESTAMP: &str = "timestampSignature";

impl Signature {
    /// Reads out an envelope; times are written as the output wants them.
    pub fn new(fetched: &FetchedSignature, intact: &Intact, output: Output) -> Self {
        let at = |time| match output {
            Output::Text => ansic(time),
            Output::Json => rfc3339(time),
        };
        let target = &intact.payload().target;
        let certificates = intact.chain().certificates();
        Self {
            media_type: fetched.envelope_media_type.clone(),
            digest: fetched.manifest_digest.to_string(),
            signature_algorithm: intact.suite().plugin_name(),
            signed_attributes: signed_attributes(intact, at),
            user_defined_attributes: Some(target.annotations.clone()).filter(|m| !m.is_empty()),
            unsigned_attributes: unsigned_attributes(intact, at),
            certificates: certificates.iter().map(|c| CertificateLines::new(c, at)).collect(),
            signed_artifact: Artifact {
                media_type: target.media_type.clone(),
                digest: target.digest.to_string(),
                size: target.size,
            },
        }
    }

    fn tree(&self) -> Node {
        let unsigned = self.unsigned_attributes.iter().map(|(name, value)| match value {
            Unsigned::Text(text) => Node::pair(name, text),
            Unsigned::Timestamp { timestamp, certificates } => {
                Node::new("timestamp signature").with(Node::pair("timestamp", timestamp)).with(
                    Node::new("certificates")
                        .with_all(certificates.iter().map(CertificateLines::tree)),
                )
            }
            Unsigned::Unreadable { error } => {
                Node::new("timestamp signature").with(Node::pair("error", error))
            }
        });
        let artifact = &self.signed_artifact;
        Node::new(&self.digest)
            .with(Node::pair("media type", &self.media_type))
            .with(Node::pair("signature algorithm", self.signature_algorithm))
            .with(pairs("signed attributes", &self.signed_attributes))
            .with(match &self.user_defined_attributes {
                Some(metadata) => pairs("user defined attributes", metadata),
                None => Node::new("user defined attributes").with(Node::new("(empty)")),
            })
            .with(Node::new("unsigned attributes").with_all(unsigned))
            .with(
                Node::new("certificates")
                    .with_all(self.certificates.iter().map(CertificateLines::tree)),
            )
            .with(
                Node::new("signed artifact")
                    .with(Node::pair("media type", &artifact.media_type))
                    .with(Node::pair("digest", &artifact.digest))
                    .with(Node::pair("size", artifact.size.to_string())),
            )
    }
}

impl CertificateLines {
    fn new(certificate: &Certificate, at: impl Fn(OffsetDateTime) -> String) -> Self {
        Self {
            fingerprint: certificate.thumbprint(),
            issued_to: certificate.subject().to_string(),
            issued_by: certificate.issuer().to_string(),
            expiry: at(certificate.not_after()),
        }
    }

    fn tree(&self) -> Node {
        Node::pair("SHA256 fingerprint", &self.fingerprint)
            .with(Node::pair("issued to", &self.issued_to))
            .with(Node::pair("issued by", &self.issued_by))
            .with(Node::pair("expiry", &self.expiry))
    }
}

impl Inspection {
    /// The tree below the artifact's reference.
    pub fn text(&self, reference: &str) -> String {
        let root = Node::new(reference).with(
            Node::new(SIGNATURE_ARTIFACT_TYPE)
                .with_all(self.signatures.iter().map(Signature::tree)),
        );
        format!("Inspecting all signatures for signed artifact\n{}", root.render())
    }
}

fn signed_attributes(
    intact: &Intact,
    at: impl Fn(OffsetDateTime) -> String,
) -> BTreeMap<String, String> {
    let signing_time = match intact.scheme() {
        Scheme::X509 { signing_time } => signing_time,
        Scheme::SigningAuthority { authentic_signing_time } => authentic_signing_time,
    };
    let mut attributes = BTreeMap::from([
        ("signingScheme".to_owned(), intact.scheme().name().to_owned()),
        ("signingTime".to_owned(), at(signing_time)),
    ]);
    if let Some(expiry) = intact.expiry() {
        attributes.insert("expiry".to_owned(), at(expiry));
    }
    for attribute in intact.attributes() {
        let key = match &attribute.key {
            AttributeKey::Text(text) => text.clone(),
            AttributeKey::Integer(number) => number.to_string(),
        };
        attributes.insert(key, go_value(&attribute.value));
    }
    attributes
}

fn unsigned_attributes(
    intact: &Intact,
    at: impl Fn(OffsetDateTime) -> String + Copy,
) -> BTreeMap<&'static str, Unsigned> {
    let mut attributes = BTreeMap::new();
    if let Some(token) = intact.timestamp_token() {
        let claims = Parsed::read(token).and_then(|token| token.claims(intact.signature()));
        let timestamp = match claims {
            Ok(claims) => Unsigned::Timestamp {
                timestamp: format!(
                    "[{}, {}]",
                    at(claims.interval.from()),
                    at(claims.interval.to())
                ),
                certificates: claims
                    .certificates
                    .iter()
                    .map(|certificate| CertificateLines::new(certificate, at))
                    .collect(),
            },
            Err(error) => Unsigned::Unreadable {
                error: format!("failed to parse timestamp countersignature: {error}"),
            },
        };
        attributes.insert(TIMESTAMP, timestamp);
    }
    if let Some(agent) = intact.signing_agent().filter(|agent| !agent.is_empty()) {
        attributes.insert(SIGNING_AGENT, Unsigned::Text(agent.to_owned()));
    }
    attributes
}

fn pairs(name: &str, map: &BTreeMap<String, String>) -> Node {
    Node::new(name).with_all(map.iter().map(|(key, value)| Node::pair(key, value)))
}

/// A value as Go's `fmt.Sprint` writes it.
fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_value).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{key}:{}", go_value(value))).collect();
            format!("map[{}]", members.join(" "))
        }
        other => other.to_string(),
    }
}
