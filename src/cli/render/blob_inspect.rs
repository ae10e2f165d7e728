//! What `blob inspect` shows of a signature file, in notation 2's names: a tree or JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::inspect::{
    Artifact, CertificateLines, SIGNING_AGENT, Unsigned, certificates_tree, extended, pairs,
    signing_time, unsigned_attributes,
};
use super::text::{ansic, rfc3339};
use super::tree::Node;
use crate::cli::parse::flags::Output;
use crate::envelope::{Claims, PAYLOAD_TYPE};

/// One signature; nothing in it is trusted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobSignature {
    signature_algorithm: &'static str,
    signature_envelope_type: &'static str,
    signed_attributes: BTreeMap<String, String>,
    user_defined_attributes: Option<BTreeMap<String, String>>,
    unsigned_attributes: BTreeMap<&'static str, Unsigned>,
    certificates: Vec<CertificateLines>,
    signed_artifact: Artifact,
}

/// The specification's own attributes in the tree's order: name, name in the tree.
const LABELS: [(&str, &str); 4] = [
    ("contentType", "content type"),
    ("signingScheme", "signing scheme"),
    ("signingTime", "signing time"),
    ("expiry", "expiry"),
];

impl BlobSignature {
    /// Reads out an envelope; times are written as the output wants them.
    pub fn new(claims: &Claims, output: Output) -> Self {
        let at = |time| match output {
            Output::Text => ansic(time),
            Output::Json => rfc3339(time),
        };
        let target = &claims.payload().target;
        let mut signed: BTreeMap<String, String> = extended(claims).collect();
        let own = [
            ("contentType", PAYLOAD_TYPE.to_owned()),
            ("signingScheme", claims.scheme().name().to_owned()),
            ("signingTime", at(signing_time(claims))),
        ];
        let expiry = claims.expiry().map(|expiry| ("expiry", at(expiry)));
        // last: an extended attribute takes no name of these
        signed.extend(own.into_iter().chain(expiry).map(|(name, value)| (name.to_owned(), value)));
        let certificates = claims.chain().certificates().iter();
        Self {
            signature_algorithm: claims.suite().plugin_name(),
            signature_envelope_type: claims.format().media_type(),
            signed_attributes: signed,
            user_defined_attributes: Some(target.annotations.clone()).filter(|m| !m.is_empty()),
            unsigned_attributes: unsigned_attributes(claims, at),
            certificates: certificates.map(|c| CertificateLines::new(c, at)).collect(),
            signed_artifact: Artifact::new(target),
        }
    }

    /// The tree below the file's name.
    pub fn text(&self, path: &str) -> String {
        let own = LABELS.iter().filter_map(|(name, label)| {
            self.signed_attributes.get(*name).map(|value| Node::pair(label, value))
        });
        let is_own = |name: &String| LABELS.iter().any(|(own, _)| own == name);
        let others = self.signed_attributes.iter().filter(|(name, _)| !is_own(name));
        let others = others.map(|(name, value)| Node::pair(name, value));
        let unsigned = self.unsigned_attributes.iter().map(|(name, value)| {
            value.tree(if *name == SIGNING_AGENT { "signing agent" } else { name })
        });
        Node::new(path)
            .with(Node::pair("signature algorithm", self.signature_algorithm))
            .with(Node::pair("signature envelope type", self.signature_envelope_type))
            .with(Node::new("signed attributes").with_all(own.chain(others)))
            .with(match &self.user_defined_attributes {
                Some(metadata) => pairs("user defined attributes", metadata),
                None => Node::new("user defined attributes").with(Node::new("(empty)")),
            })
            .with(Node::new("unsigned attributes").with_all(unsigned))
            .with(certificates_tree(&self.certificates))
            .with(self.signed_artifact.tree())
            .render()
    }
}
