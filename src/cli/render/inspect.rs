//! What `inspect` shows of signatures: a tree or JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::text::{ansic, rfc3339};
use super::tree::Node;
use crate::cli::parse::flags::Output;
use crate::envelope::{AttributeKey, Claims, Intact, Scheme, TargetArtifact};
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
pub(super) enum Unsigned {
    Text(String),
    Timestamp { timestamp: String, certificates: Vec<CertificateLines> },
    Unreadable { error: String },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateLines {
    #[serde(rename = "SHA256Fingerprint")]
    fingerprint: String,
    issued_to: String,
    issued_by: String,
    expiry: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    media_type: String,
    digest: String,
    size: u64,
}

pub(super) const SIGNING_AGENT: &str = "signingAgent";
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
            signed_artifact: Artifact::new(target),
        }
    }

    fn tree(&self) -> Node {
        let unsigned = self.unsigned_attributes.iter().map(|(name, value)| value.tree(name));
        Node::new(&self.digest)
            .with(Node::pair("media type", &self.media_type))
            .with(Node::pair("signature algorithm", self.signature_algorithm))
            .with(pairs("signed attributes", &self.signed_attributes))
            .with(match &self.user_defined_attributes {
                Some(metadata) => pairs("user defined attributes", metadata),
                None => Node::new("user defined attributes").with(Node::new("(empty)")),
            })
            .with(Node::new("unsigned attributes").with_all(unsigned))
            .with(certificates_tree(&self.certificates))
            .with(self.signed_artifact.tree())
    }
}

impl Unsigned {
    pub(super) fn tree(&self, name: &str) -> Node {
        match self {
            Unsigned::Text(text) => Node::pair(name, text),
            Unsigned::Timestamp { timestamp, certificates } => Node::new("timestamp signature")
                .with(Node::pair("timestamp", timestamp))
                .with(certificates_tree(certificates)),
            Unsigned::Unreadable { error } => {
                Node::new("timestamp signature").with(Node::pair("error", error))
            }
        }
    }
}

impl Artifact {
    pub(super) fn new(target: &TargetArtifact) -> Self {
        Self {
            media_type: target.media_type.clone(),
            digest: target.digest.to_string(),
            size: target.size,
        }
    }

    pub(super) fn tree(&self) -> Node {
        Node::new("signed artifact")
            .with(Node::pair("media type", &self.media_type))
            .with(Node::pair("digest", &self.digest))
            .with(Node::pair("size", self.size.to_string()))
    }
}

pub(super) fn certificates_tree(certificates: &[CertificateLines]) -> Node {
    Node::new("certificates").with_all(certificates.iter().map(CertificateLines::tree))
}

impl CertificateLines {
    pub(super) fn new(certificate: &Certificate, at: impl Fn(OffsetDateTime) -> String) -> Self {
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
    let signing_time = signing_time(intact);
    let mut attributes = BTreeMap::from([
        ("signingScheme".to_owned(), intact.scheme().name().to_owned()),
        ("signingTime".to_owned(), at(signing_time)),
    ]);
    if let Some(expiry) = intact.expiry() {
        attributes.insert("expiry".to_owned(), at(expiry));
    }
    attributes.extend(extended(intact));
    attributes
}

pub(super) fn signing_time(claims: &Claims) -> OffsetDateTime {
    match claims.scheme() {
        Scheme::X509 { signing_time } => signing_time,
        Scheme::SigningAuthority { authentic_signing_time } => authentic_signing_time,
    }
}

/// The extended attributes, in envelope order.
pub(super) fn extended(claims: &Claims) -> impl Iterator<Item = (String, String)> {
    claims.attributes().iter().map(|attribute| {
        let key = match &attribute.key {
            AttributeKey::Text(text) => text.clone(),
            AttributeKey::Integer(number) => number.to_string(),
        };
        (key, go_value(&attribute.value))
    })
}

pub(super) fn unsigned_attributes(
    claims: &Claims,
    at: impl Fn(OffsetDateTime) -> String + Copy,
) -> BTreeMap<&'static str, Unsigned> {
    let mut attributes = BTreeMap::new();
    if let Some(token) = claims.timestamp_token() {
        let stamped = Parsed::read(token).and_then(|token| token.claims(claims.signature()));
        let timestamp = match stamped {
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
    if let Some(agent) = claims.signing_agent().filter(|agent| !agent.is_empty()) {
        attributes.insert(SIGNING_AGENT, Unsigned::Text(agent.to_owned()));
    }
    attributes
}

pub(super) fn pairs(name: &str, map: &BTreeMap<String, String>) -> Node {
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
