//! The first document of a policy: one strict statement, as `policy init` and `blob policy init` write it.

use serde::Serialize;

/// The one statement of a new document. Nothing is checked here: whoever writes the document reads it
/// back as a policy first.
#[derive(Debug, Clone)]
pub struct InitialStatement<'a> {
    pub name: &'a str,
    /// `ca:acme-rockets`
    pub trust_stores: Vec<&'a str>,
    /// `x509.subject: C=US, ST=WA, O=acme-rockets.io`
    pub trusted_identities: Vec<&'a str>,
    pub applies_to: AppliesTo<'a>,
}

/// What the statement is for.
#[derive(Debug, Clone)]
pub enum AppliesTo<'a> {
    /// Images below these registry scopes.
    Images(Vec<&'a str>),
    /// Blobs whose verification names the statement.
    NamedBlobs,
    /// Blobs whose verification names none as well.
    AllBlobs,
}

impl InitialStatement<'_> {
    /// The document as notation writes it: members in its order, two spaces, `<`, `>` and `&` escaped, no
    /// line end.
    pub fn document(&self) -> Vec<u8> {
        let (registry_scopes, global_policy) = match &self.applies_to {
            AppliesTo::Images(scopes) => (Some(scopes.as_slice()), None),
            AppliesTo::NamedBlobs => (None, None),
            AppliesTo::AllBlobs => (None, Some(true)),
        };
        let statement = Statement {
            name: self.name,
            signature_verification: Verification { level: "strict" },
            trust_stores: &self.trust_stores,
            trusted_identities: &self.trusted_identities,
            registry_scopes,
            global_policy,
        };
        let document = Document { version: "1.0", trust_policies: [statement] };
        let text = serde_json::to_string_pretty(&document).expect("texts are written to memory");
        // outside of strings JSON has none of these characters
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => escaped.push(c),
            }
        }
        escaped.into_bytes()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'a str,
    trust_policies: [Statement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    name: &'a str,
    signature_verification: Verification<'a>,
    trust_stores: &'a [&'a str],
    trusted_identities: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_scopes: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_policy: Option<bool>,
}

#[derive(Serialize)]
struct Verification<'a> {
    level: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Policy;

    fn statement(applies_to: AppliesTo<'static>) -> InitialStatement<'static> {
        InitialStatement {
            name: "p",
            trust_stores: vec!["ca:wabbit"],
            trusted_identities: vec!["x509.subject: C=US, ST=WA, O=Notary"],
            applies_to,
        }
    }

    #[test]
    fn a_document_for_blobs_has_notations_bytes() {
        let named = r#"{
  "version": "1.0",
  "trustPolicies": [
    {
      "name": "p",
      "signatureVerification": {
        "level": "strict"
      },
      "trustStores": [
        "ca:wabbit"
      ],
      "trustedIdentities": [
        "x509.subject: C=US, ST=WA, O=Notary"
      ]
    }
  ]
}"#;
        assert_eq!(statement(AppliesTo::NamedBlobs).document(), named.as_bytes());
        let all = named.replace("      ]\n    }", "      ],\n      \"globalPolicy\": true\n    }");
        assert_eq!(statement(AppliesTo::AllBlobs).document(), all.as_bytes());
    }

    #[test]
    fn a_document_for_images_is_a_policy() {
        let document = statement(AppliesTo::Images(vec!["*"])).document();
        let policy = Policy::from_json(&document).expect("a policy");
        assert_eq!(policy.statements().len(), 1);
    }

    #[test]
    fn what_web_pages_could_misread_is_escaped() {
        let odd = InitialStatement { name: "a<b>&\u{2028}", ..statement(AppliesTo::NamedBlobs) };
        let text = String::from_utf8(odd.document()).expect("text");
        assert!(text.contains(r#""name": "a\u003cb\u003e\u0026\u2028""#), "{text}");
    }
}
